"""DistilBERT on reviews of IMDB."""

# What a folder with the data may hold.
FORMATS = ("train/pos/*.txt", "aclImdb/train/pos/*.txt", "aclImdb_v1.tar.gz", "*.parquet")

"""LSTM language model on WikiText-2."""

# What a folder with the data may hold.
FORMATS = ("wikitext-2-v1.zip", "wiki.valid.tokens", "valid.txt", "valid.txt.gz")

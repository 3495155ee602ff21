"""ResNet-18 on CIFAR-10."""

# What a folder with the data may hold.
FORMATS = ("data_batch_1.bin", "cifar-10-batches-bin/data_batch_1.bin", "cifar-10-binary.tar.gz", "*.parquet")

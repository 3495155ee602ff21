"""The table of data sets: name -> contents and where to get them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.datasets import Dataset, DebianPackage

DATASETS: Mapping[str, Dataset] = {
    # Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv 1708.07747. MIT licence. 60,000 + 10,000 images of 28 x 28.
    # The digests are those of the authors' files (whose published MD5s were compared) and of Debian's alike.
    "fashion_mnist": Dataset(
        name="fashion_mnist",
        files={
            "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
        url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        debian=DebianPackage("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"),
        samples={
            "the first 1,800 + 120 images": {
                "train-images-idx3-ubyte.gz": "434b222694f9787e2294902700323500407d0f918267bf58ec9e1cf51b518286",
                "train-labels-idx1-ubyte.gz": "c1189b9ba838bd8411c1b25ad4dfcbb2616d55bc1ac8213cffb4106cc32c4e72",
                "t10k-images-idx3-ubyte.gz": "22285c064b260b17cf8028e627770b24f86b0bcb72099e59c7b99333f2688283",
                "t10k-labels-idx1-ubyte.gz": "d5a45203a463e82578a077ff51663fe60b6c918ae7b3d26ed94ae14d99131466",
            },
        },
    ),
    # Krizhevsky: Learning multiple layers of features from tiny images (2009). 50,000 + 10,000 images of 32 x 32.
    "cifar10": Dataset(
        name="cifar10",
        files={"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
        url="https://www.cs.toronto.edu/~kriz/",
    ),
    # Merity et al.: Pointer sentinel mixture models, arXiv 1609.07843. CC BY-SA.
    "wikitext2": Dataset(
        name="wikitext2",
        files={"wikitext-2-v1.zip": "92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c"},
        url="https://wikitext.smerity.com/",
    ),
    # Maas et al.: Learning word vectors for sentiment analysis (ACL 2011). 25,000 + 25,000 reviews.
    "imdb": Dataset(
        name="imdb",
        files={"aclImdb_v1.tar.gz": "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"},
        url="https://ai.stanford.edu/~amaas/data/sentiment/",
    ),
}

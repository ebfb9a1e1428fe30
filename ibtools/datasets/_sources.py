"""Where each file is published, and the checksum of what it must hold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A published file.

    Attributes
    ----------
    url : str
        Where the file is published.
    sha256 : str
        Checksum, hexadecimal, of the decompressed bytes if `gzipped`, else of the file itself.
    gzipped : bool
        Whether the content is the gunzipped file. A copy that was compressed anew has other bytes
        but the same content.
    """

    url: str
    sha256: str
    gzipped: bool = True


def _idx_sources(folder: str, address: str, checksums: dict[str, str]) -> dict[str, Source]:
    return {
        f"{folder}/{name}": Source(address + name, checksum) for name, checksum in checksums.items()
    }


# Keys are paths inside the data home.
SOURCES = {
    **_idx_sources(
        "mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            "train-labels-idx1-ubyte.gz": (
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
            ),
        },
    ),
    **_idx_sources(
        "fashion_mnist",
        # This server speaks no https: the checksums are what vouches for the files.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": (
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
            ),
            "train-labels-idx1-ubyte.gz": (
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
            ),
        },
    ),
    **_idx_sources(
        "notmnist",
        "https://github.com/davidflanagan/notMNIST-to-MNIST/raw/master/",
        {
            "t10k-images-idx3-ubyte.gz": (
                "8e7f38ae95cc8f48e0986175ffc9137e5007ebcf3d8fdf6656c904eb9dab198b"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "5f8e6012f2ce730700d8d05fca098bc47f71d25b890e4bec7ac5ebfd614a4001"
            ),
        },
    ),
    "cifar10/cifar-10-python.tar.gz": Source(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        gzipped=False,
    ),
}

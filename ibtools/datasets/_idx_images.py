"""Images and labels of the collections that are published as idx files."""

import numpy as np

from ibtools.datasets._files import DataHome, data_path, fetch_content
from ibtools.datasets._idx import read_idx
from ibtools.datasets._images import RawImages, check_subset

# The first word of the file names that each subset is read from.
_PARTS = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}


def load_idx_images(
    folder: str, subset: str, data_home: DataHome, download_if_missing: bool, description: str
) -> RawImages:
    """Load the published images of a subset, training images before test images."""
    check_subset(subset)
    image_keys = [f"{folder}/{part}-images-idx3-ubyte.gz" for part in _PARTS[subset]]
    label_keys = [f"{folder}/{part}-labels-idx1-ubyte.gz" for part in _PARTS[subset]]
    images, labels = (
        np.concatenate(
            [read_idx(fetch_content(key, data_home, download_if_missing)) for key in keys]
        )
        for keys in (image_keys, label_keys)
    )
    filenames = [str(data_path(key, data_home)) for key in image_keys + label_keys]
    return RawImages(images[:, np.newaxis], labels, filenames, description)

"""MNIST, Fashion-MNIST and notMNIST, in scikit-learn's fetch style."""

from functools import partial

from ibtools.datasets._files import DataHome
from ibtools.datasets._idx_images import load_idx_images
from ibtools.datasets._images import Classes, Fetched, RandomState, labelled_images

_DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
_LETTERS = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")
_GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_MNIST = (
    "MNIST: grey 28 x 28 images of handwritten digits, 60000 for training and 10000 for testing, "
    "intensities scaled to [0, 1]. Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, 1998."
)
_FASHION_MNIST = (
    "Fashion-MNIST: grey 28 x 28 images of garments in ten classes, 60000 for training and 10000 "
    "for testing, intensities scaled to [0, 1]. H. Xiao, K. Rasul and R. Vollgraf, 2017."
)
_NOTMNIST = (
    "notMNIST: grey 28 x 28 images of the letters A to J in many typefaces, the 10000 of the test "
    "set, intensities scaled to [0, 1]. Y. Bulatov, 2011; in idx form by D. Flanagan."
)


def fetch_mnist(
    *,
    subset: str = "train",
    data_home: DataHome = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    classes: Classes = None,
    n_per_class: int | None = None,
    random_state: RandomState = None,
    as_images: bool = False,
) -> Fetched:
    """Load MNIST, ten classes of handwritten digits; download it if necessary.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 60000 training images, the 10000 test images, or the former followed by the latter.
    data_home : str or path-like, default=None
        Folder that holds ``mnist/``, the four gzipped idx files. None stands for the environment
        variable IBTOOLS_DATA if it is set, else for ``ibtools`` in scikit-learn's data home.
    download_if_missing : bool, default=True
        Whether to download a file that is absent; if False, an absent file is an error.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    classes : sequence of int or str, default=None
        Classes to keep, by label or name, here the digit as a number or as a string. Targets are
        numbered 0 to K - 1 in the order given, as torch losses require, and `target_names` tells
        which is which. None keeps all ten.
    n_per_class : int, default=None
        Number of images per class, drawn without replacement; None keeps every image.
    random_state : int, RandomState instance or None, default=None
        Source of the draw; without effect when `n_per_class` is None.
    as_images : bool, default=False
        Whether each sample is an image, channel first as torch has it, or a flat row.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n_samples, 784) or (n_samples, 1, 28, 28), dtype float32
            Intensities in [0, 1]. Samples keep the order in which they were published.
        target : ndarray of shape (n_samples,), dtype int64
            Numbers 0 to K - 1 of the classes.
        target_names : list of str of length K
            Name of each class.
        filenames : list of str
            Files that were read.
        DESCR : str
            Description of the data.

    (data, target) : tuple if `return_X_y` is True
        The first two attributes.

    Raises
    ------
    ValueError
        If `subset` or one of the `classes` is unknown, or if a class has fewer than `n_per_class`
        images.
    OSError
        If a file is absent and cannot be or must not be downloaded, or if its content is not the
        published one. The message says where to get the file and where to put it.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from ibtools.datasets import fetch_mnist
    >>> X, y = fetch_mnist(classes=(1, 3, 8), n_per_class=500, return_X_y=True)  # doctest: +SKIP
    """
    return labelled_images(
        partial(load_idx_images, "mnist", subset, data_home, download_if_missing, _MNIST),
        _DIGITS,
        classes=classes,
        n_per_class=n_per_class,
        random_state=random_state,
        as_images=as_images,
        return_X_y=return_X_y,
    )


def fetch_fashion_mnist(
    *,
    subset: str = "train",
    data_home: DataHome = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    classes: Classes = None,
    n_per_class: int | None = None,
    random_state: RandomState = None,
    as_images: bool = False,
) -> Fetched:
    """Load Fashion-MNIST, ten classes of garments; download it if necessary.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 60000 training images, the 10000 test images, or the former followed by the latter.
    data_home : str or path-like, default=None
        Folder that holds ``fashion_mnist/``, the four gzipped idx files. None stands for the
        environment variable IBTOOLS_DATA if it is set, else for ``ibtools`` in scikit-learn's data
        home.
    download_if_missing : bool, default=True
        Whether to download a file that is absent; if False, an absent file is an error.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    classes : sequence of int or str, default=None
        Classes to keep, by label or name: 0 "T-shirt/top", 1 "Trouser", 2 "Pullover", 3 "Dress",
        4 "Coat", 5 "Sandal", 6 "Shirt", 7 "Sneaker", 8 "Bag", 9 "Ankle boot". Targets are numbered
        0 to K - 1 in the order given, as torch losses require, and `target_names` tells which is
        which. None keeps all ten.
    n_per_class : int, default=None
        Number of images per class, drawn without replacement; None keeps every image.
    random_state : int, RandomState instance or None, default=None
        Source of the draw; without effect when `n_per_class` is None.
    as_images : bool, default=False
        Whether each sample is an image, channel first as torch has it, or a flat row.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n_samples, 784) or (n_samples, 1, 28, 28), dtype float32
            Intensities in [0, 1]. Samples keep the order in which they were published.
        target : ndarray of shape (n_samples,), dtype int64
            Numbers 0 to K - 1 of the classes.
        target_names : list of str of length K
            Name of each class.
        filenames : list of str
            Files that were read.
        DESCR : str
            Description of the data.

    (data, target) : tuple if `return_X_y` is True
        The first two attributes.

    Raises
    ------
    ValueError
        If `subset` or one of the `classes` is unknown, or if a class has fewer than `n_per_class`
        images.
    OSError
        If a file is absent and cannot be or must not be downloaded, or if its content is not the
        published one. The message says where to get the file and where to put it.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms", 2017, arXiv:1708.07747.

    Examples
    --------
    >>> from ibtools.datasets import fetch_fashion_mnist
    >>> bunch = fetch_fashion_mnist(classes=["Bag", "Dress"])  # doctest: +SKIP
    """
    return labelled_images(
        partial(
            load_idx_images, "fashion_mnist", subset, data_home, download_if_missing, _FASHION_MNIST
        ),
        _GARMENTS,
        classes=classes,
        n_per_class=n_per_class,
        random_state=random_state,
        as_images=as_images,
        return_X_y=return_X_y,
    )


def fetch_notmnist(
    *,
    data_home: DataHome = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    classes: Classes = None,
    n_per_class: int | None = None,
    random_state: RandomState = None,
    as_images: bool = False,
) -> Fetched:
    """Load the test set of notMNIST, letters A to J in many typefaces; download it if necessary.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds ``notmnist/``, the two gzipped idx files. None stands for the environment
        variable IBTOOLS_DATA if it is set, else for ``ibtools`` in scikit-learn's data home.
    download_if_missing : bool, default=True
        Whether to download a file that is absent; if False, an absent file is an error.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    classes : sequence of int or str, default=None
        Classes to keep, by label 0 to 9 or letter "A" to "J". Targets are numbered 0 to K - 1 in
        the order given, as torch losses require, and `target_names` tells which is which. None
        keeps all ten.
    n_per_class : int, default=None
        Number of images per class, drawn without replacement; None keeps every image.
    random_state : int, RandomState instance or None, default=None
        Source of the draw; without effect when `n_per_class` is None.
    as_images : bool, default=False
        Whether each sample is an image, channel first as torch has it, or a flat row.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n_samples, 784) or (n_samples, 1, 28, 28), dtype float32
            Intensities in [0, 1]. Samples keep the order in which they were published.
        target : ndarray of shape (n_samples,), dtype int64
            Numbers 0 to K - 1 of the classes.
        target_names : list of str of length K
            Name of each class.
        filenames : list of str
            Files that were read.
        DESCR : str
            Description of the data.

    (data, target) : tuple if `return_X_y` is True
        The first two attributes.

    Raises
    ------
    ValueError
        If one of the `classes` is unknown, or if a class has fewer than `n_per_class` images.
    OSError
        If a file is absent and cannot be or must not be downloaded, or if its content is not the
        published one. The message says where to get the file and where to put it.

    References
    ----------
    Y. Bulatov, "notMNIST dataset", 2011; converted to the idx form by D. Flanagan,
    https://github.com/davidflanagan/notMNIST-to-MNIST.

    Examples
    --------
    >>> from ibtools.datasets import fetch_notmnist
    >>> X, y = fetch_notmnist(classes=["A", "B"], return_X_y=True)  # doctest: +SKIP
    """
    return labelled_images(
        partial(load_idx_images, "notmnist", "test", data_home, download_if_missing, _NOTMNIST),
        _LETTERS,
        classes=classes,
        n_per_class=n_per_class,
        random_state=random_state,
        as_images=as_images,
        return_X_y=return_X_y,
    )

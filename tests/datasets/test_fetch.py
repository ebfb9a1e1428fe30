import numpy as np
import pytest

from ibtools.datasets import fetch_fashion_mnist, fetch_mnist, fetch_notmnist

FETCHERS = {
    "mnist": fetch_mnist,
    "fashion_mnist": fetch_fashion_mnist,
    "notmnist": fetch_notmnist,
}


def image_numbers(X):
    """Number that each tiny image shows in all its pixels."""
    numbers = np.rint(X.reshape(len(X), -1) * 255)
    assert (numbers == numbers[:, :1]).all()
    return numbers[:, 0].astype(int)


@pytest.fixture
def fetch(tiny_mnist, home):
    def fetch(**parameters):
        return fetch_mnist(data_home=home, download_if_missing=False, **parameters)

    return fetch


def test_a_bunch_describes_the_data(fetch, home):
    bunch = fetch()
    assert set(bunch) == {"data", "target", "target_names", "filenames", "DESCR"}
    assert (bunch.data.shape, bunch.data.dtype) == ((40, 784), np.float32)
    assert (bunch.target.shape, bunch.target.dtype) == ((40,), np.int64)
    assert bunch.target_names == [str(digit) for digit in range(10)]
    assert bunch.filenames == [
        str(home / "mnist" / "train-images-idx3-ubyte.gz"),
        str(home / "mnist" / "train-labels-idx1-ubyte.gz"),
    ]
    assert bunch.DESCR.startswith("MNIST")


def test_intensities_are_scaled_to_the_unit_interval(fetch):
    X, _ = fetch(return_X_y=True)
    np.testing.assert_array_equal(X[:, 0], np.arange(40, dtype=np.float32) / 255)


def test_images_have_their_channel_first(fetch):
    X, _ = fetch(return_X_y=True, as_images=True)
    assert X.shape == (40, 1, 28, 28)


@pytest.mark.parametrize(
    ("subset", "numbers"),
    [("train", [*range(40)]), ("test", [*range(20)]), ("all", [*range(40), *range(20)])],
)
def test_subsets(fetch, subset, numbers):
    X, y = fetch(subset=subset, return_X_y=True)
    np.testing.assert_array_equal(image_numbers(X), numbers)
    np.testing.assert_array_equal(y, np.array(numbers) % 10)


@pytest.mark.parametrize("classes", [(8, 1, 3), ["8", "1", "3"], np.array([8, 1, 3])])
def test_classes_are_renumbered_in_the_given_order(fetch, classes):
    bunch = fetch(classes=classes)
    numbers = image_numbers(bunch.data)
    assert bunch.target_names == ["8", "1", "3"]
    np.testing.assert_array_equal(numbers, [n for n in range(40) if n % 10 in (1, 3, 8)])
    np.testing.assert_array_equal([(8, 1, 3)[k] for k in bunch.target], numbers % 10)


def test_rows_are_drawn_without_replacement_and_stay_in_order(fetch):
    X, y = fetch(n_per_class=3, random_state=0, return_X_y=True)
    numbers = image_numbers(X)
    assert (np.diff(numbers) > 0).all()
    np.testing.assert_array_equal(np.bincount(y), np.full(10, 3))


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_classes(fetch):
    draws = [
        image_numbers(fetch(classes=classes, n_per_class=2, random_state=seed).data).tolist()
        for classes, seed in [((2, 7, 5), 0), ((5, 2, 7), 0), ((2, 7, 5), 1)]
    ]
    assert draws[0] == draws[1] != draws[2]


def test_more_rows_than_there_are(fetch):
    with pytest.raises(ValueError, match="n_per_class=5, but label 0 has only 4 rows"):
        fetch(n_per_class=5)


@pytest.mark.parametrize("n_per_class", [0, -3])
def test_a_number_of_rows_below_one(n_per_class):
    with pytest.raises(ValueError, match=r"n_per_class == .* must be >= 1"):
        fetch_mnist(n_per_class=n_per_class)


def test_a_number_of_rows_that_is_no_integer():
    with pytest.raises(TypeError, match="n_per_class must be an instance of"):
        fetch_mnist(n_per_class=2.5)


@pytest.mark.parametrize("unknown", [10, -1, "ten", 1.0, None])
def test_an_unknown_class(unknown):
    with pytest.raises(ValueError, match=r"unknown class .* label from 0 to 9 or one of \['0'"):
        fetch_mnist(classes=[1, unknown])


def test_a_class_given_twice():
    with pytest.raises(ValueError, match="classes must be distinct"):
        fetch_mnist(classes=[3, "3"])


@pytest.mark.parametrize("classes", [[], "3", "Bag"])
def test_classes_are_a_list(classes):
    with pytest.raises(ValueError, match="classes must be a non-empty list"):
        fetch_fashion_mnist(classes=classes)


@pytest.mark.parametrize("fetcher", [fetch_mnist, fetch_fashion_mnist])
def test_an_unknown_subset(fetcher):
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all', got 'valid'"):
        fetcher(subset="valid")


def test_each_collection_is_downloaded_into_its_own_folder(folder, tiny, home):
    tiny(folder)
    bunch = FETCHERS[folder](data_home=home)
    assert len(bunch.filenames) == 2
    assert sorted(str(path) for path in home.glob(f"{folder}/*")) == sorted(bunch.filenames)
    assert [path.name for path in home.iterdir()] == [folder]


def test_each_collection_says_what_is_missing(folder, home):
    with pytest.raises(OSError, match=f"{folder}.*-images-idx3-ubyte.gz is missing"):
        FETCHERS[folder](data_home=home)


def test_the_variable_names_the_data_home(tiny_mnist, home, monkeypatch):
    monkeypatch.setenv("IBTOOLS_DATA", str(home))
    assert len(fetch_mnist(download_if_missing=False).data) == 40


@pytest.mark.parametrize(
    ("fetcher", "folder", "classes"),
    [(fetch_fashion_mnist, "fashion_mnist", ["Bag", "Dress"]), (fetch_notmnist, "notmnist", "IDA")],
)
def test_classes_by_name(fetcher, folder, classes, tiny, home):
    tiny(folder)
    bunch = fetcher(data_home=home, classes=list(classes))
    assert bunch.target_names == list(classes)
    assert set(image_numbers(bunch.data[bunch.target == 0]) % 10) == {8}
    assert set(image_numbers(bunch.data[bunch.target == 1]) % 10) == {3}

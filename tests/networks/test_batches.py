import numpy as np
import pandas as pd
import pytest
import torch
from skorch.dataset import Dataset
from torch.utils.data import DataLoader, Subset, TensorDataset

from ibtools.networks import BatchIterator


def numbered(n_samples=10):
    """Rows that carry their own number, and so does the label."""
    X = np.arange(n_samples, dtype=np.float32)[:, None] * np.ones((1, 3), dtype=np.float32)
    return X, np.arange(n_samples)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 64])
def test_same_batches_as_data_loader(batch_size, drop_last):
    options = {"batch_size": batch_size, "drop_last": drop_last}
    dataset = Dataset(*numbered())
    expected = [tuple(batch) for batch in DataLoader(dataset, **options)]
    batches = BatchIterator(dataset, **options)
    assert len(batches) == len(expected)
    for batch, other in zip(batches, expected, strict=True):
        torch.testing.assert_close(batch, other)


@pytest.mark.parametrize("drop_last", [False, True])
def test_shuffled_rows_come_once_with_their_labels(drop_last):
    X, y = numbered(11)
    batches = BatchIterator(Dataset(X, y), batch_size=4, shuffle=True, drop_last=drop_last)
    orders = []
    for _ in range(3):
        collected = list(batches)
        assert len(collected) == len(batches) == (2 if drop_last else 3)
        for Xi, yi in collected:
            assert (Xi == yi[:, None]).all()
        orders.append(torch.cat([yi for _, yi in collected]).tolist())
        assert len(set(orders[-1])) == len(orders[-1]) == (8 if drop_last else 11)
    assert orders[0] != orders[1] != orders[2]


def test_shuffling_obeys_torch_seed():
    batches = BatchIterator(Dataset(*numbered()), batch_size=4, shuffle=True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = [yi.tolist() for _, yi in batches]
        torch.manual_seed(1)
        assert [yi.tolist() for _, yi in batches] == first


def test_subsets_of_subsets():
    inner = Subset(Dataset(*numbered(20)), [19, 3, 5, 7, 11])
    batches = list(BatchIterator(Subset(inner, [4, 0, 2]), batch_size=2))
    assert torch.cat([yi for _, yi in batches]).tolist() == [11, 19, 5]
    assert torch.cat([Xi[:, 0] for Xi, _ in batches]).tolist() == [11, 19, 5]


@pytest.mark.parametrize("container", ["dict", "tuple", "list"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_several_inputs(container, shuffle):
    X, y = numbered()
    several = {"dict": {"a": X, "b": -X}, "tuple": (X, -X), "list": [X, -X]}[container]
    for Xi, yi in BatchIterator(Dataset(several, y), batch_size=4, shuffle=shuffle):
        assert type(Xi) is type(several)
        a, b = Xi.values() if container == "dict" else Xi
        assert torch.equal(a, -b)
        assert torch.equal(a[:, 0], yi.float())


def test_no_target_gives_what_data_loader_gives():
    dataset = Dataset(numbered()[0])
    loader = list(DataLoader(dataset, batch_size=4))
    for (Xi, yi), (expected, target) in zip(BatchIterator(dataset, 4), loader, strict=True):
        assert torch.equal(Xi, expected)
        assert len(yi) == len(target)
        assert (yi == 0).all()


@pytest.mark.parametrize(
    "convert",
    [
        torch.from_numpy,
        lambda X: X[::-1][::-1],
        lambda X: np.ascontiguousarray(X[::-1])[::-1],
        lambda X: X.astype(">f4"),
        np.asfortranarray,
    ],
    ids=["tensor", "view", "negative strides", "big endian", "fortran"],
)
def test_arrays_of_any_layout(convert):
    X, y = numbered()
    (Xi, yi), *rest = BatchIterator(Dataset(convert(X), y), batch_size=10)
    assert not rest
    torch.testing.assert_close(Xi, torch.from_numpy(X))
    assert yi.tolist() == y.tolist()


def test_read_only_arrays():
    X, y = numbered()
    X.setflags(write=False)
    y.setflags(write=False)
    (Xi, yi), _ = BatchIterator(Dataset(X, y), batch_size=5)
    assert Xi[:, 0].tolist() == yi.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("shuffle", [False, True])
def test_changing_a_batch_leaves_the_data_alone(shuffle):
    X, y = numbered()
    for Xi, yi in BatchIterator(Dataset(X, y), batch_size=4, shuffle=shuffle):
        Xi.zero_()
        yi.zero_()
    np.testing.assert_array_equal(X, numbered()[0])
    np.testing.assert_array_equal(y, numbered()[1])


class Doubling(Dataset):
    def transform(self, X, y):
        return super().transform(2 * X, y)


@pytest.mark.parametrize(
    "dataset",
    [
        TensorDataset(torch.zeros(3, 1), torch.zeros(3)),
        Subset(TensorDataset(torch.zeros(3, 1), torch.zeros(3)), [0]),
        Doubling(*numbered()),
    ],
    ids=["tensors", "subset", "transforming"],
)
def test_datasets_of_their_own_need_a_data_loader(dataset):
    with pytest.raises(TypeError, match=r"iterator_train=torch\.utils\.data\.DataLoader"):
        BatchIterator(dataset)


def test_pandas_objects_are_arrays():
    X, y = numbered()
    dataset = Subset(Dataset(pd.DataFrame(X), pd.Series(y)), [7, 2])
    ((Xi, yi),) = BatchIterator(dataset, batch_size=4)
    assert Xi.tolist() == [[7] * 3, [2] * 3]
    assert yi.tolist() == [7, 2]


@pytest.mark.parametrize(
    "X", [np.array([[None], ["a"]], dtype=object), pd.DataFrame({"a": ["b", "c"]}), [1.0, 2.0]]
)
def test_data_that_are_no_arrays(X):
    with pytest.raises(TypeError, match="Convert the data to a numpy array"):
        BatchIterator(Dataset(X, np.zeros(2)))

import numpy as np
import pytest
import torch
from skorch.dataset import Dataset
from torch.utils.data import ConcatDataset, DataLoader, Subset, TensorDataset

from ibtools.callbacks._rows import choose_datasets, read_rows
from ibtools.networks import BatchIterator


@pytest.fixture
def net(make_net):
    return make_net(batch_size=4).initialize()


def numbered(start, stop):
    """Rows that carry their own number, and so does the label."""
    y = np.arange(start, stop)
    return Dataset(np.repeat(y[:, None], 6, axis=1).astype(np.float32), y)


def test_rows_of_several_datasets_in_order(net):
    rows = read_rows(net, [numbered(0, 10), numbered(10, 13)])
    assert rows.n_samples == 13
    np.testing.assert_array_equal(rows.y, np.arange(13))
    np.testing.assert_array_equal(rows.inputs[:, 0], np.arange(13))
    assert [len(Xi) for Xi in rows.batches] == [4, 4, 2, 3]
    assert torch.cat(rows.batches)[:, 0].tolist() == list(range(13))


@pytest.mark.filterwarnings("ignore:You set iterator_valid__shuffle:UserWarning")  # skorch
@pytest.mark.parametrize("iterator", [BatchIterator, DataLoader])
def test_labels_stay_with_shuffled_rows(make_net, iterator):
    net = make_net(iterator_valid=iterator, iterator_valid__shuffle=True).initialize()
    rows = read_rows(net, [numbered(0, 20)])
    assert rows.y.tolist() != list(range(20))
    assert sorted(rows.y) == list(range(20))
    np.testing.assert_array_equal(rows.inputs[:, 0], rows.y)
    np.testing.assert_array_equal(torch.cat(rows.batches)[:, 0], rows.y)


@pytest.mark.parametrize("max_samples", [1, 3, 12])
def test_max_samples_draws_each_row_once(net, max_samples):
    datasets = [numbered(0, 10), Subset(numbered(0, 20), [15, 16, 17])]
    rows = read_rows(net, datasets, max_samples, 0)
    assert len(set(rows.y)) == rows.n_samples == max_samples
    assert set(rows.y) <= {*range(10), 15, 16, 17}
    np.testing.assert_array_equal(rows.inputs[:, 0], rows.y)
    np.testing.assert_array_equal(read_rows(net, datasets, max_samples, 0).y, rows.y)


def test_max_samples_depends_on_the_seed(net):
    draws = {tuple(read_rows(net, [numbered(0, 20)], 5, seed).y) for seed in range(5)}
    assert len(draws) > 1


def test_fewer_rows_than_max_samples(net):
    assert read_rows(net, [numbered(0, 10)], 11).y.tolist() == list(range(10))


def test_several_inputs_stand_side_by_side(net):
    X = np.arange(24, dtype=np.float32).reshape(6, 2, 2)
    for several in ({"a": X, "b": -X[:, 0]}, (X, -X[:, 0])):
        rows = read_rows(net, [Dataset(several, np.zeros(6, dtype=int))])
        np.testing.assert_array_equal(rows.inputs, np.hstack([X.reshape(6, 4), -X[:, 0]]))


def test_without_a_target(net):
    X = numbered(0, 6).X
    for dataset in (Dataset(X), Subset(Dataset(X), [0, 1, 2])):
        rows = read_rows(net, [dataset])
        assert rows.y is None
        assert not rows.has_target


def test_column_of_labels_is_flattened(net):
    rows = read_rows(net, [Dataset(numbered(0, 6).X, np.arange(6)[:, None] % 2)])
    assert rows.y.tolist() == [0, 1] * 3


def test_real_target_is_no_label(net):
    rows = read_rows(net, [Dataset(numbered(0, 6).X, np.linspace(0, 1, 6))])
    assert rows.y is None
    assert rows.has_target


def test_several_targets_are_no_label(net):
    X, y = numbered(0, 6).X, np.arange(6) % 2
    for several in ((y, y), {"a": y, "b": y}):
        rows = read_rows(net, [Dataset(X, several)])
        assert rows.y is None
        assert rows.has_target


def test_target_that_is_the_input_numbers_distinct_rows(net):
    X = np.array([[0.5], [1.5], [0.5], [2.5]], dtype=np.float32)
    first, second, third, fourth = read_rows(net, [Dataset(X, X)]).y
    assert first == third
    assert len({first, second, fourth}) == 3


def test_choices(net):
    train, valid = numbered(0, 4), numbered(4, 6)
    assert choose_datasets(net, "train", train, valid) == [train]
    assert choose_datasets(net, "valid", train, valid) == [valid]
    assert choose_datasets(net, "all", train, valid) == [train, valid]
    assert choose_datasets(net, "all", train, None) == [train]
    X, y = train.X, train.y
    (pair,) = choose_datasets(net, (X, y), train, valid)
    assert pair.X is X
    assert pair.y is y
    tensors = TensorDataset(torch.zeros(2, 6), torch.zeros(2))
    for dataset in (tensors, ConcatDataset([tensors, tensors])):
        assert choose_datasets(net, dataset, train, valid) == [dataset]


@pytest.mark.parametrize("on", ["test", ("train",), 3, None])
def test_no_choice(net, on):
    with pytest.raises(ValueError, match="on must be 'train', 'valid', 'all' or a pair"):
        choose_datasets(net, on, numbered(0, 4), None)


def test_valid_without_a_split(net):
    with pytest.raises(ValueError, match="no validation data"):
        choose_datasets(net, "valid", numbered(0, 4), None)

"""Tables of clustering, from a history."""

import pytest

from ibtools.plane._clustering import (
    activation_histograms,
    clustering_key,
    clustering_table,
    histogram_values,
)


def _row(epoch, layers, untrained=False, **values):
    return {"epoch": epoch} | {
        clustering_key(name, layer, untrained=untrained): value
        for layer in layers
        for name, value in values.items()
    }


def test_table_of_a_history():
    layers = ["hidden1", "block/act#1"]
    first = _row(1, layers, n_distinct=9.0, empty_bins=0.5, class_rank=2.0)
    untrained = _row(1, layers, untrained=True, n_distinct=10.0, empty_bins=0.25)
    history = [first | untrained | {"train_loss": 1.0}, {"epoch": 2}]
    table = clustering_table(history)
    assert [*table] == ["epoch", "layer", "n_distinct", "empty_bins", "class_rank"]
    assert table["epoch"].tolist() == [1, 1, 0, 0]
    assert table["layer"].tolist() == layers * 2
    assert table["n_distinct"].tolist() == [9, 9, 10, 10]
    assert table["class_rank"].isna().tolist() == [False, False, True, True]


def test_histograms_of_a_history():
    values = dict(histogram_values([0.25, 0.0, 0.75], -1.0, 2.0))
    table = activation_histograms([_row(5, ["T"], **values)])
    assert table.to_dict("list") == {
        "epoch": [5] * 3,
        "layer": ["T"] * 3,
        "lower": [-1.0, 0.0, 1.0],
        "upper": [0.0, 1.0, 2.0],
        "fraction": [0.25, 0.0, 0.75],
    }


@pytest.mark.parametrize("read", [clustering_table, activation_histograms])
def test_a_history_without(read):
    with pytest.raises(ValueError, match="The history has nothing about clustering"):
        read([{"epoch": 1, "train_loss": 1.0, "mi_x/BinnedMI/hidden1": 2.0}])


def test_histograms_alone_are_no_table():
    history = [_row(5, ["T"], **dict(histogram_values([1.0], 0.0, 1.0)))]
    with pytest.raises(ValueError, match="nothing about clustering"):
        clustering_table(history)

"""Bars over tiles: what is gone through, and what is told about it."""

import pytest

from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import in_threads


def test_nothing_is_shown_unless_asked(capsys):
    items = [1, 2, 3]
    assert SILENT.over(items) is items
    assert Progress().named("tiles").over(items) is items
    assert capsys.readouterr() == ("", "")


def test_a_bar_counts_what_is_done(capsys):
    items = Progress(shown=True).named("pairs").over(range(40))
    assert len(items) == 40
    assert items[7] == 7
    assert sum(items) == sum(range(40))
    shown = capsys.readouterr().err
    assert "pairs: 100%" in shown
    assert "40/40" in shown
    assert items.bar.disable  # closed


def test_parts_share_the_bar(capsys):
    items = Progress(shown=True).over(list(range(30)))
    assert sum(items[::2]) == sum(range(0, 30, 2))
    assert items.bar.n == 15
    assert sum(items[1::2]) == sum(range(1, 30, 2))
    assert items.bar.n == 30
    assert "30/30" in capsys.readouterr().err


def test_threads_share_the_bar(capsys):
    parts = in_threads(sum, Progress(shown=True).over(list(range(100))))
    assert sum(parts) == sum(range(100))
    assert "100/100" in capsys.readouterr().err


def test_an_item_that_fails_is_not_counted(capsys):
    items = Progress(shown=True).over([1, 0])
    with pytest.raises(ZeroDivisionError):
        [1 / item for item in items]
    assert items.bar.n == 1
    items.bar.close()
    capsys.readouterr()

"""Work in threads: every item once, in as many threads as BLAS would use."""

from contextlib import nullcontext

import pytest

from ibtools.information import _threads
from ibtools.information._threads import in_threads, row_blocks


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "n_values", "lengths"),
    [(10, 4, 16, [4, 4, 2]), (3, 100, 16, [1, 1, 1]), (5, 0, 3, [3, 2]), (0, 3, 10, [])],
)
def test_blocks_cover_the_rows(n_rows, n_columns, n_values, lengths):
    blocks = row_blocks(n_rows, n_columns, n_values)
    assert [block.stop - block.start for block in blocks] == lengths
    assert [row for block in blocks for row in range(n_rows)[block]] == list(range(n_rows))


@pytest.mark.parametrize(
    ("n_threads", "n_items", "n_parts"), [(1, 10, 1), (3, 10, 3), (3, 2, 2), (3, 1, 1), (3, 0, 1)]
)
def test_every_item_is_worked_on_once(n_threads, n_items, n_parts, monkeypatch):
    asked = []

    class Pools:
        def select(self, *, user_api):
            assert user_api == "blas"
            return self

        def info(self):
            return [{"num_threads": n_threads}]

        def limit(self, *, limits):
            asked.append(limits)
            return nullcontext()

    monkeypatch.setattr(_threads, "_thread_pools", Pools)
    parts = in_threads(list, range(n_items))
    assert len(parts) == n_parts
    assert sorted(item for part in parts for item in part) == list(range(n_items))
    assert asked == ([1] if n_parts > 1 else []), "BLAS itself has one thread meanwhile"


def test_few_items_start_no_thread(monkeypatch):
    monkeypatch.setattr(_threads, "_thread_pools", None)
    assert in_threads(sum, [1, 2, 3], at_least=4) == [6]


def test_a_thread_that_fails_says_so():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda some: [1 // item for item in some], [1, 0])

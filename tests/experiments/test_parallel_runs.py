"""Calls in parallel, each with one thread."""

import contextlib

import torch
from threadpoolctl import threadpool_info

from ibtools.experiments._parallel_runs import ending_calls, one_thread, parallel_runs


def _square(item):
    return item**2


def test_results_are_in_order():
    assert parallel_runs(_square, range(4)) == [0, 1, 4, 9]


def test_results_as_they_come():
    results = parallel_runs(_square, iter(range(4)), return_as="generator_unordered")
    with ending_calls(results):
        assert sorted(results) == [0, 1, 4, 9]


def test_results_that_nobody_takes_end_without_a_warning():
    with ending_calls(parallel_runs(_square, range(9), return_as="generator")) as results:
        assert next(results) == 0


def test_one_thread_everywhere_and_back_after_an_error():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with contextlib.suppress(ZeroDivisionError), one_thread():
            assert torch.get_num_threads() == 1
            assert {pool["num_threads"] for pool in threadpool_info()} == {1}
            1 / 0  # noqa: B018
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)

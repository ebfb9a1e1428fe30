"""Speed as a ratio to a peer, both measured in turn in one process."""

import gc
import statistics
import time

import pytest

RATIOS = pytest.StashKey[list]()


@pytest.fixture
def compare(benchmark, request):
    """Run two functions in turn and keep the ratio of their times, round by round."""

    def run(ours, peer, *, rounds=7, peer_name):
        times = {ours: [], peer: []}
        for function in (ours, peer):
            function()  # warm up
        for _ in range(rounds):
            for function in (ours, peer):
                gc.collect()
                start = time.perf_counter()
                function()
                times[function].append(time.perf_counter() - start)
        ratio = statistics.median(b / a for a, b in zip(times[ours], times[peer], strict=True))
        medians = [statistics.median(times[function]) for function in (ours, peer)]
        benchmark.extra_info.update(ratio=ratio, peer=peer_name, peer_median=medians[1])
        benchmark.pedantic(ours, rounds=1)
        request.config.stash.setdefault(RATIOS, []).append(
            f"{request.node.name}: {medians[0] * 1e3:.3g} ms, {peer_name} "
            f"{medians[1] * 1e3:.3g} ms, ratio {ratio:.3g}"
        )
        return ratio

    return run


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(RATIOS, [])
    if lines:
        terminalreporter.section("time of the peer / our time, median of the rounds")
        for line in lines:
            terminalreporter.line(line)

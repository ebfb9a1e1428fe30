"""When two clusters become one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.bottleneck._iteration import encodings_of
from ibtools.bottleneck._joint import joint_letters
from ibtools.bottleneck._merging import compacted, merge_changes


@pytest.fixture
def letters():
    rng = np.random.default_rng(3)
    return joint_letters(rng.dirichlet(np.ones(32)).reshape(8, 4))


def encoder_of(n_clusters, n_letters):
    encoder = np.random.default_rng(0).standard_exponential((n_clusters, n_letters)) ** 3
    return encoder / encoder.sum(axis=0)


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("beta", [0.1, 2.0, 30.0])
def test_changes_are_differences_of_the_functional(letters, beta, alpha):
    encoder = encoder_of(5, 8)
    betas = np.array([beta])
    before = encodings_of(letters, encoder[None]).functional(betas, alpha)[0]
    pairs, losses, changes = merge_changes(letters, encoder, beta, alpha)
    known = dict(zip(map(tuple, pairs.tolist()), zip(changes, losses, strict=True), strict=True))
    for t in range(5):
        for u in range(t + 1, 5):
            merged = np.delete(encoder, u, axis=0)
            merged[t] += encoder[u]
            after = encodings_of(letters, merged[None])
            difference = after.functional(betas, alpha)[0] - before
            if (t, u) in known:
                change, loss = known[t, u]
                assert change == pytest.approx(difference, abs=1e-12)
                assert change == pytest.approx(
                    beta * (encodings_of(letters, encoder[None]).mi_y - after.mi_y)[0] - loss,
                    abs=1e-12,
                )
            else:  # left out by the lower bound
                assert difference > 0


def test_pairs_are_left_out_at_large_beta(letters):
    assert len(merge_changes(letters, encoder_of(5, 8), 0.1, 1.0)[0]) == 10
    assert len(merge_changes(letters, np.eye(8), 1e4, 1.0)[0]) == 0


def test_equal_clusters_are_merged_at_once(letters):
    halves = np.repeat(np.eye(8), 2, axis=0) / 2
    after, merged = compacted(letters, encodings_of(letters, halves[None]), 1e3, 1.0)
    assert merged
    assert_allclose(after.encoder[0], np.eye(8))


def test_unequal_clusters_are_merged_one_pair_at_a_time(letters):
    after, merged = compacted(letters, encodings_of(letters, np.eye(8)[None]), 0.5, 1.0)
    assert merged
    assert after.encoder.shape[1] == 7


def test_empty_clusters_are_dropped(letters):
    encoder = np.vstack([np.eye(8), np.full((1, 8), 1e-20)])
    after, merged = compacted(letters, encodings_of(letters, encoder[None]), 1e3, 1.0)
    assert after.encoder.shape[1] == 8
    assert not merged


def test_nothing_to_do_leaves_the_run_alone(letters):
    before = encodings_of(letters, np.eye(8)[None])
    assert compacted(letters, before, 1e3, 1.0) == (before, False)

"""The bottleneck curve against embo's, and the 4096-pattern task."""

import numpy as np
import pytest

from ibtools.bottleneck import bottleneck_path
from ibtools.datasets import szt_joint

N_BETAS = 50


def _deficit(path, mi_x, mi_y):
    """How far a path lies below points, by the functional at its own betas, in bits of I(T;Y).

    Another computation's beta does not matter: its points have a functional at any.
    """
    values = np.asarray(mi_x) - path.betas[:, None] * np.asarray(mi_y)
    return float(((path.objective - values.min(axis=1)) / path.betas).max())


def _deficit_of_points(mi_x, mi_y, best):
    """How far points lie below a path, at its betas."""
    values = np.asarray(mi_x) - best.betas[:, None] * np.asarray(mi_y)
    return float(((values.min(axis=1) - best.objective) / best.betas).max())


@pytest.mark.filterwarnings(
    "ignore:os.fork:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_random_joint(compare):
    embo = pytest.importorskip("embo")
    p_xy = np.random.default_rng(0).random((64, 64))
    p_xy /= p_xy.sum()
    betas = np.linspace(3, 60, N_BETAS)

    def ours():
        return bottleneck_path(p_xy, betas)

    def peer():
        # embo solves for beta / ln 2 where it says beta
        problem = embo.InformationBottleneck(pxy=p_xy, minbeta=3, maxbeta=60, numbeta=N_BETAS)
        return problem.get_ix(), problem.get_iy()

    path, (mi_x, mi_y) = ours(), peer()
    best = bottleneck_path(p_xy, betas, n_init=3, tol=1e-8, random_state=0)
    compare(
        ours,
        peer,
        peer_name="embo",
        rounds=3,
        errors=(
            max(_deficit(path, mi_x, mi_y), _deficit(path, best.mi_x, best.mi_y)),
            _deficit_of_points(mi_x, mi_y, best),
        ),
        # embo computes in a process of its own, whose time only the wall clock tells
        reach="1x by the wall",
    )
    assert _deficit(path, mi_x, mi_y) <= 1e-4
    assert _deficit(path, best.mi_x, best.mi_y) <= 1e-4


def test_the_4096_patterns(benchmark):
    p_xy = szt_joint(gain=50)
    path = benchmark.pedantic(lambda: bottleneck_path(p_xy), rounds=3)
    assert len(path) == N_BETAS
    assert path.mi_y[-1] > 0.999 * path.mi_xy

"""The bottleneck curve against embo's, and the 4096-pattern task."""

import numpy as np

from ibtools.bottleneck import bottleneck_path
from ibtools.datasets import szt_joint

N_BETAS = 50
DEFICIT = 1e-4  # bits


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


def _embo(p_xy):
    """It solves for beta / ln 2 where it says beta."""
    import embo

    problem = embo.InformationBottleneck(pxy=p_xy, minbeta=3, maxbeta=60, numbeta=N_BETAS)
    return problem.get_ix(), problem.get_iy()


def test_path_of_random_joint(compare):
    """64 x 64; the errors are bits of I(T;Y) below the best curve known."""
    p_xy = np.random.default_rng(0).random((64, 64))
    p_xy /= p_xy.sum()
    betas = np.linspace(3, 60, N_BETAS)
    path = bottleneck_path(p_xy, betas)
    best = bottleneck_path(p_xy, betas, n_init=3, tol=1e-8, random_state=0)
    deficits = [_deficit(path, best.mi_x, best.mi_y), None]
    try:
        points = _embo(p_xy)
    except Exception:  # the row says which
        points = None
    else:
        deficits = [max(deficits[0], _deficit(path, *points)), _deficit_of_points(*points, best)]
    compare(
        lambda: bottleneck_path(p_xy, betas),
        lambda: _embo(p_xy),
        peer_name="embo",
        errors=deficits,
        tolerance=DEFICIT,
        reach="1x",
    )
    assert deficits[0] <= DEFICIT


def test_path_of_4096_patterns(alone):
    """Of the task's 4096 inputs; embo's time for it is known by extrapolation only."""
    p_xy = szt_joint(gain=50)
    path = alone(lambda: bottleneck_path(p_xy), reach="under 5 s")
    assert len(path) == N_BETAS
    assert path.mi_y[-1] > 0.999 * path.mi_xy

"""The 4096-pattern task of Shwartz-Ziv and Tishby, in closed form.

The twelve binary inputs sit on the vertices of an icosahedron, and the label depends on a pattern
only through a rotation-invariant amplitude. Nothing is downloaded: the labels computed here equal
the published ones bit for bit.
"""

import math
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.utils import check_random_state

N_INPUTS = 12
N_PATTERNS = 2**N_INPUTS

# Any threshold in (7.563, 7.701), a gap in the values of the amplitude, gives the published labels.
THRESHOLD = 7.632

_PHI = (1 + math.sqrt(5)) / 2

# One vertex per input, in the published bit order (most significant bit first), not normalised.
_CORNERS = np.array(
    [
        (0, 1, _PHI),
        (1, _PHI, 0),
        (0, 1, -_PHI),
        (-1, _PHI, 0),
        (_PHI, 0, -1),
        (0, -1, _PHI),
        (1, -_PHI, 0),
        (-1, -_PHI, 0),
        (-_PHI, 0, -1),
        (0, -1, -_PHI),
        (-_PHI, 0, 1),
        (_PHI, 0, 1),
    ]
)


def make_szt(
    *, gain: float | None = None, random_state: int | np.random.RandomState | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make the 4096-pattern task: all 12-bit patterns and a rotation-invariant binary label.

    Without `gain` the labels are the published, deterministic ones: 2118 of the 4096 are 1. With
    `gain` each label is drawn once from p(y=1|x) = sigmoid(gain (g(x) - theta)).

    Parameters
    ----------
    gain : float, default=None
        Steepness of the stochastic label rule, positive and finite; None for the deterministic
        rule, which is its limit at infinite gain.
    random_state : int, RandomState instance or None, default=None
        Source of the drawn labels; without effect when `gain` is None.

    Returns
    -------
    X : ndarray of shape (4096, 12), dtype float32
        Row i holds the binary digits of i, most significant first, as 0.0 and 1.0. The type is
        float32 because that is what torch networks take.
    y : ndarray of shape (4096,), dtype int64
        Labels, 0 or 1.

    Raises
    ------
    ValueError
        If `gain` is neither None nor a positive finite number.

    See Also
    --------
    szt_joint : The joint distribution of pattern and label.
    szt_classes : The 64 classes of patterns that the label cannot tell apart.

    Notes
    -----
    The inputs are the vertices of an icosahedron. With n(x) active inputs at unit vectors v_i, the
    amplitude is g(x) = n(x) + ||sum of v_i over the active inputs||, monopole plus dipole; the
    label is 1 where g(x) exceeds theta = 7.632.

    References
    ----------
    R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via information",
    2017, arXiv:1703.00810.

    Examples
    --------
    >>> from ibtools.datasets import make_szt
    >>> X, y = make_szt()
    >>> X[5]
    array([0., 0., 0., 0., 0., 0., 0., 0., 0., 1., 0., 1.], dtype=float32)
    >>> int(y.sum())
    2118
    """
    patterns = _patterns()
    if gain is None:
        return patterns.astype(np.float32), _labels(patterns)
    probability = _label_distribution(patterns, gain)[:, 1]
    uniform = check_random_state(random_state).random_sample(N_PATTERNS)
    return patterns.astype(np.float32), (uniform < probability).astype(np.int64)


def szt_joint(gain: float | None = None) -> NDArray[np.float64]:
    """Joint distribution p(x, y) of the 4096-pattern task, with uniform p(x).

    I(X; Y) is 0.9875 bits at gain 50, 0.9985 bits at gain 100, and H(Y) = 0.9992 bits for the
    deterministic rule.

    Parameters
    ----------
    gain : float, default=None
        Steepness of p(y=1|x) = sigmoid(gain (g(x) - theta)), positive and finite; None for the
        deterministic rule.

    Returns
    -------
    p_xy : ndarray of shape (4096, 2), dtype float64
        Probabilities that sum to 1; rows are patterns in the order of :func:`make_szt`, columns
        are the labels 0 and 1.

    Raises
    ------
    ValueError
        If `gain` is neither None nor a positive finite number.

    References
    ----------
    R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via information",
    2017, arXiv:1703.00810.

    Examples
    --------
    >>> from ibtools.datasets import szt_joint
    >>> p_xy = szt_joint()
    >>> (p_xy.sum(axis=0) * 4096).tolist()
    [1978.0, 2118.0]
    """
    patterns = _patterns()
    if gain is None:
        return np.eye(2)[_labels(patterns)] / N_PATTERNS
    return _label_distribution(patterns, gain) / N_PATTERNS


def szt_classes() -> NDArray[np.int64]:
    """Partition the 4096 patterns into 64 classes on which the label is constant.

    Two patterns share a class when they agree in the number of active inputs, of active pairs on
    adjacent vertices, and of active pairs on opposite vertices. These counts fix the amplitude
    g(x), so the class is a sufficient statistic of the pattern for the label at every gain.

    Returns
    -------
    classes : ndarray of shape (4096,), dtype int64
        Class numbers 0 to 63, in the lexicographic order of the three counts; rows are in the
        order of :func:`make_szt`.

    Notes
    -----
    Rotating the icosahedron permutes the inputs and leaves every class where it is.

    References
    ----------
    R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via information",
    2017, arXiv:1703.00810.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.datasets import szt_classes
    >>> np.bincount(szt_classes())[:5].tolist()
    [1, 12, 30, 6, 30]
    """
    patterns = _patterns()
    counts = np.column_stack(
        [
            patterns.sum(axis=1),
            _active_pairs(patterns, _adjacent()),
            _active_pairs(patterns, _antipodal()),
        ]
    )
    _, classes = np.unique(counts, axis=0, return_inverse=True)
    return classes.reshape(-1).astype(np.int64)


def _patterns() -> NDArray[np.int64]:
    """All patterns, shape (4096, 12): row i is i in binary, most significant bit first."""
    return (np.arange(N_PATTERNS)[:, np.newaxis] >> np.arange(N_INPUTS)[::-1]) & 1


def _vertices() -> NDArray[np.float64]:
    """Vertices as unit vectors v_i, shape (12, 3)."""
    return _CORNERS / np.linalg.norm(_CORNERS, axis=1, keepdims=True)


def _amplitude(patterns: NDArray[np.int64]) -> NDArray[np.float64]:
    """g(x) = n(x) + ||sum_i x_i v_i||, monopole plus dipole, shape (n_samples,)."""
    dipole = np.linalg.norm(patterns @ _vertices(), axis=1)
    return patterns.sum(axis=1) + dipole


def _labels(patterns: NDArray[np.int64]) -> NDArray[np.int64]:
    """y(x) = 1[g(x) > theta], shape (n_samples,)."""
    return (_amplitude(patterns) > THRESHOLD).astype(np.int64)


def _label_distribution(patterns: NDArray[np.int64], gain: float) -> NDArray[np.float64]:
    """p(y=1|x) = sigmoid(gain (g(x) - theta)); columns y = 0 and 1, shape (n_samples, 2)."""
    logit = _checked_gain(gain) * (_amplitude(patterns) - THRESHOLD)
    # sigmoid(-t), not 1 - sigmoid(t): small probabilities keep their digits.
    return np.column_stack([expit(-logit), expit(logit)])


def _checked_gain(gain: float) -> float:
    if not (isinstance(gain, Real) and 0 < gain < math.inf):
        raise ValueError(f"gain must be None or a positive finite number, got {gain!r}")
    return gain


def _cosines() -> NDArray[np.float64]:
    """v_i . v_j, shape (12, 12): 1, 1/sqrt(5) if adjacent, -1/sqrt(5), or -1 if opposite."""
    return _vertices() @ _vertices().T


def _adjacent() -> NDArray[np.bool_]:
    """Pairs joined by an edge: 0 < v_i . v_j < 1, shape (12, 12)."""
    return np.isclose(_cosines(), 1 / math.sqrt(5))


def _antipodal() -> NDArray[np.bool_]:
    """Opposite pairs: v_i = -v_j, shape (12, 12)."""
    return np.isclose(_cosines(), -1)


def _active_pairs(patterns: NDArray[np.int64], pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count active pairs, sum over i < j of x_i pairs_ij x_j, shape (n_samples,)."""
    return ((patterns @ pairs.astype(np.int64)) * patterns).sum(axis=1) // 2

"""Descent of the squared functional, which has one optimum on straight parts of the curve too."""

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._iteration import (
    LONGEST_STEP,
    Descent,
    Encodings,
    encodings_of,
    extrapolated,
    logarithms,
    movement,
    step,
)
from ibtools.bottleneck._joint import JointLetters

_Floats = NDArray[np.float64]

# A step is halved until the functional does not grow, at most so often.
_MOST_HALVINGS = 30

# Where no step along the descent lowers the functional its rounding error is reached, and changes
# of the decoders up to this cannot be seen in it: they enter with their squares.
_ROUNDED_MOVEMENT = 1e-5

# Below this information, in nats, the functional is flat.
_NO_INFORMATION = 1e-12


def descend_squared(
    letters: JointLetters, start: Encodings, beta: float, *, max_iter: int, tol: float
) -> Descent:
    """Minimise I(X;T)^2 - beta I(T;Y) from one encoder, never going up.

    The gradient is that of the plain functional, times 2 I(X;T), at the trade-off
    beta / (2 I(X;T)) (Kolchinsky, Tracey and Van Kuyk, 2019, appendix): a Blahut-Arimoto step at
    that trade-off is a direction of descent. Because the square is convex in I(X;T) the whole
    step may overshoot; it is halved until the functional does not grow.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    start : Encodings
        A single run.
    beta : float
        Trade-off, in nats.
    max_iter : int
        Largest number of evaluations.
    tol : float
        Largest change of any p(y|t) and, relatively, of any p(t), in one whole step.

    Returns
    -------
    Descent
        The last encoder and the history of the functional.
    """
    now, value = start, squared_functional(start, beta)
    history, recent = [value], [start.joint]
    converged = False
    while len(history) <= max_iter and not converged:
        if now.mi_x[0] <= _NO_INFORMATION:
            converged = True
        elif len(recent) == 3:
            far, _ = extrapolated(recent[0], recent[1], recent[2], np.array([LONGEST_STEP]))
            reached = _step(letters, now, logarithms(letters, far), beta)
            if squared_functional(reached, beta) <= value:
                now, value = reached, squared_functional(reached, beta)
            history.append(value)
            recent = [now.joint]
        else:
            target = _step(letters, now, (now.log_marginal, now.log_decoder), beta)
            moved = float(movement(now, target)[0])
            reached, value = _shortened(letters, now, target, beta, value)
            history.append(value)
            is_stuck = reached is now
            converged = moved <= (max(tol, _ROUNDED_MOVEMENT) if is_stuck else tol)
            if is_stuck:
                break
            now = reached
            recent.append(now.joint)
    steps = [np.array([value]) for value in history]
    return Descent(now, np.array([len(history) - 1]), np.array([converged]), steps)


def _step(
    letters: JointLetters, now: Encodings, logs: tuple[_Floats, _Floats], beta: float
) -> Encodings:
    """Blahut-Arimoto step from marginals and decoders, at the trade-off beta / (2 I(X;T))."""
    return step(letters, *logs, beta / (2 * now.mi_x), alpha=1.0)


def squared_functional(encodings: Encodings, beta: float) -> float:
    """I(X;T)^2 - beta I(T;Y) of a single run, in nats squared."""
    return float(encodings.mi_x[0] ** 2 - beta * encodings.mi_y[0])


def _shortened(
    letters: JointLetters, now: Encodings, target: Encodings, beta: float, value: float
) -> tuple[Encodings, float]:
    """Longest of the steps 1, 1/2, 1/4, ... towards the target that does not raise the value."""
    length = 1.0
    for _ in range(_MOST_HALVINGS):
        reached = target
        if length < 1:
            encoder = (1 - length) * now.encoder + length * target.encoder
            reached = encodings_of(letters, encoder)
        new_value = squared_functional(reached, beta)
        if new_value <= value:
            return reached, new_value
        length /= 2
    return now, value

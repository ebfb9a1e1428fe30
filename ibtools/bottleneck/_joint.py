"""A joint distribution as the bottleneck sees it: one letter per distinct p(y|x)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._discrete import check_non_negative, mutual_information
from ibtools.information._symbols import row_symbols

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_SUM_TOLERANCE = 1e-9

# Conditional probabilities that differ relatively by less are equal: they carry rounding errors.
_EQUAL = 1e-11


@dataclass(frozen=True)
class JointLetters:
    """Letters of a joint distribution, with equal p(y|x) merged and empty classes left out.

    Attributes
    ----------
    p_x : ndarray of shape (n_letters,)
        p(x) of the letters, positive.

    p_y_given_x : ndarray of shape (n_letters, n_occupied)
        p(y|x) for the classes that occur.

    p_y : ndarray of shape (n_occupied,)
        p(y), positive.

    letters : ndarray of int of shape (n_x,)
        Letter of each symbol, -1 for a symbol of no probability.

    classes : ndarray of int of shape (n_occupied,)
        The classes that occur.

    p_xy : ndarray of shape (n_x, n_y)
        The table, as it was given.

    mi_xy : float
        I(X;Y) in nats.
    """

    p_x: _Floats
    p_y_given_x: _Floats
    p_y: _Floats
    letters: _Integers
    classes: _Integers
    p_xy: _Floats
    mi_xy: float

    @property
    def joint(self) -> _Floats:
        """p(x,y) of letters and classes, shape (n_letters, n_occupied)."""
        return self.p_x[:, None] * self.p_y_given_x

    @property
    def is_deterministic(self) -> bool:
        """Whether every letter has one class."""
        return bool(((self.p_y_given_x > 0).sum(axis=1) == 1).all())

    def over_symbols(self, encoder: _Floats, marginal: _Floats) -> _Floats:
        """p(t|x) of all symbols: that of their letter, p(t) for symbols of no probability."""
        return np.vstack([encoder, marginal])[self.letters]

    def over_letters(self, encoder: _Floats) -> _Floats:
        """p(t|letter) = sum_x p(x|letter) p(t|x), which loses nothing about y."""
        p_symbols = self.p_xy.sum(axis=1)
        sums = np.zeros((len(self.p_x), encoder.shape[1]))
        held = self.letters >= 0
        np.add.at(sums, self.letters[held], p_symbols[held, None] * encoder[held])
        return sums / sums.sum(axis=1, keepdims=True)

    def over_classes(self, decoder: _Floats) -> _Floats:
        """p(y|t) of all classes: 0 for those that do not occur."""
        full = np.zeros((len(decoder), self.p_xy.shape[1]))
        full[:, self.classes] = decoder
        return full


def joint_letters(p_xy: ArrayLike, *, merge: bool = True) -> JointLetters:
    """Validate a joint distribution and merge the symbols that say the same about y.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows.
    merge : bool, default=True
        Whether symbols with equal p(y|x) become one letter: their partition is the minimal
        sufficient statistic of x for y, and the bottleneck of the letters that of the symbols.

    Returns
    -------
    JointLetters
        The letters.

    Raises
    ------
    ValueError
        If the table is not a joint distribution.
    """
    table = check_joint(p_xy)
    p_symbols = table.sum(axis=1)
    held = np.flatnonzero(p_symbols > 0)
    classes = np.flatnonzero(table.sum(axis=0) > 0)
    rows = table[np.ix_(held, classes)]
    numbers = np.arange(len(held))
    if merge:
        numbers = row_symbols(_column_codes(rows / rows.sum(axis=1, keepdims=True))).symbols
    letters = np.full(len(table), -1, dtype=np.int64)
    letters[held] = numbers
    merged = np.zeros((int(numbers.max()) + 1, len(classes)))
    np.add.at(merged, numbers, rows)
    merged /= merged.sum()
    p_x = merged.sum(axis=1)
    return JointLetters(
        p_x=p_x,
        p_y_given_x=merged / p_x[:, None],
        p_y=merged.sum(axis=0),
        letters=letters,
        classes=classes,
        p_xy=table,
        mi_xy=mutual_information(merged, base=math.e),
    )


def check_joint(p_xy: ArrayLike) -> _Floats:
    """Return a joint distribution as a new float64 table; refuse it unless it sums to 1."""
    table = np.array(check_non_negative(p_xy, "p_xy"))
    if table.ndim != 2:
        raise ValueError(
            f"p_xy must be a table with x along the rows and y along the columns, got an array of "
            f"shape {table.shape}."
        )
    total = float(table.sum())
    if abs(total - 1) > _SUM_TOLERANCE:
        raise ValueError(
            f"p_xy must sum to 1, got {total!r}. If these are counts or weights, pass "
            "p_xy / p_xy.sum(), in float64."
        )
    return table


def _column_codes(values: _Floats) -> _Integers:
    """Number the distinct values of each column; values closer than rounding errors are equal."""
    codes = np.empty(values.shape, dtype=np.int64)
    for column, code in zip(values.T, codes.T, strict=True):
        order = np.argsort(column, kind="stable")
        ascending = column[order]
        is_new = np.diff(ascending) > _EQUAL * ascending[1:]
        code[order] = np.concatenate([[0], np.cumsum(is_new)])
    return codes

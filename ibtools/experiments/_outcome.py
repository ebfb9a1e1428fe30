"""What one run of a study leaves."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Outcome:
    """Tables and notes of one run.

    Attributes
    ----------
    points : pandas.DataFrame
        The information plane as :meth:`ibtools.InformationPlane.to_frame` gives it, without the
        factors of the study.

    curves : pandas.DataFrame
        One row per epoch: "epoch", "train_loss" and, where rows are held out, "valid_loss" and
        "valid_acc"; then, where gradients are recorded, "gradient_mean/<layer>",
        "gradient_std/<layer>", "gradient_snr/<layer>" and "weight_norm/<layer>".

    bound : pandas.DataFrame or None
        The curve that no representation exceeds, one row per trade-off: "beta", "mi_x", "mi_y" and
        "unit"; None where the study asks for none.

    log : str
        Warnings and notes, one per line; "" if there are none.

    seconds : float
        Time that the run took. The one thing that differs when a run is repeated.
    """

    points: pd.DataFrame
    curves: pd.DataFrame
    bound: pd.DataFrame | None
    log: str
    seconds: float

    def equals(self, other: "Outcome") -> bool:
        """Whether another outcome is the same bit for bit, but for the time it took.

        Parameters
        ----------
        other : Outcome
            Another outcome.

        Returns
        -------
        equals : bool
            False if a number, a name or a note differs.
        """
        if (self.bound is None) != (other.bound is None) or self.log != other.log:
            return False
        pairs = [(self.points, other.points), (self.curves, other.curves)]
        if self.bound is not None and other.bound is not None:
            pairs.append((self.bound, other.bound))
        return all(mine.equals(theirs) for mine, theirs in pairs)

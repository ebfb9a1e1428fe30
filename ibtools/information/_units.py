"""Names of the units in which information is measured."""

import math

_NAMES = {2.0: "bits", math.e: "nats", 10.0: "hartleys"}


def unit_name(base: float) -> str:
    """Name the unit of information for a base of the logarithm.

    Parameters
    ----------
    base : float
        Base of the logarithm.

    Returns
    -------
    name : str
        "bits" for 2, "nats" for e, "hartleys" for 10, otherwise a phrase that names the base.

    Examples
    --------
    >>> from ibtools.information import unit_name
    >>> unit_name(2)
    'bits'
    """
    return _NAMES.get(float(base), f"units of log {base:g}")


def log_of_base(base: float) -> float:
    """Natural logarithm of a base, by which a value in nats is divided.

    Parameters
    ----------
    base : float
        Base of the logarithm.

    Returns
    -------
    log_base : float
        ln(base), positive.

    Raises
    ------
    ValueError
        If the base is not a finite number above 1.
    """
    if not 1 < base < math.inf:
        raise ValueError(
            f"base must be a finite number above 1 (2 for bits, math.e for nats), got {base!r}."
        )
    return math.log(base)

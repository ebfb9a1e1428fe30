"""Units of information."""

import math

import pytest

from ibtools.information import unit_name
from ibtools.information._units import log_of_base


@pytest.mark.parametrize(
    ("base", "name"), [(2, "bits"), (math.e, "nats"), (10, "hartleys"), (3, "units of log 3")]
)
def test_names(base, name):
    assert unit_name(base) == name


def test_log_of_base():
    assert log_of_base(math.e) == 1
    assert log_of_base(2) == math.log(2)


@pytest.mark.parametrize("base", [0, 1, -2, 0.5, math.inf, math.nan])
def test_bases_that_are_none(base):
    with pytest.raises(ValueError, match="above 1"):
        log_of_base(base)

"""Names of runs."""

import math

import pytest

from ibtools.experiments._identity import canonical_json, run_identity

SETTINGS = {"data": {"kind": "file", "file": "/home/a.npz"}, "epochs": 10, "seed": 0}


def test_names_are_short_hexadecimal():
    name = run_identity(SETTINGS, "abc")
    assert len(name) == 16
    assert set(name) <= set("0123456789abcdef")


def test_the_order_of_fields_does_not_matter():
    turned = dict(reversed(SETTINGS.items()))
    assert run_identity(turned, "abc") == run_identity(SETTINGS, "abc")


def test_everything_that_the_outcome_depends_on_does():
    names = {
        run_identity(SETTINGS, "abc", "1.0"),
        run_identity(SETTINGS, "abd", "1.0"),
        run_identity(SETTINGS, "abc", "1.1"),
        run_identity({**SETTINGS, "seed": 1}, "abc", "1.0"),
        run_identity({**SETTINGS, "epochs": 10.5}, "abc", "1.0"),
        run_identity({**SETTINGS, "data": {"kind": "other"}}, "abc", "1.0"),
    }
    assert len(names) == 6


def test_data_are_known_by_their_checksum_and_not_by_their_path():
    elsewhere = {**SETTINGS, "data": {"kind": "file", "file": "/mnt/b.npz"}}
    assert run_identity(elsewhere, "abc") == run_identity(SETTINGS, "abc")


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, object()])
def test_what_json_cannot_hold_has_no_name(value):
    with pytest.raises(ValueError):
        run_identity({"seed": value}, "abc")


def test_canonical_json():
    assert canonical_json({"b": [1, 2.5, None], "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5,null]}'

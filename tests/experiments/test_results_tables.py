"""Tables as text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ibtools.experiments._results_tables import column_types, table_from_csv, table_to_csv

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=True, allow_infinity=True),
            _TEXTS,
            st.booleans(),
        ),
        max_size=6,
    )
)
@example([(0, 0.0, "\r", False), (1, float("nan"), "\n", True)])
@settings(deadline=None, derandomize=True)
def test_tables_come_back_bit_for_bit(rows):
    table = pd.DataFrame(rows, columns=["count", "value", "layer, or", "kept"]).astype(
        {"count": "int64", "value": "float64", "layer, or": "str", "kept": "bool"}
    )
    types = column_types(table)
    back = table_from_csv(table_to_csv(table), types)
    assert list(types.values()) == ["int64", "float64", "str", "bool"]
    pd.testing.assert_frame_equal(back, table)
    bits = [each["value"].to_numpy().view(np.int64) for each in (back, table)]
    numbers = table["value"].notna().to_numpy()
    np.testing.assert_array_equal(bits[0][numbers], bits[1][numbers])


@pytest.mark.parametrize(
    ("text", "types"),
    [
        (b"a\n1\n", {"b": "int64"}),
        (b"a\n1.5\n", {"a": "int64"}),
        (b"a\nx\n", {"a": "float64"}),
        (b"a\nyes\n", {"a": "bool"}),
        (b"a\n99999999999999999999\n", {"a": "int64"}),
        (b"a,b\n1\n", {"a": "int64", "b": "int64"}),
        (b"a\n1\n", {"a": "object"}),
        (b"a\n1\n", {"a": ["int64"]}),
        (b"\xff\xfe", {"a": "int64"}),
        (b"", {"a": "int64"}),
        (b'a\n"1', {"a": "int64", "b": "str"}),
    ],
)
def test_other_text_is_refused(text, types):
    with pytest.raises(ValueError):
        table_from_csv(text, types)

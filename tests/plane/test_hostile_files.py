"""Files and histories of someone else are data: read, or refused with a clear error."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skorch.history import History

from ibtools import BinnedMI, InformationPlane
from ibtools.plane import _files, _foreign_files
from ibtools.plane._recording import ActivationRecording

many = settings(
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
keys = st.sampled_from(
    [
        "epoch",
        "batches",
        "train_loss",
        "log_base/b/",
        "log_base/b/@0",
        "mi_x/b/T",
        "mi_x/b/T@0",
        "mi_y/b/T",
        "mi_x//",
        "mi_x/b/@0@0",
        "member0/mi_x/b/T",
        "member99999999999999999999/mi_x/b/T",
    ]
)
rows = st.dictionaries(keys | st.text(max_size=5), json_values | st.integers(0, 9), max_size=8)


def plain_error(read):
    """Read, and return the error, which has to be one of ours."""
    error = None
    try:
        read()
    except Exception as raised:
        error = raised
    assert error is None or type(error) is ValueError, repr(error)
    assert len(str(error)) < 2000
    return error


class Ran(Exception):
    """What unpickling the bytes below raises."""


def run():
    raise Ran


class Pickled:
    def __reduce__(self):
        return run, ()


@pytest.fixture
def history():
    values = {f"{name}/b/T{at}": 1.5 for name in ("mi_x", "mi_y") for at in ("", "@0")}
    return [{"epoch": 1, "log_base/b/": 2.0, "log_base/b/@0": 2.0, **values, "batches": []}]


@pytest.fixture
def recording(tmp_path):
    rng = np.random.default_rng(0)
    recorded = {"y": np.array([0, 1, 1]), "values": None, "inputs": np.eye(3)}
    layers = {"hidden": (-1.0, 1.0), "out": None}
    recording = ActivationRecording.create(tmp_path / "run", layers, recorded)
    for epoch in (0, 1):
        recording.add(epoch, {name: rng.uniform(-1, 1, (3, 2)) for name in layers})
    return recording


# Histories.


def test_every_form_of_a_history_is_one_plane(history, tmp_path):
    path = tmp_path / "history.json"
    History(history).to_file(str(path))
    plane = InformationPlane.from_history(history)
    for form in (History(history), iter(history), path, str(path)):
        assert InformationPlane.from_history(form) == plane
    assert plane.epochs == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epoch": 1}, "not a history: rows, one dict per epoch.* got dict"),
        (None, "got NoneType"),
        (b"[]", "got bytes"),
        ([1], "row 0 is no dict"),
        ([{1: 2}], "row 0 is no dict with text as keys"),
        ([{"mi_x/b/T": 1.0}], "Row 0 of the history has the epoch None"),
        ([{"epoch": -1}], "has the epoch -1; epochs are whole numbers from 0"),
        ([{"epoch": 10**400}], "the epoch a whole number of 1329 bits"),
        ([{"epoch": "1"}], "the epoch a str"),
        ([{"epoch": 1, "mi_x/b/T": "1.0"}], "'mi_x/b/T' = a str at epoch 1, where a number"),
        ([{"epoch": 1, "mi_x/b/T": [1.0]}], "= a list at epoch 1"),
        ([{"epoch": 1, "mi_x/b/T": True}], "= True at epoch 1"),
        ([{"epoch": 1, "mi_x/b/T": 10**400}], "a whole number of 1329 bits at epoch 1"),
        ([{"epoch": 1, "mi_x/b/T": 1.0}], "in which unit 'b' measured at epoch 1: 'log_base/b/'"),
        ([{"epoch": 1, "mi_x/b/T": 1.0, "log_base/b/": 1.0}], "in which unit"),
        ([{"epoch": 1, "mi_x/b/T": 1.0, "log_base/b/": float("nan")}], "in which unit"),
        ([{"epoch": 1, "mi_y/b/T": 1.0, "log_base/b/": 2.0}], r"needs the columns \['mi_x'\]"),
        ([{"epoch": 1, "mi_x/b/T": 1, "member0/mi_x/b/T": 1}], "members of an ensemble and points"),
        ([], "has no points of an information plane"),
    ],
)
def test_what_is_no_history_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        InformationPlane.from_history(wrong)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a history.* or damaged: Expecting value"),
        (b'[{"epoch": 1, "mi_x', "damaged: Unterminated string"),
        (b"\xff\xfe[]", "damaged: 'utf-8' codec"),
        (b"[" * 100_000, "damaged: maximum recursion|damaged: .*recursion"),
        (b"[" + b"9" * 5000 + b"]", "damaged: Exceeds the limit"),
        (pickle.dumps(Pickled()), "damaged"),
        (b'"text"', "got str"),
    ],
)
def test_a_damaged_history_file_names_itself(tmp_path, content, message):
    path = tmp_path / "history.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        InformationPlane.from_history(path)


def test_a_history_file_that_is_missing_or_too_large(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        InformationPlane.from_history(tmp_path / "history.json")
    monkeypatch.setattr(_foreign_files, "MAX_BYTES", 5)
    (tmp_path / "history.json").write_text("[1, 2, 3]")
    with pytest.raises(ValueError, match=r"has 9 bytes, more than the 5 .* json\.loads"):
        InformationPlane.from_history(tmp_path / "history.json")


@many
@given(json_values | st.lists(rows, max_size=3))
def test_any_structure_as_a_history(value):
    if not isinstance(value, str):
        plain_error(lambda: InformationPlane.from_history(value))


@many
@given(value=json_values | st.lists(rows, max_size=3))
def test_any_json_as_a_history_file(value, tmp_path):
    path = tmp_path / "history.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    plain_error(lambda: InformationPlane.from_history(path))


@many
@given(key=keys, value=json_values)
def test_one_value_of_a_history_changed(history, key, value):
    plain_error(lambda: InformationPlane.from_history([history[0] | {key: value}]))


@many
@given(st.data())
def test_a_history_file_cut_or_changed(history, tmp_path, data):
    path = tmp_path / "history.json"
    path.write_bytes(data.draw(mutations(json.dumps(history).encode())))
    plain_error(lambda: InformationPlane.from_history(path))


@st.composite
def mutations(draw, content):
    """The same bytes, cut off or with some of them changed."""
    content = bytearray(content)
    for _ in range(draw(st.integers(0, 3))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)) | st.just(len(content)))])


# Tables.


@pytest.mark.parametrize("name", ["plane.csv", "plane.parquet"])
def test_text_factors_come_back_as_text(make_plane, tmp_path, name):
    levels = ["01", "1", "1.0"] * 3
    plane = make_plane(level=levels, plain=["2"] * 9, number=[1, 2, 3] * 3, part=[0.5, 1, 2] * 3)
    plane.save(tmp_path / name)
    again = InformationPlane.load(tmp_path / name)
    assert again == plane
    assert again.settings == {"seed": 0}
    table = again.to_frame()
    assert table["level"].tolist() == levels
    assert table["plain"].tolist() == ["2"] * 9
    assert table["number"].dtype == "int64"
    assert table["part"].dtype == "float64"


CSV = "epoch,layer,estimator,mi_x,unit\n0,T,b,1.5,bits\n1,T,b,1.0,bits\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a table of points, or damaged: No columns"),
        ("epoch,layer\n", r"needs the columns \['estimator', 'mi_x', 'unit'\]"),
        (CSV.replace("1.5", "1,5"), "damaged: Length of header|damaged: .*[Ll]ength"),
        (CSV.replace("1.5", "much"), "has 'much' in the column mi_x, where a number belongs"),
        (CSV.replace("\n1,", "\n1.5,"), "values of epoch that are no whole numbers"),
        (CSV.replace("\n1,", "\n1e300,"), "values of epoch that are no whole numbers"),
        (CSV.replace("\n1,", "\n,"), "values of epoch that are no whole numbers"),
        (CSV.replace("\n1,", "\nnan,"), "values of epoch that are no whole numbers"),
        (CSV[:-6], "a point without unit; is the file cut off"),
        (CSV[:-3], "values of 'b' in bits and in bi: an estimator measures in one unit"),
        (CSV[:-12], "a point without estimator; is the file cut off"),
        (CSV.replace("\n1,T", "\n1,"), "a point without layer"),
        (CSV[:32], "no points"),
        ("\xe9".encode("latin-1"), "damaged: 'utf-8' codec"),
        (pickle.dumps(Pickled()), "damaged|needs the columns"),
    ],
)
def test_a_damaged_csv_says_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "plane.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        InformationPlane.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "settings that are no dict"),
        ("{", "not the settings of a plane, or damaged"),
        ('{"ibtools.text_factors": 3}', "no list of names"),
    ],
)
def test_damaged_settings_say_what_is_wrong(tmp_path, content, message):
    (tmp_path / "plane.csv").write_text(CSV)
    (tmp_path / "plane.settings.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        InformationPlane.load(tmp_path / "plane.csv")


def write_parquet(path, **columns):
    table = {"epoch": [0], "layer": ["T"], "estimator": ["b"], "mi_x": [1.0], "unit": ["bits"]}
    pd.DataFrame(table | columns).to_parquet(path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"epoch": ["0"]}, "as epoch, where a number belongs"),
        ({"epoch": [0.5]}, "values of epoch that are no whole numbers"),
        ({"layer": [1]}, "has int64 as layer, where text belongs"),
        ({"layer": [None]}, "a point without layer"),
        ({"mi_x": [[1.0]]}, "has object as mi_x, where a number belongs"),
        ({"factor": [{"a": 1}]}, "has object as factor, where a number belongs"),
        ({"factor": [b"a"]}, "as factor, where a number belongs"),
        ({"factor": np.array([2**63], dtype=np.uint64)}, "as factor, where a number belongs"),
    ],
)
def test_a_parquet_table_of_other_types_is_refused(tmp_path, columns, message):
    write_parquet(tmp_path / "plane.parquet", **columns)
    with pytest.raises(ValueError, match=message):
        InformationPlane.load(tmp_path / "plane.parquet")


def test_a_small_parquet_file_that_unpacks_to_a_large_table(tmp_path, monkeypatch):
    path = tmp_path / "plane.parquet"
    pd.DataFrame({"mi_x": np.zeros(10**6)}).to_parquet(path, compression="zstd")
    assert path.stat().st_size < 10**5
    monkeypatch.setattr(_files, "MAX_BYTES", 10**6)
    with pytest.raises(ValueError, match=r"unpacks to 8\d{6} bytes, more than the 1000000"):
        InformationPlane.load(path)


@pytest.mark.parametrize("name", ["plane.csv", "plane.parquet"])
def test_a_table_that_is_too_large(make_plane, tmp_path, monkeypatch, name):
    make_plane().save(tmp_path / name)
    monkeypatch.setattr(_foreign_files, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match=r"more than the 100 .*InformationPlane\(table\)"):
        InformationPlane.load(tmp_path / name)


@pytest.mark.parametrize("name", ["plane.csv", "plane.parquet"])
@many
@given(data=st.data())
def test_a_table_cut_or_changed(make_plane, tmp_path, name, data):
    path = tmp_path / "whole" / name
    if not path.exists():
        path.parent.mkdir()
        make_plane(level=["a", "1", ""] * 3, number=1.5).save(path)
    changed = tmp_path / name
    changed.write_bytes(data.draw(mutations(path.read_bytes())))
    plain_error(lambda: InformationPlane.load(changed))


@many
@given(value=json_values)
def test_any_json_as_settings(tmp_path, value):
    (tmp_path / "plane.csv").write_text(CSV)
    (tmp_path / "plane.settings.json").write_text(json.dumps(value))
    plain_error(lambda: InformationPlane.load(tmp_path / "plane.csv"))


# Recordings.


def npz(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_nothing_is_unpickled(recording):
    objects = np.array([Pickled()], dtype=object)
    with pytest.raises(Ran):
        pickle.loads(pickle.dumps(objects))
    for content in (npz(inputs=objects), pickle.dumps(objects)):
        (recording.path / "rows.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"rows\.npz is not an archive of arrays, or damaged"):
            ActivationRecording(recording.path)
    epoch = recording.path / "epoch-00000000.npz"
    epoch.write_bytes(npz(**{"0": objects}))
    with pytest.raises(ValueError, match="Python objects, which are never read"):
        recording.activations(0, "hidden")


def test_a_small_archive_that_unpacks_to_a_large_array(recording):
    epoch = recording.path / "epoch-00000000.npz"
    epoch.write_bytes(npz(**{"0": np.zeros((3, 10**6))}))
    assert epoch.stat().st_size < 10**5
    bounded = ActivationRecording(recording.path, max_bytes=10**6)
    with pytest.raises(ValueError, match=r"'0' has 24000000 bytes, more than max_bytes=1000000"):
        bounded.activations(0, "hidden")
    with pytest.raises(ValueError, match="more than max_bytes"):
        InformationPlane.from_recording(bounded)
    assert recording.activations(0, "hidden").shape == (3, 10**6)


def test_an_array_that_claims_to_be_larger_than_it_is(recording):
    stream = io.BytesIO()
    header = {"shape": (2**20, 2**5), "fortran_order": False, "descr": "<f8"}
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(recording.path / "epoch-00000000.npz", "w") as archive:
        archive.writestr("0.npy", stream.getvalue())
    with pytest.raises(ValueError, match="is shorter than it says"):
        recording.activations(0, "hidden")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2)), "shape .2, 2. as activations of 'hidden', instead of real numbers in 3"),
        (np.zeros(3), "shape .3,. as activations"),
        (np.zeros((3, 2), dtype=complex), "array of complex128"),
        (np.array([["a"]] * 3), "array of <U1"),
    ],
)
def test_activations_of_another_shape_or_type(recording, array, message):
    (recording.path / "epoch-00000000.npz").write_bytes(npz(**{"0": array}))
    with pytest.raises(ValueError, match=message):
        recording.activations(0, "hidden")


def test_rows_that_do_not_fit(recording):
    (recording.path / "rows.npz").write_bytes(npz(inputs=np.eye(3), y=np.zeros(2)))
    with pytest.raises(ValueError, match="arrays that do not fit"):
        ActivationRecording(recording.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"layers": {}}, "has to name the layers"),
        ({"layers": {"T": [1]}}, "two bounds or null"),
        ({"layers": {"T": [1, 0]}}, "two bounds or null"),
        ({"layers": {"T": [0, "a"]}}, "two bounds or null"),
        ({"layers": {"T": [0, float("inf")]}}, "two bounds or null"),
        ({"n_replicates": 0}, "has to say n_replicates"),
        ({"n_replicates": True}, "has to say n_replicates"),
        ({"n_replicates": 10**300}, "has to say n_replicates"),
    ],
)
def test_a_changed_index_says_what_is_wrong(recording, change, message):
    path = recording.path / "recording.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=message):
        ActivationRecording(recording.path)


@many
@given(
    value=json_values | st.dictionaries(st.sampled_from(["layers", "n_replicates"]), json_values)
)
def test_any_json_as_an_index(recording, value):
    if isinstance(value, dict):
        value = {"format": 1, **value}
    (recording.path / "recording.json").write_text(json.dumps(value))
    plain_error(lambda: ActivationRecording(recording.path))


@pytest.mark.parametrize("name", ["rows.npz", "epoch-00000001.npz", "recording.json"])
@many
@given(data=st.data())
def test_a_file_of_a_recording_cut_or_changed(recording, tmp_path, name, data):
    path = recording.path / name
    whole = tmp_path / name
    if not whole.exists():
        whole.write_bytes(path.read_bytes())
    path.write_bytes(data.draw(mutations(whole.read_bytes())))
    error = plain_error(
        lambda: InformationPlane.from_recording(recording.path, BinnedMI(n_bins=4)),
    )
    if error is not None and name.endswith("npz") and "damaged" in str(error):
        assert Path(name).name in str(error)


def test_arguments_that_name_nothing(recording):
    measure = InformationPlane.from_recording
    assert measure(recording.path, epochs=1).epochs == [1]
    assert measure(recording, epochs=np.int64(1), layers="out").layers == ["out"]
    with pytest.raises(ValueError, match=r"epochs is empty: name some of \[0, 1\]"):
        measure(recording.path, epochs=[])
    with pytest.raises(ValueError, match=r"layers is empty: name some of \['hidden', 'out'\]"):
        measure(recording.path, layers=[])
    with pytest.raises(ValueError, match=r"no epoch 2; it has \[0, 1\]"):
        measure(recording.path, epochs=2)


def test_what_cannot_be_measured_is_named(recording):
    T = np.zeros((3, 2))
    recording.add(2, {"hidden": T, "out": np.where(np.eye(3, 2) > 0, np.nan, T)})
    with pytest.raises(ValueError, match=r"Layer 'out' could not be measured at epoch 2: .*finite"):
        InformationPlane.from_recording(recording.path)
    recording.add(2, {"hidden": T + 5, "out": T})
    with pytest.raises(ValueError, match=r"Layer 'hidden' .* epoch 2: .*outside bounds"):
        InformationPlane.from_recording(recording.path)


@pytest.mark.parametrize(
    "left", [[".rows-ab.npz"], ["rows.npz", ".recording-x.json"], ["rows.npz"]]
)
def test_a_kill_at_the_very_beginning_does_not_block_the_folder(tmp_path, left):
    for name in left:
        (tmp_path / name).write_bytes(b"half")
    with pytest.raises(FileNotFoundError, match=r"has no recording\.json"):
        ActivationRecording(tmp_path)
    rows = {"inputs": np.eye(3), "y": None, "values": None}
    assert ActivationRecording.create(tmp_path, {"T": None}, rows).epochs == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["recording.json", "rows.npz"]


def test_such_a_folder_with_anything_else_is_left_alone(tmp_path):
    for name in ("rows.npz", "thesis.txt"):
        (tmp_path / name).write_bytes(b"mine")
    rows = {"inputs": np.eye(3), "y": None, "values": None}
    with pytest.raises(FileExistsError, match="is no recording: name another folder"):
        ActivationRecording.create(tmp_path, {"T": None}, rows, overwrite=True)
    assert (tmp_path / "rows.npz").read_bytes() == b"mine"

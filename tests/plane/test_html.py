"""The page of a plane, without a browser: what is in it, and what it refuses."""

import base64
import json
import math
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane
from ibtools.plane import _html

pytest.importorskip("plotly")

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1</script>",
    "<!--<script>",
    "<b>bold</b> &lt; &amp;",
    "\"double\" 'single' $title %{x}",
    "line\u2028separator\u2029 and \x00 end",
]


class Page(HTMLParser):
    """Scripts, rows of tables and texts of a page, as a browser would read them."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.texts, self.path = [], [], []
        self.tags = []
        self.feed(text)
        (self.data,) = (json.loads(content) for kind, content in self.scripts if kind)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append([dict(attributes).get("type"), ""])
        self.path.append(tag)

    def handle_endtag(self, tag):
        if tag in self.path:
            del self.path[len(self.path) - 1 - self.path[::-1].index(tag) :]

    def handle_data(self, data):
        if self.path and self.path[-1] == "script":
            self.scripts[-1][1] += data
        elif self.path and self.path[-1] != "style":
            self.texts.append(data)

    def column(self, name, table="points"):
        """Values of a column of the data."""
        (column,) = [each for each in self.data[table]["columns"] if each["name"] == name]
        values = np.frombuffer(base64.b64decode(column["base64"]), "<" + column["type"])
        values = np.broadcast_to(values, self.data[table]["length"])
        return [column["levels"][code] for code in values] if "levels" in column else values


def test_holds_every_point_with_all_digits(make_plane):
    plane = make_plane(mi_x_std_error=np.nan)
    page = Page(plane.to_html(title="A plane"))
    table = plane.to_frame()
    for name in table:
        if name in ("layer", "estimator", "unit"):
            assert page.column(name) == table[name].tolist()
        else:
            np.testing.assert_array_equal(page.column(name), table[name])
    assert page.data["epochs"] == [0, 1, 10]
    assert [layer["name"] for layer in page.data["layers"]] == ["a", "b", "out"]
    assert page.data["layers"][0] == {
        "name": "a",
        "light": "#0072b2",
        "dark": page.data["layers"][0]["dark"],
        "symbol": "circle",
    }
    assert page.data["estimators"] == [{"name": "BinnedMI", "unit": "bits"}]
    assert page.data["factors"] == []
    assert page.data["panels"] == ""
    assert "A plane" in page.texts


def test_is_one_file_that_loads_nothing(make_plane):
    page = Page(make_plane().to_html())
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "img", "object", "base")]
    assert not [value for _, found in page.tags for name, value in found.items() if name == "src"]
    ((_, policy),) = [
        (tag, found)
        for tag, found in page.tags
        if found.get("http-equiv", "").startswith("Content")
    ]
    assert "default-src 'none'" in policy["content"]
    assert "unsafe-eval" not in policy["content"]
    assert re.search(r"script-src ('sha256-[\w+/=]{44}' ?){2};", policy["content"])
    kinds = [kind for kind, _ in page.scripts]
    assert kinds == ["application/json", None, None]


def test_has_landmarks_and_headings(make_plane):
    page = Page(make_plane().to_html(title="Mine"))
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1", "title")] == [
        1
    ] * 6
    assert dict(page.tags)["html"] == {"lang": "en"}
    labels = [found.get("aria-labelledby") for tag, found in page.tags if tag == "section"]
    identities = {found.get("id") for _, found in page.tags}
    assert all(label in identities for label in labels)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data_and_text(make_plane, name):
    plain = Page(make_plane().to_html())
    plane = make_plane(layers=(name, "b"), estimator=name, unit=name, factor=[name] + ["x"] * 5)
    table = plane.to_frame().rename(columns={"factor": name})
    plane = InformationPlane(table, settings={name: {name: [name]}, "runs": [{name: name}]})
    text = plane.to_html(title=name, curves=[{"epoch": 1, f"gradient_snr/{name}": 1.0}])
    page = Page(text)
    assert len(page.scripts) == len(plain.scripts)
    assert page.scripts[1:] == plain.scripts[1:]
    assert page.data["layers"][0]["name"] == name
    assert page.data["estimators"][0] == {"name": name, "unit": name}
    assert page.data["factors"][0]["name"] == name
    assert page.column(name)[0] == name
    assert page.data["charts"][0]["lines"][0]["name"] == name
    known = {tag for tag, _ in plain.tags} | {
        "h3",
        "table",
        "tbody",
        "thead",
        "tr",
        "th",
        "td",
        "div",
    }
    assert {tag for tag, _ in page.tags} <= known
    assert "\u2028" not in text
    text.encode("utf-8")


def test_data_ends_no_element(make_plane):
    text = make_plane(layers=HOSTILE).to_html()
    data = text.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert data.isascii()
    assert not set("<>&") & set(data)


def test_values_that_are_no_numbers(make_plane):
    plane = make_plane(mi_x=[math.inf, -math.inf, math.nan] * 3)
    np.testing.assert_array_equal(
        Page(plane.to_html()).column("mi_x"), plane.to_frame()["mi_x"].to_numpy()
    )


def test_one_epoch_without_labels(make_plane):
    page = Page(make_plane(epochs=(7,), layers=("only",), mi_y=np.nan).to_html())
    assert page.data["epochs"] == [7]
    assert np.isnan(page.column("mi_y")).all()


def test_estimators_get_panels_and_factors_come_first(make_plane):
    tables = [
        make_plane(seed=seed, estimator=estimator, width=width, seed_=seed).to_frame()
        for seed in (0, 1)
        for estimator in ("b", "a")
        for width in (2.0, 0.5)
    ]
    table = pd.concat(tables).rename(columns={"seed_": "training.seed"})
    page = Page(InformationPlane(table).to_html())
    assert page.data["factors"] == [
        {"name": "width", "levels": ["0.5", "2.0"], "start": 1},
        {"name": "training.seed", "levels": ["0", "1"], "start": None},
    ]
    assert page.data["panels"] == "0"
    same = table[table["width"] == 2].drop(columns="width")
    page = Page(InformationPlane(same).to_html())
    assert page.data["panels"] == "estimator/"


def test_runs_are_a_factor_where_nothing_else_tells_them_apart(make_plane):
    runs = InformationPlane.concat([make_plane(0), make_plane(1)])
    page = Page(runs.to_html())
    assert page.data["factors"] == [{"name": "run", "levels": ["0", "1"], "start": None}]
    table = runs.to_frame().assign(seed=lambda table: table["run"])
    page = Page(InformationPlane(table).to_html())
    assert [factor["name"] for factor in page.data["factors"]] == ["seed"]


def test_many_factors_and_levels(make_plane):
    columns = {f"factor{k}": np.arange(9) % (k + 2) for k in range(8)}
    page = Page(make_plane(**columns, name=[None, *"abcdefgh"]).to_html())
    assert len(page.data["factors"]) == 9
    assert page.data["factors"][-1]["name"] == "name"
    assert page.column("factor3") == [str(value) for value in columns["factor3"]]


def test_a_level_that_is_missing(make_plane):
    page = Page(make_plane(width=[1.5, np.nan, 0.5] * 3).to_html())
    assert page.data["factors"][0]["levels"] == ["0.5", "1.5", ""]
    assert page.column("width")[:3] == ["1.5", "", "0.5"]


def test_codes_of_many_levels_are_wider(make_plane):
    layers = [f"layer {k}" for k in range(300)]
    page = Page(make_plane(epochs=(0,), layers=layers).to_html())
    assert page.column("layer") == layers
    assert len({layer["light"] for layer in page.data["layers"]}) > 200


def test_thins_epochs_and_says_so(make_plane, monkeypatch):
    monkeypatch.setattr(_html, "_SHOWN", 60)
    plane = make_plane(epochs=range(1000))
    page = Page(plane.to_html(curves=pd.DataFrame({"epoch": range(1, 900), "train_loss": 1.0})))
    assert page.data["points"]["length"] <= 60
    assert len(page.data["epochs"]) >= 10
    assert page.data["epochs"][0] == 0
    assert page.data["epochs"][-1] == 999
    gaps = np.diff(page.data["epochs"])
    assert gaps[-1] > 5 * gaps[0]
    (points, curves) = [text for text in page.texts if "evenly spaced" in text]
    assert "of the 1,000 epochs of its 3,000 points" in points
    assert "of its 899 rows of curves" in curves


def test_refuses_too_many_points(make_plane, monkeypatch):
    monkeypatch.setattr(_html, "_MOST_POINTS", 8)
    with pytest.raises(ValueError, match="made of at most 8 points, got 9: select layers"):
        make_plane().to_html()


def test_refuses_epochs_that_cannot_be_thinned(make_plane, monkeypatch):
    monkeypatch.setattr(_html, "_SHOWN", 5)
    with pytest.raises(ValueError, match="shows 5 points at most, and a single epoch has 3"):
        make_plane().to_html()


def test_refuses_data_that_is_too_large(make_plane, monkeypatch):
    monkeypatch.setattr(_html, "_LARGEST", 2000)
    with pytest.raises(ValueError, match="data of the page would be 0 MB"):
        make_plane(layers=["x" * 3000]).to_html()


def test_refuses_two_units_of_an_estimator(make_plane):
    with pytest.raises(ValueError, match="'BinnedMI' has points in different units: bits, nats"):
        make_plane(unit=["bits"] * 5 + ["nats"] * 4).to_html()


def test_needs_plotly(make_plane, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match=r"neural-information-bottleneck\[report\]"):
        make_plane().to_html()


def test_writes_whole_or_not_at_all(make_plane, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    assert make_plane().to_html(path) is None
    first = path.read_bytes()
    assert first.decode("utf-8") == make_plane().to_html()
    monkeypatch.setattr(_html, "_LARGEST", 2000)
    with pytest.raises(ValueError):
        make_plane(layers=["x" * 3000]).to_html(path)
    assert path.read_bytes() == first
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(FileNotFoundError):
        make_plane().to_html(tmp_path / "none" / "page.html")


def test_bound_in_the_unit_of_each_estimator(measured_channel, channel):
    table = measured_channel.to_frame()
    values = ["mi_x", "mi_y", "mi_x_ceiling", "mi_y_ceiling", "mi_xy"]
    nats = table.assign(estimator="nat", unit="nats")
    nats[values] *= math.log(2)
    page = Page(InformationPlane(pd.concat([table, nats])).to_html(bound=channel))
    bits, nats = page.data["bounds"]
    assert (bits["unit"], nats["unit"]) == ("bits", "nats")
    assert max(bits["mi_y"]) == pytest.approx(channel.mi_xy)
    assert max(nats["mi_y"]) == pytest.approx(channel.mi_xy * math.log(2))
    at = np.interp(0.5, bits["mi_x"], bits["mi_y"])
    assert at == pytest.approx(np.interp(0.5, channel.mi_x, channel.mi_y), abs=2e-3)


def test_bound_of_another_task_is_refused(measured_channel, channel):
    table = measured_channel.to_frame().assign(mi_xy=0.9)
    with pytest.raises(ValueError, match="different joint distributions"):
        InformationPlane(table).to_html(bound=channel)


def test_bound_as_a_pair(make_plane):
    page = Page(make_plane().to_html(bound=([2, 0, 1], [0.9, 0, 0.6])))
    assert page.data["bounds"][0] == {
        "unit": "bits",
        "mi_x": [0, 1, 2],
        "mi_y": [0, 0.6, 0.9],
        "conditions": [],
    }


def test_curves_of_a_history(make_plane):
    history = [
        {
            "epoch": epoch,
            "batches": [{"train_loss": 1.0}],
            "dur": 0.1,
            "train_loss": 1 / epoch,
            "valid_loss": 2 / epoch,
            "valid_acc": 0.5,
            "gradient_snr/linear": 3.0,
            "weight_norm/linear": 4.0,
            "weight_norm/out": math.nan,
        }
        for epoch in (1, 2)
    ]
    page = Page(make_plane().to_html(curves=history))
    assert [chart["title"] for chart in page.data["charts"]] == [
        "Loss",
        "Accuracy",
        "Norm of the weights",
        "Gradient: signal to noise",
    ]
    assert [chart["log"] for chart in page.data["charts"]] == [False, False, False, True]
    loss, _, weights, _ = page.data["charts"]
    assert [line["name"] for line in loss["lines"]] == ["training", "validation"]
    assert [line["name"] for line in weights["lines"]] == ["linear"]
    np.testing.assert_array_equal(page.column("valid_loss", "curves"), [2.0, 1.0])
    assert "dur" not in {column["name"] for column in page.data["curves"]["columns"]}


def test_curves_have_the_levels_of_the_points(make_plane):
    plane = make_plane(width=[1, 1, 1, 2, 2, 2, 3, 3, 3])
    curves = pd.DataFrame({"width": [3.0, 1.0], "epoch": [1, 1], "train_loss": [0.1, 0.2]})
    page = Page(plane.to_html(curves=curves))
    assert page.column("width", "curves") == ["3", "1"]


def test_curves_that_are_none(make_plane):
    with pytest.raises(ValueError, match="a column 'epoch'"):
        make_plane().to_html(curves=pd.DataFrame({"train_loss": [1.0]}))
    with pytest.raises(ValueError, match="must be numbers"):
        make_plane().to_html(curves=pd.DataFrame({"epoch": [1], "train_loss": ["a"]}))


def test_settings_of_runs_are_compared(make_plane):
    plane = InformationPlane.concat([make_plane(0), make_plane(1)])
    runs = [{"lr": 0.1, "data": {"name": "szt"}, "seed": seed} for seed in (0, 1)]
    texts = Page(InformationPlane(plane.to_frame(), settings={"runs": runs}).to_html()).texts
    assert "All 2 runs" in texts
    assert "data.name" in texts
    assert texts.index("What differs between runs") > texts.index("data.name")
    assert texts.count("lr") == 1


def test_settings_that_are_no_unicode(make_plane):
    settings = json.loads('{"\\ud800<em>": "\\udfff"}')
    text = InformationPlane(make_plane().to_frame(), settings=settings).to_html(title="\ud800")
    assert text.encode("utf-8").count(b"&#55296;") == 3
    assert "em" not in {tag for tag, _ in Page(text).tags}


def test_settings_are_bounded(make_plane):
    settings = {"long": "x" * 10_000, "many": {str(k): k for k in range(1500)}}
    plane = InformationPlane(make_plane().to_frame(), settings=settings)
    texts = Page(plane.to_html()).texts
    assert "x" * 2000 + "… (10000 letters)" in texts
    assert "And 500 more." in texts


def test_no_settings(make_plane):
    plane = InformationPlane(make_plane().to_frame())
    assert "None were recorded." in Page(plane.to_html()).texts

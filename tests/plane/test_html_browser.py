"""The page of a plane in a browser: opened as a file, used by mouse and by keyboard."""

import math
import os
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane

pytest.importorskip("plotly")
if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EPOCHS = [0, 1, 3, 10, 30, 100]
LAYERS = ["<script>window.hacked = 1</script>", "<b>bold</b> &lt; %{x} $a$", "out"]
ESTIMATORS = ["</script><img src=x onerror='window.hacked = 1'>", "kernel density"]
HISTORY = ["gradient_snr/first", "gradient_snr/<i>second</i>", "weight_norm/first"]


def make_study():
    """A plane of two activations and three seeds, and its learning curves."""
    rng = np.random.default_rng(0)
    rows = [
        (activation, seed, epoch, layer, estimator)
        for activation in ("tanh", "relu")
        for seed in (0, 1, 2)
        for epoch in EPOCHS
        for layer in LAYERS
        for estimator in ESTIMATORS
    ]
    names = ["activation", "seed", "epoch", "layer", "estimator"]
    table = pd.DataFrame(rows, columns=names).assign(
        run=lambda table: table["seed"] + 3 * (table["activation"] == "relu"),
        mi_x=rng.uniform(1, 11, len(rows)),
        mi_y=rng.uniform(0.1, 0.9, len(rows)),
        mi_x_ceiling=12.0,
        mi_y_ceiling=0.9991,
        unit="bits",
    )
    curves = (
        table[["run", "activation", "seed"]]
        .drop_duplicates()
        .merge(pd.DataFrame({"epoch": range(1, 101)}), how="cross")
    )
    values = {
        name: rng.uniform(0.1, 1, len(curves)) for name in ["train_loss", "valid_loss", *HISTORY]
    }
    settings = {"lr": "0.1 <script>window.hacked = 1</script>"}
    return InformationPlane(table, settings=settings), curves.assign(**values)


STUDY, CURVES = make_study()
BOUND = ([0.0, 1.0, 12.0], [0.0, 0.95, 0.9991])


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    found = [os.environ.get("IBTOOLS_CHROMIUM"), *map(shutil.which, names)]
    executable = next(filter(None, found), None)
    if executable is None and os.environ.get("CI") != "true":
        pytest.skip("there is no Chromium: install one, or name it in IBTOOLS_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    STUDY.to_html(path, curves=CURVES, bound=BOUND, title="A <b>study</b>")
    return path


class Watched:
    """Pages of a browser, and what they complained about or asked the network for."""

    def __init__(self, browser):
        self.browser, self.contexts, self.complaints, self.requests = browser, [], [], []

    def open(self, path, *, width=1200, height=900, **options):
        context = self.browser.new_context(viewport={"width": width, "height": height}, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        return page

    def check(self):
        pages = [page for context in self.contexts for page in context.pages]
        assert self.complaints == []
        assert [
            url for url in self.requests if not url.startswith(("file:", "blob:", "data:"))
        ] == []
        assert {page.evaluate("window.hacked") for page in pages} <= {None}

    def close(self):
        for context in self.contexts:
            context.close()


@pytest.fixture
def open_page(browser):
    """Opens a file as a user does."""
    watched = Watched(browser)
    yield watched.open
    watched.check()
    watched.close()


@pytest.fixture(scope="module")
def opened(browser, study):
    """The page of the study, opened once, for loading takes a second."""
    watched = Watched(browser)
    yield watched, watched.open(study, accept_downloads=True)
    watched.close()


RESET = """() => {
    const change = (control, kind) => control.dispatchEvent(new Event(kind));
    for (const select of document.querySelectorAll("select")) {
        const first = [...select.options].findIndex((option) => option.defaultSelected);
        if (select.selectedIndex !== first) {
            select.selectedIndex = first;
            change(select, "change");
        }
    }
    for (const box of document.querySelectorAll("[type=checkbox]:not(:checked)")) box.click();
    const slider = document.getElementById("epoch");
    if (slider.value !== slider.max) {
        slider.value = slider.max;
        change(slider, "input");
    }
    document.activeElement.blur();
    scrollTo(0, 0);
}"""


@pytest.fixture
def page(opened):
    """The page of the study, as it was when it was opened."""
    watched, page = opened
    yield page
    watched.check()
    page.evaluate(RESET)


def traces(page, meta, panel=0):
    """Traces of a kind that are drawn in a panel."""
    plots = "document.querySelectorAll('#panels .plot')"
    fields = "({x: [...t.x], y: [...t.y], error: t.error_x?.array, color: t.marker?.color})"
    return page.evaluate(
        f"{plots}[{panel}].data.filter((t) => t.meta === '{meta}').map((t) => {fields})"
    )


def expected(**levels):
    """Means over runs of a plane's points, by layer in the order of the page."""
    table = STUDY.select(**levels).to_frame()
    return table.groupby("layer")[["mi_x", "mi_y"]].mean().loc[LAYERS].to_numpy()


def drawn(page, panel=0):
    return np.array([[*trace["x"], *trace["y"]] for trace in traces(page, "current", panel)])


def wait_until(holds):
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit, "waited for a minute"
        time.sleep(0.05)


def set_epoch(page, index):
    page.locator("#epoch").fill(str(index))


def test_draws_the_means_of_the_seeds(page):
    assert page.title() == "A <b>study</b>"
    assert page.locator("h1").inner_text() == "A <b>study</b>"
    assert page.locator("#panels figcaption").all_inner_texts() == [
        "activation: tanh",
        "activation: relu",
    ]
    for panel, activation in enumerate(["tanh", "relu"]):
        points = expected(activation=activation, epochs=100, estimators=ESTIMATORS[0])
        np.testing.assert_allclose(drawn(page, panel), points)
    spread = STUDY.select(activation="tanh", epochs=100, estimators=ESTIMATORS[0]).to_frame()
    spread = spread.groupby("layer")["mi_x"].std().loc[LAYERS]
    np.testing.assert_allclose([trace["error"][0] for trace in traces(page, "current")], spread)
    assert [len(trace["x"]) for trace in traces(page, "steps")] == [6, 6, 6]


def test_slider_changes_what_is_drawn(page):
    set_epoch(page, 2)
    assert page.locator("#epoch-text").inner_text() == "3 of 100"
    assert page.locator("#epoch").get_attribute("aria-valuetext") == "epoch 3"
    assert [len(trace["x"]) for trace in traces(page, "steps")] == [3, 3, 3]
    points = expected(activation="tanh", epochs=3, estimators=ESTIMATORS[0])
    np.testing.assert_allclose(drawn(page), points)
    assert page.locator("#values caption").inner_text() == "Values at epoch 3"
    wait_until(lambda: "Epoch 3" in page.locator("#status").inner_text())


def test_toggles_change_what_is_drawn(page):
    page.get_by_role("checkbox", name="out", exact=True).uncheck()
    assert len(drawn(page)) == 2
    assert "out" not in page.locator("#values tbody").inner_text()
    page.get_by_role("checkbox", name="out", exact=True).check()
    assert len(drawn(page)) == 3
    assert len(traces(page, "bound")) == len(traces(page, "region")) == 1
    page.get_by_role("checkbox", name="information bottleneck bound").uncheck()
    assert traces(page, "bound") + traces(page, "region") == []


def test_bound_ends_at_the_frame(page):
    (line,), (region,) = traces(page, "bound"), traces(page, "region")
    assert line["x"][:3] == BOUND[0]
    assert line["x"][3] > 12
    assert line["y"] == [*BOUND[1], BOUND[1][-1]]
    assert max(region["y"]) > 0.9991


def test_choices_change_what_is_drawn(page):
    page.get_by_label("Estimator").select_option(ESTIMATORS[1])
    points = expected(activation="tanh", epochs=100, estimators=ESTIMATORS[1])
    np.testing.assert_allclose(drawn(page), points)
    page.get_by_label("seed").select_option("2")
    points = expected(activation="tanh", epochs=100, estimators=ESTIMATORS[1], seed=2)
    np.testing.assert_allclose(drawn(page), points)
    page.get_by_label("View").select_option("layers at the epoch")
    assert traces(page, "steps") == []
    (path,) = traces(page, "path")
    np.testing.assert_allclose(np.transpose([path["x"], path["y"]]), points)
    page.get_by_label("Panels").select_option("one for each seed")
    assert not page.get_by_label("seed", exact=True).is_visible()
    page.get_by_label("activation").select_option("relu")
    for seed in (0, 1, 2):
        points = expected(activation="relu", epochs=100, estimators=ESTIMATORS[1], seed=seed)
        np.testing.assert_allclose(drawn(page, seed), points)
    page.get_by_label("Panels").select_option("one for each estimator")
    assert page.locator("#panels figcaption").all_inner_texts() == ESTIMATORS
    page.get_by_label("Panels").select_option("one")
    assert page.locator("#panels .plot").count() == 1


def test_values_are_a_table(page):
    rows = page.locator("#values tbody tr")
    assert rows.count() == 6
    first = expected(activation="tanh", epochs=100, estimators=ESTIMATORS[0])[0]
    cells = rows.first.locator("td").all_inner_texts()
    assert rows.first.locator("th").inner_text() == LAYERS[0]
    assert float(cells[1].split(" ± ")[0]) == pytest.approx(first[0], rel=1e-3)
    assert float(cells[3].split(" ± ")[0]) == pytest.approx(first[1], rel=1e-3)
    assert [cells[2], cells[4], cells[5]] == ["12", "0.9991", "bits"]
    assert "standard deviation of 3 runs" in page.locator("#remark").inner_text()


def test_names_are_text(page):
    labels = page.locator("#layers label").all_inner_texts()
    assert labels[:3] == LAYERS
    assert "0.1 <script>window.hacked = 1</script>" in page.locator("#settings").inner_text()
    for layer, name in enumerate(LAYERS):
        # The last of a layer's traces is its point at the epoch.
        place = f"[{{curveNumber: {4 + 3 * layer}, pointNumber: 0}}]"
        page.evaluate(f"Plotly.Fx.hover(document.querySelector('#panels .plot'), {place})")
        wait_until(lambda name=name: name in page.locator(".hovertext").first.text_content())
        text = page.locator(".hovertext").first.text_content()
        assert "of at most H(X) = 12" in text
        assert "bits" in text
        assert " ± " in text
    assert page.locator("#panels b, #panels img, #layers b, main script").count() == 0
    assert page.locator("#charts label").all_inner_texts()[-1] == "<i>second</i>"


def test_runs_no_other_script(study, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(study.as_uri())
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), "
        "{text: 'window.hacked = 1'}))"
    )
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked = 1\">')"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    context.close()


def test_play_runs_to_the_end_and_pauses(page):
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: page.locator("#epoch-text").inner_text() in ("1 of 100", "3 of 100"))
    page.get_by_role("button", name="Pause").click()
    held = page.locator("#epoch-text").inner_text()
    n_drawn = EPOCHS.index(int(held.split()[0])) + 1
    assert [len(trace["x"]) for trace in traces(page, "steps")] == [n_drawn] * 3
    page.wait_for_timeout(1000)
    assert page.locator("#epoch-text").inner_text() == held
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: page.locator("#epoch-text").inner_text() == "100 of 100")
    wait_until(lambda: page.locator("#play").inner_text() == "Play")
    assert page.locator("#values caption").inner_text() == "Values at epoch 100"


def test_keyboard_is_enough(page):
    page.locator("h1").click()
    choices = ["choice-0", "choice-1", "choice-3", "choice-4"]
    stops = []
    for _ in range(15):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert stops == [*["A"] * 4, *choices, *["INPUT"] * 4, "play", "epoch", "values"]
    page.locator("#epoch").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#epoch-text").inner_text() == "30 of 100"
    page.keyboard.press("Home")
    assert page.locator("#epoch-text").inner_text() == "0 of 100"
    width = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
    assert page.evaluate(width) >= 2
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.locator("#play").inner_text() == "Pause"
    page.keyboard.press("Space")
    assert page.locator("#play").inner_text() == "Play"
    page.get_by_role("checkbox", name="out", exact=True).focus()
    page.keyboard.press("Space")
    assert len(drawn(page)) == 2


def test_is_described_to_screen_readers(page):
    for role, name in [
        ("main", None),
        ("banner", None),
        ("navigation", "Sections"),
        ("region", "Information plane"),
        ("region", "Learning curves"),
        ("slider", "Epoch"),
        ("group", "Layers"),
        ("region", "Values of the layers at the epoch"),
    ]:
        assert page.get_by_role(role, name=name, exact=True).count() == 1
    labels = [plot.get_attribute("aria-label") for plot in page.locator("#panels .plot").all()]
    assert all(labels)
    assert "I(T;Y) over I(X;T) at epoch 100" in labels[0]
    unnamed = (
        "[...document.querySelectorAll('input, select')].filter((e) => !e.labels.length).length"
    )
    assert page.evaluate(unnamed) == 0


def test_downloads_are_the_tables(page, tmp_path):
    with page.expect_download() as found:
        page.get_by_role("button", name="Download the points").click()
    assert found.value.suggested_filename == "points.csv"
    found.value.save_as(tmp_path / "points.csv")
    again = InformationPlane.load(tmp_path / "points.csv")
    pd.testing.assert_frame_equal(again.to_frame(), STUDY.to_frame())
    with page.expect_download() as found:
        page.get_by_role("button", name="Download the learning curves").click()
    found.value.save_as(tmp_path / "curves.csv")
    curves = pd.read_csv(tmp_path / "curves.csv")
    pd.testing.assert_frame_equal(
        curves, CURVES.reset_index(drop=True)[list(curves)], check_dtype=False
    )


def test_learning_curves(page):
    titles = page.locator("#charts h3").all_inner_texts()
    assert titles == ["Loss", "Norm of the weights", "Gradient: signal to noise"]
    for chart in page.locator("#charts .panels").all():
        chart.scroll_into_view_if_needed()
    wait_until(lambda: page.locator("#charts .js-plotly-plot").count() == 6)
    plot = "document.querySelectorAll('#chart-0 .plot')[1]"
    lines = page.evaluate(f"{plot}.data.filter((t) => t.meta === 'curve').map((t) => [...t.y])")
    means = (
        CURVES[CURVES["activation"] == "relu"].groupby("epoch")[["train_loss", "valid_loss"]].mean()
    )
    np.testing.assert_allclose(np.transpose(lines), means)
    log = "document.querySelector('#chart-2 .plot').layout"
    assert page.evaluate(f"[{log}.xaxis.type, {log}.yaxis.type]") == ["log", "log"]
    kinds = page.evaluate("document.querySelector('#chart-2 .plot').data.map((t) => t.meta)")
    assert kinds == ["band", "raw", "curve"] * 2
    page.locator("#charts").get_by_role("checkbox", name="training").uncheck()
    assert page.evaluate(f"{plot}.data.filter((t) => t.meta === 'curve').length") == 1
    set_epoch(page, 3)
    mark = f"{plot}.layout.shapes[0].x0"
    wait_until(lambda: page.evaluate(mark) == 10)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_narrow_window(open_page, study, scheme):
    page = open_page(study, width=390, height=844, color_scheme=scheme, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    widths = page.evaluate("[...document.querySelectorAll('.main-svg')].map((e) => e.clientWidth)")
    assert 300 < max(widths) <= 390
    page.set_viewport_size({"width": 900, "height": 844})
    wait_until(lambda: page.locator("#panels .main-svg").first.bounding_box()["width"] > 390)
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(lambda: page.evaluate("document.documentElement.scrollWidth") == 390)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert dark == (scheme == "dark")


def test_reduced_motion(open_page, study):
    page = open_page(study, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: page.locator("#epoch-text").inner_text() == "100 of 100")


def test_values_that_cannot_be_drawn(open_page, tmp_path):
    table = pd.DataFrame(
        {
            "epoch": 0,
            "layer": ["a", "b", "c"] * 2,
            "estimator": ["some"] * 3 + ["none"] * 3,
            "mi_x": [1.0, math.inf, 2.0] * 2,
            "mi_y": [0.5, 0.5, math.nan] + [math.nan] * 3,
            "unit": "nats",
        }
    )
    InformationPlane(table).to_html(tmp_path / "page.html")
    page = open_page(tmp_path / "page.html")
    assert drawn(page).tolist() == [[1.0, 0.5]]
    assert "no pair of finite" in page.locator("#panels .plot").nth(1).inner_text()
    assert "∞" in page.locator("#values").inner_text()
    assert "5 points are missing or infinite" in page.locator("#remark").inner_text()
    assert not page.locator("#play").is_visible()
    assert not page.locator("#curves").is_visible()
    page.get_by_label("Panels").select_option("one")
    page.get_by_label("Estimator").select_option("none")
    assert "no pair of finite" in page.locator("#panels .plot").inner_text()
    page.get_by_label("Estimator").select_option("some")
    assert drawn(page).tolist() == [[1.0, 0.5]]


def test_standard_errors_and_many_panels(open_page, tmp_path):
    table = pd.DataFrame({"level": range(30), "epoch": 2, "layer": "a", "estimator": "one"}).assign(
        mi_x=1.0, mi_y=0.5, mi_x_std_error=0.25, mi_y_std_error=0.125, unit="bits"
    )
    InformationPlane(table).to_html(tmp_path / "page.html")
    page = open_page(tmp_path / "page.html")
    page.get_by_label("Panels").select_option("one for each level")
    assert page.locator("#panels .plot").count() == 24
    assert traces(page, "current")[0]["error"] == [0.25]
    remark = page.locator("#remark").inner_text()
    assert "The first 24 of 30 levels have a panel" in remark
    assert "are the standard error" in remark

"""The report in a real browser: nothing is fetched, nothing fails, and all of it is readable without a script."""

from __future__ import annotations

import itertools
import shutil

import pytest

from harness.__main__ import main
from tests.fakes.experiments import ran, written
from tests.fakes.tables import curves, write_table

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore::DeprecationWarning")]

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The report of a simulated sweep on three tables, with a broken input."""
    root = tmp_path_factory.mktemp("results")
    for seed in range(3):
        table = str(write_table(root.parent / f"table_{seed}.parquet", curves(80, seed=seed)))
        schedulers = ["fifo", "hyperband_stopping", "hyperband_promotion"]
        common = {"benchmark_name": "table", "backend": "simulated", "scheduler_timeout": 200.0}
        ran(root, table=table, scheduler=schedulers, run_id=list(range(4)), **common)
    (written(root, "broken-1", [1.0]) / "results.csv.zip").write_bytes(b"PK")
    page = root.parent / "report.html"
    assert main(["report", str(root), "--output", str(page)]) == 0
    return page


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium")
    assert path, "these tests need Debian's chromium (apt-get install chromium)"
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, page_file):
    """Opens the page; at the end nothing may have been requested or complained about."""
    seen = {"requests": [], "complaints": []}
    contexts = []

    def open_page(width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: seen["requests"].append(request.url))
        page.on("console", lambda message: seen["complaints"].append(message.text))
        page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
        page.goto(page_file.as_uri())
        for plot in page.locator(".plot").all() if options.get("java_script_enabled", True) else []:
            plot.scroll_into_view_if_needed()
            plot.locator("svg.main-svg").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in seen["requests"] if not url.startswith(("data:", "blob:", page_file.as_uri()))] == []
    assert seen["complaints"] == []


def nothing_overlaps(figure):
    """Heading, caption, plot and table follow each other, and the legend ends above the curves."""
    parts = [figure.locator(part).first.bounding_box() for part in ("h3", ".caption", ".plot", "details")]
    for above, below in itertools.pairwise(parts):
        assert above["y"] + above["height"] <= below["y"] + 1
    legend = figure.locator(".legend").first
    if legend.count():
        own, curves_area = legend.bounding_box(), figure.locator(".nsewdrag").first.bounding_box()
        assert own["y"] + own["height"] <= curves_area["y"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_drawn_named_and_told(opened, width, scheme):
    page = opened(width, color_scheme=scheme)
    figures = page.locator("figure").all()
    assert len(figures) >= 3 * 4 + 3
    for figure in figures:
        assert figure.locator("h3").inner_text()
        assert figure.locator("table tbody tr").count() > 0
        plot = figure.locator(".plot")
        assert figure.locator("h3").get_attribute("id") == plot.get_attribute("aria-labelledby")
        layout = plot.evaluate("element => ({x: element.layout.xaxis, y: element.layout.yaxis})")
        assert layout["x"]["title"]["text"]
        assert layout["y"]["title"]["text"] or layout["y"]["visible"] is False
        box = plot.bounding_box()
        assert box["width"] <= width and box["height"] > 100
        nothing_overlaps(figure)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_answer_stands_on_top(opened):
    page = opened()
    heading = page.locator("h1")
    assert "methods is established with 4 paired runs" in heading.inner_text()
    assert "4 pairs: no test at 5 % can succeed" in page.locator("ul.details").inner_text()
    assert heading.bounding_box()["y"] < 200
    assert "broken-1: results.csv.zip is broken" in page.locator("body").inner_text()


def test_the_legend_switches_methods_off(opened):
    page = opened()
    plot = page.locator("#b0-time .plot")
    visible = "element => element.data.filter(trace => trace.visible !== 'legendonly').length"
    before = plot.evaluate(visible)
    plot.locator(".legendtoggle").first.click()
    page.wait_for_timeout(800)  # plotly waits for a second click
    assert plot.evaluate(visible) < before


def test_without_a_script_there_are_tables(opened):
    page = opened(java_script_enabled=False)
    page.locator("#b0-time details summary").click()
    table = page.locator("#b0-time details table")
    assert table.is_visible()
    assert table.locator("tbody tr").count() == 5


def test_it_prints(opened):
    """Chromium's print is light, whatever the reader's theme, and holds every page."""
    page = opened(color_scheme="dark")
    assert len(page.pdf()) > 50_000
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"

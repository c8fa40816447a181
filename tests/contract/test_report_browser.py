"""The page of a report in a real browser: drawn, usable by keyboard, fetching nothing.

These tests are skipped where no Chromium with its driver is installed.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from optimizer import (
    alternatives,
    compare,
    explain,
    frontier,
    load_case,
    load_scenarios,
    save_report,
    solve,
    sweep,
)
from tests.contract.hostile import NAMES, TITLES, hostile_case

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="no chromium with chromedriver on this machine (Debian: chromium, chromium-driver)",
)
PHONE, DESK = 390, 1280


class Browser:
    """One page in a headless Chromium."""

    def __init__(self, profile: Path) -> None:
        from selenium.webdriver import Chrome
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service

        options = Options()
        options.binary_location = str(CHROMIUM)
        for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
            options.add_argument(f"--{word}")
        options.add_argument(f"--user-data-dir={profile}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = Chrome(options=options, service=Service(DRIVER))

    def command(self, name: str, **settings: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, settings)

    def show(self, path: Path, width: int = DESK, theme: str = "light") -> None:
        """Load a page at a width and theme and wait until all is drawn."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        self.media("", theme)
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        self.driver.get(path.as_uri())
        self.until(lambda: self.run("return document.documentElement.dataset.ready") == "yes")

    def media(self, media: str, theme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, holds: Callable[[], Any]) -> None:
        limit = time.monotonic() + 120  # a machine that does much else is slow
        while not holds():
            assert time.monotonic() < limit, "the page does not come to that"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).click()", selector)

    def press(self, key: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(key).perform()

    def bars(self, chart: str) -> int:
        """Bars of a chart that are drawn with some area."""
        script = """
            return [...document.querySelectorAll('#' + arguments[0] + ' .point path')]
                .filter((path) => path.getBBox().width > 0 && path.getBBox().height > 0).length"""
        return int(self.run(script, chart))

    def fetched(self) -> set[str]:
        """Addresses of all requests since the page was asked for."""
        events = [
            json.loads(row["message"])["message"] for row in self.driver.get_log("performance")
        ]
        return {
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    tiny, hostile = solve(load_case("tiny")), solve(hostile_case(folder))
    return {
        "tiny": save_report(tiny, folder / "tiny.html"),
        "hostile": save_report(hostile, folder / "hostile.html"),
    }


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each study, under hostile names where the study takes any case."""
    from models.source import Source

    folder = tmp_path_factory.mktemp("studies")
    tiny, hostile = load_case("tiny"), hostile_case(folder)
    ranged = Source(
        cells="vehicles.two.cost", basis="assumption", source="a guess", low="10", high="30"
    )
    best = solve(hostile)
    found = {
        "comparison": compare(tiny, ["late_two"], load_scenarios("tiny"), workers=1),
        "sweep": sweep(tiny.replace(sources=(ranged,)), tornado=True, workers=1),
        "explanation": explain(best, delays=1),
        "alternatives": alternatives(hostile, within=0.05, count=2, best=best),
        "frontier": frontier(hostile, points=3),
    }
    return {name: save_report(one, folder / f"{name}.html") for name, one in found.items()}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.driver.quit()


def test_charts_are_drawn_and_nothing_is_fetched(browser: Browser, pages: dict[str, Path]) -> None:
    """Every chart that is shown has marks; the page is the only request; no console error."""
    browser.show(pages["tiny"])
    drawn = browser.run(
        """return [...document.querySelectorAll('.plot')]
            .filter((box) => !box.closest('[hidden]'))
            .map((box) => [box.id, box.querySelectorAll('.trace path, .point path, .hm image').length])"""
    )
    assert len(drawn) == 10  # of 14 charts four are behind a button
    assert [id for id, marks in drawn if not marks] == []
    assert browser.bars("chart-volume-car") == 14  # One in eight quarters, Two in six
    assert browser.driver.get_log("browser") == []
    own = {pages["tiny"].as_uri()}
    assert {url for url in browser.fetched() if not url.startswith(("data:", "blob:"))} == own


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("comparison", ["chart-volumes", "chart-sales", "r2-chart-gantt"]),
        ("sweep", ["chart-tornado-volume"]),
        ("explanation", ["chart-gains-target_date", "chart-prices-target_date", "chart-gantt"]),
        ("alternatives", ["chart-starts-differ"]),
        ("frontier", ["chart-front"]),
    ],
)
def test_pages_of_studies(
    name: str, shown: list[str], browser: Browser, studies: dict[str, Path]
) -> None:
    """On a phone each chart is drawn, behind buttons too; nothing is fetched, wide or wrong.

    A chart without a mark says in words that there is nothing to show.
    """
    browser.show(studies[name], width=PHONE, theme="dark")
    marks = """return Object.fromEntries([...document.querySelectorAll('.plot')]
        .filter((box) => !box.closest('[hidden]'))
        .map((box) => [box.id, [...box.querySelectorAll('.trace path, .point path, path.point, .hm image, .annotation text')]
            .filter((path) => path.getBBox().width + path.getBBox().height > 0).length]))"""
    drawn = browser.run(marks)
    assert set(shown) <= set(drawn)
    assert [id for id, count in drawn.items() if not count] == []
    for number in range(browser.run("return document.querySelectorAll('.choice button').length")):
        press = "document.querySelectorAll('.choice button')[arguments[0]].click()"
        browser.run(press, number)
        assert [id for id, count in browser.run(marks).items() if not count] == []
    browser.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert browser.run("return document.documentElement.scrollWidth") <= PHONE
    assert browser.driver.get_log("browser") == []
    own = {studies[name].as_uri()}
    assert {url for url in browser.fetched() if not url.startswith(("data:", "blob:"))} == own


def test_pointing_at_a_price(browser: Browser, studies: dict[str, Path]) -> None:
    """A bar says what is lost without the decision, under the name that it has."""
    browser.show(studies["explanation"])
    browser.click("[aria-controls=chart-prices-npv-box]")
    labels = "return document.getElementById('chart-prices-npv').layout.yaxis.ticktext"
    row = browser.run(labels).index("&lt;b&gt;bold&lt;/b&gt; &amp; &#36;a&#36;")
    point = """const box = document.getElementById('chart-prices-npv');
        Plotly.Fx.hover(box, [{curveNumber: 0, pointNumber: box.data[0].y.indexOf(arguments[0])}]);"""
    browser.run(point, row)
    said = "return document.querySelector('#chart-prices-npv .hoverlayer').textContent"
    # Without the licence 10 million are lost, as its fee has it.
    told = f"without {NAMES['licence']} (always worth it): NPV EUR 10.0 million lower"
    browser.until(lambda: told in browser.run(said))


def test_a_script_of_a_stranger_does_not_run(browser: Browser, pages: dict[str, Path]) -> None:
    """The policy stops scripts, handlers and requests that are not the page's own."""
    browser.show(pages["tiny"])
    result = browser.driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = true">');
        fetch('https://example.org').then(() => done('fetched'), () => done(String(window.ran)));"""
    )
    assert result == "undefined"
    assert "https://example.org/" not in browser.fetched()


def test_buttons_of_a_chart(browser: Browser, pages: dict[str, Path]) -> None:
    """A legend's button hides and shows its bars; a choice shows another chart; time moves."""
    browser.show(pages["tiny"])
    two = "#chart-volume-car-box .legend li:nth-child(2) button"
    assert browser.run("return document.querySelector(arguments[0]).textContent", two) == "Two"
    browser.click(two)
    assert browser.bars("chart-volume-car") == 8
    pressed = "return document.querySelector(arguments[0]).getAttribute('aria-pressed')"
    assert browser.run(pressed, two) == "false"
    browser.click(two)
    assert browser.bars("chart-volume-car") == 14
    assert browser.bars("chart-volume-market") == 0
    browser.click("[aria-controls=chart-volume-market-box]")
    assert browser.bars("chart-volume-market") == 15  # home in eight quarters, south in seven
    assert browser.run("return document.getElementById('chart-volume-car-box').hidden") is True
    shown = "return document.getElementById('chart-cash-items').data[0].x[0]"
    assert browser.run(shown) == 30  # cash before the horizon
    browser.run(
        """const time = document.getElementById('chart-cash-items-time');
        time.value = 2;
        time.dispatchEvent(new Event('input'));"""
    )
    assert browser.run(shown) == pytest.approx(22)  # cash at the end of 2024
    output = "return document.querySelector('#chart-cash-items-box output').textContent"
    assert browser.run(output) == "2025"


def test_what_enabled_what(browser: Browser, pages: dict[str, Path]) -> None:
    """Lines are drawn for all, or for one commitment alone when its bar is chosen."""
    browser.show(pages["tiny"])
    lines = "return document.querySelectorAll('#chart-gantt .scatterlayer .js-line').length"
    assert browser.run(lines) == 0
    browser.click("#chart-gantt-box .legend li:nth-child(4) button")
    # Two is launched after its development; One in the south after car and entry.
    assert browser.run(lines) == 3
    browser.click("#chart-gantt-box .legend li:nth-child(4) button")
    assert browser.run(lines) == 0
    row = """const box = document.getElementById('chart-gantt');
        const bar = box.data[1].customdata.findIndex((told) => told[1] === 'vehicles.two');
        box.emit('plotly_click', {points: [{y: box.data[1].y[bar]}]});"""
    browser.run(row)
    assert browser.run(lines) == 1
    browser.run(row)
    assert browser.run(lines) == 0


def test_light_and_dark(browser: Browser, pages: dict[str, Path]) -> None:
    """The page begins as the system is; the button turns page and charts, and is remembered."""
    page = "return getComputedStyle(document.querySelector('section')).backgroundColor"
    bar = "return document.getElementById('chart-volume-car').data[0].marker.color"
    white, night = "rgb(255, 255, 255)", "rgb(23, 28, 35)"
    browser.show(pages["tiny"], theme="dark")
    assert (browser.run(page), browser.run(bar)) == (night, "#7386ff")
    browser.click("#theme")
    assert (browser.run(page), browser.run(bar)) == (white, "#444a9e")
    browser.show(pages["tiny"], theme="dark")
    assert browser.run(page) == white
    browser.run("localStorage.clear()")
    browser.show(pages["tiny"], theme="light")
    assert browser.run(page) == white


def test_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    """The first stop leads to the report; buttons, tables and links answer to keys."""
    from selenium.webdriver.common.keys import Keys

    focused = "return document.activeElement.textContent"
    browser.show(pages["tiny"])
    browser.press(Keys.TAB)
    assert browser.run(focused) == "Skip to the report"
    inside = "return document.activeElement.getBoundingClientRect().left >= 0"
    assert browser.run(inside) is True
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "content"
    browser.press(Keys.TAB)
    assert browser.run(focused) == "By car"
    ring = "return getComputedStyle(document.activeElement).outlineStyle"
    assert browser.run(ring) == "solid"
    for _ in range(3):
        browser.press(Keys.TAB)
    assert browser.run(focused) == "One"
    browser.press(Keys.SPACE)
    assert browser.bars("chart-volume-car") == 6
    for _ in range(2):
        browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.tagName") == "SUMMARY"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.parentElement.open") is True
    named = browser.run(
        """return [...document.querySelectorAll('button, input, a, [role=img], [role=region]')]
            .filter((one) => !one.textContent.trim() && !one.ariaLabel && !(one.labels || []).length)
            .length"""
    )
    assert named == 0


@pytest.mark.parametrize("width", [320, PHONE, 768, DESK])
def test_no_sideways_scroll(width: int, browser: Browser, pages: dict[str, Path]) -> None:
    """At no width is the page wider than the screen, with all tables open too."""
    browser.show(pages["hostile"], width=width)
    browser.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    widths = browser.run(
        "return [...document.querySelectorAll('.plot .main-svg')].map((svg) => svg.clientWidth)"
    )
    assert widths
    assert max(widths) <= width


def test_charts_follow_the_width(browser: Browser, pages: dict[str, Path]) -> None:
    """When a phone is turned, charts are drawn anew for the room there is."""
    browser.show(pages["tiny"], width=PHONE)
    width = "return document.querySelector('#chart-cash .main-svg').clientWidth"
    narrow = browser.run(width)
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        **{"width": 844, "height": PHONE, "deviceScaleFactor": 1, "mobile": True},
    )
    browser.until(lambda: browser.run(width) > narrow + 300)


def test_print(browser: Browser, pages: dict[str, Path]) -> None:
    """On paper the page is light, fits the sheet and leaves its buttons out; then all is back."""
    browser.show(pages["tiny"], theme="dark")
    seen = """return [document.querySelector('#chart-cash .main-svg').clientWidth,
        document.getElementById('chart-volume-car').data[0].marker.color]"""
    screen = browser.run(seen)
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    browser.media("print", "dark")
    assert browser.run(seen) == [680, "#444a9e"]
    for selector in (".bar", "nav", ".choice", ".time"):
        style = "return getComputedStyle(document.querySelector(arguments[0])).display"
        assert browser.run(style, selector) == "none"
    browser.media("", "dark")
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run(seen) == screen
    printed = browser.command("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    assert len(printed["data"]) > 50_000  # charts and text, not an empty sheet


def test_names_are_text(browser: Browser, pages: dict[str, Path]) -> None:
    """Names show as they are in legend, labels and when a bar is pointed at; none does anything."""
    browser.show(pages["hostile"])
    assert browser.driver.get_log("browser") == []
    legend = browser.run(
        """return [...document.querySelectorAll('#chart-volume-car-box .legend button')]
            .map((button) => button.textContent)"""
    )
    assert legend == [TITLES["One"], NAMES["two"]]
    assert (
        browser.run("return document.querySelectorAll('svg a, svg image[href^=http]').length") == 0
    )
    labels = browser.run(
        """return [...document.querySelectorAll('#chart-gantt .ytick text')]
            .map((text) => text.textContent)"""
    )
    assert NAMES["licence"] in labels
    browser.click("[aria-controls=chart-volume-market-box]")
    hover = """const box = document.getElementById(arguments[0]);
        Plotly.Fx.hover(box, [{curveNumber: arguments[1], pointNumber: arguments[2]}]);"""
    browser.run(hover, "chart-volume-market", 1, 3)
    said = "return document.querySelector('#chart-volume-market .hoverlayer').textContent"
    browser.until(lambda: NAMES["south"] in browser.run(said))
    assert (
        browser.run("return document.querySelectorAll('.hoverlayer a, script script').length") == 0
    )


def test_a_link_to_sources_opens_them(browser: Browser, tmp_path: Path) -> None:
    """One click on what a section rests on opens that table of sources."""
    from models.source import Source

    case = load_case("tiny").replace(
        sources=(Source(cells="launches.*.*.peak_share", basis="derived", source="a count"),)
    )
    browser.show(save_report(solve(case), tmp_path / "page.html"))
    shown = "return document.getElementById('source-launches').checkVisibility()"
    assert browser.run(shown) is False
    browser.click("#volume .rests a[href='#source-launches']")
    browser.until(lambda: browser.run(shown))

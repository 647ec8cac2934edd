"""The report's page in a real browser that has no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub import Hub
from reported import fill

pytestmark = pytest.mark.dashboards
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a simulated fleet and of hostile real evidence."""
    hub = Hub(tmp_path_factory.mktemp("reported"))
    assert hub.run("warehouse", "init").exit_code == 0
    out = fill(hub).folder / "report.html"
    assert hub.run("report", "--out", out).exit_code == 0
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert Path(CHROMIUM).exists(), "Chromium is not installed: make dashboards-test installs it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


class Opened:
    """A page, and all that it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, scheme: str = "light", width: int = 1360) -> None:
        context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 900})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda line: self.complaints.append(line.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(path.as_uri())


@pytest.fixture(scope="module")
def opened(browser: Any, reported: Path) -> Opened:
    return Opened(browser, reported)


def test_the_page_is_under_five_megabytes(reported: Path) -> None:
    assert reported.stat().st_size < 5_000_000


def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(opened: Opened, reported: Path) -> None:
    assert opened.requests == [reported.as_uri()]
    assert opened.complaints == []


def test_every_picture_is_shown_and_has_marks(opened: Opened) -> None:
    pictures = opened.page.locator("figure .picture > svg").all()

    assert len(pictures) > 40
    for picture in pictures:
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 150
        assert box["height"] > 20
        assert picture.locator("[class*='mark-'] path, [class*='mark-'] text").count() > 3


def test_every_mark_of_a_picture_stays_inside_its_card(opened: Opened) -> None:
    outside = opened.page.evaluate(
        """() => [...document.querySelectorAll('figure')].filter(figure => {
            const card = figure.getBoundingClientRect();
            return [...figure.querySelectorAll('.picture svg text')].some(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < card.left - 1 || box.right > card.right + 1);
            });
        }).map(figure => figure.querySelector('strong').textContent)"""
    )

    assert outside == []


def test_hostile_evidence_does_nothing(opened: Opened) -> None:
    assert opened.page.title() == "CI Intelligence Hub, week of 16–22 Nov 2026"
    assert opened.page.locator("script, img, iframe, [onerror]").count() == 0
    assert opened.page.get_by_text("document.title='owned'").count() > 0


def test_the_numbers_behind_a_picture_open_without_a_script(opened: Opened) -> None:
    numbers = opened.page.locator("figure details").first
    table = numbers.locator("table")
    assert not table.is_visible()

    numbers.locator("summary").click()

    assert table.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground_in_light_and_in_dark(browser: Any, reported: Path, scheme: str) -> None:
    page = Opened(browser, reported, scheme).page

    faint = page.evaluate(
        """() => {
            const channels = colour => colour.match(/[\\d.]+/g).map(Number);
            const light = colour => {
                const [r, g, b] = channels(colour).map(v => v / 255)
                    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = node => {
                for (; node; node = node.parentElement) {
                    const colour = getComputedStyle(node).backgroundColor;
                    if (channels(colour)[3] !== 0) return colour;
                }
                return 'rgb(255, 255, 255)';
            };
            const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [...document.querySelectorAll('td, th, p, .badge, .severity, .good, h1, h2, h3, .label')]
                .filter(node => ratio(light(getComputedStyle(node).color), light(ground(node))) < 4.5)
                .map(node => node.className + ' ' + node.textContent.trim().slice(0, 30));
        }"""
    )

    assert sorted(set(faint)) == []


def test_a_narrow_screen_needs_no_scrolling_sideways(browser: Any, reported: Path) -> None:
    page = Opened(browser, reported, width=420).page

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")

"""A browser, as an executive has one, that tells what it asked of whom."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, Response, sync_playwright
from serving import Served

# A name that is not this machine's is never looked up, whatever a page asks for.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
WIDTH = 1600
SETTLED_SECONDS = 2.0
PATIENCE_SECONDS = 240.0
_LOADING = "[data-test='loading-indicator'], .loading"
_CHARTS = ".dashboard-component-chart-holder .slice_container"
_ERRORS = ".ant-alert-error, [data-test='error-boundary'], .dashboard-component-chart-holder [role=alert]"
_EMPTY = ".dashboard-component-chart-holder .ant-empty, .dashboard-component-chart-holder .dataTables_empty"


@dataclass
class Traffic:
    """Who was asked beyond this machine: what the page's policy stopped, and what it let go."""

    asked: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[str]:
        """The addresses of requests that nothing stopped."""
        return sorted(url for number, url in self.asked.items() if number not in self.stopped)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    path = shutil.which("chromium")
    assert path, "there is no chromium: make dashboards-test installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield started
        started.close()


@contextmanager
def logged_in(started: Browser, served: Served, name: str) -> Iterator[tuple[Page, Traffic]]:
    """Log in by the form, as a person does."""
    context = started.new_context(viewport={"width": WIDTH, "height": 1000}, timezone_id="UTC")
    page, traffic = context.new_page(), Traffic()
    _watch(page, traffic)
    page.goto(f"{served.address}/login/", wait_until="domcontentloaded")
    page.wait_for_selector("input[type=password]", timeout=120_000)
    page.fill("input#username, input[name=username]", name)
    page.fill("input[type=password]", served.passwords[name])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url, timeout=120_000)
    yield page, traffic
    context.close()


def _watch(page: Page, traffic: Traffic) -> None:
    """Listen to the network itself: a page cannot ask for anything behind its back."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def asked(event: dict[str, object]) -> None:
        url = str(event["request"]["url"])  # type: ignore[index]
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != "127.0.0.1":
            traffic.asked[str(event["requestId"])] = url

    def failed(event: dict[str, object]) -> None:
        if event.get("blockedReason") == "csp":
            traffic.stopped.add(str(event["requestId"]))

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFailed", failed)


def open_dashboard(page: Page, served: Served, slug: str, charts: int) -> None:
    """Open a dashboard, and wait until all its charts are drawn, also those far down."""
    page.set_viewport_size({"width": WIDTH, "height": 1000})
    page.goto(f"{served.address}/superset/dashboard/{slug}/", wait_until="domcontentloaded")
    page.wait_for_selector(".grid-container", timeout=120_000)
    page.wait_for_timeout(1000)
    # Charts out of sight are not drawn: a window as high as the page has them all in sight.
    height = page.evaluate("document.querySelector('.grid-container').scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": int(height) + 260})
    wait_until_drawn(page, charts)


def wait_until_drawn(page: Page, charts: int) -> None:
    """Wait until this many charts are drawn and nothing is loading any more; a chart that failed is not waited for."""
    deadline, since = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
    while True:
        drawn, loading = page.locator(_CHARTS).count(), page.locator(_LOADING).count()
        if drawn < charts or loading:
            since = time.monotonic()
        elif time.monotonic() - since > SETTLED_SECONDS:
            return
        waited_for = f"{drawn} of {charts} charts are drawn, {loading} are loading; failed: {errors(page)}"
        assert loading or not errors(page), waited_for
        assert time.monotonic() < deadline, waited_for
        page.wait_for_timeout(200)


def errors(page: Page) -> list[str]:
    """Return what the boxes say that a chart shows instead of itself."""
    return [text for text in page.locator(_ERRORS).all_inner_texts() if text.strip()]


def empty(page: Page) -> list[str]:
    """Return the titles of charts that have nothing to show."""
    found = page.locator(_EMPTY).all()
    return [str(each.evaluate("e => e.closest('.dashboard-component-chart-holder').innerText"))[:80] for each in found]


def picture(page: Page, path: Path) -> None:
    """Save what the page shows, in a palette: a fifth of the size, and no eye sees a difference."""
    # Bars and lines grow for a second when they are new.
    page.wait_for_timeout(2500)
    shot = Image.open(io.BytesIO(page.screenshot()))
    path.parent.mkdir(parents=True, exist_ok=True)
    shot.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def apply_filter(page: Page, name: str) -> list[tuple[str, int]]:
    """
    Choose another value of the filter `name`, and apply it.

    Returns what each chart then asked for, as JSON, with the status of its answer.
    """
    answers: list[tuple[str, int]] = []

    def heard(response: Response) -> None:
        if "/api/v1/chart/data" in response.url:
            answers.append((response.request.post_data or "", response.status))

    page.set_viewport_size({"width": WIDTH, "height": 1000})
    page.wait_for_timeout(500)
    control = page.locator("[data-test='filter-bar'] .ant-form-item", has=page.get_by_text(name, exact=True)).first
    control.locator(".ant-select").first.click()
    options = page.locator(".ant-select-dropdown:visible .ant-select-item-option:not(.ant-select-item-option-selected)")
    options.first.wait_for(timeout=60_000)
    options.first.click()
    page.keyboard.press("Escape")
    page.on("response", heard)
    page.locator("[data-test='filter-bar__apply-button']").click()
    page.wait_for_timeout(1000)
    wait_until_drawn(page, 1)
    page.remove_listener("response", heard)
    return answers

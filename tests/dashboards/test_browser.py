"""Every dashboard, opened in a browser as the executive."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import browsing
import pytest
import yaml
from browsing import Traffic
from expected import ASSETS
from playwright.sync_api import Page
from serving import PROJECT, Served

pytestmark = pytest.mark.dashboards
SLUGS = sorted(path.parent.name for path in ASSETS.glob("*/dashboard.yaml"))
PICTURES = PROJECT / os.environ.get("HUB_SCREENSHOTS", ".cache/dashboards/screenshots")
LARGEST = 400_000


@pytest.fixture(scope="module")
def visit(served: Served) -> Iterator[tuple[Page, Traffic]]:
    with browsing.browser() as started, browsing.logged_in(started, served, "executive") as visit:
        yield visit


def chart_count(slug: str) -> int:
    rows = yaml.safe_load((ASSETS / slug / "dashboard.yaml").read_text())["rows"]
    return sum("chart" in tile for row in rows for tile in row)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_dashboard_shows_all_its_charts_without_an_error_or_an_empty_one(
    served: Served, visit: tuple[Page, Traffic], slug: str
) -> None:
    page, traffic = visit

    browsing.open_dashboard(page, served, slug, chart_count(slug))
    path = PICTURES / f"{slug}.png"
    browsing.picture(page, path)

    assert browsing.errors(page) == []
    assert browsing.empty(page) == []
    assert traffic.left == []
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("slug", SLUGS)
def test_a_filter_narrows_the_charts_of_a_dashboard(served: Served, visit: tuple[Page, Traffic], slug: str) -> None:
    page, traffic = visit
    filters = yaml.safe_load((ASSETS / "filters.yaml").read_text())
    named = yaml.safe_load((ASSETS / slug / "dashboard.yaml").read_text())["filters"]
    key = next(key for key in ("team", "repository", "tier", "environment", "simulated") if key in named)

    browsing.open_dashboard(page, served, slug, chart_count(slug))
    answers = browsing.apply_filter(page, filters[key]["name"])

    column = filters[key]["column"]
    narrowed = [body for body, _ in answers if any(each["col"] == column for each in filters_of(body))]
    assert narrowed
    assert {status for _, status in answers} == {200}
    assert browsing.errors(page) == []
    assert traffic.left == []


def filters_of(body: str) -> list[dict[str, Any]]:
    return [each for query in json.loads(body)["queries"] for each in query["filters"]]


@pytest.mark.parametrize(
    "path",
    [
        "/sqllab/",
        "/explore/?slice_id=1",
        "/databaseview/list/",
        "/tablemodelview/list/",
        "/users/list/",
        "/roles/list/",
    ],
)
def test_a_page_that_is_not_the_executives_is_refused(served: Served, visit: tuple[Page, Traffic], path: str) -> None:
    page, _ = visit

    response = page.goto(f"{served.address}{path}", wait_until="domcontentloaded")

    assert response is not None
    assert response.status == 403


def test_the_telemetry_pixel_is_asked_for_and_stopped(served: Served, visit: tuple[Page, Traffic]) -> None:
    page, traffic = visit
    browsing.open_dashboard(page, served, SLUGS[0], chart_count(SLUGS[0]))

    assert any("scarf.sh" in url for url in traffic.asked.values())
    assert traffic.left == []

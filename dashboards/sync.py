"""
The dashboards, brought into any Superset: what git has is there, and what left git goes.

Only what is the hub's is ever removed, and the hub knows its own by their uuids: each is made of a name, which the
thing carries with it. What somebody else still uses stays, and is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards import bundled
from dashboards.client import Client


@dataclass(frozen=True)
class Change:
    """One thing (dashboard, chart, dataset) and what becomes of it: add, update, remove, or keep with the reason."""

    action: str
    kind: str
    name: str
    uuid: str
    reason: str | None = None


@dataclass(frozen=True)
class _Found:
    """A thing of the hub's that is in Superset."""

    id: int
    name: str
    uuid: str
    row: Mapping[str, Any]


def sync(client: Client, bundle: bytes, *, is_dry_run: bool = False) -> list[Change]:
    """
    Bring a bundle into Superset and return what changed, or with `is_dry_run` what would.

    The same bundle again changes nothing but the time of the last change.
    """
    wanted = bundled.contents(bundle)
    found = {kind: list(_of_hub(client, kind)) for kind in bundled.KINDS}
    changes = [*_imported(wanted, found)]
    if not is_dry_run:
        client.import_assets(bundle)
    for kind in bundled.KINDS:
        for each in found[kind]:
            if each.uuid in wanted[kind]:
                continue
            user = _other_user(client, kind, each, found)
            if user is None and not is_dry_run:
                client.delete(_singular(kind), each.id)
            changes.append(
                Change("keep" if user else "remove", _singular(kind), each.name, each.uuid, user and f"used by {user}")
            )
    return changes


def _imported(wanted: Mapping[str, Mapping[str, str]], found: Mapping[str, list[_Found]]) -> Iterator[Change]:
    for kind in bundled.KINDS:
        there = {each.uuid for each in found[kind]}
        for uuid, name in wanted[kind].items():
            yield Change("update" if uuid in there else "add", _singular(kind), name, uuid)


def _of_hub(client: Client, kind: str) -> Iterator[_Found]:
    if kind == "dashboards":
        for row in client.list("dashboard", ("id", "uuid", "slug", "dashboard_title")):
            if bundled.is_dashboard_of_hub(row):
                yield _Found(row["id"], row["dashboard_title"], row["uuid"], row)
    elif kind == "charts":
        columns = ("id", "uuid", "slice_name", "params", "dashboards.id", "dashboards.dashboard_title")
        for row in client.list("chart", columns):
            if bundled.is_chart_of_hub(row):
                yield _Found(row["id"], row["slice_name"], row["uuid"], row)
    else:
        for row in client.list("dataset", ("id", "uuid", "table_name")):
            if bundled.is_dataset_of_hub(row):
                yield _Found(row["id"], row["table_name"], row["uuid"], row)


def _other_user(client: Client, kind: str, each: _Found, found: Mapping[str, list[_Found]]) -> str | None:
    """Return who else needs a thing that left git; null if nobody does."""
    if kind == "charts":
        ours = {dashboard.id for dashboard in found["dashboards"]}
        for dashboard in each.row.get("dashboards") or ():
            if dashboard["id"] not in ours:
                return f"the dashboard {dashboard['dashboard_title']!r}"
    if kind == "datasets":
        ours = {chart.id for chart in found["charts"]}
        for chart in client.json("GET", f"/api/v1/dataset/{each.id}/related_objects")["charts"]["result"]:
            if chart["id"] not in ours:
                return f"the chart {chart['slice_name']!r}"
    return None


def _singular(kind: str) -> str:
    return kind.removesuffix("s")

"""Charts, asked for their data over Superset's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from serving import Served

from dashboards.client import Client, Credentials


def client(served: Served, name: str = "executive") -> Client:
    """Log in with one of the accounts that were made."""
    return Client(served.address, Credentials(name, served.passwords[name]))


def charts_by_name(asking: Client) -> dict[str, int]:
    """Return the id of each chart by its name in git."""
    rows = asking.list("chart", ("id", "uuid", "params"))
    return {json.loads(row["params"])["hub_chart"]: row["id"] for row in rows if "hub_chart" in (row["params"] or "")}


def data_of(asking: Client, number: int) -> Mapping[str, Any]:
    """Return the one result of a chart, computed anew. Fails if the chart errs."""
    response = asking.response("GET", f"/api/v1/chart/{number}/data/", params={"force": "true"})
    assert response.status_code == 200, response.text[:500]
    [result] = response.json()["result"]
    assert result["error"] is None
    return dict(result)

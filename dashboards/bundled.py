"""What a bundle holds, and which things in a Superset are the hub's: told by their uuids."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import yaml

from dashboards.assets import uuid_of
from dashboards.bundle import CHART_NAME

KINDS = ("dashboards", "charts", "datasets")
_NAME_OF = {"dashboards": "dashboard_title", "charts": "slice_name", "datasets": "table_name"}


def contents(bundle: bytes) -> dict[str, dict[str, str]]:
    """Return what a bundle holds: by kind, the name of each thing by its uuid."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        for path in archive.namelist():
            kind = path.split("/")[1] if path.count("/") > 1 else ""
            if kind in found:
                thing = yaml.load(archive.read(path), Loader=_Loader)  # noqa: S506
                found[kind][thing["uuid"]] = thing[_NAME_OF[kind]]
    return found


def fingerprint(*parts: bytes) -> str:
    """Return a digest of these parts, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def is_dashboard_of_hub(row: Mapping[str, Any]) -> bool:
    """Tell whether a dashboard is the hub's: its uuid is the one that the hub makes of its slug."""
    return bool(row.get("slug")) and str(row.get("uuid")) == uuid_of("dashboard", row["slug"])


def is_chart_of_hub(row: Mapping[str, Any]) -> bool:
    """
    Tell whether a chart is the hub's: its uuid is the one that the hub makes of the name in its form data.

    A copy that somebody saved carries the name too, and has another uuid.
    """
    try:
        name = json.loads(row.get("params") or "{}").get(CHART_NAME)
    except (ValueError, AttributeError):
        return False
    return isinstance(name, str) and str(row.get("uuid")) == uuid_of("chart", name)


def is_dataset_of_hub(row: Mapping[str, Any]) -> bool:
    """Tell whether a dataset is the hub's: its uuid is the one that the hub makes of its table's name."""
    return str(row.get("uuid")) == uuid_of("dataset", str(row.get("table_name")))


# libyaml's, where it is there: eight dashboards are a megabyte of YAML.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

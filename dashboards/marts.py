"""The marts and the types of their columns, as dbt's manifest has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ci_intel.errors import HubError

# One word for a type, whichever engine the manifest was made for.
_SAME_TYPE = {"float64": "double"}


class ManifestUnusable(HubError):
    """dbt's manifest is missing or cannot be read; the message says what to run."""


def read_marts(manifest: Path) -> dict[str, Mapping[str, str]]:
    """
    Return the columns of every mart with their types, by the mart's name.

    Raises `ManifestUnusable` if there is no manifest, or if it is none of this project.
    """
    try:
        nodes = json.loads(manifest.read_bytes())["nodes"].values()
        marts = {node["name"]: _columns(node) for node in nodes if _is_mart(node)}
    except FileNotFoundError as error:
        raise ManifestUnusable(f"{manifest}: there is no manifest of dbt; run `dbt parse` first") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestUnusable(f"{manifest}: is no manifest of dbt ({error!r}); run `dbt parse` again") from error
    if not marts:
        raise ManifestUnusable(f"{manifest}: has no mart in it; run `dbt parse` in the hub's folder")
    return marts


def _is_mart(node: Mapping[str, object]) -> bool:
    fqn = node.get("fqn")
    return node["resource_type"] == "model" and isinstance(fqn, list) and fqn[1] == "marts"


def _columns(node: Mapping[str, object]) -> Mapping[str, str]:
    columns = node["columns"]
    assert isinstance(columns, dict)
    types = {name: str(column["data_type"]).lower() for name, column in columns.items()}
    return {name: _SAME_TYPE.get(type_, type_) for name, type_ in types.items()}

"""Every quotient of a mart says which metric it is, and which columns it is the quotient of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from dbt_project import manifest

from ci_intel.metrics import catalogue

METRICS = {metric.metric_id for metric in catalogue()}
# What makes a column a quotient is its name. One that is not named so says its metric all the same.
QUOTIENT = re.compile(r"_(ratio|score|frequency|share)(_without_bots)?$")


def faults(columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """
    Say what is missing in the meta of a mart's columns, given by column name.

    A quotient has {metric, numerator, denominator}; {band_of: column} if it is an end of the band around one,
    or {as_sent: true} if a sender computed it, so that its parts are not known.
    """
    return [f"{name}: {fault}" for name, meta in columns.items() if (fault := _fault(name, meta, columns))]


def _fault(name: str, meta: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> str | None:
    if "metric" not in meta:
        if not QUOTIENT.search(name) or meta.get("as_sent") is True:
            return None
        if "band_of" in meta:
            return None if "metric" in columns.get(meta["band_of"], {}) else "its band is around no quotient"
        return "a quotient without meta: metric, numerator, denominator"
    if meta["metric"] not in METRICS:
        return f"metric {meta['metric']} is not in the seed metric_definitions"
    missing = [part for part in ("numerator", "denominator") if meta.get(part) not in columns]
    return f"its {' and '.join(missing)} is no column of the mart" if missing else None


def marts() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the meta of each column of each mart, as dbt reads them."""
    return {
        node.name: {name: dict(column.config.meta or column.meta) for name, column in node.columns.items()}
        for node in manifest().nodes.values()
        if node.resource_type == "model" and node.fqn[1] == "marts"
    }


def test_every_quotient_of_every_mart_names_its_metric_and_its_parts() -> None:
    found = {mart: faults(columns) for mart, columns in marts().items()}

    assert {mart: wrong for mart, wrong in found.items() if wrong} == {}
    assert sum("metric" in meta for columns in marts().values() for meta in columns.values()) >= 15


def test_every_metric_is_computed_in_a_model_that_exists() -> None:
    models = {node.name for node in manifest().nodes.values() if node.resource_type == "model"}

    assert {metric.metric_id: metric.source for metric in catalogue() if metric.source not in models} == {}


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        pytest.param({"a_ratio": {}}, "without meta", id="nothing said"),
        pytest.param({"a_score": {"metric": "unheard_of"}}, "not in the seed", id="a metric of its own"),
        pytest.param(
            {"a_ratio": {"metric": "success_ratio", "numerator": "a", "denominator": "b"}, "a": {}},
            "denominator is no column",
            id="a denominator of another mart",
        ),
        pytest.param({"a_ratio": {"metric": "success_ratio"}}, "numerator and denominator", id="no parts"),
        pytest.param({"a_lower_ratio": {"band_of": "a"}, "a": {}}, "no quotient", id="a band around a count"),
        pytest.param({"gap": {"metric": "unheard_of"}}, "not in the seed", id="a name that hides the quotient"),
    ],
)
def test_a_quotient_that_does_not_lead_back_is_found(columns: dict[str, dict[str, Any]], fault: str) -> None:
    [found] = faults(columns)

    assert fault in found

"""
What jobs cost by the shipped price list, and what energy emits: as the models reckon where a run says nothing.

docs/efficiency.md has the sources and the choices.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from ci_intel.metrics import seed_folder


@dataclass(frozen=True)
class Priced:
    """A job as a price list sees it: where and when it ran, in milliseconds."""

    name: str
    provider: str
    runner_type: str | None
    runner_label: str | None
    started_at: datetime
    duration_ms: int


def cost_usd(jobs: Sequence[Priced]) -> float:
    """
    Return the price of jobs, each by minutes rounded up as they are billed.

    Raises `LookupError` that names the first job without a price: a sum without it would be a lie.
    """
    return round(sum(_price(job) for job in jobs), 6)


def carbon_grams(kwh: float, region: str, at: datetime) -> float:
    """
    Return the grams of CO2-equivalent of energy used in a cloud region at a time.

    Raises `LookupError` for a region without a figure: there is no default.
    """
    month = f"{at:%Y-%m}"
    known = [row for row in _rows("grid_intensity") if row["region"] == region and row["from_month"] <= month]
    if not known:
        raise LookupError(f"no grid carbon intensity is known of the region {region!r} in {month}")
    return round(kwh * float(max(known, key=lambda row: row["from_month"])["g_co2e_per_kwh"]), 6)


def _price(job: Priced) -> float:
    known = [
        row
        for row in _rows("runner_rates")
        if row["provider"] in (job.provider, "*")
        and row["runner_type"] == job.runner_type
        and int(row["from_year"]) <= job.started_at.year
        and _is_like(row["label_pattern"], job.runner_label or "")
    ]
    if not known:
        raise LookupError(
            f"the job {job.name!r} has no price: none is known of the runner {job.runner_label or '(unknown)'!r} "
            f"({job.runner_type or 'whose is unknown'}) of {job.provider}"
        )
    # As in the models: the CI system's own, the longest pattern, the newest.
    rate = max(known, key=lambda row: (row["provider"] != "*", len(row["label_pattern"]), int(row["from_year"])))
    increment = int(rate["billing_increment_ms"])
    return math.ceil(job.duration_ms / increment) * increment / 60_000 * float(rate["usd_per_minute"])


def _is_like(pattern: str, label: str) -> bool:
    """Tell whether a label matches a pattern of SQL's `like`."""
    words = {"%": ".*", "_": "."}
    return re.fullmatch("".join(words.get(one) or re.escape(one) for one in pattern), label, re.DOTALL) is not None


@cache
def _rows(seed: str) -> list[dict[str, str]]:
    with (seed_folder() / f"{seed}.csv").open(newline="") as file:
        return list(csv.DictReader(file))

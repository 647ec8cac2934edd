"""
The metric catalogue: what each metric means, and from when it is good.

Definitions are in the seed `metric_definitions` and nowhere else, targets in the seed `targets`.
docs/metrics.md is rendered from both, so that what people read is what dbt builds with.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from ci_intel.errors import HubError


@dataclass(frozen=True)
class Target:
    """
    From when a metric of the scorecard is green or amber, in its unit.

    `green` and `amber` are empty where no target is set: then only the trend counts.
    """

    green: str
    amber: str
    source: str
    minimum_sample: str
    freshness_days: str


@dataclass(frozen=True)
class Metric:
    """
    One metric as the seed has it; `target` is none for one that is not on the scorecard.

    `numerator` and `denominator` are empty for a metric that is no quotient.
    """

    metric_id: str
    metric_version: int
    pillar: str
    name: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    direction: str
    owner: str
    source: str
    target: Target | None

    @property
    def fingerprint(self) -> str:
        """The sha256 of everything that says what is measured: it changes only together with the version."""
        meaning = [self.definition, self.numerator, self.denominator, self.unit, self.direction]
        return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()

    def as_json(self) -> dict[str, object]:
        """Return it with its target and its fingerprint."""
        return {**asdict(self), "fingerprint": self.fingerprint}


def seed_folder() -> Path:
    """Return the folder of the two seeds: inside the installed package, else of the checkout."""
    packaged = Path(__file__).parent / "seeds"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "seeds"


def catalogue(folder: Path | None = None) -> Sequence[Metric]:
    """
    Return every metric in the order of the seed, which groups them by pillar.

    Raises `HubError` if a seed cannot be read.
    """
    folder = folder or seed_folder()
    try:
        targets = {row.pop("metric_id"): row for row in _rows(folder / "targets.csv")}
        return [_metric(row, targets.get(row["metric_id"])) for row in _rows(folder / "metric_definitions.csv")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HubError(f"{folder}: the metric catalogue cannot be read: {error!r}") from error


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, strict=True)


def _metric(row: dict[str, str], target: dict[str, str] | None) -> Metric:
    fields = {name: target[name] for name in Target.__annotations__} if target else None
    version = int(row.pop("metric_version"))
    return Metric(**row, metric_version=version, target=Target(**fields) if fields else None)


def as_markdown(metrics: Sequence[Metric]) -> str:
    """Return docs/metrics.md: one section per pillar, one part per metric."""
    return "\n".join([*_HEAD, *(line for pillar in _by_pillar(metrics) for line in pillar)])


_HEAD = (
    "# Metrics",
    "",
    "What each metric means, where it is computed, and from when it is good. This page is rendered from the seeds",
    "`metric_definitions` and `targets`: change those, then run `ci-intel metrics --markdown > docs/metrics.md`.",
    "",
    "A ratio is stored with its numerator and its denominator, and is null where nothing was counted: unknown is not",
    "zero. A definition that changes gets a new version, and the scorecard names the version that each value was",
    "measured by. Metrics with a row among the targets, if only to say that there is none, are on the scorecard.",
)


def _by_pillar(metrics: Sequence[Metric]) -> Iterator[list[str]]:
    for pillar, members in groupby(metrics, key=lambda metric: metric.pillar):
        yield ["", f"## {pillar}", *(line for metric in members for line in _part(metric))]


def _part(metric: Metric) -> Iterator[str]:
    yield from (
        "",
        f"### {metric.name}",
        "",
        f"`{metric.metric_id}`, version {metric.metric_version}. {metric.definition}.",
    )
    yield ""
    if metric.denominator:
        yield f"- formula: {metric.numerator} / {metric.denominator}"
    yield f"- unit: {metric.unit}; {metric.direction} is better"
    yield f"- computed in: `{metric.source}`"
    yield f"- owner: {metric.owner}"
    yield f"- target: {_target(metric)}"


def _target(metric: Metric) -> str:
    target = metric.target
    if target is None:
        return "not on the scorecard"
    demands = f"judged from {target.minimum_sample} counted, and up to {target.freshness_days} days after the last"
    if not target.green:
        return f"none, only the trend counts ({target.source})"
    word = "at least" if metric.direction == "higher" else "at most"
    green, amber = (_readable(value, metric.unit) for value in (target.green, target.amber))
    return f"green {word} {green}, amber {word} {amber}; {demands} ({target.source})"


_LENGTHS = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"), (1000, "seconds"))


def _readable(text: str, unit: str) -> str:
    """Return a threshold as people say it: ratios as percent, milliseconds as days, hours or minutes."""
    value = float(text)
    if unit == "ratio":
        return f"{value * 100:.4g} %"
    if unit == "count":
        return f"{value:g}"
    if unit == "ms":
        length, word = next(pair for pair in _LENGTHS if value >= pair[0] or pair is _LENGTHS[-1])
        return f"{value / length:g} {word}"
    return f"{value:.2g} {unit}"

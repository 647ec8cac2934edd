"""
dbt's results of one invocation (`target/run_results.json`), schemas 4 to 6.

Source: dbt, "Run results JSON file". It names neither repository nor commit. Compiled SQL and the
arguments of the invocation, which may hold anything, are left where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "dbt_run_results"
VERSION = 1
TOPICS = ("dbt_run",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

MESSAGE_LENGTH = 500
"""As much of a message as the contract takes; the whole is in dbt's own log."""

_SCHEMA = re.compile(r"/dbt/run-results/v(\d+)[.]json$")
_MARK = re.compile(rb"/dbt/run-results/v[0-9]+[.]json")
_VERSIONS = ("4", "5", "6")
_STATUSES = frozenset(
    ("success", "partial_success", "error", "runtime_error", "skipped", "pass", "fail", "warn", "no_op", "reused")
)


def recognises(evidence: Evidence) -> bool:
    """Tell by the schema that its metadata names, which dbt writes first."""
    return evidence.head.lstrip().startswith(b"{") and _MARK.search(evidence.head[:2000]) is not None


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the invocation as one `dbt_run` event.

    Raises `Refused` for another version of the schema, and for a file without metadata or results.
    """
    document = evidence.json
    metadata, results = _object(document.get("metadata")), document.get("results")
    version = _SCHEMA.search(str(metadata.get("dbt_schema_version")))
    if version is None or not isinstance(results, list):
        raise Refused("not_run_results", "no `metadata.dbt_schema_version` of run results, or no `results`")
    if version[1] not in _VERSIONS:
        raise Refused(
            "unsupported_version",
            f"run results v{version[1]}; versions {', '.join(_VERSIONS)} are read, of dbt 1.0 to 1.11",
        )
    event = {
        "schema": "dbt_run.v1.0",
        **context.event_fields(),
        "invocation_id": metadata.get("invocation_id"),
        "command": _object(document.get("args")).get("which"),
        "dbt_version": metadata.get("dbt_version"),
        "started_at": metadata.get("invocation_started_at"),
        "ended_at": metadata.get("generated_at"),
        "elapsed_ms": _milliseconds(document.get("elapsed_time")),
        "results": [],
    }
    for place, result in enumerate(results):
        if not isinstance(result, dict) or not isinstance(result.get("status"), str):
            yield Malformed("no_status", "a result is an object with a `status`", f"/results/{place}/status")
            return
        event["results"].append(_result(result))
    yield {name: value for name, value in event.items() if value is not None}


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    word = re.sub("[ -]", "_", result["status"].lower())
    is_known = word in _STATUSES
    message = result.get("message")
    fields = {
        "unique_id": result.get("unique_id"),
        "status": word if is_known else "unknown",
        "status_original": None if is_known else result["status"] or "(empty)",
        "failures": result.get("failures"),
        "execution_ms": _milliseconds(result.get("execution_time")),
        # A message that is no text is one of a version to come.
        "message": (message[:MESSAGE_LENGTH] or None) if isinstance(message, str) else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _milliseconds(seconds: Any) -> Any:
    """Return whole milliseconds of a number of seconds; anything else stays for the contract to refuse."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return round(seconds * 1000) if is_number else seconds


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

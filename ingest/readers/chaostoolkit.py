"""
The journal of a Chaos Toolkit run (`chaos run --journal-path`): one chaos experiment.

The journal's `status` says how the program ended, not how the system did: an experiment whose
baseline was broken is "failed" although nothing was tried, and one whose actions all failed is
"completed". The outcome therefore comes from `deviated` and the steady states:

    deviated                                            failed
    not deviated, and ...
      interrupted, aborted                              aborted
      steady state not met before                       invalid
      no action was played                              invalid
      steady state not looked at during or after        invalid
      steady state lost during the method, met after    degraded
      otherwise                                         recovered

Sources: chaostoolkit-lib, chaoslib/run.py (journal) and chaoslib/activity.py (activities).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item

FORMAT = "chaostoolkit"
VERSION = 1
TOPICS = ("chaos_experiment",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

Json = Mapping[str, Any]

_MARKS = ("experiment", "steady_states", "run", "rollbacks")
_HEAD = re.compile(rb'^\s*\{\s*"chaoslib-version"\s*:')


def recognises(evidence: Evidence) -> bool:
    """Tell whether this is a journal: an object with an experiment, its steady states and its activities."""
    if evidence.head.lstrip()[:1] != b"{":
        return False
    if _HEAD.match(evidence.head):
        return True
    try:
        document = evidence.json
    except Refused:
        return False
    return isinstance(document, dict) and all(mark in document for mark in _MARKS)


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the one experiment of a journal.

    Raises `Refused` for a journal that is broken, or that holds no experiment.
    """
    journal = _object(evidence.json)
    experiment = _object(journal.get("experiment"))
    title = _text(experiment.get("title"))
    if title is None:
        raise Refused("no_experiment", "the journal holds no experiment with a title; keep the whole journal")
    states = _object(journal.get("steady_states"))
    before, after = _is_met(states.get("before")), _is_met(states.get("after"))
    during = [met for met in map(_is_met, _list(states.get("during"))) if met is not None]
    rollbacks = _list(journal.get("rollbacks"))
    deviated = journal.get("deviated")
    is_deviated = deviated if isinstance(deviated, bool) else after is False
    method = _activities("method", _list(journal.get("run")))
    outcome, reason = _outcome(
        journal.get("status"),
        is_deviated=is_deviated,
        before=before,
        during=during,
        after=after,
        has_action=any(activity["kind"] == "action" for activity in method),
    )
    event = {
        "schema": "chaos_experiment.v1.0",
        **context.event_fields(),
        "experiment": title,
        "fault": _fault(experiment),
        "target": _target(experiment),
        "outcome": outcome,
        "reason": reason,
        "is_deviated": is_deviated,
        "is_steady_before": before,
        "is_steady_after": after,
        # `--dry` takes what to leave out (actions, probes, activities, pause), once it was a flag.
        "is_dry_run": bool(experiment.get("dry")),
        "is_rollback_ok": all(map(_went_well, rollbacks)) if rollbacks else None,
        "started_at": _moment(journal.get("start")),
        "ended_at": _moment(journal.get("end")),
        "tool": "chaostoolkit",
        "tool_version": _text(journal.get("chaoslib-version")),
        "activities": [
            *_activities("before", _probes(states.get("before"))),
            *_activities("during", [probe for state in _list(states.get("during")) for probe in _probes(state)]),
            *method,
            *_activities("after", _probes(states.get("after"))),
            *_activities("rollback", rollbacks),
        ],
    }
    yield _known(event)


def _outcome(
    status: Any,
    *,
    is_deviated: bool,
    before: bool | None,
    during: list[bool],
    after: bool | None,
    has_action: bool,
) -> tuple[str, str]:
    if is_deviated:
        return "failed", "The system was outside of its steady state after the fault."
    if status in ("interrupted", "aborted"):
        return "aborted", f"The experiment was {status}."
    if before is False:
        return "invalid", "The steady state was not met before the fault, so none was brought about."
    if not has_action:
        return "invalid", "No action was played, so there was no fault to bear."
    if after is None and not during:
        return "invalid", "Nobody looked at the steady state after the fault."
    if not all(during):
        return "degraded", "The steady state was lost while the fault lasted."
    return "recovered", "The steady state was met after the fault."


def _fault(experiment: Json) -> str:
    """Return the names of the method's actions, which are the experiment's own words."""
    actions = [activity for activity in _list(experiment.get("method")) if activity.get("type") == "action"]
    names = [_text(action.get("name")) for action in actions]
    return ", ".join(dict.fromkeys(name for name in names if name)) or "none"


def _target(experiment: Json) -> str:
    """
    Return the address that the experiment watches, else that it acts on, else what it calls.

    A journal does not name its target. An address is cut before whatever may be a secret.
    """
    probes = _list(_object(experiment.get("steady-state-hypothesis")).get("probes"))
    providers = [_object(activity.get("provider")) for activity in (*probes, *_list(experiment.get("method")))]
    for provider in providers:
        if address := _address(provider.get("url")):
            return address
    names = [_text(provider.get(name)) for name in ("module", "path") for provider in providers]
    return next(filter(None, names), "unknown")


def _address(url: Any) -> str | None:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else None


def _activities(phase: str, played: list[Json]) -> list[dict[str, Any]]:
    activities = []
    for run in played:
        activity = _object(run.get("activity"))
        kind, name = activity.get("type"), _text(activity.get("name"))
        if kind not in ("action", "probe") or name is None:
            continue
        tolerated, background = run.get("tolerance_met"), activity.get("background")
        activities.append(
            _known(
                {
                    "phase": phase,
                    "kind": kind,
                    "name": name,
                    "status": _text(run.get("status")) or "unknown",
                    "is_tolerated": tolerated if isinstance(tolerated, bool) else None,
                    "exit_code": _exit_code(run),
                    "is_background": background if isinstance(background, bool) else None,
                    "started_at": _moment(run.get("start")),
                    "ended_at": _moment(run.get("end")),
                    "message": _message(run.get("exception")),
                }
            )
        )
    return activities


def _went_well(run: Json) -> bool:
    """Tell whether an activity did what it should: for the tool, a process that exits with 1 "succeeded"."""
    return run.get("status") == "succeeded" and _exit_code(run) in {None, 0}


def _exit_code(run: Json) -> int | None:
    """Return a process's exit code; `output.status` of a call over HTTP is another thing."""
    provider = _object(_object(run.get("activity")).get("provider"))
    code = _object(run.get("output")).get("status")
    is_exit_code = provider.get("type") == "process" and isinstance(code, int) and not isinstance(code, bool)
    return code if is_exit_code else None


def _message(exception: Any) -> str | None:
    """Return the last line of a traceback, which names the error."""
    parts = exception if isinstance(exception, list) else [exception]
    text = "".join(part for part in parts if isinstance(part, str))
    return _text(text.strip().rpartition("\n")[2][:500])


def _probes(state: Any) -> list[Json]:
    return _list(_object(state).get("probes"))


def _is_met(state: Any) -> bool | None:
    met = _object(state).get("steady_state_met")
    return met if isinstance(met, bool) else None


def _moment(text: Any) -> str | None:
    """
    Return a time of the journal with its offset.

    Old versions write none; they take `datetime.utcnow().isoformat()`, so those are UTC
    (chaoslib/run.py and chaoslib/activity.py; newer ones write `+00:00`).
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo else f"{text}Z"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}

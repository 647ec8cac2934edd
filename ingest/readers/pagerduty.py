"""
PagerDuty's REST API: incidents.

A file holds one incident (`{"incident": …}` or bare), a list, or a page under `incidents`. What PagerDuty
calls a service is the service; it knows no repository, and none is taken from outside: incidents are
collected anywhere. An incident's severity is its priority where the account uses priorities, else its
urgency. Acknowledgements are cleared when an incident is resolved; where log entries were asked for, they
still tell when it was taken. Older answers have no `resolved_at` and no `updated_at`: then the time of the
last change of its status stands for both.

Source: PagerDuty REST API v2, "List incidents", "Get an incident", "Log entries".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.identities import canonical
from ci_intel.moments import utc
from ingest import answers
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed
from ingest.shapes import elements, known, mapping, moment, word

FORMAT = "pagerduty"
VERSION = 1
TOPICS = ("incident",)
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_LIST = "incidents"
_HEAD = re.compile(rb'\s*\{\s*"incidents?"\s*:\s*\[?\s*\{.{0,2000}?"incident_number"\s*:', re.DOTALL)


def recognises(evidence: Evidence) -> bool:
    """Judge by the first incident, or by the fields of an empty page."""
    first = answers.first_part(evidence, _LIST)
    if first is None:
        return _HEAD.match(evidence.head) is not None
    is_empty_page = answers.page_of(first, _LIST) is not None and {"limit", "offset", "more"} <= first.keys()
    return is_empty_page or _is_incident(_bare(first))


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield an event for each incident."""
    for pointer, part in answers.parts(evidence, _LIST):
        incident = _bare(part)
        if _is_incident(incident):
            yield _event(incident)
        else:
            yield Malformed("unknown_object", "not an incident of PagerDuty", pointer, canonical(part))


def _bare(part: Any) -> Any:
    return part["incident"] if isinstance(part, dict) and list(part) == ["incident"] else part


def _is_incident(part: Any) -> bool:
    return isinstance(part, dict) and {"id", "incident_number", "service", "status", "created_at"} <= part.keys()


def _event(incident: Mapping[str, Any]) -> Item:
    changed_at = incident.get("last_status_change_at")
    resolved_at = incident.get("resolved_at") or changed_at
    return known(
        schema="incident.v1.0",
        provider="pagerduty",
        incident_id=incident["id"],
        service=mapping(incident["service"]).get("summary"),
        severity=word(mapping(incident.get("priority")).get("summary")) or incident.get("urgency"),
        opened_at=incident["created_at"],
        acknowledged_at=_acknowledged_at(incident),
        resolved_at=resolved_at if incident["status"] == "resolved" else None,
        updated_at=incident.get("updated_at") or changed_at,
        uri=incident.get("html_url"),
    )


def _acknowledged_at(incident: Mapping[str, Any]) -> str | None:
    """Return when it was first taken, as far as acknowledgements and log entries tell."""
    taken = [mapping(entry).get("at") for entry in elements(incident.get("acknowledgements"))]
    taken += [
        entry.get("created_at")
        for entry in map(mapping, elements(incident.get("log_entries")))
        if str(entry.get("type")).startswith("acknowledge_log_entry")
    ]
    return min((found for each in taken if (found := moment(each))), key=utc, default=None)

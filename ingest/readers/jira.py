"""
Jira's REST API: issues that are incidents.

A file holds one issue, a list, or a page under `issues`. Only issues whose type names an incident (as
`Incident`, `[System] Incident`), or that are labelled `incident`, are incidents: a search that was not
narrowed down also gives stories and bugs, which would be counted as failures of production. An incident's
id is its key, as people write it. Its component is the service, if it has one; none is taken from outside.

Jira writes offsets without a colon. An issue that is done has been resolved at its `resolutiondate`, else
when its status last moved; one of which neither is told (another `fields=` was asked for) is no evidence
of an open incident either.

Source: Jira Cloud REST API v3 and Jira Data Center REST API v2, "Issues", "Issue search".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.identities import canonical
from ingest import answers
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed
from ingest.shapes import elements, known, mapping, texts

FORMAT = "jira"
VERSION = 1
TOPICS = ("incident",)
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_LIST = "issues"
_SELF = re.compile(r"(https?://.+?)/rest/api/[0-9a-z]+/issue/[0-9]+", re.ASCII)
_HEAD = re.compile(
    rb'\s*\{.{0,600}?"issues"\s*:\s*\[.{0,600}?"self"\s*:\s*"https?://[^"]+/rest/api/[0-9a-z]+/issue/', re.DOTALL
)
_SHORT_OFFSET = re.compile(r"(.*[T ][0-9:.]+[+-][0-9]{2})([0-9]{2})", re.ASCII)


def recognises(evidence: Evidence) -> bool:
    """Judge by the address of the first issue, or by the fields of an empty page."""
    first = answers.first_part(evidence, _LIST)
    if first is None:
        return _HEAD.match(evidence.head) is not None
    is_empty_page = answers.page_of(first, _LIST) is not None and (
        {"startAt", "maxResults", "total"} <= first.keys() or "isLast" in first
    )
    return is_empty_page or _is_issue(first)


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield an event for each issue that is an incident; say of the others what they are."""
    for pointer, part in answers.parts(evidence, _LIST):
        if not _is_issue(part):
            yield Malformed("unknown_object", "not an issue of Jira", pointer, canonical(part))
            continue
        fields = part["fields"]
        if not _is_incident(fields):
            kind = str(mapping(fields.get("issuetype")).get("name"))[:60]
            yield Malformed(
                "not_an_incident",
                f"an issue of type {kind!r}; search for incidents only, or label it `incident`",
                f"{pointer}/fields/issuetype",
                canonical(part),
            )
            continue
        resolved_at = _resolved_at(part, fields)
        if resolved_at is None and _is_done(fields):
            yield Malformed(
                "no_resolution_time",
                "it is done, and nothing says since when; ask for the field `resolutiondate`",
                f"{pointer}/fields",
                canonical(part),
            )
            continue
        yield _event(part, fields, resolved_at)


def _is_issue(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and {"id", "key"} <= part.keys()
        and isinstance(part.get("fields"), dict)
        and _SELF.fullmatch(str(part.get("self"))) is not None
    )


def _is_incident(fields: Mapping[str, Any]) -> bool:
    kind = str(mapping(fields.get("issuetype")).get("name")).lower()
    return "incident" in kind or "incident" in [label.lower() for label in texts(elements(fields.get("labels")))]


def _event(issue: Mapping[str, Any], fields: Mapping[str, Any], resolved_at: Any) -> Item:
    site = _SELF.fullmatch(issue["self"])
    components = texts(mapping(component).get("name") for component in elements(fields.get("components")))
    return known(
        schema="incident.v1.0",
        provider="jira",
        incident_id=issue["key"],
        service=components[0] if len(components) == 1 else None,
        severity=mapping(fields.get("priority")).get("name"),
        opened_at=_time(fields.get("created")),
        resolved_at=resolved_at,
        updated_at=_time(fields.get("updated")),
        uri=f"{site[1]}/browse/{issue['key']}" if site else None,
    )


def _is_done(fields: Mapping[str, Any]) -> bool:
    category = mapping(mapping(fields.get("status")).get("statusCategory"))
    return category.get("key") == "done"


def _resolved_at(issue: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
    """Return since when it is done; None if it is not, or if nothing says so."""
    if fields.get("resolutiondate"):
        return _time(fields["resolutiondate"])
    if not _is_done(fields):
        return None
    return _time(fields.get("statuscategorychangedate")) or _last_move(issue)


def _last_move(issue: Mapping[str, Any]) -> Any:
    """Return when its status last moved, where the answer was expanded by the issue's history."""
    moved = [
        str(_time(history.get("created")))
        for history in map(mapping, elements(mapping(issue.get("changelog")).get("histories")))
        if history.get("created")
        and any(mapping(item).get("field") == "status" for item in elements(history.get("items")))
    ]
    return max(moved, default=None)


def _time(value: Any) -> Any:
    """Return a time with its offset as RFC 3339 has it; anything else as it stands, for the contract to judge."""
    match = _SHORT_OFFSET.fullmatch(value) if isinstance(value, str) else None
    return f"{match[1]}:{match[2]}" if match else value

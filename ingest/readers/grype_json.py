"""Grype JSON: the matches of one scan. Grype 0.7 to 0.9x; what older versions do not write is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item
from ingest.shapes import (
    begins,
    elements,
    json_keys,
    json_object,
    known,
    mapping,
    moment,
    number,
    objects,
    text,
    texts,
    word,
)

FORMAT = "grype_json"
VERSION = 1
TOPICS = ("vulnerability_scan",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_SAYS_SO = re.compile(rb'\s*\{\s*"matches"\s*:\s*\[\s*\{\s*"vulnerability"\s*:')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STATES = {"fixed": "fixed", "not-fixed": "affected", "wont-fix": "will_not_fix", "unknown": "unknown"}
_CVSS_VERSIONS = ("2.0", "3.0", "3.1", "4.0")


def recognises(evidence: Evidence) -> bool:
    """Tell whether it is a document of matches that Grype signs, or the beginning of one that is broken."""
    if begins(evidence, _SAYS_SO):
        return True
    if not {"matches", "descriptor"} <= json_keys(evidence):
        return False
    return mapping(evidence.json["descriptor"]).get("name") == "grype" and isinstance(evidence.json["matches"], list)


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield the report as one scan."""
    report = json_object(evidence, "matches", "source")
    descriptor = mapping(report.get("descriptor"))
    database = mapping(descriptor.get("db"))
    looks_for_kev = "kev" in mapping(database.get("providers"))
    yield known(
        schema="vulnerability_scan.v1.0",
        **context.event_fields(),
        scanner="grype",
        scanner_version=text(descriptor.get("version")),
        database_built_at=moment(mapping(database.get("status")).get("built") or database.get("built")),
        scanned_at=moment(descriptor.get("timestamp")),
        **_subject(mapping(report.get("source"))),
    ) | {"findings": [_finding(match, looks_for_kev) for match in objects(report.get("matches"), "matches")]}


def _subject(source: Mapping[str, Any]) -> dict[str, Any]:
    target = source.get("target")
    said = mapping(target)
    # Older versions wrote a folder with quotation marks around it.
    folder = (text(target) or "").strip('"')
    return known(
        subject_digest=_digest(said),
        target=folder or text(said.get("userInput")) or text(said.get("path")),
        target_type=text(source.get("type")),
    )


def _digest(target: Mapping[str, Any]) -> str | None:
    """
    Return the digest under which a registry knows the image, if it is but one.

    The manifest's own digest is computed by Grype, and differs from the registry's for an image
    that came through a container engine: it counts only for an image that no registry has.
    """
    in_registry = {digest for entry in texts(elements(target.get("repoDigests"))) for digest in _DIGEST.findall(entry)}
    if in_registry:
        return in_registry.pop() if len(in_registry) == 1 else None
    match = _DIGEST.fullmatch(text(target.get("manifestDigest")) or "")
    return match.group() if match else None


def _finding(match: Mapping[str, Any], looks_for_kev: bool) -> dict[str, Any]:
    vulnerability = mapping(match.get("vulnerability"))
    artifact = mapping(match.get("artifact"))
    fix = mapping(vulnerability.get("fix"))
    epss = mapping(next(iter(elements(vulnerability.get("epss"))), None))
    location = mapping(next(iter(elements(artifact.get("locations"))), None))
    return known(
        vulnerability_id=text(vulnerability.get("id")),
        aliases=_aliases(text(vulnerability.get("id")), match.get("relatedVulnerabilities")),
        component_purl=text(artifact.get("purl")),
        component_name=text(artifact.get("name")),
        component_version=word(artifact.get("version")),
        component_type=text(artifact.get("type")),
        location=text(location.get("path")),
        severity=(text(vulnerability.get("severity")) or "").lower(),
        **_cvss(vulnerability),
        epss=number(epss.get("epss")),
        epss_date=_day(epss.get("date")),
        is_kev=True if vulnerability.get("knownExploited") else False if looks_for_kev else None,
        fixed_in=texts([*elements(fix.get("versions")), vulnerability.get("fixedInVersion")]),
        state=_STATES.get(text(fix.get("state")) or ""),
    )


def _aliases(own: str | None, related: Any) -> list[str]:
    """Return the one other identifier; an advisory that bundles several is none of them."""
    named = texts(entry.get("id") for entry in objects(related, "relatedVulnerabilities"))
    others = [identifier for identifier in named if identifier != own]
    return others if len(others) == 1 else []


def _cvss(vulnerability: Mapping[str, Any]) -> dict[str, Any]:
    """Return the newest version's score; of several the first, which is the primary one."""
    scores = [mapping(entry) for entry in elements(vulnerability.get("cvss"))]
    scores = [entry for entry in scores if entry.get("version") in _CVSS_VERSIONS]
    if scores:
        newest = max(scores, key=lambda entry: str(entry["version"]))
        return _score(newest["version"], newest, mapping(newest.get("metrics")))
    before_0_8 = mapping(vulnerability.get("cvssV2"))
    return _score("2.0", before_0_8, before_0_8) if before_0_8 else {}


def _score(version: str, entry: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    return known(
        cvss_version=version,
        cvss_vector=text(entry.get("vector")),
        cvss_score=number(metrics.get("baseScore")),
    )


def _day(value: Any) -> str | None:
    match = _DAY.match(text(value) or "")
    return match.group() if match else None

"""
CycloneDX JSON: the components of an SBOM. Specification: ECMA-424; versions 1.2 to 1.7.

Vulnerabilities that a scanner wrote into the document are not read: load the scanner's own report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
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
    objects,
    text,
    texts,
    word,
)

FORMAT = "cyclonedx_json"
VERSION = 1
TOPICS = ("sbom",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_SAYS_SO = re.compile(rb'^\s*\{\s*(?:"\$schema"\s*:\s*"[^"]*"\s*,\s*)?"bomFormat"\s*:\s*"CycloneDX"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{64}")
_SCOPES = ("required", "optional", "excluded")


def recognises(evidence: Evidence) -> bool:
    """Tell whether the document says that it is CycloneDX, be it broken later on."""
    return begins(evidence, _SAYS_SO) or (
        "bomFormat" in json_keys(evidence) and evidence.json["bomFormat"] == "CycloneDX"
    )


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield the document as one SBOM."""
    document = json_object(evidence, "bomFormat")
    metadata = mapping(document.get("metadata"))
    components = list(_components(document.get("components"), 1))
    if not components and document.get("vulnerabilities"):
        raise Refused(
            "unsupported_document",
            "vulnerabilities without components are no SBOM, and CycloneDX VEX is not read: "
            "publish the statements as OpenVEX",
        )
    if not components:
        raise Refused("empty_sbom", "the SBOM lists no component: run its tool where the components are installed")
    tool = _tool(metadata.get("tools"))
    yield known(
        schema="sbom.v1.0",
        **context.event_fields(),
        document_id=text(document.get("serialNumber")),
        document_version=word(document.get("version")),
        format="cyclonedx",
        spec_version=text(document.get("specVersion")),
        tool=text(tool.get("name")),
        tool_version=word(tool.get("version")),
        created_at=moment(metadata.get("timestamp")),
        **_subject(mapping(metadata.get("component"))),
        components=components,
    )


def _components(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Yield the components and, after each, those inside of it."""
    for component in objects(value, "components"):
        yield known(
            name=text(component.get("name")),
            group=text(component.get("group")),
            version=word(component.get("version")),
            purl=text(component.get("purl")),
            type=text(component.get("type")),
            scope=component.get("scope") if component.get("scope") in _SCOPES else None,
            supplier=text(mapping(component.get("supplier")).get("name")) or text(component.get("publisher")),
            licences=texts(_licences(elements(component.get("licenses")))),
            depth=depth,
        )
        yield from _components(component.get("components"), depth + 1)


def _licences(choices: Iterable[Any]) -> Iterator[Any]:
    for choice in choices:
        licence = mapping(mapping(choice).get("license"))
        yield licence.get("id") or licence.get("name") or mapping(choice).get("expression")


def _tool(tools: Any) -> Mapping[str, Any]:
    """Return the first tool: up to 1.4 of a list, since 1.5 of the lists of components and services."""
    if isinstance(tools, dict):
        tools = [*elements(tools.get("components")), *elements(tools.get("services"))]
    return next((tool for tool in elements(tools) if isinstance(tool, dict)), {})


def _subject(component: Mapping[str, Any]) -> dict[str, Any]:
    return known(
        subject_digest=_digest(component),
        subject_name=text(component.get("name")),
        subject_version=word(component.get("version")),
        subject_purl=text(component.get("purl")),
        subject_type=text(component.get("type")),
    )


def _digest(component: Mapping[str, Any]) -> str | None:
    """
    Return the digest of the subject.

    Syft writes an image's digest as its version, Trivy into its package URL and a property; the
    artifact that is a file has its own hash.
    """
    properties = elements(component.get("properties"))
    said = [
        word(component.get("version")),
        (text(component.get("purl")) or "").replace("%3A", ":"),
        *(text(mapping(entry).get("value")) for entry in properties if _names_digest(mapping(entry))),
    ]
    for value in said:
        if match := _DIGEST.search(value or ""):
            return match.group()
    for entry in elements(component.get("hashes")):
        content = text(mapping(entry).get("content")) or ""
        if mapping(entry).get("alg") == "SHA-256" and _HEX.fullmatch(content.lower()):
            return f"sha256:{content.lower()}"
    return None


def _names_digest(entry: Mapping[str, Any]) -> bool:
    return entry.get("name") in ("aquasecurity:trivy:RepoDigest", "syft:image:manifestDigest")

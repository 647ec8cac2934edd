"""
Trivy JSON: the vulnerabilities of an image, a folder or a cluster.

Schema 2 is an object, schema 1 a bare list, a cluster's report an object with one scan per
resource. `Vulnerabilities` is absent where none was found. Schema 1 writes `null` when nothing at
all was found; such a file names no target, so that it says nothing about any target's earlier
findings. An empty list is what many tools write, and is not taken for Trivy's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item
from ingest.shapes import (
    begins,
    elements,
    json_document,
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

FORMAT = "trivy_json"
VERSION = 1
TOPICS = ("vulnerability_scan",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_SAYS_SO = re.compile(
    rb'\s*\{\s*"SchemaVersion"\s*:\s*2\s*,\s*"(?:Trivy|ReportID|CreatedAt|ArtifactID|ArtifactName|ArtifactType)"\s*:'
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OPERATING_SYSTEM = re.compile(r" \([^()]*\)$")
_PACKAGES = ("os-pkgs", "lang-pkgs")
_STATES = (
    "affected",
    "fixed",
    "not_affected",
    "under_investigation",
    "will_not_fix",
    "fix_deferred",
    "end_of_life",
    "unknown",
)


def recognises(evidence: Evidence) -> bool:
    """Tell whether it is one of Trivy's documents; a broken one that begins so is refused with its reason."""
    if evidence.head.strip() == b"null" or begins(evidence, _SAYS_SO):
        return True
    document = json_document(evidence)
    if isinstance(document, list):
        return bool(document) and all(_is_result(entry) for entry in document)
    if not isinstance(document, dict):
        return False
    if "SchemaVersion" in document:
        return "ArtifactName" in document or "Results" in document
    return "ClusterName" in document and any(key in document for key in ("Resources", "Vulnerabilities"))


def _is_result(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("Target"), str) and "Vulnerabilities" in entry


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield one scan, or for a cluster one for each image that was scanned for vulnerabilities."""
    scans = list(_scans(evidence))
    if not scans:
        raise Refused(
            "no_vulnerability_scan",
            "the report is not about vulnerabilities, and not looking for them is not finding none: "
            "run Trivy with `--scanners vuln`",
        )
    for scan in scans:
        yield {"schema": "vulnerability_scan.v1.0", **context.event_fields(), "scanner": "trivy", **scan}


def _scans(evidence: Evidence) -> Iterator[dict[str, Any]]:
    document = evidence.json
    if document is None:
        yield {"findings": []}
    elif isinstance(document, list) and all(_is_result(entry) for entry in document):
        yield known(target=_target(document)) | {"findings": _findings(document)}
    elif "ClusterName" in json_object(evidence):
        for resource in objects(document.get("Resources") or document.get("Vulnerabilities"), "Resources"):
            results = objects(resource.get("Results"), "Results")
            if _looked_for_vulnerabilities(results):
                yield _image(resource, results) | {"findings": _findings(results)}
    else:
        results = objects(json_object(evidence, "SchemaVersion").get("Results"), "Results")
        if not results or _looked_for_vulnerabilities(results):
            yield known(
                scanner_version=text(mapping(document.get("Trivy")).get("Version")),
                scanned_at=moment(document.get("CreatedAt")),
                subject_digest=_digest(document, text(document.get("ArtifactName"))),
                target=text(document.get("ArtifactName")) or _target(results),
                target_type=text(document.get("ArtifactType")),
            ) | {"findings": _findings(results)}


def _looked_for_vulnerabilities(results: list[dict[str, Any]]) -> bool:
    """Tell whether packages were looked at; misconfigurations, secrets and licences have other classes."""
    return any(result.get("Class") in _PACKAGES or "Vulnerabilities" in result for result in results)


def _image(resource: Mapping[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the image of a cluster's resource; the resource itself if its image has no name."""
    path = "/".join(texts(resource.get(name) for name in ("Namespace", "Kind", "Name")))
    tags = texts(elements(mapping(resource.get("Metadata")).get("RepoTags")))
    image = tags[0] if tags else _target([result for result in results if result.get("Class") == "os-pkgs"])
    return known(
        subject_digest=_digest(resource, image),
        target=image or path,
        target_type="container_image" if image else "kubernetes_resource",
    )


def _target(results: list[dict[str, Any]]) -> str | None:
    """Return what the first result is about, without the operating system: `app:1.2 (alpine 3.20.1)`."""
    target = text(results[0].get("Target")) if results else None
    return _OPERATING_SYSTEM.sub("", target) if target else None


def _digest(document: Mapping[str, Any], name: str | None) -> str | None:
    """Return the digest under which a registry knows the image, if it is but one."""
    references = [*elements(mapping(document.get("Metadata")).get("RepoDigests")), name]
    digests = {digest for reference in texts(references) for digest in _DIGEST.findall(reference)}
    return digests.pop() if len(digests) == 1 else None


def _findings(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _finding(vulnerability, result)
        for result in results
        for vulnerability in objects(result.get("Vulnerabilities"), "Vulnerabilities")
    ]


def _finding(vulnerability: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    return known(
        vulnerability_id=text(vulnerability.get("VulnerabilityID")),
        component_purl=text(mapping(vulnerability.get("PkgIdentifier")).get("PURL")),
        component_name=text(vulnerability.get("PkgName")),
        component_version=word(vulnerability.get("InstalledVersion")),
        component_type=text(result.get("Type")),
        location=text(vulnerability.get("PkgPath")) or text(result.get("Target")),
        severity=(text(vulnerability.get("Severity")) or "").lower(),
        **_cvss(mapping(vulnerability.get("CVSS")), text(vulnerability.get("SeveritySource"))),
        fixed_in=texts((text(vulnerability.get("FixedVersion")) or "").split(",")),
        state=vulnerability.get("Status") if vulnerability.get("Status") in _STATES else None,
    )


def _cvss(sources: Mapping[str, Any], severity_source: str | None) -> dict[str, Any]:
    """Return the newest version's score: from the severity's source, else NVD, else the first by name."""
    preferred = sorted(sources, key=lambda name: (name != severity_source, name != "nvd", name))
    for major in ("V40", "V3", "V2"):
        for name in preferred:
            vector = text(mapping(sources[name]).get(f"{major}Vector"))
            if vector:
                version = vector[5:8] if vector.startswith("CVSS:") else "2.0"
                score = number(mapping(sources[name]).get(f"{major}Score"))
                return known(cvss_version=version, cvss_vector=vector, cvss_score=score)
    return {}

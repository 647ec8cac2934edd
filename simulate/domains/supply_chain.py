"""What is known of artifacts: inventories, scans, VEX statements, verdicts and policy decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from simulate.chance import identifier, sha256
from simulate.delivery import Artifact, Deployment, delivered, live_at
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.vulnerabilities import COMPONENTS, Vulnerability, live_vulnerabilities, purl, version
from simulate.world import Event, Sent, World, moment, rfc3339

_WEDNESDAY = 2
_POLICIES = ("image-signed", "no-known-exploited-vulnerability", "approved-base-image")
_CHECKS = {
    "signature": "cosign",
    "provenance": "slsa-verifier",
    "transparency_log": "rekor-cli",
    "sbom": "syft",
}
_RELEASE_CHECKS = {"tag_digest": "crane", "multi_arch": "crane", "referrers": "oras", "vex": "vexctl"}
_TOOL_VERSION = "0.0.0-simulated"


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield what became known of a repository's artifacts on a day."""
    delivery = delivered(world, repository, day)
    for place, artifact in enumerate(delivery.artifacts):
        yield _sbom(world, repository, artifact)
        is_release = place == 0 and day.weekday() == _WEDNESDAY
        yield from _verifications(world, repository, day, artifact, is_release=is_release)
    for deployment in delivery.deployments:
        if deployment.is_production and not world.tells("policy_bypass", repository, day):
            yield from _decisions(world, repository, day, deployment)
    if repository.deployments and world.sends(repository, day):
        yield _scan(world, repository, day)
    yield from _vex(world, repository, day)


def _subject(repository: Repository) -> str:
    return f"registry.example.org/{repository.name}"


def _sbom(world: World, repository: Repository, artifact: Artifact) -> Sent:
    made = artifact.built + timedelta(seconds=40)
    components = [
        {
            "name": component,
            "version": version(repository, component),
            "purl": purl(repository, component),
            "type": "library",
            "supplier": "Simulated Software Foundation",
            "licences": ["GPL-3.0-only" if component == "simulated-archive" else "Apache-2.0"],
            "depth": 1,
        }
        for component in COMPONENTS
    ]
    event: Event = {
        "schema": "sbom.v1.0",
        "repo": repository.name,
        "commit_sha": artifact.commit,
        "document_id": f"urn:uuid:{identifier(world.seed, artifact.digest, 'sbom')}",
        "document_version": "1",
        "format": "cyclonedx",
        "spec_version": "1.6",
        "tool": "syft",
        "tool_version": _TOOL_VERSION,
        "created_at": rfc3339(made),
        "subject_digest": artifact.digest,
        "subject_name": _subject(repository),
        "subject_version": artifact.version,
        "subject_type": "container",
        "components": components,
    }
    return Sent(made, event)


def _scan(world: World, repository: Repository, day: date) -> Sent:
    """Return the night's scan of what is live: what was known by the evening before."""
    scanned = moment(day, 4.5)
    live = live_at(world, repository, scanned)
    findings = [_finding(repository, found, scanned) for found in live_vulnerabilities(world, repository, day)]
    event: Event = {
        "schema": "vulnerability_scan.v1.0",
        "repo": repository.name,
        "scanner": "grype",
        "scanner_version": _TOOL_VERSION,
        "database_built_at": rfc3339(moment(day, 1)),
        "scanned_at": rfc3339(scanned),
        "subject_digest": live.digest,
        "target": f"{_subject(repository)}@{live.digest}",
        "target_type": "image",
        "findings": findings,
    }
    return Sent(scanned, event)


def _finding(repository: Repository, found: Vulnerability, scanned: datetime) -> Event:
    return {
        "vulnerability_id": found.id,
        "aliases": [found.alias],
        "component_purl": purl(repository, found.component),
        "component_name": found.component,
        "component_version": version(repository, found.component),
        "component_type": purl(repository, found.component).partition(":")[2].partition("/")[0],
        "severity": found.severity,
        "cvss_version": "3.1",
        "cvss_score": found.score,
        "epss": found.epss,
        "epss_date": f"{scanned.date()}",
        "is_kev": found.is_kev,
        "fixed_in": ["99.0.0"],
        "state": "fixed",
    }


def _vex(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the statements about the vulnerability that is reported, but does not concern the product."""
    story = STORIES["vex_not_affected"]
    if repository.name != story.repository:
        return
    begins, _ = story.span(world.until)
    about = "CVE-2099-4402"
    statement: Event = {
        "vulnerability": about,
        "aliases": ["GHSA-simu-late-4402"],
        "product": f"pkg:oci/{repository.short}?repository_url={_subject(repository)}",
        "product_purl": f"pkg:oci/{repository.short}?repository_url={_subject(repository)}",
        "subcomponents": [purl(repository, "simulated-template")],
    }
    verdicts: dict[int, Event] = {
        1: {"status": "under_investigation"},
        5: {
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "Templates are compiled at build time; nothing that users send reaches the parser.",
        },
    }
    for number, (after, verdict) in enumerate(verdicts.items(), 1):
        if day == begins + timedelta(days=after):
            issued = moment(day, 15)
            event: Event = {
                "schema": "vex.v1.0",
                "repo": repository.name,
                "document_id": f"https://vex.example.org/{repository.short}/{about}",
                "version": str(number),
                "author": "simulated-product-security",
                "author_role": "vendor",
                "timestamp": rfc3339(issued),
                "statements": [{**statement, **verdict}],
            }
            yield Sent(issued, event)


def _verifications(
    world: World, repository: Repository, day: date, artifact: Artifact, *, is_release: bool
) -> Iterator[Sent]:
    draws = world.chance(repository, day, f"checks {artifact.version}")
    checks = {**_CHECKS, **(_RELEASE_CHECKS if is_release else {})}
    if world.tells("exemplary_service", repository, day) and not world.tells("unrepeated_builds", repository, day):
        checks["determinism"] = "diffoscope"
    if is_release and repository.tier < 2:
        checks["cache"] = "ci-intel"
    if world.tells("missing_provenance", repository, day):
        del checks["provenance"]
    for place, (check, tool) in enumerate(checks.items()):
        checked = artifact.built + timedelta(minutes=2 + place, seconds=draws.about(20))
        if check == "signature" and world.tells("late_signature", repository, day):
            checked = artifact.built + timedelta(hours=4)
        verdict, code, reason = _verdict(world, repository, day, check)
        event: Event = {
            "schema": "verification.v1.0",
            "repo": repository.name,
            "commit_sha": artifact.commit,
            "subject_digest": artifact.digest,
            "subject_name": _subject(repository),
            "check": check,
            "verdict": verdict,
        }
        if code:
            event |= {"reason_codes": [code], "reasons": [reason]}
        event |= {"tool": tool, "tool_version": _TOOL_VERSION, "checked_at": rfc3339(checked)}
        if check == "signature":
            event["identity"] = f"https://ci.example.org/{repository.name}/.ci/release@refs/heads/main"
            event["issuer"] = "https://issuer.example.org"
            if code:
                event["identity"] = "https://ci.example.org/somebody-else/release@refs/heads/main"
        if check == "provenance" and verdict == "verified":
            event["slsa_build_level"] = 3 if repository.tier < 2 else 2
        if check == "transparency_log" and verdict == "verified":
            event["log_id"] = sha256("log")
            event["log_index"] = 10**8 + int(draws.random() * 10**7)
        yield Sent(checked, event)


def _verdict(world: World, repository: Repository, day: date, check: str) -> tuple[str, str, str]:
    """Return the verdict of a check, with the code and the reason of one that is not good."""
    if check == "signature" and day.weekday() == _WEDNESDAY and world.tells("refuted_signature", repository, day):
        return "refuted", "identity_mismatch", "the signature is valid, but it is not of this repository's pipeline"
    if check == "transparency_log" and world.tells("undecided_transparency_log", repository, day):
        return "undecided", "log_unreachable", "the transparency log could not be reached"
    if check == "provenance" and repository.tier == 3:
        return "undecided", "no_evidence", "no provenance is attached"
    if check == "determinism" and world.chance(repository, day, "determinism").happens(0.06):
        return "refuted", "content_differs", "two builds of the same commit differ in a timestamp"
    return "verified", "", ""


def _decisions(world: World, repository: Repository, day: date, deployment: Deployment) -> Iterator[Sent]:
    draws = world.chance(repository, day, f"policies {deployment.id}")
    decided = deployment.started - timedelta(seconds=draws.about(60))
    for place, policy in enumerate(_POLICIES):
        decision, reason = "allow", ""
        if deployment.is_denied and policy == "approved-base-image":
            decision, reason = "deny", "the base image is not on the list"
        elif world.tells("policy_denials", repository, day) and place == 0 and draws.happens(0.2):
            decision, reason = "exempt", "the owner exempts generated manifests until the end of the quarter"
        elif world.tells("unpatched_cve", repository, day) and policy == "no-known-exploited-vulnerability":
            decision, reason = "warn", "a vulnerability that is known to be exploited is in simulated-images"
        elif draws.happens(0.01):
            decision, reason = "error", "the evaluation ran out of time"
        event: Event = {
            "schema": "policy_decision.v1.0",
            "repo": repository.name,
            "commit_sha": deployment.artifact.commit,
            "policy": policy,
            "engine": "kyverno" if policy == "image-signed" else "opa",
            "engine_version": _TOOL_VERSION,
            "mode": "enforce",
            "decision": decision,
            "subject": f"{_subject(repository)}@{deployment.artifact.digest}",
            "subject_digest": deployment.artifact.digest,
            "environment": deployment.environment,
            "deployment_id": deployment.id,
        }
        if reason:
            event["reason"] = reason
        event |= {"duration_ns": 1_000_000 + int(draws.random() * 9_000_000), "decided_at": rfc3339(decided)}
        yield Sent(decided, event)

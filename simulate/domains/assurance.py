"""What is done so that builds can be trusted: builds repeated, caches checked, evidence put together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulate.chance import digest, sha256
from simulate.delivery import Artifact, delivered
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import Event, Sent, World, moment, rfc3339

_WEDNESDAY = 2
_TOOL_VERSION = "0.0.0-simulated"
_ITEMS = {
    "signature": "signature.json",
    "provenance": "provenance.intoto.jsonl",
    "transparency_log": "rekor-entry.json",
    "sbom": "sbom.cdx.json",
}


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield Wednesday's repeated builds and bundle of evidence, and the night's check of the cache."""
    if repository.tier < 2 and world.sends(repository, day):
        yield _cache_check(world, repository, day)
    artifacts = delivered(world, repository, day).artifacts
    if day.weekday() != _WEDNESDAY or not artifacts:
        return
    if repository.tier < 2:
        yield _bundle(world, repository, day, artifacts[0])
    if repository.name == STORIES["unrepeated_builds"].repository and not world.tells(
        "unrepeated_builds", repository, day
    ):
        yield _dual_build(world, repository, day, artifacts[0])
        before = delivered(world, repository, day - timedelta(weeks=4)).artifacts
        if before:
            yield _cross_time(world, repository, day, before[0])


def _dual_build(world: World, repository: Repository, day: date, artifact: Artifact) -> Sent:
    event = _determinism_check(repository, artifact, "dual_build")
    checked = artifact.built + timedelta(minutes=50)
    if world.tells("unreproducible_build", repository, day):
        event |= {
            "verdict": "refuted",
            "second_digest": digest(world.seed, artifact.digest, "again"),
            "differing_files": ["app/build-info.json", "app/main.bin"],
            "differing_file_count": 2,
            "first_cause": "the time of the build in app/build-info.json",
        }
    event["environment"] = "two runners of the same image"
    return Sent(checked, {**event, "checked_at": rfc3339(checked)})


def _cross_time(world: World, repository: Repository, day: date, artifact: Artifact) -> Sent:
    """Return the repetition of what was released four weeks ago; sometimes what it was built with is gone."""
    event = _determinism_check(repository, artifact, "cross_time")
    checked = moment(day, 20)
    event |= {"first_built_at": rfc3339(artifact.built), "second_built_at": rfc3339(checked - timedelta(minutes=9))}
    if world.chance(repository, day, "cross time").happens(0.15):
        event["verdict"] = "undecided"
        event["first_cause"] = "the image that it was built with is no longer there"
        del event["second_built_at"], event["second_digest"]
    return Sent(checked, {**event, "checked_at": rfc3339(checked)})


def _determinism_check(repository: Repository, artifact: Artifact, kind: str) -> Event:
    return {
        "schema": "determinism_check.v1.0",
        "repo": repository.name,
        "commit_sha": artifact.commit,
        "subject": f"registry.example.org/{repository.name}",
        "subject_digest": artifact.digest,
        "kind": kind,
        "verdict": "verified",
        "first_digest": artifact.digest,
        "second_digest": artifact.digest,
        "tool": "diffoscope",
        "tool_version": _TOOL_VERSION,
    }


def _cache_check(world: World, repository: Repository, day: date) -> Sent:
    draws = world.chance(repository, day, "cache check")
    checked = moment(day, 5)
    event: Event = {
        "schema": "cache_check.v1.0",
        "repo": repository.name,
        "cache": f"https://cache.example.org/{repository.short}",
        "algorithm": "sha256",
        "entries": draws.about(900),
        "mismatched": 0,
        "missing": draws.count(1),
        "unexpected": 0,
        "quarantined": 0,
        "is_signed": True,
        "verdict": "verified",
        "tool": "ci-intel",
        "tool_version": _TOOL_VERSION,
        "checked_at": rfc3339(checked),
    }
    if world.tells("corrupted_cache", repository, day):
        event |= {"mismatched": 1, "quarantined": 1, "verdict": "refuted", "reason": "an entry was changed"}
        event["bad_entries"] = [
            {
                "key": f"build/{repository.short}/{sha256(world.seed, repository.name, 'entry')[:12]}",
                "problem": "mismatched",
                "expected_digest": digest(world.seed, repository.name, "entry"),
                "actual_digest": digest(world.seed, repository.name, "entry", day),
                "bytes": 48_128,
                "is_quarantined": True,
            }
        ]
    elif draws.happens(0.02):
        for unknown in ("entries", "mismatched", "missing", "unexpected", "quarantined", "is_signed"):
            del event[unknown]
        event |= {"verdict": "undecided", "reason": "the manifest could not be read"}
    return Sent(checked, event)


def _bundle(world: World, repository: Repository, day: date, artifact: Artifact) -> Sent:
    made = artifact.built + timedelta(hours=5)
    year, week, _ = day.isocalendar()
    missing = {
        "provenance": world.tells("missing_provenance", repository, day),
        "sbom": world.tells("incomplete_bundle", repository, day),
    }
    items: list[Event] = []
    for kind, path in _ITEMS.items():
        if missing.get(kind):
            items.append({"type": kind, "path": path, "present": False, "reason": "nobody made it"})
            continue
        content = sha256(world.seed, artifact.digest, kind)
        items.append({"type": kind, "path": path, "sha256": content, "present": True, "verified": True})
    event: Event = {
        "schema": "evidence_bundle.v1.0",
        "repo": repository.name,
        "commit_sha": artifact.commit,
        "release": f"v{year}.{week}.0",
        "artifact_digest": artifact.digest,
        "bundle_uri": f"https://evidence.example.org/{repository.name}/v{year}.{week}.0.tar",
        "bundle_sha256": sha256(world.seed, artifact.digest, "bundle"),
        "is_complete": all(item["present"] for item in items),
        "tool": "ci-intel",
        "tool_version": _TOOL_VERSION,
        "created_at": rfc3339(made),
        "items": items,
    }
    return Sent(made, event)

"""Package URLs: what they say of an artifact, as far as they say anything. Specification: package-url, purl-spec."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote

_PURL = re.compile(
    r"pkg:(?P<type>[A-Za-z][\w.+-]*)/(?P<path>[^@?#]+)(?:@(?P<version>[^?#]+))?(?:\?(?P<qualifiers>[^#]*))?(?:#.*)?"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+", re.ASCII)
_FORGES = frozenset({"github", "gitlab", "bitbucket", "git"})


def artifact_of(purl: Any) -> dict[str, str]:
    """
    Return name, version, tag, digest, commit and repository of an artifact, those that its package URL tells.

    A version that is a digest or a commit is that, and no version. Only the types that belong to a forge name
    a repository.
    """
    match = _PURL.fullmatch(purl) if isinstance(purl, str) else None
    if match is None:
        return {}
    path, version = unquote(match["path"]).strip("/"), unquote(match["version"] or "")
    qualifiers = {name: values[0] for name, values in parse_qs(match["qualifiers"] or "").items()}
    digest = version if _DIGEST.fullmatch(version) else qualifiers.get("checksum", "").lower()
    is_of_forge = match["type"].lower() in _FORGES
    found = {
        "name": qualifiers.get("repository_url") or path,
        "digest": digest if _DIGEST.fullmatch(digest) else None,
        "version": None if _DIGEST.fullmatch(version) or _COMMIT.fullmatch(version) else version,
        "commit_sha": version if is_of_forge and _COMMIT.fullmatch(version) else None,
        "repository": path if is_of_forge and _REPOSITORY.fullmatch(path) else None,
        "tag": qualifiers.get("tag"),
    }
    return {name: value for name, value in found.items() if value}

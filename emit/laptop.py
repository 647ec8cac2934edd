"""A run on a desk: which repository, commit and branch a checkout is of, by git."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_REMOTE = re.compile(r"(?:[a-z+]+://(?:[^/@]*@)?[^/]+/|[^/@]+@[^:/]+:)([A-Za-z0-9._/-]+?)(?:\.git)?/?")


def checkout(folder: Path) -> dict[str, str]:
    """Return `repo`, `commit_sha` and `branch` of the checkout at `folder`, as far as git knows them."""
    found = {
        "repo": _repository(_git(folder, "remote", "get-url", "origin")),
        "commit_sha": _git(folder, "rev-parse", "--verify", "HEAD"),
        "branch": _git(folder, "symbolic-ref", "--short", "HEAD"),
    }
    return {name: value for name, value in found.items() if value}


def _repository(url: str | None) -> str | None:
    match = _REMOTE.fullmatch(url or "")
    return match.group(1) if match and "/" in match.group(1) else None


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None

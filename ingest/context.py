"""
Context: which run a report belongs to, where the report itself does not say.

It comes from flags, else from the variables that the CI sets in every job.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class RunContext:
    """
    The run that a report belongs to; None for what is not known.

    `source` is who said so: `evidence`, `ci_environment`, `flag` or `api`.
    """

    provider: str | None = None
    repository: str | None = None
    run_id: str | None = None
    run_attempt: int | None = None
    commit_sha: str | None = None
    job: str | None = None
    source: str = "evidence"

    @property
    def is_binding(self) -> bool:
        """Whether the provider itself named the run: what the evidence says of it then has to agree."""
        return self.source == "api" and self.run_id is not None

    def outside(self, names: tuple[str, ...]) -> Mapping[str, Any]:
        """Return the named fields, with their values, None where unknown."""
        return {name: value for name, value in asdict(self).items() if name in names}

    def event_fields(self) -> dict[str, Any]:
        """Return what is known under the names that contracts use (`repo`)."""
        known = {name: value for name, value in asdict(self).items() if value is not None and name != "source"}
        if "repository" in known:
            known["repo"] = known.pop("repository")
        return known


def from_environment(environment: Mapping[str, str]) -> RunContext:
    """
    Read the context that GitHub Actions or GitLab CI give their jobs; empty on other machines.

    Sources: GitHub, "Variables reference"; GitLab, "Predefined CI/CD variables reference".
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return RunContext(
            provider="github",
            repository=environment.get("GITHUB_REPOSITORY") or None,
            run_id=environment.get("GITHUB_RUN_ID") or None,
            run_attempt=_whole(environment.get("GITHUB_RUN_ATTEMPT")),
            commit_sha=_commit(environment.get("GITHUB_SHA")),
            job=environment.get("GITHUB_JOB") or None,
            source="ci_environment",
        )
    if environment.get("GITLAB_CI") == "true":
        return RunContext(
            provider="gitlab",
            repository=environment.get("CI_PROJECT_PATH") or None,
            run_id=environment.get("CI_PIPELINE_ID") or None,
            run_attempt=1,
            commit_sha=_commit(environment.get("CI_COMMIT_SHA")),
            job=environment.get("CI_JOB_NAME") or None,
            source="ci_environment",
        )
    return RunContext()


def overridden(context: RunContext, flags: RunContext) -> RunContext:
    """Return `context` with what `flags` say instead; one flag makes the source `flag`."""
    said = {field.name: getattr(flags, field.name) for field in fields(flags) if field.name != "source"}
    said = {name: value for name, value in said.items() if value is not None}
    return replace(context, **said, source="flag") if said else context


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else None


def _commit(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"[0-9a-f]{40}", text) else None

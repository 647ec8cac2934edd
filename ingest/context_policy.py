"""
The context policy: whose word counts for which repositories (`config/context_policy.yaml`).

It binds those who load with it. Who may write to the warehouse at all is the warehouse's own affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ci_intel.errors import HubError, Refused
from ingest.context import RunContext

SOURCES = ("api", "ci_environment", "flag", "evidence")
DEFAULT_PATH = Path("config/context_policy.yaml")
NOT_ACCEPTED = "context_not_accepted"
_WAYS = {
    "api": "collect it with `ci-intel collect`",
    "ci_environment": "load it in a CI job of that repository",
    "flag": "say --repository",
    "evidence": "load it outside of CI and without --repository",
}


@dataclass(frozen=True)
class Rule:
    """Repositories, by name or pattern, and the sources whose word counts for them."""

    repositories: Sequence[str]
    accepts: Sequence[str]


@dataclass(frozen=True)
class ContextPolicy:
    """Rules, of which the first that fits a repository decides. Without one, every word counts."""

    rules: Sequence[Rule] = ()

    def refuses(self, event: Mapping[str, Any], given: RunContext) -> str | None:
        """
        Return why an event is not believed, None if it is, given the context that its load came with.

        The load's word counts for an event of the load's own repository; of any other, the event speaks for itself.
        """
        repository = event.get("repo")
        if not self.rules or not isinstance(repository, str):
            return None
        is_vouched = given.source == "api" or given.repository == repository
        source = given.source if is_vouched else "evidence"
        accepted = self.accepted(repository)
        if source in accepted:
            return None
        ways = " or ".join(_WAYS[one] for one in accepted)
        words = ", ".join(accepted)
        return f"for {repository} the context policy accepts only the word of {words}, not of {source}: {ways}"

    def accepted(self, repository: str) -> Sequence[str]:
        """Return the sources whose word counts for a repository."""
        for rule in self.rules:
            if any(fnmatchcase(repository, pattern) for pattern in rule.repositories):
                return rule.accepts
        return SOURCES


def read_policy(path: Path | None) -> ContextPolicy:
    """
    Read the policy at `path`, else the one of the working folder; without either, everything is accepted.

    Raises `HubError` for one that cannot be used: evidence is not let in by a policy that nobody understood.
    """
    if path is None and not DEFAULT_PATH.is_file():
        return ContextPolicy()
    path = path or DEFAULT_PATH
    from ingest import yamltext

    try:
        documents = list(yamltext.documents(path.read_bytes(), depth=10))
        return ContextPolicy(_rules(documents))
    except OSError as error:
        raise HubError(f"{path}: cannot be read: {error.strerror}") from error
    except Refused as refusal:
        raise HubError(f"{path}: {refusal.message}") from refusal
    except ValueError as error:
        raise HubError(f"{path}: {error}; nothing is loaded until that is mended") from error


def _rules(documents: Sequence[Any]) -> tuple[Rule, ...]:
    document = documents[0] if len(documents) == 1 else None
    if not isinstance(document, Mapping) or set(document) != {"rules"} or not isinstance(document["rules"], list):
        raise ValueError("a policy is `rules:` with a list")
    return tuple(_rule(number, rule) for number, rule in enumerate(document["rules"], 1))


def _rule(number: int, rule: Any) -> Rule:
    if not isinstance(rule, Mapping) or set(rule) != {"repositories", "accepts"}:
        raise ValueError(f"rule {number} has to have `repositories` and `accepts`, and nothing else")
    for name in ("repositories", "accepts"):
        words = rule[name]
        if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
            raise ValueError(f"rule {number}: `{name}` is a list of words, and not an empty one")
    unknown = [word for word in rule["accepts"] if word not in SOURCES]
    if unknown:
        raise ValueError(f"rule {number} accepts {unknown[0]!r}; there is: {', '.join(SOURCES)}")
    return Rule(tuple(rule["repositories"]), tuple(rule["accepts"]))

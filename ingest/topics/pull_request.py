"""Pull requests: one version of one, and the commits on its branch."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import Event, Table, boolean, child, integer, string, timestamp

PULL_REQUESTS = Table(
    "pull_requests",
    key=("provider", "repository", "number"),
    event_time="opened_at",
    columns=(
        string("provider", default="hub"),
        string("repository", "repo"),
        integer("number"),
        string("title_sha256"),
        string("author_type"),
        boolean("is_draft"),
        string("base_branch"),
        timestamp("opened_at"),
        timestamp("ready_for_review_at"),
        timestamp("first_review_at"),
        timestamp("approved_at"),
        timestamp("merged_at"),
        timestamp("closed_at"),
        string("merge_commit_sha"),
        integer("additions"),
        integer("deletions"),
        integer("changed_files"),
        string("run_id"),
        integer("run_attempt"),
        string("job"),
    ),
)

COMMITS = child(
    PULL_REQUESTS,
    "pull_request_commits",
    "commits",
    [
        string("commit_sha", "sha"),
        timestamp("authored_at"),
        timestamp("committed_at"),
        string("author_type"),
    ],
)

TABLES = (PULL_REQUESTS, COMMITS)


def contradictions(event: Event) -> Iterator[Violation]:
    """
    Yield what the schema cannot express: an end before the opening, and the merge of what was not merged.

    Commits and reviews may claim to be older than the pull request: other clocks wrote them.
    """
    for name in ("merged_at", "closed_at"):
        if is_reversed(event["opened_at"], event.get(name)):
            yield Violation(f"/{name}", f"{name} ({event[name]}) is before opened_at ({event['opened_at']})")
    if "merge_commit_sha" in event and "merged_at" not in event:
        yield Violation("/merge_commit_sha", "it was not merged, so that this commit is at most a test merge")

"""Releases: one tag of a repository and the artifact that was released under it."""

from __future__ import annotations

from ingest.tables import Table, boolean, integer, joined, string, timestamp

RELEASES = Table(
    "releases",
    key=("repository", "tag"),
    event_time="released_at",
    columns=(
        string("repository", "repo"),
        string("tag"),
        string("artifact_digest"),
        string("artifact_name"),
        string("commit_sha"),
        timestamp("released_at"),
        boolean("is_prerelease"),
        joined("platforms"),
        string("uri"),
        string("provider"),
        string("run_id"),
        integer("run_attempt"),
        string("job"),
    ),
)

TABLES = (RELEASES,)

"""Repositories: the entries of the catalogue, each valid from a moment on."""

from __future__ import annotations

from ingest.tables import Table, boolean, child, integer, joined, number, string, timestamp

REPOSITORIES = Table(
    "repositories",
    key=("repository", "valid_from"),
    event_time="valid_from",
    columns=(
        string("repository", "repo"),
        timestamp("valid_from"),
        string("team"),
        string("service"),
        joined("service_rules"),
        integer("tier"),
        string("default_branch"),
        boolean("is_active"),
        string("provider"),
    ),
)

THRESHOLDS = child(
    REPOSITORIES,
    "repository_thresholds",
    "thresholds",
    [string("metric_id", "key"), number("threshold", "value")],
)

TABLES = (REPOSITORIES, THRESHOLDS)

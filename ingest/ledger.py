"""
The hub's own tables: what was loaded, what was rejected, what was refused, and what could be loaded.

They are declared like a topic's tables, so that both engines' DDL comes from the same place.
"""

from __future__ import annotations

import pyarrow as pa

from ingest.tables import ARROW, Table, boolean, integer, joined, string, timestamp

LOADS = Table(
    "loads",
    key=("load_id", "generation"),
    event_time="committed_at",
    columns=(
        string("load_id"),
        integer("generation"),
        string("content_sha256"),
        string("source_name"),
        integer("source_bytes"),
        timestamp("source_modified_at"),
        string("format"),
        joined("topics"),
        joined("contracts"),
        integer("event_count"),
        integer("loaded_event_count"),
        integer("rejected_event_count"),
        integer("duplicate_event_count"),
        timestamp("started_at"),
        timestamp("loaded_at"),
        timestamp("committed_at"),
        string("loader_version"),
        integer("reader_version"),
        string("provider"),
        string("repository"),
        string("run_id"),
        integer("run_attempt"),
        string("commit_sha"),
        string("job"),
        string("context_source"),
        string("submitted_by"),
    ),
)

REJECTS = Table(
    "rejects",
    key=("load_id", "generation", "line"),
    event_time="loaded_at",
    columns=(
        string("load_id"),
        integer("generation"),
        integer("line"),
        integer("byte_offset"),
        string("code"),
        string("pointer"),
        string("message"),
        string("content"),
        timestamp("loaded_at"),
    ),
)

REFUSALS = Table(
    "refusals",
    key=("refused_at", "source_name"),
    event_time="refused_at",
    columns=(
        string("source_name"),
        string("content_sha256"),
        integer("source_bytes"),
        string("format"),
        string("status"),
        string("code"),
        string("message"),
        timestamp("refused_at"),
        string("repository"),
        string("submitted_by"),
    ),
)

LOAD_TOPICS = Table(
    "load_topics",
    key=("load_id", "generation", "topic", "is_simulated"),
    event_time="loaded_at",
    columns=(
        string("load_id"),
        integer("generation"),
        string("topic"),
        boolean("is_simulated"),
        integer("loaded_event_count"),
        integer("rejected_event_count"),
        timestamp("loaded_at"),
    ),
)

TOPICS = Table(
    "topics",
    key=("topic", "noted_at"),
    event_time="noted_at",
    columns=(
        string("topic"),
        string("summary"),
        string("owner"),
        timestamp("noted_at"),
    ),
)

POSITIONS = Table(
    # How far a collection from a provider's API has come: what was committed of a repository, and in which version.
    "positions",
    key=("api_url", "repository", "kind", "name", "noted_at"),
    event_time="noted_at",
    columns=(
        string("api_url"),
        string("repository"),
        string("kind"),
        string("name"),
        string("mark"),
        timestamp("noted_at"),
    ),
)

TABLES = (LOADS, LOAD_TOPICS, REJECTS, REFUSALS, TOPICS, POSITIONS)


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of one of the hub's own tables, which have no loader columns."""
    return pa.schema([(column.name, ARROW[column.type]) for column in table.own_columns])

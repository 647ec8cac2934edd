"""Job telemetry: one execution of a job, measured by the job itself."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Table, boolean, child, integer, string, timestamp

TELEMETRY = Table(
    "job_telemetry",
    key=("job_telemetry_id",),
    content_key="job_telemetry_id",
    event_time="recorded_at",
    columns=(
        *RUN_CONTEXT,
        integer("duration_ms"),
        integer("queue_ms"),
        string("status"),
        integer("test_count", "tests_total"),
        boolean("is_cache_hit", "cache_hit"),
        integer("changed_file_count", "changed_files"),
        string("runner_type"),
        string("runner_size"),
        timestamp("recorded_at"),
        string("notes"),
    ),
)

METADATA = child(TELEMETRY, "job_telemetry_metadata", "metadata", [string("key"), string("value")])

TABLES = (TELEMETRY, METADATA)

"""The peer of loading into normalised tables: dlt, from the same lines into DuckDB."""

import sys
from pathlib import Path

import dlt
import orjson

evidence, database = sys.argv[1:]
pipeline = dlt.pipeline(
    "bench",
    pipelines_dir=str(Path(database).parent / "pipelines"),
    destination=dlt.destinations.duckdb(database),
    dataset_name="raw",
)
with Path(evidence).open("rb") as lines:
    pipeline.run((orjson.loads(line) for line in lines), table_name="pipeline_runs")

"""`target` as sqlfluff renders macros."""

type = "duckdb"
schema = "main"

"""The peer of loading: DuckDB's own JSON reader, `read_json`, into one table; nothing is judged."""

import sys

import duckdb

evidence, database = sys.argv[1:]
with duckdb.connect(database) as connection:
    connection.execute("set threads = 2")
    connection.execute("create table runs as select * from read_json(?, format = 'newline_delimited')", [evidence])

"""
Starts the emulator `local-bigquery` 0.4.0, changed while it is imported so that it runs here.

Nothing of its behaviour towards a client is changed but what is listed under "differs from BigQuery".

To run on Python 3.11 (it asks for 3.13): two files use syntax of 3.12, which is rewritten.

To run with DuckDB 1.5.5 (it asks for 2.0, whose extensions no package registry has):
- the time zone is set after connecting; else: "icu extension needs to be loaded";
- the extension ducklake is loaded from the disk; else it would be downloaded.

Where it differs from BigQuery:
- a job that creates a table by a query names that table as its destination; dbt reads it there;
- a job's id is taken in one step: of two requests with one id in the same moment, one is refused;
- a function that only DuckDB has is not found (see functions.py);
- `full union … by name` loses its first word: DuckDB's own `union … by name` fills what one side lacks;
- `set (x) = (select as struct …)`, in dbt's scripts that replace partitions, is an assignment to x.

To be quick: see lookups.py, and what a query asks for first, the temporary tables.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import os
import re
import signal
import sys
import threading
import time
from importlib.metadata import entry_points

from functions import unknown_functions
from lookups import ask_for_one

GENERIC_FUNCTION = re.compile(r"(def \w+)\[R: Resource\]\((.*?)\)( -> [^:]+)?:")
REWRITTEN = {f"local_bigquery.{name}" for name in ("catalog.metadata", "engine.results", "jobs.query")}
TEMPORARY_TABLES = "SELECT table_name FROM duckdb_tables() WHERE temporary"
QUICKER_TEMPORARY_TABLES = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE database_name = 'temp'"
QUOTES_IN_BRACES = """{message.replace("'", "''")}"""
FULL_UNION_BY_NAME = re.compile(r"\bfull\s+(?=union\s+(all|distinct)\s+by\s+name\b)", re.I)
ASSIGNED_STRUCT = re.compile(r"\bset\s*\(\s*(\w+)\s*\)\s*=\s*\(\s*select\s+as\s+struct\b", re.I)


def rewritten(source: str) -> str:
    source = source.replace(TEMPORARY_TABLES, QUICKER_TEMPORARY_TABLES)
    source = GENERIC_FUNCTION.sub(lambda found: f"{found[1]}({re.sub(r': (type.R.|R)', '', found[2])}):", source)
    return source.replace(QUOTES_IN_BRACES, "{message.replace(chr(39), chr(39) * 2)}")


class Rewritten(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data, path, *, _optimize=-1):
        return super().source_to_code(rewritten(data.decode()).encode(), path, _optimize=_optimize)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name not in REWRITTEN:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        spec.loader = Rewritten(name, spec.origin)
        return spec


def connect_with_duckdb_1_5():
    import duckdb

    connect = duckdb.connect

    def connected(*arguments, config=None, **options):
        config = dict(config or {})
        zone = config.pop("TimeZone", None)
        connection = connect(*arguments, config=config, **options)
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("load ducklake")
        if zone:
            connection.execute(f"set TimeZone = '{zone}'")
        return connection

    duckdb.connect = connected


def answer_as_bigquery_does():
    from local_bigquery.errors import BigQueryError
    from local_bigquery.jobs import query

    execute = query.execute

    def executed(cursor, project_id, job_id, config, *arguments, **options):
        for name in unknown_functions(config.query or ""):
            raise BigQueryError("invalidQuery", f"Function not found: {name}", "query")
        if config.query:
            query = FULL_UNION_BY_NAME.sub("", ASSIGNED_STRUCT.sub(r"set \1 = (select", config.query))
            config = config.replace(query=query)
        statistics, children, destination = execute(cursor, project_id, job_id, config, *arguments, **options)
        if destination is None and getattr(statistics, "statementType", None) == "CREATE_TABLE_AS_SELECT":
            destination = statistics.ddlTargetTable
        return statistics, children, destination

    query.execute = executed


def take_each_job_id_once():
    """Look for a job of this id, and take the id, under one lock: with nothing between, two could both find none."""
    from local_bigquery.jobs import runner

    submit, taking = runner.submit, threading.Lock()

    def submitted(project_id, job_id, configuration, upload=None):
        if configuration.dryRun:
            return submit(project_id, job_id, configuration, upload)
        with taking:
            return submit(project_id, job_id, configuration, upload)

    runner.submit = submitted


def end_with(parent: int):
    """End with the process that started us, however that ends."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def main():
    # Trees of SQL are many objects that soon go: looking for lost ones often takes a quarter of all time.
    gc.set_threshold(200_000, 20, 20)
    end_with(os.getppid())
    sys.meta_path.insert(0, Finder())
    connect_with_duckdb_1_5()
    ask_for_one()
    answer_as_bigquery_does()
    take_each_job_id_once()
    [command] = [point for point in entry_points(group="console_scripts") if point.name == "local-bigquery"]
    sys.argv[0] = command.name
    sys.exit(command.load()())


if __name__ == "__main__":
    main()

"""
The part of BigQuery's REST API that dbt uses, on GoogleSQL's own analyzer and reference implementation.

Every statement is analyzed, and refused with the analyzer's words if it is not GoogleSQL. Queries, `create … as`
and `insert` are evaluated too; `merge`, `update` and `delete` are analyzed only, for the reference
implementation does not run them from here.

    python bigquery_server.py CACHE     prints the port it listens on
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from engine import NAMES, NO_PARAMETERS, GoogleSQL, Parameters, Refused, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUOTED_PATH = re.compile(r"`([\w-]+)`\s*\.\s*`([\w-]+)`\s*\.\s*`([\w$-]+)`")
_RAISE_IF = re.compile(r"(?s)if (.*) then raise using message = '([^']*)' end if")
_UNIT_TEST = "as `actual_or_expected`"
_STATEMENT_TYPES = {
    "ResolvedQueryStmtProto": "SELECT",
    "ResolvedCreateTableAsSelectStmtProto": "CREATE_TABLE_AS_SELECT",
    "ResolvedCreateTableStmtProto": "CREATE_TABLE",
    "ResolvedCreateViewStmtProto": "CREATE_VIEW",
    "ResolvedInsertStmtProto": "INSERT",
    "ResolvedMergeStmtProto": "MERGE",
    "ResolvedUpdateStmtProto": "UPDATE",
    "ResolvedDeleteStmtProto": "DELETE",
    "ResolvedCreateSchemaStmtProto": "CREATE_SCHEMA",
    "ResolvedDropStmtProto": "DROP_TABLE",
}


class NotFound(Exception):
    """There is no such dataset, table or job."""


@dataclass
class Job:
    """A job that has ended well."""

    resource: dict[str, Any]
    columns: Sequence[tuple[str, str]] = ()
    rows: Sequence[Any] = ()


@dataclass
class BigQuery:
    """Datasets, tables and jobs of one project."""

    engine: GoogleSQL
    datasets: set[str] = field(default_factory=set)
    tables: dict[str, Table] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    uploads: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    statements: list[dict[str, str]] = field(default_factory=list)

    def run(
        self, sql: str, parameters: Parameters = NO_PARAMETERS
    ) -> tuple[str, Sequence[tuple[str, str]], Sequence[Any]]:
        """Analyze one statement, and do it; return its type, columns and rows."""
        sql = _QUOTED_PATH.sub(r"`\1.\2.\3`", sql)
        if _UNIT_TEST in sql:
            # It was analyzed a moment ago, when dbt asked for its types.
            return "SELECT", *self.engine.rows(sql, self.tables)
        analysis = self.engine.analyze(sql, self.tables, parameters)
        self.functions |= analysis.functions
        kind = _STATEMENT_TYPES.get(analysis.kind, "OTHER")
        self.statements.append({"kind": kind, "sql": sql})
        if kind == "SELECT":
            return kind, *self.engine.rows(sql, self.tables, parameters)
        if kind in ("CREATE_TABLE_AS_SELECT", "CREATE_VIEW", "CREATE_TABLE"):
            self._create(kind, sql, analysis.columns)
        elif kind == "INSERT":
            name = _target(r"insert\s+(?:into\s+)?", sql)
            table = self.tables[name]
            self.put(
                name, replace(table, rows=[*(table.rows or ()), *self.engine.inserted(sql, self.tables, parameters)])
            )
        elif kind == "DROP_TABLE":
            self.drop(_target(r"drop\s+(?:table|view)\s+(?:if\s+exists\s+)?", sql))
        elif kind == "CREATE_SCHEMA":
            self.datasets.add(_target(r"create\s+schema\s+(?:if\s+not\s+exists\s+)?", sql).split(".")[-1])
        return kind, (), ()

    def _create(self, kind: str, sql: str, columns: Sequence[tuple[str, str]]) -> None:
        name = _target(r"create\s+(?:or\s+replace\s+)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?", sql)
        if kind == "CREATE_TABLE" and name in self.tables:
            return
        if kind == "CREATE_TABLE":
            self.put(name, Table(columns))
            return
        query = self.engine.query_of(sql)
        direct = self.engine.table_names(query)
        if name in direct:
            self.put(name, Table(columns, self.engine.rows(query, self.tables)[1]))
            return
        reads = frozenset(direct).union(*(self.tables[read].reads for read in direct))
        self.put(name, Table(columns, None, query, kind == "CREATE_VIEW", reads))

    def run_script(self, sql: str, parameters: Parameters) -> None:
        """Run statement after statement; after an error, nothing of the script was done."""
        before = dict(self.tables)
        try:
            for statement in _statements(sql):
                if condition := _RAISE_IF.fullmatch(statement):
                    _, rows = self.engine.rows(f"select {condition[1]}", self.tables, parameters)
                    if rows[0].cell[0].bool_value:
                        raise Refused(condition[2])
                else:
                    self.run(statement, parameters)
        except Refused:
            self.tables = before
            raise

    def drop(self, name: str) -> None:
        """Drop a table or view, if it is there."""
        self._settle(name)
        self.tables.pop(name, None)

    def _settle(self, name: str) -> None:
        """Give the tables that were made of a table their rows, before it changes."""
        for reader, other in self.tables.items():
            if name in other.reads and not other.is_view:
                self.engine.content(reader, self.tables)
                other.reads = frozenset()

    def put(self, name: str, table: Table) -> None:
        """Create or replace a table or view; views on it forget their rows."""
        self._settle(name)
        self.tables[name] = table
        for other in self.tables.values():
            if name in other.reads:
                other.rows = None

    def query(self, project: str, resource: dict[str, Any]) -> Job:
        """Run a query job."""
        config = resource["configuration"]["query"]
        sql, parameters = config["query"], _parameters(config)
        if len(_statements(sql)) > 1:
            self.run_script(sql, parameters)
            kind, columns, rows = "SCRIPT", (), ()
        else:
            kind, columns, rows = self.run(sql, parameters)
        job_id = resource["jobReference"]["jobId"]
        destination = {"projectId": project, "datasetId": "_results", "tableId": job_id}
        if kind == "CREATE_TABLE_AS_SELECT":
            name = _target(r"create\s+(?:or\s+replace\s+)?table\s+", _QUOTED_PATH.sub(r"`\1.\2.\3`", sql))
            destination = dict(zip(("projectId", "datasetId", "tableId"), name.split("."), strict=True))
        else:
            self.tables[f"{project}._results.{job_id}"] = Table(columns, rows)
        resource["configuration"]["query"]["destinationTable"] = destination
        resource["configuration"]["jobType"] = "QUERY"
        resource["statistics"] = {**_times(), "query": {"statementType": kind, "totalBytesProcessed": "0"}}
        return self._done(project, resource, columns, rows)

    def load(self, project: str, resource: dict[str, Any], content: bytes) -> Job:
        """Run a load job of CSV or NDJSON into a new table, whose schema the job gives."""
        config = resource["configuration"]["load"]
        target = config["destinationTable"]
        fields = [(one["name"], _standard(one["type"])) for one in config["schema"]["fields"]]
        name = f"{target['projectId']}.{target['datasetId']}.{target['tableId']}"
        self.put(name, Table(fields, _loaded(config, fields, content.decode(), self.engine)))
        resource["configuration"]["jobType"] = "LOAD"
        resource.setdefault("jobReference", {"projectId": project, "jobId": f"load-{len(self.jobs)}"})
        resource["statistics"] = {**_times(), "load": {"outputRows": str(len(self.tables[name].rows or ()))}}
        return self._done(project, resource, (), ())

    def _done(
        self, project: str, resource: dict[str, Any], columns: Sequence[tuple[str, str]], rows: Sequence[Any]
    ) -> Job:
        resource["jobReference"].setdefault("location", "US")
        resource |= {"id": resource["jobReference"]["jobId"], "status": {"state": "DONE"}, "kind": "bigquery#job"}
        job = self.jobs[resource["jobReference"]["jobId"]] = Job(resource, columns, rows)
        return job


def _statements(sql: str) -> Sequence[str]:
    """Split a script. The hub's statements have no semicolon but at their ends; a condition is one with its branch."""
    script = re.sub(r"(?s)\bthen\s+(raise using message = '[^']*');\s*end if", r"then \1 end if", sql)
    return [each.strip() for each in re.split(r";\s*(?:\n|$)", script) if each.strip()]


def _parameters(config: Mapping[str, Any]) -> Parameters:
    return {
        one["name"]: (one["parameterType"]["type"], one["parameterValue"]["value"])
        for one in config.get("queryParameters", ())
    }


def _target(before: str, sql: str) -> str:
    found = re.search(before + r"`?([\w.$-]+)`?", re.sub(r"(?s)/\*.*?\*/", " ", sql), re.IGNORECASE)
    assert found, sql
    return found[1].replace("`", "")


def _times() -> dict[str, Any]:
    return {"creationTime": "0", "startTime": "0", "endTime": "0", "totalBytesProcessed": "0"}


def _standard(name: str) -> str:
    """Return the SQL name of a type in a schema; the API documents no other than these."""
    type_ = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(name.upper(), name.upper())
    if type_ not in NAMES:
        raise Refused(f"Invalid field type {name}")
    return type_


def _loaded(
    config: Mapping[str, Any], fields: Sequence[tuple[str, str]], text: str, engine: GoogleSQL
) -> Sequence[Any]:
    """Return the rows of a file, cast by GoogleSQL itself; an empty CSV cell is null."""
    if config.get("sourceFormat") == "NEWLINE_DELIMITED_JSON":
        records = [json.loads(line) for line in text.splitlines()]
        cells = [[record.get(name) for name, _ in fields] for record in records]
    else:
        import csv

        lines = list(csv.reader(text.splitlines(keepends=True), delimiter=config.get("fieldDelimiter", ",")))
        cells = [[cell or None for cell in line] for line in lines[int(config.get("skipLeadingRows", 0)) :]]
    if not cells:
        return []
    rows: list[Any] = []
    for start in range(0, len(cells), 200):
        query = " union all ".join(f"select {_casts(row, fields)}" for row in cells[start : start + 200])
        rows += engine.rows(query, {})[1]
    return rows


def _casts(row: Sequence[Any], fields: Sequence[tuple[str, str]]) -> str:
    return ", ".join(
        f"cast({'null' if value is None else json.dumps(value if isinstance(value, str) else json.dumps(value))}"
        f" as {type_}) as `{name}`"
        for value, (name, type_) in zip(row, fields, strict=True)
    )


def _cell(value: Any, type_: str) -> Any:
    """Write a value as BigQuery's JSON does."""
    which = value.WhichOneof("value")
    if which is None:
        return None
    if type_ == "TIMESTAMP":
        moment = value.timestamp_value
        return str(moment.seconds * 1_000_000 + moment.nanos // 1000)
    if type_ == "DATE":
        return str(date(1970, 1, 1) + timedelta(days=value.date_value))
    if type_ in ("NUMERIC", "BIGNUMERIC"):
        content = getattr(value, which)
        places = 9 if type_ == "NUMERIC" else 38
        return f"{int.from_bytes(content, 'little', signed=True) / 10**places:f}".rstrip("0").rstrip(".")
    if type_.startswith("ARRAY<"):
        return [{"v": _cell(element, type_[6:-1])} for element in value.array_value.element]
    plain = getattr(value, which)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _schema(columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    fields = []
    for name, type_ in columns:
        repeated = type_.startswith("ARRAY<")
        plain = type_[6:-1] if repeated else type_
        fields.append({"name": name, "type": plain, "mode": "REPEATED" if repeated else "NULLABLE"})
    return {"fields": fields}


def _json_rows(columns: Sequence[tuple[str, str]], rows: Sequence[Any]) -> list[Any]:
    return [
        {"f": [{"v": _cell(cell, type_)} for cell, (_, type_) in zip(row.cell, columns, strict=True)]} for row in rows
    ]


class Handler(BaseHTTPRequestHandler):
    """Routes; `bigquery` is set when the server starts."""

    bigquery: BigQuery
    lock = Lock()
    protocol_version = "HTTP/1.1"
    # Headers and body are sent apart: the second would wait for the client to acknowledge the first, 40 ms an answer.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_arguments: Any) -> None:
        """Stay silent."""

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        try:
            with self.lock:
                status, answer = 200, self._route(method, address.path.strip("/").split("/"), address.query, body)
        except Refused as error:
            status, answer = 400, _problem(400, "invalidQuery", str(error))
        except NotFound as error:
            status, answer = 404, _problem(404, "notFound", f"Not found: {error}")
        except Exception as error:
            status, answer = 501, _problem(501, "notImplemented", f"{method} {self.path}: {error!r}")
        content = json.dumps(answer).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        if isinstance(answer, dict) and "upload" in answer:
            headers["Location"] = f"http://{self.headers['Host']}/{answer['upload']}"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _route(self, method: str, path: Sequence[str], query: str, body: bytes) -> Any:
        world = self.bigquery
        match method, *path:
            case "POST", "upload", "bigquery", "v2", "projects", project, "jobs":
                # The client uploads in two steps: the job, then its bytes, at the address it is told.
                assert parse_qs(query)["uploadType"] == ["resumable"], query
                world.uploads.append((project, json.loads(body)))
                return {"upload": f"upload/{len(world.uploads) - 1}"}
            case "PUT", "upload", number:
                project, resource = world.uploads[int(number)]
                return world.load(project, resource, body).resource
            case "GET", "googlesql", "functions":
                return sorted(world.functions)
            case "GET", "googlesql", "statements":
                return world.statements
            case _, "bigquery", "v2", "projects", project, *rest:
                return self._project(method, project, rest, json.loads(body) if body else {})
        raise NotFound("/".join(path))

    def _project(self, method: str, project: str, path: Sequence[str], body: dict[str, Any]) -> Any:
        world = self.bigquery
        match method, *path:
            case "POST", "jobs":
                body["jobReference"].setdefault("projectId", project)
                return world.query(project, body).resource
            case "GET", "jobs", job:
                return _known(world.jobs, job).resource
            case "GET", "queries", job_id:
                job = _known(world.jobs, job_id)
                return {
                    "jobReference": job.resource["jobReference"],
                    "jobComplete": True,
                    "schema": _schema(job.columns),
                    "rows": _json_rows(job.columns, job.rows),
                    "totalRows": str(len(job.rows)),
                }
            case "GET", "datasets":
                return {"datasets": [{"datasetReference": _dataset(project, name)} for name in sorted(world.datasets)]}
            case "POST", "datasets":
                world.datasets.add(body["datasetReference"]["datasetId"])
                return body
            case "GET", "datasets", dataset:
                if dataset not in world.datasets:
                    raise NotFound(f"Dataset {project}:{dataset}")
                return {"datasetReference": _dataset(project, dataset), "location": "US"}
            case "GET", "datasets", dataset, "routines":
                return {}
            case "GET", "datasets", dataset, "tables":
                prefix = f"{project}.{dataset}."
                return {"tables": [_resource(name, world) for name in world.tables if name.startswith(prefix)]}
            case "POST", "datasets", dataset, "tables":
                fields = [(one["name"], _standard(one["type"])) for one in body["schema"]["fields"]]
                name = f"{project}.{dataset}.{body['tableReference']['tableId']}"
                world.tables[name] = Table(fields)
                return _resource(name, world)
            case "GET" | "PATCH" | "PUT", "datasets", dataset, "tables", table:
                return _resource(f"{project}.{dataset}.{table}", world)
            case "DELETE", "datasets", dataset, "tables", table:
                _known(world.tables, f"{project}.{dataset}.{table}")
                world.drop(f"{project}.{dataset}.{table}")
                return {}
        raise NotFound(f"{method} {'/'.join(path)}")


def _known(things: Mapping[str, Any], name: str) -> Any:
    if name not in things:
        raise NotFound(name)
    return things[name]


def _dataset(project: str, name: str) -> dict[str, str]:
    return {"projectId": project, "datasetId": name}


def _resource(name: str, world: BigQuery) -> dict[str, Any]:
    table = _known(world.tables, name)
    project, dataset, table_id = name.split(".")
    return {
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": table_id},
        "type": "VIEW" if table.is_view else "TABLE",
        "schema": _schema(table.columns),
        "numRows": str(len(table.rows or ())),
        "numBytes": "0",
        **({"view": {"query": table.query}} if table.is_view else {}),
    }


def _problem(code: int, reason: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "errors": [{"reason": reason, "message": message}]}}


def main() -> None:
    """Serve until killed."""
    Handler.bigquery = BigQuery(GoogleSQL(Path(sys.argv[1])))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

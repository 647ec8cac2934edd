"""
GoogleSQL's own analyzer and reference implementation, as the `zetasql` package brings them in WebAssembly.

Runs in an environment of its own (`make googlesql` sets it up), because dbt asks for an older protobuf.
Only features that BigQuery has are switched on: see `BIGQUERY_FEATURES`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from restrictions import bigquery_problem
from trees import concrete, inherited
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.core.exceptions import ServerError
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2 as analyzer_options
from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2 as catalogs
from zetasql.wasi._pb2.zetasql.public import options_pb2 as language
from zetasql.wasi._pb2.zetasql.public import simple_table_pb2 as tables
from zetasql.wasi._pb2.zetasql.public import type_pb2 as types

# What BigQuery's reference documents, out of what ZetaSQL can: a construct that is not here is refused.
_FEATURES = """
    ADDITIONAL_STRING_FUNCTIONS ALLOW_DASHES_IN_TABLE_NAME ALLOW_MISSING_PATH_EXPRESSION_IN_ALTER_DDL
    ALLOW_REGEXP_EXTRACT_OPTIONALS ALTER_TABLE_RENAME_COLUMN ANALYTIC_FUNCTIONS BIGNUMERIC_TYPE BY_NAME
    CAST_DIFFERENT_ARRAY_TYPES CIVIL_TIME COLUMN_DEFAULT_VALUE CORRESPONDING CORRESPONDING_FULL
    CREATE_SNAPSHOT_TABLE CREATE_TABLE_AS_SELECT_COLUMN_LIST CREATE_TABLE_CLUSTER_BY CREATE_TABLE_COPY
    CREATE_TABLE_FIELD_ANNOTATIONS CREATE_TABLE_LIKE CREATE_TABLE_NOT_NULL CREATE_TABLE_PARTITION_BY
    CREATE_VIEW_WITH_COLUMN_LIST DATE_ARITHMETICS DATE_TIME_CONSTRUCTORS DECIMAL_ALIAS DML_UPDATE_WITH_JOIN
    EXTENDED_DATE_TIME_SIGNATURES FOREIGN_KEYS FORMAT_IN_CAST FOR_SYSTEM_TIME_AS_OF GROUPING_BUILTIN
    GROUPING_SETS GROUP_BY_ALL GROUP_BY_ROLLUP HAVING_IN_AGGREGATE INTERVAL_TYPE IS_DISTINCT JSON_ARRAY_FUNCTIONS
    JSON_TYPE JSON_VALUE_EXTRACTION_FUNCTIONS LIKE_ANY_SOME_ALL LIMIT_IN_AGGREGATE NAMED_ARGUMENTS
    NULLS_FIRST_LAST_IN_ORDER_BY NULL_HANDLING_MODIFIER_IN_AGGREGATE NULL_HANDLING_MODIFIER_IN_ANALYTIC
    NUMERIC_TYPE OMIT_INSERT_COLUMN_LIST ORDER_BY_IN_AGGREGATE PARAMETERIZED_TYPES PIVOT QUALIFY
    ROUND_WITH_ROUNDING_MODE SAFE_FUNCTION_CALL SELECT_STAR_EXCEPT_REPLACE TABLESAMPLE TEMPLATE_FUNCTIONS
    UNENFORCED_PRIMARY_KEYS UNPIVOT WEEK_WITH_WEEKDAY WITH_ON_SUBQUERY WITH_RECURSIVE
"""
BIGQUERY_FEATURES = _FEATURES.split()

NAMES: Mapping[str, int] = {
    "INT64": types.TYPE_INT64,
    "FLOAT64": types.TYPE_DOUBLE,
    "STRING": types.TYPE_STRING,
    "BOOL": types.TYPE_BOOL,
    "TIMESTAMP": types.TYPE_TIMESTAMP,
    "DATE": types.TYPE_DATE,
    "DATETIME": types.TYPE_DATETIME,
    "TIME": types.TYPE_TIME,
    "NUMERIC": types.TYPE_NUMERIC,
    "BIGNUMERIC": types.TYPE_BIGNUMERIC,
    "BYTES": types.TYPE_BYTES,
    "JSON": types.TYPE_JSON,
}
_COLUMNS_VIEW = ".INFORMATION_SCHEMA.COLUMNS"
ALIASES = {"bigint": "INT64", "int": "INT64", "integer": "INT64", "smallint": "INT64", "decimal": "NUMERIC"}
_KINDS = {kind: name for name, kind in NAMES.items()}


Parameters = Mapping[str, tuple[str, str]]
"""Values bound to a statement: of each, its type (STRING or INT64) and its text."""
NO_PARAMETERS: Parameters = {}


class Refused(Exception):
    """A statement that GoogleSQL does not take, with the analyzer's own words."""


@dataclass
class Table:
    """A table or view of the catalog: its columns, and the rows it holds or the query it stands for."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Any] | None = ()
    """None for a query that was not asked for yet."""

    query: str | None = None
    is_view: bool = False
    reads: frozenset[str] = frozenset()
    """The tables that its query stands on, directly or by other views."""


@dataclass(frozen=True)
class Analysis:
    """What a statement is, and the columns it yields."""

    kind: str
    columns: Sequence[tuple[str, str]]
    functions: frozenset[str]


def type_name(proto: Any) -> str:
    """Return BigQuery's name of a type."""
    if proto.type_kind == types.TYPE_ARRAY:
        return f"ARRAY<{type_name(proto.array_type.element_type)}>"
    if proto.type_kind == types.TYPE_STRUCT:
        inside = ", ".join(f"{part.field_name} {type_name(part.field_type)}" for part in proto.struct_type.field)
        return f"STRUCT<{inside}>"
    return _KINDS.get(proto.type_kind) or types.TypeKind.Name(proto.type_kind).removeprefix("TYPE_")


class GoogleSQL:
    """The analyzer and the reference implementation. Statements are handed over one at a time."""

    def __init__(self, cache: Path) -> None:
        self._wasm = _Wasm(cache)

    @cached_property
    def _language(self) -> Any:
        return analyzer_options.LanguageOptionsProto(
            product_mode=language.PRODUCT_EXTERNAL,
            enabled_language_features=[f"FEATURE_{name}" for name in BIGQUERY_FEATURES],
            reserved_keywords=["QUALIFY"],
        )

    @cached_property
    def _options(self) -> Any:
        options = self._wasm.call_grpc_func(
            "ZetaSqlLocalService_GetAnalyzerOptions",
            service.AnalyzerOptionsRequest(),
            analyzer_options.AnalyzerOptionsProto,
        )
        # The defaults name types that would have to be shipped with every request.
        options.ClearField("allowed_hints_and_options")
        options.language_options.CopyFrom(self._language)
        options.default_timezone = "UTC"
        return options

    def analyze(self, sql: str, known: Mapping[str, Table], parameters: Parameters = NO_PARAMETERS) -> Analysis:
        """Resolve one statement against the tables it names. Raises `Refused`."""
        request = service.AnalyzeRequest(
            sql_statement=sql, options=self._options_with(parameters), simple_catalog=self._catalog(sql, known)
        )
        statement = self._call("Analyze", request, service.AnalyzeResponse).resolved_statement
        resolved = concrete(statement)
        if problem := bigquery_problem(resolved):
            raise Refused(problem)
        columns = [(column.name, type_name(getattr(column, "column", column).type)) for column in _columns(resolved)]
        functions = frozenset(re.findall(r'name: "ZetaSQL:([^"]+)"', str(statement)))
        return Analysis(resolved.DESCRIPTOR.name, columns, functions)

    def rows(
        self, sql: str, known: Mapping[str, Table], parameters: Parameters = NO_PARAMETERS
    ) -> tuple[Sequence[tuple[str, str]], Sequence[Any]]:
        """Evaluate a query; return its columns and rows. Raises `Refused`."""
        answer = self._evaluated("Query", sql, known, parameters)
        columns = [(column.name, type_name(column.type)) for column in answer.prepared.columns]
        return columns, list(answer.content.table_data.row)

    def inserted(self, sql: str, known: Mapping[str, Table], parameters: Parameters = NO_PARAMETERS) -> Sequence[Any]:
        """Evaluate an `insert`; return the rows that it adds. Raises `Refused`."""
        changes = self._evaluated("Modify", sql, known, parameters).content
        return [service.TableData.Row(cell=change.cell) for change in changes]

    def _evaluated(self, what: str, sql: str, known: Mapping[str, Table], parameters: Parameters) -> Any:
        request = getattr(service, f"Evaluate{what}Request")(
            sql=sql, options=self._options_with(parameters), simple_catalog=self._catalog(sql, known)
        )
        for name, (type_, text) in parameters.items():
            request.params.add(name=name, value=_value(type_, text))
        for name in self.table_names(sql):
            request.table_content[name].table_data.row.extend(self.content(name, known))
        return self._call(f"Evaluate{what}", request, getattr(service, f"Evaluate{what}Response"))

    def _options_with(self, parameters: Parameters) -> Any:
        options = analyzer_options.AnalyzerOptionsProto()
        options.CopyFrom(self._options)
        for name, (type_, _) in parameters.items():
            options.query_parameters.add(name=name, type=_type(type_))
        return options

    @lru_cache(maxsize=256)  # noqa: B019  there is one engine, for as long as the process lives
    def table_names(self, sql: str) -> Sequence[str]:
        """Return the tables that a statement names."""
        request = service.ExtractTableNamesFromStatementRequest(sql_statement=sql, options=self._language)
        response = service.ExtractTableNamesFromStatementResponse
        found = self._call("ExtractTableNamesFromStatement", request, response).table_name
        return sorted({".".join(name.table_name_segment) for name in found})

    def query_of(self, sql: str) -> str:
        """Return the query inside a `create … as` statement."""
        request = service.ParseRequest(sql_statement=sql, options=self._language)
        parsed = self._call("Parse", request, service.ParseResponse).parsed_statement
        place = inherited(inherited(concrete(parsed), "query"), "parse_location_range")
        return sql.encode()[place.start : place.end].decode()

    def content(self, name: str, known: Mapping[str, Table]) -> Sequence[Any]:
        """Return the rows of a table or view. A query is evaluated when its rows are first asked for."""
        if name.endswith(_COLUMNS_VIEW):
            return ()
        table = known[name]
        if table.rows is None:
            assert table.query is not None
            table.rows = self.rows(table.query, known)[1]
        return table.rows

    def _catalog(self, sql: str, known: Mapping[str, Table]) -> Any:
        catalog = catalogs.SimpleCatalogProto(
            builtin_function_options=analyzer_options.ZetaSQLBuiltinFunctionOptionsProto(
                language_options=self._language
            ),
            named_type=[{"name": alias, "type": _type(name)} for alias, name in ALIASES.items()],
        )
        # An `alter` names its table, but does not read it.
        for name in {*self.table_names(sql), *re.findall("`([^`]+)`", sql)}:
            if name.endswith(_COLUMNS_VIEW):
                names = ("table_name", "column_name", "data_type")
                catalog.table.append(_simple_table(name, [(column, "STRING") for column in names]))
            elif name in known:
                catalog.table.append(_simple_table(name, known[name].columns))
        return catalog

    def _call(self, method: str, request: Any, response: type[Any]) -> Any:
        try:
            return self._wasm.call_grpc_func(f"ZetaSqlLocalService_{method}", request, response)
        except ServerError as error:
            raise Refused(str(error)) from error


class _Wasm(WasmClient):
    """The package's client, but compiled once (a start takes 10 s else) and copying memory as a whole."""

    def __init__(self, cache: Path) -> None:
        config = Config()
        config.shared_memory = True
        engine = Engine(config)
        wasi = WasiConfig()
        wasi.inherit_stderr()
        wasi.preopen_dir(get_tzinfo_dir(), "/usr/share/zoneinfo")
        self.store = Store(engine)
        self.store.set_wasi(wasi)
        linker = Linker(engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, _module(engine, cache))
        self.exports = self.instance.exports(self.store)
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def write_bytes(self, ptr: int, data: bytes) -> None:
        memory = self.memory.data_ptr()
        _copy(memory, ptr, data)

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return bytes(self.memory.data_ptr()[ptr : ptr + size])


def _copy(memory: Any, ptr: int, data: bytes) -> None:
    import ctypes

    ctypes.memmove(ctypes.addressof(memory.contents) + ptr, data, len(data))


def _module(engine: Engine, cache: Path) -> Module:
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        fresh = cache.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(Module.from_file(engine, get_wasm_path()).serialize())
        fresh.rename(cache)
    return Module.deserialize_file(engine, str(cache))


def _simple_table(name: str, columns: Sequence[tuple[str, str]]) -> Any:
    return tables.SimpleTableProto(
        name=name,
        column=[tables.SimpleColumnProto(name=column, type=_type(type_)) for column, type_ in columns],
    )


def _type(name: str) -> Any:
    if name.startswith("ARRAY<"):
        return types.TypeProto(
            type_kind=types.TYPE_ARRAY, array_type=types.ArrayTypeProto(element_type=_type(name[6:-1]))
        )
    return types.TypeProto(type_kind=NAMES[name])


def _value(type_: str, text: str) -> Mapping[str, Any]:
    """Return a parameter's value, which the API has as text, as the engine takes it."""
    if type_ == "INT64":
        return {"int64_value": int(text)}
    if type_ == "BOOL":
        return {"bool_value": text == "true"}
    return {"string_value": text}


def _columns(resolved: Any) -> Sequence[Any]:
    """Return the columns of a query, of the table or view that is made of one, or of a table declared."""
    for name in ("output_column_list", "column_definition_list"):
        with suppress(AttributeError):
            return inherited(resolved, name)
    return ()

"""`dbt` as sqlfluff renders macros: words of the right shape, for what is checked is style."""


def type_string() -> str:
    """Return DuckDB's word."""
    return "string"


def type_bigint() -> str:
    """Return DuckDB's word."""
    return "bigint"


def type_int() -> str:
    """Return DuckDB's word."""
    return "int"


def type_float() -> str:
    """Return DuckDB's word."""
    return "float"


def type_boolean() -> str:
    """Return DuckDB's word."""
    return "boolean"


def type_timestamp() -> str:
    """Return DuckDB's word."""
    return "timestamp"


def datediff(start: str, end: str, part: str) -> str:
    """Return a call of the same arguments."""
    return f"date_diff('{part}', {start}, {end})"


def hash(text: str) -> str:
    """Return a call of the same argument."""
    return f"md5({text})"


def date_trunc(datepart: str, date: str) -> str:
    """Return a call of the same arguments."""
    return f"date_trunc('{datepart}', {date})"

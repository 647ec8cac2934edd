"""`adapter` as sqlfluff renders macros: what dispatches is DuckDB's, the default."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str, *_: Any) -> Any:
    """Return the macro that dbt would take on DuckDB."""
    return context.resolve(f"default__{name}")

"""
Refuses functions that BigQuery does not have; the emulator would hand them to DuckDB, which may have them.

`functions.txt` lists those of GoogleSQL as BigQuery documents them. A function that is missing in the
list is refused although BigQuery has it: then it belongs into the list.
"""

from __future__ import annotations

import re
from pathlib import Path

CALL = re.compile(r"\b([a-z_]\w*)\s*\(", re.IGNORECASE)
KNOWN = frozenset(Path(__file__).with_name("functions.txt").read_text().split())
OTHER_USES = frozenset(Path(__file__).with_name("words.txt").read_text().split())
"""Words that a parenthesis may follow without being called."""


def unknown_functions(query: str) -> list[str]:
    """Return the names that are called in a query and are no functions of BigQuery, in their order."""
    if {name.lower() for name in CALL.findall(query)} <= KNOWN | OTHER_USES:
        return []
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.tokens import TokenType

    tokens = BigQuery().tokenize(query)
    unknown = []
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        is_called = after.token_type is TokenType.L_PAREN and token.token_type is not TokenType.IDENTIFIER
        is_qualified = before is not None and before.token_type is TokenType.DOT
        name = token.text.lower()
        if is_called and not is_qualified and name.isidentifier() and name not in KNOWN | OTHER_USES:
            unknown.append(name)
    return unknown

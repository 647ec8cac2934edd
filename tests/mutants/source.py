"""
A model's source, read as far as mutating it takes: tokens, brackets, queries.

It is read before Jinja is rendered, because dbt's unit tests put their rows in the place of `ref`: each Jinja block is
one token, which stays as it is unless an operator is about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|\{\#.*?\#\})
    |(?P<jinja>\{\{(?:[^'"\}]|'[^']*'|"[^"]*"|\}(?!\}))*\}\})
    |(?P<statement>\{%.*?%\})
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>\d+(?:\.\d+)?(?:e\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign><=|>=|!=|<>|\|\||[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
# What may follow a clause of a query at its own depth.
CLAUSES = frozenset({"from", "where", "group", "having", "qualify", "order", "limit", "union"})
JOINS = frozenset({"inner", "left", "right", "full", "cross"})


@dataclass(frozen=True)
class Token:
    """A word, sign, number, text or Jinja block, and where it stands."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Say whether it is one of these words."""
        return self.kind == "word" and self.text in words


@dataclass
class Item:
    """One expression of a select, from token to token, and the column that it becomes; `*` for a star."""

    name: str
    low: int
    high: int


@dataclass
class Source:
    """What is read: rows named before, a `ref`, or a query in brackets."""

    alias: str
    name: str | None = None
    jinja: str | None = None
    query: Query | None = None
    # From `left join` to the end of its condition, if it is read so: idle where none of its columns is asked for.
    optional: tuple[int, int] | None = None


@dataclass
class Select:
    """One select of a query: its expressions, and from `from` on what decides on its rows."""

    low: int
    rows_low: int
    high: int
    items: list[Item]
    sources: list[Source]


@dataclass
class Query:
    """Selects that are united. One that is nothing but Jinja has none."""

    low: int
    high: int
    selects: list[Select] = field(default_factory=list)


class Model:
    """The source of a model."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        found = (Token(str(each.lastgroup), each[0], each.start(), each.end()) for each in _TOKEN.finditer(text))
        self.tokens = [token for token in found if token.kind != "comment"]

    @cached_property
    def closing(self) -> dict[int, int]:
        """Where each opening bracket closes."""
        opened: list[int] = []
        closing = {}
        for place, token in enumerate(self.tokens):
            if token.text == "(":
                opened.append(place)
            elif token.text == ")":
                closing[opened.pop()] = place
        return closing

    @cached_property
    def named(self) -> dict[str, Query]:
        """The queries that the model names on its way (its CTEs)."""
        return {name: self._query(low, high) for name, low, high in self._named_bodies()}

    @cached_property
    def result(self) -> Query:
        """The last query."""
        ends = [high + 1 for _, _, high in self._named_bodies()]
        return self._query(ends[-1] if ends else 0, len(self.tokens))

    def line(self, offset: int) -> int:
        """Return the line of a character."""
        return self.text.count("\n", 0, offset) + 1

    def at_depth(self, low: int, high: int) -> Iterator[int]:
        """Yield the places between two, but for what is within brackets."""
        place = low
        while place < high:
            yield place
            place = self.closing.get(place, place) + 1

    def extent(self, low: int, *stops: str, over_statements: bool = False) -> int:
        """Return where what begins at `low` ends: at one of these words, a Jinja statement, or the closing bracket."""
        cases = 0
        for place in self.at_depth(low, len(self.tokens)):
            token = self.tokens[place]
            if (
                token.text == ")"
                or (token.kind == "statement" and not over_statements)
                or (not cases and token.is_word(*stops))
            ):
                return place
            cases += token.is_word("case") - token.is_word("end")
            if cases < 0:
                return place
        return len(self.tokens)

    def conjuncts(self, low: int, high: int) -> list[tuple[int, int]]:
        """Split a condition at each `and` of its own depth; what an `or` joins stays in one piece."""
        places = list(self.at_depth(low, high))
        if any(self.tokens[place].is_word("or") for place in places):
            return [(low, high)]
        pieces, begin, is_between = [], low, False
        for place in places:
            if self.tokens[place].is_word("between"):
                is_between = True
            elif self.tokens[place].is_word("and") and is_between:
                is_between = False
            elif self.tokens[place].is_word("and"):
                pieces.append((begin, place))
                begin = place + 1
        return [*pieces, (begin, high)]

    def _named_bodies(self) -> Iterator[tuple[str, int, int]]:
        """Yield the name of each CTE, and the places between its brackets."""
        tokens = self.tokens
        for place in self.at_depth(0, len(tokens) - 2):
            if tokens[place].kind == "word" and tokens[place + 1].is_word("as") and tokens[place + 2].text == "(":
                yield tokens[place].text, place + 3, self.closing[place + 2]

    def _query(self, low: int, high: int) -> Query:
        begins = [place for place in self.at_depth(low, high) if self.tokens[place].is_word("select")]
        query = Query(low, high)
        for begin, end in pairwise([*begins, high]):
            query.selects.append(self._select(begin, min(end, self.extent(begin + 1, "union", over_statements=True))))
        return query

    def _select(self, low: int, high: int) -> Select:
        rows_low = min(self.extent(low + 1, "from", over_statements=True), high)
        begin = low + 1 + self.tokens[low + 1].is_word("distinct")
        commas = [place for place in self.at_depth(begin, rows_low) if self.tokens[place].text == ","]
        items = [
            Item(self._name(first, last), first, last)
            for first, last in zip([begin, *(place + 1 for place in commas)], [*commas, rows_low], strict=True)
        ]
        return Select(low, rows_low, high, items, list(self._sources(rows_low, high)))

    def _name(self, low: int, high: int) -> str:
        last = self.tokens[high - 1]
        # Columns that Jinja lists are all that there are, for what can be told.
        if last.kind in ("jinja", "statement"):
            return "*"
        return last.text if last.kind == "word" or last.text == "*" else ""

    def _sources(self, low: int, high: int) -> Iterator[Source]:
        places = list(self.at_depth(low, high))
        for at, place in enumerate(places[:-1]):
            if not self.tokens[place].is_word("from", "join"):
                continue
            read = places[at + 1]
            token = self.tokens[read]
            after = self.closing.get(read, read) + 1
            has_alias = after + 1 < high and self.tokens[after].is_word("as")
            source = Source(self.tokens[after + 1].text if has_alias else token.text)
            if token.kind == "word":
                source.name = token.text
            elif token.kind == "jinja":
                source.jinja = token.text
            elif token.text == "(":
                source.query = self._query(read + 1, self.closing[read])
            if self.tokens[place - 1].is_word("left"):
                source.optional = (place - 1, min(self.extent(after, *CLAUSES, *JOINS), high))
            yield source

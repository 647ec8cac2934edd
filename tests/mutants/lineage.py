"""Which parts of which models a column of a mart is computed from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from source import Item, Model, Query, Select, Source

_NAMES = re.compile(r"(?:(\w+)\.)?([A-Za-z_]\w*)")
_STRINGS = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_REF = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")

Span = tuple[str, int, int]


class Lineage:
    """
    The spans that a column depends on: its expression, those of the columns in it, and what decides on their rows.

    It goes by names, and where it is not sure it takes more rather than less: a mutant too many is killed by another
    column's test, one too few is never made.
    """

    def __init__(self, models: Mapping[str, Model], parents: Mapping[str, Iterable[str]]) -> None:
        self.models = models
        self.parents = parents
        self._spans: set[Span] = set()
        self._seen: set[object] = set()

    def spans(self, model: str, column: str) -> set[Span]:
        """Return (model, first character, last character) of all that a column of a model depends on."""
        self._spans, self._seen = set(), set()
        self._column(self.models[model], self.models[model].result, column)
        return self._spans

    def expression(self, model: str, column: str) -> str:
        """Return all that is computed on the way to a column, within the model itself."""
        spans = sorted(span for span in self.spans(model, column) if span[0] == model)
        return "\n".join(self.models[model].text[low:high] for _, low, high in spans)

    def _mark(self, model: Model, low: int, high: int) -> None:
        if low < high:
            self._spans.add((model.name, model.tokens[low].start, model.tokens[high - 1].end))

    def _is_new(self, *what: object) -> bool:
        key = tuple(id(each) if isinstance(each, Query) else each for each in what)
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _column(self, model: Model, query: Query, column: str) -> None:
        if not self._is_new(model.name, query, column):
            return
        self._rows(model, query)
        self._jinja_only(model, query, column)
        place = None
        for select in query.selects:
            named = [at for at, item in enumerate(select.items) if item.name == column]
            # In a union, the first select names the columns.
            place = named[0] if named else place
            if place is not None and place < len(select.items) and select.items[place].name != "*":
                self._expression(model, select, select.items[place])
            else:
                for item in select.items:
                    self._star(model, select, item, column)

    def _rows(self, model: Model, query: Query) -> None:
        if not self._is_new(model.name, query):
            return
        for select in query.selects:
            self._mark(model, select.low, select.low + 2)
            place = select.rows_low
            for low, high in [*(each.optional for each in select.sources if each.optional), (select.high, select.high)]:
                self._mark(model, place, low)
                self._names(model, select, place, low)
                place = high
            for source in select.sources:
                if not source.optional:
                    for owner, rows in self._read(model, source):
                        self._rows(owner, rows)

    def _jinja_only(self, model: Model, query: Query, column: str) -> None:
        """A query that a macro writes reads what the macro is told of."""
        if query.selects:
            return
        for token in model.tokens[query.low : query.high]:
            for text in _texts(token.text):
                if text in model.named:
                    self._column(model, model.named[text], column)
            for other in _REF.findall(token.text):
                if other in self.models:
                    self._column(self.models[other], self.models[other].result, column)

    def _expression(self, model: Model, select: Select, item: Item) -> None:
        self._mark(model, item.low, item.high)
        self._names(model, select, item.low, item.high)

    def _star(self, model: Model, select: Select, item: Item, column: str) -> None:
        if item.name != "*":
            return
        qualifier = model.tokens[item.low].text if model.tokens[item.low + 1].text == "." else None
        self._resolve(model, select, qualifier, column)

    def _names(self, model: Model, select: Select, low: int, high: int) -> None:
        tokens = model.tokens[low:high]
        for at, token in enumerate(tokens):
            if token.kind == "word":
                qualifier = tokens[at - 2].text if at > 1 and tokens[at - 1].text == "." else None
                self._resolve(model, select, qualifier, token.text)
            elif token.kind == "jinja":
                for text in _texts(token.text):
                    for qualifier, name in _NAMES.findall(text):
                        self._resolve(model, select, qualifier or None, name)

    def _resolve(self, model: Model, select: Select, qualifier: str | None, column: str) -> None:
        for source in select.sources:
            if qualifier in (None, source.alias):
                for owner, query in self._read(model, source):
                    if self._has(owner, query, column, frozenset()):
                        self._joined(model, select, source)
                        self._column(owner, query, column)

    def _joined(self, model: Model, select: Select, source: Source) -> None:
        """What is joined only where a column of it is asked for: then its condition counts."""
        if source.optional and self._is_new(model.name, *source.optional):
            self._mark(model, *source.optional)
            self._names(model, select, *source.optional)

    def _has(self, model: Model, query: Query, column: str, on_the_way: frozenset[int]) -> bool:
        if id(query) in on_the_way:
            return False
        if not query.selects:
            return True
        for select in query.selects:
            if any(item.name == column for item in select.items):
                return True
            for source in select.sources if any(item.name == "*" for item in select.items) else ():
                reads = self._read(model, source)
                if any(self._has(owner, rows, column, on_the_way | {id(query)}) for owner, rows in reads):
                    return True
        return False

    def _read(self, model: Model, source: Source) -> Iterator[tuple[Model, Query]]:
        if source.query:
            yield model, source.query
        elif source.name in model.named:
            yield model, model.named[source.name]
        elif source.jinja:
            names = _REF.findall(source.jinja) or self.parents.get(model.name, ())
            for name in names:
                if name in self.models:
                    yield self.models[name], self.models[name].result


def _texts(jinja: str) -> Iterator[str]:
    for single, double in _STRINGS.findall(jinja):
        yield single or double

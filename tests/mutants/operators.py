"""
What a mutant does to a model: the mistakes that a metric's SQL is likely to hold, fixed in a list.

An operator yields edits of the source. It does not ask whether a test would notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from source import CLAUSES, Model


@dataclass(frozen=True, order=True)
class Edit:
    """A piece of a source, and what stands there instead."""

    start: int
    end: int
    text: str


Operator = Callable[[Model], Iterator[Edit]]
OPERATORS: dict[str, Operator] = {}

_QUOTED = r"""\s*(?:'([^']*)'|"([^"]*)")\s*"""
_RATIO = re.compile(rf"\{{\{{\s*(safe_ratio|wilson_lower|wilson_upper)\({_QUOTED},{_QUOTED}\)\s*\}}\}}")
# Words that a careless count takes in besides the one that it means.
NEIGHBOURS = {
    "failed": "canceled",
    "timed_out": "canceled",
    "success": "skipped",
    "passed": "skipped",
    "allow": "exempt",
    "deny": "error",
    "killed": "runtime_error",
    "timeout": "pending",
    "survived": "ignored",
    "no_coverage": "compile_error",
    "verified": "undecided",
    "refuted": "undecided",
    "recovered": "aborted",
    "counted": "repeat",
}
_BOUNDS = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


def operator(function: Operator) -> Operator:
    """Put a function on the list."""
    OPERATORS[function.__name__] = function
    return function


@operator
def swap_numerator_and_denominator(model: Model) -> Iterator[Edit]:
    """`a / b` becomes `b / a`."""
    for start, end, macro, above, below in _ratios(model):
        yield Edit(start, end, f"{{{{ {macro}('{below}', '{above}') }}}}")


@operator
def coalesce_ratio_to_zero(model: Model) -> Iterator[Edit]:
    """A ratio of nothing becomes 0, which somebody takes for a measurement."""
    for start, end, _, _, _ in _ratios(model):
        yield Edit(start, end, f"coalesce({model.text[start:end]}, 0)")


@operator
def remove_nullif(model: Model) -> Iterator[Edit]:
    """`a / nullif(b, 0)` becomes `a / b`."""
    for start, end, macro, above, below in _ratios(model):
        if macro == "safe_ratio":
            yield Edit(start, end, f"(({above}) / ({below}))")
    for place in _calls(model, "nullif"):
        yield _first_argument(model, place)


@operator
def mean_of_ratios_for_ratio_of_sums(model: Model) -> Iterator[Edit]:
    """What is summed up is averaged, so that small groups weigh as much as large ones."""
    for start, end, _, above, below in _ratios(model):
        if above.startswith("sum(") and below.startswith("sum("):
            yield Edit(start, end, f"avg(({above[4:-1]}) / nullif({below[4:-1]}, 0))")
    for place in _calls(model, "sum"):
        yield _replace(model, place, "avg")


@operator
def drop_filter(model: Model) -> Iterator[Edit]:
    """A condition of `where`, `having` or `qualify` is forgotten."""
    for place, token in enumerate(model.tokens):
        if token.is_word("where", "having", "qualify"):
            end = model.extent(place + 1, *CLAUSES)
            pieces = model.conjuncts(place + 1, end)
            if len(pieces) == 1:
                yield _span(model, place, end, "")
            elif not token.is_word("qualify"):
                yield from (_span(model, low, high, "true") for low, high in pieces)


@operator
def drop_case_condition(model: Model) -> Iterator[Edit]:
    """A condition of a `case when`, most of them within a count, is forgotten."""
    for low, high in _cases(model):
        for piece in model.conjuncts(low, high):
            yield _span(model, *piece, "true")


@operator
def count_canceled_as_failed(model: Model) -> Iterator[Edit]:
    """A word is counted that belongs on neither side: canceled runs as failed ones, errors as denials."""
    for place, token in enumerate(model.tokens[:-1]):
        after = model.tokens[place + 1]
        word = after.text.strip("'")
        if token.text == "=" and after.kind == "text" and word in NEIGHBOURS:
            yield Edit(token.start, after.end, f"in ('{word}', '{NEIGHBOURS[word]}')")
        if token.is_word("in") and after.text == "(":
            end = model.closing[place + 1]
            words = [each.text.strip("'") for each in model.tokens[place + 2 : end] if each.kind == "text"]
            added = next((NEIGHBOURS[each] for each in words if NEIGHBOURS.get(each, each) not in words), None)
            if added:
                yield Edit(model.tokens[end].start, model.tokens[end].start, f", '{added}'")


@operator
def first_attempt_for_last(model: Model) -> Iterator[Edit]:
    """The first attempt, version or moment is taken where the last one counts, or the other way round."""
    has_desc = False
    for place, token in enumerate(model.tokens):
        is_call = place + 1 < len(model.tokens) and model.tokens[place + 1].text == "("
        if token.is_word("max", "min") and is_call:
            yield _replace(model, place, "min" if token.text == "max" else "max")
        elif token.is_word("is_final_attempt") and not _is_output(model, place):
            table = model.tokens[place - 2] if model.tokens[place - 1].text == "." else None
            first = f"{table.text}.run_attempt = 1" if table else "run_attempt = 1"
            yield Edit(table.start if table else token.start, token.end, f"({first})")
        elif token.is_word("order"):
            has_desc = False
        elif token.is_word("desc") and not has_desc:
            # The first of an order says what is meant; the rest breaks ties.
            has_desc = True
            yield _replace(model, place, "asc")


@operator
def inner_for_left_join(model: Model) -> Iterator[Edit]:
    """What has no partner is lost."""
    for place, token in enumerate(model.tokens[:-1]):
        if token.is_word("left", "full") and model.tokens[place + 1].is_word("join", "outer"):
            end = place + 1 + model.tokens[place + 1].is_word("outer")
            yield _span(model, place, end, "inner")


@operator
def move_a_bound(model: Model) -> Iterator[Edit]:
    """`>=` becomes `>`, `<` becomes `<=`."""
    for place, token in enumerate(model.tokens):
        if token.kind == "sign" and token.text in _BOUNDS:
            yield _replace(model, place, _BOUNDS[token.text])


@operator
def off_by_one(model: Model) -> Iterator[Edit]:
    """A limit, a rank or the width of a window is one more."""
    compared = {*_BOUNDS, "="}
    for place, token in enumerate(model.tokens):
        before, after = model.tokens[place - 1], model.tokens[min(place + 1, len(model.tokens) - 1)]
        is_limit = before.text in compared or after.is_word("preceding", "following")
        if token.kind == "number" and token.text.isdigit() and is_limit:
            yield _replace(model, place, str(int(token.text) + 1))
        if token.kind == "jinja":
            moved = re.search(r"(?:moment_plus|date_plus)\(.*?,\s*(-?\d+)\s*[,)]", token.text, re.DOTALL)
            if moved:
                count = int(moved[1])
                start = token.start + moved.start(1)
                yield Edit(start, token.start + moved.end(1), str(count - 1 if count < 0 else count + 1))


@operator
def drop_distinct(model: Model) -> Iterator[Edit]:
    """What is there twice counts twice."""
    for place, token in enumerate(model.tokens):
        if token.is_word("distinct"):
            yield _replace(model, place, "all" if model.tokens[place - 1].is_word("union") else "")


@operator
def sum_for_count(model: Model) -> Iterator[Edit]:
    """A count becomes a sum: null where there is nothing, and the sizes of things where there is something."""
    for place in _calls(model, "count"):
        if model.tokens[place + 2].text != "*" and not model.tokens[place + 2].is_word("distinct"):
            yield _replace(model, place, "sum")


@operator
def or_for_and(model: Model) -> Iterator[Edit]:
    """One of two conditions is enough."""
    is_between = False
    for place, token in enumerate(model.tokens):
        if token.is_word("between"):
            is_between = True
        elif token.is_word("and") and is_between:
            is_between = False
        elif token.is_word("and"):
            yield _replace(model, place, "or")


@operator
def drop_not(model: Model) -> Iterator[Edit]:
    """A condition is turned around."""
    for place, token in enumerate(model.tokens[:-1]):
        if token.is_word("not"):
            yield _replace(model, place, "")
        if token.is_word("is") and model.tokens[place + 1].is_word("null"):
            yield _replace(model, place, "is not")


@operator
def drop_default(model: Model) -> Iterator[Edit]:
    """`coalesce(a, b)` becomes `a`."""
    for place in _calls(model, "coalesce"):
        yield _first_argument(model, place)


@operator
def subtract_for_add(model: Model) -> Iterator[Edit]:
    """A part of a sum is taken away."""
    for place, token in enumerate(model.tokens):
        if token.text == "+":
            yield _replace(model, place, "-")
        if token.kind == "jinja":
            for sign in re.finditer(r" \+ ", token.text):
                yield Edit(token.start + sign.start(), token.start + sign.end(), " - ")


def edits(model: Model) -> Iterator[tuple[str, Edit]]:
    """Yield every edit of a model with the name of its operator."""
    for name, function in OPERATORS.items():
        for edit in sorted(set(function(model))):
            yield name, edit


def _ratios(model: Model) -> Iterator[tuple[int, int, str, str, str]]:
    for token in model.tokens:
        match = _RATIO.fullmatch(token.text) if token.kind == "jinja" else None
        if match:
            yield token.start, token.end, match[1], match[2] or match[3], match[4] or match[5]


def _calls(model: Model, function: str) -> Iterator[int]:
    for place, token in enumerate(model.tokens[:-1]):
        # A window is another matter: it is a rank, or a running count.
        if token.is_word(function) and model.tokens[place + 1].text == "(":
            yield place


def _cases(model: Model) -> Iterator[tuple[int, int]]:
    for place, token in enumerate(model.tokens):
        if token.is_word("when"):
            yield place + 1, model.extent(place + 1, "then")


def _is_output(model: Model, place: int) -> bool:
    """Say whether a name is merely passed on, as one of the columns of a select."""
    after = model.tokens[place + 1].text if place + 1 < len(model.tokens) else ""
    before = place - (3 if model.tokens[place - 1].text == "." else 1)
    return after in (",", "from") and (model.tokens[before].text == "," or model.tokens[before].is_word("select"))


def _first_argument(model: Model, place: int) -> Edit:
    end = model.closing[place + 1]
    comma = next(each for each in model.at_depth(place + 2, end) if model.tokens[each].text == ",")
    kept = model.text[model.tokens[place + 2].start : model.tokens[comma - 1].end]
    return Edit(model.tokens[place].start, model.tokens[end].end, kept)


def _replace(model: Model, place: int, text: str) -> Edit:
    return Edit(model.tokens[place].start, model.tokens[place].end, text)


def _span(model: Model, low: int, high: int, text: str) -> Edit:
    return Edit(model.tokens[low].start, model.tokens[high - 1].end, text)

"""Which mutants there are for which ratio column, and in which order they are tried."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from lineage import Lineage
from operators import Edit, edits
from source import Model

_QUOTIENT_NAME = re.compile(r"_(ratio|score|frequency)(_|$)")
_IS_DIVIDED = re.compile(r"safe_ratio|wilson_|\s/\s")


@dataclass(frozen=True)
class Mutant:
    """One edit of one model, made for a ratio column that depends on it."""

    column: str
    model: str
    operator: str
    edit: Edit
    line: int

    @property
    def key(self) -> tuple[str, Edit]:
        """What it is, whoever it was made for."""
        return self.model, self.edit

    def apply(self, text: str) -> str:
        """Return the source with the edit."""
        return text[: self.edit.start] + self.edit.text + text[self.edit.end :]

    def diff(self, text: str) -> str:
        """Return the lines that differ."""
        changed = unified_diff(text.splitlines(), self.apply(text).splitlines(), lineterm="", n=0)
        return "\n".join(line for line in list(changed)[2:] if not line.startswith("@@"))


class Plan:
    """All mutants of a project, by ratio column."""

    def __init__(self, manifest: Any) -> None:
        nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
        self.models = {node.name: Model(node.name, node.raw_code) for node in nodes}
        parents = {node.name: [name.split(".")[-1] for name in node.depends_on.nodes] for node in nodes}
        self._lineage = Lineage(self.models, parents)
        edited = {name: list(edits(model)) for name, model in self.models.items()}
        self.by_column = {
            f"{node.name}.{column}": list(self._mutants(node.name, column, edited))
            for node in sorted(nodes, key=lambda each: each.name)
            if node.schema.endswith("marts")
            for column in self._ratios(node)
        }

    def order(self, seed: int) -> Iterator[Mutant]:
        """
        Yield mutants without end but once each: column after column, so that each has its share, and of a column's
        operators the one that was used least so far.
        """
        chance = random.Random(seed)
        left = {column: list(mutants) for column, mutants in self.by_column.items() if mutants}
        used: Counter[str] = Counter()
        seen: set[tuple[str, Edit]] = set()
        while left:
            for column in list(left):
                left[column] = [mutant for mutant in left[column] if mutant.key not in seen]
                if not left[column]:
                    del left[column]
                    continue
                rarest = min(used[mutant.operator] for mutant in left[column])
                mutant = chance.choice([each for each in left[column] if used[each.operator] == rarest])
                used[mutant.operator] += 1
                seen.add(mutant.key)
                yield mutant

    def _ratios(self, node: Any) -> Iterator[str]:
        """Yield the columns that are quotients: they say so, are named so and divided, or a scorecard's value."""
        for name, column in node.columns.items():
            meta = {**column.meta, **(column.config.meta if column.config else {})}
            if column.data_type not in ("double", "float64"):
                continue
            is_named_so = _QUOTIENT_NAME.search(name) and _IS_DIVIDED.search(self._lineage.expression(node.name, name))
            is_of_a_scorecard = name == "metric_value" and {"numerator", "denominator"} <= set(node.columns)
            if "numerator" in meta or is_named_so or is_of_a_scorecard:
                yield name

    def _mutants(self, mart: str, column: str, edited: dict[str, list[tuple[str, Edit]]]) -> Iterator[Mutant]:
        spans = self._lineage.spans(mart, column)
        for model in sorted({name for name, _, _ in spans}):
            within = [(low, high) for name, low, high in spans if name == model]
            for operator, edit in edited[model]:
                if any(low <= edit.start and edit.end <= high for low, high in within):
                    line = self.models[model].line(edit.start)
                    yield Mutant(f"{mart}.{column}", model, operator, edit, line)

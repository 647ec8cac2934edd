"""
Mutate the SQL behind the ratio columns of the marts, and see whether the models' unit tests notice (`make mutants`).

Ends with 1 if fewer than 95 % of the mutants are killed.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import redirect_stdout
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import click
from dbt_project import forget_target, manifest
from hub import Hub
from operators import OPERATORS
from plan import Mutant, Plan
from trial import Outcome, outcome_of, prepare

EQUIVALENT = Path(__file__).parent / "equivalent.csv"
MINIMUM = 0.95


@click.command()
@click.option("--seed", default=7, show_default=True, help="What the sample is drawn by.")
@click.option("--count", default=120, show_default=True, help="How many mutants to try; 0 for all.")
@click.option("--model", "models", multiple=True, help="Mutate only this model.")
@click.option("--processes", default=2, show_default=True)
def main(seed: int, count: int, models: tuple[str, ...], processes: int) -> None:
    """Try mutants, and say which survived."""
    for name in [name for name in os.environ if name.startswith("CI_INTEL_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="ci-intel-mutants-") as folder:
        # The manifest names the warehouse; every process has one of that name.
        os.environ.update(Hub(Path(folder) / "first").environment)
        plan = Plan(manifest())
        order = (mutant for mutant in plan.order(seed) if not models or mutant.model in models)
        click.echo(f"seed {seed}: {count or 'all'} mutants of {len(plan.by_column)} ratio columns")
        outcomes = _try(order, count or None, Path(folder), processes)
    report(plan, outcomes)
    killed, total = _killed(outcomes)
    sys.exit(0 if total and killed >= MINIMUM * total else 1)


def report(plan: Plan, outcomes: dict[Mutant, Outcome]) -> None:
    """Print killed and total per operator and per column, and each survivor with its difference."""
    for title, name in (("operator", "operator"), ("ratio column", "column")):
        click.echo(f"\n{title:<56} killed of")
        for value in dict.fromkeys([*(OPERATORS if name == "operator" else plan.by_column)]):
            of_value = {mutant: outcome for mutant, outcome in outcomes.items() if getattr(mutant, name) == value}
            killed, total = _killed(of_value)
            click.echo(f"{value:<56} {killed:>6} {total:>2}")
    for outcome in (Outcome.EQUIVALENT, Outcome.SURVIVED):
        for mutant in sorted((each for each in outcomes if outcomes[each] is outcome), key=lambda each: each.model):
            click.echo(f"\n{outcome}: {mutant.model}.sql:{mutant.line} {mutant.operator} (for {mutant.column})")
            click.echo(mutant.diff(plan.models[mutant.model].text))
    counts = Counter(outcomes.values())
    killed, total = _killed(outcomes)
    share = f"{killed / total:.1%}" if total else "none"
    click.echo(
        f"\n{killed} of {total} mutants killed ({share}; at least {MINIMUM:.0%} have to be); "
        f"{counts[Outcome.EQUIVALENT]} equivalent and {counts[Outcome.INVALID]} invalid ones are not counted"
    )


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the reason of each mutant that computes the same, by model, operator and the lines that differ."""
    with EQUIVALENT.open(newline="") as file:
        return {(row["model"], row["operator"], row["diff"]): row["reason"] for row in csv.DictReader(file)}


def identity(mutant: Mutant, text: str) -> tuple[str, str, str]:
    """Return what names a mutant in the list of equivalent ones: lines without their place, which edits move."""
    lines = (line[0] + " ".join(line[1:].split()) for line in mutant.diff(text).splitlines())
    return mutant.model, mutant.operator, " ".join(lines)


def _killed(outcomes: dict[Mutant, Outcome]) -> tuple[int, int]:
    counts = Counter(outcomes.values())
    return counts[Outcome.KILLED], counts[Outcome.KILLED] + counts[Outcome.SURVIVED]


def _try(order: Iterator[Mutant], count: int | None, folder: Path, processes: int) -> dict[Mutant, Outcome]:
    """Try mutants until `count` of them were killed or survived; what is neither makes room for the next."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as builder:
        builder.submit(_quietly_prepare, folder / "first").result()
    known = equivalents()
    texts = Plan(manifest()).models
    outcomes: dict[Mutant, Outcome] = {}
    workers = ProcessPoolExecutor(processes, mp_context=get_context("fork"), initializer=_work_in, initargs=(folder,))
    with workers:
        running: dict[Future[Outcome], Mutant] = {}
        while True:
            counted = sum(outcome in (Outcome.KILLED, Outcome.SURVIVED) for outcome in outcomes.values())
            missing = None if count is None else count - counted - len(running)
            for mutant in islice(order, missing):
                if identity(mutant, texts[mutant.model].text) in known:
                    outcomes[mutant] = Outcome.EQUIVALENT
                else:
                    running[workers.submit(outcome_of, mutant)] = mutant
            if not running:
                return outcomes
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                mutant = running.pop(done)
                outcomes[mutant] = done.result()
                if outcomes[mutant] is Outcome.SURVIVED:
                    click.echo(f"  survived: {mutant.model}.sql:{mutant.line} {mutant.operator}", err=True)
                if len(outcomes) % 20 == 0:
                    click.echo(f"  {len(outcomes)} tried", err=True)


def _quietly_prepare(folder: Path) -> None:
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        prepare(folder)


def _work_in(folder: Path) -> None:
    """Give this process a copy of the warehouse: DuckDB lets only one write."""
    mine = Hub(folder / str(os.getpid()))
    mine.path.parent.mkdir(parents=True)
    shutil.copy(Hub(folder / "first").path, mine.path)
    os.environ.update(mine.environment)
    forget_target()
    # dbt prints each failure, which is what is hoped for here.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()

"""That the mutation harness kills what a unit test notices, and reports what none does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from dbt_project import manifest
from operators import OPERATORS, edits
from plan import Mutant, Plan
from run import equivalents, identity, report
from source import Model
from trial import Outcome, outcome_of, prepare

RUNS = """-- One row per day.
with runs as (

    select * from {{ ref('pipeline_runs') }}

),

run_days as (

    select
        started_date,
        count(case when run_status = 'failed' and is_final_attempt then 1 end) as failed_count,
        count(distinct run_id) as run_count,
        max(started_at) as last_started_at
    from runs
    where run_status not in ('running') and duration_ms >= 5
    group by started_date

)

select
    started_date,
    last_started_at,
    {{ safe_ratio('failed_count', 'run_count') }} as failed_ratio
from run_days
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    before = dict(os.environ)
    prepare(tmp_path_factory.mktemp("mutants"), "--select", "+run_health")
    yield Plan(manifest())
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def mutant(plan: Plan) -> Callable[[str, str, str], Mutant]:
    def find(column: str, operator: str, changed: str) -> Mutant:
        [found] = [
            each
            for each in plan.by_column[column]
            if each.operator == operator and changed in each.diff(plan.models[each.model].text)
        ]
        return found

    return find


def mutations(operator: str, text: str = RUNS) -> list[str]:
    """Return the changed lines of each mutant that an operator makes, joined."""
    model = Model("runs", text)
    made = [Mutant("", "runs", name, edit, 0) for name, edit in edits(model) if name == operator]
    return [
        " ".join(line[1:].strip() for line in each.diff(text).splitlines() if line.startswith("+")) for each in made
    ]


@pytest.mark.parametrize(
    ("operator", "changed"),
    [
        ("swap_numerator_and_denominator", "safe_ratio('run_count', 'failed_count')"),
        ("coalesce_ratio_to_zero", "coalesce({{ safe_ratio('failed_count', 'run_count') }}, 0)"),
        ("remove_nullif", "((failed_count) / (run_count)) as"),
        ("drop_filter", "where true and duration_ms >= 5"),
        ("drop_case_condition", "case when true and is_final_attempt then"),
        ("count_canceled_as_failed", "run_status in ('failed', 'canceled')"),
        ("first_attempt_for_last", "and (run_attempt = 1) then"),
        ("first_attempt_for_last", "min(started_at)"),
        ("move_a_bound", "duration_ms > 5"),
        ("off_by_one", "duration_ms >= 6"),
        ("drop_distinct", "count( run_id)"),
        ("sum_for_count", "sum(case when"),
        ("or_for_and", "'failed' or is_final_attempt"),
        ("drop_not", "run_status  in ('running')"),
    ],
)
def test_an_operator_makes_its_mistake(operator: str, changed: str) -> None:
    assert any(changed in each for each in mutations(operator)), mutations(operator)


@pytest.mark.parametrize(
    ("operator", "text", "changed"),
    [
        ("inner_for_left_join", "select * from a left join b on a.x = b.x", "a inner join b"),
        ("mean_of_ratios_for_ratio_of_sums", "select {{ safe_ratio('sum(a)', 'sum(b)') }}", "avg((a) / nullif(b, 0))"),
        ("drop_filter", "select a from b qualify row_number() over (order by a) = 1", "from b"),
        ("off_by_one", "select sum(a) over (rows between 6 preceding and current row) from b", "7 preceding"),
        ("off_by_one", "select a from b where c > {{ moment_plus(as_of(), -14, 'day') }}", "-15, 'day'"),
        ("first_attempt_for_last", "select a from b order by c desc, d desc", "c asc, d desc"),
        ("drop_default", "select coalesce(a, 0) as a from b", "select a as a"),
        ("subtract_for_add", "select a + b as c from d", "a - b"),
    ],
)
def test_an_operator_makes_its_mistake_elsewhere(operator: str, text: str, changed: str) -> None:
    assert any(changed in each for each in mutations(operator, text)), mutations(operator, text)


def test_the_and_of_a_between_is_no_condition() -> None:
    assert mutations("or_for_and", "select a from b where c between 1 and 2") == []


def test_every_ratio_column_and_every_operator_has_mutants(plan: Plan) -> None:
    mutants = [mutant for of_column in plan.by_column.values() for mutant in of_column]

    assert len(plan.by_column) > 20
    assert all(plan.by_column.values())
    assert {mutant.operator for mutant in mutants} == set(OPERATORS)


def test_a_column_has_the_mutants_of_what_it_depends_on_and_no_others(plan: Plan) -> None:
    lines = {
        mutant.diff(plan.models[mutant.model].text).splitlines()[0].strip("- ")
        for mutant in plan.by_column["run_health.success_ratio"]
    }

    assert "count(case when run_status = 'success' then 1 end) as succeeded_run_count," in lines
    assert "where attempts.is_final_attempt" in lines
    assert "count(case when run_status = 'skipped' then 1 end) as skipped_run_count," not in lines
    assert "where is_final_attempt and queue_ms is not null" not in lines


def test_the_same_seed_draws_the_same_sample_with_a_share_for_every_column(plan: Plan) -> None:
    first, second, other = ([next(order) for _ in range(120)] for order in map(plan.order, (7, 7, 8)))

    assert first == second != other
    assert {mutant.column for mutant in first} == set(plan.by_column)
    assert len({mutant.key for mutant in first}) == 120


def test_a_mutant_that_a_unit_test_notices_is_killed(mutant: Callable[[str, str, str], Mutant]) -> None:
    swapped = mutant("run_health.success_ratio", "swap_numerator_and_denominator", "as success_ratio")

    assert outcome_of(swapped) is Outcome.KILLED
    # The model is itself again.
    assert outcome_of(swapped) is Outcome.KILLED


def test_a_mutant_that_no_unit_test_notices_survives_and_is_reported(
    plan: Plan,
    mutant: Callable[[str, str, str], Mutant],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    swapped = mutant("run_health.success_ratio", "swap_numerator_and_denominator", "as success_ratio")
    tests = manifest().unit_tests
    about_waits = {name: test for name, test in tests.items() if test.name.startswith("waits_are_those_of_jobs")}
    assert len(about_waits) == 1
    monkeypatch.setattr(manifest(), "unit_tests", about_waits)

    outcome = outcome_of(swapped)
    report(plan, {swapped: outcome})

    assert outcome is Outcome.SURVIVED
    printed = capsys.readouterr().out
    assert "survived: run_health.sql:" in printed
    assert "+        {{ safe_ratio('workflow_days.concluded_run_count'" in printed
    assert "0 of 1 mutants killed" in printed


def test_a_mutant_that_is_no_statement_counts_for_nothing(plan: Plan) -> None:
    model = plan.models["run_health"]
    [(_, edit)] = [(name, edit) for name, edit in edits(model) if "avg" in edit.text][:1]
    nonsense = Mutant("run_health.success_ratio", "run_health", "nonsense", type(edit)(edit.start, edit.end, "no ("), 1)

    assert outcome_of(nonsense) is Outcome.INVALID


def test_every_equivalent_mutant_has_its_reason_and_still_exists(plan: Plan) -> None:
    made = {identity(each, plan.models[each.model].text) for mutants in plan.by_column.values() for each in mutants}

    assert set(equivalents()) <= made
    assert all(equivalents().values())

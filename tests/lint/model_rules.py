"""What each model's description, first line and tests must have: rules that `dbt-score lint` runs over the manifest."""

from dbt_score import Model, RuleViolation, Severity, rule
from dbt_score.models import Test

GRAIN = "One row"


@rule(severity=Severity.CRITICAL)
def description_opens_with_the_grain(model: Model) -> RuleViolation | None:
    """A description opens with what one row is."""
    if not model.description.startswith(GRAIN):
        return RuleViolation(f"The description does not open with '{GRAIN} …'.")
    return None


@rule(severity=Severity.CRITICAL)
def first_line_says_the_grain(model: Model) -> RuleViolation | None:
    """The first line of the SQL says what one row is, in a comment."""
    if not model.raw_code.startswith(f"-- {GRAIN}"):
        return RuleViolation(f"The first line of the SQL is not '-- {GRAIN} …'.")
    return None


@rule(severity=Severity.CRITICAL)
def has_columns(model: Model) -> RuleViolation | None:
    """A model lists its columns. That the list is complete is a test: it takes a warehouse."""
    if not model.columns:
        return RuleViolation("No column is described.")
    return None


@rule(severity=Severity.CRITICAL)
def key_is_tested(model: Model) -> RuleViolation | None:
    """A model's key is tested to be unique, and never null. A model of one row needs none."""
    tests = [*model.tests, *(test for column in model.columns for test in column.tests)]
    keys = [_columns(test) for test in tests if test.type in ("is_key", "is_unique_combination", "unique")]
    complete = [test for test in tests if test.type in ("is_key", "are_never_null", "not_null")]
    known = {column for test in complete for column in (*_columns(test), *test.kwargs.get("never_null", []))}
    if not keys and not model.raw_code.startswith(f"-- {GRAIN}:"):
        return RuleViolation("No column or combination of columns is tested to be unique.")
    nullable = [column for key in keys for column in key if column not in known]
    if nullable:
        return RuleViolation(f"Columns of the key may be null: {', '.join(nullable)}.")
    return None


def _columns(test: Test) -> list[str]:
    """Return the columns that a test is about."""
    return test.kwargs.get("columns") or [test.kwargs["column_name"]]

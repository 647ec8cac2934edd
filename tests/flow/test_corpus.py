"""The shared corpus: real reports of real tools, file by file against what was counted without our readers."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from corpus_count import Expected, expected
from hub import PROJECT, SHOP, Hub

pytestmark = pytest.mark.corpus

EXPECTED = PROJECT / "tests" / "corpus_expected.csv"
MUTATION = "mutation/stryker_json/stryker-mutator__mutation-testing-elements"
JUNIT = "test_reports/junit_xml/EnricoMi__publish-unit-test-result-action"


@pytest.fixture(scope="module")
def corpus() -> Path:
    found = (PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus")).resolve()
    assert (found / "MANIFEST.csv").is_file(), f"{found} is missing: put the shared corpus there, or set HUB_CORPUS"
    return found


@pytest.fixture(scope="module")
def loaded(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub into which the whole corpus was loaded, twice."""
    hub = Hub(tmp_path_factory.mktemp("corpus"))
    for name in ("first", "second"):
        result = hub.run("load", corpus, *SHOP, "--json")
        # Files are broken on purpose, so the evidence is bad.
        assert (result.exit_code, result.stderr) == (1, "")
        (hub.folder / name).write_text(result.stdout)
    return hub


def reports(hub: Hub, corpus: Path, name: str) -> dict[str, dict[str, object]]:
    """Return what the command said of each file that the manifest lists."""
    said = [json.loads(line) for line in (hub.folder / name).read_text().splitlines()]
    by_path = {str(Path(report["file"]).relative_to(corpus)): report for report in said}
    return {path: report for path, report in by_path.items() if path not in ("MANIFEST.csv", "README.md")}


def said_of(report: dict[str, object]) -> str:
    """Return what was loaded or why not, in the words of the expected results."""
    if report["status"] == "refused":
        return str(report["code"])
    contracts = report["contracts"]
    assert isinstance(contracts, dict)
    counts = [f"{name.partition('.')[0]}={count}" for name, count in contracts.items()]
    return " ".join([*counts, *([f"rejected={report['rejected']}"] if report["rejected"] else [])])


def test_every_file_has_the_outcome_that_was_counted_without_our_readers(loaded: Hub, corpus: Path) -> None:
    with EXPECTED.open(newline="") as table:
        wanted = {row["path"]: (row["outcome"], row["detail"]) for row in csv.DictReader(table)}
    said = {}
    for path, report in reports(loaded, corpus, "first").items():
        detail = wanted[path][1] if report["status"] == "duplicate" else said_of(report)
        said[path] = (report["status"], detail)

    assert said.keys() == wanted.keys()
    assert {path: (said[path], wanted[path]) for path in said if said[path] != wanted[path]} == {}


def test_the_expected_results_are_those_that_counting_gives(corpus: Path) -> None:
    with EXPECTED.open(newline="") as table:
        written = [Expected(**row) for row in csv.DictReader(table)]

    assert written == list(expected(corpus))


def test_for_every_file_what_came_in_was_loaded_rejected_or_there_already(loaded: Hub, corpus: Path) -> None:
    for report in [*reports(loaded, corpus, "first").values(), *reports(loaded, corpus, "second").values()]:
        assert report["events"] == report["loaded"] + report["rejected"] + report["duplicate"]  # type: ignore[operator]


def test_the_second_run_adds_nothing(loaded: Hub, corpus: Path) -> None:
    first, second = reports(loaded, corpus, "first"), reports(loaded, corpus, "second")

    for path, report in second.items():
        before = first[path]["status"]
        assert report["status"] == ("duplicate" if before == "loaded" else before), path
        assert report["loaded"] == report["rejected"] == 0
    assert loaded.value("select count(*) from raw.loads") == sum(one["status"] == "loaded" for one in first.values())
    assert loaded.value("select sum(loaded_event_count) from raw.loads") == sum(
        int(str(report["loaded"])) for report in first.values()
    )


def test_every_raw_row_leads_to_a_load_and_every_load_to_its_bytes(loaded: Hub) -> None:
    from ingest import topics

    for topic in topics.all_topics().values():
        for table in topic.tables:
            orphans = f"select count(*) from raw.{table.name} where _load_id not in (select load_id from raw.loads)"
            assert loaded.value(orphans) == 0
    for (digest,) in loaded.rows("select content_sha256 from raw.loads"):
        assert (loaded.path.parent / "archive" / digest[:2] / f"{digest}.zst").is_file()


@pytest.mark.parametrize(
    ("name", "denominator", "percent"),
    [
        ("cucumber-example__mutation.json.gz", "('killed', 'timeout', 'survived', 'no_coverage')", 42.76),
        ("test-files-example__mutation-report.json.gz", "('killed', 'timeout', 'survived', 'no_coverage')", 93.17),
        ("test-files-example__mutation-report.json.gz", "('killed', 'timeout', 'survived')", 95.54),
    ],
    ids=["of all", "of all with tests", "of covered with tests"],
)
def test_mutation_scores_come_out_of_the_raw_tables(loaded: Hub, name: str, denominator: str, percent: float) -> None:
    [(detected, counted)] = loaded.rows(
        f"""
        select
            count(*) filter (where status in ('killed', 'timeout')),
            count(*) filter (where status in {denominator})
        from raw.mutants
        where _load_id in (select load_id from raw.loads where source_name like '%{MUTATION}/{name}')
        """
    )

    assert round(100 * detected / counted, 2) == percent


def test_the_counts_of_test_cases_are_those_of_the_oracles_beside_the_reports(loaded: Hub, corpus: Path) -> None:
    different = {}
    for path in sorted((corpus / JUNIT).glob("*.results.json")):
        report = path.with_name(path.name.replace(".results.json", ".xml"))
        stats = json.loads(path.read_bytes())["stats"]
        counted = loaded.rows(
            f"""
            select
                count(*),
                count(*) filter (where outcome = 'failed'),
                count(*) filter (where outcome = 'error')
            from raw.test_cases
            where _load_id in (select load_id from raw.loads where source_name = '{report}')
            """
        )[0]
        wanted = (stats["runs"], stats["runs_fail"], stats["runs_error"])
        if counted != wanted:
            different[report.name] = (counted, wanted)

    assert different == {
        # A case that failed and broke is one case here, and on both sides there.
        "junit-xml__junit.multiresult.xml": ((4, 1, 1), (4, 2, 1)),
        # Totals without cases are kept as the suite's own word, and are no cases.
        "junit-xml__no-cases-but-tests.xml": ((0, 0, 0), (6, 1, 0)),
    }

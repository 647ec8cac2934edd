"""`ci-intel report`: what its three formats say, and what hostile evidence does not do in them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hub import Hub
from reported import HOSTILE, WEEK

from dashboards.report.markdown import escaped
from dashboards.report.pictures import DOMAINS

MAX_BYTES = 5_000_000
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The tags and the text of a page; tags that are not closed as they were opened are an error."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report(hub: Hub, form: str, *more: str) -> str:
    result = hub.run("report", "--format", form, "--out", "-", *more)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def page(reported_hub: Hub) -> str:
    return report(reported_hub, "html")


@pytest.fixture(scope="module")
def digest(reported_hub: Hub) -> str:
    return report(reported_hub, "markdown")


@pytest.fixture(scope="module")
def message(reported_hub: Hub) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(
        report(reported_hub, "slack", "--dashboards-url", "https://hub.example/?a=1&b=2")
    )
    return parsed


def texts(node: Any) -> Iterator[dict[str, Any]]:
    """Return every text object of a message."""
    if isinstance(node, dict):
        if node.get("type") in ("plain_text", "mrkdwn"):
            yield node
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def of(hub: Hub, sql: str) -> list[tuple[Any, ...]]:
    return hub.rows(sql)


def test_the_page_says_each_cell_of_the_scorecard_and_each_open_matter(reported_hub: Hub, page: str) -> None:
    text = " ".join(Page(page).text.split())

    cells = of(
        reported_hub,
        f"select name, why from marts.executive_scorecard where is_current and week_start_date = date '{WEEK}'",
    )
    sentences = of(reported_hub, "select sentence, next_step from marts.attention")
    assert len(cells) == 70
    assert sentences
    assert [name for name, _ in cells if name not in text] == []
    assert [part for row in sentences for part in row if " ".join(part.split()) not in text] == []


def test_the_page_has_a_picture_of_each_measured_metric_and_question_with_its_numbers_behind(
    reported_hub: Hub, page: str
) -> None:
    tags = Page(page).tags
    pictures = [attributes for tag, attributes in tags if tag == "div" and attributes.get("role") == "img"]

    titles = {picture.title for domain in DOMAINS for picture in domain.pictures}
    assert {title for title in titles if any((one["aria-label"] or "").startswith(title) for one in pictures)} == titles
    assert len(pictures) == page.count("<summary>The numbers") > 40
    assert all(len(one["aria-label"] or "") > 30 for one in pictures)


def test_a_page_asks_nothing_of_any_server_and_is_small(page: str) -> None:
    tags = Page(page).tags

    assert len(page.encode()) < MAX_BYTES
    assert {tag for tag, _ in tags} & {"script", "iframe", "object", "embed", "img", "image", "base", "form"} == set()
    addresses = [
        value for _, attributes in tags for name, value in attributes.items() if name in ("href", "src", "xlink:href")
    ]
    assert addresses == ["data:,"]
    assert re.findall(r"url\((?!#)", page) == []
    assert "@import" not in page


def test_what_is_simulated_says_so_in_every_format(page: str, digest: str, message: dict[str, Any]) -> None:
    assert "Simulated: nothing here is real" in page
    assert "## Simulated fleet (simulated: nothing here is real)" in digest
    assert any("Simulated fleet (SIMULATED" in one["text"] for one in texts(message))


def test_what_was_never_measured_is_said_with_its_reason_and_never_drawn(reported_hub: Hub) -> None:
    page = report(reported_hub, "html", "--origin", "real")

    text = " ".join(Page(page).text.split())
    assert "Efficiency ○ not connected: nothing of it was measured" in text
    assert "Not measured in these weeks. Never measured: no evidence by the end of the week" in text
    assert 'id="real-waste_ratio' not in page


def test_a_week_without_a_value_is_a_gap_in_its_line(reported_hub: Hub, page: str) -> None:
    [(gaps,)] = of(
        reported_hub,
        "select count(*) from marts.executive_scorecard where metric_id = 'mutation_score' and is_simulated "
        "and is_current and is_complete and metric_value is null",
    )

    assert gaps > 0
    assert f"{gaps} week{'s' if gaps > 1 else ''} of 13 without a value, drawn as gaps" in page


def test_the_digests_say_the_reds_the_changes_and_the_most_pressing_matters(
    reported_hub: Hub, digest: str, message: dict[str, Any]
) -> None:
    in_slack = "\n".join(one["text"] for one in texts(message))

    for name, why in of(
        reported_hub,
        "select name, why from marts.executive_scorecard "
        f"where is_current and week_start_date = date '{WEEK}' and status = 'red'",
    ):
        assert f"{name}: {why.rstrip('.')}" in in_slack
        assert escaped(f"{name}: {why.rstrip('.')}") in digest
    [(worst, step)] = of(
        reported_hub, "select sentence, next_step from marts.attention where is_simulated and rank_number = 1"
    )
    assert worst in in_slack
    assert step in in_slack
    assert escaped(worst) in digest


def test_an_earlier_week_is_that_weeks_scorecard_and_says_that_the_matters_are_todays(reported_hub: Hub) -> None:
    earlier = report(reported_hub, "markdown", "--week", "2026-11-12")

    assert earlier.startswith("# CI Intelligence Hub, week of 9–15 Nov 2026")
    assert "An earlier week: what needs attention is that of now" in earlier


def test_a_slack_message_is_within_block_kits_limits(message: dict[str, Any]) -> None:
    assert set(message) == {"text", "blocks"}
    assert 5 < len(message["blocks"]) <= 50
    for block in message["blocks"]:
        assert block["type"] in ("header", "section", "context", "divider", "actions")
        if block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            assert len(block["text"]["text"]) <= 150
    assert all(1 <= len(one["text"]) <= 3000 for one in texts(message))
    [button] = [element for block in message["blocks"] if block["type"] == "actions" for element in block["elements"]]
    assert button["url"] == "https://hub.example/?a=1&b=2"
    assert len(button["text"]["text"]) <= 75


def test_a_slack_message_of_a_very_bad_week_with_long_texts_is_cut_to_the_limits(
    reported_hub: Hub, tmp_path: Path
) -> None:
    worse = _copy(reported_hub, tmp_path)
    worse.execute(
        "update marts.executive_scorecard set status = 'red', why = repeat('very bad ', 900);"
        "update marts.attention set sentence = repeat('long ', 2000), next_step = repeat('step ', 2000)"
    )

    message = json.loads(report(worse, "slack"))

    assert len(message["blocks"]) <= 50
    assert all(1 <= len(one["text"]) <= 3000 for one in texts(message))


def test_hostile_evidence_is_text_on_the_page(page: str) -> None:
    parsed = Page(page)

    # It is there, in words and in pictures, and became no tag and no attribute that does anything.
    assert "document.title='owned'" in parsed.text
    assert "evil.example" in parsed.text
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    assert {tag for tag, _ in parsed.tags} & {"script", "img", "b"} == set()
    assert "49" not in re.findall(r"\$\{(.*?)\} (\S+)", parsed.text)


def test_what_no_reader_sees_and_what_is_endless_is_not_written(reported_hub: Hub, tmp_path: Path) -> None:
    odd = _copy(reported_hub, tmp_path)
    endless = "chr(1) || 'begins' || chr(8238) || repeat('endless ', 2000)"
    odd.execute(
        f"update marts.attention set sentence = {endless}, owner = {endless};"
        f"update marts.dr_drills set drill = {endless}; update marts.flaky_tests set test_name = {endless};"
        f"update marts.run_health set repository = repository || {endless}"
    )

    for form in ("html", "markdown", "slack"):
        written = report(odd, form)
        assert "begins" in written
        assert not re.search("[\x01\u202e]", written)
        assert len(written) < MAX_BYTES


def test_hostile_evidence_is_text_in_markdown(digest: str) -> None:
    [line] = [line for line in digest.splitlines() if "evil" in line][:1]

    assert "<script" not in digest.replace("\\<", "")
    assert "<!" not in digest.replace("\\<", "")
    assert not re.search(r"(?<!\\)[*_`\[\]<>|]", line.replace("–", ""))
    assert "@here" not in line
    assert "https://" not in line
    assert ":fire:" not in line.replace("\\:", "")


def test_hostile_evidence_is_in_texts_that_slack_does_not_read_as_markup(message: dict[str, Any]) -> None:
    hostile = [one for one in texts(message) if "evil.example" in one["text"]]

    assert hostile
    assert {(one["type"], one["emoji"]) for one in hostile} == {("plain_text", False)}
    assert not any(one["type"] == "mrkdwn" for one in texts(message))
    assert "evil" not in message["text"]
    assert "<" not in message["text"]


@pytest.mark.parametrize("hostile", [HOSTILE, "1. a\n# b\n- c", "+ x", "www.evil.example", "a|b", "= rule"])
def test_escaped_text_is_one_line_that_begins_no_structure(hostile: str) -> None:
    shown = escaped(hostile)

    assert "\n" not in shown
    assert not re.match(r"\d+[.)]|[#=+-]|>", shown)
    assert "www.e" not in shown
    assert "://" not in shown


def test_a_page_can_be_made_of_a_file_that_has_marts_and_nothing_else(reported_hub: Hub, tmp_path: Path) -> None:
    published = tmp_path / "hub.duckdb"
    with duckdb.connect(str(published)) as connection:
        connection.execute(f"attach '{reported_hub.path}' as built (read_only); create schema marts")
        names = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'marts'"
            ).fetchall()
        ]
        for name in names:
            connection.execute(f"create table marts.{name} as select * from built.marts.{name}")

    out = tmp_path / "report.html"
    result = reported_hub.run("report", "--out", out, "--warehouse", f"duckdb:///{published}")

    assert result.exit_code == 0, result.output
    assert out.read_text().startswith("<!doctype html>")


def test_a_warehouse_without_marts_says_what_to_do(hub: Hub, tmp_path: Path) -> None:
    result = hub.run("report", "--out", tmp_path / "report.html")

    assert result.exit_code == 1
    assert "there are no marts to report on: run `dbt build`" in result.output
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("missing", ["jinja2", "vl_convert"])
def test_a_page_without_the_packages_of_its_extra_names_it(
    reported_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    result = reported_hub.run("report", "--out", tmp_path / "report.html")

    assert result.exit_code == 3
    assert "pip install 'ci-intelligence-hub[report]'" in result.output


def test_marts_that_lack_what_is_asked_for_are_no_answer_and_say_what_to_do(reported_hub: Hub, tmp_path: Path) -> None:
    older = _copy(reported_hub, tmp_path)
    older.execute("drop table marts.dora")

    result = older.run("report", "--out", tmp_path / "report.html")

    assert result.exit_code == 3
    assert "if another version built them, run `dbt build` again" in result.output


def test_a_scorecard_without_weeks_says_what_to_do(reported_hub: Hub, tmp_path: Path) -> None:
    empty = _copy(reported_hub, tmp_path)
    empty.execute("delete from marts.executive_scorecard")

    result = empty.run("report", "--out", tmp_path / "report.html")

    assert result.exit_code == 1
    assert "the scorecard is empty" in result.output


def test_a_week_that_is_not_in_the_scorecard_names_the_latest(reported_hub: Hub, tmp_path: Path) -> None:
    result = reported_hub.run("report", "--out", tmp_path / "report.html", "--week", "2020-01-01")

    assert result.exit_code == 1
    assert f"no complete week of 2019-12-30; the latest one is that of {WEEK}" in result.output


def test_a_folder_that_is_not_there_is_no_answer_and_what_was_there_stays(reported_hub: Hub, tmp_path: Path) -> None:
    result = reported_hub.run("report", "--out", tmp_path / "missing" / "report.html")

    assert result.exit_code == 3
    assert "cannot be written" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://a b", 'https://a"b', "//evil.example", "https://a>"]
)
def test_a_link_to_dashboards_is_a_web_address_or_wrong_usage(reported_hub: Hub, address: str) -> None:
    result = reported_hub.run("report", "--out", "-", "--format", "markdown", "--dashboards-url", address)

    assert result.exit_code == 2


def _copy(hub: Hub, folder: Path) -> Hub:
    copied = Hub(folder / "copy")
    copied.path.parent.mkdir(parents=True)
    shutil.copy(hub.path, copied.path)
    return copied

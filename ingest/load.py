"""
Loading: one file → one committed load.

Either all good events of a file become visible together, with its bad ones kept aside and its row
in the ledger, or nothing does. The same evidence again adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ci_intel import __version__, contracts, faults
from ci_intel.errors import Refused, WarehouseUnavailable
from ci_intel.identities import digest_of, load_id
from ci_intel.redact import redact
from ci_intel.words import noun
from ingest import ledger, topics
from ingest.archive import Archive
from ingest.binding import check_reader
from ingest.context import RunContext
from ingest.context_policy import ContextPolicy
from ingest.detect import reader_for
from ingest.doubts import is_believed_now, still_doubted
from ingest.evidence import Evidence
from ingest.gate import NO_TOPIC, Load, Origin, Prepared, Reject
from ingest.prepare import prepared_parts
from ingest.readers import Reader, reader
from ingest.tables import Table
from ingest.warehouse import AlreadyCommitted, LoadTransaction, Row, Warehouse

SHOWN_REJECTS = 20
SHOWN_OF_A_REASON = 3
UNKNOWN_FORMAT = "unknown_format"
_FLAGS = {"repository": "--repository OWNER/NAME", "commit_sha": "--commit SHA"}
CONTEXT = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")

Progress = Callable[[int], None]
"""Told how many events were read so far."""


@dataclass(frozen=True)
class Options:
    """How files are loaded: where the bytes are kept, what is said about them, by whom, and whose word counts."""

    context: RunContext = field(default_factory=RunContext)
    format: str | None = None
    archive: Archive | None = None
    submitted_by: str | None = None
    workers: int = 1
    policy: ContextPolicy = field(default_factory=ContextPolicy)


@dataclass
class Report:
    """
    What happened to one file.

    `status` is loaded, duplicate, refused or unknown (of a judgement without a warehouse: valid).
    Always events = loaded + rejected + duplicate. `rejected_before` says how many of the duplicates are no rows, as
    they were rejected when the file was first loaded.
    `rejects` holds the first few; the warehouse has them all.
    """

    file: str
    status: str
    format: str | None = None
    load_id: str | None = None
    generation: int | None = None
    events: int = 0
    loaded: int = 0
    rejected: int = 0
    duplicate: int = 0
    rejected_before: int = 0
    contracts: Mapping[str, int] = field(default_factory=dict)
    _loaded_of: Counter[Origin] = field(default_factory=Counter)
    _rejected_of: Counter[Origin] = field(default_factory=Counter)
    rejects: Sequence[Reject] = ()
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class _Reading:
    """How one file is read: by whom, in which context, as which load."""

    reader: Reader
    context: RunContext
    load: Load


def load_file(
    evidence: Evidence,
    warehouse: Warehouse,
    options: Options,
    *,
    now: datetime,
    progress: Progress = lambda _: None,
) -> Report:
    """
    Load one file, and say what happened to it.

    `now` is passed in, not read from a clock, so that a test can say when it was. A file that
    cannot be used is noted in `raw.refusals`, and never blocks a later try.

    Raises `HubError` if the warehouse or the archive cannot be used; then nothing was written.
    """
    try:
        reading = _reading_of(evidence, options, now)
        known = warehouse.newest_generation(reading.load.load_id)
        if known is not None and is_believed_now(_parts(evidence, reading, options), known, warehouse):
            reading = _on_another_word(evidence, reading)
            known = warehouse.newest_generation(reading.load.load_id)
        if known is not None:
            return _duplicate(evidence, known)
        try:
            return _commit(evidence, reading, warehouse, options, progress)
        except AlreadyCommitted:
            return _duplicate(evidence, _committed(reading.load, warehouse))
    except Refused as refusal:
        report = _refused(evidence, refusal, options)
        note_refusal(report, warehouse, options, now, _digest_if_any(evidence))
        return report


def judge_file(evidence: Evidence, options: Options, *, now: datetime) -> Report:
    """Say what a load of this file would say, without a warehouse; its status is `valid` instead of `loaded`."""
    try:
        reading = _reading_of(evidence, options, now)
        report = Report(evidence.name, "valid", reading.reader.format, reading.load.load_id)
        for part in _parts(evidence, reading, options):
            _count(report, part)
    except Refused as refusal:
        return _refused(evidence, refusal, options)
    return report


def reload_file(evidence: Evidence, known: Row, warehouse: Warehouse, options: Options, *, now: datetime) -> Report:
    """
    Read an archived load again: one more generation, which supersedes the others in one commit.

    Its rows keep the time of the first reading, so that old evidence does not become new by being
    read again. What a context policy did not accept stays rejected: nobody has said anew whose it is.
    Raises `HubError` like `load_file`; a reader that now refuses the file changes nothing.
    """
    evidence.name = known["source_name"]
    load = Load(
        load_id=known["load_id"],
        generation=known["generation"] + 1,
        loaded_at=known["loaded_at"].replace(tzinfo=UTC),
        now=now,
        observed_at=known["source_modified_at"].replace(tzinfo=UTC),
        depth=evidence.limits.depth,
    )
    context = RunContext(**{name: known[name] for name in CONTEXT}, source=known["context_source"])
    kept = replace(options, archive=None, format=known["format"], submitted_by=known["submitted_by"])
    if context.is_binding:
        load = replace(load, binding=context)
    try:
        load = replace(load, doubted=still_doubted(known, warehouse))
        return _commit(evidence, _Reading(reader(known["format"]), context, load), warehouse, kept, lambda _: None)
    except AlreadyCommitted:
        return _duplicate(evidence, _committed(load, warehouse))
    except Refused as refusal:
        return _refused(evidence, refusal, kept)


def _on_another_word(evidence: Evidence, reading: _Reading) -> _Reading:
    """Return the load that the same evidence makes on the word of who says now whose it is."""
    given = reading.load.given
    word = {"said_by": given.source, "said_of": given.repository}
    outside = {**_outside(reading.reader, reading.context), **word}
    load = replace(reading.load, load_id=load_id(evidence.sha256, reading.reader.format, outside))
    return replace(reading, load=load)


def _outside(found: Reader, context: RunContext) -> Mapping[str, Any]:
    """Return what the identity of a load has of its context."""
    return context.outside(CONTEXT if context.is_binding else found.outside)


def _committed(load: Load, warehouse: Warehouse) -> Row:
    known = warehouse.newest_generation(load.load_id)
    if known is None:
        raise WarehouseUnavailable(f"{warehouse.url}: load {load.load_id} was committed, but is not in the ledger")
    return known


def _reading_of(evidence: Evidence, options: Options, now: datetime) -> _Reading:
    """Find out what a file is and which load it makes. Raises `Refused` where it cannot be one."""
    # Its size first: that reads it to its end, and a bomb or a cut file is refused before it is looked into.
    if not evidence.size or not evidence.head.strip():
        raise Refused("empty", "the file is empty; an empty report is no evidence of anything")
    found = reader_for(evidence, options.format)
    if found is None:
        raise Refused(
            UNKNOWN_FORMAT,
            "no reader recognises this content; `ci-intel formats` lists them, --format names one",
        )
    context = _context_for(found, options.context)
    load = Load(
        load_id=load_id(evidence.sha256, found.format, _outside(found, context)),
        generation=1,
        loaded_at=now,
        now=now,
        observed_at=min(evidence.modified_at, now),
        depth=evidence.limits.depth,
        binding=context if context.is_binding else None,
        given=options.context,
        policy=options.policy,
    )
    return _Reading(found, context, load)


def _commit(
    evidence: Evidence, reading: _Reading, warehouse: Warehouse, options: Options, progress: Progress
) -> Report:
    load = reading.load
    report = Report(evidence.name, "loaded", reading.reader.format, load.load_id, load.generation)
    started_at = datetime.now(UTC)
    with warehouse.loading() as transaction:
        for part in _parts(evidence, reading, options):
            _append(transaction, part, load)
            _count(report, part)
            progress(report.events)
            faults.point("after_part")
        evidence.check_unchanged()
        if options.archive is not None:
            options.archive.keep(evidence)
        transaction.append("load_topics", _topic_rows(report, reading))
        transaction.commit(_ledger_row(report, evidence, reading, options, started_at))
    return report


def _parts(evidence: Evidence, reading: _Reading, options: Options) -> Iterator[Prepared]:
    return prepared_parts(evidence, reading.reader, reading.context, reading.load, options.workers)


def _append(transaction: LoadTransaction, part: Prepared, load: Load) -> None:
    for table, rows in part.rows.items():
        transaction.append(table, rows)
    if part.rejects:
        transaction.append("rejects", _reject_rows(part.rejects, load))


def _count(report: Report, part: Prepared) -> None:
    report.events += part.events
    report.loaded += part.loaded
    report.rejected += len(part.rejects)
    report.contracts = dict(Counter(report.contracts) + Counter(part.contracts))
    report._loaded_of.update(part.loaded_of)
    report._rejected_of.update(part.rejected_of)
    report.rejects = _first_few(report.rejects, part.rejects)


def _first_few(known: Sequence[Reject], more: Sequence[Reject]) -> Sequence[Reject]:
    """Return the first few rejects, and of those that follow the first ones of each further reason."""
    kept = [*known]
    seen = Counter(reject.reason for reject in kept)
    for reject in more:
        if len(kept) < SHOWN_REJECTS or (len(kept) < 2 * SHOWN_REJECTS and seen[reject.reason] < SHOWN_OF_A_REASON):
            kept.append(reject)
            seen[reject.reason] += 1
    return kept


def _context_for(found: Reader, given: RunContext) -> RunContext:
    """Return the context as this reader takes it; raise `Refused` if what it cannot do without is missing."""
    if given.is_binding:
        check_reader(found)
    if not found.outside:
        return given if given.source == "api" else RunContext()
    missing = [name for name in found.needs if getattr(given, name) is None]
    if missing:
        flags = " ".join(_FLAGS[name] for name in missing)
        raise Refused(
            "context_missing",
            f"a {found.format} report does not say its {' and '.join(missing)}: "
            f"add {flags}, or load it inside the CI job, or from a folder with the run's event in it "
            "(`ci-intel emit pipeline-run --out FOLDER/run.json`)",
        )
    return given


def _duplicate(evidence: Evidence, known: Row) -> Report:
    rejected = known["rejected_event_count"]
    return Report(
        evidence.name,
        "duplicate",
        known["format"],
        known["load_id"],
        known["generation"],
        events=known["event_count"],
        duplicate=known["event_count"],
        rejected_before=rejected,
        message=f"{rejected:,} of them {noun(rejected, 'was', 'were')} rejected then, and still "
        f"{noun(rejected, 'is', 'are')}: `ci-intel rejects {known['load_id'][:12]}` "
        "shows them, and once the cause is gone `ci-intel reload --rejected` reads them again"
        if rejected
        else None,
    )


def _refused(evidence: Evidence, refusal: Refused, options: Options) -> Report:
    status = "unknown" if refusal.code == UNKNOWN_FORMAT else "refused"
    return Report(evidence.name, status, options.format, code=refusal.code, message=redact(refusal.message))


def _ledger_row(
    report: Report, evidence: Evidence, reading: _Reading, options: Options, started_at: datetime
) -> dict[str, Any]:
    load = reading.load
    return {
        "load_id": load.load_id,
        "generation": load.generation,
        "content_sha256": evidence.sha256,
        "source_name": evidence.name,
        "source_bytes": evidence.size,
        "source_modified_at": _naive(load.observed_at),
        "format": reading.reader.format,
        "topics": "\n".join(sorted({name.partition(".")[0] for name in report.contracts})),
        "contracts": "\n".join(sorted(report.contracts)),
        "event_count": report.events,
        "loaded_event_count": report.loaded,
        "rejected_event_count": report.rejected,
        "duplicate_event_count": report.duplicate,
        "started_at": _naive(started_at),
        "loaded_at": _naive(load.loaded_at),
        "loader_version": __version__,
        "reader_version": reading.reader.version,
        **reading.context.outside(CONTEXT),
        "context_source": reading.context.source,
        "submitted_by": options.submitted_by,
    }


def _topic_rows(report: Report, reading: _Reading) -> pa.Table:
    """Say how much of the load was of which topic; what cannot be told is of the reader's, if that has only one."""
    only = reading.reader.topics[0] if len(reading.reader.topics) == 1 else NO_TOPIC
    rejected: Counter[Origin] = Counter()
    for (topic, is_simulated), count in report._rejected_of.items():
        rejected[(only if topic == NO_TOPIC else topic, is_simulated)] += count
    return rows_of(
        ledger.LOAD_TOPICS,
        [
            {
                "load_id": reading.load.load_id,
                "generation": reading.load.generation,
                "topic": topic,
                "is_simulated": is_simulated,
                "loaded_event_count": report._loaded_of[(topic, is_simulated)],
                "rejected_event_count": rejected[(topic, is_simulated)],
                "loaded_at": _naive(reading.load.loaded_at),
            }
            for topic, is_simulated in sorted({*report._loaded_of, *rejected})
        ],
    )


def _reject_rows(rejects: Sequence[Reject], load: Load) -> pa.Table:
    return rows_of(
        ledger.REJECTS,
        [
            {
                "load_id": load.load_id,
                "generation": load.generation,
                "line": reject.line,
                "byte_offset": reject.byte_offset,
                "code": reject.code,
                "pointer": reject.pointer,
                "message": reject.message,
                "content": reject.content,
                "loaded_at": _naive(load.loaded_at),
            }
            for reject in rejects
        ],
    )


def prepare_warehouse(warehouse: Warehouse, now: datetime, *, trusts_mark: bool = False) -> Sequence[str]:
    """
    Create what is missing of the raw tables of all topics; return the statements that ran.

    With `trusts_mark`, a warehouse that is marked as prepared for just these topics is not looked
    into: on BigQuery that saves each load two queries.
    The topics themselves are noted, so that a model can tell a silent one from one that does not exist.
    """
    mark = _mark()
    if trusts_mark and warehouse.mark() == mark:
        return []
    statements = warehouse.extend([table for topic in topics.all_topics().values() for table in topic.tables])
    known = {(row["topic"], row["summary"], row["owner"]) for row in warehouse.query("select * from raw.topics")}
    rows = [
        {"topic": topic.name, "summary": topic.summary, "owner": topic.owner, "noted_at": _naive(now)}
        for topic in contracts.topics().values()
        if (topic.name, topic.summary, topic.owner) not in known
    ]
    if rows:
        warehouse.note("topics", rows_of(ledger.TOPICS, rows))
    warehouse.mark_as(mark)
    return statements


def _mark() -> str:
    """Return what identifies the declarations of this version: all topics, tables, columns and types."""
    declared = [
        [
            topic.name,
            topic.summary,
            topic.owner,
            repr([repr(table) for table in topics.all_topics()[topic.name].tables]),
        ]
        for topic in contracts.topics().values()
    ]
    return digest_of([declared, repr(ledger.TABLES)])[:32]


def note_refusal(
    report: Report,
    warehouse: Warehouse,
    options: Options,
    now: datetime,
    measured: tuple[str | None, int | None] = (None, None),
) -> None:
    """Note a file that was not loaded in `raw.refusals`."""
    content_sha256, size = measured
    row = {
        "source_name": report.file,
        "content_sha256": content_sha256,
        "source_bytes": size,
        "format": report.format,
        "status": report.status,
        "code": report.code,
        "message": report.message,
        "refused_at": _naive(now),
        "repository": options.context.repository,
        "submitted_by": options.submitted_by,
    }
    warehouse.note("refusals", rows_of(ledger.REFUSALS, [row]))


def _digest_if_any(evidence: Evidence) -> tuple[str | None, int | None]:
    try:
        return evidence.sha256, evidence.size
    except Refused:
        return None, None


def rows_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows of one of the ledger's tables, typed as it declares."""
    return pa.Table.from_pylist(list(rows), schema=ledger.arrow_schema(table))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

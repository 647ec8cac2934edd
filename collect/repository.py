"""
One repository's collection: what is asked for, what is new in it, and how far it has come.

Providers' modules say which objects there are; everything that they have in common is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ci_intel.errors import Refused
from ci_intel.moments import utc
from collect.client import Client
from collect.errors import Denied, Gone, NoAnswer
from collect.positions import Mark, Page
from collect.store import Fetched, Store, as_files
from ingest.context import RunContext
from ingest.load import Report

PAGE = 100
BATCH = 100
"""How many objects are asked for, with all that belongs to them, between two commits."""

LONGEST_RUN = timedelta(days=36)
"""How long after its creation a run may still change: GitHub ends one after 35 days, and re-runs it for 30."""

FAILURES = 5
"""How many objects of a part may fail before the part is given up: then it is not the objects."""

OVERLAP = timedelta(hours=1)
"""By how much the next collection reaches back into what the last one has seen."""

Asked = TypeVar("Asked")
Found = TypeVar("Found")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is collected: since when, which parts, and whether also what is collected already."""

    since: datetime
    parts: frozenset[str]
    again: bool = False


@dataclass
class Summary:
    """What was collected of a repository: objects, loads, and what went wrong."""

    repository: str
    counts: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count a file that was loaded."""
        self.files[report.status] += 1
        for name in ("events", "loaded", "rejected", "duplicate", "rejected_before"):
            self.events[name] += getattr(report, name)


@dataclass
class Beginning:
    """
    From when on a part is asked for.

    `is_fresh`: answers that were the same before are wanted nevertheless, since more is taken from them.
    """

    part: str
    since: datetime
    at: datetime
    is_fresh: bool
    covered_since: datetime

    @property
    def text(self) -> str:
        """The moment as the APIs write it."""
        return as_text(self.since)


class Repository:
    """A repository that is being collected."""

    def __init__(
        self,
        provider: str,
        name: str,
        client: Client,
        store: Store,
        pool: ThreadPoolExecutor,
        wanted: Wanted,
        summary: Summary,
        progress: Callable[[Summary], None],
    ) -> None:
        self.provider = provider
        self.name = name
        self.client = client
        self.summary = summary
        self.wanted = wanted
        self._store = store
        self._pool = pool
        self._progress = progress
        self.positions = store.positions(client.url, name)
        self._held: list[Mark] = []
        self._failures = 0

    @property
    def store(self) -> Store:
        """Where it goes."""
        return self._store

    def begin(self, part: str, *, changes_for: timedelta) -> Beginning:
        """Return from when on `part` is asked for: what it holds may change for so long after it was made."""
        self._failures = 0
        now = self.client.now()
        through, covered = (self._moment(kind, part) for kind in ("through", "since"))
        if self.wanted.again or through is None or covered is None:
            return Beginning(part, self.wanted.since, now, self.wanted.again, self.wanted.since)
        if self.wanted.since < covered:
            return Beginning(part, self.wanted.since, now, True, self.wanted.since)
        # After a longer silence than is asked for now, there is a gap: what lies before it is not covered.
        covered = covered if self.wanted.since <= through else self.wanted.since
        return Beginning(part, max(self.wanted.since, through - changes_for), now, False, covered)

    def covered(self, marks: Sequence[Mark]) -> None:
        """Note lists as read, unless something that they name could not be collected: then they are read again."""
        if not self._failures:
            self.commit([], marks)

    def done(self, beginning: Beginning) -> None:
        """Note that everything of a part was collected that there was when it began, if that is so."""
        self.covered(
            [
                Mark("through", beginning.part, as_text(beginning.at)),
                Mark("since", beginning.part, as_text(beginning.covered_since)),
            ],
        )

    def known(self, kind: str) -> Mapping[str, str]:
        """Return the versions in which objects of a kind are collected."""
        return {} if self.wanted.again else self.positions.known(kind)

    def get(self, path: str, what: str, etag: str | None = None) -> Any:
        """Ask the API, and return its answer."""
        return self.client.get(path, what=what, where=self.name, etag=etag)

    def page(
        self, path: str, what: str, items: Callable[[Any], list[Json]], moment: str, *, is_fresh: bool
    ) -> tuple[Page, list[Json], Mark | None]:
        """Ask for a page; return what it is like, its objects (none if they are known), and the mark that says so."""
        known = None if is_fresh else self.positions.page(path)
        answer = self.get(path, what, known.etag if known else None)
        if answer.is_unchanged:
            if known is None:
                raise NoAnswer(f"{self.name}: {what}: answered 304 to a question that was not conditional")
            return known, [], None
        objects = items(answer.document)
        total = answer.document.get("total_count") if isinstance(answer.document, dict) else None
        oldest = min((str(one.get(moment)) for one in objects), default="")
        page = Page(answer.etag or "", len(objects), total, oldest)
        return page, objects, page.mark(path) if answer.etag else None

    def listed(
        self, path: str, what: str, beginning: Beginning, *, moment: str, key: str | None = None
    ) -> tuple[list[Json], list[Mark]]:
        """
        Follow the pages of a list, newest first by `moment`, back to the beginning.

        Return the objects that may be new, each once, and the marks that hold when all of them are collected.
        """
        objects: dict[Any, Json] = {}
        marks: list[Mark] = []
        number = 1
        while True:
            address = f"{path}{'&' if '?' in path else '?'}per_page={PAGE}&page={number}"
            page, found, mark = self.page(address, what, elements_of(key), moment, is_fresh=beginning.is_fresh)
            objects.update((one.get("id"), one) for one in found if str(one.get(moment)) >= beginning.text)
            marks += [mark] if mark else []
            if page.count < PAGE or page.oldest < beginning.text:
                return [*objects.values()], marks
            number += 1

    def all_pages(self, path: str, what: str, key: str | None = None) -> Iterator[bytes]:
        """Yield the pages of a list that belongs to one object, as they came."""
        number = 1
        while True:
            answer = self.get(f"{path}{'&' if '?' in path else '?'}per_page={PAGE}&page={number}", what)
            yield answer.content
            if len(elements_of(key)(answer.document)) < PAGE:
                return
            number += 1

    def each(self, ask: Callable[[Asked], Found], objects: Sequence[Asked]) -> list[Found | None]:
        """
        Ask about several objects at once; the answers come in their order, None where there is none.

        What is gone meanwhile is counted. One that fails for ever is named, and keeps no other from being collected.
        """

        def asked(one: Asked) -> Found | NoAnswer:
            try:
                return ask(one)
            except Denied:
                raise
            except NoAnswer as reason:
                return reason

        answers = [*self._pool.map(asked, objects)]
        for answer in answers:
            if isinstance(answer, Gone):
                self.summary.counts["gone"] += 1
            elif isinstance(answer, NoAnswer):
                self._failures += 1
                if self._failures > FAILURES:
                    raise answer
                self.summary.problems.append(str(answer))
        return [None if isinstance(answer, NoAnswer) else answer for answer in answers]

    def load(self, parts: Sequence[bytes], what: str, marks: Sequence[Mark], format_name: str) -> None:
        """Load JSON texts as a file of the provider's answers, and then move the position."""
        context = RunContext(provider=self.provider, repository=self.name, source="api")
        self.commit(as_files(parts, f"{self.client.host}: {self.name}: {what}", context, format_name), marks)

    def commit(self, files: Sequence[Fetched], marks: Sequence[Mark]) -> None:
        """
        Load files, and then move the position.

        Marks without a file wait for the next one: a position may lag behind what is committed, and opening the
        warehouse for each of them would cost more than asking once more after a kill.
        """
        self._held += marks
        self.positions.take(marks)
        if files:
            self.flush(files)
        self._progress(self.summary)

    def flush(self, files: Sequence[Fetched] = ()) -> None:
        """Load files, and note all marks that wait."""
        if files or self._held:
            for report in self._store.commit(files, self.positions, self._held, self.client.now()):
                self.summary.add(report)
            self._held = []

    def refuse(self, name: str, refusal: Refused, context: RunContext, marks: Sequence[Mark]) -> None:
        """Note that something cannot be used as evidence, and that it need not be asked for again."""
        self.summary.add(self._store.refuse(name, refusal, context, self.client.now()))
        self.commit([], marks)
        self.flush()

    def _moment(self, kind: str, part: str) -> datetime | None:
        text = self.positions.known(kind).get(part)
        return utc(text) if text else None


def collect_parts(repository: Repository, parts: Mapping[str, Callable[[], None]]) -> None:
    """Collect those parts that are wanted. What keeps one from being collected is noted; the others go on."""
    try:
        for part, collect in parts.items():
            if part not in repository.wanted.parts:
                continue
            try:
                collect()
            except NoAnswer as reason:
                repository.summary.problems.append(str(reason))
    finally:
        repository.flush()


def elements_of(key: str | None) -> Callable[[Any], list[Json]]:
    """Return what takes the objects out of a page: the list under `key`, or the page itself."""

    def elements(document: Any) -> list[Json]:
        found = document.get(key) if key is not None and isinstance(document, dict) else document
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    return elements


def batches(objects: Sequence[Asked], size: int = BATCH) -> Iterator[Sequence[Asked]]:
    """Cut a sequence into pieces."""
    for begin in range(0, len(objects), size):
        yield objects[begin : begin + size]


def as_text(moment: datetime) -> str:
    """Write a moment as the APIs do, in whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

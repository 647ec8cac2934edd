"""VEX documents: whether products are affected by vulnerabilities, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, SELF, Event, Table, child, string, timestamp

DOCUMENTS = Table(
    "vex_documents",
    key=("document_id", "document_version"),
    event_time="issued_at",
    columns=(
        *RUN_CONTEXT,
        string("document_id"),
        string("document_version", "version"),
        string("author"),
        string("author_role"),
        timestamp("issued_at", "timestamp"),
        string("tooling"),
    ),
)

STATEMENTS = child(
    DOCUMENTS,
    "vex_statements",
    "statements",
    [
        string("vulnerability_id", "vulnerability"),
        string("product"),
        string("product_purl"),
        string("product_digest"),
        string("status"),
        string("justification"),
        string("impact_statement"),
        string("action_statement"),
        timestamp("stated_at", "timestamp"),
        timestamp("expires_at"),
    ],
)

ALIASES = child(DOCUMENTS, "vex_statement_aliases", "statements[].aliases", [string("alias", SELF)])

SUBCOMPONENTS = child(
    DOCUMENTS, "vex_statement_subcomponents", "statements[].subcomponents", [string("subcomponent", SELF)]
)

TABLES = (DOCUMENTS, STATEMENTS, ALIASES, SUBCOMPONENTS)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield the statements that expire before they are made."""
    for place, statement in enumerate(event["statements"]):
        if is_reversed(statement.get("timestamp", event.get("timestamp")), statement.get("expires_at")):
            yield Violation(f"/statements/{place}/expires_at", "the statement expires before it is made")


def observed(event: Event, moment: str) -> Event:
    """Return the document, issued when its file was written if it does not say when."""
    return event if "timestamp" in event else {**event, "timestamp": moment}

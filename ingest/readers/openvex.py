"""
OpenVEX: one document's statements, each for each of its products. Versions 0.0.1 and 0.2.0.

A document is its own authority: it names its identity, version and author, and takes nothing from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item
from ingest.shapes import (
    begins,
    elements,
    json_keys,
    json_object,
    known,
    mapping,
    moment,
    objects,
    text,
    texts,
    word,
)

FORMAT = "openvex"
VERSION = 1
TOPICS = ("vex",)
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_SAYS_SO = re.compile(rb'\s*\{\s*"@context"\s*:\s*"https://openvex\.dev/ns')
_NAMESPACE = "https://openvex.dev/ns"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{64}")


def recognises(evidence: Evidence) -> bool:
    """Tell whether the document's context is OpenVEX, or the beginning of one that is broken says so."""
    if begins(evidence, _SAYS_SO):
        return True
    if "@context" not in json_keys(evidence):
        return False
    return (text(evidence.json["@context"]) or "").startswith(_NAMESPACE)


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield the document with one statement for each product."""
    document = json_object(evidence, "@context")
    yield known(
        schema="vex.v1.0",
        document_id=text(document.get("@id")),
        version=word(document.get("version")),
        author=text(document.get("author")),
        author_role=text(document.get("role")),
        timestamp=moment(document.get("timestamp")),
        tooling=text(document.get("tooling")),
    ) | {
        "statements": [
            statement for entry in objects(document.get("statements"), "statements") for statement in _statements(entry)
        ]
    }


def _statements(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    vulnerability, aliases = _vulnerability(entry.get("vulnerability"))
    said = known(
        vulnerability=vulnerability,
        aliases=aliases,
        status=text(entry.get("status")),
        justification=text(entry.get("justification")),
        impact_statement=text(entry.get("impact_statement")),
        action_statement=text(entry.get("action_statement")),
        timestamp=moment(entry.get("timestamp")),
    )
    # Without a product it applies to nothing, and is kept to be shown.
    for product in elements(entry.get("products")) or [{}]:
        yield {**said, **_product(product, elements(entry.get("subcomponents")))}


def _vulnerability(value: Any) -> tuple[str | None, list[str]]:
    """Return the identifier and the others: an object since 0.2.0, a plain text before."""
    if isinstance(value, str):
        return text(value), []
    said = mapping(value)
    name = text(said.get("name")) or text(said.get("@id"))
    return name, [alias for alias in texts(elements(said.get("aliases"))) if alias != name]


def _product(value: Any, of_statement: list[Any]) -> dict[str, Any]:
    """Return the product and what of it is meant; before 0.2.0 a text, its parts the statement's."""
    product = {"@id": value} if isinstance(value, str) else value
    if not isinstance(product, dict):
        raise Refused("unexpected_shape", "a product is neither an object nor a text: no OpenVEX document")
    purl = _purl(product)
    return known(
        product=text(product.get("@id")) or purl,
        product_purl=purl,
        product_digest=_digest(product, purl),
        subcomponents=texts(map(_identity, [*elements(product.get("subcomponents")), *of_statement])),
    )


def _purl(product: Mapping[str, Any]) -> str | None:
    purl = text(mapping(product.get("identifiers")).get("purl")) or text(product.get("@id"))
    return purl if purl and purl.startswith("pkg:") else None


def _digest(product: Mapping[str, Any], purl: str | None) -> str | None:
    """Return the digest of the product: its own hash, or the version of an image's package URL."""
    content = (text(mapping(product.get("hashes")).get("sha-256")) or "").lower()
    if _HEX.fullmatch(content):
        return f"sha256:{content}"
    match = _DIGEST.search(unquote(purl or text(product.get("@id")) or ""))
    return match.group() if match else None


def _identity(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    return _purl(mapping(part)) or text(mapping(part).get("@id"))

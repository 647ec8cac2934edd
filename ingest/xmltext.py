"""
The XML gate: well-formed documents, with no entity of their own and nothing fetched.

An entity declared in a document can expand without bound, or name a file or an address; no test
or coverage report needs one. Comments and processing instructions are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ci_intel.errors import Refused

_ROOT = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)\s*+)*+<([A-Za-z_][\w.:-]*)",
    re.DOTALL,
)


def root_of(head: bytes) -> str | None:
    """Return the name of the root element without its prefix; None if `head` does not start like XML."""
    match = _ROOT.match(head)
    return match.group(1).decode().rpartition(":")[2] if match else None


def elements(content: IO[bytes]) -> Iterator[tuple[str, Element]]:
    """
    Yield ("start" | "end", element) as the document is read, names as they stand in it.

    The caller clears the elements it is done with, so that a long report needs little memory.
    Raises `Refused` where the document is not well-formed or declares entities.
    """
    try:
        yield from iterparse(content, events=("start", "end"), forbid_dtd=False, forbid_entities=True)
    except DefusedXmlException as error:
        raise Refused("xml_entities", "declares entities of its own, which are never expanded") from error
    except ParseError as error:
        raise Refused("not_xml", f"not well-formed XML{_place(error)}") from error
    except (LookupError, ValueError) as error:
        raise Refused("not_xml", f"in an encoding that is not read, write UTF-8: {error}") from error


def _place(error: ParseError) -> str:
    """
    Return where a document breaks off, and then what the parser says of it.

    In the parser's order, `unclosed token: line 1`, it would read as a secret's value, and be struck out.
    """
    line, column = error.position
    return f" at line {line}, column {column}: {str(error).removesuffix(f': line {line}, column {column}')}"


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]

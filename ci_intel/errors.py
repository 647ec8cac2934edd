"""
Errors that end a command, each with the exit code it ends with.

    0  everything asked for was done, and the evidence is good
    1  the evidence is bad
    2  the command line is wrong (click's own)
    3  no answer: a file, schema or warehouse could not be used
"""

from __future__ import annotations

import click


class HubError(click.ClickException):
    """A command could not reach an answer; the message says why and what to do."""

    exit_code = 3


class RegistryBroken(HubError):
    """`schema/registry.json` or a schema it names cannot be used."""


class WarehouseUnavailable(HubError):
    """The warehouse is locked, unreachable, full or read-only; nothing was written."""


class NotFound(HubError):
    """What the command was asked to show does not exist."""

    exit_code = 1


class Refused(Exception):
    """
    A whole file cannot be used as evidence; nothing of it is loaded.

    `code` is a stable word for machines, the message is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

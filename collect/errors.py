"""What an API can say instead of an answer, and what that means for a collection."""

from __future__ import annotations

from ci_intel.errors import HubError


class CollectionEnded(HubError):
    """Nothing more can be asked for now; what was collected is committed, and the same command goes on from there."""


class NoAnswer(Exception):
    """A part of a repository could not be collected; the message says which, why, and what to do. Others go on."""


class Gone(NoAnswer):
    """What was asked for is not there (any more), or this token may not see it."""


class Denied(NoAnswer):
    """The token lacks a right; the message names it."""

"""Chance that repeats itself: the same names give the same draws, on any machine and in any order."""

from __future__ import annotations

import hashlib
import random
import uuid


class Chance(random.Random):
    """A source of draws of its own for one matter of one repository and day."""

    def happens(self, probability: float) -> bool:
        """Tell whether something with this probability comes about."""
        return self.random() < probability

    def about(self, value: float) -> int:
        """Draw a whole number around `value`: from seven tenths of it to one and a half times."""
        return round(value * self.triangular(0.7, 1.5, 0.95))

    def count(self, mean: float) -> int:
        """Draw how often something happens that happens `mean` times on average."""
        most = int(2 * mean) + 1
        return sum(self.random() < mean / most for _ in range(most))


def chance(*parts: object) -> Chance:
    """Return the chance of what `parts` name. A text as seed does not depend on PYTHONHASHSEED."""
    return Chance(_joined(parts))


def commit(*parts: object) -> str:
    """Return a commit that exists nowhere."""
    return _sha256("commit", *parts)[:40]


def digest(*parts: object) -> str:
    """Return the digest of an artifact that exists nowhere."""
    return f"sha256:{_sha256('artifact', *parts)}"


def sha256(*parts: object) -> str:
    """Return the sha256 of a text that nobody wrote."""
    return _sha256("text", *parts)


def number(*parts: object) -> int:
    """Return a number of eleven digits, such as providers give their runs."""
    return 10**10 + int(_sha256("number", *parts)[:12], 16) % (9 * 10**10)


def identifier(*parts: object) -> str:
    """Return a UUID."""
    return str(uuid.UUID(hex=_sha256("uuid", *parts)[:32], version=4))


def _joined(parts: tuple[object, ...]) -> str:
    return "/".join(str(part) for part in parts)


def _sha256(*parts: object) -> str:
    return hashlib.sha256(f"simulated/{_joined(parts)}".encode()).hexdigest()

"""
Faults: places where a test can have the process killed, to prove what survives.

`CI_INTEL_FAULT=before_commit` kills the process with SIGKILL when it first comes to that point;
`after_batch:3` when it comes there for the third time. Unset, a point costs one look-up.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Die here, if the environment says so."""
    armed = os.environ.get("CI_INTEL_FAULT")
    if armed is None:
        return
    wanted, _, times = armed.partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)

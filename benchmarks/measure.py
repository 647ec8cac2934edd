"""Measuring: a command as a whole, from outside, with all its processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figures:
    """One run of a command: wall and CPU seconds, and the peak of the memory of all its processes, in MB."""

    wall: float
    cpu: float
    memory: float


def measure(command: Sequence[str], **environment: str) -> Figures:
    """Run `command` once. Raises `RuntimeError` with its output if it fails."""
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    peak = _Peak(process.pid)
    peak.start()
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    peak.stop()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, max(peak.megabytes, usage.ru_maxrss / 1024))


def in_turn(contenders: dict[str, Callable[[], Figures]], rounds: int) -> dict[str, list[Figures]]:
    """Run the contenders one after the other, `rounds` times over, so that a drifting machine hurts all alike."""
    figures: dict[str, list[Figures]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            figures[name].append(run())
    return figures


def median(figures: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(
        statistics.median(each.wall for each in figures),
        statistics.median(each.cpu for each in figures),
        statistics.median(each.memory for each in figures),
    )


class _Peak(threading.Thread):
    """Watches the resident memory of a session of processes, added up, twenty times a second."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self._session = session
        self._is_over = threading.Event()
        self.megabytes = 0.0

    def run(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._is_over.wait(0.05):
            pages = sum(self._pages(process) for process in Path("/proc").iterdir() if process.name.isdecimal())
            self.megabytes = max(self.megabytes, pages * page / 2**20)

    def _pages(self, process: Path) -> int:
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != self._session:
                return 0
            resident, shared = (process / "statm").read_text().split()[1:3]
            return int(resident) - int(shared)
        except (OSError, ValueError, IndexError):
            return 0

    def stop(self) -> None:
        self._is_over.set()
        self.join()

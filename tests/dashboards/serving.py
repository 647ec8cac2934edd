"""What a test knows of the dashboards that are up."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Served:
    """Dashboards that are up: where, for whom, and on which file."""

    address: str
    passwords: dict[str, str]
    home: Path
    warehouse: Path
    published: Path

    @property
    def uri(self) -> str:
        """The published file, as Superset names it."""
        return f"duckdb:///{self.published}"

    def publish(self) -> None:
        """Publish the warehouse again, from a process of its own."""
        command = [BIN / "ci-intel", "publish", "--warehouse", f"duckdb:///{self.warehouse}", "--out", self.published]
        subprocess.run(command, check=True, capture_output=True)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

"""An emulator of BigQuery for as long as it is needed."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT_FOLDER = Path(__file__).parents[2]
INSTALLED = PROJECT_FOLDER / ".cache" / "bigquery-emulator"
LAUNCH = Path(__file__).parent / "emulator" / "launch.py"


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Start an emulator that keeps its data in `folder`; yield its address; stop it whatever happens."""
    if not (INSTALLED / ".ready").exists():
        raise RuntimeError("the emulator is not installed: run `make bigquery`")
    port, grpc_port = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [INSTALLED / "venv/bin/python", LAUNCH, *arguments, "--data-dir", folder / "data", "serve"],
            env={**os.environ, "HOME": str(INSTALLED / "home")},
            stdout=log,
            stderr=log,
        )
        try:
            _wait(address, process, folder / "log")
            yield address
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    # A proxy that the environment names would be asked for this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended: {log.read_text()[-2000:]}")
        try:
            opener.open(f"{address}/bigquery/v2/projects", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the emulator did not answer within a minute")

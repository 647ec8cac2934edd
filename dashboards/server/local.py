"""
A Superset of our own: from nothing to dashboards, in an environment and a folder of its own.

What is already done is not done again: the folder notes what was provisioned, with which version and which assets, so
that a second start is Superset's own start and nothing more.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ci_intel.errors import HubError
from dashboards import bundled

HERE = Path(__file__).parent
ACCOUNTS = ("admin", "executive")
_NOTE = "provisioned.json"
# What decides which database Superset has: its version, its settings, and how both are brought about.
_SERVER = ("requirements.lock", "superset_config.py", "provision.py")
_PROVISION_SECONDS = 1200.0
_START_SECONDS = 300.0


class SupersetFailed(HubError):
    """Superset could not be set up or started; the message says where its log is."""


@dataclass(frozen=True)
class Superset:
    """A Superset in `home`, run by `python` (of the environment that it is installed in), at `port` of this machine."""

    home: Path
    python: Path
    port: int

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says while it runs."""
        return self.home / "superset.log"

    def provision(self, bundle: bytes, *, with_new_passwords: bool = False) -> Mapping[str, str]:
        """
        Bring its database to where it has to be; return the passwords of the accounts that were made or changed.

        They are kept nowhere. Raises `SupersetFailed`, and does all of it again next time.
        """
        note = self._note()
        server = bundled.fingerprint(*((HERE / name).read_bytes() for name in _SERVER))
        wanted = {"server": server, "bundle": bundled.fingerprint(bundle)}
        makes_passwords = with_new_passwords or not note
        if not makes_passwords and {key: note.get(key) for key in wanted} == wanted:
            return {}
        passwords = {name: secrets.token_urlsafe(18) for name in ACCOUNTS} if makes_passwords else {}
        contents = bundled.contents(bundle)
        self._run_provision(bundle, passwords, _removed(note.get("contents", {}), contents))
        self._write_note({**wanted, "contents": contents})
        return passwords

    def start(self) -> subprocess.Popen[bytes]:
        """
        Start serving, and return when it answers.

        Raises `SupersetFailed` if the port is taken, or it ends or does not answer in time.
        """
        if _is_taken(self.port):
            raise SupersetFailed(f"port {self.port} is taken; name another one: make dashboards PORT={self.port + 1}")
        command = [str(self.python.parent / "gunicorn"), "--config", str(HERE / "gunicorn.conf.py")]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=self._environment(), cwd=self.home, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SupersetFailed(f"Superset ended as it started; it says why in {self.log}")
            if self._is_healthy():
                return process
            time.sleep(0.2)
        stop(process)
        raise SupersetFailed(f"Superset did not answer within {_START_SECONDS:g} s; its log is {self.log}")

    def _run_provision(self, bundle: bytes, passwords: Mapping[str, str], removed: Mapping[str, Any]) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.home / "bundle.zip"
        path.write_bytes(bundle)
        task = json.dumps({"bundle": str(path), "passwords": dict(passwords), "removed": removed}).encode()
        log = self.home / "provision.log"
        try:
            with log.open("wb") as output:
                subprocess.run(
                    [self.python, HERE / "provision.py"],
                    input=task,
                    env=self._environment(),
                    cwd=self.home,
                    stdout=output,
                    stderr=output,
                    check=True,
                    timeout=_PROVISION_SECONDS,
                )
        except (OSError, subprocess.SubprocessError) as error:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise SupersetFailed(f"setting up Superset failed: {last}; all it said is in {log}") from error

    def _note(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.home / _NOTE).read_text()))
        except (OSError, ValueError):
            return {}

    def _write_note(self, note: Mapping[str, Any]) -> None:
        unfinished = self.home / f".{_NOTE}"
        unfinished.write_text(json.dumps(note))
        unfinished.replace(self.home / _NOTE)

    def _environment(self) -> dict[str, str]:
        # Nothing that was set for another Superset, or for this project's Python, reaches it.
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SUPERSET", "FLASK", "PYTHON"))
        }
        return {
            **kept,
            "SUPERSET_HOME": str(self.home.absolute()),
            "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
            "FLASK_APP": "superset",
            "PORT": str(self.port),
        }

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a Superset that was started, whether or not it still runs."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _removed(before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    return {kind: sorted(set(before.get(kind, {})) - set(now[kind])) for kind in bundled.KINDS}


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False

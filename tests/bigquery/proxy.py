"""A network that loses, refuses and delays: an HTTP proxy before the emulator, told what to do to which request."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

JOB_ID = re.compile(rb'"jobId": ?"(ci_intel_[a-z]+_[^"]*)"')


@dataclass(frozen=True)
class Request:
    """What a client asks: method, path with its query, and body."""

    method: str
    path: str
    body: bytes

    @property
    def sent_job(self) -> str:
        """The id of the job that this request sends; empty for any other request."""
        found = JOB_ID.search(self.body)
        return found[1].decode() if self.method == "POST" and "/jobs" in self.path and found else ""

    @property
    def commits(self) -> bool:
        """Whether it sends the job that commits a load."""
        return self.sent_job.startswith("ci_intel_load_")


@dataclass
class Fault:
    """Something done to the next `times` requests that `hits`."""

    hits: Callable[[Request], bool]
    does: Callable[[Handler, Request], None]
    times: int = 1


@dataclass
class Proxy:
    """The proxy at work: its address, what it is told to do, and what it has seen."""

    address: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, does: Callable[[Handler, Request], None], hits: Callable[[Request], bool], times: int = 1) -> None:
        """Do this to the next requests of that kind."""
        self.faults.append(Fault(hits, does, times))

    def commits(self) -> list[str]:
        """The ids under which loads were sent, in order."""
        return [request.sent_job for request in self.seen if request.commits]

    def fault_for(self, request: Request) -> Callable[[Handler, Request], None] | None:
        """Return what to do to a request, once."""
        with self._lock:
            self.seen.append(request)
            for fault in self.faults:
                if fault.times and fault.hits(request):
                    fault.times -= 1
                    self.done += 1
                    return fault.does
        return None


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, unless told otherwise."""

    protocol_version = "HTTP/1.1"
    # Else what is sent after the headers waits for the client to acknowledge them.
    disable_nagle_algorithm = True
    proxy: Proxy
    upstream: str

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, body)
        does = self.proxy.fault_for(request)
        if does is None:
            self.reply(*self.passed_on(request))
        else:
            does(self, request)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_one

    def passed_on(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the emulator, and return its answer."""
        upstream = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "content-length")
        ]
        connection.close()
        return answer.status, kept, content

    def reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        """Answer the client."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def cut(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def cut_before(handler: Handler, _request: Request) -> None:
    """The request is lost."""
    handler.cut()


def cut_after(handler: Handler, request: Request) -> None:
    """The request arrives, its answer is lost."""
    handler.passed_on(request)
    handler.cut()


def twice(handler: Handler, request: Request) -> None:
    """The request arrives two times; the second answer is the one that counts."""
    handler.passed_on(request)
    handler.reply(*handler.passed_on(request))


def slow(seconds: float) -> Callable[[Handler, Request], None]:
    """The request arrives, its answer comes too late."""

    def does(handler: Handler, request: Request) -> None:
        answer = handler.passed_on(request)
        time.sleep(seconds)
        handler.reply(*answer)

    return does


def held(until: threading.Event) -> Callable[[Handler, Request], None]:
    """The request is on its way for as long as that takes."""

    def does(handler: Handler, request: Request) -> None:
        until.wait(120)
        handler.reply(*handler.passed_on(request))

    return does


def refused(status: int, reason: str, message: str = "not now") -> Callable[[Handler, Request], None]:
    """The request is answered with an error, and goes no further."""

    def does(handler: Handler, _request: Request) -> None:
        error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
        handler.reply(status, [("Content-Type", "application/json")], json.dumps({"error": error}).encode())

    return does


def failing_job(reason: str, message: str = "it broke") -> Callable[[Handler, Request], None]:
    """The job is accepted, and fails; it never reaches the emulator."""

    def does(handler: Handler, request: Request) -> None:
        job = json.loads(request.body)
        error = {"reason": reason, "message": message}
        job["status"] = {"state": "DONE", "errorResult": error, "errors": [error]}
        handler.reply(200, [("Content-Type", "application/json")], json.dumps(job).encode())

    return does


def any_of(seed: int, *, out_of: int) -> Callable[[Handler, Request], None]:
    """Now and then one of the faults above, at random."""
    dice = random.Random(seed)
    faults = [
        cut_before,
        cut_after,
        twice,
        refused(503, "backendError"),
        refused(429, "rateLimitExceeded"),
        refused(403, "rateLimitExceeded"),
        refused(500, "internalError"),
    ]

    def does(handler: Handler, request: Request) -> None:
        if dice.randrange(out_of):
            handler.reply(*handler.passed_on(request))
        else:
            dice.choice(faults)(handler, request)

    return does


class Server(ThreadingHTTPServer):
    """A server that expects its clients to hang up."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Start a proxy before the emulator at `upstream`; yield it; stop it whatever happens."""
    made = Proxy()
    handler = type("ToldHandler", (Handler,), {"proxy": made, "upstream": upstream})
    server = Server(("127.0.0.1", 0), handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()

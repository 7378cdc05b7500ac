"""A real server under a real load, inside: kinds of work like those of `kinds`.

Sixteen clients, each of which asks again when it has its answer; a step is one answer to each.
Every other request to redis writes, every tenth to SQLite.

Source: redis.io, "Redis serialization protocol specification" (RESP).
"""

from __future__ import annotations

import http.server
import os
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle, islice

from . import kinds

REDIS = f"{kinds.PLACE}/bin/redis-server"
CLIENTS = 16
ROWS = 1000
START_S = 60.0
VALUE = b"v" * 100


def connected(port: int) -> socket.socket:
    """A connection to a server that may still be on its way up."""
    give_up = time.monotonic() + START_S
    while True:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port))
        if time.monotonic() > give_up:
            raise TimeoutError("the server takes no connection")
        time.sleep(0.005)


@contextmanager
def load(port: int, requests: Sequence[bytes]) -> Iterator[kinds.Step]:
    """The clients. An answer comes in one piece: it is written at once, and small."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(port)) for _ in range(CLIENTS)]
        coming = cycle(requests)

        def step() -> float:
            for client, request in zip(clients, islice(coming, CLIENTS), strict=True):
                client.sendall(request)
            for client in clients:
                if not client.recv(65536).startswith((b"+OK", b"$", b"HTTP/1.1 200")):
                    raise ConnectionError("the server refused a request")
            return CLIENTS

        for _ in range(len(requests) // CLIENTS + 1):  # every key is there before the clock runs
            step()
        yield step


def resp(*words: bytes) -> bytes:
    """A request to redis."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


@contextmanager
def redis() -> Iterator[kinds.Step]:
    """redis-server: GET and SET of 100 bytes, nothing kept on disk."""
    if not os.access(REDIS, os.X_OK):
        raise FileNotFoundError(f"there is no {REDIS} here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(dir=kinds.FOLDER) as folder:
        words = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        words += ["--save", "", "--appendonly", "no", "--logfile", f"{folder}/log"]
        server = subprocess.Popen(words, env={"LD_LIBRARY_PATH": kinds.LIBRARIES})
        try:
            keys = [b"key:%d" % number for number in range(ROWS)]
            pairs = [(resp(b"SET", key, VALUE), resp(b"GET", key)) for key in keys]
            with load(port, [request for pair in pairs for request in pair]) as step:
                yield step
        finally:
            server.kill()
            server.wait()


class Handler(http.server.BaseHTTPRequestHandler):
    """GET reads a row, POST replaces one, in a transaction of its own."""

    protocol_version = "HTTP/1.1"
    path_of_database = ""

    def setup(self) -> None:
        super().setup()
        self.database = sqlite3.connect(self.path_of_database, timeout=START_S)

    def finish(self) -> None:
        self.database.close()
        super().finish()

    def do_GET(self) -> None:
        asked = self.database.execute("SELECT value FROM store WHERE key = ?", (self.path[1:],))
        self.answer(asked.fetchone()[0])

    def do_POST(self) -> None:
        value = self.rfile.read(int(self.headers["Content-Length"]))
        with self.database:
            self.database.execute("REPLACE INTO store VALUES (?, ?)", (self.path[1:], value))
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        """Head and body in one piece."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.wfile.write(head + body)

    def log_message(self, *_: object) -> None:
        """No log: it would be a load of its own."""


def serve(listener: socket.socket, path: str) -> None:
    """A thread and a database connection for each client."""
    Handler.path_of_database = path
    with http.server.ThreadingHTTPServer(listener.getsockname(), Handler, False) as server:
        server.socket.close()
        server.socket = listener
        server.serve_forever()


@contextmanager
def sqlite() -> Iterator[kinds.Step]:
    """SQLite behind HTTP, with its log on the disk (WAL)."""
    with (
        tempfile.TemporaryDirectory(dir=kinds.FOLDER) as folder,
        socket.create_server(("127.0.0.1", 0), backlog=CLIENTS) as listener,
    ):
        path = f"{folder}/store"
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE store (key INTEGER PRIMARY KEY, value BLOB)")
        with database:
            database.executemany(
                "INSERT INTO store VALUES (?, ?)", ((key, VALUE) for key in range(ROWS))
            )
        database.close()
        requests = [http_request(number) for number in range(ROWS)]
        port = listener.getsockname()[1]
        with kinds.child(serve, listener, path), load(port, requests) as step:
            yield step


def http_request(number: int) -> bytes:
    """One that reads; every tenth writes."""
    if number % 10:
        return b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n" % number
    head = b"POST /%d HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
    return head % (number, len(VALUE)) + VALUE


KINDS: dict[str, tuple[str, kinds.Kind]] = {
    "redis": ("requests", redis),
    "sqlite over http": ("requests", sqlite),
}

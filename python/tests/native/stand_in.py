"""A server in memory on a Unix socket: takes records and blobs, each sequence once."""

from __future__ import annotations

import json
import socketserver
import struct
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Iterator, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Point(NamedTuple):
    """A point as it arrived."""

    series: str
    step: int
    time: int
    value: float


class StandIn(socketserver.ThreadingUnixStreamServer):
    """Answers as the native interface does, as far as a writer asks."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, workspace: str) -> None:
        self.workspace = workspace
        self.guard = threading.Lock()
        self.acknowledged: dict[str, int] = {}
        self.names: dict[tuple[str, int], str] = {}
        self.points: dict[str, list[Point]] = {}
        self.console: list[tuple[str, str]] = []
        self.documents: list[tuple[int, Any]] = []
        self.blobs: dict[str, bytes] = {}
        self.refuse_with: dict[str, Any] | None = None
        super().__init__(str(path), Handler)
        self.address = f"unix:{path}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def all_points(self) -> list[Point]:
        """Every point of every writer."""
        with self.guard:
            return [point for points in self.points.values() for point in points]

    def take(self, writer: str, body: bytes) -> int:
        """Applies a batch; a gap is a fault of the writer."""
        with self.guard:
            done = self.acknowledged.get(writer, 0)
            for sequence, kind, payload in frames(body):
                assert sequence <= done + 1, f"gap: {sequence} after {done}"
                if sequence == done + 1:
                    done = sequence
                    self.apply(writer, kind, payload)
            self.acknowledged[writer] = done
            return done

    def apply(self, writer: str, kind: int, payload: bytes) -> None:
        """One record."""
        if kind == 1:
            number, length = struct.unpack_from("<II", payload)
            names = payload[8:]
            self.names[writer, number] = f"{names[:length].decode()}/{names[length:].decode()}"
        elif kind == 2:
            own = self.points.setdefault(writer, [])
            for number, step, time, value in struct.iter_unpack("<Iqqd", payload):
                own.append(Point(self.names[writer, number], step, time, value))
        elif kind == 3:
            self.console.append(("err" if payload[0] else "out", payload[9:].decode()))
        else:
            self.documents.append((kind, json.loads(payload)))


class Torn(Exception):
    """The client ended within its request, which counts as none."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        try:
            super().handle()
        except (Torn, ConnectionError):
            self.close_connection = True

    def do_GET(self) -> None:
        self.answer(200, {"workspace": self.server.workspace, "version": "0"})

    def do_PUT(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        digest = urlsplit(self.path).path.rsplit("/", 1)[1]
        body = self.body()
        offset = int(query["offset"][0])
        self.server.blobs[digest] = self.server.blobs.get(digest, b"")[:offset] + body
        self.answer(200, {"offset": offset + len(body), "complete": query["last"] == ["true"]})

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.body()
        if self.server.refuse_with is not None:
            self.answer(self.server.refuse_with["status"], {"error": self.server.refuse_with})
        elif parts.path.endswith("/records"):
            writer = parse_qs(parts.query)["writer"][0]
            self.answer(200, {"acknowledged": self.server.take(writer, body)})
        else:
            self.answer(200, [])

    def body(self) -> bytes:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            raise Torn
        return body

    def answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def frames(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Sequence, kind and payload of each frame."""
    at = 0
    while at < len(body):
        length, _, sequence = struct.unpack_from("<IIQ", body, at)
        payload = body[at + 16 : at + 16 + length]
        yield sequence, payload[0], payload[1:]
        at += 16 + length

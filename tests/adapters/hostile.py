"""A server on 127.0.0.1 that answers each connection with a function: well, badly, slowly or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Hostile:
    port: int
    heard: list[bytes] = field(default_factory=list)  # the head of each request
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/health") -> str:
        return f"http://{self.host}{path}"


Reply = Callable[[socket.socket, Hostile], None]


@contextmanager
def answering(*replies: Reply, peek: bool = False) -> Iterator[Hostile]:
    """The replies one after the other, the last one for all that come later; `peek` leaves the reading to them."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Hostile(listener.getsockname()[1])

    def serve() -> None:
        for number in range(1000):
            try:
                line, _ = listener.accept()
            except OSError:
                return
            reply = replies[min(number, len(replies) - 1)]
            threading.Thread(target=_one, args=(line, reply, server, peek), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        server.stopped.set()
        listener.close()


def _one(line: socket.socket, reply: Reply, server: Hostile, peek: bool) -> None:
    with line:
        try:
            if peek:
                reply(line, server)
                return
            head = b""
            while b"\r\n\r\n" not in head and (more := line.recv(65536)):
                head += more
                if not head.startswith(b"GET "):  # TLS, for one
                    break
            server.heard.append(head)
            reply(line, server)
        except OSError:
            return


def page(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda line, _server: line.sendall(raw)


def raw(*parts: bytes, every: float = 0.0, forever: bytes = b"", stays: bool = False) -> Reply:
    """The parts as they are, then `forever` again and again; `stays` leaves the connection open."""

    def reply(line: socket.socket, server: Hostile) -> None:
        for part in parts:
            line.sendall(part)
        while forever and not server.stopped.wait(every):
            line.sendall(forever)
        if stays:
            server.stopped.wait(20)

    return reply


def reset(line: socket.socket, _server: Hostile) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

"""The startup probe of a container: when does a program count as started?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

MAX_STATUS_LINE = 4096  # bytes


@dataclass(frozen=True)
class Probe:
    """A GET that must be answered with 200 to 399; without a path, the port must take connections."""

    path: str | None
    headers: tuple[tuple[str, str], ...]
    within: float  # seconds in which the program must have started
    timeout: float  # seconds for one answer

    def __str__(self) -> str:
        return f"answer GET {self.path}" if self.path else "listen"


def probe_of(container: dict[str, Any], cap: float) -> Probe:
    """The container's own probe. Its patience, which may be minutes, is cut to `cap` seconds."""
    probe = container.get("startupProbe") or {}
    tries = _number(probe, "failureThreshold", 3) * _number(probe, "periodSeconds", 10)
    within = min(_number(probe, "initialDelaySeconds", 0) + tries, cap)
    asked = probe.get("httpGet")
    if not isinstance(asked, dict):
        return Probe(None, (), within if probe else cap, within)
    headers = tuple((str(h.get("name")), str(h.get("value", ""))) for h in asked.get("httpHeaders") or [])
    path = str(asked.get("path") or "/")
    return Probe(path if path.startswith("/") else f"/{path}", headers, within, _number(probe, "timeoutSeconds", 1))


def _number(probe: dict[str, Any], key: str, default: float) -> float:
    value = probe.get(key)
    return float(value) if isinstance(value, int | float) and value > 0 else default


async def answers(port: int, probe: Probe) -> bool:
    """Does the program pass its probe right now?"""
    try:
        return await asyncio.wait_for(_asked(port, probe), probe.timeout)
    except (OSError, TimeoutError, ValueError):
        return False


async def _asked(port: int, probe: Probe) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=MAX_STATUS_LINE)
    try:
        if probe.path is None:
            return True
        lines = [f"GET {probe.path} HTTP/1.0", f"Host: 127.0.0.1:{port}", "User-Agent: startup-probe"]
        lines += [f"{name}: {value}" for name, value in probe.headers]
        if any("\r" in line or "\n" in line for line in lines):
            return False
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = (await reader.readline()).split()
        return len(status) > 1 and status[0].startswith(b"HTTP/") and 200 <= int(status[1]) < 400
    finally:
        writer.close()

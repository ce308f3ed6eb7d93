"""What a log entry says, as one of our lines: the only place where the text of a log is read. Secrets are masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from deploytool.adapters.builds.masking import masked
from deploytool.domain.logline import LEVELS, LogLine

FIELDS = (
    *("insertId", "timestamp", "severity", "trace", "logName", "resource/labels"),
    *("textPayload", "jsonPayload", "protoPayload", "httpRequest(requestMethod,requestUrl,status,latency)"),
)
SHOWN = f"entries({','.join(FIELDS)}),nextPageToken"
MESSAGES = ("message", "msg", "event", "textPayload")
TRACES = ("exception", "exc_info", "stack_trace", "stack", "traceback", "error")
NOTHING: Mapping[str, Any] = MappingProxyType({})
LONGEST = 64 * 1024  # characters of one line; Cloud Logging takes 256 KB
NANOS = re.compile(r"(\.\d{6})\d+")


def line_of(entry: Mapping[str, Any]) -> LogLine | None:
    """None for an entry that does not say when it was; everything else has a text of some kind."""
    stamp = entry.get("timestamp")
    at = moment_of(stamp)
    if at is None:
        return None
    labels = _part(_part(entry, "resource"), "labels")
    severity = entry.get("severity")
    return LogLine(
        at=at,
        stamp=str(stamp),
        severity=severity if isinstance(severity, str) and severity in LEVELS else "DEFAULT",
        text=masked(_text_of(entry)[:LONGEST].strip("\r\n")),
        service=str(labels.get("service_name") or labels.get("job_name") or ""),
        region=str(labels.get("location") or ""),
        revision=str(labels.get("revision_name") or ""),
        log=_log(str(entry.get("logName") or "")),
        insert_id=str(entry.get("insertId") or ""),
        trace=str(entry.get("trace") or ""),
    )


@lru_cache(maxsize=64)
def _log(name: str) -> str:
    return unquote(name.rpartition("/logs/")[2]).rpartition("/")[2][:100]


def moment_of(said: Any) -> datetime | None:
    """An RFC 3339 time, to the microsecond; None for anything else and for a time without a zone."""
    try:
        found = datetime.fromisoformat(NANOS.sub(r"\1", said)) if isinstance(said, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else NOTHING


def _text_of(entry: Mapping[str, Any]) -> str:
    """Of the kinds of payload an entry has one; a request may have a text besides."""
    request = _request(_part(entry, "httpRequest")) if "httpRequest" in entry else ""
    text = entry.get("textPayload")
    if isinstance(text, str) and text.strip():
        return f"{request}: {text}" if request else text
    said = _object(_part(entry, "jsonPayload")) or _audit(_part(entry, "protoPayload"))
    return ": ".join(part for part in (request, said) if part)


def _object(payload: Mapping[str, Any]) -> str:
    """The message and the traceback of a structured line; without either, all of it."""
    said = _first(payload, MESSAGES)
    trace = next((text for name in TRACES if name in payload and (text := _trace(payload[name]))), "")
    if said or trace:
        return said if trace in said else f"{said}\n{trace}".strip("\n")
    return " ".join(f"{key}={_value(value)}" for key, value in payload.items())


def _first(payload: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        text = payload.get(name)
        if isinstance(text, str) and text.strip():
            return text
    return ""


def _trace(value: Any) -> str:
    if isinstance(value, dict):
        return _first(value, ("stack", "stacktrace", "stack_trace", "message", "value"))
    return value if isinstance(value, str) else ""


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (RecursionError, ValueError):
        return "…"


def _audit(payload: Mapping[str, Any]) -> str:
    """A line of an audit log: what was done, and what came of it."""
    status = _part(payload, "status")
    what = " ".join(str(payload[name]) for name in ("methodName", "resourceName") if payload.get(name))
    return ": ".join(part for part in (what, str(status.get("message") or "")) if part)


def _request(request: Mapping[str, Any]) -> str:
    """The address without its query, which may hold secrets."""
    status = request.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        return ""
    words = [str(request.get("requestMethod") or "request"), _path(str(request.get("requestUrl") or ""))]
    seconds = request.get("latency")
    return f"{_status(status)}: {' '.join(words)}" + (f" in {seconds}" if isinstance(seconds, str) else "")


def _status(status: int) -> str:
    try:
        return f"answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"answered {status}"


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""

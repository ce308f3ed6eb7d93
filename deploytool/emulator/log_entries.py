"""Log entries in the shape of Cloud Logging: what a program wrote, what it was asked, what happened to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]
Revision = dict[str, Any]

# Cloud Logging's own levels and numbers.
SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
ALIASES = {"WARN": "WARNING", "ERR": "ERROR", "FATAL": "CRITICAL", "CRIT": "CRITICAL", "EMERG": "EMERGENCY"}
REQUESTS = "requests"
SYSTEM = "varlog/system"
LABELS_FIELD = "logging.googleapis.com/labels"


@dataclass(frozen=True)
class Served:
    """One request as it is logged: `url` without its query, which may hold secrets."""

    method: str
    url: str
    status: int
    seconds: float
    user_agent: str = ""
    request_size: int = 0
    response_size: int = 0
    problem: str = ""  # why the server answered in the program's place


def entry_of(revision: Revision, log: str, severity: str) -> Entry:
    """The head that all entries of a revision share; `log` is stdout, stderr, requests or varlog/system."""
    _, project, _, region, _, service, _, name = revision["name"].split("/")
    labels = {"project_id": project, "location": region, "service_name": service}
    labels |= {"revision_name": name, "configuration_name": service}
    return {
        "logName": f"projects/{project}/logs/run.googleapis.com%2F{log.replace('/', '%2F')}",
        "resource": {"type": "cloud_run_revision", "labels": labels},
        "severity": severity,
    }


def line_entry(revision: Revision, stream: str, line: str) -> Entry:
    """A line of text, or a JSON object that says its own severity and labels."""
    payload = _object(line)
    if payload is None:
        return entry_of(revision, stream, "DEFAULT") | {"textPayload": line}
    severity = _severity(payload.get("severity"))
    if severity is not None:
        del payload["severity"]
    labels = payload.get(LABELS_FIELD)
    entry = entry_of(revision, stream, severity or "DEFAULT")
    if isinstance(labels, dict):
        del payload[LABELS_FIELD]
        entry["labels"] = {str(key): str(value) for key, value in labels.items()}
    return entry | {"jsonPayload": payload}


def request_entry(revision: Revision, served: Served) -> Entry:
    """INFO, WARNING for 4xx, ERROR for 5xx."""
    severity = "ERROR" if served.status >= 500 else "WARNING" if served.status >= 400 else "INFO"
    entry = entry_of(revision, REQUESTS, severity)
    entry["httpRequest"] = {
        "requestMethod": served.method,
        "requestUrl": served.url,
        "requestSize": str(served.request_size),
        "status": served.status,
        "responseSize": str(served.response_size),
        "userAgent": served.user_agent[:300],
        "remoteIp": "127.0.0.1",
        "latency": f"{served.seconds:.6f}s",
        "protocol": "HTTP/1.1",
    }
    return entry | {"textPayload": served.problem} if served.problem else entry


def system_entry(revision: Revision, severity: str, text: str) -> Entry:
    return entry_of(revision, SYSTEM, severity) | {"textPayload": text}


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _severity(value: Any) -> str | None:
    """None when it is no severity: the field stays where it is then."""
    text = str(value).upper() if isinstance(value, str) else ""
    return text if text in SEVERITIES else ALIASES.get(text)

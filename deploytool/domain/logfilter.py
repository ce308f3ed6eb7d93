"""Filters of Cloud Logging, built so that no name and no text of a person changes what they mean.

Source of the grammar: the Logging query language. Names are quoted; a person's filter stands in brackets of its own,
and is refused when it could close them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from deploytool.domain.logline import Source
from deploytool.domain.model import Place

TRACEBACK = "Traceback (most recent call last)"  # how Python begins to tell what killed it
SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
# What makes a filter of a text: a comparison, a word of logic, a function, a text in quotes. Of a field that Cloud
# Logging does not know as well: it refuses that, which is safer than to look for a misspelt filter and find nothing.
SIGNS = re.compile(
    r'[\w"\])*]\s*(?:=~|!~|!=|[<>]=?|=)|\b[A-Za-z_][\w.]*:(?!//|\s|$)|:\s*"|\b(?:AND|OR|NOT)\b|^[\s(]*-?"'
    r"|\b(?:[a-z]+[A-Z]\w*|\w+\.[\w.]+):|\b(?:SEARCH|cast|ip_in_net|log_id|sample|source|regexp_extract)\("
)
# `trace: failed` is a field and its value, or how a line begins.
EITHER = re.compile(r"\b(?:severity|labels|resource|timestamp|trace|operation|split):\s")


class BadFilter(ValueError):
    """The text cannot be made a part of a filter; the message says why, for people."""


def quoted(text: str) -> str:
    """The text as one string of a filter, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: _spelled(found[0]), escaped) + '"'


def _spelled(letter: str) -> str:
    return SPELLED.get(letter, f"\\x{ord(letter):02x}")


def is_filter(text: str) -> bool:
    """A filter, or words to look for? Raises BadFilter when it could be both."""
    bare = STRING.sub('""', text)
    if SIGNS.search(bare):
        return True
    if EITHER.search(bare):
        raise BadFilter("it could be a filter or a text; write a text in double quotes")
    return False


def part_of(text: str) -> str:
    """A person's filter, or the words that they look for, as one part that more can be joined to with AND."""
    if not is_filter(text):
        return quoted(text)
    bare, depth = STRING.sub("", text), 0
    for letter in bare:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
    if depth:
        raise BadFilter("the brackets of the filter do not match")
    if re.search(r"[\"'`]|--", bare):
        raise BadFilter("a filter has its texts in double quotes, and no comments")
    return f"({text})"


def joined(*parts: str) -> str:
    return " AND ".join(parts)


def moment(at: datetime) -> str:
    """RFC 3339 in UTC. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def lines_of(place: Place, revision: str, since: datetime, until: datetime | None = None) -> str:
    """Everything that one revision logged in a while; `since` is inside, `until` is not."""
    ends = () if until is None else (f"timestamp<{quoted(moment(until))}",)
    return joined(
        'resource.type="cloud_run_revision"',
        f"resource.labels.project_id={quoted(place.project)}",
        f"resource.labels.location={quoted(place.region)}",
        f"resource.labels.service_name={quoted(place.name)}",
        f"resource.labels.revision_name={quoted(revision)}",
        f"timestamp>={quoted(moment(since))}",
        *ends,
    )


def request_log(project: str) -> str:
    """The name of the log that has one line for each request."""
    return f"projects/{project}/logs/run.googleapis.com%2Frequests"


def requests_of(place: Place, revision: str, since: datetime, until: datetime | None = None) -> str:
    return joined(lines_of(place, revision, since, until), f"logName={quoted(request_log(place.project))}")


def errors_of(place: Place, revision: str, since: datetime, until: datetime | None = None) -> str:
    """What a revision complained of itself; the request lines of its failures are counted apart."""
    other = f"logName!={quoted(request_log(place.project))}"
    return joined(lines_of(place, revision, since, until), other, "severity>=ERROR")


def service_lines_of(place: Place, since: datetime, *, job: bool = False) -> str:
    """Everything that a service or job logged, whichever of its revisions or executions it was."""
    return lines_from([Source(place, since=since, job=job)])


def lines_from(sources: Iterable[Source], *parts: str) -> str:
    """The lines of services and jobs, each with its own times, that are all of `parts` besides."""
    chosen = sorted({_source(one) for one in sources})
    return joined(chosen[0] if len(chosen) == 1 else f"({' OR '.join(f'({one})' for one in chosen)})", *parts)


def _source(source: Source) -> str:
    place, job = source.place, source.job
    named = "job_name" if job else "service_name"
    ends = ((">=", source.since), ("<", source.until))
    return joined(
        f'resource.type="{"cloud_run_job" if job else "cloud_run_revision"}"',
        f"resource.labels.project_id={quoted(place.project)}",
        f"resource.labels.location={quoted(place.region)}",
        f"resource.labels.{named}={quoted(place.name)}",
        *(() if source.revision is None else (f"resource.labels.revision_name={quoted(source.revision)}",)),
        *(f"timestamp{sign}{quoted(moment(at))}" for sign, at in ends if at is not None),
    )


def at_least(severity: str) -> str:
    """Lines of that severity and above. Python writes what kills it to stderr, where no line has a severity."""
    if severity != "ERROR":
        return f"severity>={severity}"
    return f'(severity>=ERROR OR textPayload:"{TRACEBACK}")'

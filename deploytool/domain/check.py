"""Does a service answer as it should? Three answers; what could not be told never counts as a pass.

An answer's body may hold secrets: only the text of a field that the check itself names is ever repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn

from deploytool.domain.expected import differences, shown, type_of


class Answer(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    COULD_NOT_TELL = "could-not-tell"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check as it went; `said` is a sentence for people."""

    name: str
    kind: str  # "http", "logs"
    answer: Answer
    required: bool
    said: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, with the status as it was. `whole` is False when the body was longer than we read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # by lower-case name
    body: bytes = field(default=b"", repr=False)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NoHttpAnswer:
    """Nothing that could be judged by its content: FAIL where it led elsewhere, else COULD_NOT_TELL."""

    answer: Answer
    said: str
    passing: bool = False  # it may be different in a moment: nothing listens yet


@dataclass(frozen=True, slots=True)
class Counted:
    """Lines that were found; not `complete` when there may be more."""

    found: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class HttpExpectation:
    """`fields` must be in the JSON answer with these values; what else is in it does not matter."""

    status: int = 200
    fields: Mapping[str, Any] = field(default_factory=dict)


class Standing(StrEnum):
    """What all checks say together."""

    PASS = "pass"
    WARNING = "warning"  # only checks that are not required did not pass
    FAIL = "fail"
    COULD_NOT_TELL = "could-not-tell"
    NOTHING = "nothing-checked"


@dataclass(frozen=True, slots=True)
class Worst:
    standing: Standing
    said: str
    results: tuple[CheckResult, ...] = ()  # that did not pass, the worst first

    @property
    def stops(self) -> bool:
        """A required check did not pass. Whether it may go on with nothing checked, the caller must say."""
        return self.standing in (Standing.FAIL, Standing.COULD_NOT_TELL)


def worst_of(results: Iterable[CheckResult]) -> Worst:
    """All results as one: a required check that is not a pass stops."""
    results = tuple(results)
    if not results:
        return Worst(Standing.NOTHING, "nothing was checked")
    bad = sorted(
        (result for result in results if result.answer is not Answer.PASS),
        key=lambda result: (not result.required, result.answer is not Answer.FAIL),
    )
    if not bad:
        return Worst(Standing.PASS, f"{len(results)} of {len(results)} checks passed")
    said = f"{bad[0].name}: {bad[0].said}" + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else "")
    if not bad[0].required:
        return Worst(Standing.WARNING, said, tuple(bad))
    return Worst(Standing.FAIL if bad[0].answer is Answer.FAIL else Standing.COULD_NOT_TELL, said, tuple(bad))


def judged_http(
    expectation: HttpExpectation, status: int, headers: Mapping[str, str], body: bytes, *, whole: bool = True
) -> tuple[Answer, str]:
    """The status must be equal, and every expected field must be in the answer with its value."""
    if status != expectation.status:
        return Answer.FAIL, f"answers {status}, expected {expectation.status}"
    if not expectation.fields:
        return Answer.PASS, f"answers {status}"
    if not whole:
        return Answer.COULD_NOT_TELL, f"answers {status} with more than we read; expected a small JSON object"
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Answer.FAIL, f"answers {status} with {_kind_of(headers, body)}, expected a JSON object"
    if not isinstance(found, dict):
        return Answer.FAIL, f"answers {status} with {type_of(found)}, expected a JSON object"
    wrong = next(differences(expectation.fields, found), None)
    if wrong is not None:
        return Answer.FAIL, wrong
    names = ", ".join(shown(name) for name in expectation.fields)
    return Answer.PASS, f"answers {status} with the expected {names}"


def judged_count(least: int | None, most: int | None, counted: Counted) -> tuple[Answer, str]:
    """A number of lines between two bounds, both of which are good."""
    found, complete = counted.found, counted.complete
    lines = f"{'' if complete else 'at least '}{found} {'line' if found == 1 else 'lines'}"
    if found < 0 or (least is None and most is None):
        return Answer.COULD_NOT_TELL, "what is good cannot be told"
    if most is not None and found > most:
        return Answer.FAIL, f"{lines}, at most {most} expected"
    if not complete and (most is not None or (least is not None and found < least)):
        return Answer.COULD_NOT_TELL, f"{lines}; not all could be counted"
    if least is not None and found < least:
        return Answer.FAIL, f"{lines}, at least {least} expected"
    return Answer.PASS, lines


def figure_of(said: str) -> float | None:
    """The number that a sentence of `judged_count` or of rows begins with; None where a check is no count."""
    found = re.match(r"([0-9]+) (?:line|row)s?\b", said)
    return float(found[1]) if found else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _kind_of(headers: Mapping[str, str], body: bytes) -> str:
    """What kind of thing came, without a byte of it."""
    if not body.strip():
        return "nothing"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    known = {"text/html": "an HTML page", "text/plain": "plain text"}
    return known.get(kind, "what is no JSON")

"""What the readers of `verify` say alike. Nothing here is made harmless yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploytool.domain.check import Answer, Standing
from deploytool.domain.verify_report import ServiceChecks, VerifyReport, VerifyVerdict, count_of
from deploytool.render.wording import counted

MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One check of one service, or that the service itself could not be looked at."""

    service: ServiceChecks
    name: str
    answer: Answer
    required: bool
    said: str
    seconds: float | None = None

    @property
    def word(self) -> str:
        """`pass`, `fail`, `could-not-tell`; with what it means when it stops nothing."""
        return self.answer.value if self.required or self.answer is Answer.PASS else f"{self.answer.value} (warns)"


def lines_of(service: ServiceChecks) -> Iterator[Line]:
    """Its checks in the order of services.toml, after what keeps Cloud Run from being asked."""
    if service.unseen and service.results and not any(result.said == service.unseen for result in service.results):
        yield Line(service, "what serves", Answer.COULD_NOT_TELL, True, service.unseen)
    for result in service.results:
        yield Line(service, result.name, result.answer, result.required, result.said, result.seconds)


def summary_of(report: VerifyReport) -> str:
    """`fail: 6 of 8 checks passed, 1 failed, 1 could not be told`."""
    results = report.results
    if not results:
        return f"{report.verdict}: nothing was checked"
    required = [result for result in results if result.required]
    parts = [f"{count_of(Answer.PASS, results):,} of {counted(len(results), 'check')} passed"]
    for answer, words in ((Answer.FAIL, "failed"), (Answer.COULD_NOT_TELL, "could not be told")):
        if number := count_of(answer, required):
            parts.append(f"{number:,} {words}")
    if report.warnings:
        parts.append(counted(report.warnings, "warning"))
    unseen = sum(bool(one.unseen) for one in report.checked)
    if unseen:
        parts.append(f"{counted(unseen, 'service')} not seen")
    but = " but for warnings" if report.warnings and report.verdict is VerifyVerdict.PASS else ""
    return f"{report.verdict}{but}: {', '.join(parts)}"


def unchecked_of(report: VerifyReport) -> str:
    """`Nothing is checked: a, b`; "" when everything is."""
    names = list(dict.fromkeys(one.name for one in report.unchecked))
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return f"Nothing is checked: {', '.join(names[:MOST_NAMES])}{more}"


def said_of(report: VerifyReport) -> str:
    """All of it on one line."""
    return ". ".join(part for part in (summary_of(report), unchecked_of(report)) if part)


def took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"


def stands(service: ServiceChecks) -> bool:
    """Is it well, or well but for a warning?"""
    return service.standing in (Standing.PASS, Standing.WARNING)

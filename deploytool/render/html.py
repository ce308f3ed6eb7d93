"""The report as one HTML file: nothing is loaded, nothing runs, and it reads well in a mail and on a phone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from deploytool.domain.check_report import CheckReport
from deploytool.domain.ledger_report import LedgerReport
from deploytool.domain.release_report import ReleaseReport
from deploytool.domain.report import DriftReport, StatusReport
from deploytool.domain.validate_report import ValidateReport
from deploytool.domain.verify_report import VerifyReport
from deploytool.domain.week_report import WeekReport
from deploytool.render.age import age, clock_time, stamp
from deploytool.render.html_check import check_page
from deploytool.render.html_drift import drift_page
from deploytool.render.html_tables import ledger_page, release_page, status_page
from deploytool.render.html_tones import SEVERITY_MARKS, VERDICT_MARKS, ending_mark
from deploytool.render.html_validate import validate_page
from deploytool.render.html_verify import verify_page
from deploytool.render.html_week import week_page
from deploytool.render.text import printable
from deploytool.render.wording import counted, short, unmanaged_of

TEMPLATES = Path(__file__).parent / "templates"


def html(
    report: CheckReport
    | DriftReport
    | StatusReport
    | LedgerReport
    | ReleaseReport
    | VerifyReport
    | ValidateReport
    | WeekReport,
    *,
    now: datetime,
) -> str:
    """The whole file, in ASCII, so that it survives every mail and every terminal."""
    template, page = _page(report, now)
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8").strip())
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    beside = {"style": style, "digest": digest, "report": report, "ago": lambda moment: _ago(moment, now)}
    made = _environment().get_template(template).render(page, **beside)
    return made.encode("ascii", "xmlcharrefreplace").decode() + "\n"


def _page(report: Any, now: datetime) -> tuple[str, Mapping[str, Any]]:
    match report:
        case CheckReport():
            return "check.html", check_page(report)
        case DriftReport():
            return "drift.html", drift_page(report, now)
        case VerifyReport():
            return "verify.html", verify_page(report)
        case ValidateReport():
            return "validate.html", validate_page(report)
        case StatusReport():
            return "status.html", status_page(report)
        case LedgerReport():
            return "ledger.html", ledger_page(report)
        case ReleaseReport():
            return "releases.html", release_page(report)
        case WeekReport():
            return "week.html", week_page(report)
    raise TypeError(f"no page for {type(report).__name__}")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        stamp=stamp,
        clock=clock_time,
        short=short,
        counted=counted,
        unmanaged_of=unmanaged_of,
        ending_mark=ending_mark,
        VERDICT_MARKS=VERDICT_MARKS,
        SEVERITY_MARKS=SEVERITY_MARKS,
    )
    return environment


def _visible(value: Any) -> Any:
    """The one place where text passes on its way to the page; what is markup already has passed."""
    return value if isinstance(value, Markup) else printable(str(value))


def _ago(moment: datetime, now: datetime) -> str:
    said = age(moment, now)
    return said if said == "now" else f"{said} ago"

"""What `--since` and `--until` mean: "deploy", a length of time before now, or a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploytool.clock import RFC3339
from deploytool.config.duration import Duration
from deploytool.domain.logline import LEVELS
from deploytool.domain.report import Remark
from deploytool.errors import UsageError

DEPLOY = "deploy"
SKEW = 5.0  # seconds that two clocks may differ before it is said


def moment_of(text: str, now: datetime, option: str) -> datetime | None:
    """None for "deploy". Raises UsageError for what is no time."""
    if text == DEPLOY and option == "--since":
        return None
    if RFC3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    try:
        return now - timedelta(seconds=Duration.of(text).seconds)
    except (ValueError, OverflowError):
        words = "deploy, 1h" if option == "--since" else "10m"
        raise UsageError(f"{option} {text} is no time.", hint=f"Write it as {words} or 2026-02-05T00:45:00Z.") from None


def severity_of(text: str) -> str:
    """Raises UsageError for what is no severity."""
    level = text.upper()
    if level not in LEVELS:
        raise UsageError(f"There is no severity {text}.", hint=f"There are {', '.join(LEVELS)}.")
    return level


def skew_remarks(ahead: float | None, *, counted: bool) -> tuple[Remark, ...]:
    """What is to be said when this machine's clock is not Cloud Logging's. `counted`: the time was counted from it."""
    if ahead is None or abs(ahead) < SKEW:
        return ()
    way = "ahead of" if ahead > 0 else "behind"
    said = f"This machine's clock is {abs(ahead):,.0f} s {way} Cloud Logging's"
    if not counted:
        return (Remark(f"{said}; a deploy is dated by Cloud Run's own clock."),)
    return (Remark(f"{said}, and the time asked for was counted from it.", "Give --since a moment, or set the clock."),)

"""Messages to people who did not ask: how something stands, and how a release ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.domain.announcing import message_of_release, standing_of_failure
from deploytool.domain.message import Standing
from deploytool.domain.release_report import ReleaseRow
from deploytool.errors import UsageError
from deploytool.render.release_wording import took

if TYPE_CHECKING:
    from deploytool.app import App


def must_know_whom(app: App) -> None:
    """Raises UsageError where services.toml names nobody: a message to nobody is silence."""
    if not _names(app):
        raise UsageError(
            "services.toml names nobody to tell.",
            hint='Name the variable with the address: [notify] slack_webhook_env = "SLACK_WEBHOOK_URL"',
        )


def notify(app: App, standing: Standing) -> None:
    """Say it when it is new, once a day while it lasts, and when it is over. Exit codes do not change for it."""
    app.notifier.stand(standing)


@contextmanager
def failures_told(app: App, about: str) -> Iterator[None]:
    """That a look came to nothing is a message too; what was raised goes on."""
    try:
        yield
    except Exception as problem:
        notify(app, standing_of_failure(problem, about, app.config.project.project))
        raise


def announce(app: App, row: ReleaseRow) -> None:
    """How a release ended; nothing for what was not begun or waits. It cannot fail."""
    if not _names(app):
        return
    try:
        by = whoami.holder_now(release="", reason="", environ=app.environ).who
        message = message_of_release(row, by, app.now(), took(row.seconds))
        if message is not None:
            app.notifier.tell(message)
    except Exception as problem:  # the release has ended, whatever is wrong with our words about it
        app.note(f"Nobody was told how {row.place.name} ended ({type(problem).__name__}).")


def _names(app: App) -> list[str]:
    table = app.config.notify
    return [name for name in (table.slack_webhook_env, table.webhook_env) if name]

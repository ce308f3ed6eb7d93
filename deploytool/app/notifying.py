"""Who is told without asking: claimed first, said then, and written down after that."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deploytool.adapters.posting import DEADLINE, WITHIN, NotSent
from deploytool.domain.ages import age_of
from deploytool.domain.message import (
    CLAIM,
    Message,
    Said,
    Silent,
    Speak,
    Standing,
    claimed,
    given_up,
    message_of,
    next_words,
    recorded,
)
from deploytool.errors import CouldNotLook, DeployToolError

if TYPE_CHECKING:
    from deploytool.app import App
    from deploytool.ports import Notebook, Outlet

PAUSE = 1.0  # seconds between two looks at what somebody else is saying
LONGEST = CLAIM + timedelta(seconds=30)


@dataclass
class Turn:
    """Whether this process speaks, and about what. Without a `notebook`, nobody else can know of it."""

    kind: Speak | Silent
    notebook: Notebook | None = None
    lasted: str = ""


@dataclass
class Notifier:
    """`notebooks`: where what was said is kept; the first that can be used counts. `note` tells what went wrong."""

    outlets: Sequence[Outlet]
    notebooks: Sequence[Notebook]
    note: Callable[[str], None]
    now: Callable[[], datetime]
    link: str = ""
    rehearsal: bool = False
    sleep: Callable[[float], None] = time.sleep

    def stand(self, standing: Standing) -> None:
        """Say how it stands to everybody who has not heard. Never raises for what it meets."""
        for outlet in self.outlets:
            own = replace(standing, key=f"{outlet.name}: {standing.key}")
            id = secrets.token_hex(8)
            turn = self._turn(own, id)
            if isinstance(turn.kind, Silent):
                continue
            problem = self._sent(outlet, message_of(standing, turn.kind, self.now(), turn.lasted), WITHIN)
            self._write_down(turn, own.key, id, problem)

    def tell(self, message: Message) -> None:
        """Say what happened, once. Never raises, and takes no longer than one deadline for each who is told."""
        for outlet in self.outlets:
            self._sent(outlet, message, DEADLINE)

    def _turn(self, standing: Standing, id: str) -> Turn:
        for notebook in self.notebooks:
            try:
                return self._claimed(notebook, standing, id)
            except CouldNotLook as problem:
                self.note(f"{problem.message} It may be said more than once.")
        return Turn(next_words(Said(standing.key), standing, self.now()))

    def _claimed(self, notebook: Notebook, standing: Standing, id: str) -> Turn:
        """Waits while somebody else is saying something different: only then it can be told what is new."""
        turn = Turn(Silent.WAIT, notebook)

        def take(said: Said, now: datetime) -> Said:
            if said.claim is not None and said.claim.id == id:
                return said  # it is ours, and the answer that said so got lost
            turn.kind = next_words(said, standing, now)
            turn.lasted = age_of(said.since, now) if said.since else ""
            return claimed(said, standing, id, now) if isinstance(turn.kind, Speak) else said

        end = time.monotonic() + LONGEST.total_seconds()
        while turn.kind is Silent.WAIT and time.monotonic() < end:
            notebook.change(standing.key, take)
            if turn.kind is Silent.WAIT:
                self.sleep(PAUSE)
        return Turn(Speak.CHANGED) if turn.kind is Silent.WAIT else turn

    def _sent(self, outlet: Outlet, message: Message, within: float) -> NotSent | None:
        try:
            outlet.send(replace(message, link=self.link, rehearsal=self.rehearsal), within)
        except NotSent as problem:
            self.note(f"{outlet.name} was not told: {problem.said}.")
            return problem
        return None

    def _write_down(self, turn: Turn, key: str, id: str, problem: NotSent | None) -> None:
        """Where that fails, the claim lapses and it is said once more."""
        if turn.notebook is None:
            return

        def ended(said: Said, now: datetime) -> Said:
            return recorded(said, id, now) if problem is None else given_up(said, id, maybe=problem.maybe)

        try:
            turn.notebook.change(key, ended)
        except CouldNotLook as trouble:
            self.note(f"{trouble.message} It may be said once more.")


def notifier_of(app: App) -> Notifier:
    """Everybody whom `[notify]` names and whose address the environment has."""
    from deploytool.adapters.whoami import ci_link

    local = app.config.project.cloud == "local" or bool(app.environ.get("CLOUD_RUN_EMULATOR_HOST"))
    return Notifier(
        outlets=_outlets(app),
        notebooks=_notebooks(app),
        note=app.note,
        now=app.now,
        link=ci_link(app.environ),
        rehearsal=local,
    )


def _outlets(app: App) -> list[Outlet]:
    from deploytool.adapters.addresses import Forbidden
    from deploytool.adapters.slack import Slack
    from deploytool.adapters.webhook import Webhook
    from deploytool.render import message_json, slack

    named = (
        (app.config.notify.slack_webhook_env, Slack, slack.payload_of),
        (app.config.notify.webhook_env, Webhook, message_json.shape_of),
    )
    found: list[Outlet] = []
    for name, outlet, rendered in named:
        if name is None:
            continue
        if not app.environ.get(name):
            app.note(f"{outlet.name} is not told: {name} is not set.")
            continue
        try:
            found.append(outlet(app.environ[name], rendered))
        except Forbidden as problem:
            app.note(f"{outlet.name} is not told: {name} {problem}.")
    return found


def _notebooks(app: App) -> list[Notebook]:
    from deploytool.adapters.said_sqlite import SqliteNotebook
    from deploytool.app.shared import bucket_notebook_of

    here = SqliteNotebook(app.state / "said.sqlite")
    try:
        shared = bucket_notebook_of(app)
    except DeployToolError as problem:
        app.note(f"{problem.message} It may be said more than once.")
        return [here]
    return [here] if shared is None else [shared, here]

"""What people are told without asking, and when: on a change, once a day while it lasts, and when all is well again.

What was said is kept where all runners look. Who wants to speak writes a claim there first and what was said
afterwards, so that of ten who see the same thing one speaks. A claim that nobody ended may or may not have been
spoken: then it is said once more, because silence would be worse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

CLAIM = timedelta(minutes=2)  # longer than any way of sending takes
# "Once a day" for whoever looks once a day: such a look comes a little earlier on some days.
REMINDER = timedelta(hours=23)


class State(StrEnum):
    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"  # it could not be looked at, which is told like anything bad


class Speak(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    REMINDER = "reminder"
    ALL_CLEAR = "all-clear"
    RELEASE = "release"  # a release has ended, which is told once


class Silent(StrEnum):
    NOTHING_NEW = "nothing new"
    ELSEWHERE = "somebody else says it"
    WAIT = "somebody else says something different"  # what to say can be told when that is over


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands now. `key` names it among all that are watched."""

    key: str
    state: State
    fingerprint: str  # of what is wrong, and "" when nothing is; the same as long as there is nothing new to say
    title: str
    lines: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()  # name and value
    next_command: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. The words may be anybody's: whoever writes them down makes them harmless."""

    kind: Speak
    about: str
    state: State
    title: str
    at: datetime
    lines: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    next_command: str = ""
    link: str = ""  # to the CI run that says it
    rehearsal: bool = False  # nothing of it is about what serves people


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is about to say something, until then at the latest."""

    id: str
    fingerprint: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What was last said about one thing. All times are those of where this is kept."""

    key: str
    fingerprint: str = ""  # "": nothing ever, or that all is well
    at: datetime | None = None
    since: datetime | None = None  # when it was first said that something is wrong
    claim: Claim | None = None
    doubt: bool = False  # something else may have been said after it


def next_words(said: Said, standing: Standing, now: datetime) -> Speak | Silent:
    """What there is to say now about how it stands."""
    wanted, claim = fingerprint_of(standing), said.claim
    if claim is not None and is_live(claim, now):
        return Silent.ELSEWHERE if claim.fingerprint == wanted else Silent.WAIT
    doubt = said.doubt or claim is not None
    if not wanted:
        return Speak.ALL_CLEAR if said.fingerprint or doubt else Silent.NOTHING_NEW
    if said.fingerprint != wanted:
        return Speak.CHANGED if said.fingerprint else Speak.NEW
    if doubt:
        return Speak.CHANGED
    return Silent.NOTHING_NEW if said.at and abs(now - said.at) < REMINDER else Speak.REMINDER


def fingerprint_of(standing: Standing) -> str:
    """Never "" while something is wrong or unknown."""
    if standing.state is State.OK:
        return ""
    return f"{standing.state}:{standing.fingerprint}"


def is_live(claim: Claim, now: datetime) -> bool:
    """An end that is too far away comes from a clock that was wrong: nobody waits for it."""
    return now < claim.until <= now + CLAIM


def claimed(said: Said, standing: Standing, id: str, now: datetime) -> Said:
    """Whoever writes this down may speak, and nobody else meanwhile."""
    doubt = said.doubt or (said.claim is not None and said.claim.id != id)
    return replace(said, claim=Claim(id, fingerprint_of(standing), now + CLAIM), doubt=doubt)


def recorded(said: Said, id: str, now: datetime) -> Said:
    """It was said. Without a change when the claim lapsed and somebody else has it."""
    claim = said.claim
    if claim is None or claim.id != id:
        return said
    since = (said.since or now) if claim.fingerprint else None
    return Said(said.key, claim.fingerprint, now, since)


def given_up(said: Said, id: str, *, maybe: bool) -> Said:
    """It was not said. `maybe`: it may have arrived all the same, so that the next look must speak."""
    if said.claim is None or said.claim.id != id:
        return said
    return replace(said, claim=None, doubt=said.doubt or maybe)


def message_of(standing: Standing, kind: Speak, at: datetime, lasted: str = "") -> Message:
    """`lasted`: how long something has been wrong, where that is known."""
    length = (("Lasted" if kind is Speak.ALL_CLEAR else "For", lasted),) if lasted else ()
    return Message(
        kind=kind,
        about=standing.key,
        state=standing.state,
        title=standing.title,
        at=at,
        lines=standing.lines,
        fields=(*standing.fields, *length),
        next_command=standing.next_command,
    )

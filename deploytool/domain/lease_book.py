"""What may happen to the leases of one key: each change is a function from what was known to what is known now.

A store reads a book, asks for the change, and writes the answer only if nobody wrote in between. Each change may be
asked for again after an answer got lost: what has been done already is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploytool.domain.lease import Hold, Holder, Lease, LeaseRecord, place_of
from deploytool.errors import LeaseHeld, LeaseLost, UsageError

KEPT = timedelta(days=7)
MOST_KEPT = 50
RELEASED, LAPSED, TAKEN_OVER = "released", "lapsed", "taken over"


@dataclass(frozen=True, slots=True)
class Book:
    """All that is written down about one key. A hold that lapsed stays `held` until somebody writes."""

    key: str
    number: int = 0  # of the newest hold
    held: Lease | None = None
    past: tuple[Hold, ...] = ()  # newest first


@dataclass(frozen=True, slots=True)
class Wish:
    """A hold that somebody would like to have."""

    id: str
    holder: Holder
    ttl: float
    waited: float = 0.0


def is_live(lease: Lease | None, now: datetime) -> bool:
    return lease is not None and now < lease.expires_at


def seconds_left(lease: Lease | None, now: datetime) -> float:
    return 0.0 if lease is None else max(0.0, (lease.expires_at - now).total_seconds())


def taken(book: Book, wish: Wish, now: datetime) -> Book:
    """Raises LeaseHeld while somebody else's hold lives."""
    if book.held is not None and book.held.id == wish.id:
        return book
    if book.held is not None and is_live(book.held, now):
        raise held_by(book.held, now)
    return _begun(_ended(book, LAPSED, now), wish, now)


def taken_over(book: Book, wish: Wish, lease_id: str, now: datetime) -> Book:
    """In the place of hold `lease_id`, lapsed or not. Raises LeaseHeld when another hold, or none, is there."""
    if book.held is not None and book.held.id == wish.id:
        return book
    if book.held is None or book.held.id != lease_id:
        raise held_by(book.held, now) if book.held is not None else _moved_on(book, lease_id)
    return _begun(_ended(book, TAKEN_OVER, now), wish, now)


def renewed(book: Book, lease: Lease, ttl: float, now: datetime) -> Book:
    """Raises LeaseLost when `lease` is not the current hold, or lapsed: somebody may have seen it so by now."""
    if book.held is None or book.held.id != lease.id or not is_live(book.held, now):
        raise lost(book, lease, now)
    return replace(book, held=replace(book.held, expires_at=now + timedelta(seconds=ttl)))


def released(book: Book, lease_id: str, now: datetime) -> Book:
    """The book without that hold; unchanged when it is not the current one."""
    if book.held is None or book.held.id != lease_id:
        return book
    return _ended(book, RELEASED, now)


def was_released(book: Book, lease_id: str) -> bool:
    return any(hold.id == lease_id and hold.how == RELEASED for hold in book.past)


def broken(book: Book, lease_id: str, why: str, now: datetime) -> Book:
    """Raises UsageError when that hold is not the current one."""
    how = f"broken: {why}"
    if book.held is not None and book.held.id == lease_id and is_live(book.held, now):
        return _ended(book, how, now)
    if any(hold.id == lease_id and hold.how == how for hold in book.past):
        return book
    raise no_hold(lease_id)


def record_of(book: Book, now: datetime) -> LeaseRecord:
    """As people are told: a hold that lapsed is a thing of the past."""
    seen = book if is_live(book.held, now) else _ended(book, LAPSED, now)
    return LeaseRecord(seen.key, seen.held, seconds_left(seen.held, now), _kept(seen.past, now))


def held_by(lease: Lease, now: datetime) -> LeaseHeld:
    left = seconds_left(lease, now)
    return LeaseHeld(
        f"{lease.holder.who} is releasing {named(lease.key)} ({lease.holder.reason}).",
        hint=f"It lapses in {left:.0f}s unless it is renewed. See it with: deploytool lock list",
        lease=lease,
        seconds_left=left,
    )


def lost(book: Book, lease: Lease, now: datetime) -> LeaseLost:
    """How that hold ended, as far as the book tells."""
    past = _ended(book, LAPSED, now).past if not is_live(book.held, now) else book.past
    how = next((hold.how for hold in past if hold.id == lease.id), "")
    return LeaseLost(
        f"The lease on {named(lease.key)} is lost ({how or 'it is not in the records any more'}).",
        hint="See who has it now: deploytool lock list",
        how=how,
    )


def no_hold(lease_id: str) -> UsageError:
    return UsageError(f"No lease is held under the id {lease_id}.", hint="See the ids with: deploytool lock list")


def named(key: str) -> str:
    place = place_of(key)
    return f"{place.name} in {place.region}" if place else key


def _moved_on(book: Book, lease_id: str) -> LeaseHeld:
    how = next((hold.how for hold in book.past if hold.id == lease_id), "not in the records")
    return LeaseHeld(
        f"The hold {lease_id} on {named(book.key)} has ended ({how}).",
        hint="See what happened since: deploytool lock list",
    )


def _begun(book: Book, wish: Wish, now: datetime) -> Book:
    # The clock beside the counter: a record that was deleted or edited by hand must not make numbers shrink.
    number = max(book.number + 1, int(now.timestamp() * 1000))
    until = now + timedelta(seconds=wish.ttl)
    lease = Lease(wish.id, book.key, wish.holder, number, now, until, wish.waited)
    return replace(book, number=number, held=lease)


def _ended(book: Book, how: str, now: datetime) -> Book:
    """Without the current hold, which is remembered. One that lapsed did so at its own time, whatever came later."""
    lease = book.held
    if lease is None:
        return book
    lapsed = not is_live(lease, now)
    hold = Hold(
        lease.id,
        lease.number,
        lease.holder,
        lease.taken_at,
        lease.expires_at if lapsed else max(now, lease.taken_at),
        lease.waited,
        LAPSED if lapsed else how,
    )
    return replace(book, held=None, past=_kept((hold, *book.past), now))


def _kept(past: tuple[Hold, ...], now: datetime) -> tuple[Hold, ...]:
    return tuple(hold for hold in past[:MOST_KEPT] if now - hold.ended_at <= KEPT)

"""The leases of all keys, kept in books on a shelf. What a shelf can do is small: show, and change one atomically."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from deploytool.domain.lease import Holder, Lease, LeaseRecord
from deploytool.domain.lease_book import (
    Book,
    Wish,
    broken,
    is_live,
    no_hold,
    record_of,
    released,
    renewed,
    taken,
    taken_over,
    was_released,
)
from deploytool.errors import CouldNotLook, DeployToolError

Turn = Callable[[Book, datetime], Book]


class Shelf(Protocol):
    """Raises CouldNotLook when it is out of reach, or when a book on it cannot be read."""

    grain: float  # seconds: its clock shows the time of up to so long ago

    def change(self, key: str, turn: Turn) -> Book:
        """Put `turn(book, now)` in the place of the book, unless `turn` raises; nobody else writes in between."""
        ...

    def books(self) -> tuple[list[Book], datetime]:
        """All books, and the time by the shelf's clock."""
        ...


class Leases:
    """A LeaseStore."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def take(self, key: str, holder: Holder, ttl: float, *, waited: float = 0.0) -> Lease:
        wish = Wish(_new_id(), holder, ttl + self._shelf.grain, waited)
        return self._begin(key, wish, lambda book, now: taken(book, wish, now))

    def take_over(self, key: str, lease_id: str, holder: Holder, ttl: float) -> Lease:
        wish = Wish(_new_id(), holder, ttl + self._shelf.grain)
        return self._begin(key, wish, lambda book, now: taken_over(book, wish, lease_id, now))

    def renew(self, lease: Lease, ttl: float) -> Lease:
        wanted = ttl + self._shelf.grain
        return _held(self._shelf.change(lease.key, lambda book, now: renewed(book, lease, wanted, now)))

    def release(self, lease: Lease) -> bool:
        ours = False

        def turn(book: Book, now: datetime) -> Book:
            nonlocal ours
            ours = ours or (book.held is not None and book.held.id == lease.id)
            return released(book, lease.id, now)

        return was_released(self._shelf.change(lease.key, turn), lease.id) and ours

    def break_(self, lease_id: str, why: str) -> Lease:
        books, now = self._shelf.books()
        for book in books:
            if book.held is not None and book.held.id == lease_id and is_live(book.held, now):
                self._shelf.change(book.key, lambda book, now: broken(book, lease_id, why, now))
                return book.held
        raise no_hold(lease_id)

    def records(self) -> tuple[LeaseRecord, ...]:
        books, now = self._shelf.books()
        records = (record_of(book, now) for book in books)
        return tuple(sorted((one for one in records if one.held or one.past), key=lambda one: one.key))

    def _begin(self, key: str, wish: Wish, turn: Turn) -> Lease:
        try:
            return _held(self._shelf.change(key, turn))
        except DeployToolError:
            raise
        except BaseException:  # Ctrl-C while the answer was on its way: nobody would ever give it back
            with suppress(DeployToolError):
                self._shelf.change(key, lambda book, now: released(book, wish.id, now))
            raise


def unreadable(where: str, why: Exception, hint: str) -> CouldNotLook:
    return CouldNotLook(f"The lease record {where} cannot be understood: {why}.", hint=hint)


def _held(book: Book) -> Lease:
    assert book.held is not None, "whoever takes or renews has it"
    return book.held


def _new_id() -> str:
    return secrets.token_hex(4)

"""The tables of the ledger, and the rules that SQLite itself keeps: lines are added at the end and stay."""

from __future__ import annotations

LAYOUT = 1  # kept as `user_version`; raise it when a table changes

MAKING = (
    """
    CREATE TABLE events (
      number INTEGER PRIMARY KEY,
      release TEXT NOT NULL,
      at TEXT NOT NULL,
      kind TEXT NOT NULL,
      step TEXT NOT NULL,
      data TEXT NOT NULL,
      fence INTEGER NOT NULL,
      previous TEXT NOT NULL,
      hash TEXT NOT NULL
    )
    """,
    "CREATE INDEX events_of_release ON events (release)",
    # Kept apart, so that lines which are cut off at the end are missed.
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, hash TEXT NOT NULL)",
    """
    CREATE TRIGGER events_stay BEFORE DELETE ON events
    BEGIN SELECT raise(ABORT, 'a line of the ledger is never removed'); END
    """,
    """
    CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
    BEGIN SELECT raise(ABORT, 'a line of the ledger is never changed'); END
    """,
    # INSERT OR REPLACE removes lines without asking the trigger for DELETE.
    """
    CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
    WHEN new.number IS NOT 1 + coalesce((SELECT number FROM head), 0)
    BEGIN SELECT raise(ABORT, 'a line of the ledger is only added at its end'); END
    """,
    """
    CREATE TRIGGER head_stays BEFORE DELETE ON head
    BEGIN SELECT raise(ABORT, 'the head of the ledger is never removed'); END
    """,
    """
    CREATE TRIGGER head_is_one BEFORE INSERT ON head WHEN EXISTS (SELECT 1 FROM head)
    BEGIN SELECT raise(ABORT, 'the head of the ledger only moves on'); END
    """,
    """
    CREATE TRIGGER head_goes_on BEFORE UPDATE ON head WHEN new.number IS NOT old.number + 1
    BEGIN SELECT raise(ABORT, 'the head of the ledger only moves on'); END
    """,
    f"PRAGMA user_version = {LAYOUT}",
)

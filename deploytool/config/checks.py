"""`[[services.NAME.checks]]`: what must hold of a candidate or of what serves. One kind per check, told by its key."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from deploytool.config.duration import Duration, Length, Since
from deploytool.config.grammar import Grammar, Many, NonEmpty, Number, Title, within_64_bits
from deploytool.config.tables import Table

When = Literal["candidate", "live"]
LIVE: tuple[When, ...] = ("live",)
Count = Annotated[int, Field(ge=0, le=10**12)]
Bytes = Annotated[int, Field(ge=10 * 1024**2, le=1024**5)]  # BigQuery bills no less than 10 MiB
ONE_GIB = 1024**3
A_MINUTE = Duration.of("1m")


def _some(*keys: str) -> ConfigDict:
    """In the JSON Schema: at least one of these keys is there."""
    return ConfigDict(json_schema_extra={"anyOf": [{"required": [key]} for key in keys]})


def _json(value: Any) -> Any:
    """What a JSON answer can hold; TOML's dates and times, inf and nan it cannot."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, date | datetime | time):
            raise ValueError("a JSON answer holds no TOML date; write it in quotes, as the answer spells it")
        if isinstance(one, float) and one - one != 0:
            raise ValueError("a JSON answer holds no inf or nan")
        within_64_bits(one)
        pending.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return value


JsonValue = Annotated[Any, AfterValidator(_json), WithJsonSchema({})]
Argument = Annotated[str, Grammar(r"[^\x00]+", "an argument: it is empty or contains a NUL byte", 32_000)]
Target = Annotated[
    str,
    Grammar(
        r"(?:https?://[^\s/?#@\\]+)?/[^\s\x00-\x1f\x7f\\]*",
        'a path such as "/health", or an address',
        2048,
        secret=True,
    ),
]
# Segments between slashes; {today} and {yesterday} stand for a UTC date such as 2026-02-05.
DocumentPath = Annotated[
    str,
    Grammar(
        r"(?!__.*__)(?:[^/{}\x00-\x1f]|\{today\}|\{yesterday\})+(?:/(?!\.\.?(?:/|$))(?:[^/{}\x00-\x1f]|\{today\}|\{yesterday\})+)*",
        'a Firestore collection or document such as "locks" or "phase3_completion/{today}"',
        1500,
    ),
]


class CheckTable(Table):
    """What every check has, whatever its kind."""

    name: Title = Field(description="How the check is called in reports; unique within its service.")
    when: Many[When] = Field(
        default=LIVE, min_length=1, description='"candidate": before traffic, on the tag. "live": on what serves.'
    )
    required: bool = Field(default=True, description="false: a failure warns and stops nothing.")
    fix: Many[Argument] | None = Field(
        default=None, min_length=1, description="Command that `reconcile --fix` runs when the check failed."
    )

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if kind in type(self).model_fields)


class HttpExpectation(Table):
    status: Annotated[int, Field(ge=100, le=599)] = Field(default=200, description="The HTTP status to answer with.")
    json_fields: dict[str, JsonValue] = Field(
        default_factory=dict, alias="json", description="Fields the JSON answer must have, with these values."
    )


class HttpCheck(CheckTable):
    """A request to the service; left out, `when` is both: an address can be asked before traffic as well."""

    http: Target = Field(description="Path on the service, or an address on one of its `hosts`.")
    expect: HttpExpectation = Field(default_factory=HttpExpectation, description="What a good answer looks like.")
    when: Many[When] = Field(
        default=("candidate", "live"), min_length=1, description="Left out: before traffic and on what serves."
    )


class LogsCheck(CheckTable):
    """Log lines of the serving revisions, counted."""

    model_config = _some("min", "max")

    logs: NonEmpty = Field(
        description="A Cloud Logging filter (it compares, or says AND, OR or NOT), or text to look for in the lines; "
        "in double quotes it is always text."
    )
    min: Count | None = Field(default=None, description="Fewer lines than this is a failure.")
    max: Count | None = Field(default=None, description="More lines than this is a failure.")
    since: Since = Field(default="deploy", description='Where counting starts: "deploy", or a time back such as "24h".')


class Bounds(Table):
    """Where one value of a query's row must lie; both ends count as inside."""

    model_config = _some("min", "max")

    min: Number | None = Field(default=None, description="The smallest good value.")
    max: Number | None = Field(default=None, description="The largest good value.")


class QueryCheck(CheckTable):
    """Rows of a BigQuery query, counted; or the values of its only row, each within bounds."""

    model_config = _some("min_rows", "max_rows", "row")

    query: NonEmpty = Field(description="A BigQuery query that only reads.")
    min_rows: Count | None = Field(default=None, description="Fewer rows than this is a failure.")
    max_rows: Count | None = Field(default=None, description="More rows than this is a failure.")
    row: dict[str, Bounds] | None = Field(
        default=None, min_length=1, description="Column name to bounds; the query must answer exactly one row."
    )
    max_bytes: Bytes = Field(default=ONE_GIB, description="A query that would read more is not run.")
    timeout: Length = Field(default=A_MINUTE, description="A query that takes longer is cancelled, and could not tell.")


class FirestoreCheck(CheckTable):
    """A document (an even number of path segments) or each document of a collection (an odd number).

    `fields` says what a field must be; `counts` says that a field must equal the number of fields whose names match
    a pattern (a completion counter against the completions it counts); `max_age` says that no document is older,
    by the time it was created (a lock that nobody released).
    """

    model_config = _some("fields", "counts", "max_age")

    firestore: DocumentPath = Field(description="Collection or document; {today} and {yesterday} stand for UTC dates.")
    database: NonEmpty = Field(default="(default)", description="The Firestore database it lies in.")
    fields: dict[str, JsonValue] | None = Field(
        default=None, min_length=1, description="Fields the document must have, with these values."
    )
    counts: dict[str, NonEmpty] | None = Field(
        default=None, min_length=1, description='Counter field to the fields it counts: { done = "[!_]*" }.'
    )
    max_age: Length | None = Field(default=None, description="No document may be older than this.")


class FreshnessSource(Table):
    """Where the timestamp comes from: the single value of a query, or the newest log line that matches."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    query: NonEmpty | None = Field(default=None, description="A BigQuery query whose single value is a timestamp.")
    logs: NonEmpty | None = Field(default=None, description="A Cloud Logging filter; its newest line counts.")


class FreshnessCheck(CheckTable):
    """A timestamp that must not be too long ago."""

    freshness: FreshnessSource = Field(description="Where the timestamp comes from: { query } or { logs }.")
    max_age: Length = Field(description="The timestamp may not be older than this.")
    max_bytes: Bytes = Field(default=ONE_GIB, description="A query that would read more is not run.")
    timeout: Length = Field(default=A_MINUTE, description="A query that takes longer is cancelled, and could not tell.")


class CommandCheck(CheckTable):
    """A program: exit 0 passes, 1 fails, anything else could not tell."""

    command: Many[Argument] = Field(
        min_length=1, description="Program and arguments; no shell. It runs in the folder of services.toml."
    )
    timeout: Length = Field(default=A_MINUTE, description="A program that takes longer is ended, and could not tell.")


KINDS: dict[str, type[CheckTable]] = {
    "http": HttpCheck,
    "logs": LogsCheck,
    "query": QueryCheck,
    "firestore": FirestoreCheck,
    "freshness": FreshnessCheck,
    "command": CommandCheck,
}


def kind_of(check: Any) -> str | None:
    """The one kind whose key is there; None when there are none or several, which is a mistake of its own."""
    if isinstance(check, CheckTable):
        return check.kind
    kinds = [kind for kind in KINDS if isinstance(check, dict) and kind in check]
    return kinds[0] if len(kinds) == 1 else None


Check = Annotated[
    Annotated[HttpCheck, Tag("http")]
    | Annotated[LogsCheck, Tag("logs")]
    | Annotated[QueryCheck, Tag("query")]
    | Annotated[FirestoreCheck, Tag("firestore")]
    | Annotated[FreshnessCheck, Tag("freshness")]
    | Annotated[CommandCheck, Tag("command")],
    Discriminator(kind_of),
]

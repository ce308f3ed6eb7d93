"""A page that somebody wrote by hand: its tables of what is deployed, and what it claims of services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_TEXT = 1 << 20  # characters of a page that are read
MOST_ROWS = 1_000  # rows that are judged
MOST_CLAIMS = 50
LONGEST_LINE, LONGEST_CELL = 4_000, 300
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
CLAIM = re.compile(r"\s*(?:[-*+>]\s+)*claim:\s*(?P<said>.+)\s+in\s+(?P<services>\S.*?)\s*", re.IGNORECASE)
NOTHING = {"", "-", "--", "–", "—", "n/a", "?", "..."}


class Column(StrEnum):
    SERVICE = "service"
    REGION = "region"
    REVISION = "revision"
    COMMIT = "commit"
    DEPLOYED = "deployed"
    CONTAINS = "contains"


TITLES = {
    Column.SERVICE: ("service", "services", "service name", "cloud run service", "name", "component"),
    Column.REGION: ("region", "location"),
    Column.REVISION: ("revision", "revisions", "rev", "active revision", "current revision", "serving revision"),
    Column.COMMIT: ("commit", "sha", "git sha", "commit sha", "git commit", "deployed commit", "hash", "commit hash"),
    Column.DEPLOYED: (
        "deployed", "deployed at", "deployed on", "deploy time", "deployment time", "last deployed", "last deploy",
        "when", "since", "time", "date", "timestamp",
    ),
    Column.CONTAINS: ("contains", "has", "claim", "claims", "feature", "features"),
}  # fmt: skip
COLUMNS = {title: column for column, titles in TITLES.items() for title in titles}


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One row of a table; `cells` holds what it says, without Markdown, and nothing for a cell that says nothing."""

    line: int  # from 1
    cells: Mapping[Column, str]

    @property
    def service(self) -> str:
        return self.cells.get(Column.SERVICE, "")


@dataclass(frozen=True, slots=True)
class WrittenClaim:
    """Services are said to have something: a commit, a path, or words. `line` is None for a claim of an option."""

    said: str
    services: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was found on a page; `cut` says what of it was not read."""

    rows: tuple[WrittenRow, ...] = ()
    claims: tuple[WrittenClaim, ...] = ()
    tables: int = 0
    cut: tuple[str, ...] = ()


def written_in(page: str) -> Written:
    """Every table whose titles mean a service and something about it, and every line `claim: … in SERVICE`."""
    cut: list[str] = []
    if len(page) > MOST_TEXT:
        page = page[:MOST_TEXT].rpartition("\n")[0]
        cut.append(f"Only the first {MOST_TEXT:,} characters of the page were read.")
    lines = [line[:LONGEST_LINE] for line in page.split("\n")]
    rows, tables, total = _rows(lines)
    claims = [*_claims(lines), *(claim for row in rows if (claim := _contained(row)))]
    if total > len(rows):
        cut.append(f"Only the first {len(rows):,} of {total:,} rows were judged.")
    if len(claims) > MOST_CLAIMS:
        cut.append(f"Only the first {MOST_CLAIMS} of {len(claims):,} claims were judged.")
    return Written(tuple(rows), tuple(claims[:MOST_CLAIMS]), tables, tuple(cut))


def _rows(lines: Sequence[str]) -> tuple[list[WrittenRow], int, int]:
    """Rows as far as they are judged, the number of tables, and how many rows there are."""
    rows: list[WrittenRow] = []
    tables = total = 0
    columns: Mapping[int, Column] | None = None
    for number, line in enumerate(lines):
        begins = _columns(lines[number - 1], line) if number else None
        if begins is not None:
            columns, tables = begins, tables + 1
        elif columns is not None and "|" not in line:
            columns = None
        elif columns is not None and len(rows) < MOST_ROWS:
            row = _row(number + 1, columns, line)
            rows += [row] if row.cells else []
            total += bool(row.cells)
        elif columns is not None:
            total += 1
    return rows, tables, total


def _columns(titles: str, ruler: str) -> Mapping[int, Column] | None:
    """Which cell of a row means what; None when these two lines do not begin a table of services."""
    if "|" not in titles or "-" not in ruler:
        return None
    rules = cells_of(ruler)
    if not all(re.fullmatch(r":?-+:?", rule) for rule in rules):
        return None
    named = [COLUMNS.get(" ".join(plain(title).lower().replace("_", " ").split())) for title in cells_of(titles)]
    first = {column: index for index, column in reversed([*enumerate(named)]) if column is not None}
    telling = first.keys() - {Column.SERVICE, Column.REGION}
    return {index: column for column, index in first.items()} if Column.SERVICE in first and telling else None


def _row(line: int, columns: Mapping[int, Column], text: str) -> WrittenRow:
    cells = cells_of(text)
    said = {column: plain(cells[index]) for index, column in sorted(columns.items()) if index < len(cells)}
    return WrittenRow(line, {column: cell for column, cell in said.items() if cell.lower() not in NOTHING})


def cells_of(line: str) -> list[str]:
    """The cells of a row, as Markdown divides them: at each pipe that has no backslash before it."""
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]


def plain(cell: str) -> str:
    """What a reader of the page sees: no code marks, emphasis, links or line breaks."""
    cell = BREAK.sub(" ", LINK.sub(r"\1", cell[:LONGEST_CELL].replace("\\|", "|")))
    return " ".join(re.sub(r"[`*~]+", "", cell).split()).strip("_ ")


def _claims(lines: Sequence[str]) -> Iterator[WrittenClaim]:
    for number, line in enumerate(lines, 1):
        if "claim:" not in line.lower():
            continue
        found = CLAIM.fullmatch(plain(line) if line.lstrip().startswith(("`", "*")) else line)
        if found:
            services = re.split(r"\s*(?:,|\band\b)\s*", plain(found["services"]).rstrip("."))
            yield WrittenClaim(plain(found["said"]), tuple(one for one in services if one), number)


def _contained(row: WrittenRow) -> WrittenClaim | None:
    said = row.cells.get(Column.CONTAINS)
    return WrittenClaim(said, (row.service,), row.line) if said and row.service else None

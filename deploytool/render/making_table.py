"""What one service is made of, on a terminal: counted where it is fine, listed where it is not."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from deploytool.domain.proof import MissingLevel, ServiceProof
from deploytool.render.proof_wording import (
    MISSING_SAID,
    MOST_DOUBTS,
    MOST_MISSING,
    MOST_PLACES,
    counts_of,
    distributions_of,
    grouped,
    missing_of,
)
from deploytool.render.sheet import View, hanging, joined, labelled, words
from deploytool.render.wording import counted

LEVELS = {MissingLevel.ERROR: "bold red", MissingLevel.WARNING: "bold yellow"}


def started_by(proof: ServiceProof) -> list[tuple[str, Text]]:
    """What the container starts, and the files that begins with."""
    starts = [("", words(path)) for path in proof.starts]
    command = words(proof.command) if proof.command else words("cannot be told", "bold yellow")
    return [("starts", command), *starts] if proof.command or proof.starts or proof.files else []


def making_lines(proof: ServiceProof, view: View, labels: int) -> list[Text]:
    """How many files of each relevance, whose distributions, and what git does not hold."""
    said = [("made of", words(counts_of(proof.files)))]
    known, nobody = distributions_of(proof.third_party)
    if known or nobody:
        brought = [f"{counted(len(known), 'distribution')}: {', '.join(known)}"] if known else []
        alone = [f"no distribution is known for {', '.join(nobody)}"] if nobody else []
        said.append(("third party", words("; ".join(brought + alone))))
    if proof.outside:
        said.append(("outside git", words(f"copied into the image, not held by git: {', '.join(proof.outside)}")))
    return labelled(said, view.width, labels)


def missing_lines(proof: ServiceProof, level: MissingLevel, view: View) -> list[Text]:
    """Imports that would fail: an error is an outage that waits for its moment."""
    found = missing_of(proof.missing_modules, level)
    lines = [words(MISSING_SAID[level], "bold")] if found else []
    for one in found[:MOST_MISSING]:
        said = words(f"  {level}  ", LEVELS[level])
        under = words(" " * said.cell_len)
        lines += hanging(said, words(one.name, "bold"), view.width)
        lines += _places(one.places, joined(under, words("at ", "dim")), view)
        lines += hanging(under, words(one.why), view.width) if one.why else []
        lines += hanging(joined(under, words("hint: ", "bold")), words(one.hint), view.width) if one.hint else []
    if len(found) > MOST_MISSING:
        lines.append(words(f"  and {len(found) - MOST_MISSING:,} more: --format json lists them all", "dim"))
    return lines


def _places(places: Sequence[str], before: Text, view: View) -> list[Text]:
    lines = [line for place in places[:MOST_PLACES] for line in hanging(before, words(place), view.width)]
    if len(places) > MOST_PLACES:
        more = words(f"and {counted(len(places) - MOST_PLACES, 'more place')}", "dim")
        lines.append(joined(" " * before.cell_len, more))
    return lines


def doubt_lines(proof: ServiceProof, view: View) -> list[Text]:
    """What could not be told, and where it shows: the same doubt once, with its places."""
    groups = grouped(proof.doubts)
    if not groups:
        return []
    lines = [words("What could not be told", "bold")]
    for why, places in [*groups.items()][:MOST_DOUBTS]:
        lines += _places(places, words("  "), view)
        lines += hanging(words("    "), words(why), view.width)
    if len(groups) > MOST_DOUBTS:
        more = counted(len(groups) - MOST_DOUBTS, "more doubt")
        lines.append(words(f"  and {more}: --format json lists them all", "dim"))
    return lines

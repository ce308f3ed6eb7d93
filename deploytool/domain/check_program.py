"""What a program's end means: 0 passes, 1 fails, and whatever else happened could not tell."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.domain.check import Answer

LONGEST = 200  # characters of the program's own words


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is None when it did not end by itself; then `why` says what happened. `last` is its last line."""

    code: int | None
    last: str = ""
    why: str = ""


def judged_end(ended: Ended) -> tuple[Answer, str]:
    last = ended.last if len(ended.last) <= LONGEST else f"{ended.last[: LONGEST - 1]}…"
    beside = f": {last}" if last else ""
    match ended.code:
        case None:
            return Answer.COULD_NOT_TELL, f"{ended.why}{beside}"
        case 0:
            return Answer.PASS, last or "ends with 0"
        case 1:
            return Answer.FAIL, f"ends with 1{beside}"
        case code if code < 0:
            return Answer.COULD_NOT_TELL, f"was ended by signal {-code}{beside}"
    return Answer.COULD_NOT_TELL, f"ends with {ended.code}{beside}"

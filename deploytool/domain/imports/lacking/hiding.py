"""Behind which doubts about an image files could be in it that nobody sees."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.domain.doubt import Doubt, DoubtKind

# With one of these, files may be in the image that the layout does not show.
_BRINGS_FILES = frozenset(
    (
        DoubtKind.RUN_CONSUMES,
        DoubtKind.UNKNOWN_VALUE,
        DoubtKind.REFUSED,
        DoubtKind.UNKNOWN_INSTRUCTION,
        DoubtKind.UNKNOWN_STAGE,
        DoubtKind.UNPARSABLE,
        DoubtKind.UNPACKED,
        DoubtKind.TOO_LARGE,
    )
)
_NO_PYTHON = ("npm ", "yarn ", "pnpm ", "npx ", "node ", "apt", "apk ", "playwright ")


def hiding_in(doubts: Iterable[Doubt]) -> Doubt | None:
    """The first doubt behind which Python files could hide."""
    for doubt in doubts:
        harmless = doubt.kind is DoubtKind.RUN_CONSUMES and any(program in doubt.why for program in _NO_PYTHON)
        if doubt.kind in _BRINGS_FILES and not harmless:
            return doubt
    return None

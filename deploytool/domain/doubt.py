"""What could not be told about an image or a tree, said in one line with the place where it shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DoubtKind(StrEnum):
    """Why there is a doubt: the code a reader can key on."""

    TOO_LARGE = "too-large"  # a cap was reached; reading stopped there
    UNPARSABLE = "unparsable"  # Docker itself would refuse this line, or we cannot read it
    REFUSED = "refused"  # Docker builds no such file
    UNKNOWN_INSTRUCTION = "unknown-instruction"
    UNKNOWN_VALUE = "unknown-value"  # a variable without a value that the file tells
    UNKNOWN_STAGE = "unknown-stage"
    IGNORED_SOURCE = "ignored-source"  # COPY names what the ignore rules leave out
    STAGE_PATTERN = "stage-pattern"  # a pattern over the files of another stage
    RUN_CONSUMES = "run-consumes"  # a RUN line that could read or change copied files
    UNPACKED = "unpacked"  # ADD unpacks an archive; its files are not seen
    BAD_RULES = "bad-rules"  # an ignore file that Docker would refuse
    LINK_LOOP = "link-loop"
    LINK_OUTSIDE = "link-outside"  # a link that leaves the repository
    LINK_BROKEN = "link-broken"  # a link to what is not in git
    SUBMODULE = "submodule"  # files of another repository, which nobody here can see
    UNKNOWN_PROGRAM = "unknown-program"  # what the container starts cannot be told
    ABSENT_PROGRAM = "absent-program"  # what the container starts is not where other files of ours are
    UNPARSABLE_SOURCE = "unparsable-source"  # a source file that Python here cannot read
    UNBOUNDED_IMPORT = "unbounded-import"  # a module loaded by a name that only the run knows
    UNKNOWN_ROOT = "unknown-root"  # sys.path is edited with a folder that cannot be told


# Doubts about an image that leave every file where it is: nothing more can be loaded for them.
HARMLESS = frozenset(
    (
        DoubtKind.IGNORED_SOURCE, DoubtKind.STAGE_PATTERN, DoubtKind.BAD_RULES,
        DoubtKind.LINK_LOOP, DoubtKind.LINK_OUTSIDE, DoubtKind.LINK_BROKEN,
        DoubtKind.UNKNOWN_ROOT,  # every folder was looked in
    )
)  # fmt: skip

# What Docker does not take; with another frontend than its own nobody can tell.
REFUSED = (DoubtKind.REFUSED, DoubtKind.UNKNOWN_INSTRUCTION)


@dataclass(frozen=True, slots=True)
class Doubt:
    """`line` is 0 when the doubt is about the whole file."""

    path: str  # repository path of the file that raises the doubt
    line: int
    why: str
    kind: DoubtKind

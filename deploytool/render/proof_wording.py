"""What the readers for people say alike about a proof. Somebody's text stays apart from ours: each reader quotes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from deploytool.domain.doubt import Doubt
from deploytool.domain.proof import (
    CommitProof,
    Importer,
    MissingLevel,
    MissingRow,
    PathProof,
    ProofReport,
    ServiceProof,
    ThirdParty,
)
from deploytool.domain.report import Contains, FileChange, Relevance, ServiceDrift
from deploytool.render.wording import counted, short

MOST_PLACES = 3  # of one file in the image, of one doubt
MOST_DOUBTS = 10
MOST_MISSING = 50
MOST_IMPORTERS = 20
MOST_OF_A_FOLDER = 50
SCOPE_DIGITS = 12


ORDER = (*(word for word in Relevance if word.reaches), *(word for word in Relevance if not word.reaches))


class Quoted(NamedTuple):
    """A name that other people wrote, within a sentence of ours."""

    text: str


Sentence = tuple[str | Quoted, ...]

# What follows on "PATH is in the image (PLACES)" for each word.
IN_IMAGE: dict[Relevance, Sequence[str]] = {
    Relevance.IMPORTED: (", and ", " imports it."),
    Relevance.DATA: (" as data: ", " may read it."),
    Relevance.BUILD_INPUT: (", and the image of ", " is built with it."),
    Relevance.CANNOT_PROVE: (", and it cannot be proven that ", " does not load it."),
    Relevance.NOT_IMPORTED: (", and nothing that ", " runs imports it."),
    Relevance.NO_OP: (", and what changed in it leaves the program of ", " as it was."),
    Relevance.IGNORED: (", and an ignore rule says that it does not matter to ", "."),
}
# What follows on "PATH" when it is not in the image.
NOT_IN_IMAGE: dict[Relevance, Sequence[str]] = {
    Relevance.BUILD_INPUT: (" is no file of the image; the image of ", " is built with it."),
    Relevance.IGNORED: (" is left out of ", " by an ignore rule."),
    Relevance.OUTSIDE: (" is outside of what ", " is made of."),
}
ELSEWHERE = (" is not in the image of ", ".")
SERVED = {
    Contains.YES: " What serves has the same content.",
    Contains.EQUIVALENT: " What serves has the same content.",
    Contains.NO: " What serves has other content.",
    Contains.UNKNOWN: " Whether what serves has the same content could not be told.",
}


def path_said(proof: PathProof) -> Sentence:
    """The answer about one path: what it is to the service, and whether what serves has it as the target has it."""
    path, service, relevance = Quoted(proof.path), Quoted(proof.service), proof.change.relevance
    if proof.files:
        reaching = sum(file.relevance.reaches for file in proof.files)
        return (path, f" is a folder: {_share(reaching, proof.files)} ", service, ".")
    if proof.places:
        where: list[str | Quoted] = []
        for place in proof.places[:MOST_PLACES]:
            where += [", ", Quoted(place)]
        more = len(proof.places) - MOST_PLACES
        also = f" and at {counted(more, 'more place')}" if more > 0 else ""
        before, after = IN_IMAGE.get(relevance, (" of ", "."))
        if len(proof.change.chain) == 1 and relevance is Relevance.IMPORTED:
            before, after = ", and ", " starts with it."
        return (path, " is in the image (", *where[1:], f"{also}){before}", service, f"{after}{SERVED[proof.served]}")
    before, after = NOT_IN_IMAGE.get(relevance, ELSEWHERE)
    if relevance in (Relevance.IMPORTED, Relevance.DATA, Relevance.CANNOT_PROVE):  # compared by path: no image is known
        before, after = " belongs to ", "."
    return (path, before, service, after)


def commit_said(proof: CommitProof) -> Sentence:
    """The answer about one commit: is it served, and how much of it matters?"""
    sha, service, files = Quoted(short(proof.note.sha)), Quoted(proof.service), proof.note.files
    reaching = sum(file.relevance.reaches for file in files)
    matters = f"{_share(reaching, files)} it." if files else "it changes no file."
    match proof.served:
        case Contains.YES:
            return ("What ", service, " serves has ", sha, f"; {matters}")
        case Contains.EQUIVALENT:
            return ("What ", service, " serves has the same change as ", sha, f" by another commit; {matters}")
        case Contains.NO:
            return ("What ", service, " serves does not have ", sha, f"; {matters}")
    return ("Whether what ", service, " serves has ", sha, f" could not be told; {matters}")


def _share(reaching: int, files: Sequence[FileChange]) -> str:
    """`2 of its 4 files reach`, without the object."""
    if not reaching:
        return f"none of its {len(files):,} files reaches" if len(files) > 1 else "its one file does not reach"
    if len(files) == 1:
        return "its one file reaches"
    return f"{reaching:,} of its {len(files):,} files {'reaches' if reaching == 1 else 'reach'}"


def counts_of(files: Iterable[FileChange]) -> str:
    """`412 files: 120 imported, 3 build-input, 35 data, 254 not-imported`."""
    found = Counter(file.relevance for file in files)
    parts = [f"{found[word]:,} {word}" for word in ORDER if found[word]]
    return ": ".join([counted(found.total(), "file"), *([", ".join(parts)] if parts else [])])


class Missing(NamedTuple):
    """One module that the image does not have, wherever it is imported."""

    name: str
    why: str
    hint: str
    places: list[str]


MISSING_SAID = {
    MissingLevel.ERROR: "Modules that the image does not have",
    MissingLevel.WARNING: "Modules that the image may not have, or may do without",
}


def missing_of(found: Iterable[MissingRow], level: MissingLevel) -> list[Missing]:
    """Those of one level, each once with all its places."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in found:
        if row.level is level:
            groups.setdefault((row.name, row.why, row.hint), []).append(place_of(row.path, row.line))
    return [Missing(*said, places) for said, places in groups.items()]


def missing_said(found: Iterable[MissingRow]) -> str:
    """`2 errors, 1 warning`, in modules."""
    found = [*found]
    counts = [(level, len(missing_of(found, level))) for level in MissingLevel]
    return ", ".join(counted(count, level) for level, count in counts if count)


def importers_said(proof: PathProof) -> list[tuple[str, list[Importer]]]:
    """Who imports the file, under a heading each: those in use, and those that are not."""
    if not proof.importers:
        module = proof.places and proof.path.endswith(".py")
        said = "No file of the image imports it." if proof.looked else "Who imports it was not looked for."
        return [(said, [])] if module else []
    used = [one for one in proof.importers if one.reachable]
    idle = [one for one in proof.importers if not one.reachable]
    only = "Also imported by files that are not in use" if used else "Imported only by files that are not in use"
    return [(said, found) for said, found in (("Imported by", used), (only, idle)) if found]


def distributions_of(found: Iterable[ThirdParty]) -> tuple[list[str], list[str]]:
    """Distributions by name, and modules that no known distribution brings; each once, in alphabetical order."""
    known = {one.distribution for one in found if one.distribution}
    nobody = {one.name for one in found if not one.distribution}
    return sorted(known, key=str.casefold), sorted(nobody, key=str.casefold)


def scopes_of(service: ServiceDrift) -> str:
    """The id of what the target is made of, and how those of what serves compare to it."""
    if service.scope is None:
        return ""
    target = service.scope[:SCOPE_DIGITS]
    serving = [row.scope for row in service.revisions]
    if not serving:
        return target
    if all(scope == service.scope for scope in serving):
        return f"{target}, and what serves is the same program"
    told = ", ".join(dict.fromkeys("unknown" if scope is None else scope[:SCOPE_DIGITS] for scope in serving))
    return f"{target} at the target; what serves: {told}"


def target_said(report: ProofReport) -> str:
    """`main 1a2b3c4d`, or the commit alone when nothing else was asked for."""
    named = "" if report.target_commit.startswith(report.target_ref) else f"{report.target_ref} "
    return f"{named}{short(report.target_commit)}"


def grouped(doubts: Iterable[Doubt]) -> dict[str, list[str]]:
    """Doubts that say the same, with all their places: `why` to `path:line`."""
    groups: dict[str, list[str]] = {}
    for doubt in doubts:
        groups.setdefault(doubt.why, []).append(place_of(doubt.path, doubt.line))
    return groups


def place_of(path: str, line: int) -> str:
    """`path:line`, as editors and terminals understand it; the path alone for a whole file."""
    return f"{path}:{line}" if line else path


def same_making(one: ServiceProof, other: ServiceProof) -> bool:
    """Are two regions made of the same at the target? Then it is said once."""
    return all(getattr(one, name) == getattr(other, name) for name in MAKING)


MAKING = ("command", "starts", "files", "third_party", "missing_modules", "doubts", "outside")

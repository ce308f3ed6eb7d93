"""Make a story's git repository once, whole or not at all, whoever else is making it at the same moment."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from deploytool.errors import CouldNotLook
from deploytool.sandbox.chapters import MAIN, chapters_in
from deploytool.sandbox.history import commits_of, stream_of
from deploytool.sandbox.stories import Story, story_named

RunGit = Callable[[list[str], bytes], bytes]
HOME = Path(".deploytool") / "sandbox"
PATIENCE = 30.0  # seconds; making a repository takes a tenth of one
# The user's own attributes and line endings stay out of it: files are checked out as they were committed.
ATTRIBUTES = "* -text -filter -ident !eol !working-tree-encoding\n"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The repository, and a sentence for people when something was done; empty when it was there already."""

    repository: Path
    notice: str = ""


def prepare(folder: Path, story: str, run_git: RunGit, *, patience: float = PATIENCE) -> Prepared:
    """Make the story's repository below `folder` unless it is there; main is checked out.

    `run_git(args, stdin)` runs git and returns what it printed. Raises UsageError for an unknown story, and
    CouldNotLook when the place cannot be written or another process keeps making it for `patience` seconds.
    """
    told = story_named(story)
    home = (folder / HOME).resolve()  # git runs in a folder of its own, where a relative path would miss
    place = home / told.name
    if version_of(place, told) == told.main:
        return Prepared(place)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with only_one(home / f".{told.name}.lock", patience):
            return renewed(place, told, run_git)
    except OSError as error:
        raise CouldNotLook(
            f"The sandbox could not be made in {home}: {error.strerror or error}.",
            hint=f"Make the folder writable, or look at it with: ls -la {home}",
        ) from error


def renewed(place: Path, story: Story, run_git: RunGit) -> Prepared:
    """What `prepare` does once nobody else can be at it."""
    version = version_of(place, story)
    if version == story.main:
        return Prepared(place)  # somebody made it while this process waited
    if version is not None and has_work(place, version, run_git):
        return Prepared(
            place,
            f"The sandbox in {place} tells an older story and holds work of yours, so it was left alone. "
            f"To get the new one: mv {place} {place}-mine",
        )
    building = built(place, story, run_git)
    aside = set_aside(place) if place.exists() and version is None else None
    replace(place, building)
    lost = f" What was there and was not a whole sandbox is now in {aside}." if aside else ""
    return Prepared(place, f"Made the sandbox repository {place}.{lost}")


def built(place: Path, story: Story, run_git: RunGit) -> Path:
    """A whole repository beside `place`, under a name that no other process has.

    A maker that was killed may have left a git behind that still writes: its folder is swept, and never used again.
    """
    sweep(place)
    building = hidden_beside(place)
    building.mkdir()
    git = runner(building, run_git)
    git(["init", "--quiet", "--template=", "--object-format=sha1", f"--initial-branch={MAIN}"])
    (building / ".git" / "info").mkdir(exist_ok=True)
    (building / ".git" / "info" / "attributes").write_text(ATTRIBUTES, encoding="utf-8")
    stream = stream_of(commits_of(chapters_in(story.folder)))
    git(["fast-import", "--quiet", "--done", "--date-format=raw"], stream)
    tip = git(["rev-parse", "--verify", f"refs/heads/{MAIN}"]).decode().strip()
    if tip != story.main:
        raise CouldNotLook(
            f"The sandbox came out as commit {tip}, not as {story.main}: its chapters were changed.",
            hint="Install deploytool again, or in a checkout of it: git status deploytool/sandbox",
        )
    git(["reset", "--quiet", "--hard", f"refs/heads/{MAIN}"])
    marker_in(building).write_text(f"{story.name} {story.main}\n", encoding="utf-8")
    return building


def runner(repository: Path, run_git: RunGit) -> Callable[..., bytes]:
    """Git on exactly this repository: without `--git-dir` it would fall back to one further up, the user's own."""
    where = [f"--git-dir={repository / '.git'}", f"--work-tree={repository}"]
    settings = ["-c", "core.hooksPath=/dev/null", "-c", "fastimport.unpackLimit=0"]

    def git(args: list[str], stdin: bytes = b"") -> bytes:
        return run_git([*where, *settings, *args], stdin)

    return git


def has_work(place: Path, version: str, run_git: RunGit) -> bool:
    """Did somebody commit, branch, stash, or change files there? Compiled Python is not work."""
    git = runner(place, run_git)
    refs = git(["for-each-ref", "--format=%(objectname) %(refname)"]).decode().split("\n")
    head = git(["rev-parse", "--verify", "HEAD"]).decode().strip()
    if head != version or [ref for ref in refs if ref] != [f"{version} refs/heads/{MAIN}"]:
        return True
    status = git(["status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching"])
    return any(not line.endswith(b"__pycache__/") for line in status.split(b"\0") if line)


def marker_in(repository: Path) -> Path:
    """Written last and inside `.git`, so that it comes into being and goes with the whole repository."""
    return repository / ".git" / "deploytool-story"


def version_of(place: Path, story: Story) -> str | None:
    """The version of the story that is there; None when nothing whole of ours is."""
    try:
        name, _, version = marker_in(place).read_text(encoding="utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return version if name == story.name and version else None


def replace(place: Path, building: Path) -> None:
    if place.exists():
        place.rename(hidden_beside(place))
    building.rename(place)
    sweep(place)


def hidden_beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}.tmp")


def sweep(place: Path) -> None:
    """Throw away what is of no use any more; what resists is tried again when the next repository is made."""
    for leftover in place.parent.glob(f".{place.name}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def set_aside(place: Path) -> Path:
    """Move away what is not ours to delete."""
    free = next(path for n in count(1) if not (path := place.with_name(f"{place.name}.set-aside-{n}")).exists())
    return place.rename(free)


@contextmanager
def only_one(lock: Path, patience: float) -> Iterator[None]:
    """Hold `lock` against other processes; the kernel gives it back when its holder dies."""
    deadline = time.monotonic() + patience
    with lock.open("w") as held:
        while not taken(held.fileno()):
            if time.monotonic() > deadline:
                raise CouldNotLook(
                    f"Another process has been making the sandbox for {patience:.0f} s.",
                    hint=f"See who it is with: fuser {lock}",
                )
            time.sleep(0.02)
        yield


def taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

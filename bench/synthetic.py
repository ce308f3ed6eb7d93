"""A repository of any number of commits, the same one every time, written by one fast-import stream.

Every edit writes content that never was before, nothing is lost in a merge and no clock is wrong. So on this
history a plain `git log` says exactly what the content says, and both can be held against each other.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSION = 1  # of what is written: a cached repository of another version is not used
SERVICES, PARTS = 400, 6
LIBRARIES, MODULES, PAGES = 12, 5, 40
START, STEP = 1_700_000_000, 120  # seconds
MERGE_EVERY = 40


def service_folder(number: int) -> str:
    return f"team-{number % SERVICES // 20:02d}/svc-{number % SERVICES:03d}"


def library_folder(number: int) -> str:
    return f"shared/lib-{number % LIBRARIES:02d}"


def repository(work: Path, commits: int) -> Path:
    """The repository in the cache folder, built there when it is not yet there."""
    path = work / f"synthetic-{commits}-v{VERSION}"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        build(unfinished, commits)
        unfinished.rename(path)
    return path


def build(path: Path, commits: int) -> None:
    git = ["git", "-C", str(path)]
    subprocess.run([*git, "init", "--quiet", "--template=", "--initial-branch=main"], check=True)
    subprocess.run([*git, "config", "gc.auto", "0"], check=True)
    importing = [*git, "fast-import", "--quiet", "--date-format=raw"]
    with subprocess.Popen(importing, stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        for piece in stream(commits):
            importer.stdin.write(piece)
    if importer.returncode:
        raise SystemExit(f"git fast-import ended with {importer.returncode}")
    subprocess.run([*git, "update-ref", "-d", "refs/heads/topic"], check=True)


def stream(commits: int) -> Iterator[bytes]:
    """The fast-import commands: one root with all files, then edits, with a short topic merged now and then."""
    dice = random.Random(VERSION)
    yield commit(1, "main", everything(), b"")
    number = 1
    while number < commits:
        files = edit(dice)
        if number % MERGE_EVERY or number + 3 > commits:
            number += 1
            yield commit(number, "main", files, b"")
            continue
        topic = {path for path in edit(dice) if path not in files} or {"docs/topic.md"}
        fork = number
        yield commit(number + 1, "topic", topic, b"from :%d\n" % fork)
        yield commit(number + 2, "main", files, b"")
        # The merge takes the topic's files as the topic wrote them.
        yield commit(number + 3, "main", topic, b"merge :%d\n" % (number + 1), written_by=number + 1)
        number += 3


def commit(number: int, branch: str, files: set[str], parents: bytes, written_by: int | None = None) -> bytes:
    person = b"Somebody <somebody@example.com> %d +0000" % (START + STEP * number)
    message = b"Change %d" % number
    head = b"commit refs/heads/%s\nmark :%d\ncommitter %s\n" % (branch.encode(), number, person)
    text = b"edit %d\n" % (written_by or number)
    changes = [b"M 100644 inline %s\n" % path.encode() + data(text + path.encode()) for path in sorted(files)]
    return head + data(message) + parents + b"".join(changes) + b"\n"


def data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def everything() -> set[str]:
    parts = {f"{service_folder(service)}/part-{part}.py" for service in range(SERVICES) for part in range(PARTS)}
    modules = {f"{library_folder(lib)}/mod-{module}.py" for lib in range(LIBRARIES) for module in range(MODULES)}
    return parts | modules | {f"docs/page-{page:02d}.md" for page in range(PAGES)}


def edit(dice: random.Random) -> set[str]:
    """The one to three files of one commit: of a service mostly, of a library or of the documentation at times."""
    kind, count = dice.random(), dice.choice((1, 1, 2, 3))
    if kind < 0.75:
        folder = service_folder(dice.randrange(SERVICES))
        return {f"{folder}/part-{dice.randrange(PARTS)}.py" for _ in range(count)}
    if kind < 0.85:
        folder = library_folder(dice.randrange(LIBRARIES))
        return {f"{folder}/mod-{dice.randrange(MODULES)}.py" for _ in range(count)}
    return {f"docs/page-{dice.randrange(PAGES):02d}.md" for _ in range(count)}

"""Trees, blobs and commits through one `git cat-file --batch`, asked in waves and remembered by id."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from deploytool.adapters.git.process import DEADLINE, Git, end
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Entry
from deploytool.errors import RepositoryError

# Requests sent before the answers are read: under a pipe's 64 KiB, so neither side can wait for the other.
WAVE_BYTES = 32 * 1024

SMALL = 4096  # bytes; links, and most ignore files and Dockerfiles: hundreds of paths share a few of them

BLOB_CAP = 64 * 1024 * 1024  # bytes; a bigger file is not read into memory


MODES = {b"40000": FOLDER, b"100644": 0o100644, b"100755": 0o100755, b"120000": LINK, b"160000": SUBMODULE}


class Listing(Mapping[str, Entry]):
    """One tree, read when it is asked: most trees are opened for a single name."""

    __slots__ = ("_entries",)

    def __init__(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        self._entries = {name: (mode, oid) for mode, name, oid in rows}

    def __getitem__(self, name: str) -> Entry:
        mode, oid = self._entries[name.encode("utf-8", "surrogateescape")]
        return Entry(MODES.get(mode) or int(mode, 8), oid.hex())

    def get(self, name: str, default: Any = None) -> Any:
        row = self._entries.get(name.encode("utf-8", "surrogateescape"))
        return default if row is None else Entry(MODES.get(row[0]) or int(row[0], 8), row[1].hex())

    def __iter__(self) -> Iterator[str]:
        return map(_text, self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def differing(self, other: Listing) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        """Names whose entries are not the same here and there, told apart on the raw bytes."""
        for name in {name for name, _ in self._entries.items() ^ other._entries.items()}:
            text = _text(name)
            yield text, self.get(text), other.get(text)

    def links_and_folders(self) -> Iterator[tuple[str, Entry]]:
        for name, (mode, oid) in self._entries.items():
            if mode in (b"40000", b"120000"):
                yield _text(name), Entry(FOLDER if mode == b"40000" else LINK, oid.hex())


EMPTY = Listing(())


class Found(NamedTuple):
    oid: str
    kind: str  # "commit", "tree", "blob" or "tag"
    content: bytes


class GitObjects:
    """The `Objects` of a repository. One process, started at the first question; not for several threads."""

    def __init__(self, git: Git, id_bytes: int = 20) -> None:
        self._git = git
        self._entries = re.compile(rb"(\d+) ([^\0]+)\0(.{%d})" % id_bytes, re.DOTALL)
        self._listings: dict[str, Listing] = {}
        self._raw: dict[str, bytes] = {}
        self._small: dict[str, bytes] = {}
        self._running: subprocess.Popen[bytes] | None = None
        self._watch: threading.Timer | None = None
        self._asked: float | None = None  # since when an answer is waited for

    def listing(self, tree: str) -> Listing:
        known = self._listings.get(tree)
        if known is None:
            known = self._listings[tree] = self._parsed(self._tree(tree))
        return known

    def prefetch(self, trees: Iterable[str]) -> None:
        """Ask for many trees at once; those that git does not have stay unknown until they are asked for."""
        wanted = [tree for tree in dict.fromkeys(trees) if tree not in self._listings and tree not in self._raw]
        for tree, found in zip(wanted, self.ask(wanted), strict=True):
            if found is not None and found.kind == "tree":
                self._raw[tree] = found.content

    def links_and_folders(self, tree: str) -> Iterator[tuple[str, Entry]]:
        return self.listing(tree).links_and_folders()

    def differing(self, old: str | None, new: str | None) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        olds = self.listing(old) if old is not None else EMPTY
        news = self.listing(new) if new is not None else EMPTY
        return olds.differing(news)

    def learn(self, found: Found) -> None:
        """Remember a tree that was asked for by another name."""
        self._raw.setdefault(found.oid, found.content)

    def blob(self, oid: str) -> bytes:
        known = self._small.get(oid)
        if known is not None:
            return known
        (found,) = self.ask([oid])
        if found is None or found.kind != "blob":
            raise KeyError(oid)
        if len(found.content) <= SMALL:
            self._small[oid] = found.content
        return found.content

    def blobs(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Many blobs at once. Raises KeyError when git does not have one of them."""
        found: dict[str, bytes] = {}
        for oid, answer in zip(oids, self.ask(oids), strict=True):
            if answer is None or answer.kind != "blob":
                raise KeyError(oid)
            found[oid] = answer.content
        return found

    def ask(self, names: Sequence[str]) -> Iterator[Found | None]:
        """One answer per object name, in order; None for what git does not have or cannot tell apart.

        A name is anything that git resolves (`<id>^{tree}`), never an option: it travels on stdin.
        """
        wave: list[bytes] = []
        size = 0
        for name in names:
            line = name.encode("utf-8", "surrogateescape")
            if b"\n" in line or b"\0" in line:
                line = b"\x01"  # a name that git cannot have, so that answers stay in step
            if size + len(line) >= WAVE_BYTES:
                yield from self._answers(wave)
                wave, size = [], 0
            wave.append(line)
            size += len(line) + 1
        if wave:
            yield from self._answers(wave)

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._running is not None:
            end(self._running)
        self._running = self._watch = None

    def _answers(self, wave: Sequence[bytes]) -> Iterator[Found | None]:
        running = self._process()
        self._asked = time.monotonic()
        assert running.stdin is not None and running.stdout is not None
        try:
            running.stdin.write(b"\n".join(wave) + b"\n")
            running.stdin.flush()
        except OSError as broken:
            raise self._gone() from broken
        # Read the whole wave before handing anything out: a caller may ask again in between.
        answers = [self._answer(running.stdout) for _ in wave]
        self._asked = None
        yield from answers

    def _answer(self, stdout: object) -> Found | None:
        header = stdout.readline()  # type: ignore[attr-defined]
        if not header.endswith(b"\n"):
            raise self._gone()
        words = header.rsplit(b" ", 2)
        if len(words) != 3 or not words[2].strip().isdigit():
            return None  # "NAME missing" or "NAME ambiguous"
        size = int(words[2])
        if size > BLOB_CAP:
            raise RepositoryError(
                f"Object {words[0].decode()} has {size} bytes, more than deploytool reads.",
                hint="Leave the file out of the service with `ignore` in services.toml.",
            )
        content = stdout.read(size + 1)  # type: ignore[attr-defined]
        if len(content) != size + 1:
            raise self._gone()
        return Found(words[0].decode(), words[1].decode(), content[:-1])

    def _process(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
            self._running = self._git.start(["cat-file", "--batch"], stderr=self._stderr)
            self._look_in(DEADLINE)
        return self._running

    def _look_in(self, seconds: float) -> None:
        self._watch = threading.Timer(seconds, self._look)
        self._watch.daemon = True
        self._watch.start()

    def _look(self) -> None:
        """A question has the deadline, not the process: a release may wait for an hour and ask once more."""
        asked, running = self._asked, self._running
        if running is None:
            return
        left = DEADLINE if asked is None else asked + DEADLINE - time.monotonic()
        if left > 0:
            self._look_in(left)
        else:
            running.kill()

    def _gone(self) -> RepositoryError:
        self._stderr.seek(0)
        said = self._stderr.read(4096).decode("utf-8", "replace").strip().splitlines()
        self.close()
        return RepositoryError(
            f"git stopped reading objects: {said[-1] if said else 'no reason given'}.",
            hint="Check the repository with: git fsck --connectivity-only",
        )

    def _tree(self, tree: str) -> bytes:
        raw = self._raw.pop(tree, None)
        if raw is None:
            (found,) = self.ask([tree])
            if found is None or found.kind != "tree":
                raise KeyError(tree)
            raw = found.content
        return raw

    def _parsed(self, raw: bytes) -> Listing:
        return Listing(self._entries.findall(raw))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")

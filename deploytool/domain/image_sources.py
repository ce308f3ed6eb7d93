"""Which repository paths one COPY source means: links followed as Docker does, patterns expanded on the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.ignorefile import IgnoreRules, rules_of
from deploytool.domain.ignorepattern import MalformedPattern, Pattern, cleaned, matches_steadily, pattern_of
from deploytool.domain.links import trail_of
from deploytool.domain.tree import FOLDER, Tree

MOST_VISITS = 100_000  # tree entries that the patterns of one Dockerfile may look at
REMOTE = ("http://", "https://", "git://", "git@", "ssh://")


class Source(NamedTuple):
    path: str  # the real repository path, links followed
    name: str  # the path as it was named, from the repository root: its last part is what the copy is called
    links: tuple[str, ...] = ()  # followed on the way: they decide what is copied


class Found(NamedTuple):
    sources: tuple[Source, ...]
    wild: bool = False  # the text is a pattern
    why: str = ""  # a doubt about the text


@dataclass(slots=True)
class Context:
    """The build context on one tree: its folder, what it leaves out, and what looking has cost so far."""

    tree: Tree
    folder: str
    rules: IgnoreRules
    visits: int = 0
    _seen: dict[tuple[str, bool], Found] = field(default_factory=dict)

    def sources(self, text: str, *, parents: bool = False) -> Found:
        """What `text` names in the context. Raises Unreadable when looking costs too much."""
        key = (text, parents)
        if key not in self._seen:
            self._seen[key] = self._look(text, parents)
        self._count(len(self._seen[key].sources))
        return self._seen[key]

    def left_out(self, path: str) -> bool:
        """Do the ignore rules keep all of this path from the build?"""
        if path == self.folder:
            return False
        return self.rules.prunes(path) if self._is_folder(path) else self.rules.ignores(path)

    def _is_folder(self, path: str) -> bool:
        entry = self.tree.entry(path)
        return entry is not None and entry.mode == FOLDER

    def _look(self, text: str, parents: bool) -> Found:
        relative = cleaned("/" + text)[1:]
        if not is_wild(relative):
            return Found(tuple(self._plain(relative)))
        parts = relative.split("/")
        first = next(number for number, part in enumerate(parts) if is_wild(part))
        start = next(self._plain("/".join(parts[:first])), None)
        if start is None or not self._is_folder(start.path):
            return Found((), wild=True)
        try:
            if parents and "**" in relative:
                return Found(tuple(self._deep(start, "/".join(parts[first:]))), wild=True)
            return Found(tuple(self._matching(start, parts[first:])), wild=True)
        except MalformedPattern as wrong:
            return Found((start,), wild=True, why=f"{wrong}; all of {start.path or 'the context'} is assumed")

    def _plain(self, relative: str) -> Iterator[Source]:
        name = "/".join(part for part in (self.folder, relative) if part)
        trail = trail_of(self.tree, name, root=self.folder)
        if trail.path is not None:
            yield Source(trail.path, name, trail.passed)

    def _matching(self, start: Source, parts: list[str]) -> list[Source]:
        """Part by part: a pattern never spans a slash, and links are followed only at the end."""
        patterns = [pattern_of(_single_stars(part)) for part in parts]
        folders = [start.path]
        for depth, pattern in enumerate(patterns):
            names = [name for folder in folders for name in self._names(folder, pattern)]
            if depth < len(patterns) - 1:
                folders = [name for name in names if self._is_folder(name)]
        cut = len(self.folder) + 1 if self.folder else 0
        return [
            source._replace(links=start.links + source.links)
            for name in names
            for source in (tuple(self._plain(name[cut:])) or (Source(name, name),))  # a link to nowhere is its own file
        ]

    def _names(self, folder: str, pattern: Pattern) -> Iterator[str]:
        entry = self.tree.entry(folder)
        listing = self.tree.objects.listing(entry.oid) if entry is not None else {}
        self._count(len(listing))
        for name in listing:
            if matches_steadily(pattern.tokens, name) if pattern.tokens else name == pattern.text:
                yield f"{folder}/{name}" if folder else name

    def _deep(self, start: Source, pattern: str) -> Iterator[Source]:
        """`**` of `--parents`: the ignore dialect, turned round to say what is taken."""
        taken = rules_of([pattern], start.path)
        for path, _ in self.tree.walk(start.path):
            self._count(1)
            if taken.ignores(path):
                yield Source(path, path, start.links)

    def _count(self, number: int) -> None:
        self.visits += number
        if self.visits > MOST_VISITS:
            raise Unreadable(f"the patterns look at more than {MOST_VISITS} files", too_large=True)


def is_remote(text: str) -> bool:
    return text.lower().startswith(REMOTE)


def is_wild(text: str) -> bool:
    """Has it a `*`, `?` or `[` that no backslash takes the meaning from?"""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in "*?[":
            return True
        at += 1
    return False


def _single_stars(part: str) -> str:
    """In COPY `**` is only two stars beside each other."""
    while "**" in part:
        part = part.replace("**", "*")
    return part

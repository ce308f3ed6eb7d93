"""Docker's ignore rules: which repository paths never reach the build.

They are not git's: patterns are anchored at the build context, the last match wins, and a match on a parent folder
counts. The builder walks from the top and asks a rule only when its answer could change something, so an exception
that matched no folder above is not asked about folders again; this module keeps that order of questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorepattern import (
    BLANK,
    LONGEST,
    MalformedPattern,
    Pattern,
    Shape,
    cleaned,
    expression_of,
    matches_steadily,
    pattern_of,
)

MOST_PATTERNS = 2_000
LONG_PATH = 256  # beyond this many characters even squares are too many

State = int  # bit i: group i matched this folder or one above it


class Group(NamedTuple):
    """Neighbouring patterns of the same sign: among them order does not matter."""

    exception: bool  # "!": takes back
    patterns: frozenset[str]


class Matcher(NamedTuple):
    """A group, ready to be asked often."""

    exact: frozenset[str]
    heads: tuple[str, ...]
    tails: tuple[str, ...]
    wild: tuple[Pattern, ...]  # all of them; asked one by one for paths that are long or have a newline
    quick: Callable[[str], object] | None  # the tame ones in one expression
    slow: tuple[Pattern, ...]

    def matches(self, path: str) -> bool:
        if path in self.exact or path.startswith(self.heads) or path.endswith(self.tails):
            return True
        if not self.wild:
            return False
        if len(path) > LONG_PATH or "\n" in path:
            return any(matches_steadily(pattern.tokens, path) for pattern in self.wild)
        if self.quick is not None and self.quick(path):
            return True
        return any(matches_steadily(pattern.tokens, path) for pattern in self.slow)


@dataclass(frozen=True)
class IgnoreRules:
    """Rules for everything below `base`; equal when they are made of the same patterns in the same effective order."""

    base: str  # repository folder the patterns are anchored at; "" is the repository root
    groups: tuple[Group, ...]
    _matchers: tuple[Matcher, ...] = field(init=False, compare=False, repr=False)
    _folders: dict[str, tuple[State, bool]] = field(init=False, compare=False, repr=False, default_factory=dict)
    _below: dict[int, tuple[tuple[str, ...], ...]] = field(init=False, compare=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matchers", tuple(_matcher_of(group) for group in self.groups))
        self._folders[self.base] = (0, False)

    def __hash__(self) -> int:
        return hash((self.base, self.groups))

    def ignores(self, path: str) -> bool:
        """Is this repository path left out of the build context?"""
        if not self.groups or not self._inside(path):
            return False
        parent = self._folder(_parent(path, self.base))
        return self._judged(path, parent)[1]

    def prunes(self, folder: str) -> bool:
        """Is everything below this folder certainly left out?"""
        if not self.groups or not self._inside(folder):
            return False
        state, ignored = self._folder(folder)
        if not ignored:
            return False
        inside = self._relative(folder) + "/"
        later = self.groups[state.bit_length() :]  # the last group that matched is not an exception, or it would be in
        return not any(group.exception and _reaches(group, inside) for group in later)

    def _inside(self, path: str) -> bool:
        return not self.base or path.startswith(self.base + "/")

    def _relative(self, path: str) -> str:
        return path[len(self.base) + 1 :] if self.base else path

    def _folder(self, folder: str) -> tuple[State, bool]:
        missing = []
        while folder not in self._folders:
            missing.append(folder)
            folder = _parent(folder, self.base)
        found = self._folders[folder]
        for below in reversed(missing):
            found = self._folders[below] = self._judged(below, found)
        return found

    def _judged(self, path: str, parent: tuple[State, bool]) -> tuple[State, bool]:
        above, ignored = parent
        if ignored and above.bit_length() == len(self.groups):
            return parent  # the last word is spoken: no later rule could take anything back
        relative = self._relative(path)
        state, matched = 0, False
        for number, (group, matcher) in enumerate(zip(self.groups, self._matchers, strict=True)):
            bit = 1 << number
            if above & bit or (group.exception is matched and matcher.matches(relative)):
                state |= bit
                matched = not group.exception
        return state, matched


NO_RULES = IgnoreRules("", ())


class IgnoreFile(NamedTuple):
    rules: IgnoreRules
    doubts: tuple[Doubt, ...]


def rules_of(patterns: Iterable[str], base: str = "") -> IgnoreRules:
    """Rules from a list of patterns, as services.toml has them. Raises MalformedPattern naming the pattern."""
    lines = [line for line in map(_pattern_line, patterns) if line]
    return _rules(base, lines)


def ignorefile_of(content: bytes, base: str, path: str) -> IgnoreFile:
    """Rules from a `.dockerignore`. What Docker would refuse ignores nothing, and raises a doubt with its line."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            continue
        try:
            if len(line) >= LONGEST or len(lines) >= MOST_PATTERNS:
                raise MalformedPattern(line[:40], "more than Docker's reader takes in")
            pattern = _pattern_line(line)
            if pattern:
                pattern_of(pattern.removeprefix("!"))
                lines.append(pattern)
        except MalformedPattern as wrong:
            doubt = Doubt(path, number, f"{wrong}; nothing is taken as ignored", DoubtKind.BAD_RULES)
            return IgnoreFile(NO_RULES, (doubt,))
    return IgnoreFile(_rules(base, lines), ())


def _rules(base: str, lines: list[str]) -> IgnoreRules:
    return _shared_rules(base, tuple(lines))


@lru_cache(maxsize=64)
def _shared_rules(base: str, lines: tuple[str, ...]) -> IgnoreRules:
    """One object for equal text: what it learnt about folders serves every service with the same ignore file."""
    groups = tuple(_groups(lines))
    return IgnoreRules(base, groups) if groups else NO_RULES  # without patterns the base says nothing


def _pattern_line(line: str) -> str:
    """One line, trimmed, cleaned and without its leading slash; "" when it says nothing. The `!` stays in front."""
    pattern = line.strip(BLANK)
    sign = "!" if pattern.startswith("!") else ""
    pattern = pattern.removeprefix(sign).strip(BLANK)
    if not pattern:
        if sign:
            raise MalformedPattern(line.strip(BLANK), "an exception from nothing")
        return ""
    pattern = cleaned(pattern)
    if len(pattern) > 1:
        pattern = pattern.removeprefix("/")
    if not sign and pattern.startswith("!"):  # Docker reads a line twice: "./!name" is an exception the second time
        return _pattern_line(pattern)
    return sign + pattern


def _groups(lines: tuple[str, ...]) -> Iterator[Group]:
    """Runs of the same sign; exceptions before anything is ignored have no effect."""
    sign, run = False, set[str]()
    for line in lines:
        exception = line.startswith("!")
        pattern = line[1:] if exception else line
        if exception is not sign:
            if run:
                yield Group(sign, frozenset(run))
            elif exception:
                continue
            sign, run = exception, set()
        if sign is exception:
            pattern_of(pattern)
            run.add(pattern)
    if run:
        yield Group(sign, frozenset(run))


def _matcher_of(group: Group) -> Matcher:
    patterns = [pattern_of(text) for text in sorted(group.patterns)]
    tails = [pattern.text for pattern in patterns if pattern.shape is Shape.SUFFIX]
    wild = tuple(pattern for pattern in patterns if pattern.shape is Shape.WILD)
    tame = {pattern: expression for pattern in wild if (expression := expression_of(pattern)) is not None}
    return Matcher(
        exact=frozenset(
            [pattern.text for pattern in patterns if pattern.shape is Shape.EXACT]
            + [tail[1:] for tail in tails if tail.startswith("/")]  # **/name is also name itself
        ),
        heads=tuple(pattern.text for pattern in patterns if pattern.shape is Shape.PREFIX),
        tails=tuple(tails),
        wild=wild,
        quick=re.compile("|".join(tame.values())).match if tame else None,
        slow=tuple(pattern for pattern in wild if pattern not in tame),
    )


def _reaches(group: Group, inside: str) -> bool:
    """Could a pattern of this group match something below the folder `inside` (with its slash)?"""
    heads = (pattern_of(text) for text in group.patterns)
    return any(
        pattern.head.startswith(inside) or (pattern.shape is not Shape.EXACT and inside.startswith(pattern.head))
        for pattern in heads
    )


def _parent(path: str, base: str) -> str:
    cut = path.rfind("/")
    return path[:cut] if cut > len(base) else base

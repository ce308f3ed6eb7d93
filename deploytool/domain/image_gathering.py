"""Goes through the stages that count and collects what they take from the repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.dockerfile_recipe import Copy, Recipe, Run
from deploytool.domain.dockerfile_runs import consumes
from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorefile import IgnoreRules, rules_of
from deploytool.domain.ignorepattern import MalformedPattern
from deploytool.domain.image_sources import Context, is_remote

MOST_NARROWED = 50  # COPY --exclude lines that are looked at one by one
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


class Outside(NamedTuple):
    """A COPY or ADD source that git does not hold: a downloaded model, a URL."""

    source: str
    line: int


class _Taken(NamedTuple):
    """What one source of one line takes; `excludes` only when it is one folder."""

    line: int
    paths: frozenset[str]
    excludes: tuple[str, ...]
    folder: str


@dataclass(slots=True)
class Gathering:
    """Goes through the stages that count and collects what they take."""

    context: Context
    dockerfile: str
    exists: bool  # the context folder itself
    roots: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)  # followed to get there
    outside: list[Outside] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    narrowed: dict[tuple[int, str], IgnoreRules] = field(default_factory=dict)
    gave_up: bool = False  # looking cost too much
    _taken: list[_Taken] = field(default_factory=list)

    def gather(self, recipe: Recipe) -> None:
        if not recipe.complete:
            self._whole()
        try:
            for stage in recipe.needed:
                for step in stage.steps:
                    if isinstance(step, Copy):
                        self._copy(step)
                    elif isinstance(step, Run):
                        self._run(step)
        except Unreadable as wrong:
            self.gave_up = True
            self._doubt(0, f"{wrong}; the whole context is assumed", DoubtKind.TOO_LARGE)
            self._whole()
        if recipe.complete and not self.gave_up:
            self._narrow()

    def _doubt(self, line: int, why: str, kind: DoubtKind) -> None:
        self.doubts.append(Doubt(self.dockerfile, line, why, kind))

    def _whole(self) -> None:
        if self.exists:
            self.roots.add(self.context.folder)

    def _copy(self, copy: Copy) -> None:
        if not copy.origin.is_context:
            return
        if copy.unknown:
            why = "a source depends on a value that is not known here; the whole context is assumed"
            self._doubt(copy.line, why, DoubtKind.UNKNOWN_VALUE)
            self._take(copy.line, "", ())
        for text in copy.sources:
            if copy.add and is_remote(text):
                self.outside.append(Outside(text, copy.line))
            elif not copy.unknown:
                self._take(copy.line, text, copy.excludes, parents=copy.parents)
            if copy.add and not is_remote(text) and text.lower().endswith(ARCHIVES):
                self._doubt(copy.line, f"ADD unpacks {text[:80]}; what is in it is not seen", DoubtKind.UNPACKED)

    def _run(self, run: Run) -> None:
        self.runs.append(run)
        for source in run.binds:
            self._take(run.line, source, ())
        command = consumes(run)
        if command:
            self._doubt(run.line, f"RUN {command} could use the copied files", DoubtKind.RUN_CONSUMES)

    def _take(self, line: int, text: str, excludes: tuple[str, ...], *, parents: bool = False) -> None:
        found = self.context.sources(text, parents=parents) if self.exists else None
        if found is None or not found.sources:
            self.outside.append(Outside(text, line))
            return
        if found.why:
            self._doubt(line, found.why, DoubtKind.UNPARSABLE)
        roots = {source.path for source in found.sources}
        if not found.wild and any(self.context.left_out(path) for path in roots):
            self._doubt(line, f"{text[:80]} is left out by the ignore rules", DoubtKind.IGNORED_SOURCE)
        links = {link for source in found.sources for link in source.links}
        self.roots |= roots
        self.links |= links
        single = found.sources[0].path if not found.wild and not parents else None
        self._taken.append(_Taken(line, frozenset(roots | links), excludes if single is not None else (), single or ""))

    def _narrow(self) -> None:
        """Keep `--exclude` where no other line takes from the same folder; elsewhere more is taken than copied."""
        narrow = [taken for taken in self._taken if taken.excludes]
        if len(narrow) > MOST_NARROWED:
            return
        for taken in narrow:
            others = (path for other in self._taken if other is not taken for path in other.paths)
            if any(_overlap(taken.folder, path) for path in others):
                continue
            try:
                self.narrowed[taken.line, taken.folder] = rules_of(taken.excludes, taken.folder)
            except MalformedPattern as wrong:
                self._doubt(taken.line, f"{wrong}; nothing is excluded", DoubtKind.BAD_RULES)


def _overlap(one: str, other: str) -> bool:
    return one == other or not one or not other or one.startswith(other + "/") or other.startswith(one + "/")

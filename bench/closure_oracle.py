"""Closures of a real repository against Python itself: `python -m bench.closure_oracle --repo PATH --commits A,B`.

For every service at every commit, the image is laid out, its program run under Python with stand-ins for third parties
(tests/python_oracle.py), and what Python loaded is compared with what deploytool calls reachable. `missing` must be 0.
With --mutations, files that are called unreachable are filled with `raise SystemExit`: starting must not notice.
CODE OF THE REPOSITORY IS EXECUTED: look at it first.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.fleets import git
from bench.started import run_of, run_of_words
from deploytool.adapters.git import Repository
from deploytool.domain.doubt import Doubt
from deploytool.domain.image import Image, image_of, image_of_folder
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.study import Study, study_of
from deploytool.domain.tree import Tree
from tests.import_corpus.case import laid_out
from tests.import_corpus.studied import SOURCE, PlainFacts, real_place
from tests.python_oracle import Image as Files
from tests.python_oracle import Link, Loaded, OracleFailed, Run, Start, lay_out, loaded_in

GONE = b'raise SystemExit("loaded")\n'
AT_ONCE = 25  # files mutated in one run
PROCESSES = 2
COLUMNS = (
    "sources", "at startup", "and lazily", "reachable", "missing", "unfollowed", "perhaps missing", "extras", "mutated",
    "breaks", "noticed",
)  # fmt: skip


@dataclass
class Found:
    service: str
    commit: str
    note: str = ""
    loaded: Loaded | None = None
    sources: int = 0
    reached: frozenset[str] = frozenset()  # real places
    proven: bool = True
    doubts: tuple[Doubt, ...] = ()
    missing: list[str] = field(default_factory=list)
    unfollowed: list[str] = field(default_factory=list)  # reachable only because anything is
    guessed: list[str] = field(default_factory=list)  # missing only if computed names are what they look like
    extras: list[str] = field(default_factory=list)
    mutated: int = 0
    breaks: list[str] = field(default_factory=list)
    noticed: str = ""


@dataclass(frozen=True)
class Task:
    found: Found
    files: Files
    study: Study
    run: Run


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.closure_oracle", description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--config", type=Path, help="a services.toml; else every Dockerfile below its own context")
    parser.add_argument("--commits", default="HEAD", help="with commas between them")
    parser.add_argument("--only", action="append", default=[], metavar="SERVICE")
    parser.add_argument("--mutations", type=int, default=0, metavar="N", help="in all, spread over the services")
    parser.add_argument("--errors", action="store_true", help="show what failed while Python loaded them")
    parser.add_argument("--extras", action="store_true", help="show what is reachable and was not loaded")
    parser.add_argument("--doubts", action="store_true", help="show why a closure is everything")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    names = [f"{name}^{{commit}}" for name in given.commits.split(",")]
    commits = [git(given.repo, "rev-parse", "--verify", name).strip() for name in names]
    repository = Repository(given.repo, cache=None)
    try:
        tasks = list(_tasks(given, repository, commits))
    finally:
        repository.close()
    share = given.mutations // max(1, sum(isinstance(task, Task) for task in tasks)) + 1 if given.mutations else 0
    with ThreadPoolExecutor(PROCESSES) as pool:
        results = list(pool.map(lambda task: _done(task, share), tasks))
    _print(results, given)
    return 1 if any(found.missing or found.breaks for found in results) else 0


def _tasks(given: argparse.Namespace, repository: Repository, commits: list[str]) -> Iterator[Task | Found]:
    facts = PlainFacts(repository.objects)
    trees = repository.trees(commits)
    for commit in commits:
        tree = trees[commit]
        for name, table in sorted(_services(given, tree).items()):
            if given.only and name not in given.only:
                continue
            found = Found(name, commit[:8])
            image = _image(table, tree)
            run = None if image is None else _run(table, image)
            if image is None or run is None:
                found.note = "not there" if image is None else f"no Python is started: {image.command}"
                yield found
                continue
            study = study_of(
                image,
                tree,
                facts,
                function=table.get("kind") == "function",
                entrypoint=table.get("entrypoint"),
                dynamic=table.get("dynamic", ()),
            )
            yield Task(found, _files(study, tree), study, run)


def _files(study: Study, tree: Tree) -> Files:
    """What is laid out; data that this clone lacks is empty."""
    files = {}
    for place, placed in study.layout.files.items():
        try:
            files.update(laid_out(Layout({place: placed}), tree))
        except KeyError:
            if place.endswith(SOURCE):
                raise
            files[place] = b""
    return files


def _services(given: argparse.Namespace, tree: Tree) -> Mapping[str, dict[str, Any]]:
    if given.config:
        return tomllib.loads(given.config.read_text())["services"]
    paths = [path for path, _ in tree.walk() if path.rpartition("/")[2] == "Dockerfile"]
    return {path: {"dockerfile": path, "context": path.rpartition("/")[0] or "."} for path in paths}


def _image(table: Mapping[str, Any], tree: Tree) -> Image | None:
    if "dockerfile" in table:
        return image_of(table["dockerfile"], table.get("context", "."), tree)
    return image_of_folder(table.get("source") or table.get("context") or table["paths"][0], tree)


def _run(table: Mapping[str, Any], image: Image) -> Run | None:
    told = table.get("oracle", {})
    if "command" in told:
        return run_of_words(told["command"], told.get("cwd", image.workdir), image.environment)
    if image.dockerfile is None:
        return Run((Start("file", f"{image.workdir}/main.py"),), image.workdir, (image.workdir,))
    return run_of(image)


def _done(task: Task | Found, mutations: int) -> Found:
    if isinstance(task, Found):
        return task
    found, layout = task.found, task.study.layout
    found.sources = sum(place.endswith(SOURCE) for place in task.files)
    found.proven = task.study.proven
    found.doubts = task.study.doubts
    found.reached = frozenset(real_place(place, layout) for place in layout.files if task.study.reaches(place))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay_out(task.files.items(), root)
        try:
            found.loaded = loaded_in(root, task.run, guess=True)
            links = {link for link in found.loaded.links if not task.study.reaches(link)}
            found.missing = sorted(found.loaded.files - found.reached) + sorted(f"{link} (a link)" for link in links)
            followed = {real_place(place, layout) for place in task.study.closure.reached}
            found.unfollowed = sorted(found.loaded.files - followed)
            found.guessed = sorted(found.loaded.guessed.keys() - found.reached)
            known = found.loaded.files | found.loaded.guessed.keys()
            found.extras = sorted(place for place in found.reached - known if place.endswith(SOURCE))
            if mutations:
                _mutate(task, root, mutations)
        except OracleFailed as failed:
            found.note = str(failed)
    return found


def _mutate(task: Task, root: Path, wanted: int) -> None:
    """Unreachable files filled with something else, some at once; then one that is loaded, which must be noticed."""
    found = task.found
    assert found.loaded is not None
    dice = random.Random(f"{found.service} {found.commit}")
    silent = [p for p in sorted(set(task.files) - found.reached) if not isinstance(task.files[p], Link)]
    plain = loaded_in(root, task.run, lazy=False)
    while silent and found.mutated < wanted:
        chosen = dice.sample(silent, min(AT_ONCE, len(silent)))
        if _changes(task, root, chosen, plain):
            alone = [place for place in chosen if _changes(task, root, [place], plain)]
            found.breaks += alone or [f"only together: {chosen}"]
        found.mutated += len(chosen)
    loaded = sorted(place for place in plain.startup if place.endswith(SOURCE))
    if loaded:
        found.noticed = "yes" if _changes(task, root, [dice.choice(loaded)], plain) else "NO"


def _changes(task: Task, root: Path, places: list[str], plain: Loaded) -> bool:
    lay_out(((place, GONE) for place in places), root)
    try:
        after = loaded_in(root, task.run, lazy=False)
    finally:
        lay_out(((place, task.files[place]) for place in places), root)
    return (after.startup, after.errors) != (plain.startup, plain.errors)


def _print(results: list[Found], given: argparse.Namespace) -> None:
    print("| service | commit |", " | ".join(COLUMNS), "|")
    print("|---|---|", "--:|" * len(COLUMNS))
    for found in results:
        figures = _figures(found) if found.loaded else [found.note[:80]]
        print(f"| {found.service} | {found.commit} | {' | '.join(map(str, figures))} |")
    done = [found for found in results if found.loaded]
    missing, breaks = sum(len(found.missing) for found in done), sum(len(found.breaks) for found in done)
    mutated = sum(found.mutated for found in done)
    print(f"{len(done)} services x commits, {missing} missing, {mutated} mutations, {breaks} breaks")
    for found in done:
        _details(found, given)


def _figures(found: Found) -> list[object]:
    assert found.loaded is not None
    reached = sum(place.endswith(SOURCE) for place in found.reached)
    followed = [len(found.loaded.startup), len(found.loaded.files), f"{reached}{'' if found.proven else ' (all)'}"]
    lists = (found.missing, found.unfollowed, found.guessed, found.extras)
    return [found.sources, *followed, *map(len, lists), found.mutated, len(found.breaks), found.noticed]


def _details(found: Found, given: argparse.Namespace) -> None:
    assert found.loaded is not None
    where = f"{found.service} {found.commit}"
    for place in found.missing:
        print(f"MISSING {where}: {place}")
    for place in found.unfollowed:
        print(f"unfollowed {where}: {place}")
    for place in found.guessed:
        print(f"perhaps missing {where}: {place}")
    for place in found.breaks:
        print(f"BREAK {where}: {place}")
    if given.extras and found.proven:
        for place in found.extras:
            print(f"extra {where}: {place}")
    if given.doubts:
        for doubt in found.doubts:
            print(f"doubt {where}: {doubt}")
    if given.errors:
        for error in found.loaded.errors:
            print(f"error {where}: {error}")


if __name__ == "__main__":
    sys.exit(main())

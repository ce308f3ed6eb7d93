"""The git engine against the script: the same services, the same machine, the same minute, equal answers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from bench import script
from bench.fleets import Pair, fleet, git, long_tail
from bench.timing import Line, faster, side_by_side

# Services in the fleet -> how many times faster than the script: verdicts, explanation, explanation with a cache.
GOALS = {8: (8.0, 1.3, 2.5), 50: (50.0, 6.0, 10.0), 200: (75.0, 20.0, 25.0)}
TAIL_GOALS = (1.0, 1.0, 1.0)
FIGURES = ("verdicts", "verdicts, cached", "explanation", "explanation, cached")  # the cache holds where links are


class Race(NamedTuple):
    """One fleet to be judged by both sides."""

    repo: Path
    pairs: list[Pair]
    where: str
    made: bool  # the synthetic repository


class Answers(NamedTuple):
    script: list[bool]
    verdicts: list[bool]
    commits: list[tuple[set[str], bool]]  # and whether they are only a part, from the newest on


def measure(
    ours: ModuleType, repo: Path, runs: int, sizes: Sequence[int], tail: int, *, made: bool
) -> Iterator[Line | str]:
    """Figures and remarks for one repository."""
    for size in sizes:
        race = Race(repo, fleet(repo, size, made=made), f"{repo.resolve().name[:16]}, {size} services", made)
        yield from compare(ours, race, runs, GOALS.get(size, TAIL_GOALS))
    pairs = fleet(repo, 8, made=made, forgotten=tail // 5)
    yield from compare(ours, Race(repo, pairs, f"8, one {tail // 5} behind", made), runs, TAIL_GOALS)
    pairs = long_tail(repo, tail, made=made)
    distance = git(repo, "rev-list", "--count", f"{pairs[0].deployed}..{pairs[0].target}").strip()
    yield from compare(ours, Race(repo, pairs, f"1 service, {distance} behind", made), runs, TAIL_GOALS)


def compare(ours: ModuleType, race: Race, runs: int, goals: Sequence[float]) -> Iterator[Line | str]:
    repo, pairs = race.repo, race.pairs
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        ours.explain(repo, pairs, cache)  # fills the cache; the clock is not running
        sides: dict[str, Callable[[], Any]] = {
            "script": lambda: script.logs(repo, pairs),
            "verdicts": lambda: ours.verdicts(repo, pairs),
            "verdicts, cached": lambda: ours.verdicts(repo, pairs, cache),
            "explanation": lambda: ours.explain(repo, pairs, None),
            "explanation, cached": lambda: ours.explain(repo, pairs, cache),
        }
        seconds, said = side_by_side(runs, sides)
    if said["explanation"] != said["explanation, cached"]:
        raise SystemExit(f"{race.where}: the cache changes the answer")
    partial = sum(at_least for _, at_least in said["explanation"])
    if partial:
        yield f"{race.where}: for {partial} of {len(pairs)} only the newest part of the range is examined, and said so"
    answers = Answers([lines > 0 for lines in said["script"]], said["verdicts"], said["explanation"])
    yield from check_made(race, answers) if race.made else check_real(race, answers)
    if said["verdicts"] != said["verdicts, cached"]:
        raise SystemExit(f"{race.where}: the cache changes a verdict")
    for what, goal in zip(FIGURES, (goals[0], *goals), strict=True):
        yield faster(race.where, what, seconds["script"], seconds[what], goal)


def check_made(race: Race, answers: Answers) -> Iterator[str]:
    """On the synthetic history script, content and explanation must agree to the last commit."""
    for pair, stale, ours, (commits, at_least) in zip(race.pairs, *answers, strict=True):
        if stale != ours:
            raise SystemExit(f"{race.where}: {pair} is stale for {'the script' if stale else 'us'} only")
        listed = script.commits(race.repo, pair)
        if not (commits < listed if at_least else commits == listed):
            raise SystemExit(f"{race.where}: {pair} is explained by other commits than git lists")
    named = sum(len(commits) for commits, _ in answers.commits)
    yield f"{race.where}: answers equal, {sum(answers.verdicts)} of {len(race.pairs)} stale, {named} commits named"


def check_real(race: Race, answers: Answers) -> Iterator[str]:
    """On a real one the content decides; where it and git's plain comparison differ, it must be because of links."""
    wrong = linked = more = 0
    for pair, stale, ours, (commits, at_least) in zip(race.pairs, *answers, strict=True):
        if ours != script.differs(race.repo, pair):
            if ours != differs_through_links(race.repo, pair):
                raise SystemExit(f"{race.where}: {pair}: content {'equal' if ours else 'differs'}, we say otherwise")
            linked += 1
        wrong += stale != ours
        listed = script.commits(race.repo, pair)
        if not listed <= commits and not at_least:
            raise SystemExit(f"{race.where}: {pair}: not named: {' '.join(sorted(listed - commits)[:5])}")
        more += len(commits - listed)
    stale_ones = f"{sum(answers.verdicts)} of {len(race.pairs)} stale"
    yield f"{race.where}: content agrees, {stale_ones}; script wrong: {wrong}, through links: {linked}"
    named = sum(len(commits) for commits, _ in answers.commits)
    yield f"{race.where}: {named} commits named, {more} of them merges or through links"


def differs_through_links(repo: Path, pair: Pair) -> bool:
    """The slow oracle of the tests has the last word."""
    from tests.oracle import listing, roots, selected

    path = Path(os.path.realpath(repo))
    old, new = (
        selected(listing(path, commit), roots(path, commit, pair.paths), ()) for commit in (pair.deployed, pair.target)
    )
    return old != new

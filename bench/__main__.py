"""`bin/bench`: measure, compare, print ratios; exit 1 when an answer is wrong, 3 when something could not be run."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import check, engine, errors, imports, release, synthetic, verify, whole
from bench.programs import ProgramFailedError
from bench.timing import HEAD, Line

Scenario = Callable[[], Iterator[Line | str]]


def arguments() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "deploytool-bench")
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a synthetic repository of 20,000 commits, not 200,000")
    parser.add_argument(
        "--work", type=Path, default=cache, metavar="DIR", help=f"where repositories are kept ({cache})"
    )
    parser.add_argument("--repo", type=Path, metavar="PATH", help="also measure on this real repository")
    parser.add_argument(
        "--fleet", type=Path, action="append", default=[], metavar="FILE", help="with --repo and --config"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the services.toml that goes with --fleet")
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="engine, real, start, fleet, imports, check, errors, release, verify, server or thousand",
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="interleaved runs behind each median (5)")
    parser.add_argument("--strict", action="store_true", help="exit 1 also when a goal is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--ours", default="bench.ours", metavar="MODULE", help=argparse.SUPPRESS)  # another engine
    return parser.parse_args()


def scenarios(given: argparse.Namespace) -> dict[str, Scenario]:
    ours, runs = importlib.import_module(given.ours), given.runs
    made = synthetic.repository(given.work, 20_000 if given.quick else 200_000)
    sizes, tail = (8, 50, 200), 10_000 if given.quick else 100_000
    found: dict[str, Scenario] = {"engine": lambda: engine.measure(ours, made, runs, sizes, tail, made=True)}
    if given.repo:
        found["real"] = lambda: engine.measure(ours, given.repo, runs, sizes, tail, made=False)
    found["start"] = lambda: whole.start(runs)
    if given.repo and given.config and given.fleet:
        config, fleets = given.config.resolve(), [path.resolve() for path in given.fleet]
        found["fleet"] = lambda: whole.given_fleet(runs, config, given.repo.resolve(), fleets)
        found["imports"] = lambda: imports.measure(runs, config, given.repo.resolve())
        found["check"] = lambda: check.measure(runs, config, given.repo.resolve())
    else:
        found["fleet"] = lambda: whole.made_fleet(runs, made)
    found["errors"] = lambda: errors.measure(runs)
    found["release"] = lambda: release.measure(runs)
    found["verify"] = lambda: verify.measure(runs)
    found["server"] = lambda: whole.server(runs, made)
    found["thousand"] = lambda: whole.thousand(runs, made)
    return {name: scenario for name, scenario in found.items() if not given.only or name in given.only}


def main() -> int:
    given = arguments()
    gc.set_threshold(200_000)  # as the program itself does
    print(HEAD, flush=True)
    lines: list[Line] = []
    could_not = False
    for name, scenario in scenarios(given).items():
        try:
            for said in scenario():
                print(said.text() if isinstance(said, Line) else f"# {said}", flush=True)
                lines += [said] if isinstance(said, Line) else []
        except ProgramFailedError as why:
            print(f"# {name}: could not be measured: {why}", file=sys.stderr)
            could_not = True
    if given.json:
        given.json.write_text(json.dumps([line.record() for line in lines], indent=1) + "\n")
    missed = [line for line in lines if not line.met]
    print(f"# {len(lines)} figures, {len(missed)} goals missed", flush=True)
    return 3 if could_not else int(bool(missed) and given.strict)


if __name__ == "__main__":
    sys.exit(main())

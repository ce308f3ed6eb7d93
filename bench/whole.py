"""Whole commands, from the shell's point of view: start of the program, a fleet file, a server, a very large fleet."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import script
from bench.fleets import Pair, fleet
from bench.programs import DEPLOYTOOL, ProgramFailedError, Ran, emulator, fill, run
from bench.timing import Line, no_slower, within
from bench.world import PROJECT, write_fleet, write_services

REGIONS = ("us-west2", "us-central1", "europe-west1")
FOUND = (0, 1)  # nothing found, something found; anything else is no answer
SAMPLE = 50  # services of a large fleet whose verdict is proven with git

BARE_TYPER = """
import typer
app = typer.Typer()
@app.command()
def one() -> None:
    "The first of two commands."
@app.command()
def two() -> None:
    "The second of two commands."
app()
"""
BARE_LIST = """
import sys
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
options = ClientOptions(api_endpoint=f"http://{sys.argv[1]}")
client = run_v2.ServicesClient(transport="rest", client_options=options, credentials=AnonymousCredentials())
for service in client.list_services(parent=sys.argv[2]):
    print(service.name.rpartition("/")[2])
"""


def turns(
    runs: int, sides: Mapping[str, Sequence[str]], env: Mapping[str, str] | None = None, accept: Sequence[int] = FOUND
) -> dict[str, list[Ran]]:
    """Run programs in turns, after one round that only warms the disk."""
    rounds = [{name: run(command, env, accept) for name, command in sides.items()} for _ in range(runs + 1)]
    return {name: [ran[name] for ran in rounds[1:]] for name in sides}


def middle(ran: Sequence[Ran]) -> float:
    return statistics.median(one.seconds for one in ran)


def start(runs: int) -> Iterator[Line | str]:
    """`--help` against the smallest Typer program there is."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.py")
        bare.write_text(BARE_TYPER)
        sides = {"bare": [sys.executable, str(bare), "--help"], "ours": [*DEPLOYTOOL, "--help"]}
        ran = turns(runs, sides, accept=(0,))
    yield no_slower("start", "--help", middle(ran["bare"]), middle(ran["ours"]), 1.5)


def drift(config: Path, fleets: Sequence[Path] = (), more: Sequence[str] = ()) -> list[str]:
    given = [word for path in fleets for word in ("--fleet", str(path))]
    return [*DEPLOYTOOL, "drift", "--config", str(config), *given, "--format", "json", *more]


def answer(ran: Ran) -> list[dict[str, Any]]:
    try:
        report = json.loads(ran.stdout)
    except ValueError as why:
        raise ProgramFailedError(f"drift printed no JSON: {why}") from why
    if report["errors"]:
        raise SystemExit(f"drift could not look: {report['errors'][0]}")
    services: list[dict[str, Any]] = report["services"]
    return services


def prove(repo: Path, pairs: Sequence[Pair], said: Sequence[dict[str, Any]], regions: int) -> str:
    """Every service is there once per region, and a sample has the verdict that plain git gives."""
    verdicts: dict[str, set[str]] = {}
    for service in said:
        verdicts.setdefault(service["name"], set()).add(service["verdict"])
    if len(said) != len(pairs) * regions or set(verdicts) != {pair.service for pair in pairs}:
        raise SystemExit(f"drift tells of {len(said)} services, there are {len(pairs)} x {regions}")
    sample = pairs[:: max(1, len(pairs) // SAMPLE)]
    for pair in sample:
        right = {"stale" if script.differs(repo, pair) else "current"}
        if verdicts[pair.service] != right:
            raise SystemExit(f"{pair} is {verdicts[pair.service]}, not {right}")
    stale = sum(found == {"stale"} for found in verdicts.values())
    return f"{len(said)} entries, {stale} services stale; {len(sample)} verdicts proven with git"


def given_fleet(runs: int, config: Path, repo: Path, fleets: Sequence[Path]) -> Iterator[Line | str]:
    """A fleet file that somebody brought, on a repository that somebody brought."""
    ran = turns(runs, {"ours": drift(config, fleets, ["--repository", str(repo)])})["ours"]
    said = answer(ran[0])
    yield f"--fleet: {', '.join(service['name'] + ' ' + service['verdict'] for service in said)}"
    yield within(f"--fleet, {len(said)} services", "drift, warm", middle(ran), 0.8, "s")


def made_fleet(runs: int, repo: Path, size: int = 8) -> Iterator[Line | str]:
    pairs = fleet(repo, size, made=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write_services(folder, repo, pairs, REGIONS[:1])
        ran = turns(runs, {"ours": drift(config, [write_fleet(folder, pairs, REGIONS[0])])})["ours"]
    yield f"--fleet: {prove(repo, pairs, answer(ran[0]), 1)}"
    yield within(f"--fleet, {size} services", "drift, warm", middle(ran), 0.6, "s")


def server(runs: int, repo: Path, size: int = 50) -> Iterator[Line | str]:
    """`drift` against a local server, and a bare script that only lists the same services."""
    pairs = fleet(repo, size, made=True)
    with tempfile.TemporaryDirectory() as name, emulator(Path(name, "state")) as env:
        folder = Path(name)
        config = write_services(folder, repo, pairs, REGIONS[:1])
        fill(folder / "state", env, write_fleet(folder, pairs, REGIONS[0]))
        bare = folder / "bare.py"
        bare.write_text(BARE_LIST)
        parent = f"projects/{PROJECT}/locations/{REGIONS[0]}"
        listing = [sys.executable, str(bare), env["CLOUD_RUN_EMULATOR_HOST"], parent]
        ran = turns(runs, {"bare": listing, "ours": drift(config)}, env)
    listed = ran["bare"][0].stdout.decode().split()
    if sorted(listed) != sorted(pair.service for pair in pairs):
        raise SystemExit(f"the server lists {len(listed)} services, it was given {len(pairs)}")
    yield f"server: {prove(repo, pairs, answer(ran['ours'][0]), 1)}"
    yield no_slower(f"server, {size} services", "drift / bare list", middle(ran["bare"]), middle(ran["ours"]), 1.5)


def thousand(runs: int, repo: Path, size: int = 1000) -> Iterator[Line | str]:
    """A fleet far beyond what anybody has: time and memory must stay reasonable."""
    pairs = fleet(repo, size, made=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write_services(folder, repo, pairs, REGIONS)
        fleets = [write_fleet(folder, pairs, region) for region in REGIONS]
        ran = turns(runs, {"ours": drift(config, fleets)})["ours"]
    where = f"{size} services x {len(REGIONS)} regions"
    yield f"{where}: {prove(repo, pairs, answer(ran[0]), len(REGIONS))}"
    yield within(where, "drift, warm", middle(ran), 5, "s")
    yield within(where, "peak memory, MB", max(one.peak_mb for one in ran), 300, "MB")

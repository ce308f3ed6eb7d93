"""What it costs to follow imports: closures of all services at two commits, cold and warm, and of one commit more.

Also run as a program of its own (`python -m bench.imports REPO CONFIG CACHE`), so that each figure has a fresh
process and its memory can be told.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.programs import Ran, run
from bench.timing import Line, within

APART = 300  # commits between the two


def measure(runs: int, config: Path, repo: Path) -> Iterator[Line | str]:
    """Figures in seconds inside the process, without its start; medians, but the first cold run counts alone."""
    cold: list[dict[str, float]] = []
    warm: list[dict[str, float]] = []
    peak = size = 0.0
    for _ in range(max(1, runs // 2)):
        folder = Path(tempfile.mkdtemp())
        try:
            first = _asked(repo, config, folder)
            cold.append(_said(first))
            size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
            peak = max(peak, first.peak_mb)
            warm.append(_said(_asked(repo, config, folder)))
        finally:
            shutil.rmtree(folder)
    services = int(cold[0]["services"])
    where = f"imports, {services} services"
    yield (
        f"{where}: {int(cold[0]['reachable'])} reachable files of {int(cold[0]['files'])} in the images of the target, "
        f"{int(cold[0]['proven'])} proven"
    )
    yield within(where, "2 commits, cold", median(one["two"] for one in cold), 4.0, "s")
    yield within(where, "2 commits, warm", median(one["two"] for one in warm), 0.3, "s")
    yield within(where, "1 commit more", median(one["more"] for one in cold), 0.05, "s")
    yield within(where, "peak memory, MB", peak, 200, "MB")
    yield f"{where}: cache {size:.1f} MB"


def _asked(repo: Path, config: Path, cache: Path) -> Ran:
    return run([sys.executable, "-m", "bench.imports", str(repo), str(config), str(cache)])


def _said(ran: Ran) -> dict[str, float]:
    figures: dict[str, float] = json.loads(ran.stdout)
    return figures


def figures(repo: Path, config: Path, cache: Path) -> dict[str, float]:
    from deploytool.adapters.git import Repository
    from deploytool.config import load
    from deploytool.detect.impact import Impacts
    from deploytool.detect.sources import Seen, Sources
    from deploytool.domain.report import Precision

    gc.set_threshold(200_000)  # as the program does
    loaded = load(config)
    tables = list(loaded.services.values())
    repository = Repository(repo, cache=cache)
    _, target = repository.target(loaded.project.target)
    listed = repository.git.run(["rev-list", "--first-parent", f"--max-count={APART + 1}", target]).decode().split()
    began = time.perf_counter()
    sources, impacts = Sources(repository.cache), Impacts(repository)

    def look(commit: str, near: dict[str, Seen]) -> dict[str, Seen]:
        tree = repository.trees([commit])[commit]
        sources.foresee((table, tree) for table in tables)
        seen = {table.name: Seen(tree, sources.made_of(table, tree, Precision.IMPORT)) for table in tables}
        for table in tables:
            impacts.of(table, seen[table.name], near.get(table.name))
        return seen

    look(listed[-1], {})
    there = look(listed[1], {})
    two = time.perf_counter() - began
    began = time.perf_counter()
    last = look(listed[0], there)
    more = time.perf_counter() - began
    told = [impact for table in tables if (impact := impacts.of(table, last[table.name])) is not None]
    return {
        "two": two,
        "more": more,
        "services": len(told),
        "proven": sum(impact.proven for impact in told),
        "reachable": sum(len(impact.by) for impact in told),
        "files": sum(len(impact.by) + len(impact.silent) + len(impact.rest) for impact in told),
    }


if __name__ == "__main__":
    print(json.dumps(figures(*(Path(argument) for argument in sys.argv[1:4]))))

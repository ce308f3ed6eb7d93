"""What `check` foresees is what `drift` finds after the merge, with the fleet at the commit before it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.shapes import v2_service
from tests.branches import TOML, built
from tests.repositories import Link, Value
from tests.stories.conftest import Project, Shop

MODULES = (
    "api/main.py", "api/jobs.py", "web/main.py", "web/util.py", "shared/names.py", "shared/unused.py",
    "shared/deep/x.py", "lib/tool.py", "hook/main.py", "hook/help.py",
)  # fmt: skip
IMPORTS = (
    "import shared.names", "import shared.unused", "import api.jobs", "import lib.tool", "import web.util", "import os",
    "from shared import names", "from shared.deep import x", "import help", "def f():\n    import shared.unused",
    "import importlib, os\nimportlib.import_module(os.environ['A'])",
)  # fmt: skip
FURTHER = (
    ("", "", *(f'precision = "{one}"\n' for one in ("path", "image", "import"))),
    ("", "", *(f'ignore = ["{one}"]\n' for one in ("**/*.md", "shared/**", "**"))),
    ("", "", "", 'dynamic = ["shared/*.py"]\n'),
)
SERVICES = ("api", "web", "hook")
Files = dict[str, str | Value | None]


def source(dice: random.Random) -> str:
    imports = [dice.choice(IMPORTS) for _ in range(dice.randint(0, 3))]
    return "\n".join([*imports, f"X = {dice.randint(0, 9)}\n"])


def dockerfile(dice: random.Random) -> str:
    service = dice.choice(("api", "web"))
    copies = [f"{service}/", "shared/", "lib/", "."]
    lines = [f"COPY {one} /app/{one.strip('.')}" for one, chance in zip(copies, (1, 0.7, 0.3, 0.1), strict=True)
             if dice.random() < chance]  # fmt: skip
    return "\n".join(["FROM python:3.11", "WORKDIR /app", *lines, f'CMD ["python", "-m", "{service}.main"]\n'])


def services_toml(dice: random.Random) -> str:
    text = TOML
    for name in dice.sample(SERVICES, dice.randint(1, 3)):
        paths = dice.choice((f'["{name}"]', f'["{name}", "shared"]'))
        text += f"\n[services.{name}]\n"
        if name == "hook":
            text += 'kind = "function"\n' + dice.choice(('context = "hook"\n', f"paths = {paths}\n"))
        else:
            text += f'dockerfile = "{name}/Dockerfile"\n' if dice.random() < 0.75 else f"paths = {paths}\n"
            text += f'entrypoint = "{name}/main.py"\n' if dice.random() < 0.3 else ""
        text += "".join(dice.choice(lines) for lines in FURTHER)
    return text


def shop(dice: random.Random) -> dict[str, str | Value]:
    files: dict[str, str | Value] = {path: source(dice) for path in MODULES}
    files |= {f"{folder}/__init__.py": "" for folder in ("api", "web", "shared", "shared/deep", "lib")}
    files |= {"api/Dockerfile": dockerfile(dice), "web/Dockerfile": dockerfile(dice), "hook/shared": Link("../shared")}
    files |= {"api/README.md": "x", "shared/data.json": "1", "hook/requirements.txt": "functions-framework\n"}
    return {**files, "services.toml": services_toml(dice)}


def branch(dice: random.Random) -> Files:
    found: Files = {}
    for _ in range(dice.randint(1, 4)):
        found |= dice.choice(
            (
                {dice.choice(MODULES): source(dice)},
                {dice.choice(MODULES): source(dice)},
                {dice.choice(MODULES): None},
                {dice.choice(("api/README.md", "shared/data.json")): str(dice.random())},
                {dice.choice(("api", "web")) + "/Dockerfile": dockerfile(dice)},
                {"services.toml": services_toml(dice)},
                {".dockerignore": dice.choice(("*.md\n", "shared\n", "**/unused.py\n"))},
                {"hook/shared": dice.choice((None, Link("../lib"), Link("../nowhere")))},
            )
        )
    return found


def serving(name: str, commit: str) -> dict[str, object]:
    template = {"labels": {"commit-sha": commit}, "containers": [{"image": "i:1"}]}
    return v2_service(name, project="shop-1", template=template)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_the_forecast_is_what_drift_finds_after_the_merge(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    folder = tmp_path_factory.mktemp("forecast")
    _, base, _ = built(folder / "shop", branch(dice), shop(dice))
    project = Project(folder / "shop", Shop(folder / "shop", {}), {"XDG_CACHE_HOME": str(tmp_path)})
    fleet = project.file("fleet.json", {"services": [serving(name, base) for name in SERVICES]})
    fact = {one["name"] for one in project.drift("--fleet", fleet).json["services"] if one["verdict"] == "stale"}
    for options in ((), ("--fleet", fleet)):
        ran = project.run("check", "--base", "main", "--format", "json", *options)
        assert set(ran.json["forecast"]["stale"]) == fact, (seed, options)

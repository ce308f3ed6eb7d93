"""What the branch takes away from a program that goes on importing it, where the head alone would leave a doubt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploytool.domain.check_report import CheckVerdict
from tests.branches import DOCKERFILE, SHOP, TOML, brief, checked, only
from tests.repositories import Link, Value

EDITED = {"api/main.py": "import os, sys\nsys.path.insert(0, os.environ['X'])\nimport shared.names\n"}
FROM = {"api/main.py": "from shared import names\n"}
GUARDED = {"api/main.py": "try:\n    import shared.names\nexcept ImportError:\n    pass\n"}
BUILT = {"api/Dockerfile": DOCKERFILE.replace("WORKDIR /app\n", "WORKDIR /app\nRUN ./build.sh\n")}
PACKAGE = {path: None for path in SHOP if path.startswith("shared/")}
ERROR, WARNING = (("DT201", severity, "api", "shared.names") for severity in ("error", "warning"))


def uncopied(dockerfile: str) -> dict[str, str]:
    return {"api/Dockerfile": dockerfile.replace("COPY shared/ /app/shared/\n", "")}


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        (FROM, {"shared/names.py": None}, ERROR),
        (EDITED, {"shared/names.py": None}, ERROR),
        ({}, {"shared/names.py": None, **EDITED}, ERROR),
        (EDITED, {"shared/names.py": None, "shared/labels.py": "NAME = 1\n"}, ERROR),
        (BUILT, uncopied(BUILT["api/Dockerfile"]), ERROR),
        ({}, uncopied(BUILT["api/Dockerfile"]), WARNING),
        (BUILT, {"shared/names.py": None}, WARNING),
        (GUARDED, {"shared/names.py": None}, WARNING),
        (GUARDED, uncopied(DOCKERFILE), ERROR),
        (FROM, {"shared/names.py": None, "shared/__init__.py": "names = 1\n"}, None),
        (FROM, {"shared/names.py": None, "shared/names/__init__.py": ""}, None),
        (FROM, {"shared/names.py": None, "api/main.py": "import shared\n"}, None),
    ],
    ids=[
        "from its package", "sys.path was edited", "sys.path is edited now", "renamed", "COPY taken out",
        "a RUN instead", "a RUN may make it", "caught", "caught, and still there", "an attribute instead",
        "a package instead", "no longer imported",
    ],
)  # fmt: skip
def test_a_module_that_the_branch_takes_away(
    tmp_path: Path,
    base: Mapping[str, str],
    changes: Mapping[str, str | None],
    expected: tuple[str, str, str, str] | None,
) -> None:
    report = checked(tmp_path, changes, {**SHOP, **base})
    assert [row for row in brief(report) if row[0] in ("DT201", "DT203")] == ([] if expected is None else [expected])
    assert report.verdict is (CheckVerdict.FAIL if expected == ERROR else CheckVerdict.PASS)


def test_a_whole_package_that_goes_is_not_called_a_distribution(tmp_path: Path) -> None:
    dockerfile = {"api/Dockerfile": DOCKERFILE.replace("COPY shared/ /app/shared/", "COPY . /app/")}
    report = checked(tmp_path, PACKAGE, {**SHOP, **dockerfile})
    assert brief(report) == [ERROR]
    assert "the branch deletes shared/names.py" in only(report, "DT201").message


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    lost = "shared/\udcff/names.py"
    report = checked(tmp_path, {lost: None, "shared/names.py": None}, {**SHOP, lost: "", **FROM})
    assert ERROR in brief(report)


# functions: without a Dockerfile, whoever deploys may put more into the source folder than git shows

HOOK = {
    "services.toml": TOML + '\n[services.hook]\nkind = "function"\ncontext = "hook"\n',
    "hook/main.py": "import helpers\nfrom shared.names import NAME\ndef hook(request): ...\n",
    "hook/helpers.py": "",
    "hook/requirements.txt": "functions-framework==3.5.0\n",
    "hook/shared": Link("../shared"),
    "shared/__init__.py": "",
    "shared/names.py": "NAME = 1\n",
}


@pytest.mark.parametrize(
    ("changes", "module"),
    [
        ({"hook/shared": None}, "shared.names"),
        ({"hook/shared": Link("../shred")}, "shared.names"),
        ({"hook/shared": Link("/etc")}, "shared.names"),
        ({"hook/helpers.py": None}, "helpers"),
        ({"shared/names.py": None}, "shared.names"),
    ],
    ids=["a link goes", "a link leads nowhere", "a link leads out", "a module beside it", "behind a link"],
)
def test_a_function_loses_what_it_had_in_git(
    tmp_path: Path, changes: Mapping[str, str | Value | None], module: str
) -> None:
    report = checked(tmp_path, changes, HOOK)
    assert [row for row in brief(report) if row[1] == "error"] == [("DT201", "error", "hook", module)]


def test_what_a_function_never_had_in_git_may_come_with_its_deploy(tmp_path: Path) -> None:
    report = checked(tmp_path, {"hook/main.py": "import shared.fresh\n"}, HOOK)
    assert brief(report) == [("DT201", "warning", "hook", "shared.fresh")]

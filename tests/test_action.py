"""The action: what its file promises, and its step run for real on a pull request."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.branches import SHOP, content
from tests.repositories import Builder
from tests.workflows import ACTION, ROOT, Done, Runner

README = ROOT / "README.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
USES = re.compile(r"^\s*(?:- )?uses: (?P<action>\S+)(?P<comment>.*)$", re.MULTILINE)
STEPS = ACTION["runs"]["steps"]
PLAIN = ("config", "repository", "base", "head", "fail-on")
LINES = {"ignore": "--ignore", "fleet": "--fleet", "formats": "--format"}

GOOD = {"shared/names.py": "NAME = 'the api'\n"}
BROKEN = {"api/main.py": "import shared.names\nimport lib.prices\n", "lib/__init__.py": "", "lib/prices.py": ""}


def workflow(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("file", [ROOT / "action.yml", README, *WORKFLOWS], ids=lambda file: file.name)
def test_actions_of_others_are_named_by_a_whole_commit(file: Path) -> None:
    for found in USES.finditer(file.read_text(encoding="utf-8")):
        own = found["action"] in ("./", "OWNER/deploytool@COMMIT")
        assert own or re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", found["action"]), found[0]
        assert own or re.fullmatch(r" # v\d+\.\d+\.\d+", found["comment"]), found[0]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_only_read(file: Path) -> None:
    read = workflow(file)
    assert read["permissions"] == {"contents": "read"}
    for job in read["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("snippet", re.findall(r"^```yaml\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE))
def test_a_snippet_of_the_readme_is_yaml_without_an_expression_in_a_script(snippet: str) -> None:
    read = yaml.safe_load(snippet)
    assert read
    assert not re.search(r"(run|script|args): [^\n]*\$\{\{", snippet)
    for job in read.get("jobs", {}).values() if isinstance(read, dict) else ():
        assert {*job.get("permissions", {}).values()} <= {"read", "write"}
        assert job.get("permissions", {}).get("contents", "read") == "read"


def test_no_script_of_the_action_has_an_expression_in_it() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert "secrets." not in str(step)
        assert "token" not in str(step)


def test_no_step_lets_the_checkout_into_a_python() -> None:
    for step in STEPS:
        if "run" in step:
            assert step["env"]["PYTHONPATH"] == ""
            assert re.findall(r"/python\"|\$PYTHON\"", step["run"])
            assert not re.search(r"(/python|\$PYTHON)\" (?!-I )", step["run"])
    (install,) = [step for step in STEPS if step.get("id") == "install"]
    assert install["run"].startswith('cd "$RUNNER_TEMP"\n')


def test_every_input_reaches_the_step_that_checks() -> None:
    (check,) = [step for step in STEPS if step.get("id") == "check"]
    passed = {*re.findall(r"inputs\.([\w-]+)", f"{check['env']} {check['working-directory']}")}
    assert passed == {*ACTION["inputs"]} - {"python-version"}
    assert {*check["env"]} - {"PYTHONPATH"} == {*re.findall(r"\$(INPUT_\w+)", check["run"])}
    assert all(one["description"] for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


def test_the_python_it_takes_is_one_that_the_project_supports() -> None:
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert tuple(map(int, ACTION["inputs"]["python-version"]["default"].split("."))) >= (3, 11), least


class Pull:
    """A pull request: a base, a branch, and the merge of both that GitHub makes."""

    def __init__(self, folder: Path, changes: Mapping[str, str | None]) -> None:
        self.origin = folder / "origin"
        with Builder(self.origin) as builder:
            builder.commit(content({"README.md": "Before.\n"}), subject="Long ago")
            self.base = builder.commit(content(SHOP), subject="The shop")
            self.head = builder.commit(content(changes), [self.base], subject="The branch", branch="work")
            self.merge = builder.commit(content(changes), [self.base, self.head], subject="Merge", branch="merge")
            builder.git("update-ref", "refs/pull/1/merge", self.merge)

    def runner(self, folder: Path, depth: int = 2) -> Runner:
        runner = Runner(folder)
        runner.checkout(self.origin, self.merge, "refs/pull/1/merge", depth)
        sides = {"base": {"ref": "main", "sha": self.base}, "head": {"ref": "work", "sha": self.head}}
        runner.event(
            "pull_request",
            {"pull_request": {"number": 1, **sides}},
            sha=self.merge,
            ref="refs/pull/1/merge",
            base_ref="main",
            head_ref="work",
        )
        return runner


def checked(folder: Path, changes: Mapping[str, str | None], depth: int = 2, **inputs: str) -> Done:
    return Pull(folder, changes).runner(folder / "runner", depth).step("check", **inputs)


def test_a_good_branch_passes_and_says_what_to_deploy(tmp_path: Path) -> None:
    done = checked(tmp_path, GOOD)
    assert done.code == 0, done.stderr
    assert done.told["verdict"] == "pass"
    assert done.told["services"].split() == ["api"]
    assert json.loads(done.told["matrix"]) == {"service": ["api"]}
    assert "api" in done.summary


def test_a_branch_that_breaks_an_image_fails_at_the_line(tmp_path: Path) -> None:
    done = checked(tmp_path, BROKEN)
    assert done.code == 1, done.stderr
    (annotation,) = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert "file=api/main.py" in annotation
    assert "line=2" in annotation
    assert "lib.prices" in annotation
    assert done.told["verdict"] == "fail"
    assert "lib/prices.py" in done.summary


def test_a_branch_that_touches_no_service_makes_nothing_stale(tmp_path: Path) -> None:
    done = checked(tmp_path, {"README.md": "A shop, still.\n"})
    assert done.code == 0, done.stderr
    assert done.told == {"verdict": "pass", "services": "", "matrix": done.told["matrix"]}
    assert json.loads(done.told["matrix"]) == {"service": []}  # which a matrix may not be: hence the `if`


def test_a_clone_without_the_base_says_how_deep_to_fetch(tmp_path: Path) -> None:
    done = checked(tmp_path, GOOD, depth=1)
    assert done.code == 3
    assert "fetch-depth: 2" in done.stderr
    assert done.told["services"] == ""


def test_a_push_tells_what_it_made_stale(tmp_path: Path) -> None:
    pull = Pull(tmp_path, GOOD)
    runner = Runner(tmp_path / "runner")
    runner.checkout(pull.origin, pull.merge, "refs/heads/merge", 0)
    runner.event("push", {"before": pull.base}, sha=pull.merge, ref="refs/heads/main")
    done = runner.step("check")
    assert done.code == 0, done.stderr
    assert json.loads(done.told["matrix"]) == {"service": ["api"]}


def test_modules_of_the_branch_stand_in_for_none(tmp_path: Path) -> None:
    steal = f"open({str(tmp_path / 'stolen')!r}, 'w').close()\n"
    names = ("typer.py", "sitecustomize.py", "deploytool/__init__.py", "deploytool/__main__.py", "json/__init__.py")
    runner = Pull(tmp_path, {**GOOD, **dict.fromkeys(names, steal)}).runner(tmp_path / "runner")
    runner.environ["PYTHONPATH"] = str(runner.workspace)  # what a job sets for its own tests
    done = runner.step("check")
    assert done.code == 0, done.stderr
    assert not (tmp_path / "stolen").exists()


def test_every_input_is_heeded(tmp_path: Path) -> None:
    changes = {"api/main.py": "import shared.names\n", "shared/names.py": "NAME = 1\n", "shop/services.toml": None}
    pull = Pull(tmp_path, {key: value for key, value in changes.items() if value is not None})
    runner = pull.runner(tmp_path / "runner", depth=0)
    (runner.workspace / "elsewhere").mkdir()
    answers = {"formats": "json:out.json\nsarif:out.sarif\n\n", "fail_on": "DT401", "all": "true"}
    done = runner.step("check", working_directory="elsewhere", base=pull.base, head=pull.head, **answers)
    assert done.code == 1, done.stderr  # DT401, a note, was named
    assert json.loads((runner.workspace / "elsewhere" / "out.json").read_text())["base"]["commit"] == pull.base
    assert (runner.workspace / "elsewhere" / "out.sarif").exists()
    assert runner.step("check", config="services.toml", repository=".", live="maybe").code == 2
    assert runner.step("check", config="none.toml").code == 2


def recorded(runner: Runner, **inputs: str) -> list[str]:
    """The words that deploytool is called with."""
    runner.program('printf "%s\\0" "$@" >"$RUNNER_TEMP/words"')
    done = runner.step("check", **inputs)
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    words = (runner.temp / "words").read_bytes().split(b"\0")[:-1]
    called = [word.decode("utf-8", "surrogateescape") for word in words]
    assert called[:5] == ["-I", "-m", "deploytool", "check", "--format=github"]
    return called[5:]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("bench"))


HOSTILE = [
    "; rm -rf .", "$(touch stolen)", "`touch stolen`", "a\n::add-mask::b", "a' b\" c\\", "--exit-zero", "-", "*", "~",
    "${HOME}", "a\r\nb", "!!", "a\tb", "words+=(--exit-zero)", "$'\\n'", "é\u202e", "x] = y", " a ", "\n",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_whatever_an_input_holds_it_is_one_word(bench: Runner, text: str) -> None:
    for name in PLAIN:
        assert recorded(bench, **{name: text}) == [f"--{name}={text}"]
    for name, option in LINES.items():
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        assert recorded(bench, **{name: text}) == [f"{option}={line}" for line in lines if line]
    assert not (bench.workspace / "stolen").exists()


@given(st.dictionaries(st.sampled_from(PLAIN), st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
@example({"base": "a", "head": "; echo b >c", "config": "'"})
def test_whatever_several_hold_each_is_its_own(bench: Runner, inputs: dict[str, str]) -> None:
    assert recorded(bench, **inputs) == [f"--{name}={inputs[name]}" for name in PLAIN if inputs.get(name)]


@pytest.mark.parametrize(
    "text", [HOSTILE[1], "a\n::add-mask::b", "--output=stolen", "a\r\n##[group]b", "é\u202e"], ids=repr
)
def test_a_hostile_input_is_refused_and_obeyed_by_nobody(tmp_path: Path, text: str) -> None:
    runner = Pull(tmp_path, GOOD).runner(tmp_path / "runner")
    before = {*runner.workspace.iterdir()}
    done = runner.step("check", base=text)
    assert done.code in (2, 3)
    assert done.told["verdict"] == ""
    assert not [line for line in (done.stdout + done.stderr).splitlines() if line.lstrip().startswith(("::", "##["))]
    assert {*runner.workspace.iterdir()} == before

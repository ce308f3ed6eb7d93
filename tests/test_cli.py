"""The front door: options reach the command, and every end of a run has its code and its words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from deploytool.__main__ import Terminated, run
from deploytool.commands.options import PrecisionChoice
from deploytool.errors import ConfigurationError, CouldNotLook, DeployToolError, ExitCode, UsageError
from deploytool.render import Format
from deploytool.render.outputs import Output
from deploytool.render.screen import Colour


class Door:
    """Stands for the commands and the App: remembers what it was asked, answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.opened: dict[str, Any] = {}
        self.answer: Any = ExitCode.CLEAN

        self.closed = 0

    def app(self, **settings: Any) -> Door:
        self.opened, self.closed = settings, 0
        return self

    def close(self) -> None:
        self.closed += 1

    def command(self, name: str) -> Any:
        def answer(app: Door, **options: Any) -> Any:
            assert app is self
            assert not self.closed
            self.asked.append((name, options))
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

        return answer


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Door]:
    import deploytool
    from deploytool import commands

    door = Door()
    rooms = {
        "drift": ["run"],
        "explain": ["run"],
        "status": ["run"],
        "where": ["run"],
        "config": ["check", "schema"],
        "lock": ["show", "break_"],
        "emulator": ["serve", "import_fleet", "export_fleet", "reset", "faults"],
    }
    for room, names in rooms.items():
        module = ModuleType(f"deploytool.commands.{room}")
        for name in names:
            setattr(module, name, door.command(f"{room}.{name}"))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(commands, room, module, raising=False)
    app = ModuleType("deploytool.app")
    app.App = door.app  # type: ignore[attr-defined]
    app.__path__ = [str(Path(deploytool.__file__).parent / "app")]  # its other rooms are as they are
    monkeypatch.setitem(sys.modules, "deploytool.app", app)
    monkeypatch.setattr(deploytool, "app", app, raising=False)
    monkeypatch.chdir(tmp_path)
    return door


def test_drift_hands_over_every_option(door: Door) -> None:
    argv = [
        "drift",
        "api",
        "web",
        "-v",
        "--format",
        "json",
        "--format",
        "sarif:out.sarif",
        "--fleet",
        "a.json",
        "--fleet",
        "-",
    ]
    argv += ["--precision", "image", "--fetch", "--notify", "--metrics", "drift.prom"]
    assert run(argv) == 0
    assert door.closed == 1
    expected = {
        "services": ["api", "web"],
        "verbose": True,
        "outputs": (Output(Format.JSON), Output(Format.SARIF, Path("out.sarif"))),
        "fleet": ["a.json", "-"],
        "precision": PrecisionChoice.IMAGE,
        "fetch": True,
        "notify": True,
        "metrics": Path("drift.prom"),
    }
    assert door.asked == [("drift.run", expected)]


def test_explain_hands_over_every_option(door: Door) -> None:
    argv = ["explain", "api", "shared/x.py", "--format", "json", "--fleet", "a.json", "--fleet", "-"]
    assert run([*argv, "--precision", "import", "--fetch"]) == 0
    run(["explain", "api"])
    full = {
        "service": "api",
        "question": "shared/x.py",
        "format": Format.JSON,
        "fleet": ["a.json", "-"],
        "precision": PrecisionChoice.IMPORT,
        "fetch": True,
    }
    plain = {
        "service": "api",
        "question": None,
        "format": Format.TABLE,
        "fleet": [],
        "precision": None,
        "fetch": False,
    }
    assert door.asked == [("explain.run", full), ("explain.run", plain)]


def test_what_is_left_out_is_empty_or_none(door: Door) -> None:
    run(["drift"])
    expected = {
        "services": [],
        "verbose": False,
        "outputs": (Output(Format.TABLE),),
        "fleet": [],
        "precision": None,
        "fetch": False,
        "notify": False,
        "metrics": None,
    }
    assert door.asked == [("drift.run", expected)]
    assert door.opened == {"config_file": None, "repository_folder": None, "colour": Colour.AUTO, "apart": None}


@pytest.mark.parametrize(
    ("argv", "name", "options"),
    [
        (
            "status api --format markdown",
            "status.run",
            {"services": ["api"], "outputs": (Output(Format.MARKDOWN),), "fleet": []},
        ),
        ("where 1a2b --fleet f", "where.run", {"question": "1a2b", "format": Format.TABLE, "fleet": ["f"]}),
        ("lock list --max-age 5m", "lock.show", {"max_age": 300.0, "format": Format.TABLE}),
        ("lock break a1 --why home", "lock.break_", {"lease_id": "a1", "why": "home"}),
        ("config check", "config.check", {}),
        ("config schema", "config.schema", {}),
        ("emulator serve --port 0 --state d", "emulator.serve", {"port": 0, "state": Path("d")}),
        ("emulator import -", "emulator.import_fleet", {"file": "-", "state": None}),
        ("emulator export --state d", "emulator.export_fleet", {"state": Path("d")}),
        ("emulator reset", "emulator.reset", {"state": None}),
        ("emulator faults", "emulator.faults", {"add": [], "clear": False, "state": None}),
        (
            "emulator faults --clear --add x --add y",
            "emulator.faults",
            {"add": ["x", "y"], "clear": True, "state": None},
        ),
    ],
)
def test_each_command_is_called(door: Door, argv: str, name: str, options: dict[str, Any]) -> None:
    assert run(argv.split()) == 0
    assert door.asked == [(name, options)]


@pytest.mark.parametrize(
    "argv",
    [
        "--config c.toml --repository r --color never drift",
        "drift --config c.toml --repository r --color never",
        "--config other.toml --color always drift --config c.toml --color never --repository r",
    ],
)
def test_global_options_may_stand_before_or_after_the_command(door: Door, argv: str) -> None:
    assert run(argv.split()) == 0
    assert door.opened == {
        "config_file": Path("c.toml"),
        "repository_folder": Path("r"),
        "colour": Colour.NEVER,
        "apart": None,
    }


@pytest.mark.parametrize(
    ("code", "argv", "ended"),
    [
        (ExitCode.FINDINGS, ["drift"], 1),
        (ExitCode.FINDINGS, ["drift", "--exit-zero"], 0),
        (ExitCode.FINDINGS, ["where", "x", "--exit-zero"], 0),
        (ExitCode.UNDETERMINED, ["drift", "--exit-zero"], 3),
        (ExitCode.UNDETERMINED, ["status"], 3),
        (ExitCode.UNDETERMINED, ["explain", "api"], 3),
    ],
)
def test_exit_zero_forgives_findings_but_never_doubt(door: Door, code: ExitCode, argv: list[str], ended: int) -> None:
    door.answer = code
    assert run(argv) == ended


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("No service apo.", hint="deploytool drift api"), 2),
        (CouldNotLook("us-west2 answered 403.", hint="gcloud auth login"), 3),
        (DeployToolError("Held by somebody.", hint="deploytool lock list", exit_code=ExitCode.LOCKED), 4),
    ],
)
def test_an_error_is_words_a_hint_and_a_code(door: Door, error: DeployToolError, code: int, capsys: Any) -> None:
    door.answer = error
    assert run(["drift"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"error: {error.message}\nhint: {error.hint}\n"


def test_every_mistake_of_the_configuration_is_told_and_made_harmless(door: Door, capsys: Any) -> None:
    door.answer = ConfigurationError("2 mistakes.", hint="Mend \x1b[31m.", mistakes=("a:1: one\r", "a:2: \u202etwo"))
    assert run(["config", "check"]) == 2
    said = capsys.readouterr().err
    assert said == "error: 2 mistakes.\n  a:1: one\\r\n  a:2: \\u202etwo\nhint: Mend \\x1b[31m.\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["drfit"], "Did you mean 'drift'?"),
        (["emulator", "srve"], "Did you mean 'serve'?"),
        (["drift", "--fromat", "json"], "--format"),
        (["drift", "--precision", "imports"], "is not one of 'path', 'image', 'import'"),
        (["explain"], "Missing argument"),
        (["explain", "api", "one", "two"], "unexpected extra argument"),
        (["where"], "Missing argument"),
        (["lock", "break", "a1"], "--why"),
        (["drift", "--\x1b[31m"], r"\x1b[31m"),
        (["emulator", "serve", "--port", "99999"], "65535"),
    ],
)
def test_a_slip_of_the_fingers_is_2_and_names_the_nearest(door: Door, argv: list[str], words: str, capsys: Any) -> None:
    assert run(argv) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert words in said.err
    assert said.err.splitlines()[-1].startswith("hint: deploytool")
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["drift", "--format", "jsn"], "Did you mean json? drift can be written as table, json, markdown, github,"),
        (["status", "--format", "sarif"], "status can be written as table, json, markdown, github or html"),
        (["explain", "api", "--format", "sarif"], "cannot be written as sarif; those of drift and check can"),
        (["lock", "list", "--format", "github"], "can be written as table, json or markdown"),
        (["deploy", "api", "--format", "tabel"], "can be written as table, json or markdown"),
        (["drift", "--format", "json", "--format", "table"], "not json and table"),
        (["releases", "--format", "html:no/such/folder/x.html"], "mkdir -p no/such/folder"),
        (["drift", "--format", "json:."], "is a folder"),
        (["drift", "--format", "json:a", "--format", "html:./b/../a"], "There is no folder b/.."),
        (["drift", "--format", "json:a", "--format", "html:./a"], "Two answers would go to a"),
    ],
)
def test_a_format_that_cannot_be_is_refused_before_any_work(
    door: Door, argv: list[str], words: str, capsys: Any
) -> None:
    assert run(argv) == 2
    assert door.asked == []
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert "\nhint: " in said.err


def test_nothing_asked_is_help_on_stderr_and_not_success(door: Door, capsys: Any) -> None:
    for argv in ([], ["emulator"], ["config"]):
        assert run(argv) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("Usage: deploytool")


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_being_stopped_is_said_calmly(door: Door, stop: BaseException, code: int, capsys: Any) -> None:
    door.answer = stop
    assert run(["drift"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_crash_is_one_calm_line_and_a_private_file(
    door: Door, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services.toml").write_text("")
    monkeypatch.setenv("DATABASE_PASSWORD", "correct horse\nbattery")
    monkeypatch.setenv("LONG_TOKEN", "x" * 480 + "the-end-of-a-secret")
    door.answer = KeyError(f"correct horse\nbattery \x1b[31m {'y' * 20}{os.environ['LONG_TOKEN']}")
    assert run(["drift"]) == 70
    [file] = (tmp_path / ".deploytool" / "crashes").iterdir()
    said = capsys.readouterr()
    assert said.out == ""
    assert str(file) in said.err
    assert "Traceback" not in said.err
    assert file.stat().st_mode & 0o777 == 0o600
    told = file.read_text()
    assert "Traceback" in told
    assert f"Python {sys.version.split()[0]}" in told
    for secret in ("correct horse", "battery", "xxxx", "the-end", "\x1b"):
        assert secret not in told


def test_a_crash_beside_the_configuration_that_was_named(door: Door, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "services.toml").write_text("")
    door.answer = RuntimeError("x")
    assert run(["drift", "--config", "there/services.toml"]) == 70
    assert len([*(tmp_path / "there" / ".deploytool" / "crashes").iterdir()]) == 1


def test_a_crash_without_services_toml_goes_to_the_users_folder(door: Door, capsys: Any) -> None:
    door.answer = RuntimeError("x")
    assert run(["drift"]) == 70
    assert "/.local/state/deploytool/crashes/" in capsys.readouterr().err


def test_a_crash_that_cannot_be_written_is_told_on_stderr(
    door: Door, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "services.toml").write_text("")
    (tmp_path / ".deploytool").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    door.answer = RuntimeError("what went wrong")
    assert run(["drift"]) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "what went wrong" in said


def test_a_missing_command_module_is_a_crash_not_success(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deploytool.app", SimpleNamespace())  # type: ignore[arg-type]
    assert run(["drift"]) == 70

"""The front door: options reach the command, and every end of a run has its code and its words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from deploytool import clock
from deploytool.__main__ import Terminated, run
from deploytool.commands.options import PrecisionChoice
from deploytool.errors import ConfigurationError, CouldNotLook, DeployToolError, ExitCode, UsageError
from deploytool.render import Format
from deploytool.render.screen import Colour, Screen, say, screen_of

ROOT = Path(__file__).parents[1]


class Door:
    """Stands for the commands and the App: remembers what it was asked, answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.opened: dict[str, Any] = {}
        self.answer: Any = ExitCode.CLEAN

    def app(self, **settings: Any) -> str:
        self.opened = settings
        return "the app"

    def command(self, name: str) -> Any:
        def answer(app: str, **options: Any) -> Any:
            assert app == "the app"
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
        "status": ["run"],
        "where": ["run"],
        "config": ["check", "schema"],
        "emulator": ["serve", "import_fleet", "export_fleet", "reset"],
    }
    for room, names in rooms.items():
        module = ModuleType(f"deploytool.commands.{room}")
        for name in names:
            setattr(module, name, door.command(f"{room}.{name}"))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(commands, room, module, raising=False)
    app = ModuleType("deploytool.app")
    app.App = door.app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "deploytool.app", app)
    monkeypatch.setattr(deploytool, "app", app, raising=False)
    monkeypatch.chdir(tmp_path)
    return door


def test_drift_hands_over_every_option(door: Door) -> None:
    argv = ["drift", "api", "web", "-v", "--format", "json", "--fleet", "a.json", "--fleet", "-"]
    argv += ["--precision", "image", "--fetch"]
    assert run(argv) == 0
    expected = {
        "services": ["api", "web"],
        "verbose": True,
        "format": Format.JSON,
        "fleet": ["a.json", "-"],
        "precision": PrecisionChoice.IMAGE,
        "fetch": True,
    }
    assert door.asked == [("drift.run", expected)]


def test_what_is_left_out_is_empty_or_none(door: Door) -> None:
    run(["drift"])
    expected = {
        "services": [],
        "verbose": False,
        "format": Format.TABLE,
        "fleet": [],
        "precision": None,
        "fetch": False,
    }
    assert door.asked == [("drift.run", expected)]
    assert door.opened == {"config_file": None, "repository_folder": None, "colour": Colour.AUTO}


@pytest.mark.parametrize(
    ("argv", "name", "options"),
    [
        ("status api --format markdown", "status.run", {"services": ["api"], "format": Format.MARKDOWN, "fleet": []}),
        ("where 1a2b --fleet f", "where.run", {"question": "1a2b", "format": Format.TABLE, "fleet": ["f"]}),
        ("config check", "config.check", {}),
        ("config schema", "config.schema", {}),
        ("emulator serve --port 0 --state d", "emulator.serve", {"port": 0, "state": Path("d")}),
        ("emulator import -", "emulator.import_fleet", {"file": "-", "state": None}),
        ("emulator export", "emulator.export_fleet", {"state": None}),
        ("emulator reset", "emulator.reset", {"state": None}),
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
    assert door.opened == {"config_file": Path("c.toml"), "repository_folder": Path("r"), "colour": Colour.NEVER}


@pytest.mark.parametrize(
    ("code", "argv", "ended"),
    [
        (ExitCode.FINDINGS, ["drift"], 1),
        (ExitCode.FINDINGS, ["drift", "--exit-zero"], 0),
        (ExitCode.FINDINGS, ["where", "x", "--exit-zero"], 0),
        (ExitCode.UNDETERMINED, ["drift", "--exit-zero"], 3),
        (ExitCode.UNDETERMINED, ["status"], 3),
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
        (["drift", "--format", "jsn"], "is not one of 'table', 'json', 'markdown'"),
        (["drift", "--precision", "import"], "is not one of 'path', 'image'"),
        (["where"], "Missing argument"),
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


@pytest.mark.parametrize("told", ["2026-02-05T00:45:00Z", "2026-02-04T16:45:00-08:00", "2026-02-05t00:45:00.000z"])
def test_the_moment_of_a_report_can_be_told(told: str) -> None:
    assert clock.now({"DEPLOYTOOL_NOW": told}) == datetime(2026, 2, 5, 0, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "yesterday",
        "2026-02-05",
        "2026-02-05T00:45:00",
        "2026-13-05T00:45:00Z",
        "20260205T004500Z",
        "٢٠٢٦-02-05T00:45:00Z",
    ],
)
def test_nonsense_is_not_a_moment(told: str) -> None:
    with pytest.raises(UsageError, match="DEPLOYTOOL_NOW"):
        clock.now({"DEPLOYTOOL_NOW": told})


def test_without_being_told_it_is_now() -> None:
    assert abs((clock.now({}) - datetime.now(UTC)).total_seconds()) < 5


@pytest.mark.parametrize(
    ("environ", "choice", "colour"),
    [
        ({}, Colour.AUTO, False),
        ({}, Colour.ALWAYS, True),
        ({"FORCE_COLOR": "1"}, Colour.AUTO, True),
        ({"FORCE_COLOR": "0"}, Colour.AUTO, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Colour.AUTO, False),
        ({"FORCE_COLOR": "1"}, Colour.NEVER, False),
        ({"NO_COLOR": "1"}, Colour.ALWAYS, True),
    ],
)
def test_who_decides_about_colour(environ: dict[str, str], choice: Colour, colour: bool, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        assert screen_of(stream, environ, choice) == Screen(None, colour, True)


@pytest.mark.parametrize(("columns", "width"), [("120", 120), ("0", None), ("x", None), ("-5", None), ("9" * 9, None)])
def test_columns_decides_about_width(columns: str, width: int | None, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        assert screen_of(stream, {"COLUMNS": columns}).width == width


def test_a_locale_without_symbols_gets_ascii_and_never_an_error(tmp_path: Path) -> None:
    for encoding in ("ascii", "latin-1"):
        with (tmp_path / "out").open("w", encoding=encoding) as stream:
            assert screen_of(stream, {}).symbols is False
            say("名 ok", stream)
        assert (tmp_path / "out").read_bytes() == b"\\u540d ok\n"


SAYS = "import sys; sys.path.insert(0, {root!r}); from deploytool import __main__ as front; {body}; front.main()"


def child(body: str, **named: Any) -> subprocess.Popen[str]:
    code = SAYS.format(root=str(ROOT), body=body)
    return subprocess.Popen([sys.executable, "-c", code], text=True, stderr=subprocess.PIPE, **named)


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    body = "from deploytool.render.screen import say; front.run = lambda argv: say('x' * 10**6) or 1"
    process = child(body, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.close()
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (1, "")


def test_a_full_disk_is_told() -> None:
    body = (
        "from deploytool import cli; from deploytool.render.screen import say;"
        "cli.fuse_box = lambda *_: say('answer'); import deploytool.commands as c; c.drift = c; c.run = None;"
        "sys.argv[1:] = ['drift']"
    )
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = child(body, stdout=full)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert said.startswith("error: The answer could not be written: No space left on device.\nhint: ")


def test_closed_streams_are_survived() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m deploytool --version <&- >&- 2>&-"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_with_its_code(sent: signal.Signals, code: int) -> None:
    body = (
        "import time; from deploytool import cli; import deploytool.commands as c; c.drift = c; c.run = None;"
        "cli.fuse_box = lambda *_: (print('ready', flush=True), time.sleep(20));"
        "sys.argv[1:] = ['drift']"
    )
    process = child(body, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    start = time.monotonic()
    process.send_signal(sent)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in said
    assert time.monotonic() - start < 5

"""Programs of a person: heard to the end, ended when they do not end, with everything that they started."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deploytool.adapters.commands import Programs
from deploytool.domain.check_program import Ended

PYTHON = sys.executable
SAID = "sesame-opens-7"


def run(folder: Path, script: str, seconds: float = 10.0, **environ: str) -> Ended:
    return Programs(folder, {**os.environ, **environ}).run([PYTHON, "-c", script], seconds)


def is_there(process: int) -> bool:
    """Running, and not merely waiting to be collected."""
    if not Path("/proc/self/stat").exists():
        return subprocess.run(["ps", "-p", str(process)], capture_output=True, check=False).returncode == 0
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(process: int) -> bool:
    end = time.monotonic() + 5
    while is_there(process) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_there(process)


@pytest.mark.parametrize("code", [0, 1, 2, 70, 255])
def test_its_exit_code_and_its_last_line(code: int, tmp_path: Path) -> None:
    script = f"import sys; print('one'); print(' two \\n\\n', file=sys.stderr); sys.exit({code})"
    assert run(tmp_path, script).code == code
    assert run(tmp_path, "import sys; print('one'); print(' two \\n\\n', file=sys.stderr)").last in ("one", "two")
    assert run(tmp_path, "print('one'); print('  two  '); print()") == Ended(0, "two")


def test_it_runs_in_the_folder_of_services_toml_and_hears_nothing(tmp_path: Path) -> None:
    ended = run(tmp_path, "import os, sys; print(os.getcwd(), len(sys.stdin.read()))")
    assert ended.last == f"{tmp_path} 0"


def test_arguments_are_no_shell(tmp_path: Path) -> None:
    argv = [PYTHON, "-c", "import sys; print(sys.argv[1])", "$(touch x); `touch x` && *"]
    assert Programs(tmp_path, os.environ).run(argv, 10).last == argv[-1]
    assert not list(tmp_path.iterdir())


def test_the_environment_without_what_is_ours(tmp_path: Path) -> None:
    script = "import os; print(os.environ.get('DEPLOYTOOL_NOW'), os.environ.get('CITY'))"
    assert run(tmp_path, script, DEPLOYTOOL_NOW="2026-02-05T00:00:00Z", CITY="Paris").last == "None Paris"


@pytest.mark.parametrize(
    "line", [f"got {SAID} here", f"api_key={SAID}", f"https://me:{SAID}@host/", f"Authorization: Bearer {SAID}"]
)
def test_secrets_are_not_repeated(line: str, tmp_path: Path) -> None:
    ended = run(tmp_path, f"print({line!r})", SOME_TOKEN=SAID)
    assert SAID not in ended.last
    assert "***" in ended.last


def test_what_cannot_be_started(tmp_path: Path) -> None:
    programs = Programs(tmp_path, os.environ)
    assert programs.run(["no-such-program-of-anybody"], 5) == Ended(
        None, why="there is no program no-such-program-of-anybody"
    )
    (tmp_path / "text").write_text("hello")
    assert programs.run(["./text"], 5) == Ended(None, why="./text may not be run")
    (tmp_path / "text").chmod(0o755)
    assert programs.run(["./text"], 5).code is None
    assert Programs(tmp_path / "gone", os.environ).run([PYTHON], 5).code is None


def test_one_that_is_ended_by_a_signal(tmp_path: Path) -> None:
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)").code == -9


@pytest.mark.parametrize("deaf", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"])
def test_one_that_does_not_end_is_ended_with_its_children(deaf: str, tmp_path: Path) -> None:
    script = (
        f"{deaf}import os, subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', "
        f"'{deaf}import time; time.sleep(60)']); print(os.getpid(), child.pid, flush=True); time.sleep(60)"
    )
    began = time.monotonic()
    ended = run(tmp_path, script, seconds=1.0)
    assert time.monotonic() - began < 5
    assert ended.code is None
    assert ended.why == "did not end within 1 s and was ended"
    assert all(gone(int(process)) for process in ended.last.split())


def test_what_it_leaves_behind_is_ended_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid)"
    )
    began = time.monotonic()
    ended = run(tmp_path, script)
    assert time.monotonic() - began < 5
    assert ended.code == 0
    assert gone(int(ended.last))


def test_a_flood_is_heard_and_not_kept(tmp_path: Path) -> None:
    script = "import sys\nfor _ in range(40): sys.stdout.write('x' * 1_000_000)\nprint(); print('done')"
    assert run(tmp_path, script) == Ended(0, "done")
    assert len(run(tmp_path, "import sys; sys.stdout.write('x' * 10_000_000)").last) <= 64 * 1024
    assert run(tmp_path, "while True: print('x' * 1000)", seconds=0.5).code is None


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    assert run(tmp_path, r"import sys; sys.stdout.buffer.write(b'\xff\xfe!\n')").code == 0


def test_all_that_still_run_are_ended_when_nobody_waits(tmp_path: Path) -> None:
    programs = Programs(tmp_path, os.environ)
    found: list[Ended] = []
    script = "import os, time; open('pid', 'w').write(str(os.getpid())); os.rename('pid', 'there'); time.sleep(60)"
    working = threading.Thread(target=lambda: found.append(programs.run([PYTHON, "-c", script], 60)))
    working.start()
    while not (tmp_path / "there").exists():
        time.sleep(0.01)
    programs.end_all()
    working.join(5)
    assert found[0].code == -9
    assert gone(int((tmp_path / "there").read_text()))
    assert programs.run([PYTHON, "-c", ""], 5) == Ended(None, why="was not begun")

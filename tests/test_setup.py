"""bin/setup, with a uv that only writes down what it was asked: the first command survives what went wrong before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UV = """#!/bin/sh
echo "$1" >>uv.log
case "$1" in
  venv) mkdir -p .venv/bin && ln -sf "{python}" .venv/bin/python ;;
  pip) sleep "${{UV_TAKES:-0}}"; exit "${{UV_ENDS:-0}}" ;;
esac
"""


class Checkout:
    """A copy of the scripts in a folder with an awkward name, and a PATH with our uv in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a $checkout"
        (self.folder / "deploytool").mkdir(parents=True)
        shutil.copytree(ROOT / "bin", self.folder / "bin")
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        programs = folder / "programs"
        programs.mkdir()
        (programs / "uv").write_text(UV.format(python=sys.executable))
        (programs / "uv").chmod(0o755)
        (programs / "python3.11").symlink_to(sys.executable)
        self.environ = {"PATH": f"{programs}:{os.defpath}", "HOME": str(folder)}

    def start(self, **environ: str) -> subprocess.Popen[str]:
        words = [self.folder / "bin" / "setup"]
        return subprocess.Popen(words, env={**self.environ, **environ}, stderr=subprocess.PIPE, text=True)

    def setup(self, **environ: str) -> tuple[int, str]:
        process = self.start(**environ)
        _, said = process.communicate(timeout=30)
        return process.returncode, said

    @property
    def asked(self) -> list[str]:
        log = self.folder / "uv.log"
        return log.read_text().split() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_is_done_once_and_quietly_after_that(checkout: Checkout) -> None:
    assert checkout.setup() == (0, "Setting up .venv with uv (once) ...\n")
    assert checkout.setup() == (0, "")
    assert checkout.asked == ["venv", "pip"]


def test_a_failed_set_up_is_not_a_finding_and_spoils_nothing(checkout: Checkout) -> None:
    code, said = checkout.setup(UV_ENDS="1")
    assert code == 3  # 1 would say that drift was found
    assert "error: The packages could not be installed" in said
    assert "hint: " in said
    assert checkout.setup()[0] == 0
    assert checkout.asked == ["venv", "pip", "pip"]


def test_an_interrupted_set_up_is_begun_anew(checkout: Checkout) -> None:
    checkout.setup()
    (checkout.folder / ".venv" / ".ready-run").unlink()
    (checkout.folder / ".venv.lock").write_text("unfinished\n")  # as a kill leaves it
    code, said = checkout.setup()
    assert code == 0
    assert "not whole" in said
    assert checkout.asked == ["venv", "pip", "venv", "pip"]
    assert checkout.setup() == (0, "")


def test_two_first_commands_do_the_work_once(checkout: Checkout) -> None:
    both = [checkout.start(UV_TAKES="0.5") for _ in range(2)]
    said = [process.communicate(timeout=30)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("waiting for it" in text for text in said) == [False, True]
    assert checkout.asked == ["venv", "pip"]


def test_a_moved_checkout_is_installed_again(checkout: Checkout) -> None:
    checkout.setup()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("elsewhere"))
    assert checkout.setup()[0] == 0
    assert checkout.asked == ["venv", "pip", "pip"]


def test_without_a_python_it_says_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("bash", "env", "dirname"):
        (bare / name).symlink_to(str(shutil.which(name)))
    code, said = checkout.setup(PATH=str(bare))
    assert code == 2
    assert "Python 3.11 or newer" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(checkout: Checkout) -> None:
    checkout.folder.chmod(0o555)
    code, said = checkout.setup()
    checkout.folder.chmod(0o755)
    assert code == 2
    assert "cannot be written" in said

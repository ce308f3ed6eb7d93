"""Files for answers: whole or not at all, and never through a link that somebody else has laid."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from deploytool.app.files import add, must_be_possible, put
from deploytool.errors import DeployToolError, ExitCode, UsageError


def test_a_file_is_written_whole_in_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    put(file, "名 ok\n")
    assert file.read_bytes() == "名 ok\n".encode()
    put(file, "shorter\n")
    assert file.read_text() == "shorter\n"
    assert [*tmp_path.iterdir()] == [file]


def test_the_mode_is_the_usual_one_and_an_old_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    before = os.umask(0o027)
    try:
        put(file, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.chmod(0o600)
    put(file, "y")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_what_it_names_is_untouched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    link = tmp_path / "out.sarif"
    link.symlink_to("precious")
    put(link, "report")
    assert (tmp_path / "precious").read_text() == "keep me"
    assert not link.is_symlink()
    assert link.read_text() == "report"


def test_a_reader_sees_the_old_or_the_new_and_nothing_between(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    texts = ["a" * 300_000, "b" * 300_000]
    put(file, texts[0])
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(file.read_text())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(60):
        put(file, texts[number % 2])
    done.set()
    reader.join()
    assert seen <= set(texts)


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "out.json"
    put(file, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DeployToolError, match="No space left on device") as refused:
        put(file, "new")
    assert refused.value.exit_code is ExitCode.UNDETERMINED
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]


def test_a_device_and_a_pipe_are_written_into_and_stay_what_they_are(tmp_path: Path) -> None:
    put(Path("/dev/null"), "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    put(pipe, "through")
    reader.join()
    assert got == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_descriptor_is_written_into(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        put(Path(f"/dev/fd/{stream.fileno()}"), "x")
    assert (tmp_path / "out").read_text() == "x"


@pytest.mark.parametrize("name", ["gone/x", "file/x"])
def test_what_cannot_be_written_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    for write in (put, add):
        with pytest.raises(DeployToolError, match="could not be written"):
            write(tmp_path / name, "x")


def test_what_is_added_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "output"
    add(file, "a=1\n")
    assert file.read_text() == "a=1\n"
    file.write_text("a=1\nb=2")
    add(file, "c=3\n")
    add(file, "d=4\n")
    assert file.read_text() == "a=1\nb=2\nc=3\nd=4\n"


def test_what_cannot_come_to_be_is_refused(tmp_path: Path) -> None:
    must_be_possible([tmp_path / "a", tmp_path / "b"])
    for files, words in (
        ([tmp_path], "is a folder"),
        ([tmp_path / "no" / "x"], "There is no folder"),
        ([tmp_path / "a", tmp_path / "." / "a"], "Two answers"),
        ([tmp_path / "a", tmp_path.parent / tmp_path.name / "a"], "Two answers"),
    ):
        with pytest.raises(UsageError, match=words):
            must_be_possible(files)
    assert [*tmp_path.iterdir()] == []

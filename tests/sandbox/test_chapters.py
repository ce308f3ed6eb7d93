"""Chapters are read to the letter, and one that does not follow from the others is refused."""

from __future__ import annotations

import pytest

from deploytool.sandbox.chapters import EXECUTABLE, LINK, REGULAR, BrokenStory, File, chapter_of, chapters_in
from deploytool.sandbox.history import commits_of, stream_of
from deploytool.sandbox.stories import PLATFORM

TOP = "date: 2026-01-20T09:00:00-08:00\nauthor: Operations <operations@example.com>\n"


def told(*chapters: str):
    return commits_of(chapter_of(f"{number}", TOP + text) for number, text in enumerate(chapters))


def changed(*chapters: str) -> dict[str, File]:
    return dict(told(*chapters)[-1].changed)


class TestReading:
    def test_every_kind_of_change(self):
        text = (
            "\nsubject\n\nbody\n=== file a/b.py\n\nx = 1\n\n=== program run\ny\n=== link l -> a/b.py\n=== file empty\n"
        )
        chapter = chapter_of("1", TOP + text)
        assert chapter.message == "subject\n\nbody\n"
        assert chapter.files == {
            "a/b.py": File(REGULAR, b"\nx = 1\n"),
            "run": File(EXECUTABLE, b"y\n"),
            "l": File(LINK, b"a/b.py"),
            "empty": File(REGULAR, b""),
        }

    @pytest.mark.parametrize("change", ["=== file\n", "=== copy a -> b\n", "=== edit a\n--- was\nx\n"])
    def test_a_change_that_is_not_understood(self, change):
        with pytest.raises(BrokenStory):
            told("\nsubject\n" + change)

    def test_line_endings_of_a_checkout_do_not_matter(self, tmp_path):
        for path in PLATFORM.folder.glob("*.txt"):
            (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert chapters_in(tmp_path) == chapters_in(PLATFORM.folder)


class TestEdits:
    START = "\nfirst\n=== file a\none\ntwo\none more\n"

    def test_whole_lines(self):
        edit = "\nsecond\n=== edit a\n--- was\none\n--- is\n1\n--- was\ntwo\n--- is\n"
        assert changed(self.START, edit) == {"a": File(REGULAR, b"1\none more\n")}

    def test_a_program_stays_one(self):
        program = self.START.replace("file", "program")
        assert changed(program, "\nsecond\n=== edit a\n--- was\ntwo\n--- is\n2\n")["a"].mode == EXECUTABLE

    @pytest.mark.parametrize("was", ["three", "more", "on", ""])
    def test_lines_that_do_not_stand_there_once(self, was):
        with pytest.raises(BrokenStory, match="exactly once"):
            told(self.START, f"\nsecond\n=== edit a\n--- was\n{was}\n--- is\nx\n")

    def test_a_file_that_is_not_there(self):
        with pytest.raises(BrokenStory, match="not there"):
            told(self.START, "\nsecond\n=== edit b\n--- was\none\n--- is\nx\n")


class TestBranches:
    START = "\nfirst\n=== file a\n1\n=== file b\n1\n"
    TOPIC = "branch: topic\n\nsecond\n=== file a\n2\n"
    MERGE = "merges: topic\n\nMerge\n"

    def test_a_merge_brings_what_its_branch_changed(self):
        commits = told(self.START, self.TOPIC, "\nthird\n=== file b\n2\n", self.MERGE)
        assert [commit.parents for commit in commits] == [(), (1,), (1,), (3, 2)]
        assert dict(commits[-1].changed) == {"a": File(REGULAR, b"2\n")}
        assert b"from :3\nmerge :2\n" in stream_of(commits)

    def test_both_sides_changed_the_same_file(self):
        with pytest.raises(BrokenStory, match="both sides"):
            told(self.START, self.TOPIC, "\nthird\n=== file a\n3\n", self.MERGE)

    def test_a_branch_that_is_never_merged(self):
        with pytest.raises(BrokenStory, match="never merged: topic"):
            told(self.START, self.TOPIC)


def test_no_chapter_names_this_machine_or_a_person():
    for chapter in chapters_in(PLATFORM.folder):
        assert chapter.author.endswith("@example.com>")
        assert all(b"/home/" not in file.content for file in chapter.files.values())

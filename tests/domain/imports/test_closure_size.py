"""Large and odd images: nothing recurses, nothing is asked again and again."""

from __future__ import annotations

from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, Import, Origin, PathEdit
from deploytool.domain.imports.reach.namespace import Space
from deploytool.domain.imports.reach.reachable import chain_of
from deploytool.domain.imports.reach.resolve import Level, Names
from tests.domain.imports.sources import Content, closure, script


def test_ten_thousand_imports_in_a_circle() -> None:
    count = 10_000
    files: dict[str, Content] = {
        f"/app/m{at}.py": Facts((Import(f"m{(at + 1) % count}", line=1), Import(f"m{at}", line=2)))
        for at in range(count)
    }
    found = closure(files, script("/app/m0.py"))
    assert len(found.reached) == count
    assert len(chain_of(found, f"/app/m{count - 1}.py")) == count
    assert found.needed == ()


def test_ten_thousand_stars_in_a_row() -> None:
    count = 10_000
    files: dict[str, Content] = {
        f"/app/m{at}.py": Facts((Import(f"m{at + 1}", ("*",)),), exports=None) for at in range(count)
    }
    assert len(closure(files, script("/app/m0.py")).reached) == count


def test_a_thousand_roots_that_are_found_one_after_the_other(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    count = 1_000
    steps = count_steps(monkeypatch)
    files: dict[str, Content] = {
        f"/r{at}/m{at}.py": Facts(
            (Import(f"m{at + 1}"), Import("os")), edits=(PathEdit(1, Anchor(Origin.ROOT, f"/r{at + 1}")),)
        )
        for at in range(count)
    }
    assert len(closure(files, script("/r0/m0.py")).reached) == count
    assert len(steps) < 20 * count


def test_fifty_thousand_files_of_which_few_are_reached(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    steps = count_steps(monkeypatch)
    files: dict[str, Content] = {f"/app/f{at % 500}/g{at % 7}/m{at}.py": "" for at in range(50_000)}
    files["/app/x.py"] = Facts(
        (Import("f3.g3.m3"), Import("os.path")), (Dynamic(1, patterns=("f4.*",)),), strings=("m7.py", "f5.g5.m5")
    )
    found = closure(files, script("/app/x.py"))
    assert {"/app/f3/g3/m3.py", "/app/f4/g4/m4.py", "/app/f7/g0/m7.py", "/app/f5/g5/m5.py"} < set(found.reached)
    assert len(found.reached) < 200
    assert len(steps) < 2_000


def test_a_question_is_put_once_however_many_ask_it(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    steps = count_steps(monkeypatch)
    wants = (Import("pkg.mod", ("a", "b", "c")), Import("numpy"), Import("pkg"), Import("pkg.mod"))
    files: dict[str, Content] = {f"/app/m{at}.py": Facts((*wants, Import(f"m{at + 1}"))) for at in range(2_000)}
    files |= {"/app/pkg/__init__.py": "", "/app/pkg/mod.py": ""}
    assert len(closure(files, script("/app/m0.py")).reached) == 2_002
    assert len(steps) < 2_100


def count_steps(monkeypatch) -> list[str]:  # type: ignore[no-untyped-def]
    """The looks into folders: what the work grows with, whatever the machine."""
    steps: list[str] = []
    step = Names.step

    def counted(self: Names, above: Level, part: str) -> Level:
        steps.append(part)
        return step(self, above, part)

    monkeypatch.setattr(Names, "step", counted)
    return steps


def test_a_space_knows_nothing_of_an_empty_image() -> None:
    assert Space({}).place("/app") is None
    assert closure({}, script("/app/x.py")).everything

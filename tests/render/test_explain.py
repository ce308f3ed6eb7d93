"""A proof is read by a person: the answer first, chains as trees, outages before what is fine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.proof import Importer, ProofReport, ThirdParty
from deploytool.domain.report import Contains, FileChange, Relevance, Verdict
from deploytool.render import Format, render
from tests.render.proofs import (
    BASE,
    CHAIN,
    DOUBTS,
    IDLE,
    MAIN,
    MISSING,
    OPS,
    PHASE4,
    PROOFS,
    SCOPE,
    commit_report,
    folder_report,
    path_report,
    phase4,
    proof,
    proof_report,
    troubled_report,
)
from tests.render.reports import NOW, change, serving


def lines_of(report: ProofReport, **view: object) -> list[str]:
    return render(report, Format.TABLE, now=NOW, **view).splitlines()  # type: ignore[arg-type]


def markdown_of(report: ProofReport) -> str:
    return render(report, Format.MARKDOWN, now=NOW)


def changed_by(*files: FileChange) -> ProofReport:
    """A service with one commit that changed these files."""
    drift = phase4()
    return proof_report(proof(replace(drift, commits=(replace(drift.commits[0], files=files),), files=())))


def tree_of(*files: FileChange, **view: object) -> list[str]:
    lines = lines_of(changed_by(*files), **view)
    return [line[6:] for line in lines[lines.index("What changed") + 2 : lines.index("", lines.index("What changed"))]]


@pytest.mark.parametrize("make", PROOFS)
@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("symbols", [True, False])
def test_nothing_is_wider_than_the_terminal(make, width: int, symbols: bool) -> None:  # type: ignore[no-untyped-def]
    assert max(map(cell_len, lines_of(make(), width=width, symbols=symbols))) <= width


@pytest.mark.parametrize("make", PROOFS)
def test_a_pipe_has_no_escape_and_no_line_is_broken(make) -> None:  # type: ignore[no-untyped-def]
    lines = lines_of(make())
    assert not [line for line in lines if "\x1b" in line]
    assert not [line for line in lines if line != line.rstrip()]
    assert not [number for number in range(len(lines) - 1) if lines[number] == lines[number + 1] == ""]


@pytest.mark.parametrize("make", PROOFS)
def test_ascii_only_when_the_terminal_knows_no_more(make) -> None:  # type: ignore[no-untyped-def]
    for width in (None, 80):
        "\n".join(lines_of(make(), width=width, symbols=False)).encode("ascii")


@given(st.integers(1, 60))
def test_a_tiny_terminal_is_survived(width: int) -> None:
    for make in PROOFS:
        assert lines_of(make(), width=width)


def test_the_head_says_how_it_stands() -> None:
    lines = lines_of(proof_report(), width=160)
    assert lines[:3] == [f"{PHASE4}  ✗ stale", "  2 of 3 commits reach it, 12m behind", ""]
    assert "  target       main 24bfcd85" in lines
    assert any(
        line.startswith(f"  serves       4def1124 100%, {PHASE4}-00125-872, deployed 2026-02-05") for line in lines
    )
    assert "  precision    import" in lines
    starts = lines.index("  starts       gunicorn --bind :$PORT --workers 1 --timeout 0 main_precompute_service:app")
    assert lines[starts + 1] == f"               {MAIN}"
    assert "  scope        5f0c9a1e77d2 at the target; what serves: a1b2c3d4e5f6" in lines
    assert "  made of      267 files: 4 imported, 1 build-input, 7 data, 255 not-imported" in lines
    assert lines[-1] == f"Every file with its relevance: deploytool explain {PHASE4} --format json"


def test_third_parties_are_named_once_and_what_nobody_brings_is_said() -> None:
    [line] = [line for line in lines_of(proof_report()) if "third party" in line]
    assert line.endswith("google-cloud-storage, pandas; no distribution is known for pytz")
    assert line.startswith("  third party  6 distributions: Flask, google-cloud-bigquery, ")
    alone = proof(third_party=(ThirdParty("yaml", None, "", MAIN, 1),))
    assert "  third party  no distribution is known for yaml" in lines_of(proof_report(alone))


@pytest.mark.parametrize(
    ("serving_scope", "said"),
    [
        ((SCOPE,), "5f0c9a1e77d2, and what serves is the same program"),
        ((SCOPE, None), "5f0c9a1e77d2 at the target; what serves: 5f0c9a1e77d2, unknown"),
        ((None,), "5f0c9a1e77d2 at the target; what serves: unknown"),
        ((), "5f0c9a1e77d2"),
    ],
)
def test_scopes_are_compared_and_an_unknown_one_is_never_equal(serving_scope, said: str) -> None:  # type: ignore[no-untyped-def]
    rows = tuple(replace(serving("a-00001-abc"), scope=scope) for scope in serving_scope)
    assert f"  scope        {said}" in lines_of(proof_report(proof(phase4(revisions=rows))))


def test_nothing_serves_and_nothing_known_is_said() -> None:
    drift = phase4(revisions=(), commits=(), files=(), scope=None, verdict=Verdict.MISSING, hint="deploytool status")
    lines = lines_of(proof_report(proof(drift, command="", third_party=())))
    assert "  serves       nothing" in lines
    assert "  hint         deploytool status" in lines
    assert "  starts       cannot be told" in lines
    assert "What changed" not in lines
    assert not [line for line in lines if line.startswith(("  scope", "  third party", "  outside git"))]


def test_missing_modules_come_first_and_warnings_after_what_it_is_made_of() -> None:
    lines = lines_of(troubled_report())
    assert lines[3:9] == [
        "Modules that the image does not have",
        "  error  predictions.shared.distributed_lock",
        "         at data_processors/grading/nba/main_nba_grading_service.py:42",
        "         the repository has it (predictions/shared/distributed_lock.py) and the image does not",
        "         hint: COPY predictions/shared ./predictions/shared",
        "",
    ]
    at = lines.index("Modules that the image may not have, or may do without")
    assert lines[at + 1 : at + 4] == [
        "  warning  sentry_sdk",
        "           at shared/utils/sentry_config.py:9",
        "           no distribution brings it",
    ]
    assert 9 < lines.index("  outside git  copied into the image, not held by git: models/catboost_v9.cbm") < at


def test_a_missing_module_is_said_once_with_its_places() -> None:
    found = tuple(MISSING[1]._replace(line=line) for line in range(1, 6))
    lines = lines_of(proof_report(proof(missing_modules=found)))
    assert lines[4] == "  error  predictions.shared.distributed_lock"
    assert [line.rpartition(":")[2] for line in lines[5:8]] == ["1", "2", "3"]
    assert lines[8] == "            and 2 more places"
    said = markdown_of(proof_report(proof(missing_modules=found)))
    assert "main_nba_grading_service.py:3` and 2 more places |" in said


def test_doubts_that_say_the_same_are_said_once() -> None:
    lines = lines_of(troubled_report())
    start = lines.index("What could not be told")
    assert lines[start + 1 : start + 8] == [
        "  shared/config/loader.py:88",
        "    import_module with a name that it computes",
        "  shared/legacy/part_0.py:1",
        "  shared/legacy/part_1.py:1",
        "  shared/legacy/part_2.py:1",
        "  and 2 more places",
        "    Python 3.11 cannot read it",
    ]
    whole = proof(doubts=(Doubt("Dockerfile", 0, "RUN make", DoubtKind.RUN_CONSUMES),))
    assert "  Dockerfile" in lines_of(proof_report(whole))


def test_a_second_region_that_is_made_of_the_same_says_only_that() -> None:
    lines = lines_of(troubled_report())
    assert "  made of      the same as in us-west2" in lines
    assert lines.count("Modules that the image does not have") == 1
    other = troubled_report()
    other = replace(other, services=(other.services[0], replace(other.services[1], outside=())))
    assert lines_of(other).count("Modules that the image does not have") == 2


def test_what_could_not_be_looked_at_stands_beneath() -> None:
    assert "could not look at europe-west1: 403 Forbidden: run.services.list is not allowed" in lines_of(
        troubled_report()
    )


def test_chains_with_the_same_beginning_share_it() -> None:
    one, two = change("ops.py", Relevance.IMPORTED, "main.py", "cache.py", "base.py", "ops.py"), None
    two = change("other.py", Relevance.IMPORTED, "main.py", "cache.py", "other.py")
    alone = change("idle.py", Relevance.NOT_IMPORTED)
    assert tree_of(alone, one, two) == [
        "              main.py",
        "              └─ cache.py",
        "                 ├─ base.py",
        "imported         │  └─ ops.py",
        "imported         └─ other.py",
        "not-imported  idle.py",
        "              nothing it runs imports it",
    ]
    assert tree_of(one, two, symbols=False) == [
        "          main.py",
        "          `- cache.py",
        "             |- base.py",
        "imported     |  `- ops.py",
        "imported     `- other.py",
    ]


def test_on_a_narrow_terminal_paths_break_at_their_joints_and_branches_go_on() -> None:
    lines = lines_of(proof_report(), width=80)
    cache = lines.index("                └─ data_processors/precompute/player_daily_cache/player_")
    assert lines[cache + 1 : cache + 6] == [
        "                   │  daily_cache_processor.py",
        "                   ├─ data_processors/analytics/analytics_base.py",
        "      imported     │  └─ data_processors/analytics/operations/bigquery_save_",
        "                   │     ops.py",
        "                   └─ data_processors/precompute/base/precompute_base.py",
    ]


def test_a_changed_file_may_be_on_the_way_to_another() -> None:
    inner = replace(change("b.py", Relevance.IMPORTED, "a.py", "b.py"), note="read by name at a.py:3")
    outer = change("c.py", Relevance.IMPORTED, "a.py", "b.py", "c.py")
    assert tree_of(outer, inner) == [
        "          a.py",
        "imported  └─ b.py",
        "             │  read by name at a.py:3",
        "imported     └─ c.py",
    ]


def test_the_entrypoint_itself_is_a_tree_of_one() -> None:
    assert tree_of(change("a.py", Relevance.IMPORTED, "a.py")) == ["imported  a.py"]


def test_a_chain_of_ten_thousand_is_shortened_in_every_reader() -> None:
    chain = [f"m{number}.py" for number in range(10_000)]
    deep = change(chain[-1], Relevance.IMPORTED, *chain)
    lines = tree_of(deep, width=120)
    assert len(lines) == 10
    assert lines[0].endswith("m0.py")
    assert "(9,991 more files between)" in lines[5]
    assert lines[-1].startswith("imported")
    assert lines[-1].endswith("m9999.py")
    assert "9,991 more files between" in markdown_of(changed_by(deep))
    assert len(markdown_of(changed_by(deep))) < 5_000


def test_many_files_are_cut_and_those_that_reach_come_first() -> None:
    files = [change(f"idle_{number}.py", Relevance.NOT_IMPORTED) for number in range(30)]
    lines = tree_of(*files[:3], change("main.py", Relevance.IMPORTED, "main.py"))
    assert lines[0] == "imported      main.py"
    assert tree_of(*files)[-1] == "and 10 more files"


@pytest.mark.parametrize("reach", [0, 25])
def test_no_file_that_reaches_is_cut_in_favour_of_one_that_does_not(reach: int) -> None:
    idle = [change(f"idle_{number:02}.py", Relevance.NOT_IMPORTED) for number in range(25)]
    last = change("zz.py", Relevance.IMPORTED, "main.py", "zz.py")
    assert any(line.endswith("└─ zz.py") for line in tree_of(*idle[:reach], last))


def test_a_file_in_an_idle_twin_is_answered_in_one_sentence() -> None:
    lines = lines_of(path_report())
    assert lines[0] == (
        f"{IDLE} is in the image (/app/{IDLE}), and nothing that {PHASE4} runs imports it."
        " What serves has other content."
    )
    assert lines[1] == f"In use: {BASE}"
    assert lines[2].strip() == MAIN
    assert lines[4].split() == ["imported", "└─", BASE]
    assert "Imported only by files that are not in use" in lines
    assert "    tests/processors/precompute/test_base.py:7" in lines
    assert "Last changed by" in lines
    assert any(line.startswith("  35cff5c8  9m  Data Platform  feat: a distributed lock") for line in lines)
    assert "What changed" not in lines
    assert lines[-1] == f"What it is made of: deploytool explain {PHASE4}"


@pytest.mark.parametrize(
    ("relevance", "places", "chain", "said"),
    [
        (Relevance.IMPORTED, ("/app/x.py",), ("m.py", "x.py"), "x.py is in the image (/app/x.py), and S imports it."),
        (Relevance.IMPORTED, ("/app/x.py",), ("x.py",), "x.py is in the image (/app/x.py), and S starts with it."),
        (Relevance.DATA, ("/a/x.py", "/b/x.py"), (), "x.py is in the image (/a/x.py, /b/x.py) as data: S may read it."),
        (Relevance.BUILD_INPUT, ("/x.py",), (), "x.py is in the image (/x.py), and the image of S is built with it."),
        (Relevance.BUILD_INPUT, (), (), "x.py is no file of the image; the image of S is built with it."),
        (Relevance.NOT_IMPORTED, ("/x.py",), (), "x.py is in the image (/x.py), and nothing that S runs imports it."),
        (Relevance.NOT_IN_IMAGE, (), (), "x.py is not in the image of S."),
        (Relevance.IGNORED, (), (), "x.py is left out of S by an ignore rule."),
        (Relevance.OUTSIDE, (), (), "x.py is outside of what S is made of."),
        (Relevance.CANNOT_PROVE, (), (), "x.py belongs to S."),
        (
            Relevance.CANNOT_PROVE,
            ("/x.py",),
            (),
            "x.py is in the image (/x.py), and it cannot be proven that S does not load it.",
        ),
    ],
)
def test_every_word_has_its_sentence(relevance: Relevance, places, chain, said: str) -> None:  # type: ignore[no-untyped-def]
    asked = path_report(
        path="x.py",
        service="S",
        change=change("x.py", relevance, *chain),
        places=places,
        served=Contains.YES,
        twin=None,
    )
    served = " What serves has the same content." if places else ""
    assert lines_of(asked)[0] == said + served
    assert markdown_of(asked).splitlines()[0].replace("`", "") == said + served


def test_every_relevance_is_a_sentence_whether_in_the_image_or_not() -> None:
    for relevance in Relevance:
        for places in ((), ("/app/x.py",)):
            asked = path_report(path="x.py", change=change("x.py", relevance), places=places, served=Contains.UNKNOWN)
            first = lines_of(asked)[0]
            assert first.startswith("x.py ")
            assert first.endswith(".")
            assert ("could not be told" in first) == bool(places)


def test_a_file_that_is_reached_shows_its_tree_and_who_imports_it() -> None:
    ops = change(OPS, Relevance.IMPORTED, *CHAIN, OPS)
    importers = (Importer(BASE, 31, True), Importer("scripts/once.py", 2, False))
    lines = lines_of(path_report(path=OPS, change=ops, places=(f"/app/{OPS}",), importers=importers, twin=None))
    assert any(line.startswith("    imported") and line.endswith(OPS) for line in lines)
    assert "In use" not in "\n".join(lines)
    found = lines.index("Imported by")
    assert lines[found + 1] == f"    {BASE}:31"
    assert lines[found + 2 : found + 4] == ["Also imported by files that are not in use", "    scripts/once.py:2"]


def test_a_doubt_is_named_under_the_answer() -> None:
    unsure = FileChange("x.py", Relevance.CANNOT_PROVE, (), "a.py:3 loads a module by a name that it computes")
    lines = lines_of(path_report(path="x.py", change=unsure, importers=(), twin=None))
    assert lines[1] == "    a.py:3 loads a module by a name that it computes"
    assert "No file of the image imports it." in lines
    assert unsure.note in markdown_of(path_report(path="x.py", change=unsure)).replace("`", "")


def test_a_folder_is_counted_and_listed_with_what_reaches_first() -> None:
    lines = lines_of(folder_report())
    assert lines[0] == f"data_processors is a folder: 5 of its 6 files reach {PHASE4}."
    assert lines[2] == "6 files: 4 imported, 1 build-input, 1 not-imported"
    assert [line.split()[0] for line in lines[3:9]] == [
        *["imported"] * 2,
        *["imported"] * 2,
        "build-input",
        "not-imported",
    ]
    many = tuple(change(f"d/{number}.py", Relevance.NOT_IMPORTED) for number in range(90))
    asked = path_report(path="d", files=many, twin=None)
    assert lines_of(asked)[0] == f"d is a folder: none of its 90 files reaches {PHASE4}."
    assert "    and 40 more files" in lines_of(asked)
    assert "- and 40 more files" in markdown_of(asked)


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (Contains.YES, f"What {PHASE4} serves has 2d0a7f11; 2 of its 3 files reach it."),
        (
            Contains.EQUIVALENT,
            f"What {PHASE4} serves has the same change as 2d0a7f11 by another commit; 2 of its 3 files reach it.",
        ),
        (Contains.NO, f"What {PHASE4} serves does not have 2d0a7f11; 2 of its 3 files reach it."),
        (Contains.UNKNOWN, f"Whether what {PHASE4} serves has 2d0a7f11 could not be told; 2 of its 3 files reach it."),
    ],
)
def test_a_commit_is_answered_in_one_sentence(served: Contains, said: str) -> None:
    lines = lines_of(commit_report(served))
    assert lines[0] == said
    assert lines[1].startswith("  2d0a7f11  7m  A Person With A L...  fix(precompute)")
    assert any("google-cloud-bigquery 3.13.0 to 3.14.1, which it imports" in line for line in lines)
    assert markdown_of(commit_report(served)).splitlines()[0].replace("`", "") == said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "it changes no file."),
        ((change("x.py"),), "its one file reaches it."),
        ((change("x.py", Relevance.OUTSIDE),), "its one file does not reach it."),
        ((change("x.py"), change("y", Relevance.OUTSIDE)), "1 of its 2 files reaches it."),
        ((change("x", Relevance.IGNORED), change("y", Relevance.OUTSIDE)), "none of its 2 files reaches it."),
    ],
)
def test_how_much_of_a_commit_matters(files: tuple[FileChange, ...], said: str) -> None:
    asked = commit_report()
    assert asked.commit
    asked = replace(asked, commit=replace(asked.commit, note=replace(asked.commit.note, files=files)))
    assert lines_of(asked)[0].endswith(f"; {said}")


def test_an_answer_does_not_hide_an_outage() -> None:
    asked = replace(path_report(), services=(proof(missing_modules=MISSING),))
    assert "  missing      1 error, 1 warning about modules that its image does not have" in lines_of(asked)


def test_markdown_says_what_the_table_says() -> None:
    said = markdown_of(troubled_report())
    assert f"### `{PHASE4}` in `us-west2`: ❔ unknown" in said
    assert "| error | `predictions.shared.distributed_lock` | `data_processors/grading/nba/main_nba_grading" in said
    assert said.index("| error") < said.index("| warning") < said.index("- target: main 24bfcd85")
    assert "- made of: 267 files: 4 imported, 1 build-input, 7 data, 255 not-imported" in said
    assert "- made of: the same as in `us-west2`" in said
    assert "`shared/legacy/part_2.py:1` and 2 more places: Python 3.11 cannot read it" in said
    assert f"  - imported: `{OPS}` from {' → '.join(f'`{path}`' for path in CHAIN)}" in said
    assert "- **could not look** at `europe-west1`" in said
    assert f"- in use: `{BASE}` from `{MAIN}`" in markdown_of(path_report())


def test_more_than_a_page_is_counted() -> None:
    doubts = tuple(replace(DOUBTS[0], why=f"reason {number}") for number in range(14))
    missing = tuple(MISSING[0]._replace(name=f"module_{number}") for number in range(53))
    report = proof_report(proof(doubts=doubts, missing_modules=missing))
    lines = lines_of(report)
    assert "  and 4 more doubts: --format json lists them all" in lines
    assert "  and 3 more: --format json lists them all" in lines
    assert "- and 4 more doubts" in markdown_of(report)
    assert "and 3 more" in markdown_of(report)


def test_no_service_is_said() -> None:
    assert lines_of(replace(proof_report(), services=()))[0] == "No service was looked at."

"""Dockerfiles as text: lines, words, scopes, stages, and the bombs among them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.domain.dockerfile import recipe_of
from deploytool.domain.dockerfile_command import Command, command_of
from deploytool.domain.dockerfile_recipe import Copy, Recipe, Run
from deploytool.domain.dockerfile_runs import consumes, folders_made
from deploytool.domain.dockerfile_words import Unreadable, Words
from deploytool.domain.doubt import DoubtKind


def recipe(text: str) -> Recipe:
    return recipe_of(text.encode(), "Dockerfile")


def copies(text: str) -> list[Copy]:
    return [step for stage in recipe(text).stages for step in stage.steps if isinstance(step, Copy)]


def runs(text: str) -> list[Run]:
    return [step for stage in recipe(text).stages for step in stage.steps if isinstance(step, Run)]


def only(text: str) -> tuple[tuple[str, ...], str]:
    (copy,) = copies(f"FROM x\n{text}\n")
    return copy.sources, copy.target


@pytest.mark.parametrize(
    ("line", "sources", "target"),
    [
        ("COPY a b /t/", ("a", "b"), "/t/"),
        ("copy  a\t/t", ("a",), "/t"),
        ('COPY ["a b", "/t"]', ("a b",), "/t"),
        ("COPY a \\\n  b \\\n  /t/", ("a", "b"), "/t/"),
        ("COPY a \\\n# why\n\n  b /t/", ("a", "b"), "/t/"),
        ("COPY a \\  \n /t", ("a",), "/t"),
        ("WORKDIR /w\nWORKDIR in\nCOPY a b", ("a",), "/w/in/b"),
        ("WORKDIR /w\nCOPY a .", ("a",), "/w/"),
        ("WORKDIR /w\nCOPY a ./", ("a",), "/w/"),
        ("WORKDIR /w\nCOPY a ..", ("a",), "/"),
        ("WORKDIR /w\nCOPY a x/.", ("a",), "/w/x/"),
        ("COPY --chown=a:b --chmod=755 a /t", ("a",), "/t"),
        ("ARG d=x\nCOPY $d ${d}y /t/", ("x", "xy"), "/t/"),
        ("ENV d=x\nARG d=y\nCOPY $d /t/", ("x",), "/t/"),
        ("ENV d x y\nCOPY ['$d'] /t/", ("[$d]",), "/t/"),
        ("ARG d\nCOPY ${d:-x} ${d-y} /t/", ("x", "y"), "/t/"),
        ("ARG d=\nCOPY ${d:-x} ${d-y}z ${d:+no}z /t/", ("x", "z", "z"), "/t/"),
        ("ARG d=1\nCOPY ${d:+yes} ${q:-${d}} /t/", ("yes", "1"), "/t/"),
        ("ENV a=1 b=$a\nCOPY x$b /t/", ("x",), "/t/"),
        ("ENV a=1\nENV a=2 b=$a\nCOPY x$b /t/", ("x1",), "/t/"),
        ('ENV a="b c" d=e\\ f\nCOPY $d /t/', ("e f",), "/t/"),
        ("COPY \\$a /t/", ("$a",), "/t/"),
        ("ARG TARGETARCH\nCOPY $TARGETARCH /t/", ("amd64",), "/t/"),
        ("COPY \"a\" 'b' /t/", ("a", "b"), "/t/"),
    ],
)
def test_what_a_copy_names(line: str, sources: tuple[str, ...], target: str) -> None:
    assert only(line) == (sources, target)


def test_windows_line_ends_marks_and_another_escape() -> None:
    (copy,) = recipe_of(b"\xef\xbb\xbf# escape=`\r\nFROM x\r\nCOPY a `\r\n  b\\c /t/\r\n", "").stages[0].steps
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.line) == (("a", "b\\c"), 3)


def test_a_directive_counts_only_at_the_top() -> None:
    assert copies("# hello\n# escape=`\nFROM x\nCOPY a \\\n b /t/\n")[0].sources == ("a", "b")


def test_a_doubled_escape_does_not_continue_the_line() -> None:
    assert len(recipe("FROM x\nENV a=b\\\\\nCOPY a /t\n").stages[0].steps) == 1


def test_arguments_before_from_reach_from_and_redeclared_stages_only() -> None:
    text = "ARG v=1\nFROM base:${v} AS one\nCOPY $v /a\nFROM one\nARG v\nCOPY $v /b\nFROM x\nARG v=9\nCOPY $v /c\n"
    found = recipe(text)
    assert [stage.image for stage in found.stages] == ["base:1", "one", "x"]
    assert found.stages[1].parent == 0
    assert [(copy.sources, copy.unknown) for copy in copies(text)] == [(("",), True), (("1",), False), (("9",), False)]


def test_environment_and_more_pass_from_stage_to_stage() -> None:
    text = 'FROM x AS base\nENV A=1\nWORKDIR /w\nUSER me\nSHELL ["/bin/bash", "-c"]\nCMD run\nFROM base\nENV B=$A\n'
    last = recipe(text).stages[-1]
    assert (last.environment, last.workdir, last.user) == ({"A": "1", "B": "1"}, "/w", "me")
    assert command_of(last) == Command(("/bin/bash", "-c", "run"), "run", 6)


def test_only_stages_that_the_last_one_uses_are_needed() -> None:
    text = (
        "FROM a AS base\nFROM b AS unused\nCOPY x /x\nFROM c AS tool\nFROM base AS mid\n"
        "RUN --mount=type=bind,from=tool,target=/t true\n"
        "FROM scratch\nCOPY --from=mid /a /a\nCOPY --from=alpine /b /b\n"
    )
    assert [stage.index for stage in recipe(text).needed] == [0, 2, 3, 4]
    by_number = "FROM a\nFROM b\nFROM c\nCOPY --from=1 /x /y\n"
    assert [stage.index for stage in recipe(by_number).needed] == [1, 2]


def test_heredocs_end_where_they_say() -> None:
    text = "FROM x\nCOPY <<one <<-'two' /t/\n$a\none\n\tb\n\ttwo\nRUN <<EOF\nmkdir /a\nEOF\nCOPY real /t/\n"
    first, second = copies(text)
    assert [(doc.name, doc.text, doc.expands) for doc in first.heredocs] == [
        ("one", "$a\n", True),
        ("two", "b\n", False),
    ]
    assert first.sources == ()
    assert second.sources == ("real",)
    assert second.line == 10


def test_onbuild_runs_in_the_stage_that_builds_on_it() -> None:
    text = "FROM x AS base\nONBUILD COPY a /a\nFROM base\nCOPY b /b\n"
    assert [copy.sources for copy in copies(text)] == [("a",), ("b",)]
    assert recipe("FROM x\nONBUILD COPY a /a\n").stages[0].steps == ()


@pytest.mark.parametrize(
    ("lines", "argv"),
    [
        ('ENTRYPOINT ["e"]\nCMD ["c"]', ("e", "c")),
        ('CMD ["c"]\nENTRYPOINT ["e"]', ("e", "c")),
        ('ENTRYPOINT e\nCMD ["c"]', ("/bin/sh", "-c", "e")),
        ('ENTRYPOINT ["e"]\nCMD c d', ("e", "/bin/sh", "-c", "c d")),
        ("CMD c d", ("/bin/sh", "-c", "c d")),
        ('CMD ["c", "d"]', ("c", "d")),
        ('CMD ["a"]\nCMD ["b"]', ("b",)),
        ('ENTRYPOINT ["e"]\nENTRYPOINT []\nCMD ["c"]', ("c",)),
        ("CMD ['c']", ("/bin/sh", "-c", "['c']")),
        ('SHELL ["bash", "-lc"]\nCMD c', ("bash", "-lc", "c")),
    ],
)
def test_entrypoint_and_cmd_go_together(lines: str, argv: tuple[str, ...]) -> None:
    command = command_of(recipe(f"FROM x\n{lines}\n").stages[0])
    assert command is not None
    assert command.argv == argv


def test_a_new_entrypoint_drops_an_inherited_cmd() -> None:
    command = command_of(recipe('FROM x AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\n').stages[1])
    assert command is not None
    assert command.argv == ("e",)
    assert command_of(recipe("FROM x\n").stages[0]) is None


def test_mounts_name_what_lies_under_a_command() -> None:
    text = (
        "FROM x\nARG d=src\nRUN --mount=type=bind,source=$d,target=/s --mount=type=cache,target=/c "
        "--mount=target=. pip install -r /s/r\n"
    )
    (run,) = runs(text)
    assert run.binds == ("src", "")
    assert not consumes(run)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", DoubtKind.REFUSED),
        ("COPY a b\n", DoubtKind.REFUSED),
        ("FROM x\nCOPPY a b\n", DoubtKind.UNKNOWN_INSTRUCTION),
        ("FROM x\nCOPY a\n", DoubtKind.UNPARSABLE),
        ("FROM x\nCOPY ${a b\n", DoubtKind.UNPARSABLE),
        ("FROM x\nCOPY --from=$q a b\n", DoubtKind.UNPARSABLE),
        ("FROM x\nCOPY --from=0 a b\n", DoubtKind.UNPARSABLE),
        ("FROM x\nCOPY <<EOF /t\n", DoubtKind.UNPARSABLE),
        ("# escape=x\nFROM x\n", DoubtKind.UNPARSABLE),
        ("# syntax=example.com/other\nFROM x\n", DoubtKind.UNPARSABLE),
        ("FROM x\nCMD [1]\n", DoubtKind.UNPARSABLE),
        ("FROM a b c d\n", DoubtKind.UNPARSABLE),
        ("FROM a\nFROM $b\n", DoubtKind.UNKNOWN_STAGE),
    ],
)
def test_what_cannot_be_read_is_a_doubt(text: str, kind: DoubtKind) -> None:
    found = recipe(text)
    assert not found.complete
    assert kind in {doubt.kind for doubt in found.doubts}


def test_reading_goes_on_after_a_bad_line() -> None:
    found = recipe("FROM x\nNONSENSE\nCOPY a /a\n")
    assert [doubt.line for doubt in found.doubts] == [2]
    assert len(found.stages[0].steps) == 1


@pytest.mark.parametrize(
    "command",
    [
        "apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*",
        "pip install --no-cache-dir -r requirements.txt",
        "python3 -m pip install -r a.txt 'flask>=2.3' gunicorn>=21 || true",
        "useradd -m app && chown -R app:app /app && chmod +x /app/start.sh",
        'mkdir -p /a/b; echo "a b; make" > /etc/x 2>&1',
        'set -eux; if [ -z "$A" ]; then (echo no && exit 1); fi',
        "echo $(uname -m)",
        "uv pip install --system -r requirements.txt",
        "poetry install --no-root",
        "npm install -g serve@14",
        "curl -LsSf https://astral.sh/uv/install.sh | sh",
        "curl -sSL https://install.python-poetry.org | POETRY_HOME=/opt python3 -",
        "uv sync --frozen --no-install-project && uv venv && uv pip compile a.in",
        "find /app -type d -exec chmod 755 {} +",
        "python -m compileall -q /app",
        "poetry export -o requirements.txt",
    ],
)
def test_commands_that_work_beside_the_copied_files(command: str) -> None:
    assert consumes(Run(1, command)) == ""


@pytest.mark.parametrize(
    "command",
    [
        "pip install .",
        "pip install -e ./lib",
        "pip install ./lib",
        "pip install dist/*.whl",
        "npm run build",
        "npm install -g .",
        "apt-get update && make install",
        "python setup.py build",
        "cp a b",
        "rm -rf tests",
        "echo $(cat version.py)",
        "curl x | bash",
        "curl https://astral.sh.example.com/x | sh",
        "curl https://astral.sh/uv/install.sh | sh; make",
        "uv sync --frozen",
        "uv run build.py",
        "find . -name x -exec sed -i s/a/b/ {} +",
        "find . -name tests -delete",
        "rm -rf /var/../app",
        "`make`",
        "python -m compileall . && sed -i s/a/b/ x.py",
        "true\nmake",
    ],
)
def test_commands_that_could_use_the_copied_files(command: str) -> None:
    assert consumes(Run(1, command))


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("python:3.12-slim", "/x"),
        ("docker.io/library/python@sha256:" + "0" * 64, "/x"),
        ("gcr.io/distroless/python3-debian12", "/x"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm", "/x"),
        ("golang:1.23", "/go/x"),
        ("eu.gcr.io/me/python:3", None),
        ("gcr.io/distroless/python3:nonroot", None),
        ("tiangolo/uvicorn-gunicorn-fastapi", None),
    ],
)
def test_where_known_base_images_begin(base: str, target: str | None) -> None:
    found = recipe(f"FROM {base}\nCOPY x ./\n")
    assert [doubt.kind for doubt in found.doubts] == ([] if target else [DoubtKind.UNKNOWN_VALUE])
    (copy,) = found.stages[0].steps
    assert isinstance(copy, Copy)
    assert copy.target.rstrip("/") + "/x" == (target or "/x")


def test_a_heredoc_script_is_read() -> None:
    (neutral, build, stdin) = runs(
        "FROM x\nRUN <<EOF\nmkdir /a\nEOF\nRUN <<EOF\nmake all\nEOF\nRUN python - <<EOF\nimport app\nEOF\n"
    )
    assert not consumes(neutral)
    assert consumes(build) == "make all"
    assert consumes(stdin)
    assert list(folders_made(Run(1, "mkdir -p /a b && true"))) == ["/a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\n" + "COPY a b\n" * 100_000,
        "FROM x\n" * 10_000,
        "FROM x AS s\nENV a=1\n" + "".join(f"FROM s AS s{n}\nENV b{n}=1\n" for n in range(2000)),
        "FROM x\nENV a=" + "${a:-" * 100_000 + "}" * 100_000,
        "FROM x\nENV " + "a=${a:-\\\n" * 20_000,
        "FROM x\nENV a=0123456789\n" + "ENV a=$a$a\n" * 64,
        "FROM x\nENV a=" + "x" * 30_000 + "\n" + "ENV b=$a$a$a$a\n" * 5000,
        "FROM x\nRUN " + "$(" * 30_000 + "\n",
        "FROM x\nRUN " + "`a`" * 20_000 + "\n",
        "FROM x\nCOPY <<EOF /x\n" * 20_000,
        "FROM x\nCMD " + "[" * 60_000,
        "\n" * 1_000_000,
        "#" * 1_048_576,
        "FROM x\nENV a='" + "\\\n'" * 49_000,
        "FROM x\n" + "ENV a$a=1\n" * 9_000,
    ],
)
def test_bombs_end_in_a_second(text: str) -> None:
    start = time.perf_counter()
    found = recipe(text[: 1024 * 1024 + 10])
    for stage in found.needed:
        for step in stage.steps:
            if isinstance(step, Run):
                consumes(step)
    assert time.perf_counter() - start < 15
    assert found.doubts or found.complete


def test_too_large_is_said() -> None:
    assert recipe("FROM x\n" + "# \n" * 400_000).doubts[0].kind is DoubtKind.TOO_LARGE
    assert recipe("FROM x\nENV a=0123456789\n" + "ENV a=$a$a\n" * 64).doubts[-1].kind is DoubtKind.TOO_LARGE


PIECES = (
    *("FROM x", "FROM x AS a", "COPY", "RUN", "ENV", "ARG", "ONBUILD", "WORKDIR", "--from=a", "--mount=type=bind"),
    *("<<EOF", "EOF", "${", "}", ":-", "$a", '"', "'", "[", '["a","b"]', "a=b", "/x", "# c", "`", "\n", "\\\n"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=80))
def test_no_text_makes_it_crash(text: str) -> None:
    found = recipe_of(text.encode("utf-8", "surrogatepass"), "D")
    for stage in found.needed:
        command_of(stage)
        for step in stage.steps:
            if isinstance(step, Run):
                consumes(step)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a${x:-b'c d'\"$y\"}e", "abc dYe"),
        ("'$y'", "$y"),
        ('"\\$y\\a"', "$y\\a"),
        ("$y$", "Y$"),
        ("${y:?gone}", "Y"),
        ("${x:+a}${y:+b}", "b"),
        ("a\\", "a"),
    ],
)
def test_words(text: str, word: str) -> None:
    assert Words().expanded(text, {"y": "Y"}).text == word


def test_patterns_in_substitutions_are_not_known() -> None:
    assert Words().expanded("${y%.py}", {"y": "Y"}).unknown
    with pytest.raises(Unreadable):
        Words().expanded("${y!}", {"y": "Y"})

"""What a Dockerfile makes of a context, instruction by instruction."""

import os

import pytest

from deploytool.emulator.archive import Unbuildable
from deploytool.emulator.dockerfile import ignored_of, instructions_of, with_variables
from deploytool.emulator.imagestore import kept
from deploytool.emulator.layout import Layout


@pytest.fixture
def make(tmp_path):
    """Lays out a Dockerfile over files; answers the stage and what was said."""
    count = iter(range(100))

    def made(text, files=(), ignore="", **build_args):
        context = tmp_path / f"context-{next(count)}"
        for name in files:
            path = context / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"of {name}")
        context.mkdir(exist_ok=True)
        said = []
        layout = Layout(context, context / ".." / f"{context.name}-stages", build_args, ignored_of(ignore), said.append)
        return layout.made(text), said

    return made


def files_of(stage):
    return sorted(path.relative_to(stage.rootfs).as_posix() for path in stage.rootfs.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    ("copy", "there"),
    [
        ("COPY a.txt /x", ["x"]),
        ("COPY a.txt /x/", ["x/a.txt"]),
        ("COPY a.txt .", ["app/a.txt"]),
        ("COPY a.txt ./", ["app/a.txt"]),
        ("COPY a.txt b", ["app/b"]),
        ("COPY a.txt b.txt c/", ["app/c/a.txt", "app/c/b.txt"]),
        ("COPY *.txt c/", ["app/c/a.txt", "app/c/b.txt"]),
        ("COPY d .", ["app/e/f.py", "app/g.py"]),
        ("COPY d/ d", ["app/d/e/f.py", "app/d/g.py"]),
        ("COPY d/*.py ./", ["app/g.py"]),
        ("COPY d/?.py ./", ["app/g.py"]),
        ("COPY /d/e /z", ["z/f.py"]),
        ('COPY ["a.txt", "/with space/"]', ["with space/a.txt"]),
        ("ADD --chown=me:me a.txt /x", ["x"]),
        ("COPY . /all", ["all/a.txt", "all/b.txt", "all/d/e/f.py", "all/d/g.py"]),
        ("COPY $FROM ${TO}/", ["t/a.txt"]),
    ],
)
def test_copies(make, copy, there):
    text = f"FROM x\nARG FROM=a.txt\nENV TO=/t\nWORKDIR /app\n{copy}"
    stage, _ = make(text, ["a.txt", "b.txt", "d/e/f.py", "d/g.py"])
    assert files_of(stage) == there


def test_ignored_files_are_not_there(make):
    ignore = "# no\n*\n!src\n!README.md\n**/*.pyc\nsrc/private\n!src/private/but.py\n"
    names = ["secret", "README.md", "src/a.py", "src/a.pyc", "src/private/x.py", "src/private/but.py"]
    stage, _ = make("FROM x\nCOPY . /", names, ignore)
    assert files_of(stage) == ["README.md", "src/a.py", "src/private/but.py"]
    with pytest.raises(Unbuildable, match="'secret' is not in the context"):
        make("FROM x\nCOPY secret /", names, ignore)


def test_start_and_environment(make):
    stage, _ = make(
        'FROM x\nENV A=1 B="2 3" C=$A\nENV D $A and more\nWORKDIR /a\nWORKDIR b\nCMD ["x", "y"]\nENTRYPOINT z'
    )
    config = stage.config()
    assert config["env"] == {"A": "1", "B": "2 3", "C": "", "D": "1 and more"}
    assert (config["workdir"], config["entrypoint"]) == ("/a/b", ["/bin/sh", "-c", "z"])
    assert config["cmd"] == []
    assert make("FROM x\nENTRYPOINT z\nCMD python main.py")[0].cmd == ["/bin/sh", "-c", "python main.py"]


def test_arguments_of_the_build(make):
    text = (
        "ARG BASE=y\nARG OTHER=1\nFROM $BASE\nARG OTHER\nARG SHA=none\nARG BASE\nENV O=$OTHER S=$SHA B=$BASE U=$UNSET"
    )
    stage, said = make(text, SHA="abc", UNSET="not declared")
    assert stage.env == {"O": "1", "S": "abc", "B": "y", "U": ""}
    assert "  the files of y are not here" in said


def test_stages(make):
    text = """
FROM --platform=linux/amd64 python AS Builder
WORKDIR /w
COPY a.txt .
RUN make wheel
FROM builder AS tests
COPY b.txt .
FROM scratch
COPY --from=builder /w/a.txt /kept/
COPY --from=0 /install /usr/local
COPY --from=tests /w /both
"""
    stage, said = make(text, ["a.txt", "b.txt"])
    assert files_of(stage) == ["both/a.txt", "both/b.txt", "kept/a.txt"]
    assert (stage.workdir, stage.env) == ("/", {})
    assert "  /install was made by a RUN: left out" in said


def test_what_no_run_made_must_be_there(make):
    with pytest.raises(Unbuildable, match="'/gone' is not in the context"):
        make("FROM x AS a\nFROM x\nCOPY --from=a /gone /")


def test_lines_that_are_one():
    text = 'FROM x\n\n# why\nRUN a \\\n  # between\n\n  && b\nCMD ["a", \\\n  "b"]'
    found = instructions_of(text)
    assert [(one.line, one.keyword, one.rest.split()) for one in found[:2]] == [
        (1, "FROM", ["x"]),
        (4, "RUN", ["a", "&&", "b"]),
    ]
    assert found[2].listed() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${A}", "1-1"),
        ("${NO:-x}${A:-x}", "x1"),
        ("${NO:+x}${A:+x}", "x"),
        (r"\$A", "$A"),
        ("${NO:-$A}", "1"),
        ("$NO", ""),
    ],
)
def test_variables(text, value):
    assert with_variables(text, {"A": "1"}) == value


@pytest.mark.parametrize("instruction", ["COPY a.txt /out/", "WORKDIR /out/new", "COPY tree /", "COPY tree/out /out"])
def test_nothing_is_written_outside_of_the_image(make, tmp_path, instruction):
    outside = tmp_path / "outside"
    outside.mkdir()
    context = tmp_path / "context-0"
    (context / "links").mkdir(parents=True)
    (context / "links/out").symlink_to(outside)
    with pytest.raises(Unbuildable, match="the image"):
        make(f"FROM x\nCOPY links /\n{instruction}", ["a.txt", "tree/out/deep/x"])
    assert list(outside.iterdir()) == []


def test_nothing_is_read_outside_of_the_context(make, tmp_path):
    (tmp_path / "secret").write_text("s")
    context = tmp_path / "context-0"
    context.mkdir()
    (context / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Unbuildable, match="leads out of the context"):
        make("FROM x\nCOPY link /")


def test_a_digest_is_of_content_and_configuration(tmp_path):
    def digest(content="x", mode=0o644, link="a", **config):
        rootfs = tmp_path / os.urandom(4).hex()
        rootfs.mkdir()
        (rootfs / "a").write_text(content)
        (rootfs / "a").chmod(mode)
        (rootfs / "l").symlink_to(link)
        return kept(tmp_path / "images", rootfs, {"cmd": [], "env": {}, "workdir": "/", "labels": {}} | config)

    assert digest() == digest()
    others = [digest("y"), digest(mode=0o755), digest(link="b"), digest(cmd=["x"]), digest(labels={"a": "b"})]
    assert len({digest(), *others}) == 6
    assert len(list((tmp_path / "images").iterdir())) == 6

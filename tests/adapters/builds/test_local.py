"""Images laid out from a commit: the content decides the digest, and what only a build could tell is refused."""

from __future__ import annotations

import json
import os
import re

import pytest

from deploytool.adapters.builds.local import LocalBuilder
from deploytool.adapters.builds.store import Content
from deploytool.adapters.git import Repository
from deploytool.emulator.images import launch_of
from deploytool.errors import BuildFailed, CouldNotLook, RepositoryError
from tests.adapters.builds.conftest import DOCKERFILE, FILES, IMAGE
from tests.repositories import Builder, Link, Submodule


@pytest.fixture
def builder_of(opened, tmp_path):
    return lambda made: LocalBuilder(opened(made), tmp_path / "state/images")


def built(builder, want, told, **changes):
    wanted = want(builder.repository, **changes)
    assert builder.refusal(wanted) is None
    return builder.build(wanted, told.append)


def folder_of(builder, result):
    return builder.store / result.digest.removeprefix("sha256:")


def test_the_image_holds_what_git_holds_and_says_what_it_is(made, builder_of, want, told):
    builder = builder_of(made())
    result = built(builder, want, told)
    commit = builder.repository.target("main")[1]
    root = folder_of(builder, result) / "rootfs/app"
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()) == [
        "requirements.txt", "shared/a.py", "svc/link.py", "svc/main.py", "svc/start.sh",
    ]  # fmt: skip
    assert os.readlink(root / "svc/link.py") == "main.py"
    assert (root / "svc/start.sh").stat().st_mode & 0o777 == 0o755
    assert (root / "svc/main.py").stat().st_mode & 0o777 == 0o644
    config = json.loads((folder_of(builder, result) / "config.json").read_text())
    assert config == {
        "cmd": ["python", "svc/main.py"],
        "env": {"BUILD_COMMIT": commit, "BUILD_TIMESTAMP": "2025-06-15T15:07:40Z", "COLOUR": "blue"},
        "labels": {"deploytool-scope": "scope-1", "org.opencontainers.image.revision": commit},
        "workdir": "/app",
    }
    assert re.fullmatch(rf"{IMAGE}@sha256:[0-9a-f]{{64}}", result.image)
    assert result.notes == ("RUN at line 4 was skipped: it only installs packages",)
    assert not result.reused
    revision = {"name": "x/revisions/r", "service": "svc", "containers": [{"image": result.image}]}
    assert launch_of(builder.store, revision).command[-1] == "svc/main.py"


def test_the_work_tree_is_never_read(made, builder_of, want, told):
    repository = made({".gitattributes": b"svc/main.py export-ignore text eol=crlf filter=evil\n"})
    repository.checkout()
    (repository.path / "svc/main.py").write_text("print('changed here')\n")
    (repository.path / "svc/new.py").write_text("")
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/attributes").write_text("* filter=evil export-ignore\n")
    builder = builder_of(repository)
    root = folder_of(builder, built(builder, want, told)) / "rootfs/app/svc"
    assert (root / "main.py").read_text() == "print('hello')\n"
    assert not (root / "new.py").exists()


def test_equal_inputs_give_equal_images_and_each_input_counts(made, builder_of, want, told, tmp_path):
    builder = builder_of(made())
    first = built(builder, want, told)
    again = built(builder, want, told)
    assert (again.digest, again.reused) == (first.digest, True)
    assert built(builder, want, told, scope="scope-2").digest != first.digest
    with Builder(tmp_path / "other") as other:
        other.commit(FILES)
    elsewhere = LocalBuilder(Repository(other.path, cache=None), tmp_path / "elsewhere")
    assert built(elsewhere, want, told).digest == first.digest
    digests = {first.digest}
    for number, change in enumerate(({"svc/main.py": b"print('other')\n"}, {"svc/link.py": Link("start.sh")})):
        with Builder(tmp_path / f"changed-{number}") as changed:
            changed.commit({**FILES, **change})
        changed_builder = LocalBuilder(Repository(changed.path), tmp_path / "elsewhere")
        digests.add(built(changed_builder, want, told).digest)
    assert len(digests) == 3


def test_the_digest_is_of_all_content_and_of_nothing_else():
    files = {"/a": (0o100644, b"1"), "/b": (0o100755, b"2")}
    config = {"cmd": ["a"], "env": {"A": "1", "B": "2"}}
    first = Content(files, ("/c",), config).digest
    turned = {"env": {"B": "2", "A": "1"}, "cmd": ["a"]}
    assert Content(dict(reversed(files.items())), ("/c",), turned).digest == first
    others = [
        Content({**files, "/a": (0o100644, b"2")}, ("/c",), config),
        Content({**files, "/a": (0o100755, b"1")}, ("/c",), config),
        Content({**files, "/d": (0o100644, b"1")}, ("/c",), config),
        Content(files, (), config),
        Content(files, ("/c",), {**config, "env": {}}),
    ]
    assert len({first, *(other.digest for other in others)}) == 6


def test_a_damaged_image_is_made_again_and_what_a_program_wrote_beside_stays(made, builder_of, want, told):
    builder = builder_of(made())
    result = built(builder, want, told)
    root = folder_of(builder, result) / "rootfs/app"
    (root / "written.txt").write_text("by the program")
    assert built(builder, want, told).reused
    assert (root / "written.txt").exists()
    (root / "svc/main.py").write_text("print('old code, right label')\n")
    again = built(builder, want, told)
    assert (again.digest, again.reused) == (result.digest, False)
    assert (root / "svc/main.py").read_text() == "print('hello')\n"
    assert [path.name for path in builder.store.iterdir()] == [result.digest.removeprefix("sha256:")]


def test_nothing_half_made_is_left_when_writing_fails(made, builder_of, want, told, monkeypatch):
    builder = builder_of(made())
    wanted = want(builder.repository)
    real = os.fsync

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BuildFailed, match="No space left"):
        builder.build(wanted, told.append)
    monkeypatch.setattr(os, "fsync", real)
    assert list(builder.store.iterdir()) == []
    assert not builder.build(wanted, told.append).reused


def test_has_looks_and_does_not_guess(made, builder_of, want, told):
    builder = builder_of(made())
    result = built(builder, want, told)
    assert builder.has(result.image)
    assert not builder.has(f"{IMAGE}@sha256:{'0' * 64}")
    for name in (IMAGE, f"{IMAGE}:latest", f"{IMAGE}@sha256:../../etc"):
        with pytest.raises(CouldNotLook):
            builder.has(name)
    assert builder.reachable() == ""


HEAD = "FROM python:3.11\nWORKDIR /app\n"
TAIL = '\nCMD ["python", "svc/main.py"]\n'
REFUSED = {
    "a build of ours": (f"{HEAD}COPY svc .\nRUN python setup.py build{TAIL}", ":4: RUN python setup.py build"),
    "written text": (f"{HEAD}RUN echo 1 > /app/version{TAIL}", ":3: RUN echo 1"),
    "a download": (f"{HEAD}RUN curl -o model.bin https://example.com/m{TAIL}", ":3: RUN curl"),
    "no start": ("FROM python:3.11\nCOPY svc /svc\n", "no CMD"),
    "an unknown base": (f"FROM example.com/ours:1\nWORKDIR /app\nCOPY svc .{TAIL}", ":1: nobody here knows what is in"),
    "another image's files": (f"{HEAD}COPY --from=example.com/tool /bin/x /bin/x{TAIL}", ":3: COPY --from=example"),
    "not in git": (f"{HEAD}COPY model.bin .{TAIL}", ":3: COPY takes 'model.bin'"),
    "an archive": (f"{HEAD}ADD svc/x.tar.gz .{TAIL}", ":3: "),
    "a remote file": (f"{HEAD}ADD https://example.com/m .{TAIL}", ":3: ADD fetches"),
    "ignored": (f"{HEAD}COPY secrets .{TAIL}", ":3: secrets is left out"),
    "an unknown word": (f"{HEAD}FETCH x{TAIL}", ":3: 'FETCH'"),
    "a value nobody knows": (f"{HEAD}ARG WHERE\nCOPY ${{WHERE}}/a .{TAIL}", ":4: "),
    "a file below a link": (f"{HEAD}COPY svc .\nCOPY shared/a.py ./link.py/a.py{TAIL}", "would lie below /app/link.py"),
    "a pattern over a stage": (
        f"FROM python:3 AS b\nCOPY svc /s\n{HEAD}COPY --from=b /s/*.py .{TAIL}",
        ":5: a pattern",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_a_build_could_tell_is_refused_with_its_place(made, builder_of, want, told, name):
    dockerfile, said = REFUSED[name]
    builder = builder_of(made({"Dockerfile": dockerfile.encode(), "svc/x.tar.gz": b"x"}))
    wanted = want(builder.repository)
    refused = builder.refusal(wanted)
    assert refused is not None
    assert said in refused[0], refused
    assert "Dockerfile" in refused[0]
    assert refused[1]
    with pytest.raises(BuildFailed, match="Dockerfile"):
        builder.build(wanted, told.append)
    assert not builder.store.exists() or not list(builder.store.iterdir())


def test_what_no_clone_can_give_is_refused(made, builder_of, want):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    builder = builder_of(made({"svc/model.bin": pointer, "secrets/pointer": pointer}))
    repository = builder.repository
    assert "svc/model.bin is kept by Git LFS" in builder.refusal(want(repository))[0]
    assert "no Dockerfile" in builder.refusal(want(repository, dockerfile=None))[0]
    assert "There is no other/Dockerfile" in builder.refusal(want(repository, dockerfile="other/Dockerfile"))[0]
    for commit, said in (("f" * 40, "not in this clone"), ("--output=x", "not the full id"), ("main", "not the full")):
        wanted = want(repository)
        wanted = wanted.__class__(**{**{f: getattr(wanted, f) for f in wanted.__slots__}, "commit": commit})
        assert said in builder.refusal(wanted)[0]


def test_a_submodule_that_is_copied_is_refused(made, builder_of, want):
    builder = builder_of(made({"svc/sub": Submodule("1" * 40)}))
    assert "svc/sub is a submodule" in builder.refusal(want(builder.repository))[0]


def test_a_submodule_beside_it_is_no_matter(made, builder_of, want, told):
    builder = builder_of(made({"elsewhere": Submodule("1" * 40)}))
    assert built(builder, want, told).digest


def test_a_pattern_beside_other_sources_may_find_nothing(made, builder_of, want, told):
    text = DOCKERFILE.replace(b"requirements.txt .", b"requirements.txt uv.lock* ./")
    builder = builder_of(made({"Dockerfile": text}))
    assert built(builder, want, told).digest
    alone = builder_of(made({"Dockerfile": text.replace(b"COPY requirements.txt", b"COPY")}))
    assert "git does not hold" in alone.refusal(want(alone.repository))[0]


def test_folders_and_entrypoints_are_kept(made, builder_of, want, told):
    text = DOCKERFILE.replace(b"CMD", b'RUN mkdir -p data/in && useradd me\nENTRYPOINT ["python"]\nCMD')
    builder = builder_of(made({"Dockerfile": text.replace(b'["python", "svc/main.py"]', b'["svc/main.py"]')}))
    result = built(builder, want, told)
    config = json.loads((folder_of(builder, result) / "config.json").read_text())
    assert (config["entrypoint"], config["cmd"]) == (["python"], ["svc/main.py"])
    assert (folder_of(builder, result) / "rootfs/app/data/in").is_dir()


def test_whether_it_can_be_used_is_only_looked_at(made, builder_of, want, told):
    builder = builder_of(made())
    assert builder.reachable() == ""
    assert not builder.store.parent.exists()
    assert built(builder, want, told).digest
    assert builder.reachable() == ""
    in_the_way = LocalBuilder(builder.repository, builder.store / "x" / "images")
    (builder.store / "x").write_text("a file")
    assert in_the_way.reachable() == f"{in_the_way.store} cannot be made: {builder.store / 'x'} is not a folder."


def test_no_path_leads_out(tmp_path):
    from deploytool.adapters.builds.placing import place

    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    place(root, "link", 0o120000, str(outside).encode())
    for path in ("link/x", "../x", "a/../../x", "a//b", ".", ""):
        with pytest.raises(RepositoryError):
            place(root, path, 0o100644, b"x")
    with pytest.raises(RepositoryError):
        place(root, "link", 0o100644, b"x")
    assert list(outside.iterdir()) == []

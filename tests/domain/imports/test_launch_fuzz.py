"""Whatever stands in a command, the answer is a start, a doubt, or another language; never a crash, never silence."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploytool.domain.imports.program import Program
from tests.domain.imports.launching import launched, launched_folder

_PIECES = r"""
    python python3 -m -c -u gunicorn uvicorn flask celery main:app main.py main app.py $X ${X:-main} ${X:=a} "$@" $1
    $(pwd) ' " ` ( ) { } [ ] [[ ]] (( )) if then else elif fi for in do done while case esac ;; ; & && || | > < << <<E
    E $ ${ ${# ${! $(( \\ exec cd export set -- shift . source eval env sh bash -lc start.sh ./start.sh jobs jobs/run.py
    A=b A+=c A=( = function f f() tini uv run poetry timeout 5 --chdir --config -k --app -A alembic supervisord -x
    --y=z * ? # ! ~ é
"""
PIECES = [*_PIECES.split(), "\n", "\x00", "\r"]
TEXT = st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join), st.text(max_size=80))


def answered(program: Program) -> bool:
    return bool(program.starts or program.doubts) or not program.python


@settings(max_examples=400, deadline=None)
@given(TEXT)
@example("exec")
@example("python -m")
@example("python -")
@example("gunicorn -c")
@example("env")
@example("set -o")
@example("uv run")
@example("")
def test_any_script_has_an_answer(text: str) -> None:
    program = launched('CMD ["sh", "start.sh", "a", "b"]', {"start.sh": text.encode("utf-8", "surrogateescape")})
    assert answered(program)


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT)
def test_any_command_has_an_answer(command: str, entrypoint: str) -> None:
    line = command.replace("\n", " ").encode("utf-8", "replace").decode()
    second = entrypoint.replace("\n", " ").encode("utf-8", "replace").decode()
    assert answered(launched(f"ENTRYPOINT {second}\nCMD {line}"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=10)), max_size=8))
def test_any_argument_list_has_an_answer(argv: list[str]) -> None:
    import json

    assert answered(launched("CMD " + json.dumps([word.encode("utf-8", "replace").decode() for word in argv])))


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT, st.booleans())
def test_any_source_folder_has_an_answer(procfile: str, project: str, function: bool) -> None:
    files = {
        "main.py": "",
        "Procfile": f"web: {procfile}".encode("utf-8", "replace"),
        "project.toml": project.encode("utf-8", "replace"),
    }
    assert answered(launched_folder(files, function=function))

"""Start scripts in the image: read for the programs that they start."""

from __future__ import annotations

import time

import pytest

from deploytool.domain.doubt import DoubtKind
from tests.domain.imports.launching import launched, shown

MAIN, SCRIPT, JOB = "module main", "script main.py", "script jobs/run.py"


@pytest.mark.parametrize(
    ("script", "command", "starts"),
    [
        ("#!/bin/sh\nset -e\npython main.py\n", '["./start.sh"]', [SCRIPT]),
        ("python main.py", "sh start.sh", [SCRIPT]),
        ("python main.py", "bash -eux ./start.sh", [SCRIPT]),
        ("python main.py", ". ./start.sh", [SCRIPT]),
        ("python main.py", "source start.sh", [SCRIPT]),
        ("#!/usr/bin/env bash\npython main.py\r\n", '["/app/start.sh"]', [SCRIPT]),
        ('exec "$@"', '["./start.sh", "python", "main.py"]', [SCRIPT]),
        ("exec $@", '["./start.sh", "gunicorn", "main:app"]', [MAIN]),
        ('echo "$1"; shift; exec "$@"', '["./start.sh", "web", "python", "main.py"]', [SCRIPT]),
        ('if [ "$1" = web ]; then shift; fi\nexec "$@"', '["./start.sh", "web", "python", "main.py"]', [SCRIPT]),
        ('set -- python "$@"\nexec "$@"', '["./start.sh", "main.py"]', [SCRIPT]),
        ('if [ "${1#-}" != "$1" ]; then set -- python main.py "$@"; fi\nexec "$@"', '["./start.sh", "-x"]', [SCRIPT]),
        (
            'case "$1" in\n  web) gunicorn main:app ;;\n  job) python jobs/run.py ;;\n  *) exec "$@" ;;\nesac',
            '["./start.sh", "web"]',
            [MAIN, JOB],
        ),
        ('cd "$(dirname "$0")" && exec python main.py', '["/app/start.sh"]', [SCRIPT]),
        (
            'DIR="$( cd "$( dirname "${BASH_SOURCE[0]}" )" &> /dev/null && pwd )"\npython "$DIR/main.py"',
            '["./start.sh"]',
            [SCRIPT],
        ),
        ("cd jobs\npython run.py", '["./start.sh"]', [JOB]),
        ("pushd jobs > /dev/null\npython run.py", '["./start.sh"]', [JOB]),
        ('ARGS=(--bind :80 -w 2)\nARGS+=(main:app)\nexec gunicorn "${ARGS[@]}"', '["./start.sh"]', [MAIN]),
        ('ARGS="--bind :80"\nexec gunicorn $ARGS main:app', '["./start.sh"]', [MAIN]),
        ("CMD='python main.py'\neval \"$CMD\"", '["./start.sh"]', [SCRIPT]),
        ("export FLASK_APP=main\nflask run", '["./start.sh"]', [MAIN]),
        (
            'FLASK_APP=${FLASK_APP:=main.py}; [ -n "$X" ] || FLASK_APP=main.py\nFLASK_APP=main.py flask run',
            '["./start.sh"]',
            [MAIN],
        ),
        ("python - <<'EOF'\nimport main\nEOF", '["./start.sh"]', [MAIN]),
        ("until nc -z db 5432; do\n  sleep 1\ndone\n# python app.py\npython main.py", '["./start.sh"]', [SCRIPT]),
        ('run() {\n  exec python "$1"\n}\nrun main.py', '["./start.sh"]', [SCRIPT]),
        ("function run { python main.py; }\n$RUNNER", '["./start.sh"]', [SCRIPT]),
        ("trap 'python jobs/run.py' EXIT\npython main.py", '["./start.sh"]', [JOB, SCRIPT]),
        ("python main.py \\\n  --one \\\n  --two", '["./start.sh"]', [SCRIPT]),
        ("[[ $X == y* && ( -n $Z ) ]] && python main.py\n((X++))", '["./start.sh"]', [SCRIPT]),
        ("((X=1) ; python main.py)", '["./start.sh"]', [SCRIPT]),
        (
            "X=app; false && X=main; [ $A ] && X=jobs/run; python $X.py",
            '["./start.sh"]',
            [JOB, SCRIPT, "script app.py"],
        ),
        ("while read -r x; do python $X.py; X=main; done < list; X=app", '["./start.sh"]', [SCRIPT]),
        ("f() { [ $# = 0 ] || python $1; shift; [ $# = 0 ] || f $@; }; f main.py app.py", '["./start.sh"]', None),
        (
            "if [ $A ]; then set -- main.py; else set -- app.py; fi; set -- $1 x; python $1",
            '["./start.sh"]',
            [SCRIPT, "script app.py"],
        ),
        ("Y=main; f() { python $Y.py; }; Y=app f; f", '["./start.sh"]', ["script app.py", SCRIPT]),
        ('python() { command python -u "$@"; }; python main.py', '["./start.sh"]', [SCRIPT]),
        ("source /opt/venv/bin/activate\nsource .env\npython main.py", '["./start.sh"]', [SCRIPT]),
        ("if [ $A ]; then X=main; else X=app; fi\npython $X.py", '["./start.sh"]', [SCRIPT, "script app.py"]),
        ("python main.py &\nP=$!\nwait $P\nwait -n\nexit $?", '["./start.sh"]', [SCRIPT]),
        ("cat <<EOF > x.conf\npython app.py\nEOF\npython main.py", '["./start.sh"]', [SCRIPT]),
    ],
)
def test_a_start_script_is_read_for_what_it_starts(script: str, command: str, starts: list[str] | None) -> None:
    program = launched(("CMD " if command[0] != "[" else "ENTRYPOINT ") + command, {"start.sh": script})
    if starts is None:
        assert {SCRIPT, "script app.py"} <= set(shown(program))
        return
    assert shown(program) == starts
    if "$RUNNER" not in script and "while read" not in script:
        assert not program.doubts, program.doubts


def test_the_command_is_looked_up_on_path() -> None:
    files = {"bin/serve": "#!/bin/sh\npython main.py"}
    assert shown(launched("ENV PATH=/app/bin:$PATH\nCMD serve", files)) == [SCRIPT]
    assert shown(launched('COPY bin/serve /usr/local/bin/\nCMD ["serve"]', files)) == [SCRIPT]
    assert shown(launched("CMD serve", files)) == []


@pytest.mark.parametrize(
    "first", ["#!/usr/bin/env python3\n", "#!/usr/local/bin/python -u\n", "#!/usr/bin/env -S uv run --script\n"]
)
def test_a_python_script_that_is_executed(first: str) -> None:
    assert shown(launched('CMD ["./tool", "x"]', {"tool": first})) == ["script tool"]


def test_a_heredoc_of_the_dockerfile_is_a_script_too() -> None:
    program = launched('COPY <<EOF /run.sh\n#!/bin/sh\npython main.py\nEOF\nCMD ["sh", "/run.sh"]')
    assert shown(program) == [SCRIPT]


def test_scripts_call_scripts_and_share_their_variables() -> None:
    files = {
        "start.sh": '#!/bin/bash\n. "$(dirname "$0")/lib/settings.sh"\nserve "$MODULE"',
        "lib/settings.sh": 'MODULE=main:app\nserve() { exec gunicorn "$1"; }\n',
    }
    program = launched('CMD ["./start.sh"]', files)
    assert (shown(program), program.doubts) == ([MAIN], ())


def test_scripts_that_call_one_another_end() -> None:
    files = {"a.sh": "#!/bin/sh\n./b.sh\npython main.py", "b.sh": "#!/bin/sh\n. ./a.sh\nf() { f; }\nf"}
    assert shown(launched('CMD ["./a.sh"]', files)) == [SCRIPT]


def test_a_doubt_names_the_line_of_the_script() -> None:
    program = launched('CMD ["./start.sh"]', {"start.sh": "#!/bin/sh\n\npython main.py\nmystery --now\n"})
    assert [(doubt.path, doubt.line, doubt.kind) for doubt in program.doubts] == [
        ("start.sh", 4, DoubtKind.UNKNOWN_PROGRAM)
    ]
    assert "mystery" in program.doubts[0].why
    assert shown(program) == [SCRIPT]


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("size", "echo a\n" * 200_000),
        ("words", "echo " + "a " * 60_000),
        ("nesting", "(" * 5_000),
        ("outputs", "echo " + "$(" * 5_000),
        ("quotes", "echo " + '"$(echo ' * 3_000),
        ("braces", "echo " + "${a:-" * 5_000 + "}" * 5_000),
        ("ticks", "echo " + "`echo \\`" * 3_000),
        ("conditions", "if a; then " * 3_000),
        ("doubling", "a=aaaaaaaaaa\n" + "a=$a$a$a$a\n" * 60 + "python $a"),
        ("ways", "".join(f"[ $x ] && a=$a{i} || a=$a{i}x\n" for i in range(300)) + "python $a"),
        ("calls", "f0() { :; }\n" + "".join(f"f{i}() {{ f{i - 1}; f{i - 1}; }}\n" for i in range(1, 40)) + "f39"),
        ("loops", "for a in 1 2; do " * 25 + "python $a$a;" + " done" * 25),
        ("self", "sh start.sh; ./start.sh; . ./start.sh; sh -c 'sh start.sh'"),
        ("unclosed", "echo 'a"),
        ("heredoc", "cat <<E\n" * 20_000),
        ("operators", "; ; && || | & ;; " * 1_000),
        ("binary", "a\x00b"),
        ("array", "A=(" + "a " * 15_000),
        ("code", "python -c '" + "-" * 40_000 + "1'"),
        ("evals", "eval " * 3_000 + "python main.py"),
        ("env", "env " * 3_000 + "python main.py"),
    ],
)
def test_a_bomb_is_a_doubt_and_takes_no_time(name: str, script: str) -> None:
    start = time.perf_counter()
    program = launched('CMD ["sh", "start.sh"]', {"start.sh": script})
    assert time.perf_counter() - start < 10  # a bomb would take minutes, and a busy machine takes its time
    assert program.starts or program.doubts or not program.python
    if name not in ("self", "heredoc"):
        assert program.doubts, name


def test_long_commands_and_environments_take_no_time() -> None:
    start = time.perf_counter()
    launched("CMD python main.py " + "x.y " * 10_000)
    launched("ENV " + " ".join(f"A{i}=b{i}" for i in range(3_000)) + "\nCMD python main.py")
    assert time.perf_counter() - start < 10

"""The reading of start scripts against a real shell: whatever it runs was foreseen, or there is a doubt.

The scripts are made here from harmless pieces; the only programs that they can find are stand-ins that write down how
they were called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploytool.domain.imports.program import Program
from tests.domain.imports.launching import launched

BASH = shutil.which("bash")
SCRIPTS = ("main.py", "app.py", "jobs/run.py", "jobs/other.py", "jobs/main.py")
STUB = '#!{bash}\nprintf "%s|%s|%s\\n" "$PWD" "$PYTHONPATH" "$1" >> "$LOG"\n'

pytestmark = pytest.mark.skipif(BASH is None, reason="needs bash")

_values = st.sampled_from(
    ["main", "app", "jobs/run", "jobs", "run", ".", "", "main.py", "python", "python main.py", "a b"]
)
_names = st.sampled_from(["X", "Y"])
_plain = ["main.py", "app.py", "jobs/run.py", "'main.py'", "jobs/*.py", '"$(pwd)/app.py"', '"$PWD/main.py"', "run.py"]
_computed = """
    $X "$X" $X.py ${X}.py "${Y:-main}.py" $1 "$@" ${1:-main.py} ${X:-app.py} ${2} "${A[@]}" ${Y%/*}/run.py ${X:+main.py}
"""
_words = st.one_of(st.sampled_from(_plain), st.sampled_from(_computed.split()))
_BEGIN = "X=main; Y=jobs/run; A=(app.py); set -- main.py x\n"
_conditions = st.sampled_from(["true", "false", '[ "$X" = main ]', "[[ $Y == jobs* ]]", 'test -n "$1"', "! true"])
_simple = st.one_of(
    st.builds("python {}".format, _words),
    st.builds("python {}".format, _words),
    st.builds("{}={}".format, _names, _values.map(lambda text: f"'{text}'")),
    st.builds("{}={}".format, _names, _words),
    st.builds("export {}='{}'".format, _names, _values),
    st.builds("{}='{}' python {}".format, _names, _values, _words),
    st.builds("PYTHONPATH={} python {}".format, st.sampled_from(["/lib", "jobs", "$PWD/jobs", ":/x"]), _words),
    st.builds("{}+='{}'".format, _names, _values),
    st.builds("cd {}".format, st.sampled_from(["jobs", "..", "/app/jobs", '"$X"', "$(dirname jobs/x)"])),
    st.builds("set -- {} {}".format, _words, _words),
    st.builds("A=({} {})".format, _words, _words),
    st.builds('sh -c "python {}"'.format, st.sampled_from(["main.py", "jobs/run.py", "$1", "\\$1"])),
    st.builds("sh -c 'python $1' x {}".format, _words),
    st.builds("env X=jobs python {}".format, _words),
    st.sampled_from(
        ["shift", "$X", "$Y main.py", '"$@"', "f", "f app.py", "g main.py", "unset X", 'eval "python $X"', ". ./lib.sh"]
    ),
    st.builds("eval {}".format, _words),
    st.builds("echo $(python {})".format, _words),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    return st.one_of(
        st.builds("if {}; then\n{}\nelse\n{}\nfi".format, _conditions, several, several),
        st.builds("if {}; then\n{}\nelif {}\nthen {}\nfi".format, _conditions, several, _conditions, several),
        st.builds("case $X in\nmain) {};;\njobs*|run)\n{};;\n*) {};;\nesac".format, several, several, several),
        st.builds("for X in {} {}; do\n{}\ndone".format, _words, _words, several),
        st.builds("({})".format, several),
        st.builds("{{ {}\n}}".format, several),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("f() {{\n{}\n}}".format, several),
        st.builds('g() {{\npython "$1"\n{}\n}}'.format, several),
        st.builds("{} | cat".format, inner),
    )


_scripts = st.lists(st.recursive(_simple, _compound, max_leaves=6), min_size=1, max_size=4).map("\n".join)
_scripts = st.one_of(_scripts.map(_BEGIN.__add__), _scripts.map(_BEGIN.__add__), _scripts)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app as the image has it, and a folder of stand-ins."""
    root = tmp_path_factory.mktemp("image")
    for path in SCRIPTS:
        (root / "app" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "app" / path).write_text("")
    (root / "app" / "lib.sh").write_text("Y=jobs\npython app.py\n")
    (root / "bin").mkdir()
    (root / "bin" / "python").write_text(STUB.format(bash=BASH))
    (root / "bin" / "python").chmod(0o755)
    for name in ("sh", "env", "dirname", "basename", "cat"):
        os.symlink(BASH if name == "sh" else shutil.which(name) or "", root / "bin" / name)
    return root


@settings(max_examples=int(os.environ.get("EXAMPLES", "60")), deadline=None, suppress_health_check=list(HealthCheck))
@given(_scripts, st.sampled_from([[], ["main.py"], ["python", "app.py"]]))
def test_whatever_a_shell_runs_was_foreseen(place: Path, script: str, arguments: list[str]) -> None:
    ran = _ran(place, script, arguments)
    files = {**dict.fromkeys(SCRIPTS, ""), "lib.sh": "Y=jobs\npython app.py\n", "start.sh": script}
    command = ", ".join(f'"{word}"' for word in ("bash", "start.sh", *arguments))
    program = launched(f"CMD [{command}]", files)
    if not program.doubts:
        started = {start.name for start in program.starts}
        assert {path for path, _ in ran} <= started, (script, arguments, ran, program)
        assert {root for _, roots in ran for root in roots} <= set(program.roots), (script, arguments, ran, program)


def _ran(place: Path, script: str, arguments: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    """(script, folders of PYTHONPATH) of each Python that a shell starts on a file that exists."""
    (place / "app" / "start.sh").write_text(script.replace("/app/", f"{place}/app/"))
    log = place / "log"
    log.write_text("")
    environment = {"PATH": str(place / "bin"), "LOG": str(log)}
    try:
        subprocess.run(
            [BASH or "", "start.sh", *arguments],
            cwd=place / "app", env=environment, capture_output=True, timeout=2, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return set()
    found = set()
    for line in log.read_text().splitlines():
        cwd, python_path, name = line.split("|", 2)
        path = Path(os.path.normpath(Path(cwd) / name))
        if name and path.is_file():
            roots = [os.path.normpath(Path(cwd) / entry) for entry in python_path.split(":")] if python_path else []
            found.add((_inside(place, str(path)), tuple(_inside(place, root) for root in roots)))
    return found


def _inside(place: Path, path: str) -> str:
    return path.removeprefix(str(place)) or "/"


def test_the_pieces_are_mostly_understood() -> None:
    """A reading that doubts everything would pass the test above."""
    programs: list[Program] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(_scripts)
    def read(script: str) -> None:
        programs.append(launched('CMD ["bash", "start.sh"]', {**dict.fromkeys(SCRIPTS, ""), "start.sh": script}))

    read()
    told = [program for program in programs if not program.doubts]
    assert len(told) > len(programs) * 0.3

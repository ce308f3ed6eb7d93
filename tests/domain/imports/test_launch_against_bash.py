"""The reading of start scripts against a real shell: whatever it runs was foreseen, or there is a doubt.

The scripts are made here from harmless pieces; the only programs that they can find are stand-ins that write down how
they were called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from deploytool.domain.imports.program import Program
from tests.domain.imports.launching import launched

BASH = shutil.which("bash")
SCRIPTS = ("main.py", "app.py", "jobs/run.py", "jobs/other.py", "jobs/main.py")
LIBRARY = "Y=jobs/run\npython app.py\n"
STUB = '#!{bash}\nprintf "%s|%s|%s\\n" "$PWD" "$PYTHONPATH" "$1" >> "$LOG"\n'
BEGIN = "X=main; Y=jobs/run; A=(/app/app.py); set -- /app/app.py /app/jobs/other.py\ng() { python /app/$Y.py; }\n"
SEEDS = int(os.environ.get("SEEDS", "120"))

pytestmark = pytest.mark.skipif(BASH is None, reason="needs bash")

# Most words name a file wherever the shell is, so that a wrong reading shows as a wrong file and not as a doubt.
VALUES = ["main", "app", "jobs/run", "jobs/other", "jobs/main"]
PLAIN = ["main.py", "/app/app.py", "'main.py'", '"$(pwd)/main.py"', '"$PWD/main.py"', "/app/jobs/*.py"]
COMPUTED = """
/app/$X.py
"/app/${X}.py"
/app/$Y.py
"/app/${Y:-main}.py"
$1
"$@"
$2
${1:-main.py}
"${A[@]}"
/app/$(dirname jobs/run)/run.py
"$(basename /app/main.py)"
/app/${X:+main}.py
/app/${Y%/*}/run.py
""".strip().split("\n")
CONDITIONS = ["true", "false", "! true", '[ "$X" = main ]', "[[ $Y == jobs* ]]", 'test "$1" = main.py', "[ $X = $Y ]"]
SIMPLE = """
python {word}
python {word}
python {word}
python /app/$X.py
python "$@"
{name}={value}
{name}={value}
export {name}='{value}'
{name}='{value}' python {word}
{name}='{value}' g
PYTHONPATH={path} python {word}
export PYTHONPATH={path}
cd {folder}
set -- {word} {word}
shift
A=({word} {word})
A+=({word})
sh -c "python /app/$X.py"
sh -c 'python $1' x {word}
env {name}=jobs python {word}
unset X; X={value}
eval "python /app/$X.py"
eval python {word}
. ./lib.sh
. /app/lib.sh
P=python; $P {word}
echo $(python {word})
g
{condition} && {simple}
{condition} || {simple}
{condition} && {simple} || {simple}
{simple} | cat
""".strip().split("\n")
COMPOUND = """
if {condition}; then@{body}@else@{body}@fi
if {condition}; then@{body}@fi
if {condition}; then@{body}@elif {condition}@then {body}@else {body}@fi
case $X in@main) {body};;@jobs*|app)@{body};;@*) {body};;@esac
case $1 in@*.py) {body};;@/app/*)@{body};;@esac
for X in {value} {value}; do@{body}@done
for f in {word} {word}; do@{body}@python $f@done
while [ "${#L}" -lt 4 ]; do@L=$L.@{body}@done
({body})
{{ {body}@}}
f() {{@{body}@}}@f {word}
f() {{@{body}@python $1@}}@f {word} || f
""".strip().split("\n")


class _Maker:
    """Scripts by chance, always the same for one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed + int(os.environ.get("FIRST_SEED", "0")))

    def script(self) -> str:
        return BEGIN + self._body(2, self.random.randint(2, 6))

    def _body(self, depth: int, count: int) -> str:
        return "\n".join(self._statement(depth) for _ in range(count))

    def _statement(self, depth: int) -> str:
        if depth and self.random.random() < 0.4:
            parts = self.random.choice(COMPOUND).replace("@", "\n").split("{body}")
            bodies = [self._body(depth - 1, self.random.randint(1, 3)) for _ in parts[1:]]
            return "".join(self._filled(part) + body for part, body in zip(parts, [*bodies, ""], strict=True))
        return self._simple()

    def _simple(self) -> str:
        text = self.random.choice(SIMPLE)
        while "{simple}" in text:
            text = text.replace("{simple}", self.random.choice(SIMPLE[:-5]), 1)
        return self._filled(text)

    def _filled(self, text: str) -> str:
        pieces = {
            "word": PLAIN if self.random.random() < 0.4 else COMPUTED,
            "value": VALUES,
            "name": ["X", "Y"],
            "path": ["/lib", "jobs", "$PWD/jobs", ":/x", "/a:$PYTHONPATH"],
            "folder": ["/app/jobs", "/app"] if self.random.random() < 0.7 else ["."],
            "condition": CONDITIONS,
        }
        for name, choices in pieces.items():
            while f"{{{name}}}" in text:
                text = text.replace(f"{{{name}}}", self.random.choice(choices), 1)
        return text.replace("{{", "{").replace("}}", "}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app as the image has it, and a folder of stand-ins."""
    root = tmp_path_factory.mktemp("image")
    for path in SCRIPTS:
        (root / "app" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "app" / path).write_text("")
    (root / "app" / "lib.sh").write_text(LIBRARY)
    (root / "bin").mkdir()
    (root / "bin" / "python").write_text(STUB.format(bash=BASH))
    (root / "bin" / "python").chmod(0o755)
    for name in ("sh", "env", "dirname", "basename", "cat"):
        os.symlink(BASH if name == "sh" else shutil.which(name) or "", root / "bin" / name)
    return root


@pytest.mark.parametrize("arguments", [[], ["main.py"], ["python", "app.py"]])
def test_whatever_a_shell_runs_was_foreseen(place: Path, arguments: list[str]) -> None:
    told = 0
    for seed in range(SEEDS // 3):
        script = _Maker(seed * 3 + len(arguments)).script()
        program = _read(script, arguments)
        if not program.doubts:
            ran = _ran(place, script, arguments)
            told += bool(ran)
            started = {start.name for start in program.starts}
            assert {path for path, _ in ran} <= started, f"{script}\n{arguments} {ran} {program}"
            assert {root for _, roots in ran for root in roots} <= set(program.roots), f"{script}\n{ran} {program}"
    assert told > SEEDS / 3 * 0.15, "a reading that doubts everything proves nothing"


def _read(script: str, arguments: list[str]) -> Program:
    files = {**dict.fromkeys(SCRIPTS, ""), "lib.sh": LIBRARY, "start.sh": script}
    command = ", ".join(f'"{word}"' for word in ("bash", "start.sh", *arguments))
    return launched(f"CMD [{command}]", files)


def _ran(place: Path, script: str, arguments: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    """(script, folders of PYTHONPATH) of each Python that a shell starts on a file that exists."""
    (place / "app" / "start.sh").write_text(script.replace("/app/", f"{place}/app/"))
    log = place / "log"
    log.write_text("")
    environment = {"PATH": str(place / "bin"), "LOG": str(log)}
    subprocess.run(
        [BASH or "", "start.sh", *arguments],
        cwd=place / "app",
        env=environment,
        capture_output=True,
        timeout=10,
        check=False,
        stdin=subprocess.DEVNULL,
    )
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

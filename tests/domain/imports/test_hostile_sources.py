"""Whatever bytes a file holds, there is an answer, soon, and nothing of it is run."""

from __future__ import annotations

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.imports.facts import Facts
from deploytool.domain.imports.source import extract
from deploytool.domain.imports.source.extract import facts_of
from deploytool.domain.imports.source.facts_json import facts_from, text_of

IMPORT = "from importlib import import_module\n"
SIZE = 300_000

BOMBS = {
    "too many bytes": b"x = 1\n" * 1_700_000,
    "too many statements": b"a\n" * 200_001,
    "brackets": b"[" * SIZE,
    "closed brackets": b"(" * 5000 + b")" * 5000,
    "a long sum": b"x=" + b"a+" * 100_000 + b"a",
    "a long attribute": b"x=a" + b".b" * 60_000,
    "a long call": b"x=f" + b"()" * 60_000,
    "signs": b"x=" + b"-" * SIZE + b"1",
    "elif": b"if a:\n pass\n" + b"elif a:\n pass\n" * 20_000,
    "a number": b"x=" + b"9" * SIZE,
    "null bytes": b"\0" * SIZE,
    "another coding": "import a".encode("utf-16"),
    "a coding that nobody knows": b"# coding: klingon\n",
    "tabs and blanks": b"if a:\n\timport b\n        import c\n",
}
LARGE = {
    "imports": "import abcd.efgh\n" * 20_000,
    "one import of many names": "from a import " + ",".join(f"n{i}" for i in range(20_000)),
    "a circle of names": IMPORT + "".join(f"a{i} = a{(i * 3 + 1) % 200} + a{(i * 5 + 2) % 200}\n" for i in range(200)),
    "doubling": IMPORT + "a0 = 'x.'\n" + "".join(f"a{i + 1} = a{i} + a{i}\n" for i in range(60)) + "import_module(a60)",
    "functions": IMPORT
    + "".join(f"def f{i}(x):\n return f{i - 1}(x) + f{i - 2}(x)\n" for i in range(2, 200))
    + "import_module(f199('a'))",
    "parameters": IMPORT
    + "".join(f"def _f{i}(x):\n _f{(i + 1) % 99}(x)\n _f{(i * 7) % 99}(x + '.a')\n" for i in range(99))
    + "def _g(x):\n import_module(x)\n_f0('a.b')\n_g(_f5)\n",
    "a table": IMPORT
    + "T = {"
    + "".join(f"'k{i}': 'm{i}.n',\n" for i in range(10_000))
    + "}\nimport_module(f'{T[x]}.{T[y]}')",
    "dots": "x = '" + "a." * 100_000 + "'",
    "slashes": "x = '" + "/" * SIZE + "'",
    "a command": "x = '" + "python a/b.py " * 20_000 + "'",
    "f-strings": IMPORT + "import_module(f'" + "{a}" * 3000 + "')",
    "path edits": "import sys, os\np0 = ''\n"
    + "".join(f"p{i + 1} = os.path.join(p{i}, 'a')\nsys.path.append(p{i})\n" for i in range(1000)),
    "nested code": "exec(\"exec('exec(chr(3))')\")",
    "augmented": IMPORT + "x = 'a.b'\n" + "x += '.c'\n" * 2000 + "import_module(x)",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_an_error(name: str) -> None:
    told = facts_of(BOMBS[name])
    assert told.error and told == Facts(error=told.error, error_line=told.error_line)


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_read_within_bounds(name: str) -> None:
    told = facts_of(LARGE[name].encode())
    assert not told.error
    assert facts_from(text_of(told)) == told


def test_what_is_too_much_to_follow_is_unbounded() -> None:
    for name in ("doubling", "functions", "parameters", "f-strings"):
        (told,) = facts_of(LARGE[name].encode()).dynamics
        assert not told.bounded and told.why, name


def test_a_large_file_of_plain_text_is_read() -> None:
    source = 'x = """' + "words and words, a.b\n" * 100_000 + '"""\nimport a\n'
    told = facts_of(source.encode())
    assert [each.module for each in told.imports] == ["a"] and len(source) < extract.CAP


def test_nothing_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(sys.modules)
    source = b"print('loud')\nimport antigravity\nexec('print(1)')\neval('print(2)')\nraise SystemExit\n"
    assert facts_of(source).imports
    assert not capsys.readouterr().out and "antigravity" not in set(sys.modules) - before


@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    for name in ("x.py", "x.sh", "x"):
        told = facts_of(content, name)
        assert facts_from(text_of(told)) == told


CODE = """import_module __import__ ( ) [ ] { } : , . = == + % 'a.b' "c/d.py" f'{x}.y' x y self def class yield
lambda for in if else try except with as import from sys.path os.path.join __file__ __name__ __all__ append return
while not and or None 1 * ** @ := += global nonlocal async await match case exec eval open sys.executable '-m' del
TYPE_CHECKING .parent .parents[0] .format .split('.') [0] [1:] importlib getattr map"""
PIECES = [*CODE.split(), "\n", "\n ", "\n  "]


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(0, 2**32))
def test_random_code(pieces: list[str], seed: int) -> None:
    luck = random.Random(seed)
    text = "".join(piece + luck.choice((" ", "", "\n ")) for piece in pieces)
    for source in (text, IMPORT + "import sys, os\n" + "\n".join(f"x{i} = {line}" for i, line in enumerate(pieces))):
        told = facts_of(source.encode("utf-8", "surrogateescape"))
        assert facts_from(text_of(told)) == told


STATEMENTS = [
    "x = y", "y = x + '.a'", "x = [y, 'a.b']", "y = x[0]", "x.append(y)", "y = f(x)", "x, y = y, x", "x = f'{y}.b'",
    "def f(x, *y, z=x, **k):\n return x + y", "def f(x):\n yield from f(x.parent)", "class A:\n x = y\n y: int",
    "self.x = y", "y = self.x", "for x, (y, z) in y.items(): pass", "with open(x) as y: pass", "x = y = {x: y, **y}",
    "import_module(x)", "__import__(x, fromlist=y)", "exec(x)", "exec(open(y).read())", "import_module('.' + x, y)",
    "sys.path.append(x)", "sys.path += x", "sys.path[:0] = y", "subprocess.run([sys.executable, '-m', x])",
    "g = import_module\ng(x)", "x += y", "y = x.split('.')[0]", "y = x % (y, 'a')", "y = '{}.{x}'.format(x, x=y)",
    "[import_module(x) for x in y]", "y = lambda x: import_module(x)", "y = x if y else z", "y = (x := y)",
    "y = '.'.join(x)", "y = x / 'a' / '..'", "y = Path(__file__).parents[x]", "global x, y", "y = x[1:-3]",
    "spec_from_file_location('a', x)", "os.system('python ' + x)", "y = os.environ.get('A', x)", "del x, y",
]  # fmt: skip


@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=14), st.booleans())
def test_random_programs(statements: list[str], inside: bool) -> None:
    lines = [line for statement in statements for line in statement.split("\n")]
    body = "def outer(x, y):\n" + "\n".join("  " + line for line in lines) if inside else "\n".join(lines)
    source = f"from importlib import import_module\nimport sys, os\nfrom pathlib import Path\n{body}\n"
    told = facts_of(source.encode())
    assert facts_from(text_of(told)) == told
    assert facts_of(source.encode()) == told
    assert all(each.why for each in told.dynamics if not each.bounded)
    assert all(each.why for each in told.edits if each.folder is None)

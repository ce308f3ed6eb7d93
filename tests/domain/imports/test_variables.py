"""Which variables a source reads: by hand, and against Python that runs it and writes down what it was asked for."""

from __future__ import annotations

import builtins
import sys
import time
import types
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.imports.variables import VariableRead, variables_read_in

X, DEFAULT = (("X", False),), (("X", True),)
OS, FROM = "import os\n", "from os import environ, getenv\n"

CASES: dict[str, tuple[tuple[str, bool], ...]] = {
    OS + 'os.environ["X"]': X,
    OS + 'os.environ.get("X")': X,
    OS + 'os.environ.get("X", "d")': DEFAULT,
    OS + 'os.environ.get("X", default=None)': DEFAULT,
    OS + 'os.environ.get(key="X", default=1)': DEFAULT,
    OS + 'os.getenv("X")': X,
    OS + 'os.getenv("X", "")': DEFAULT,
    OS + 'os.getenv(key="X")': X,
    OS + 'os.environ.setdefault("X", "1")': DEFAULT,
    OS + 'os.environ.pop("X", None)': DEFAULT,
    OS + 'os.environ.pop("X")': X,
    OS + '"X" in os.environ': DEFAULT,
    OS + 'if "X" not in os.environ: pass': DEFAULT,
    OS + 'a = 1 < 2 in "X" in os.environ': DEFAULT,
    OS + 'os.environ["X"] += ":more"': X,
    "import os as o\no.getenv('X')": X,
    "import os.path\nos.getenv('X')": X,
    "import os.path as os\nos.getenv('X')": (),
    "from os import environ\nenviron['X']": X,
    "from os import environ as e, getenv as g\ne.get('X'); g('Y', 1)": (("X", False), ("Y", True)),
    "from os import *\ngetenv('X')": X,
    "from .os import getenv\ngetenv('X')": (),
    "from mine import getenv\ngetenv('X')": (),
    "from mine.os import environ\nenviron['X']": (),
    "getenv('X')\nenviron['X']\nos.environ['X']": (),
    OS + 'env = os.environ\nenv["X"]': X,
    OS + 'get = os.environ.get\nget("X", 1)': DEFAULT,
    OS + 'read = os.getenv\nread("X")': X,
    OS + 'if (env := os.environ).get("X"): pass': X,
    OS + 'KEY = "X"\nos.getenv(KEY)': X,
    OS + 'KEY: str = "X"\nos.environ[KEY]': X,
    OS + 'KEY: str\nKEY = "X"\nos.environ[KEY]': X,
    OS + 'A = B = "X"\nos.environ[B]': X,
    OS + 'ONE = "X"\nTWO = ONE\nos.environ[TWO]': X,
    OS + 'KEY = "X"\nKEY = "Y"\nos.getenv(KEY)': (),
    OS + 'KEY = "X"\nKEY += "Y"\nos.getenv(KEY)': (),
    OS + 'KEY = "X"\ndef f(KEY): return os.getenv(KEY)': (),
    OS + 'KEY = "X"\ndef f(a): return os.getenv(KEY)': X,
    OS + 'KEY = "X"\ndef f():\n    global KEY\n    KEY = "Y"\nos.getenv(KEY)': (),
    OS + 'for KEY in "X", "Y": os.getenv(KEY)': (),
    OS + 'KEY = "X"\n[os.getenv(KEY) for KEY in range(2)]': (),
    OS + 'KEY = "X"\n[os.getenv(KEY) for _ in range(2)]': X,
    OS + 'class C:\n    KEY = "X"\n    here = os.getenv(KEY)\n    def f(self): return os.getenv(KEY)': X,
    OS + 'KEY = "X"\nclass C:\n    KEY = "Y"\n    def f(self): return os.getenv(KEY)': X,
    OS + 'os.environ["X"] = "1"': (),
    OS + 'del os.environ["X"]': (),
    OS + 'os.environ["X"], a = 1, 2': (),
    OS + "os.environ[name]": (),
    OS + 'os.environ[f"X{1}"]; os.environ["X" + "Y"]; os.environ[1]; os.getenv(*["X"]); os.getenv()': (),
    OS + 'os.environ.copy()["X"]; os.environ.items(); os.path.get("X"); os.environ.X["Y"]': (),
    OS + 'os.environ[""]; os.environ["A=B"]; os.environ["A\\0B"]': (),
    "def app(environ, start):\n    return environ['X']": (),
    FROM + "def app(environ, start):\n    return environ['X']": (),
    FROM + "app = lambda environ: environ['X']": (),
    FROM + "app = lambda e=environ['X']: 1": X,
    FROM + "def app(a=getenv('X')): pass": X,
    FROM + "@register(getenv('X'))\ndef app(environ: getenv('Y')) -> getenv('Z'): pass": (
        ("X", False), ("Y", False), ("Z", False)
    ),
    "def f():\n    from os import environ\n    return environ['X']\nenviron['Y']": X,
    "try:\n    from os import environ\nexcept ImportError:\n    environ = {}\nenviron['X']": X,
    "def f():\n    import os\n    def g():\n        return os.getenv('X')": X,
    "def f():\n    e = None\n    def g():\n        nonlocal e\n        from os import environ as e\n    e['X']": X,
    FROM + "match 1:\n    case environ:\n        environ['X']": X,
    FROM + "async def f():\n    async with a as b:\n        return {k: getenv('X') async for k in await c}": X,
    FROM + "print(f'{getenv(\"X\")!r:>{getenv(\"Y\", 1)}}')": (("X", False), ("Y", True)),
    "a = a\nb = c\nc = b\nimport os\nos.getenv(a); os.getenv(b); d = d.environ; d['X']": (),
}  # fmt: skip


@pytest.mark.parametrize("source", CASES)
def test_what_is_read(source: str) -> None:
    found = variables_read_in(source.encode())
    assert tuple((read.name, read.has_default) for read in found) == CASES[source]


def test_lines_and_order() -> None:
    source = b'import os\n\nos.getenv(\n    "B"\n)\nos.getenv("A"); os.getenv("A"); os.getenv("A", 1)\n'
    assert variables_read_in(source) == (
        VariableRead("B", 3, False), VariableRead("A", 6, False), VariableRead("A", 6, True)
    )  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        b"", b"os.environ['X'", b"import os\n\xff\nos.getenv('X')", b"# coding: nobody\nimport os\nos.getenv('X')",
        b"import os\nos.getenv('X')\0", b"(" * 500 + b"environ",
        b"import os\nos.getenv('X')\n" + b"#" * 2 * 1024 * 1024,
        b"print 'environ'",
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_nothing(source: bytes) -> None:
    assert variables_read_in(source) == ()


CHAIN = b"".join(b"a%d = a%d\n" % (number + 1, number) for number in range(3000))


@pytest.mark.parametrize(
    "source",
    [
        b"import os\nx = " + b"1+" * 4000 + b"1\nos.getenv('X')",
        b"import os\nos.getenv('X')" + b".a" * 900,
        b"import os\nos" + b".environ" * 900 + b"\nos.getenv('X')",
        b"import os\nos.getenv('X')\na0 = os.environ\n" + CHAIN + b"a3000['Y']",
        b"import os\nos.getenv('X')\n" + b"[x," * 40000,
        b"import os\nos.getenv('X')\nx = [" + b"0," * 900_000 + b"]",
        b"import os\nos.getenv('X')\n" + b"if 1:\n" + b" x = os.environ['X']\n" * 5000,
    ],
)  # fmt: skip
def test_odd_shapes_take_no_second(source: bytes) -> None:
    began = time.perf_counter()
    assert {read.name for read in variables_read_in(source)} <= {"X"}
    assert time.perf_counter() - began < 10


# Python itself as the judge


class Asked(dict[str, str]):
    """An environment that has everything and writes down what it was asked for, by line."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: set[VariableRead] = set()

    def note(self, name: Any, has_default: bool) -> None:
        self.reads.add(VariableRead(name, sys._getframe(2).f_lineno, has_default))

    def __getitem__(self, name: str) -> str:
        self.note(name, False)
        return "1"

    def __contains__(self, name: object) -> bool:
        self.note(name, True)
        return True

    def get(self, key: str, *default: object) -> str:  # type: ignore[override]
        self.note(key, bool(default))
        return "1"

    def pop(self, key: str, *default: object) -> str:  # type: ignore[override]
        self.note(key, bool(default))
        return "1"

    def setdefault(self, key: str, *default: object) -> str:  # type: ignore[override]
        self.note(key, bool(default))
        return "1"

    def getenv(self, key: str, *default: object) -> str:
        self.note(key, bool(default))
        return "1"

    def __setitem__(self, name: str, value: str) -> None:
        pass

    def __delitem__(self, name: str) -> None:
        pass


def reads_by_python(source: str) -> set[VariableRead]:
    asked = Asked()
    module = types.ModuleType("os")
    module.environ, module.getenv = asked, asked.getenv  # type: ignore[attr-defined]
    imported = builtins.__import__

    def importing(name: str, *more: Any) -> Any:
        return module if name == "os" else imported(name, *more)

    exec(source, {"__builtins__": {**vars(builtins), "__import__": importing}, "other": {}, "__name__": "x"})
    return asked.reads


KEYS = ["A", "B", "C"]
READS = [
    "{o}.environ[{k}]", "{o}.environ.get({k})", "{o}.environ.get({k}, 0)", "{o}.getenv({k})", "{o}.getenv({k}, '')",
    "{e}[{k}]", "{e}.get({k})", "{e}.pop({k}, None)", "{e}.setdefault({k}, '')", "{g}({k})", "{g}({k}, None)",
    "{k} in {e}", "{k} not in {o}.environ", "{m}({k})", "{e}.get({k}) or {e}[{k}]",
]  # fmt: skip
SILENT = ["{e}[{k}] = '1'", "del {e}[{k}]", "other.get({k})", "{k} in other", "x = {k}", "{e}"]
WRAPPED = [
    "{}", "print = [{}]", "y = lambda: {}\ny()", "[{} for z in range(2)]", "def f(q={}): return q\nf()",
    "def f():\n    return {}\nf()", "class K:\n    v = {}", "class K:\n    def m(self):\n        return {}\nK().m()",
    "if {}: pass",
    "def f(environ, getenv, KEY, o):\n    try:\n        {}\n    except Exception: pass\nf(other, other.get, 'Z', 0)",
    "y = {{z: {} for z in range(1)}}", "f'{{{}}}'",
    "def f():\n    def inner():\n        return {}\n    return inner()\nf()",
]  # fmt: skip
HEAD = (
    "import os\nimport os as o\nfrom os import environ, getenv\nfrom os import environ as e, getenv as g\n"
    "method = environ.get\nenv = os.environ\nKEY = 'A'\nAGAIN = KEY\nclass Other:\n    KEY = 'Q'\n    environ = other\n"
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines = [HEAD]
    for _ in range(draw(st.integers(1, 6))):
        names = {
            "o": draw(st.sampled_from(["os", "o"])), "e": draw(st.sampled_from(["environ", "e", "env", "os.environ"])),
            "g": draw(st.sampled_from(["getenv", "g", "o.getenv"])),
            "k": draw(st.sampled_from([*(repr(key) for key in KEYS), "KEY", "AGAIN"])),
            "m": draw(st.sampled_from(["method", "e.get"])),
        }  # fmt: skip
        if draw(st.booleans()):
            read = draw(st.sampled_from(READS)).format(**names)
            wrapped = draw(st.sampled_from(WRAPPED))
            if "'" in read and wrapped.startswith("f'"):
                wrapped = "{}"
            lines.append(wrapped.format(read))
        else:
            lines.append(draw(st.sampled_from(SILENT)).format(**names))
    return "\n".join(lines)


@given(programs())
def test_python_is_asked_for_the_same(source: str) -> None:
    """What a caller hands over is not known to whoever reads the function alone: that is what Z is."""
    asked_for = {read for read in reads_by_python(source) if read.name != "Z"}
    assert set(variables_read_in(source.encode())) == asked_for

"""What one file asks for: imports with what must happen before they run, and everything around them."""

from __future__ import annotations

import ast
import textwrap
import warnings
from pathlib import Path

import pytest

from deploytool.domain.imports.facts import Anchor, Facts, Import, Origin, PathEdit, When
from deploytool.domain.imports.source.extract import facts_of

TOP, FUNCTION, MAIN, NEVER = When.TOP, When.FUNCTION, When.MAIN, When.TYPE_CHECKING


def facts(source: str, name: str = "x.py") -> Facts:
    return facts_of(textwrap.dedent(source).encode(), name)


def whens(source: str) -> dict[str, tuple[When, bool]]:
    return {each.module or each.names[0]: (each.when, each.guarded) for each in facts(source).imports}


def test_the_forms_of_imports() -> None:
    told = facts("""
        import a, b.c as d
        from e import f, g as h
        from . import i
        from ..j.k import *
    """)
    assert told.imports == (
        Import("a", (), 0, 2),
        Import("b.c", (), 0, 2),
        Import("e", ("f", "g"), 0, 3),
        Import("", ("i",), 1, 4),
        Import("j.k", ("*",), 2, 5),
    )
    assert not told.dynamics and not told.edits and told.exports == () and not told.lists and not told.error


@pytest.mark.parametrize(
    ("source", "when"),
    [
        ("import x", TOP),
        ("class A:\n import x", TOP),
        ("class A:\n def f(self):\n  import x", FUNCTION),
        ("async def f():\n import x", FUNCTION),
        ("for i in y:\n import x", TOP),
        ("while y:\n import x", TOP),
        ("match y:\n case 1:\n  import x", TOP),
        ("if y:\n pass\nelse:\n import x", TOP),
        ("if __name__ == '__main__':\n import x", MAIN),
        ("if '__main__' == __name__:\n import x", MAIN),
        ("if __name__ == '__main__' and y:\n import x", MAIN),
        ("if __name__ == '__main__' or y:\n import x", TOP),
        ("if __name__ == '__main__':\n pass\nelse:\n import x", TOP),
        ("if __name__ != '__main__':\n pass\nelse:\n import x", MAIN),
        ("if __name__ != '__main__':\n import x", TOP),
        ("if not (__name__ != '__main__'):\n import x", MAIN),
        ("def f():\n if __name__ == '__main__':\n  import x", FUNCTION),
        ("def f():\n import x\nif __name__ == '__main__':\n f()", FUNCTION),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import x", NEVER),
        ("import typing\nif typing.TYPE_CHECKING:\n import x", NEVER),
        ("import typing as t\nif t.TYPE_CHECKING:\n import x", NEVER),
        ("from typing import TYPE_CHECKING as TC\nif TC:\n import x", NEVER),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n pass\nelse:\n import x", TOP),
        ("from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n import x", TOP),
        ("from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n pass\nelse:\n import x", NEVER),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING or y:\n import x", TOP),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING and y:\n import x", NEVER),
        ("from typing import TYPE_CHECKING\nif y:\n pass\nelif TYPE_CHECKING:\n import x", NEVER),
        ("from typing import TYPE_CHECKING\ndef f():\n if TYPE_CHECKING:\n  import x", NEVER),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n def f():\n  import x", NEVER),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n import x", NEVER),
        ("TYPE_CHECKING = True\nif TYPE_CHECKING:\n import x", TOP),
        ("from elsewhere import TYPE_CHECKING\nif TYPE_CHECKING:\n import x", TOP),
        ("if TYPE_CHECKING:\n import x", TOP),
        ("if settings.TYPE_CHECKING:\n import x", TOP),
        ("if False:\n import x", NEVER),
        ("if True:\n import x", TOP),
    ],
)
def test_when_an_import_runs(source: str, when: When) -> None:
    assert whens(source)["x"][0] is when


@pytest.mark.parametrize(
    ("source", "guarded"),
    [
        ("try:\n import x\nexcept ImportError:\n pass", True),
        ("try:\n import x\nexcept ModuleNotFoundError as e:\n pass", True),
        ("try:\n import x\nexcept:\n pass", True),
        ("try:\n import x\nexcept (KeyError, ImportError):\n pass", True),
        ("try:\n import x\nexcept builtins.Exception:\n pass", True),
        ("try:\n import x\nexcept* ImportError:\n pass", True),
        ("try:\n import x\nexcept KeyError:\n pass", False),
        ("try:\n import x\nexcept Whatever:\n pass", False),
        ("try:\n import x\nfinally:\n pass", False),
        ("try:\n pass\nexcept ImportError:\n import x", False),
        ("try:\n pass\nexcept ImportError:\n pass\nelse:\n import x", False),
        ("try:\n pass\nexcept ImportError:\n pass\nfinally:\n import x", False),
        ("try:\n try:\n  import x\n finally:\n  pass\nexcept ImportError:\n pass", True),
        ("try:\n def f():\n  import x\nexcept ImportError:\n pass", False),
        ("try:\n class A:\n  import x\nexcept ImportError:\n pass", True),
        ("with suppress(ImportError):\n import x", True),
        ("with contextlib.suppress(ImportError, KeyError):\n import x", True),
        ("with suppress(KeyError):\n import x", False),
        ("def f():\n try:\n  import x\n except ImportError:\n  pass", True),
    ],
)
def test_whether_somebody_would_catch_it(source: str, guarded: bool) -> None:
    assert whens(source)["x"][1] is guarded


@pytest.mark.parametrize(
    ("source", "folders"),
    [
        ("sys.path.insert(0, '/app')", ["root /app"]),
        ("sys.path.append('lib')", ["cwd lib"]),
        ("sys.path.append('.')", ["cwd "]),
        ("sys.path.append(os.getcwd())", ["cwd "]),
        ("sys.path.append(os.path.dirname(__file__))", ["file .."]),
        ("sys.path.append(os.path.dirname(os.path.abspath(__file__)))", ["file .."]),
        ("sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))", ["file ../../lib"]),
        ("sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../..'))", ["file ../../.."]),
        ("sys.path.insert(0, str(Path(__file__).resolve().parent.parent))", ["file ../.."]),
        ("sys.path.insert(0, str(Path(__file__).parents[2] / 'src'))", ["file ../../../src"]),
        ("sys.path.insert(0, os.fspath(Path(__file__).parent.joinpath('a', 'b')))", ["file ../a/b"]),
        ("sys.path.insert(0, f'{os.path.dirname(__file__)}/lib')", ["file ../lib"]),
        ("sys.path.insert(0, os.path.dirname(__file__) + '/lib')", ["file ../lib"]),
        ("ROOT = Path(__file__).parent\nsys.path.insert(0, str(ROOT / 'lib'))", ["file ../lib"]),
        ("def f():\n root = '/a'\n sys.path.insert(0, root)", ["root /a"]),
        ("for p in ('/a', '/b'):\n sys.path.insert(0, p)", ["root /a", "root /b"]),
        ("if y:\n r = '/a'\nelse:\n r = '/b'\nsys.path.insert(0, r)", ["root /a", "root /b"]),
        ("sys.path.extend(['/a', '/b'])", ["root /a", "root /b"]),
        ("sys.path += ['/a']", ["root /a"]),
        ("sys.path[0:0] = ['/a']", ["root /a"]),
        ("sys.path[0] = '/a'", ["root /a"]),
        ("sys.path = ['/a'] + sys.path", ["root /a"]),
        ("sys.path[:] = [p for p in sys.path if p]", []),
        ("sys.path = ['/a', *sys.path]", ["root /a"]),
        ("import site\nsite.addsitedir('/a')", ["root /a"]),
        ("from sys import path\npath.append('/a')", ["root /a"]),
        ("import sys as s\ns.path.append('/a')", ["root /a"]),
        ("paths = sys.path\npaths.append('/a')", ["root /a"]),
        ("sys.path.append(os.environ['X'])", ["?"]),
        ("sys.path.append(os.environ.get('X', '/a'))", ["root /a", "?"]),
        ("sys.path.append(somewhere())", ["?"]),
        ("def add(p):\n sys.path.append(p)", ["?"]),
        ("def _add(p):\n sys.path.append(p)\n_add('/a')", ["root /a"]),
        ("sys.path.remove('/a')\nsys.path.pop()\nprint(sys.path)\n'/a' in sys.path", []),
        ("os.path.join('a')\npath.append('/b')", []),
        ("here = os.path.dirname(__file__)\nroot = os.path.dirname(here)\nsys.path.append(root)", ["file ../.."]),
    ],
)
def test_changes_of_the_path(source: str, folders: list[str]) -> None:
    told = facts("import os, sys\nfrom pathlib import Path\n" + source).edits
    assert sorted(_said(each) for each in told) == sorted(folders)


def test_a_search_for_the_root_of_the_repository_visits_every_folder_above() -> None:
    told = facts("""
        import sys
        from pathlib import Path
        root = Path(__file__).resolve().parent
        while not (root / ".git").exists():
            root = root.parent
        sys.path.insert(0, str(root))
    """).edits
    assert {_said(each) for each in told} >= {"file ..", "file ../..", "file ../../.."}
    assert all(each.folder is not None for each in told)


def _said(edit: PathEdit) -> str:
    return "?" if edit.folder is None else f"{edit.folder.origin} {edit.folder.path}"


def test_an_edit_says_where_when_and_why() -> None:
    told = facts("import sys\ndef f(where):\n    sys.path.append(where)\n    sys.path.append('/a')\n").edits
    assert told[1] == PathEdit(4, Anchor(Origin.ROOT, "/a"), "", FUNCTION)
    assert told[0].folder is None and "where, a parameter of f" in told[0].why


@pytest.mark.parametrize(
    ("source", "strings"),
    [
        ("x = 'a.b'", ("a.b",)),
        ("x = 'a.b:app'", ("a.b:app",)),
        ("x = 'main:app'", ("main:app",)),
        ("x = 'word'", ()),
        ("x = 'data/teams.json'", ("data/teams.json",)),
        ("x = 'teams.json'", ("teams.json",)),
        ("x = '.md'", (".md",)),
        ("x = '*.md'", ("*.md",)),
        ("x = 'python -m pkg.mod --x'", ("pkg.mod",)),
        ("x = 'python scripts/a.py --date 3'", ("scripts/a.py",)),
        ("x = 'see a.py for more'", ("a.py",)),
        ("x = 'then run python scripts/a.py.'", ("scripts/a.py",)),
        ("x = 'https://example.com/a'", ()),
        ("x = 'this is a sentence. And another'", ()),
        ("x = f'{base}/templates/{name}.html'", (".html", "/templates/")),
        ("x = f'plugins.{name}'", ("plugins.*",)),
        ("'''docs/a.md'''", ()),
        ("def f():\n '''docs/a.md'''", ()),
        ("'docs/a.md'", ()),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n x = 'a.b'", ()),
        ("x = 'a/' + 'b' * 300\ny = '" + "a/" * 101 + "'", ("a/",)),
        ("x = ['b.c', 'b.c', 'a.b']", ("a.b", "b.c")),
        ("x = b'a/b.txt'", ("a/b.txt",)),
        ("x: 'a.b' = 3", ("a.b",)),
        ("f(key='a.b')", ("a.b",)),
    ],
)
def test_strings_that_could_name_something(source: str, strings: tuple[str, ...]) -> None:
    assert facts(source).strings == strings


@pytest.mark.parametrize(
    ("source", "exports"),
    [
        ("", ()),
        ("__all__ = ['a', 'b']", ("a", "b")),
        ("__all__ = ('a',) + ('b',)", ("a", "b")),
        ("__all__ = ['a']\n__all__ += ['b']\n__all__.append('c')\n__all__.extend(['d'])", ("a", "b", "c", "d")),
        ("__all__: list[str] = ['a']", ("a",)),
        ("__all__ = ['a'] + other.__all__", None),
        ("__all__ = [n for n in dir()]", None),
        ("__all__ = ['a']\n__all__ += other.__all__", None),
        ("__all__ = ['a']\n__all__.extend(names)", None),
        ("a, __all__ = 1, ['b']", None),
    ],
)
def test_what_a_star_import_loads(source: str, exports: tuple[str, ...] | None) -> None:
    assert facts(source).exports == exports


@pytest.mark.parametrize(
    ("source", "lists"),
    [
        ("Path('x').iterdir()", True),
        ("os.listdir('x')", True),
        ("from os import scandir as s\ns('x')", True),
        ("import os\nos.walk('x')", True),
        ("import ast\nast.walk(tree)", False),
        ("Path('x').rglob('*')", True),
        ("glob.glob('x')", True),
        ("from importlib import resources\nresources.files('x')", True),
        ("for m in pkgutil.iter_modules(): pass", True),
        ("open('x')", False),
    ],
)
def test_whether_it_looks_into_folders(source: str, lists: bool) -> None:
    assert facts(source).lists is lists


@pytest.mark.parametrize(
    ("content", "name", "modules"),
    [
        (b"import a", "x.py", ["a"]),
        (b"import a", "x.txt", []),
        (b"#!/usr/bin/env python3\nimport a", "start", ["a"]),
        (b"#!/usr/local/bin/python3.11 -u\nimport a", "start", ["a"]),
        (b"#!/bin/sh\nimport a", "start", []),
        (b"\xef\xbb\xbfimport a", "x.py", ["a"]),
        ("# -*- coding: latin-1 -*-\nx = 'é'\nimport a".encode("latin-1"), "x.py", ["a"]),
        (b"import a\r\nimport b\rimport c\n", "x.py", ["a", "b", "c"]),
        (b"", "x.py", []),
        (b"\x0cimport a", "x.py", ["a"]),
    ],
)
def test_languages_and_codings(content: bytes, name: str, modules: list[str]) -> None:
    told = facts_of(content, name)
    assert [each.module for each in told.imports] == modules and not told.error


@pytest.mark.parametrize("name", ["run.sh", "run"])
def test_a_shell_script_has_words(name: str) -> None:
    script = b"#!/bin/bash\n# not/this.py\nexec gunicorn --chdir=src app.main:app $X\npython scripts/a.py; sh ./b.sh\n"
    assert facts_of(script, name).strings == ("./b.sh", "app.main:app", "scripts/a.py")


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        (b"import a\nx = (\n", 2, "never closed"),
        (b"x = 'a\xff'", 0, "utf-8"),
        (b"# coding: klingon\nimport a", 0, "klingon"),
        (b"a\0b", 0, "null"),
        (b"match x:\n case 1 -> 2", 2, "cannot read"),
        (b"type X = 1 =", 1, "cannot read"),
    ],
)
def test_what_cannot_be_read_is_an_error(source: bytes, line: int, said: str) -> None:
    told = facts_of(source)
    assert said in told.error
    assert not line or told.error_line == line
    assert not told.imports


def test_the_parser_does_not_talk() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert facts_of(b"x = '\\d'\nassert (1, 'a')\nif 1 is 2: import a").imports


def test_every_import_statement_is_found() -> None:
    source = Path(ast.__file__).read_bytes() + Path(textwrap.__file__).read_bytes()
    wanted = [
        (node.lineno, alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    told = [(each.line, name) for each in facts_of(source).imports for name in each.names or (each.module,)]
    assert sorted(told) == sorted(wanted) and wanted

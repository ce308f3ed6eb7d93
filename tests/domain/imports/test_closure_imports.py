"""What import statements reach in an image."""

from __future__ import annotations

import pytest

from tests.domain.imports.sources import Content, closure, script

# (what is tested, the files besides /app/main.py, source of /app/main.py, files of /app reached besides main.py)
FORMS: list[tuple[str, dict[str, Content], Content, str]] = [
    ("a module", {"a.py": ""}, "import a", "a.py"),
    ("a package", {"a/__init__.py": "", "a/b.py": ""}, "import a", "a/__init__.py"),
    ("its module brings the package", {"a/__init__.py": "", "a/b.py": ""}, "import a.b", "a/__init__.py a/b.py"),
    ("as far as it exists", {"a/__init__.py": "", "a/b.py": ""}, "import a.c.d", "a/__init__.py"),
    ("a submodule by from", {"a/__init__.py": "", "a/b.py": ""}, "from a import b", "a/__init__.py a/b.py"),
    ("an attribute by from", {"a/__init__.py": "b = 1", "a/c.py": ""}, "from a import b", "a/__init__.py"),
    ("a namespace", {"a/b/c.py": ""}, "import a.b.c", "a/b/c.py"),
    ("from a namespace", {"a/b/c.py": ""}, "from a.b import c", "a/b/c.py"),
    (
        "a namespace inside a package",
        {"a/__init__.py": "", "a/b/c.py": ""},
        "from a.b import c",
        "a/__init__.py a/b/c.py",
    ),
    ("package and module of one name", {"a.py": "", "a/__init__.py": ""}, "import a", "a.py a/__init__.py"),
    ("module and folder of one name", {"a.py": "", "a/b.py": ""}, "import a.b", "a.py a/b.py"),
    ("a star without list", {"a/__init__.py": "x = 1", "a/b.py": ""}, "from a import *", "a/__init__.py"),
    (
        "a star with a list",
        {"a/__init__.py": "__all__ = ['b', 'x']", "a/b.py": "", "a/c.py": ""},
        "from a import *",
        "a/__init__.py a/b.py",
    ),
    (
        "a star that cannot be told",
        {"a/__init__.py": "__all__ = list_of()", "a/b.py": "", "a/c/__init__.py": "", "a/d/e.txt": ""},
        "from a import *",
        "a/__init__.py a/b.py a/c/__init__.py",
    ),
    (
        "a star of a star",
        {"a/__init__.py": "from .b import *", "a/b/__init__.py": "__all__ = ['c']", "a/b/c.py": ""},
        "from a import *",
        "a/__init__.py a/b/__init__.py a/b/c.py",
    ),
    ("relative", {"a/__init__.py": "from . import b", "a/b.py": ""}, "import a", "a/__init__.py a/b.py"),
    ("relative module", {"a/__init__.py": "from .b import x", "a/b.py": ""}, "import a", "a/__init__.py a/b.py"),
    (
        "relative, further up",
        {
            "a/__init__.py": "",
            "a/b/__init__.py": "",
            "a/b/c.py": "from ..d import e",
            "a/d/__init__.py": "",
            "a/d/e.py": "",
        },
        "import a.b.c",
        "a/__init__.py a/b/__init__.py a/b/c.py a/d/__init__.py a/d/e.py",
    ),
    (
        "relative star",
        {"a/__init__.py": "from .b import *", "a/b.py": "import c", "c.py": ""},
        "import a",
        "a/__init__.py a/b.py c.py",
    ),
    ("itself", {}, "import main", ""),
    ("in a circle", {"a.py": "import b", "b.py": "import a, main"}, "import a", "a.py b.py"),
    ("in a function", {"a.py": ""}, "def f():\n    import a", "a.py"),
    ("in the program's own block", {"a.py": ""}, "if __name__ == '__main__':\n    import a", "a.py"),
    ("in a module's own block", {"a.py": "if __name__ == '__main__':\n    import b", "b.py": ""}, "import a", "a.py"),
    ("for the type checker", {"a.py": ""}, "if TYPE_CHECKING:\n    import a", ""),
    ("guarded", {"a.py": ""}, "try:\n    import a\nexcept ImportError:\n    pass", "a.py"),
    ("a case of its own", {"A.py": ""}, "import a", ""),
    ("what Python has", {}, "import os, json.decoder", ""),
    ("no bytes of a document", {"a.txt": "", "a/b.txt": ""}, "import a, a.b", ""),
    ("a name that goes on and on", {"a/__init__.py": ""}, "import a." + ".".join("b" * 3000), "a/__init__.py"),
]


@pytest.mark.parametrize(("files", "main", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_forms_of_import(files: dict[str, Content], main: Content, expected: str) -> None:
    image = {"/app/main.py": main, **{f"/app/{path}": content for path, content in files.items()}}
    found = closure(image, script("/app/main.py"))
    assert set(found.reached) == {"/app/main.py", *(f"/app/{path}" for path in expected.split())}
    assert not found.everything
    assert not found.doubts

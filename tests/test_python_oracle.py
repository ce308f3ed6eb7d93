"""The oracle that decides about closures, where its answers are known."""

from __future__ import annotations

import pytest

from tests.import_corpus.case import ROOMS
from tests.python_oracle import Call, Image, Link, Loaded, Run, Start, loaded_by

MAIN = (Start("script", "/app/main.py"),)


def load(main: str, start: tuple[Start, ...] = MAIN, calls: tuple[Call, ...] = (), **files: str | Link) -> Loaded:
    """Files by name with `__` for `/` below /app."""
    image: dict[str, bytes | Link] = {"/app/main.py": main.encode()}
    for name, content in files.items():
        image[f"/app/{name.replace('__', '/')}.py"] = content if isinstance(content, Link) else content.encode()
    return loaded_by(image, Run(start, "/app", calls=calls))


def names(found: dict[str, str] | Image) -> str:
    return " ".join(sorted(path.removeprefix("/app/").removesuffix(".py") for path in found))


def test_startup_and_lazy_are_told_apart() -> None:
    found = load("import a\ndef f():\n    import b\n", a="", b="import c", c="", d="")
    assert (names(found.startup), names(found.lazy)) == ("a main", "b c")


def test_a_failure_does_not_end_it() -> None:
    found = load("import a\nraise ValueError\nimport b\n", a="1 / 0\nimport c", b="", c="")
    assert names(found.startup) == "a b c main"
    assert [error.split(": ")[1:3] for error in found.errors] == [
        ["/app/a.py:1", "ZeroDivisionError"],
        ["/app/main.py:2", "ValueError"],
    ]


STAND_INS = """
import os
from flask import Flask, Blueprint as B
import google.cloud.bigquery as bq
from missing.errors import Gone
app = Flask(__name__)
@app.route("/")
def f(): return 1
assert f() == 1
class A(bq.Client, B): x = bq.Field()
class C(Exception if not bq else Gone): pass
a, (b, c) = app.pair()
with app.lock() as d: d += 1
for e in app: import never
try: raise C
except Gone: import caught
n = int(os.environ["PORT"]) + len(app) + app.size * 2
assert os.environ.get("PORT") is None
import last
"""


def test_third_parties_do_what_is_asked_of_them() -> None:
    found = load(STAND_INS, caught="", last="", never="")
    assert found.errors == ()
    assert names(found.startup) == "caught last main"
    assert {"flask", "google.cloud.bigquery", "missing.errors"} <= set(found.stand_ins)


QUIET = """
import os, socket, subprocess, sys, threading, time, urllib.request
time.sleep(100)
threading.Thread(target=print).start()
open("/app/written", "w").write("x")
assert os.listdir("/app") and os.path.exists("/app/written") and os.getcwd() == "/app"
assert not os.path.exists("/etc/passwd") and __file__ == "/app/main.py"
{action}
import last
"""


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "RefusedError"),
        ("urllib.request.urlopen('http://127.0.0.1:9/')", "URLError"),
        ("subprocess.run(['true'])", "RefusedError"),
        ("os.system('true')", "RefusedError"),
        ("os.fork()", "RefusedError"),
        ("os._exit(3)", "SystemExit"),
        ("sys.exit('bye')", "SystemExit"),
    ],
)
def test_nothing_else_happens(action: str, error: str) -> None:
    found = load(QUIET.format(action=action), last="")
    assert [each.split(": ")[2] for each in found.errors] == [error]
    assert names(found.startup) == "last main"


def test_a_function_can_be_called() -> None:
    source = "import importlib\ndef go(name):\n    importlib.import_module('x' + name)\n"
    assert names(load(source, x1="", x2="").lazy) == ""
    assert names(load(source, x1="", x2="", calls=(Call("__main__", "go", ("2",)),)).lazy) == "x2"


def test_links_are_named_with_the_file_behind_them() -> None:
    found = load("import a\n", a=Link("/app/lib/b.py"), lib__b="import c", c="")
    assert (names(found.startup), found.links) == ("c lib/b main", ("/app/a.py",))


def test_the_image_has_its_own_root() -> None:
    source = "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).parents[1] / 'lib'))\nimport a\n"
    image = {"/app/main.py": source.encode(), "/lib/a.py": b""}
    assert set(loaded_by(image, Run(MAIN, "/app")).startup) == {"/app/main.py", "/lib/a.py"}


def test_the_corpus_has_no_two_cases_of_one_name() -> None:
    for cases in ROOMS.values():
        assert len({case.name for case in cases}) == len(cases)

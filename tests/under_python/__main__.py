"""Load a program under Python itself, and say which files of its image Python opened for it.

Run as `python -I -S -B tests/under_python ORDER ANSWER`. Everything that is not in the image is a stand-in. First what
starting loads (as Python does it, to the end even where a stand-in makes it fail); then every import that did not run.
"""

# ruff: noqa: E402 -- what Python has loaded by itself is counted before anything else is

from __future__ import annotations

import sys

INITIAL = frozenset(sys.modules)

import _frozen_importlib_external as machinery
import _io
import ast
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
from types import ModuleType
from typing import Any

import stand_ins
from filesystem import Folder
from quiet import Children, give_time, keep_quiet, no_more_time
from statements import Left, computed_names, fitting, imports_left, run_body

Context = tuple[str, dict[str, Any], bool]  # path as opened, names, is it the program itself?
MOST_ROUNDS = 30


class Loading:
    def __init__(self, order: dict[str, Any], folder: Folder, children: Children) -> None:
        self.order, self.folder, self.children = order, folder, children
        self.contexts: list[Context] = []
        self.errors: list[str] = []
        self.phase = "startup"

    def note(self, path: str, wrong: BaseException, line: int) -> None:
        self.errors.append(f"{self.phase}: {path}:{line}: {type(wrong).__name__}: {str(wrong)[:200]}")

    def run(self, path: str, source: bytes, code: Any, names: dict[str, Any], *, is_main: bool = False) -> None:
        self.contexts.append((path, names, is_main))
        run_body(code, source, names, lambda wrong, line: self.note(path, wrong, line))

    def exec_module(self, loader: Any, module: ModuleType) -> None:
        """Stands in for the loader's own: the same, but what fails does not end it."""
        path = getattr(loader, "path", "") or ""
        code = loader.get_code(module.__name__)
        if code is None:
            raise ImportError(f"no code in {path}")
        if not os.path.exists(self.folder.root + self.folder.seen(path)):
            exec(code, module.__dict__)  # the standard library
        else:
            self.run(path, self._source(path), code, module.__dict__)

    def _source(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()

    # ---- starting

    def start(self, kind: str, name: str) -> None:
        give_time()
        try:
            getattr(self, f"start_{kind}")(name)
        except BaseException as wrong:
            self.note(name, wrong, 0)

    def start_module(self, name: str) -> None:
        sys.path.insert(0, os.getcwd())
        importlib.import_module(name)

    def start_script(self, path: str) -> None:
        if os.path.isdir(path):
            sys.path.insert(0, path)
            path = f"{path}/__main__.py"
        else:
            real = path
            while os.path.islink(real):
                real = os.path.normpath(os.path.join(os.path.dirname(real), os.readlink(real)))
            sys.path.insert(0, os.path.dirname(real))
        self._as_main(path, None)

    def start_main(self, name: str) -> None:
        sys.path.insert(0, os.getcwd())
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            importlib.import_module(name)
            spec = importlib.util.find_spec(f"{name}.__main__")
        if spec is None or not spec.origin:
            raise ImportError(f"no module to run: {name}")
        self._as_main(spec.origin, spec)

    def start_config(self, path: str) -> None:
        sys.path.insert(0, os.getcwd())
        self._by_location(path)

    def start_file(self, path: str) -> None:
        sys.path.append(os.path.dirname(path))
        self._by_location(path)

    def _by_location(self, path: str) -> None:
        name = os.path.basename(path).partition(".")[0]
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(name, module)
        spec.loader.exec_module(module)

    def _as_main(self, path: str, spec: Any) -> None:
        sys.argv = [path, *self.order["arguments"]]
        with _io.open_code(path) as file:
            source = file.read()
        main = ModuleType("__main__")
        main.__dict__.update(__file__=path, __spec__=spec, __package__=spec.parent if spec else None)
        main.__dict__["__builtins__"] = __builtins__
        sys.modules["__main__"] = main
        self.run(path, source, compile(source, path, "exec", dont_inherit=True), main.__dict__, is_main=True)

    # ---- afterwards

    def everything_else(self, *, calls: bool = True) -> None:
        """Calls, children, then each import that did not run, until nothing new comes."""
        for call in self.order["calls"] if calls else ():
            self._call(call)
        done, known_path = 0, list(sys.path)
        for _ in range(MOST_ROUNDS):
            while done < len(self.contexts) or self.children.scripts:
                while self.children.scripts:
                    self.start("script", self.children.scripts.pop(0))
                self._imports_of(self.contexts[done]) if done < len(self.contexts) else None
                done += 1
            if sys.path == known_path or not stand_ins.forget_those_found_now():
                return
            done, known_path = 0, list(sys.path)

    def _call(self, call: dict[str, Any]) -> None:
        give_time()
        try:
            module = sys.modules.get(call["module"]) or importlib.import_module(call["module"])
            getattr(module, call["function"])(*call["arguments"])
        except BaseException as wrong:
            self.note(f"{call['module']}:{call['function']}", wrong, 0)

    def _imports_of(self, context: Context) -> None:
        path, names, is_main = context
        try:
            left = imports_left(self._source(path), is_main=is_main)
        except (SyntaxError, ValueError, RecursionError) as wrong:
            self.note(path, wrong, 0)
            return
        for each in left:
            self._run_left(path, dict(names), each)
        if callable(names.get("__getattr__")):
            for name in list(names.get("__all__") or ()):
                self._guarded(path, 0, lambda name=name: names["__getattr__"](name) if name not in names else None)

    def guesses(self) -> None:
        """What imports by computed names may load, and then what those import."""
        self.phase = "guessed"
        done = 0
        while done < len(self.contexts):
            self._guess(self.contexts[done])
            done += 1
        self.everything_else(calls=False)

    def _guess(self, context: Context) -> None:
        path, names, _ = context
        patterns: list[str] = []
        self._guarded(path, 0, lambda: patterns.extend(computed_names(self._source(path), names)))
        for pattern in patterns:
            self._guarded(path, 0, lambda pattern=pattern: self._load_all(pattern))

    def _load_all(self, pattern: str) -> None:
        """Modules of the image that fit: `shop.*` or a whole name."""
        for name in [pattern] if "*" not in pattern else list(fitting(pattern)):
            spec = importlib.util.find_spec(name)
            if spec is not None and not isinstance(spec.loader, type):  # no stand-in
                importlib.import_module(name)

    def _run_left(self, path: str, names: dict[str, Any], left: Left) -> None:
        for statement in (*left.before, left.statement):
            code = compile(ast.Module([statement], []), path, "exec", dont_inherit=True)
            self._guarded(path, statement.lineno, lambda code=code: exec(code, names))

    def _guarded(self, path: str, line: int, action: Any) -> None:
        give_time()
        try:
            action()
        except BaseException as wrong:
            self.note(path, wrong, line)


def links_passed(path: str) -> list[str]:
    """The links of the image on the way to a file, those that links lead through as well."""
    found, walked, rest = [], "", [part for part in path.split("/") if part]
    while rest and len(found) < 40:
        part = rest.pop(0)
        walked = os.path.dirname(walked) if part == ".." else f"{walked}/{part}" if part != "." else walked
        if os.path.islink(walked):
            found.append(walked)
            target = os.readlink(walked)
            walked = "" if target.startswith("/") else os.path.dirname(walked)
            rest[:0] = [each for each in target.split("/") if each]
    return found


def hashes(names: list[str]) -> dict[str, str]:
    """By the real path in the image, of what was there when it was looked at."""
    found = {}
    for name in names:
        real = os.path.realpath(name)
        if os.path.isfile(real):
            with open(real, "rb") as file:
                found[real] = hashlib.sha1(file.read()).hexdigest()
    return found


def set_up(order: dict[str, Any]) -> Loading:
    folder = Folder(order["root"])
    importlib.invalidate_caches()
    loading = Loading(order, folder, keep_quiet(order["environment"]))
    os.chdir(folder.root + order["cwd"])
    sys.dont_write_bytecode = True
    sys.path = [entry for entry in sys.path if not entry.endswith("under_python")]
    sys.path[:0] = [os.path.join(order["cwd"], entry) for entry in order["path"]]
    sys.meta_path.append(stand_ins.StandInFinder)
    stand_ins.of_special_calls["uvicorn.run"] = lambda app="", *rest, **more: (
        importlib.import_module(app.partition(":")[0]) if isinstance(app, str) and app else None
    )
    machinery._LoaderBasics.exec_module = lambda loader, module: loading.exec_module(loader, module)  # noqa: PLW0108 -- binds
    folder.pretend()
    for name, module in list(sys.modules.items()):  # what only this file needed; the image may have one of that name
        if name not in INITIAL and getattr(module, "__file__", None):
            del sys.modules[name]
    return loading


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        order = json.load(file)
    answer = open(sys.argv[2], "w", encoding="utf-8")  # noqa: SIM115 -- later there is no way out
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    if not order["loud"]:
        os.dup2(null, 2)
    leave = os._exit
    loading = set_up(order)
    for kind, name in order["starts"]:
        loading.start(kind, name)
    startup = list(loading.folder.loaded)
    at_startup = list(loading.folder.read)
    if order["lazy"]:
        loading.phase = "lazy"
        loading.everything_else()
    lazily = list(loading.folder.loaded)
    if order["guess"]:
        loading.guesses()
    loading.folder.recording = False
    no_more_time()
    first, then, last = hashes(startup), hashes(lazily), hashes(list(loading.folder.loaded))
    found = {
        "startup": first,
        "lazy": {name: digest for name, digest in then.items() if name not in first},
        "guessed": {name: digest for name, digest in last.items() if name not in first | then},
        "links": sorted({link for name in loading.folder.loaded for link in links_passed(name)}),
        "read": sorted(hashes(at_startup)),
        "errors": loading.errors,
        "stand_ins": sorted(name for name in sys.modules if stand_ins.is_one(name)),
    }
    json.dump(found, answer)
    answer.flush()
    leave(0)


main()

"""`python …`: a file, a folder, `-m module`, `-c code`."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Sequence

from deploytool.domain.imports.launch.found import Process
from deploytool.domain.imports.launch.servers import SERVERS
from deploytool.domain.imports.launch.values import Field
from deploytool.domain.imports.program import StartKind

MOST_CODE = 50_000  # characters of `-c`
_VALUED = ("-X", "-W", "-Q", "--check-hash-based-pycs")
_MODULE_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_WRAPPERS = {
    "debugpy": ("--listen", "--connect", "--log-to", "--configure-subProcess", "--adapter-access-token", "--pid"),
    "coverage": ("--rcfile", "--source", "--omit", "--include", "--data-file", "--concurrency", "--context"),
    "cProfile": ("-o", "-s"),
    "memory_profiler": ("-o",),
    "memray": ("-o", "--output"),
    "viztracer": ("-o", "--output_file"),
    "trace": (),
}
_COMPUTED = frozenset(("__import__", "exec", "eval", "compile", "import_module", "run_module", "run_path", "execfile"))

Run = Callable[[Sequence[Field]], None]


def python(process: Process, arguments: Sequence[Field], stdin: str | None) -> None:
    """Runs what the first argument behind Python's own options says."""
    isolated = unsafe = False
    at = 0
    while at < len(arguments):
        text = arguments[at].text
        if arguments[at].unknown and not text:
            process.doubt("what Python runs depends on what only the run knows")
            return
        if not text.startswith("-") or text == "-":
            break
        at += 1
        if text.startswith("--"):
            at += text in _VALUED
            continue
        if text[:2] in _VALUED:
            at += text in _VALUED
            continue
        letters = re.match(r"-([A-Za-z]*?)([mc])(.*)\Z", text, re.DOTALL)
        flags = letters[1] if letters else text[1:]
        isolated |= bool(set(flags) & set("EI"))
        unsafe |= bool(set(flags) & set("PI"))
        if letters:
            value, rest = (
                (Field(letters[3]), arguments[at:]) if letters[3] else (_at(arguments, at), arguments[at + 1 :])
            )
            _paths(process, isolated=isolated, cwd=not unsafe)
            (_module if letters[2] == "m" else _code)(process, value, rest)
            return
        if text in ("-V", "-VV", "-h"):
            return
    _file(process, arguments[at:], stdin, isolated=isolated)


def _at(arguments: Sequence[Field], at: int) -> Field:
    return arguments[at] if at < len(arguments) else Field("")


def _paths(process: Process, *, isolated: bool, cwd: bool) -> None:
    if cwd:
        process.root(Field(""))
    if not isolated:
        process.python_path()


def _file(process: Process, arguments: Sequence[Field], stdin: str | None, *, isolated: bool) -> None:
    path = _at(arguments, 0)
    if not arguments or path.text == "-":
        if stdin is None:
            process.doubt("Python is started without a program: it reads one from its input")
            return
        _paths(process, isolated=isolated, cwd=True)
        _code(process, Field(stdin), arguments[1:])
        return
    if not isolated:
        process.python_path()
    real = process.script(path)
    name = path.text.rpartition("/")[2]
    if name == "manage.py" and real is not None:
        process.found.word(path.text)
    keep(process, arguments[1:])


def keep(process: Process, arguments: Sequence[Field]) -> None:
    """Arguments that the program may take as names of modules or files."""
    for field in arguments:
        process.found.word(field.text.partition("=")[2] if field.text.startswith("-") else field.text)


def _module(process: Process, name: Field, rest: Sequence[Field]) -> None:
    if name.unknown or not _MODULE_NAME.match(name.text):
        process.doubt(f"python -m {name.text}: which module it is cannot be told")
        return
    if process.has(name.text):
        process.module(name.text, StartKind.MAIN)
        keep(process, rest)
        return
    top = name.text.split(".", 1)[0]
    server = SERVERS.get(name.text) or SERVERS.get(top)
    if server is not None:
        server(process, rest)
    elif top in _WRAPPERS:
        _wrapped(process, rest, _WRAPPERS[top])
    elif top in ("pip", "venv", "ensurepip", "compileall", "http", "json", "site", "platform", "smtpd", "zipfile"):
        keep(process, rest)
    elif top in sys.stdlib_module_names:
        process.module(name.text, StartKind.MAIN)
        process.doubt(f"python -m {name.text} may run what its arguments say")
    else:
        process.module(name.text, StartKind.MAIN)
        process.doubt(f"python -m {name.text}: nothing in the image answers to {name.text}")


def _wrapped(process: Process, rest: Sequence[Field], valued: tuple[str, ...]) -> None:
    """`python -m debugpy --listen 5678 -m uvicorn …`."""
    at = 0
    while at < len(rest) and (rest[at].text.startswith("-") or rest[at].text == "run"):
        if rest[at].text in ("-m", "-c"):
            break
        at += 2 if rest[at].text in valued else 1
    python(process, rest[at:], None)


def _code(process: Process, code: Field, rest: Sequence[Field]) -> None:
    """`-c`: its imports are started; code that computes what it loads is a doubt."""
    if code.unknown or len(code.text) > MOST_CODE:
        process.doubt("the code behind python -c depends on what only the run knows")
        return
    try:
        nodes = list(ast.walk(ast.parse(code.text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        process.doubt("the code behind python -c cannot be parsed")
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                _imported(process, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            _imported(process, node.module)
            for alias in node.names:
                process.optional_module(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            process.optional_module(node.value.split(":", 1)[0])
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in _COMPUTED or (name == "path" and isinstance(node, ast.Attribute) and _is_sys(node.value)):
                process.doubt(f"the code behind python -c uses {name}")
    keep(process, rest)


def _is_sys(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"


def _imported(process: Process, name: str) -> None:
    """What the image does not have is third-party or of Python itself: code of one line is not tested for that."""
    process.optional_module(name)
    process.found.ran = True

"""Python programs known by name: what each loads of ours, and which folders it adds to sys.path."""

from __future__ import annotations

import configparser
import fnmatch
from collections.abc import Callable, Mapping, Sequence

from deploytool.domain.imports.launch.found import Process
from deploytool.domain.imports.launch.gunicorn import gunicorn
from deploytool.domain.imports.launch.options import Options, all_but, only, options_of
from deploytool.domain.imports.launch.uwsgi import uwsgi
from deploytool.domain.imports.launch.values import Field

Arguments = Sequence[Field]

_UVICORN_FLAGS = """
    --reload --factory --access-log --no-access-log --use-colors --no-use-colors --proxy-headers --no-proxy-headers
    --server-header --no-server-header --date-header --no-date-header --version --help --http2 --reset-contextvars
"""
_SERVER_FLAGS = """
    --proxy-headers --nostatic --no-server-name --debug --reload --call --expose-tracebacks --no-expose-tracebacks
    --ipv4 --no-ipv4 --ipv6 --no-ipv6 --log-untrusted-proxy-headers --no-log-untrusted-proxy-headers --help -h
    --clear-untrusted-proxy-headers --no-clear-untrusted-proxy-headers --asyncore-use-poll --factory --no-factory
    --access-log --no-access-log --ws --no-ws --version --fast
    --single-process --dev -d --no-motd --noisy-exceptions
"""


def uvicorn(process: Process, arguments: Arguments) -> None:
    options = options_of(arguments, all_but(_UVICORN_FLAGS))
    process.root(options.last("--app-dir") or Field(""))
    process.python_path()
    _served(process, options)
    for value in options.all("--log-config"):
        process.names_in(value)
    _keep(process, options)


def application_server(process: Process, arguments: Arguments) -> None:
    """hypercorn, daphne, waitress-serve, granian: `module:app`, looked up in the working folder first."""
    options = options_of(arguments, all_but(_SERVER_FLAGS))
    for folder in options.all("--working-dir", "--chdir"):
        process.change_folder(folder)
    process.root(Field(""))
    process.python_path()
    for value in options.all("--config"):  # of hypercorn
        if value.text.startswith("python:"):
            process.app(Field(value.text.removeprefix("python:"), value.unknown))
        elif value.text.endswith(".py"):
            process.script(Field(value.text.removeprefix("file:"), value.unknown))
    _served(process, options)
    _keep(process, options)


def _served(process: Process, options: Options) -> None:
    named = [*options.all("--app"), *options.words][:1]
    if not named:
        process.doubt("the server is given no application")
    for app in named:
        path, _, _ = app.text.partition(":")
        if path.endswith(".py") or "/" in path:
            process.file_as_module(Field(path.removeprefix("file:"), app.unknown))
        else:
            process.app(app)


def _keep(process: Process, options: Options) -> None:
    for _, value in options.named:
        process.found.word(value.text)


def functions_framework(process: Process, arguments: Arguments) -> None:
    options = options_of(arguments, all_but("--debug --dry-run --help"))
    named = process.state.variables.get("FUNCTION_SOURCE")
    given = options.last("--source")
    sources = [given] if given else [field for way in named or () for field in way] or [Field("main.py")]
    process.python_path()
    for source in sources:
        process.script(source)
    _keep(process, options)


def flask(process: Process, arguments: Arguments) -> None:
    options = options_of(arguments, only("-A --app -e --env-file -h --host -p --port --cert --key --extra-files"))
    given = options.all("-A", "--app")
    apps = given or [field for way in process.state.variables.get("FLASK_APP", ()) for field in way if field.text]
    process.root(Field(""))
    process.python_path()
    place = process.found.place
    if not apps:
        apps = [Field(name) for name in ("wsgi.py", "app.py") if place.file(name, process.cwd.text)]
    if not apps:
        process.doubt("flask is given no application, and there is no wsgi.py or app.py in its folder")
    for app in apps:
        path = app.text.split(":", 1)[0]
        if "/" in path or path.endswith(".py"):
            process.file_as_module(Field(path, app.unknown))
        else:
            process.app(app)
    if any(word.text == "db" for word in options.words):
        _scripts_below(process, "migrations")
    for word in options.words:
        process.found.word(word.text)


def celery(process: Process, arguments: Arguments) -> None:
    """By convention Celery finds `app.celery` for `app`, and loads modules named `tasks`."""
    options = options_of(
        arguments, only("-A --app -b --broker --workdir --config --loader -I --include -S --scheduler")
    )
    for folder in options.all("--workdir"):
        process.change_folder(folder)
    process.root(Field(""))
    process.python_path()
    apps = options.all("-A", "--app") or [
        field for way in process.state.variables.get("CELERY_APP", ()) for field in way if field.text
    ]
    if not apps:
        process.doubt("celery is given no application")
    for app in apps:
        process.app(app)
        process.optional_module(f"{app.text.split(':', 1)[0]}.celery")
    for value in options.all("--config", "-I", "--include", "-S", "--scheduler", "--loader"):
        for name in value.text.split(","):
            process.optional_module(name.split(":", 1)[0])
            process.optional_module(name.replace(":", ".").rpartition(".")[0])
    for root in tuple(process.found.roots):
        for path in process.found.place.below(root):
            below = path[len(root.rstrip("/")) + 1 :]
            if below.endswith("/tasks.py"):
                process.optional_module(below.removesuffix(".py").replace("/", "."))
    _keep(process, options)


def streamlit(process: Process, arguments: Arguments) -> None:
    """`streamlit run file`, whose folder's `pages/` are scripts, too."""
    options = options_of(arguments, all_but("--help --version"))
    process.python_path()
    words = [word for word in options.words if word.text not in ("run", "hello")]
    if not words:
        process.doubt("streamlit is given no file")
        return
    real = process.script(words[0])
    if real is not None:
        folder = real.rpartition("/")[0]
        for path in sorted(process.found.place.below(f"{folder}/pages")):
            if path.endswith(".py"):
                process.start_script(path)
    for word in words[1:]:
        process.found.word(word.text)


_FASTAPI_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def fastapi(process: Process, arguments: Arguments) -> None:
    options = options_of(arguments, only("--host --port --workers --root-path --app --reload-dir -e --entrypoint"))
    process.python_path()
    named = options.last("-e", "--entrypoint")
    if named:
        process.root(Field(""))
        process.app(named)
        return
    words = [word for word in options.words if word.text not in ("run", "dev")]
    place = process.found.place
    found = words[:1] or [Field(name) for name in _FASTAPI_FILES if place.file(name, process.cwd.text)][:1]
    if not found:
        process.doubt("fastapi is given no file, and there is none of the usual names")
    for path in found:
        is_folder = place.folder(path.text, process.cwd.text) is not None
        process.file_as_module(Field(f"{path.text}/__init__.py", path.unknown) if is_folder else path)


def file_server(process: Process, arguments: Arguments) -> None:
    """chainlit, gradio, marimo, locust: the first Python file is run."""
    options = options_of(arguments, only("-f --locustfile --port --host -h -p"))
    process.python_path()
    files = [word for word in (*options.words, *options.all("-f", "--locustfile")) if word.text.endswith(".py")]
    process.root(Field(""))
    if not files:
        process.doubt("which file it runs cannot be told")
    for path in files:
        process.script(path)


def pytest(process: Process, arguments: Arguments) -> None:
    """Every test file and conftest.py below its folder, whatever part of them it is told to run."""
    process.python_path()
    process.found.ran = True
    for path in sorted(process.found.place.below(process.cwd.text)):
        name = path.rpartition("/")[2]
        if fnmatch.fnmatchcase(name, "test_*.py") or fnmatch.fnmatchcase(name, "*_test.py") or name == "conftest.py":
            process.start_script(path)


def modules(process: Process, arguments: Arguments) -> None:
    """dramatiq, arq, taskiq, faust, huey: modules named as words, looked up in the working folder."""
    options = options_of(arguments, only("-A --app -p --processes -t --threads -Q --queues --path -w --workers -k"))
    process.root(options.last("--path") or Field(""))
    process.python_path()
    words = [*options.all("-A", "--app"), *(word for word in options.words if word.text != "worker")]
    if not words:
        process.doubt("which modules it loads cannot be told")
    for word in words:
        name = word.text.split(":", 1)[0]
        process.app(Field(name if process.has(name) else name.rpartition(".")[0] or name, word.unknown))


def alembic(process: Process, arguments: Arguments) -> None:
    """Runs env.py and the versions of the folder that alembic.ini names."""
    options = options_of(arguments, only("-c --config -n --name -x"))
    process.python_path()
    value = options.last("-c", "--config") or Field("alembic.ini")
    real = None if value.unknown else process.found.place.file(value.text, process.cwd.text)
    if real is None:
        process.doubt(f"{value.text} is not in the image as far as git tells")
        return
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(process.found.place.text(real) or "")
        location = parser.get("alembic", "script_location", fallback="")
        added = parser.get("alembic", "prepend_sys_path", fallback="")
    except configparser.Error:
        location = added = ""
    here = real.rpartition("/")[0]
    for folder in added.replace(":", " ").split():
        process.root(Field(folder.replace("%(here)s", here)))
    _scripts_below(process, location.replace("%(here)s", here))


def _scripts_below(process: Process, folder: str) -> None:
    real = process.found.place.folder(folder, process.cwd.text) if folder else None
    if real is None:
        process.doubt(f"the folder of the migrations is not known: {folder}")
        return
    for path in sorted(process.found.place.below(real)):
        if path.endswith(".py"):
            process.start_script(path)


SERVERS: Mapping[str, Callable[[Process, Arguments], None]] = {
    "gunicorn": gunicorn,
    "gunicorn3": gunicorn,
    "uvicorn": uvicorn,
    **dict.fromkeys({"hypercorn", "daphne", "waitress-serve", "waitress", "granian", "sanic"}, application_server),
    **dict.fromkeys(
        ("functions-framework", "functions-framework-python", "functions_framework", "ff"), functions_framework
    ),
    "flask": flask,
    "celery": celery,
    "streamlit": streamlit,
    "fastapi": fastapi,
    **dict.fromkeys(("chainlit", "gradio", "marimo", "locust"), file_server),
    **dict.fromkeys({"dramatiq", "arq", "taskiq", "faust", "huey_consumer", "huey_consumer.py"}, modules),
    "alembic": alembic,
    "uwsgi": uwsgi,
    **dict.fromkeys(("pytest", "py.test"), pytest),
}

"""Commands of Dockerfiles: what Python loads first, and where it looks."""

from __future__ import annotations

import pytest

from deploytool.domain.doubt import DoubtKind
from tests.domain.imports.launching import HEAD, launched, shown
from tests.domain.memory_tree import Link

MAIN, APP, WEB = "module main", "module app", "module shop.web"
SCRIPT = "script main.py"


@pytest.mark.parametrize(
    ("command", "starts", "roots"),
    [
        # plain Python
        ('CMD ["python", "main.py"]', [SCRIPT], []),
        ("CMD python main.py --verbose", [SCRIPT], []),
        ("CMD exec python3 -u jobs/run.py", ["script jobs/run.py"], []),
        ("CMD python3.11 -X dev -W ignore -OO -B /app/main.py", [SCRIPT], []),
        ('CMD ["/opt/venv/bin/python", "./main.py"]', [SCRIPT], []),
        ("CMD pypy3 main.py", [SCRIPT], []),
        ('ENTRYPOINT ["python"]\nCMD ["main.py"]', [SCRIPT], []),
        ('ENTRYPOINT ["python", "-u"]\nCMD ["jobs/run.py", "--all"]', ["script jobs/run.py"], []),
        ("CMD python folder", ["script folder/__main__.py"], []),
        ("CMD python -m shop.web", ["main shop.web"], ["/app"]),
        ("CMD python -um shop", ["main shop"], ["/app"]),
        ("CMD python -mshop.web", ["main shop.web"], ["/app"]),
        ("CMD python -E -m shop.web", ["main shop.web"], ["/app"]),
        ("CMD python jobs/*.py", ["script jobs/other.py", "script jobs/run.py"], []),
        ('CMD python -c "import shop.web"', [WEB], ["/app"]),
        ("CMD python -c 'from shop import web; web.go()'", ["module shop", WEB], ["/app"]),
        # servers
        ("CMD gunicorn main:app", [MAIN], ["/app"]),
        ("CMD exec gunicorn --bind :${PORT:-8080} --workers 1 --threads 8 --timeout 0 main:app", [MAIN], ["/app"]),
        (
            'CMD ["gunicorn", "-w", "4", "-b0.0.0.0:80", "-k", "uvicorn.workers.UvicornWorker", "shop.web:app"]',
            [WEB],
            ["/app"],
        ),
        ("CMD gunicorn --preload --access-logfile=- --log-level info 'shop.web:create(1, \"x\")'", [WEB], ["/app"]),
        ("CMD gunicorn main", [MAIN], ["/app"]),
        ("CMD gunicorn --chdir shop web:app", ["module web"], ["/app/shop"]),
        (
            "CMD gunicorn --chdir=/app/shop --pythonpath /app,/lib web:app",
            ["module web"],
            ["/app/shop", "/app", "/lib"],
        ),
        ("CMD python -m gunicorn -w 2 main:app", [MAIN], ["/app"]),
        ("CMD uvicorn main:app --host 0.0.0.0 --port $PORT --reload", [MAIN], ["/app"]),
        ("CMD uvicorn --factory --app-dir shop web:make", ["module web"], ["/app/shop"]),
        ("CMD python -m uvicorn main:app", [MAIN], ["/app"]),
        ("CMD hypercorn shop.web:app --bind 0.0.0.0:80", [WEB], ["/app"]),
        ("CMD daphne -b 0.0.0.0 -p 80 shop.web:app", [WEB], ["/app"]),
        ("CMD waitress-serve --port=80 --call shop.web:make", [WEB], ["/app"]),
        ("CMD functions-framework --target=go", [SCRIPT], []),
        ("CMD functions-framework --target go --source jobs/run.py --port 80", ["script jobs/run.py"], []),
        ("ENV FUNCTION_SOURCE=app.py\nCMD functions-framework --target go", ["script app.py"], []),
        ("CMD flask run --host 0.0.0.0", [APP], ["/app"]),
        ("CMD flask --app shop.web run", [WEB], ["/app"]),
        ("ENV FLASK_APP=shop/web.py\nCMD flask run", [WEB], ["/app"]),
        ("CMD celery -A shop.web worker -l info", [WEB], ["/app"]),
        ("CMD uwsgi --http :80 --wsgi-file jobs/run.py --callable app", ["script jobs/run.py"], ["/app"]),
        ("CMD uwsgi --socket x --chdir shop --module web:app --master", ["module web"], ["/app/shop"]),
        ("CMD service nginx start && gunicorn main:app", [MAIN], ["/app"]),
        ("CMD streamlit run main.py --server.port 8080", [SCRIPT], []),
        ("CMD fastapi run", [MAIN], ["/app"]),
        ("CMD fastapi run shop/web.py --port 80", [WEB], ["/app"]),
        # what stands before
        ('ENTRYPOINT ["tini", "--"]\nCMD ["python", "main.py"]', [SCRIPT], []),
        ('ENTRYPOINT ["/usr/bin/tini", "-s", "-g", "--", "gosu", "user", "python", "main.py"]', [SCRIPT], []),
        ('ENTRYPOINT ["dumb-init", "-v", "python", "main.py"]', [SCRIPT], []),
        ("CMD timeout -k 5 60 nice -n 5 python main.py", [SCRIPT], []),
        ("CMD poetry run python main.py", [SCRIPT], []),
        ("CMD uv run main.py", [SCRIPT], []),
        ("CMD uv run --no-sync --frozen gunicorn main:app", [MAIN], ["/app"]),
        ("CMD uv run -m shop.web", ["main shop.web"], ["/app"]),
        ("CMD pipenv run gunicorn main:app", [MAIN], ["/app"]),
        ("CMD conda run --no-capture-output -n env python main.py", [SCRIPT], []),
        ("CMD opentelemetry-instrument --traces_exporter console python main.py", [SCRIPT], []),
        ("CMD ddtrace-run gunicorn main:app", [MAIN], ["/app"]),
        ("CMD newrelic-admin run-program gunicorn main:app", [MAIN], ["/app"]),
        ("CMD doppler run -- python main.py", [SCRIPT], []),
        ("CMD ./wait-for-it.sh db:5432 -t 30 -- python main.py", [SCRIPT], []),
        ("CMD env -u A B=c python main.py", [SCRIPT], []),
        ("CMD PYTHONPATH=/app/shop python main.py", [SCRIPT], ["/app/shop"]),
        ("CMD env PYTHONPATH=shop:/lib python main.py", [SCRIPT], ["/app/shop", "/lib"]),
        ("CMD export PYTHONPATH=$PYTHONPATH:/app/shop && python main.py", [SCRIPT], ["/app", "/app/shop"]),
        ("CMD python -m debugpy --listen 5678 -m uvicorn main:app", [MAIN], ["/app"]),
        ("CMD su user -c 'python main.py'", [SCRIPT], []),
        # shells
        ("CMD cd jobs && python run.py", ["script jobs/run.py"], []),
        ("CMD (cd jobs; true); python main.py", [SCRIPT], []),
        ('CMD ["sh", "-c", "exec gunicorn main:app"]', [MAIN], ["/app"]),
        ('CMD ["/bin/bash", "-lc", "python main.py"]', [SCRIPT], []),
        ('CMD ["bash", "-o", "pipefail", "-c", "python main.py | tee log"]', [SCRIPT], []),
        ('SHELL ["/bin/bash", "-euo", "pipefail", "-c"]\nCMD python main.py', [SCRIPT], []),
        (
            "CMD python main.py & python jobs/run.py; python -m shop.web",
            [SCRIPT, "script jobs/run.py", "main shop.web"],
            ["/app"],
        ),
        ("CMD nginx && gunicorn main:app", [MAIN], ["/app"]),
        (
            'CMD if [ "$S" = a ]; then exec gunicorn main:app; elif x=1; then python app.py; fi',
            [MAIN, "script app.py"],
            ["/app"],
        ),
        ("CMD case $S in a|b) python main.py;; *) python app.py; esac", [SCRIPT, "script app.py"], []),
        ("CMD while true; do python main.py; sleep 5; done", [SCRIPT], []),
        ("CMD for f in main app; do python $f.py; done", [SCRIPT, "script app.py"], []),
        ("CMD go() { python $1; }; go main.py", [SCRIPT], []),
        ("ENV M=shop.web\nCMD gunicorn $M:app", [WEB], ["/app"]),
        ("ENV M=shop.web\nCMD gunicorn ${M:-main}:app", [WEB], ["/app"]),
        ("ENV RUN='python main.py --x'\nCMD $RUN", [SCRIPT], []),
        ('CMD A=main; B=${A}.py; python "$B"', [SCRIPT], []),
        ("CMD python main.py 2>&1 >/dev/null", [SCRIPT], []),
        ("CMD echo $(python main.py)", [SCRIPT], []),
        ('CMD eval "python main.py"', [SCRIPT], []),
        ("CMD sh -c 'python $0' main.py", [SCRIPT], []),
    ],
)
def test_it_tells_what_a_command_starts(command: str, starts: list[str], roots: list[str]) -> None:
    program = launched(
        command, {"wait-for-it.sh": '#!/bin/bash\nexec "${CLI[@]}"', "shop/web/x": ""} if "wait" in command else None
    )
    assert (shown(program), list(program.roots)) == (starts, roots)
    assert not program.doubts, program.doubts
    assert program.python


@pytest.mark.parametrize(
    ("value", "roots"),
    [
        ("/app:$PYTHONPATH", ["/app"]),
        ("/lib:$PYTHONPATH", ["/lib", "/app/jobs"]),
        ("/lib", ["/lib"]),
        ("../shop:/lib", ["/app/shop", "/lib"]),
    ],
)
def test_pythonpath_is_read_as_python_reads_it(value: str, roots: list[str]) -> None:
    program = launched(f"WORKDIR /app/jobs\nENV PYTHONPATH={value}\nCMD python run.py")
    assert [root for root in program.roots if root != "/app/jobs" or value.startswith("/lib:")] == roots
    assert program.cwd == "/app/jobs"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("", "no CMD or ENTRYPOINT"),
        ('CMD ["python"]', "without a program"),
        ('ENTRYPOINT ["/bin/bash"]', "waits for commands"),
        ('CMD ["myapp", "--serve"]', "myapp is no program known here"),
        ("CMD gunicorn $APP", "which module is served"),
        ("CMD gunicorn ${APP:-main:app}", "which module is served"),
        ("CMD gunicorn -w 1", "no application"),
        ("CMD gunicorn nowhere:app", "nothing in the image answers to the module nowhere"),
        ("CMD python nowhere.py", "nowhere.py is not in the image"),
        ("CMD python $SCRIPT", "depends on what only the run knows"),
        ("CMD $PROGRAM main.py", "depends on what only the run knows"),
        ("CMD python -I -m shop.web", "nothing in the image answers to shop.web"),
        ("CMD python -m nowhere", "nothing in the image answers to nowhere"),
        ("CMD python -c 'exec(open(1).read())'", "uses exec"),
        ("CMD python -c 'import'", "cannot be parsed"),
        ("CMD curl x | python", "without a program"),
        ("CMD cd $X && python main.py", "depends on what only the run knows"),
        ("CMD PYTHONPATH=$X python main.py", "PYTHONPATH depends"),
        ("CMD python main.py; if", "cannot be read"),
        ("CMD (cd jobs; python run.py) & python main.py", "several folders"),
        ("CMD cd jobs && python run.py & python main.py", "several folders: /app/jobs, /app"),
        ("CMD ./missing.sh", "./missing.sh is not in the image"),
        ("CMD node server.js & python main.py", "node is started too"),
        ("CMD apachectl start && python main.py", "apachectl is started too"),
        ("CMD cron && python main.py", "cron is no program known here"),
        ("CMD service cron start && python main.py", "what the service cron starts"),
        ("CMD pip install -e . && python main.py", "installs the project itself"),
        ("CMD uv sync && uv run main.py", "installs the project itself"),
        ("CMD find jobs -name '*.py' -exec python {} ';'", "depends on what only the run knows"),
        ("CMD ls | xargs -n 1 python", "without a program"),
        ("CMD uwsgi --http :80", "uwsgi is given no application"),
        ("CMD uwsgi --ini nowhere.ini --wsgi-file main.py", "nowhere.ini cannot be read"),
        ("CMD airflow webserver", "airflow is no program known here"),
    ],
)
def test_what_cannot_be_told_is_a_doubt_that_says_where(command: str, why: str) -> None:
    program = launched(command)
    assert program.python
    assert any(why in doubt.why for doubt in program.doubts), program
    assert {(doubt.path, doubt.line) for doubt in program.doubts} == {("Dockerfile", 4 if command else 0)}


@pytest.mark.parametrize(
    "command",
    [
        'CMD ["node", "server.js"]',
        "CMD npm start",
        "CMD nginx -g 'daemon off;'",
        "CMD java -jar app.jar",
        "CMD sleep infinity",
        'CMD ["./server"]',
    ],
)
def test_another_language_is_no_doubt(command: str) -> None:
    program = launched(command, {"server": b"\x7fELF\x00\x01"})
    assert (program.starts, program.doubts, program.python) == ((), (), False)


@pytest.mark.parametrize(
    "dockerfile",
    [
        (
            "FROM golang:1.22 AS build\nCOPY . .\nRUN go build -o /server\n"
            'FROM gcr.io/distroless/base\nCOPY --from=build /server /server\nCMD ["/server"]'
        ),
        (
            "FROM rust:1 AS build\nCOPY . .\n"
            'FROM debian:12\nCOPY --from=build /target/release/server /usr/local/bin/\nCMD ["server"]'
        ),
        'FROM scratch\nCOPY . .\nCMD ["/main"]',
        "FROM nginx:alpine\nCOPY . /usr/share/nginx/html",
    ],
)
def test_a_compiled_program_of_another_stage_is_no_doubt(dockerfile: str) -> None:
    program = launched("", head=dockerfile)
    assert (program.starts, program.doubts, program.python) == ((), (), False)


def test_a_base_image_that_starts_python_takes_the_command_as_its_arguments() -> None:
    head = "FROM python:3.11 AS build\nFROM gcr.io/distroless/python3-debian12\nWORKDIR /app\nCOPY . .\n"
    assert shown(launched('CMD ["main.py"]', head=head)) == [SCRIPT]


@pytest.mark.parametrize(
    ("files", "command", "starts", "roots"),
    [
        ({"conf.py": "bind = 1"}, "gunicorn -c conf.py main:app", ["script conf.py", MAIN], ["/app"]),
        ({"gunicorn.conf.py": "wsgi_app = 'shop.web:app'"}, "gunicorn", ["script gunicorn.conf.py", WEB], ["/app"]),
        (
            {"c.py": "chdir = 'shop'\nwsgi_app = 'web'"},
            "gunicorn --config=c.py",
            ["script c.py", "module web"],
            ["/app", "/app/shop"],
        ),
        (
            {"c.py": "worker_class = 'shop.web.Worker'"},
            "gunicorn -c file:c.py main",
            ["script c.py", MAIN, WEB],
            ["/app"],
        ),
        ({}, "gunicorn -c python:shop.web main", [WEB, MAIN], ["/app"]),
        ({}, "gunicorn -k shop.web.Worker main", [MAIN, WEB], ["/app"]),
        (
            {"log.ini": "class=shop.web.Handler\nx=logging.X"},
            "uvicorn --log-config log.ini main:app",
            [MAIN, WEB],
            ["/app"],
        ),
        ({"pages/one.py": ""}, "streamlit run main.py", [SCRIPT, "script pages/one.py"], []),
        (
            {"shop/celery.py": "", "shop/tasks.py": ""},
            "celery -A shop worker",
            ["module shop", "module shop.celery", "module shop.tasks"],
            ["/app"],
        ),
        ({"pyproject.toml": "[project.scripts]\nserve = 'shop.web:go'"}, "uv run serve", [WEB], ["/app"]),
        ({"u.ini": "[uwsgi]\nchdir = /app/shop\nmodule = web:app"}, "uwsgi --ini u.ini", ["module web"], ["/app/shop"]),
        (
            {"pyproject.toml": "[build-system]\n", "src/lib.py": ""},
            "uv run main.py",
            [SCRIPT],
            ["/app/src", "/app"],
        ),
        (
            {"tests/test_a.py": "", "tests/conftest.py": ""},
            "pytest",
            ["script tests/conftest.py", "script tests/test_a.py"],
            [],
        ),
        ({"sitecustomize.py": ""}, "gunicorn main:app", [MAIN, "module sitecustomize"], ["/app"]),
        (
            {
                "alembic.ini": "[alembic]\nscript_location = %(here)s/mig\nprepend_sys_path = .",
                "mig/env.py": "",
                "mig/versions/a.py": "",
            },
            "alembic upgrade head && python main.py",
            ["script mig/env.py", "script mig/versions/a.py", SCRIPT],
            ["/app"],
        ),
        (
            {
                "supervisord.conf": "[supervisord]\nnodaemon=true\n[program:w]\ncommand=gunicorn main:app ; web\n"
                "[program:n]\ncommand=nginx"
            },
            "supervisord -c supervisord.conf",
            [MAIN],
            ["/app"],
        ),
        (
            {"Procfile": "web: gunicorn main:app\nworker: python jobs/run.py"},
            "honcho start",
            [MAIN, "script jobs/run.py"],
            ["/app"],
        ),
        ({"main": Link("jobs/run.py")}, "python main", ["script main"], []),
    ],
)
def test_files_beside_the_command_are_read(
    files: dict[str, str], command: str, starts: list[str], roots: list[str]
) -> None:
    program = launched(f"CMD {command}", files)
    assert (shown(program), list(program.roots)) == (starts, roots)
    assert not program.doubts, program.doubts


def test_settings_of_gunicorn_that_are_computed_are_a_doubt() -> None:
    program = launched("CMD gunicorn -c c.py", {"c.py": "import os\nwsgi_app = os.environ['APP']"})
    assert any("computes wsgi_app" in doubt.why for doubt in program.doubts)


def test_gunicorn_reads_its_arguments_from_the_environment_too() -> None:
    program = launched("ENV GUNICORN_CMD_ARGS='--chdir shop -c /app/app.py'\nCMD gunicorn web:app")
    assert shown(program) == ["script app.py", "module web"]
    assert (program.roots, program.cwd) == (("/app/shop",), "/app/shop")


def test_django_is_a_doubt_for_it_loads_by_convention() -> None:
    program = launched("CMD gunicorn shop.web", {"manage.py": "from django.core import management"})
    assert [(doubt.path, doubt.line, doubt.kind) for doubt in program.doubts] == [
        ("manage.py", 1, DoubtKind.UNBOUNDED_IMPORT)
    ]


def test_arguments_and_values_of_the_environment_are_kept_as_words() -> None:
    program = launched("ENV SETTINGS=shop.settings PORT=8080\nCMD python main.py --job=jobs.other data/x.csv")
    assert program.words == ("jobs.other", "data/x.csv", "shop.settings")


def test_the_command_is_said_as_a_person_would_type_it() -> None:
    assert launched('CMD ["python", "main.py", "a b"]').said == "python main.py 'a b'"
    assert (
        launched("CMD exec gunicorn \\\n  --bind :$PORT \\\n  main:app").said == "exec gunicorn --bind :$PORT main:app"
    )
    assert len(launched("CMD python main.py " + "x" * 500).said) == 200


@pytest.mark.parametrize("command", ["", "CMD mystery", "CMD gunicorn $APP", "CMD gunicorn nowhere:app"])
def test_a_given_entrypoint_answers_what_the_command_does_not(command: str) -> None:
    program = launched("ENV PYTHONPATH=/lib\n" + command, entrypoint="jobs/run.py")
    assert "script jobs/run.py" in shown(program)
    assert "/lib" in program.roots
    assert (program.doubts, program.python) == ((), True)


def test_a_given_entrypoint_adds_to_what_the_command_says() -> None:
    program = launched("CMD gunicorn main:app", entrypoint="main.py")
    assert (shown(program), program.roots) == ([MAIN, SCRIPT], ("/app",))


def test_an_entrypoint_that_the_image_does_not_have_is_a_doubt() -> None:
    program = launched("CMD gunicorn main:app", entrypoint="elsewhere/main.py")
    assert [doubt.why for doubt in program.doubts] == ["the entrypoint elsewhere/main.py is not in the image"]


def test_a_file_that_lies_twice_in_the_image_starts_twice() -> None:
    program = launched("CMD mystery", entrypoint="main.py", head=HEAD + "COPY main.py /other/\n")
    assert shown(program) == [SCRIPT, "script /other/main.py"]

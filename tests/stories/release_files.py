"""What the shop of the releases is made of: services.toml, Dockerfiles, and small programs that work or do not."""

from __future__ import annotations

from tests.stories.conftest import P, R

HEAD = f"""
[project]
cloud = "local"
project = "{P}"
regions = ["{R}"]
repository = "repository"
target = "main"

[locks]
ttl = "3s"
"""
SERVICE = """
[services.NAME]
dockerfile = "NAME/Dockerfile"
AFTER
[services.NAME.release]
build = "local"
bake = "1s"
judge = { min_requests = 5, max_p95_ratio = 1000 }
RELEASE

[[services.NAME.checks]]
name = "identity"
http = "/health"
expect = { json = { service = "NAME" } }
"""
JOB = """
[services.migrate]
kind = "job"
dockerfile = "migrate/Dockerfile"
release = { build = "local" }
"""

PROGRAM = """import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shared.words import GREETING
IMPORTS
VERSION = 1


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        LINE
        said = {"service": "SAYS", "commit": os.environ.get("BUILD_COMMIT", ""), "revision": os.environ["K_REVISION"]}
        body = json.dumps(said).encode()
        self.send_response(STATUS)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


START
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def program(
    name: str,
    version: int = 1,
    *,
    says: str = "",
    status: int = 200,
    start: str = "",
    line: str = "",
    imports: str = "",
) -> bytes:
    """`start` runs before it listens, `line` with every request."""
    text = PROGRAM.replace("VERSION = 1", f"VERSION = {version}").replace("STATUS", str(status))
    text = text.replace("SAYS", says or name).replace("IMPORTS", imports).replace("START", start)
    return text.replace("LINE", line or "pass").encode()


def crashing(name: str) -> bytes:
    return program(name, start='raise SystemExit("it cannot start")')


def dockerfile(name: str) -> bytes:
    lines = ("FROM python:3.12", "WORKDIR /app", f"COPY {name}/ ./", "COPY shared/ ./shared/")
    return "\n".join((*lines, 'CMD ["python", "main.py"]', "")).encode()

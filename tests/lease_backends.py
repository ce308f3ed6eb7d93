"""Every place where leases can be kept, for tests: the file, Google's own Firestore emulator, a bucket in miniature."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import requests

from deploytool.adapters.leases import Leases
from deploytool.adapters.leases.firestore import firestore_shelf
from deploytool.adapters.leases.gcs import gcs_shelf
from deploytool.adapters.leases.sqlite import SqliteShelf
from deploytool.adapters.leases.store import Shelf
from deploytool.domain.lease import Holder
from deploytool.emulator import client, daemon

KEY = "demo-project/us-west2/api"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


@dataclass(frozen=True)
class Backend:
    """`place` is a file, or the address of a server. It can be handed to another process."""

    name: str
    place: str

    def shelf(self) -> Shelf:
        if self.name == "sqlite":
            return SqliteShelf(Path(self.place))
        if self.name in ("gcs", "embedded"):
            return gcs_shelf(self.place, "locks")
        return firestore_shelf(self.place, "demo-project", "(default)", "leases")

    def store(self) -> Leases:
        return Leases(self.shelf())

    def forget(self, key: str = KEY) -> None:
        """Delete the record by hand."""
        if self.name == "sqlite":
            Path(self.place).unlink()
        elif self.name in ("gcs", "embedded"):
            requests.delete(f"{self.place}/storage/v1/b/locks/o/deploytool%2Fleases%2F{key.replace('/', '%2F')}.json")
        else:
            path = "projects/demo-project/databases/(default)/documents/leases"
            requests.delete(
                f"{self.place}/v1/{path}/{key.replace('/', '%252F')}", headers={"authorization": "Bearer owner"}
            )


def holder(**change: object) -> Holder:
    words = {"user": "ann", "host": "laptop", "process": 1, "started": "", "release": "r1", "reason": "deploy 7c406c20"}
    return Holder(**{**words, **change})  # type: ignore[arg-type]


@contextmanager
def backend(name: str, folder: Path) -> Iterator[Backend]:
    if name == "sqlite":
        yield Backend(name, str(folder / "state" / "leases.sqlite"))
        return
    served = {"gcs": bucket, "embedded": partial(embedded, folder), "firestore": firestore}
    with served[name]() as place:
        yield Backend(name, place)


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """The Cloud Storage that comes with us."""
    address = daemon.join_or_start(folder / "embedded")
    try:
        yield address.url
    finally:
        client.stop(address)


@contextmanager
def bucket() -> Iterator[str]:
    server = Bucket(("127.0.0.1", 0), BucketRequest)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Bucket(ThreadingHTTPServer):
    """Objects with generations."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.guard = threading.Lock()
        self.generation = 1_700_000_000_000_000


class BucketRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body leave together
    server: Bucket

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path == "/storage/v1/b/locks/o":
            prefix = parse_qs(where.query).get("prefix", [""])[0]
            with self.server.guard:
                names = [name for name in sorted(self.server.objects) if name.startswith(prefix)]
            return self._answer(200, json.dumps({"items": [{"name": name} for name in names]}).encode())
        with self.server.guard:
            found = self.server.objects.get(self._name())
        if found is None:
            return self._answer(404, b'{"error": {"code": 404, "message": "No such object"}}')
        return self._answer(200, found[1], {"x-goog-generation": str(found[0])})

    def do_POST(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        content = self.rfile.read(int(self.headers["content-length"]))
        with self.server.guard:
            generation = self.server.objects.get(asked["name"], (0, b""))[0]
            if str(generation) != asked["ifGenerationMatch"]:
                return self._answer(412, b'{"error": {"code": 412, "message": "conditionNotMet"}}')
            self.server.generation += 1
            self.server.objects[asked["name"]] = (self.server.generation, content)
        return self._answer(200, json.dumps({"generation": str(self.server.generation)}).encode())

    def do_DELETE(self) -> None:
        with self.server.guard:
            self.server.objects.pop(self._name(), None)
        self._answer(204, b"")

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path.rpartition("/o/")[2])

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: object) -> None:
        return


def emulator_jar() -> Path | None:
    """Google's Firestore emulator, when the Cloud SDK on this machine has it, and java."""
    gcloud = shutil.which("gcloud")
    if not gcloud or not shutil.which("java"):
        return None
    asked = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"], capture_output=True, text=True, check=False
    )
    jar = Path(asked.stdout.strip()) / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
    return jar if asked.stdout.strip() and jar.exists() else None


@contextmanager
def firestore() -> Iterator[str]:
    jar = emulator_jar()
    assert jar is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["java", "-Xmx256m", "-Duser.language=en", "-cp", str(jar), MAIN, "--host=127.0.0.1", f"--port={port}"]
    serving = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: requests.get(f"http://127.0.0.1:{port}/", timeout=2).ok, serving)
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.terminate()
        try:
            serving.wait(10)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.wait()


def _until(answers: Callable[[], bool], serving: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert serving.poll() is None, "the emulator ended"
        try:
            if answers():
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("the emulator does not answer")

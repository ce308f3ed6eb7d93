"""Cloud Build, Cloud Storage and a registry in one small server, with switches for what goes wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DIGEST = "sha256:" + "ab" * 32


class BuildDouble:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], tuple[str, bytes]] = {}  # -> (generation, content)
        self.builds: dict[str, dict] = {}
        self.manifests = {DIGEST}
        self.asked: list[tuple[str, str]] = []
        self.heads: dict[str, str] = {}  # of the last request
        self.left = {}  # build id -> statuses to come
        self.statuses = ["QUEUED", "WORKING", "SUCCESS"]
        self.faults: dict[str, list] = {}  # "METHOD place" -> what the next calls get: a status, "drop", "lose"
        self.log = [b"FETCHSOURCE\nStep 1", b"/2\nDONE\n"]
        self.change = lambda build: None  # the last word on every build that is told
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def log_message(self, *_):
                return

            def do_GET(self):
                double.answer(self)

            do_POST = do_HEAD = do_GET  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        url = urlsplit(http.path)
        body = http.rfile.read(int(http.headers.get("content-length") or 0))
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        place = url.path.split("/")[1] if not url.path.startswith("/v1/") else url.path.split("/builds")[1] or "/builds"
        place = "/build" if place.startswith("/") and place != "/builds" and not place.endswith(":cancel") else place
        place = ":cancel" if place.endswith(":cancel") else place
        key = f"{http.command} {place}"
        self.asked.append((http.command, url.path))
        self.heads = dict(http.headers)
        fault = self.faults[key].pop(0) if self.faults.get(key) else None
        if isinstance(fault, int):
            self.say(http, fault, {"error": {"status": "X", "message": "as you wished"}})
        elif fault == "drop":
            http.close_connection = True
        else:
            status, answer = self.route(http, url.path, query, body)
            if fault == "lose":
                http.close_connection = True
                return
            self.say(http, status, answer)

    def route(self, http, path: str, query: dict, body: bytes):
        parts = path.strip("/").split("/")
        if path.startswith("/upload/"):
            return self.upload(parts[4], query["name"], query.get("ifGenerationMatch"), body)
        if path.startswith("/storage/"):
            return self.read(parts[3], unquote(parts[5]), query, http.headers.get("range", ""))
        if path.startswith("/v2/"):
            return (200 if parts[-1] in self.manifests else 404), b""
        name = parts[6] if len(parts) > 6 else ""
        if name.endswith(":cancel"):
            self.left[name.removesuffix(":cancel")] = ["CANCELLED"]
            return 200, {}
        if name:
            return 200, self.look(name)
        return self.create(json.loads(body)) if http.command == "POST" else (200, self.listed(query))

    def upload(self, bucket, name, match, body):
        if match == "0" and (bucket, name) in self.objects:
            return 412, {"error": {"message": "it is there"}}
        self.objects[bucket, name] = (str(1_700_000_000_000_000 + len(self.objects)), body)
        return 200, self.row(bucket, name)

    def row(self, bucket, name):
        generation, content = self.objects[bucket, name]
        return {"generation": generation, "md5Hash": base64.b64encode(hashlib.md5(content).digest()).decode()}

    def read(self, bucket, name, query, wanted):
        if name.startswith("log-"):
            whole = b"".join(self.log[: 1 if self.left.get(name[4:-4]) else 2])
            start = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
            return (206, whole[start:]) if start < len(whole) else (416, {})
        if (bucket, name) not in self.objects:
            return 404, {"error": {"message": "no such object"}}
        return 200, self.objects[bucket, name][1] if query.get("alt") == "media" else self.row(bucket, name)

    def create(self, body):
        number = f"build-{len(self.builds) + 1}"
        source = body["source"]["storageSource"]
        _, content = self.objects[source["bucket"], source["object"]]
        value = base64.b64encode(hashlib.sha256(content).digest()).decode()
        provenance = {"resolvedStorageSource": dict(source)}
        provenance["fileHashes"] = {"gs://…": {"fileHash": [{"type": "SHA256", "value": value}]}}
        build = {**body, "id": number, "logUrl": f"https://console.example/{number}", "sourceProvenance": provenance}
        self.builds[number] = build
        self.left[number] = list(self.statuses)
        return 200, {"name": "operations/x", "metadata": {"build": self.told(build)}}

    def look(self, number):
        build = self.builds[number]
        if self.left[number]:
            build["status"] = self.left[number].pop(0)
        if build["status"] == "SUCCESS":
            build["results"] = {"images": [{"name": build["images"][0], "digest": DIGEST}]}
        return self.told(build)

    def told(self, build):
        told = json.loads(json.dumps({"status": "QUEUED", **build}))
        self.change(told)
        return told

    def listed(self, query):
        found = [self.told(build) for build in reversed(self.builds.values())]
        start = int(query.get("pageToken", 0))
        page = {"builds": found[start : start + 1]}
        return page | ({"nextPageToken": str(start + 1)} if start + 1 < len(found) else {})

    @staticmethod
    def say(http, status, answer):
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        http.send_response(status)
        http.send_header("content-length", str(len(raw)))
        http.end_headers()
        if http.command != "HEAD":
            http.wfile.write(raw)

"""Builds over HTTP: a source in a bucket becomes an image that a service can run, with a log that grows."""

import base64
import hashlib
import http.client
import io
import json
import tarfile
import time

import pytest

from deploytool.emulator import client

BUCKET = "sources"
IMAGE = "us-west2-docker.pkg.dev/demo-project/apps/worker"
PROGRAM = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        raw = f'"{os.environ["COLOUR"]}{open("words.txt").read()}"'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
DOCKERFILE = """
FROM python:3.11-slim
ARG COLOUR=red
ENV COLOUR=${COLOUR} PYTHONPATH=/app
WORKDIR /app
RUN pip install nothing
COPY worker/ ./
LABEL org.opencontainers.image.revision=$COLOUR
EXPOSE 8080
CMD ["python", "/app/main.py"]
"""
FILES = {"worker/main.py": PROGRAM, "worker/words.txt": "xx", "worker/Dockerfile": DOCKERFILE}


def packed(files):
    """A tar.gz; the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            tar.addfile(entry, io.BytesIO(content.encode()))
    return out.getvalue()


def raw(served, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def upload(served, files=FILES, name="source/a.tgz"):
    content = files if isinstance(files, bytes) else packed(files)
    path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name.replace('/', '%2F')}"
    return json.loads(raw(served, "POST", path, content)[2])


def wanted(source, *args, **more):
    words = ["build", "-f", "worker/Dockerfile", "-t", f"{IMAGE}:1", *args, "."]
    storage = {key: source[key] for key in ("bucket", "generation")} | {"object": source["name"]}
    steps = [{"name": "gcr.io/cloud-builders/docker", "args": words}]
    return {"source": {"storageSource": storage}, "steps": steps, "images": [f"{IMAGE}:1"]} | more


def start(served, body, where="locations/us-west2/"):
    return served.ok("POST", f"/v1/projects/demo-project/{where}builds", body)


def ended(served, operation):
    """The operation once it is done, with time passing meanwhile."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        served.clock.now += 0.1
        told = served.ok("GET", f"/v1/{operation['name']}")
        if told.get("done"):
            return told
        time.sleep(0.01)
    raise AssertionError(told)


def built(served, files=FILES, *args, **more):
    """The build of these files, when it has ended."""
    return ended(served, start(served, wanted(upload(served, files), *args, **more)))["metadata"]["build"]


def log_of(served, build):
    bucket = build["logsBucket"].removeprefix("gs://")
    return raw(served, "GET", f"/storage/v1/b/{bucket}/o/log-{build['id']}.txt?alt=media")[2].decode()


def with_dockerfile(text):
    return FILES | {"worker/Dockerfile": text}


def test_a_build_makes_an_image_that_a_service_runs(served):
    build = built(served, FILES, "--build-arg", "COLOUR=blue")
    assert build["status"] == "SUCCESS"
    (image,) = build["results"]["images"]
    assert image["name"] == f"{IMAGE}:1"
    assert set(image["pushTiming"]) == {"startTime", "endTime"}
    folder = served.state / "images" / image["digest"].removeprefix("sha256:")
    config = json.loads((folder / "config.json").read_text())
    assert config == {
        "cmd": ["python", "/app/main.py"],
        "env": {"COLOUR": "blue", "PYTHONPATH": "/app"},
        "workdir": "/app",
        "labels": {"org.opencontainers.image.revision": "blue"},
    }
    served.create(template=served.template(f"{IMAGE}@{image['digest']}"))
    assert served.ok("GET", "/run/demo-project/us-west2/api/") == "bluexx"


def test_the_operation_tells_how_far_it_is(served):
    operation = start(served, wanted(upload(served)))
    build = operation["metadata"]["build"]
    assert operation["metadata"]["@type"].endswith(".BuildOperationMetadata")
    assert (build["status"], "done" in operation) == ("QUEUED", False)
    place = f"/v1/projects/demo-project/locations/us-west2/builds/{build['id']}"
    assert served.ok("GET", place)["status"] == "QUEUED"
    served.clock.now += 0.11
    assert until(lambda: served.ok("GET", place)["status"] == "WORKING")
    done = ended(served, operation)
    assert done["response"]["status"] == served.ok("GET", place)["status"] == "SUCCESS"
    told = served.ok("GET", place)
    assert told["createTime"] < told["startTime"] < told["finishTime"]


def until(true):
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def test_builds_without_a_region_are_global(served):
    operation = start(served, wanted(upload(served)), where="")
    assert operation["name"].startswith("operations/build/demo-project/")
    build = ended(served, operation)["metadata"]["build"]
    assert served.ok("GET", f"/v1/projects/demo-project/builds/{build['id']}") == build
    assert served.call("GET", f"/v1/projects/demo-project/locations/us-west2/builds/{build['id']}")[0] == 404


def test_the_source_is_proven(served):
    content = packed(FILES)
    source = upload(served, content)
    body = wanted(source, options={"sourceProvenanceHash": ["SHA256"]})
    del body["source"]["storageSource"]["generation"]
    build = ended(served, start(served, body))["metadata"]["build"]
    resolved = {"bucket": BUCKET, "object": "source/a.tgz", "generation": source["generation"]}
    assert build["sourceProvenance"]["resolvedStorageSource"] == resolved
    hashes = build["sourceProvenance"]["fileHashes"][f"gs://{BUCKET}/source/a.tgz#{source['generation']}"]
    assert {one["type"]: base64.b64decode(one["value"]) for one in hashes["fileHash"]} == {
        "MD5": hashlib.md5(content).digest(),
        "SHA256": hashlib.sha256(content).digest(),
    }


def test_the_same_content_has_the_same_digest_and_other_content_another(served):
    digests = [
        built(served, files, *args)["results"]["images"][0]["digest"]
        for files, args in [
            (FILES, ()),
            (FILES | {"outside.txt": "not copied"}, ()),
            (FILES | {"worker/words.txt": "yy"}, ()),
            (FILES, ("--build-arg", "COLOUR=green")),
            (FILES, ("--label", "a=b")),
        ]
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_the_log_grows_and_is_read_by_range(served):
    operation = start(served, wanted(upload(served), logsBucket="gs://logs-of-ours/below"))
    number = operation["metadata"]["build"]["id"]
    place = f"/storage/v1/b/logs-of-ours/o/below%2Flog-{number}.txt?alt=media"
    assert raw(served, "GET", place)[0] == 404
    served.clock.now += 0.11
    assert until(lambda: b"Successfully built" in raw(served, "GET", place)[2])
    first = raw(served, "GET", place)[2]
    assert first.startswith(f'starting build "{number}"'.encode())
    assert raw(served, "GET", place, Range=f"bytes={len(first)}-")[0] == 416
    ended(served, operation)
    status, _, rest = raw(served, "GET", place, Range=f"bytes={len(first)}-")
    assert (status, rest) == (206, b"DONE\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM x\nONBUILD RUN x", "line 2: ONBUILD: this instruction is not understood here"),
        ("FROM x\nCOPY gone.txt /app/", "'gone.txt' is not in the context"),
        ("FROM x\nCOPY ../etc /app/", "outside of the context"),
        ("FROM x\nADD https://example.test/a /a", "only plain files"),
        ("FROM x\nCOPY --from=nginx:1 /a /b", "the files of nginx:1 are not here"),
        ("FROM x\nRUN <<EOF\nx\nEOF", "here-documents"),
        ("FROM x\nENV A=1 B", "KEY=VALUE"),
        ("COPY a b", "it stands before FROM"),
        ("# nothing", "has no FROM"),
        ("FROM x\nWORKDIR ../../..\nCOPY worker/words.txt ../../../../x\nBOOM", "BOOM"),
    ],
)
def test_a_dockerfile_that_is_not_understood_fails_the_build(served, text, said):
    build = built(served, with_dockerfile(text))
    assert (build["status"], build["failureInfo"]["type"]) == ("FAILURE", "USER_BUILD_STEP")
    assert said in build["statusDetail"]
    assert said in log_of(served, build)
    assert log_of(served, build).endswith("ERROR\n")
    assert "results" not in build


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"name": "bash", "args": ["-c", "true"]}, "only docker build"),
        ({"name": "docker", "args": ["push", "elsewhere"]}, "only docker build"),
        ({"name": "docker", "entrypoint": "bash", "args": ["build", "."]}, "only docker build"),
        ({"name": "docker", "args": ["build", "--squash", "."]}, "'--squash' is not understood"),
        ({"name": "docker", "args": ["build", "-t", "x"]}, "needs one context"),
        ({"name": "docker", "args": ["build", ".."]}, "no folder '..'"),
        ({"name": "docker", "args": ["build", "-f", "gone", "."]}, "no Dockerfile 'gone'"),
        ({"name": "docker", "args": ["build", "-t", "x:$UNKNOWN", "."]}, "$UNKNOWN is not known"),
    ],
)
def test_a_step_that_is_not_understood_fails_the_build(served, step, said):
    build = built(served, FILES, steps=[step])
    assert build["status"] == "FAILURE"
    assert said in build["statusDetail"]


def test_an_image_that_no_step_built_fails_the_build(served):
    build = built(served, FILES, images=["other:1"])
    assert (build["status"], build["failureInfo"]["type"]) == ("FAILURE", "PUSH_FAILED")
    operation = start(served, wanted(upload(served), images=["other:1"]))
    assert ended(served, operation)["error"]["code"] == 2


def test_substitutions_are_filled_in(served):
    args = ["build", "-f", "worker/Dockerfile", "-t", "gcr.io/$PROJECT_ID/worker:${_TAG}", "."]
    steps = [{"name": "gcr.io/cloud-builders/docker", "args": args}]
    build = built(served, FILES, steps=steps, images=["gcr.io/$PROJECT_ID/worker:$_TAG"], substitutions={"_TAG": "9"})
    assert build["results"]["images"][0]["name"] == "gcr.io/demo-project/worker:9"


def test_a_build_at_work_can_be_cancelled(served):
    operation = start(served, wanted(upload(served)))
    place = f"/v1/projects/demo-project/locations/us-west2/builds/{operation['metadata']['build']['id']}"
    served.clock.now += 0.11
    assert until(lambda: served.ok("GET", place)["status"] == "WORKING")
    served.ok("POST", f"{place}:cancel")
    served.clock.now += 5
    time.sleep(0.1)
    assert served.ok("GET", place)["status"] == "CANCELLED"
    assert raw(served, "GET", "/v2/demo-project/apps/worker/manifests/1")[0] == 404


def test_a_build_can_be_cancelled_once(served):
    operation = start(served, wanted(upload(served)))
    place = f"/v1/projects/demo-project/locations/us-west2/builds/{operation['metadata']['build']['id']}"
    assert served.ok("POST", f"{place}:cancel")["status"] == "CANCELLED"
    told = ended(served, operation)
    assert told["error"]["code"] == 1
    served.clock.now += 5
    time.sleep(0.05)
    assert served.ok("GET", place)["status"] == "CANCELLED"
    assert served.call("POST", f"{place}:cancel")[0] == 400
    assert raw(served, "GET", "/v2/demo-project/apps/worker/manifests/1")[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"steps": []}, 400),
        ({"steps": ["x"]}, 400),
        ({"source": None}, 400),
        ({"source": {"storageSource": {"bucket": BUCKET}}}, 400),
        ({"source": {"storageSource": {"bucket": BUCKET, "object": "gone"}}}, 404),
        ({"source": {"storageSource": {"bucket": "gone", "object": "gone"}}}, 404),
        ({"source": {"storageSource": {"bucket": BUCKET, "object": "source/a.tgz", "generation": "1"}}}, 404),
    ],
)
def test_a_build_that_cannot_be_is_refused(served, change, status):
    body = wanted(upload(served)) | change
    assert served.call("POST", "/v1/projects/demo-project/builds", body)[0] == status
    assert served.ok("GET", "/v1/projects/demo-project/builds") == {}


def test_builds_are_found_by_their_tag(served):
    source = upload(served)
    ids = [start(served, wanted(source, tags=[tag, "all"]), "")["metadata"]["build"]["id"] for tag in ("a", "b")]
    path = "/v1/projects/demo-project/builds?filter="
    assert [build["id"] for build in served.ok("GET", f"{path}tags%3D%22b%22")["builds"]] == [ids[1]]
    assert {build["id"] for build in served.ok("GET", f"{path}tags%3Dall")["builds"]} == set(ids)
    first = served.ok("GET", "/v1/projects/demo-project/builds?pageSize=1")
    second = served.ok("GET", f"/v1/projects/demo-project/builds?pageSize=1&pageToken={first['nextPageToken']}")
    assert {first["builds"][0]["id"], second["builds"][0]["id"]} == set(ids)
    assert served.call("GET", f"{path}odd")[0] == 400


def test_faults_reach_builds_too(served):
    address = client.Address("127.0.0.1", served.port, served.token)
    source = upload(served)

    def hit(do):
        client.add_fault(address, {"method": "POST", "path": "/v1/*/builds", "do": do})
        return start(served, wanted(source))

    lost, fails, endless = hit("operation-lost"), hit("operation-fails"), hit("never-settles")
    assert served.call("GET", f"/v1/{lost['name']}")[0] == 404
    told = ended(served, fails)
    assert (told["error"]["code"], told["metadata"]["build"]["status"]) == (13, "SUCCESS")
    served.clock.now += 3600
    time.sleep(0.05)
    assert "done" not in served.ok("GET", f"/v1/{endless['name']}")


def test_a_restart_goes_on_with_what_was_not_done(serve, tmp_path):
    one = serve(tmp_path)
    operation = start(one, wanted(upload(one)))
    one.house.stop()
    two = serve(tmp_path)
    assert ended(two, operation)["response"]["status"] == "SUCCESS"


# the registry


def test_a_manifest_is_found_by_digest_and_by_tag(served):
    digest = built(served)["results"]["images"][0]["digest"]
    for reference in ("1", digest):
        status, headers, content = raw(served, "GET", f"/v2/demo-project/apps/worker/manifests/{reference}")
        assert (status, headers["docker-content-digest"]) == (200, digest)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    status, headers, content = raw(served, "HEAD", "/v2/demo-project/apps/worker/manifests/1")
    assert (status, headers["docker-content-digest"], content) == (200, digest, b"")
    manifest = served.ok("GET", f"/v2/demo-project/apps/worker/manifests/{digest}")
    blob = served.ok("GET", f"/v2/demo-project/apps/worker/blobs/{manifest['config']['digest']}")
    assert blob["config"]["Labels"] == {"org.opencontainers.image.revision": "red"}
    assert served.ok("GET", "/v2/demo-project/apps/worker/tags/list")["tags"] == ["1"]


def test_a_tag_moves_and_a_digest_stays(served):
    first = built(served)["results"]["images"][0]["digest"]
    second = built(served, FILES | {"worker/words.txt": "new"})["results"]["images"][0]["digest"]
    place = "/v2/demo-project/apps/worker/manifests"
    assert raw(served, "GET", f"{place}/1")[1]["docker-content-digest"] == second != first
    assert raw(served, "GET", f"{place}/{first}")[0] == 200


@pytest.mark.parametrize("reference", ["gone", f"sha256:{'0' * 64}", "sha256:..", "sha256:"])
def test_what_is_not_there_is_unknown(served, reference):
    status, _, content = raw(served, "GET", f"/v2/demo-project/apps/worker/manifests/{reference}")
    assert (status, json.loads(content)["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")


def test_services_keep_their_addresses(served):
    served.create("manifests")
    assert served.ok("GET", f"{served.v2}/services/manifests/revisions")["revisions"]
    assert served.service("manifests")["name"].endswith("/manifests")

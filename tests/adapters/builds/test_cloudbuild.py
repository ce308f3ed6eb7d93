"""Cloud Build over HTTP: one upload, one request, one build, and nothing that came from another source."""

from __future__ import annotations

import gzip
import io
import tarfile
import time

import pytest

from deploytool.adapters.builds.cloudbuild import CloudBuilder
from deploytool.adapters.builds.registry import Registry
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.errors import BuildFailed, CouldNotLook
from tests.adapters.builds.build_double import DIGEST, BuildDouble
from tests.adapters.builds.conftest import IMAGE
from tests.repositories import Submodule

QUICK = Patience(total=1.0, call=2.0, attempts=2, first_wait=0.001)


@pytest.fixture
def cloud():
    double = BuildDouble()
    yield double
    double.close()


@pytest.fixture
def builder_of(opened, cloud):
    def make(made, **changes):
        repository = made if hasattr(made, "target") else opened(made)
        told = {"project": "demo-project", "region": "us-west2", "bucket": "sources", "endpoint": cloud.url}
        told |= {"patience": QUICK, "pace": 0.01, "deadline": 5.0, "sleep": lambda _: time.sleep(0.002), **changes}
        builder = CloudBuilder(repository, **told)
        builder.repository = repository
        return builder

    return make


def posts(cloud, end="/builds"):
    return [path for method, path in cloud.asked if method == "POST" and path.endswith(end)]


def archive_in(cloud):
    ((name, content),) = [(name, content) for (_, name), (_, content) in cloud.objects.items()]
    return name, content


def test_one_upload_one_build_one_digest(made, builder_of, want, told, cloud):
    builder = builder_of(made({"elsewhere": Submodule("1" * 40)}))
    wanted = want(builder.repository)
    assert builder.reachable() == ""
    assert builder.refusal(wanted) is None
    result = builder.build(wanted, told.append)
    assert (result.image, result.digest, result.reused) == (f"{IMAGE}@{DIGEST}", DIGEST, False)
    assert result.log == "https://console.example/build-1"
    assert result.notes == ("elsewhere is a submodule: its files were left out, and nothing copies them",)
    (build,) = cloud.builds.values()
    (step,) = build["steps"]
    assert step["name"] == "gcr.io/cloud-builders/docker"
    assert step["args"] == [
        "build", "--build-arg", f"BUILD_COMMIT={wanted.commit}", "--build-arg", "BUILD_TIMESTAMP=2025-06-15T15:07:40Z",
        "--label", f"org.opencontainers.image.revision={wanted.commit}", "--label", "deploytool-scope=scope-1",
        "--tag", f"{IMAGE}:{wanted.commit}", "--file", "./Dockerfile", ".",
    ]  # fmt: skip
    assert build["images"] == [f"{IMAGE}:{wanted.commit}"]
    assert build["tags"] == [f"deploytool-{wanted.key}"]
    assert build["options"] == {"logging": "GCS_ONLY", "sourceProvenanceHash": ["SHA256"]}
    assert (build["logsBucket"], build["timeout"]) == ("gs://sources", "5s")
    assert set(build["source"]["storageSource"]) == {"bucket", "object", "generation"}
    assert [line for line in told if line in ("FETCHSOURCE", "Step 1/2", "DONE")] == ["FETCHSOURCE", "Step 1/2", "DONE"]
    assert "Authorization" not in cloud.heads


def test_the_archive_is_the_commit_and_the_same_every_time(made, builder_of, want, told, cloud):
    repository = made()
    repository.checkout()
    (repository.path / "svc/new.py").write_text("not committed")
    builder = builder_of(repository)
    builder.build(want(builder.repository), told.append)
    name, content = archive_in(cloud)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as archive:
        rows = archive.getmembers()
    assert [row.name for row in rows] == [
        ".dockerignore", "Dockerfile", "requirements.txt", "shared/a.py", "svc/link.py", "svc/main.py", "svc/start.sh",
    ]  # fmt: skip
    assert {(row.mtime, row.uid, row.gid, row.uname) for row in rows} == {(1750000060, 0, 0, "")}
    assert {row.name: oct(row.mode) for row in rows if row.isfile()}["svc/start.sh"] == "0o755"
    assert next(row.linkname for row in rows if row.issym()) == "main.py"
    cloud.builds.clear()
    builder.build(want(builder.repository), told.append)
    assert archive_in(cloud) == (name, content)
    assert len(posts(cloud, "/o")) == 1


def test_the_same_inputs_use_the_same_image_again(made, builder_of, want, told, cloud):
    builder = builder_of(made())
    builder.build(want(builder.repository), told.append)
    again = builder.build(want(builder.repository), told.append)
    assert (again.digest, again.reused) == (DIGEST, True)
    other = builder.build(want(builder.repository, scope="scope-2"), told.append)
    assert not other.reused
    assert len(cloud.builds) == 2


def test_an_image_that_is_gone_is_built_again(made, builder_of, want, told, cloud):
    builder = builder_of(made())
    builder.build(want(builder.repository), told.append)
    cloud.manifests.clear()
    assert not builder.has(f"{IMAGE}@{DIGEST}")
    with pytest.raises(BuildFailed, match="the registry does not have"):
        builder.build(want(builder.repository), told.append)
    assert len(cloud.builds) == 2


def stale_generation(build):
    build["sourceProvenance"]["resolvedStorageSource"]["generation"] = "1600000000000000"


def another_object(build):
    build["sourceProvenance"]["resolvedStorageSource"]["object"] = "old.tar.gz"


def untold_source(build):
    build.pop("sourceProvenance")


def another_hash(build):
    for told in build["sourceProvenance"]["fileHashes"].values():
        told["fileHash"][0]["value"] = "AAAA"


def another_image(build):
    for row in build.get("results", {}).get("images", []):
        row["name"] = f"{IMAGE}:latest"


def no_digest(build):
    for row in build.get("results", {}).get("images", []):
        row["digest"] = "abc"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (stale_generation, "took gs://sources/.*#1600000000000000, not"),
        (another_object, "took gs://sources/old.tar.gz"),
        (untold_source, "took nobody knows which source"),
        (another_hash, "another hash"),
        (another_image, "does not tell the digest"),
        (no_digest, "does not tell the digest"),
    ],
)
def test_a_build_of_something_else_is_refused_and_never_used_again(made, builder_of, want, told, cloud, change, said):
    cloud.change = change
    builder = builder_of(made())
    for builds in (1, 2):
        with pytest.raises(BuildFailed, match=said):
            builder.build(want(builder.repository), told.append)
        assert len(cloud.builds) == builds


def test_a_failed_build_ends_with_its_log(made, builder_of, want, told, cloud):
    cloud.statuses = ["WORKING", "FAILURE"]
    builder = builder_of(made())
    with pytest.raises(BuildFailed, match="build-1 ended with FAILURE") as failed:
        builder.build(want(builder.repository), told.append)
    assert failed.value.tail == ("FETCHSOURCE", "Step 1/2", "DONE")
    assert "console.example" in failed.value.hint


def test_what_a_build_said_is_not_the_reason(made, builder_of, want, told, cloud):
    leak = "fetching https://deploy:canary-1@host/simple?token=canary-2 is refused"
    cloud.statuses = ["FAILURE"]
    cloud.log = [leak.encode() + b"\n"]
    cloud.change = lambda build: build.update(statusDetail=leak, failureInfo={"detail": leak})
    builder = builder_of(made())
    with pytest.raises(BuildFailed) as failed:
        builder.build(want(builder.repository), told.append)
    assert failed.value.message == "Build build-1 ended with FAILURE."
    assert sum("is refused" in line for line in told) == 2, "who watches reads what it said, and Cloud Build's detail"
    assert "canary" not in "\n".join((failed.value.hint, *failed.value.tail, *told))


def test_a_lost_answer_is_looked_for_before_another_build(made, builder_of, want, told, cloud):
    cloud.faults = {"POST /builds": ["lose"], "POST upload": ["lose"]}
    builder = builder_of(made())
    assert builder.build(want(builder.repository), told.append).digest == DIGEST
    assert len(cloud.builds) == 1
    assert len(posts(cloud)) == 1
    assert len(cloud.objects) == 1


def test_a_request_that_never_arrived_begins_no_second_one(made, builder_of, want, told, cloud):
    cloud.faults = {"POST /builds": ["drop"]}
    builder = builder_of(made())
    with pytest.raises(BuildFailed, match="cannot be told"):
        builder.build(want(builder.repository), told.append)
    assert len(posts(cloud)) == 1
    assert builder.build(want(builder.repository), told.append).digest == DIGEST


def test_a_refusal_begins_nothing_and_too_many_requests_wait(made, builder_of, want, told, cloud):
    cloud.faults = {"POST /builds": [403]}
    builder = builder_of(made())
    with pytest.raises(BuildFailed, match="No build was begun"):
        builder.build(want(builder.repository), told.append)
    cloud.faults = {"POST /builds": [429, 429]}
    assert builder.build(want(builder.repository), told.append).digest == DIGEST
    assert len(cloud.builds) == 1


def test_a_build_that_runs_already_is_followed_and_left_alone(made, builder_of, want, told, cloud):
    cloud.statuses = ["WORKING"] * 3 + ["SUCCESS"]
    builder = builder_of(made())
    cloud.faults = {"GET /build": ["drop", "drop"] * 3}
    stubborn = builder_of(builder.repository, deadline=0.0)
    with pytest.raises(BuildFailed, match="not done within"):
        stubborn.build(want(builder.repository), told.append)
    assert posts(cloud, ":cancel") == ["/v1/projects/demo-project/locations/us-west2/builds/build-1:cancel"]
    cloud.faults, cloud.left["build-1"] = {}, ["WORKING", "WORKING", "SUCCESS"]
    assert builder.build(want(builder.repository), told.append).digest == DIGEST
    assert len(cloud.builds) == 1
    cloud.builds.clear()
    cloud.statuses = ["WORKING"] * 1000
    wanted = want(builder.repository)
    with pytest.raises(BuildFailed, match="not done within"):
        builder_of(builder.repository, deadline=0.05).build(wanted, told.append)


def test_faults_while_watching_pass(made, builder_of, want, told, cloud):
    cloud.faults = {"GET /build": ["drop", "drop", 503, 503, "lose"], "GET storage": [503], "HEAD v2": [503]}
    builder = builder_of(made())
    assert builder.build(want(builder.repository), told.append).digest == DIGEST
    cloud.faults = {"GET /build": [403]}
    with pytest.raises(BuildFailed, match="cannot be watched"):
        builder.build(want(builder.repository, scope="2"), told.append)


class Terminated(BaseException):
    pass


@pytest.mark.parametrize("ending", [KeyboardInterrupt, Terminated])
def test_an_interruption_cancels_our_build(made, builder_of, want, cloud, ending):
    cloud.statuses = ["WORKING"] * 1000
    builder = builder_of(made())

    def tell(line):
        if line == "FETCHSOURCE":
            raise ending

    with pytest.raises(ending):
        builder.build(want(builder.repository), tell)
    assert len(posts(cloud, ":cancel")) == 1


def test_an_interruption_while_the_answer_is_awaited_cancels_too(made, builder_of, want, told, cloud):
    builder = builder_of(made())
    send = builder.api.send

    def sent(method, path, *rest):
        answer = send(method, path, *rest)
        if path.endswith("/builds"):
            raise KeyboardInterrupt
        return answer

    builder.api.send = sent
    with pytest.raises(KeyboardInterrupt):
        builder.build(want(builder.repository), told.append)
    assert len(posts(cloud, ":cancel")) == 1


def test_somebody_elses_object_under_our_name_is_refused(made, builder_of, want, told, cloud):
    builder = builder_of(made())
    builder.build(want(builder.repository), told.append)
    name, _ = archive_in(cloud)
    cloud.objects["sources", name] = ("1", b"other")
    with pytest.raises(BuildFailed, match="holds something else"):
        builder.build(want(builder.repository), told.append)


def test_what_is_needed_is_told(made, builder_of, want, told, cloud):
    builder = builder_of(made(), bucket=None)
    assert "bucket" in builder.reachable()
    assert "[build] bucket" in builder.refusal(want(builder.repository))[1]
    with pytest.raises(BuildFailed):
        builder.build(want(builder.repository), told.append)
    cloud.faults = {"GET /builds": [403]}
    assert "403" in builder_of(builder.repository).reachable()


def test_the_registry_is_asked_and_not_guessed(cloud):
    registry = Registry(cloud.url, lambda _: None)
    assert registry.has(f"{IMAGE}@{DIGEST}")
    assert cloud.asked[-1] == ("HEAD", f"/v2/demo-project/repo/svc/manifests/{DIGEST}")
    assert not registry.has(f"{IMAGE}@sha256:{'0' * 64}")
    cloud.faults = {"HEAD v2": [403, 503, 503, 503]}
    for _ in range(2):
        with pytest.raises(CouldNotLook):
            registry.has(f"{IMAGE}@{DIGEST}")
    for name in (f"{IMAGE}:latest", f"host/../../secret@{DIGEST}", f"host@{DIGEST}"):
        with pytest.raises(CouldNotLook, match="names no digest"):
            registry.has(name)


@pytest.mark.parametrize(
    "host", ["example.com", "evil-docker.pkg.dev.example.com", "gcr.io.example.com", "localhost:1"]
)
def test_no_other_host_sees_a_token(host):
    with pytest.raises(CouldNotLook, match="no registry of Google's"):
        Registry(None).has(f"{host}/p/r/i@{DIGEST}")

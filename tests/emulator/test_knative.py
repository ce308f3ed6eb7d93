"""The Knative v1 front door: the same world as v2, as gcloud reads and writes it."""

import copy
import http.client
import json
import os
import shutil
import subprocess

import pytest

from deploytool.emulator import client
from deploytool.emulator.knative_request import service_body
from deploytool.emulator.knative_shape import knative_service

ROOT = "/apis/serving.knative.dev/v1/namespaces/demo-project"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
RICH = {
    "revision": "api-first",
    "labels": {"commit-sha": "abc"},
    "annotations": {"free": "yes"},
    "scaling": {"minInstanceCount": 1, "maxInstanceCount": 7},
    "vpcAccess": {"connector": "c", "egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n"}]},
    "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
    "encryptionKey": "only-v2-knows-this",
    "containers": [
        {
            "name": "main",
            "image": "x/y:1",
            "ports": [{"name": "http1", "containerPort": 8080}],
            "env": [
                {"name": "A", "value": "1"},
                {"name": "S", "valueSource": {"secretKeyRef": {"secret": "s", "version": "latest"}}},
            ],
            "resources": {"limits": {"cpu": "2"}, "cpuIdle": False, "futureField": 3},
        }
    ],
    "volumes": [{"name": "v", "secret": {"secret": "s", "items": [{"version": "1", "path": "p"}]}}],
}


def proxied(served, method, target, body=None, host="us-west2-run.googleapis.com"):
    """A request as a proxy gets it: the whole URL in the request line."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    raw = None if body is None else json.dumps(body)
    connection.request(method, f"http://{host}{target}", raw, {"Host": host, "Authorization": "Bearer any"})
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    return answer.status, value


def test_the_list_is_the_world_of_v2(served):
    served.create("a1")
    served.create("a2", labels={"team": "props"})
    status, listing = proxied(served, "GET", f"{ROOT}/services?alt=json")
    assert (status, listing["kind"], listing["metadata"]) == (200, "ServiceList", {})
    assert sorted(item["metadata"]["name"] for item in listing["items"]) == ["a1", "a2"]
    newest = next(item for item in listing["items"] if item["metadata"]["name"] == "a2")
    assert newest["metadata"]["labels"] == {"team": "props", "cloud.googleapis.com/location": "us-west2"}
    assert newest["status"]["url"] == served.service("a2")["uri"]
    assert [c["type"] for c in newest["status"]["conditions"]] == ["Ready", "RoutesReady", "ConfigurationsReady"]
    assert proxied(served, "GET", f"{ROOT}/services", host="europe-west1-run.googleapis.com")[1]["items"] == []
    everywhere = proxied(served, "GET", "/v1/projects/demo-project/locations/-/services", host="run.googleapis.com")
    assert len(everywhere[1]["items"]) == 2


def test_a_rollout_still_names_the_old_revision(served):
    old = served.create()["latestReadyRevision"].rsplit("/", 1)[1]
    served.ok("PATCH", f"{served.v2}/services/api?updateMask=template", {"template": served.template("x/y:2")})
    status = proxied(served, "GET", f"{ROOT}/services/api")[1]["status"]
    assert status["conditions"][0]["status"] == "Unknown"
    assert status["traffic"] == [{"latestRevision": True, "percent": 100, "revisionName": old}]


def test_revisions_are_selected_by_label(served):
    served.create("a1")
    served.create("a2")
    _, listing = proxied(served, "GET", f"{ROOT}/revisions?labelSelector=serving.knative.dev%2Fservice+%3D+a1")
    assert [item["metadata"]["labels"]["serving.knative.dev/service"] for item in listing["items"]] == ["a1"]
    assert listing["metadata"] == {}
    assert proxied(served, "GET", f"{ROOT}/revisions?labelSelector=a+in+(b)")[0] == 400


def test_moving_traffic_leaves_every_other_byte_alone(served):
    before = served.create(template=RICH, labels={"a": "1"}, annotations={"k": "v"}, futureField={"x": 1})
    seen = proxied(served, "GET", f"{ROOT}/services/api")[1]
    seen["spec"]["traffic"] = [{"revisionName": "api-first", "percent": 100, "tag": "live"}]
    assert proxied(served, "PUT", f"{ROOT}/services/api", seen)[0] == 200
    served.settle()
    after = served.service()
    assert after["trafficStatuses"][0]["revision"] == "api-first"
    same = ("template", "labels", "annotations", "futureField", "ingress", "uid")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert len(served.revisions()) == 1
    assert proxied(served, "PUT", f"{ROOT}/services/api", seen)[0] == 409


def test_a_changed_template_keeps_what_v1_has_no_word_for(served):
    served.create(template=RICH)
    seen = proxied(served, "GET", f"{ROOT}/services/api")[1]
    del seen["spec"]["template"]["metadata"]["name"]
    seen["spec"]["template"]["spec"]["containers"][0]["image"] = "x/y:2"
    assert proxied(served, "PUT", f"{ROOT}/services/api", seen)[0] == 200
    served.settle()
    expected = copy.deepcopy(RICH)
    del expected["revision"]
    expected["containers"][0]["image"] = "x/y:2"
    stored = served.service()["template"]
    assert {key: stored[key] for key in expected if key != "containers"} == {
        key: expected[key] for key in expected if key != "containers"
    }
    ours, sent = stored["containers"][0], expected["containers"][0]
    assert ours["resources"]["futureField"] == 3
    assert ours["resources"]["cpuIdle"] is False
    assert (ours["env"], ours["image"]) == (sent["env"], "x/y:2")
    assert len(served.revisions()) == 2


def test_what_v1_cannot_say_survives_a_v1_change_of_traffic(served):
    odd = served.template(timeout="90.5s", healthCheckDisabled=True)
    served.create(template=odd)
    seen = proxied(served, "GET", f"{ROOT}/services/api")[1]
    seen["spec"]["traffic"][0]["tag"] = "live"
    assert proxied(served, "PUT", f"{ROOT}/services/api", seen)[0] == 200
    served.settle()
    assert served.service()["template"]["timeout"] == "90.5s"
    assert len(served.revisions()) == 1


def test_there_and_back_is_the_same_body():
    service = {
        "name": "projects/p/locations/us-west2/services/api",
        "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "template": RICH,
        "traffic": [{"type": LATEST, "percent": 90}, {"type": REVISION, "revision": "api-first", "percent": 10}],
    }
    shown = knative_service(service, "http://127.0.0.1:1")
    assert service_body(shown, service)["template"] == RICH
    assert service_body(shown, service)["traffic"] == service["traffic"]


def test_create_and_delete(served):
    body = {
        "kind": "Service",
        "metadata": {"name": "new", "annotations": {"run.googleapis.com/client-name": "gcloud"}},
        "spec": {"template": {"spec": {"containers": [{"image": "x/y:1", "name": ""}], "nodeSelector": {}}}},
    }
    status, made = proxied(served, "POST", f"{ROOT}/services", body)
    assert (status, made["status"]["conditions"]) == (200, [{"type": "Ready", "status": "Unknown"} | _reason()])
    served.settle()
    assert served.service("new")["client"] == "gcloud"
    assert "name" not in served.service("new")["template"]["containers"][0]
    assert proxied(served, "DELETE", f"{ROOT}/services/new")[0] == 200
    served.settle()
    assert proxied(served, "GET", f"{ROOT}/services/new")[0] == 404
    body["spec"]["template"]["spec"]["hostNetwork"] = True
    assert proxied(served, "POST", f"{ROOT}/services", body)[0] == 400


def _reason():
    return {"reason": "Deploying", "message": "Deploying."}


def test_policies_are_kept_and_guarded_by_their_etag(served):
    served.create()
    path = f"{served.v2}/services/api"
    assert served.ok("GET", f"{path}:getIamPolicy") == {"etag": "ACAB"}
    bindings = [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    stored = served.ok("POST", f"{path}:setIamPolicy", {"policy": {"bindings": bindings, "etag": "ACAB"}})
    assert stored["bindings"] == bindings
    assert served.ok("GET", f"/v1{path.removeprefix('/v2')}:getIamPolicy") == stored
    assert served.call("POST", f"{path}:setIamPolicy", {"policy": {"etag": "ACAB"}})[0] == 409
    assert len(served.revisions()) == 1


gcloud_here = pytest.mark.skipif(
    not (shutil.which("gcloud") and os.environ.get("DEPLOYTOOL_TEST_GCLOUD")),
    reason="slow: set DEPLOYTOOL_TEST_GCLOUD=1 where gcloud is installed",
)


@gcloud_here
def test_gcloud_itself(served, tmp_path):
    served.house.world.settle = -1.0
    (tmp_path / "token").write_text("any")
    env = os.environ | {
        "CLOUDSDK_CONFIG": str(tmp_path / "config"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_PROJECT": "demo-project",
        "CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API": "false",
        "CLOUDSDK_RUN_REGION": "us-west2",
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
        "CLOUDSDK_PROXY_PORT": str(served.port),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN": "http://run.googleapis.com/",
    }

    def gcloud(*words):
        command = ["gcloud", "run", *words, "--format", "json"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    gcloud("deploy", "api", "--image", "x/y:1", "--allow-unauthenticated", "--no-cpu-throttling")
    assert [item["metadata"]["name"] for item in gcloud("services", "list")] == ["api"]
    first = served.service()["latestReadyRevision"].rsplit("/", 1)[1]
    assert gcloud("services", "describe", "api")["status"]["latestReadyRevisionName"] == first
    gcloud("deploy", "api", "--image", "x/y:2", "--no-traffic", "--tag", "next")
    assert served.service()["trafficStatuses"][0] == {"type": REVISION, "revision": first, "percent": 100}
    gcloud("services", "update-traffic", "api", "--to-latest")
    assert {"type": LATEST, "percent": 100} in served.service()["trafficStatuses"]
    assert len(gcloud("revisions", "list", "--service", "api")) == 2
    assert served.service()["template"]["containers"][0]["resources"]["cpuIdle"] is False
    served.house.world.settle = 0.3
    assert client.export_fleet(client.Address("127.0.0.1", served.port, served.token))["services"]

"""Create, poll, patch, poll, delete, poll: the same shapes in the same order as a recorded run of the real API."""

import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).resolve().parents[2].parent / "shared/data/cloudrun"
TRACE = RECORDED / "01_v2_REST_real_create_patch_delete_LRO_trace.json"

ROW = {"type": "str", "percent": "int"}
CONDITION = {"type": "str", "state": "str", "lastTransitionTime": "str"}
TEMPLATE = {
    "scaling": {"maxInstanceCount": "int"},
    "timeout": "str",
    "serviceAccount": "str",
    "containers": [
        {
            "image": "str",
            "env": [{"name": "str", "value": "str"}],
            "resources": {"limits": "map", "cpuIdle": "bool"},
            "ports": [{"name": "str", "containerPort": "int"}],
            "startupProbe": {
                "timeoutSeconds": "int",
                "periodSeconds": "int",
                "failureThreshold": "int",
                "tcpSocket": {"port": "int"},
            },
        }
    ],
    "maxInstanceRequestConcurrency": "int",
}
WRITTEN = {
    "name": "str",
    "uid": "str",
    "generation": "str",
    "labels": "map",
    "createTime": "str",
    "updateTime": "str",
    "creator": "str",
    "lastModifier": "str",
    "ingress": "str",
    "launchStage": "str",
    "template": TEMPLATE,
    "traffic": [ROW],
    "terminalCondition": {"state": "str"},
    "reconciling": "bool",
    "etag": "str",
}
OBSERVED = {
    "observedGeneration": "str",
    "terminalCondition": CONDITION,
    "conditions": [CONDITION],
    "latestReadyRevision": "str",
    "latestCreatedRevision": "str",
    "trafficStatuses": [ROW],
    "uri": "str",
}
AT_REST = {key: kind for key, kind in (WRITTEN | OBSERVED).items() if key != "reconciling"}
CHANGING = WRITTEN | OBSERVED
GOING = CHANGING | {"deleteTime": "str", "expireTime": "str"}
GONE = AT_REST | {"deleteTime": "str", "expireTime": "str"}
TYPED = {"@type": "str"}


def running(service):
    return {"name": "str", "metadata": TYPED | service}


def done(service):
    return running(service) | {"done": "bool", "response": TYPED | service}


# Method, shape of the answer, then: generation, observed generation, Ready, reconciling, revision number.
STEPS = [
    ("POST", running(WRITTEN), ("1", None, "CONDITION_PENDING", True, None)),
    ("GET operation", done(AT_REST), ("1", "1", "CONDITION_SUCCEEDED", None, "00001")),
    ("GET service", AT_REST, ("1", "1", "CONDITION_SUCCEEDED", None, "00001")),
    ("PATCH", running(CHANGING), ("2", "1", "CONDITION_PENDING", True, "00001")),
    ("GET operation", done(AT_REST), ("2", "2", "CONDITION_SUCCEEDED", None, "00002")),
    ("GET service", AT_REST, ("2", "2", "CONDITION_SUCCEEDED", None, "00002")),
    ("DELETE", running(GOING), ("3", "2", "CONDITION_PENDING", True, "00002")),
    ("GET operation", done(GONE), ("3", "3", "CONDITION_SUCCEEDED", None, "00002")),
]
# The immediate answer to a create left `ingress` out in the recording; every later one has it.
QUIRK = "ingress"


def shape(value, key=""):
    """Keys and JSON types; of lists the first entry, of free maps that they are maps."""
    if key in {"labels", "limits"}:
        return "map"
    if isinstance(value, dict):
        return {name: shape(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])]
    return type(value).__name__


def state(answer):
    service = answer.get("metadata", answer)
    revision = service.get("latestReadyRevision")
    return (
        service["generation"],
        service.get("observedGeneration"),
        service["terminalCondition"]["state"],
        service.get("reconciling"),
        revision and revision.split("-")[-2],
    )


def sent(value, most):
    return {
        "ingress": "INGRESS_TRAFFIC_ALL",
        "labels": {"team": "props"},
        "launchStage": "GA",
        "template": {
            "containers": [
                {"image": "gcr.io/cloudrun/hello", "env": [{"name": "FOO", "value": value}], "livenessProbe": None}
            ],
            "scaling": {"maxInstanceCount": most},
        },
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
    }


@pytest.fixture
def ours(served):
    """The answers of the embedded server to the same requests."""
    service, answers = f"{served.v2}/services/runservice", []
    for method, path, body in (
        ("POST", f"{served.v2}/services?alt=json&serviceId=runservice", sent("bar]", 2)),
        ("PATCH", f"{service}?alt=json", sent("[barbar", 3)),
        ("DELETE", f"{service}?alt=json", None),
    ):
        answers.append(served.ok(method, path, body))
        served.settle()
        answers.append(served.ok("GET", f"/v2/{answers[-1]['name']}?alt=json"))
        if method != "DELETE":
            answers.append(served.ok("GET", f"{service}?alt=json"))
    assert served.call("GET", f"{service}?alt=json")[0] == 404
    return answers


def test_shapes_and_states_are_those_of_the_recording(ours):
    assert [state(answer) for answer in ours] == [states for _, _, states in STEPS]
    for answer, (step, expected, _) in zip(ours, STEPS, strict=True):
        assert shape(answer) == expected, step


def test_times_and_etags_behave_as_recorded(ours):
    created, ended, at_rest, *_ = [answer.get("metadata", answer) for answer in ours]
    assert created["etag"] == ended["etag"] == at_rest["etag"]
    assert created["updateTime"] == at_rest["updateTime"] == at_rest["createTime"]
    assert at_rest["terminalCondition"]["lastTransitionTime"] > at_rest["updateTime"]
    patched, settled = ours[3]["metadata"], ours[5]
    configured = [next(c for c in s["conditions"] if c["type"] == "ConfigurationsReady") for s in (at_rest, settled)]
    assert configured[0] == configured[1]
    assert patched["terminalCondition"]["lastTransitionTime"] == at_rest["terminalCondition"]["lastTransitionTime"]
    assert ours[6]["metadata"]["deleteTime"] == ours[6]["metadata"]["updateTime"] < ours[6]["metadata"]["expireTime"]


@pytest.mark.skipif(not TRACE.exists(), reason="the recording is not beside the repository")
def test_the_recording_itself_has_these_shapes():
    kept = [0, 1, 2, 5, 6, 7, 10, 11]  # polls repeat
    answers = [step["resp"] for step in json.loads(TRACE.read_text())[1:]]
    answers = [answers[at] for at in kept]
    assert [state(answer) for answer in answers] == [states for _, _, states in STEPS]
    answers[0]["metadata"].setdefault(QUIRK, "")
    for answer, (step, expected, _) in zip(answers, STEPS, strict=True):
        assert shape(answer) == expected, step

"""Small Cloud Run objects in both dialects, made to measure."""

from __future__ import annotations

SHA = "0123456789abcdef0123456789abcdef01234567"
P, R = "shop-prod", "europe-west1"


def v2_service(name="api", *, project=P, region=R, **changes):
    """A healthy service with all traffic on LATEST."""
    base = f"projects/{project}/locations/{region}/services/{name}"
    service = {
        "name": base,
        "generation": "7",
        "observedGeneration": "7",
        "labels": {"team": "shop"},
        "updateTime": "2026-02-04T03:07:00.123456Z",
        "template": {
            "labels": {"commit-sha": SHA},
            "containers": [{"image": "eu.gcr.io/p/api:1", "env": [{"name": "A", "value": "b"}]}],
        },
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        "trafficStatuses": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
        "latestCreatedRevision": f"{base}/revisions/{name}-00007-abc",
        "latestReadyRevision": f"{base}/revisions/{name}-00007-abc",
        "uri": f"https://{name}-x.a.run.app",
        "etag": '"e7"',
    }
    return {**service, **changes}


def v2_pinned(revision="api-00003-old", name="api", **changes):
    """The same service with all traffic pinned to an old revision."""
    row = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100}
    return v2_service(name, traffic=[dict(row)], trafficStatuses=[dict(row)], **changes)


def v2_revision(name="api-00003-old", service="api", *, project=P, region=R, **changes):
    revision = {
        "name": f"projects/{project}/locations/{region}/services/{service}/revisions/{name}",
        "createTime": "2026-01-01T00:00:00Z",
        "labels": {"commit-sha": "f" * 40},
        "containers": [{"image": "eu.gcr.io/p/api:0"}],
        "conditions": [
            {"type": "Active", "state": "CONDITION_FAILED", "severity": "INFO", "revisionReason": "RETIRED"},
            {"type": "Ready", "state": "CONDITION_SUCCEEDED", "revisionReason": "RETIRED"},
        ],
    }
    return {**revision, **changes}


def v2_job(name="nightly", *, project=P, region=R, **changes):
    job = {
        "name": f"projects/{project}/locations/{region}/jobs/{name}",
        "generation": "2",
        "observedGeneration": "2",
        "template": {"labels": {"commit-sha": SHA}, "template": {"containers": [{"image": "eu.gcr.io/p/n:1"}]}},
        "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
    }
    return {**job, **changes}


def v1_service(name="api", *, namespace="000000000000", region=R, status=None, traffic=None, **metadata):
    """A healthy service as gcloud prints it."""
    latest = f"{name}-00007-abc"
    rows = [{"percent": 100, "latestRevision": True}] if traffic is None else traffic
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "generation": 7,
            "labels": {"cloud.googleapis.com/location": region, "commit-sha": SHA},
            "annotations": {"client.knative.dev/user-image": f"eu.gcr.io/p/{name}:{SHA}"},
            **metadata,
        },
        "spec": {
            "template": {
                "metadata": {"name": latest, "labels": {"commit-sha": SHA}},
                "spec": {"containers": [{"image": f"eu.gcr.io/p/{name}:{SHA}", "env": [{"name": "EMPTY"}]}]},
            },
            "traffic": rows,
        },
        "status": {
            "observedGeneration": 7,
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-02-04T03:07:00Z"}],
            "latestReadyRevisionName": latest,
            "latestCreatedRevisionName": latest,
            "traffic": [{**row, "revisionName": row.get("revisionName", latest)} for row in rows],
            "url": "https://api-x.a.run.app",
            **(status or {}),
        },
    }

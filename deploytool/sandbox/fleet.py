"""What runs when a story begins, in the words of the Cloud Run Admin API v2 (REST)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from deploytool.sandbox.stories import Deployment, Story, story_named

Json = dict[str, Any]
CREATED_AT = "2025-11-01T00:00:00Z"
TRAFFIC = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
SECRETS = {"nba-phase1-scrapers": ("ODDS_API_KEY", "odds-api-key"), "nba-monitoring-alerts": ("SLACK_URL", "slack-url")}


@dataclass(frozen=True, slots=True)
class Image:
    """A deployed image whose sources are in the repository, so that it can be laid out and run."""

    service: str
    revision: str  # short name
    commit: str  # full id
    dockerfile: str  # from the repository root, which is the build context
    reference: str  # as the revision names it


def images_of(name: str) -> tuple[Image, ...]:
    """Every deployed image of a story that can run, whether it serves or not."""
    story = story_named(name)
    found = [(deployed, story.full_id(deployed.commit)) for deployed in story.deployments]
    return tuple(
        Image(deployed.service, deployed.revision, commit, deployed.dockerfile, reference_of(story, deployed))
        for deployed, commit in found
        if commit is not None
    )


def fleet_of(name: str) -> Json:
    """`{"services": […], "revisions": […], "jobs": []}`: a fleet file, and what an emulator starts with."""
    story = story_named(name)
    newest = [deployed for deployed in story.deployments if deployed.newest]
    return {
        "services": [service_of(story, deployed) for deployed in newest],
        "revisions": [revision_of(story, deployed) for deployed in story.deployments],
        "jobs": [],
    }


def service_of(story: Story, newest: Deployment) -> Json:
    """A settled service, whose template is that of its newest revision."""
    path = f"{home_of(story)}/services/{newest.service}"
    newest_path = f"{path}/revisions/{newest.revision}"
    generation = str(int(newest.revision.split("-")[-2]) + 3)  # every deploy, and three other edits
    traffic = [traffic_row(deployed) for deployed in story.deployments if is_served(deployed, newest.service)]
    done = {"state": "CONDITION_SUCCEEDED", "lastTransitionTime": newest.deployed_at}
    return {
        "name": path,
        "uid": uid_of(path),
        "generation": generation,
        "labels": labels_of(newest),
        "createTime": CREATED_AT,
        "updateTime": newest.deployed_at,
        "creator": deployer_of(story),
        "lastModifier": deployer_of(story),
        "ingress": "INGRESS_TRAFFIC_ALL",
        "launchStage": "GA",
        "template": {"labels": labels_of(newest), **template_of(story, newest)},
        "traffic": traffic,
        "observedGeneration": generation,
        "terminalCondition": {"type": "Ready", **done},
        "conditions": [{"type": "RoutesReady", **done}, {"type": "ConfigurationsReady", **done}],
        "latestReadyRevision": newest_path,
        "latestCreatedRevision": newest_path,
        "trafficStatuses": [dict(row) for row in traffic],
        "uri": f"https://{newest.service}-7hq2kzwcda-wl.a.run.app",
        "etag": f'"{newest.service}-{generation}"',
    }


def revision_of(story: Story, deployed: Deployment) -> Json:
    path = f"{home_of(story)}/services/{deployed.service}/revisions/{deployed.revision}"
    return {
        "name": path,
        "uid": uid_of(path),
        "generation": "1",
        "labels": labels_of(deployed),
        "createTime": deployed.deployed_at,
        "updateTime": deployed.deployed_at,
        "launchStage": "GA",
        "service": deployed.service,
        **template_of(story, deployed),
        "conditions": conditions_of(deployed),
        "observedGeneration": "1",
        "etag": f'"{deployed.revision}"',
    }


def template_of(story: Story, deployed: Deployment) -> Json:
    """What a revision and the template it was made from have in common, less the labels."""
    env: list[Json] = [
        {"name": "BUILD_COMMIT", "value": deployed.commit},
        {"name": "GCP_PROJECT_ID", "value": story.project},
    ]
    if deployed.service in SECRETS:
        variable, secret = SECRETS[deployed.service]
        env.append({"name": variable, "valueSource": {"secretKeyRef": {"secret": secret, "version": "latest"}}})
    return {
        "scaling": {"maxInstanceCount": 10},
        "timeout": "300s",
        "serviceAccount": f"runner@{story.project}.iam.gserviceaccount.com",
        "containers": [
            {
                "image": reference_of(story, deployed),
                "env": env,
                "resources": {"limits": {"memory": "512Mi", "cpu": "1000m"}, "cpuIdle": True},
                "ports": [{"name": "http1", "containerPort": 8080}],
                "startupProbe": {
                    "timeoutSeconds": 240,
                    "periodSeconds": 240,
                    "failureThreshold": 1,
                    "tcpSocket": {"port": 8080},
                },
            }
        ],
        "maxInstanceRequestConcurrency": 80,
    }


def conditions_of(deployed: Deployment) -> list[Json]:
    """A revision without traffic is ready and retired; its inactivity is told as a failure of severity INFO."""
    at = {"lastTransitionTime": deployed.deployed_at}
    ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED", **at}
    container = {"type": "ContainerReady", "state": "CONDITION_SUCCEEDED", **at}
    if deployed.serves:
        return [ready, {"type": "Active", "state": "CONDITION_SUCCEEDED", **at}, container]
    retired = {"revisionReason": "RETIRED"}
    idle = {"type": "Active", "state": "CONDITION_FAILED", "severity": "INFO", **at, **retired}
    return [{**ready, **retired}, idle, container]


def traffic_row(deployed: Deployment) -> Json:
    """As the API answers it: a LATEST row names no revision."""
    if deployed.pinned:
        return {"type": f"{TRAFFIC}REVISION", "revision": deployed.revision, "percent": 100}
    return {"type": f"{TRAFFIC}LATEST", "percent": 100}


def is_served(deployed: Deployment, service: str) -> bool:
    return deployed.serves and deployed.service == service


def labels_of(deployed: Deployment) -> Json:
    return dict.fromkeys(deployed.labels, deployed.commit)


def reference_of(story: Story, deployed: Deployment) -> str:
    """By content: the digest stands for the service's image at that commit, and for nothing else."""
    commit = story.full_id(deployed.commit) or deployed.commit
    digest = hashlib.sha256(f"{deployed.service} {commit}".encode()).hexdigest()
    return f"{story.region}-docker.pkg.dev/{story.project}/nba-props/{deployed.service}@sha256:{digest}"


def home_of(story: Story) -> str:
    return f"projects/{story.project}/locations/{story.region}"


def deployer_of(story: Story) -> str:
    return f"deployer@{story.project}.iam.gserviceaccount.com"


def uid_of(path: str) -> str:
    """In the form of a UUID, and the same for the same resource."""
    digest = hashlib.sha256(path.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"

"""Enums on the wire: names by default, integers when a client sends or asks for them.

The Python client sends `$alt=json;enum-encoding=int` and integers in bodies; others send names.
The numbers are those of google.cloud.run.v2; a test compares them with the published client.
"""

from __future__ import annotations

from typing import Any

LAUNCH_STAGE = {
    0: "LAUNCH_STAGE_UNSPECIFIED",
    1: "EARLY_ACCESS",
    2: "ALPHA",
    3: "BETA",
    4: "GA",
    5: "DEPRECATED",
    6: "UNIMPLEMENTED",
    7: "PRELAUNCH",
}


def _numbered(*names: str) -> dict[int, str]:
    return dict(enumerate(names))


FIELDS: dict[str, dict[int, str]] = {
    "type": _numbered(
        "TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED",
        "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
        "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
    ),
    "state": _numbered(
        "STATE_UNSPECIFIED",
        "CONDITION_PENDING",
        "CONDITION_RECONCILING",
        "CONDITION_FAILED",
        "CONDITION_SUCCEEDED",
    ),
    "severity": _numbered("SEVERITY_UNSPECIFIED", "ERROR", "WARNING", "INFO"),
    "reason": {
        0: "COMMON_REASON_UNDEFINED",
        1: "UNKNOWN",
        3: "REVISION_FAILED",
        4: "PROGRESS_DEADLINE_EXCEEDED",
        6: "CONTAINER_MISSING",
        7: "CONTAINER_PERMISSION_DENIED",
        8: "CONTAINER_IMAGE_UNAUTHORIZED",
        9: "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED",
        10: "ENCRYPTION_KEY_PERMISSION_DENIED",
        11: "ENCRYPTION_KEY_CHECK_FAILED",
        12: "SECRETS_ACCESS_CHECK_FAILED",
        13: "WAITING_FOR_OPERATION",
        14: "IMMEDIATE_RETRY",
        15: "POSTPONED_RETRY",
        16: "INTERNAL",
        17: "VPC_NETWORK_NOT_FOUND",
    },
    "revisionReason": _numbered(
        "REVISION_REASON_UNDEFINED",
        "PENDING",
        "RESERVE",
        "RETIRED",
        "RETIRING",
        "RECREATING",
        "HEALTH_CHECK_CONTAINER_ERROR",
        "CUSTOMIZED_PATH_RESPONSE_PENDING",
        "MIN_INSTANCES_NOT_PROVISIONED",
        "ACTIVE_REVISION_LIMIT_REACHED",
        "NO_DEPLOYMENT",
        "HEALTH_CHECK_SKIPPED",
        "MIN_INSTANCES_WARMING",
    ),
    "executionReason": _numbered(
        "EXECUTION_REASON_UNDEFINED",
        "JOB_STATUS_SERVICE_POLLING_ERROR",
        "NON_ZERO_EXIT_CODE",
        "CANCELLED",
        "CANCELLING",
        "DELETED",
        "DELAYED_START_PENDING",
    ),
    "ingress": _numbered(
        "INGRESS_TRAFFIC_UNSPECIFIED",
        "INGRESS_TRAFFIC_ALL",
        "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "INGRESS_TRAFFIC_NONE",
    ),
    "launchStage": LAUNCH_STAGE,
    "releaseTrack": LAUNCH_STAGE,
    "executionEnvironment": _numbered(
        "EXECUTION_ENVIRONMENT_UNSPECIFIED", "EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2"
    ),
    "encryptionKeyRevocationAction": _numbered(
        "ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED", "PREVENT_NEW", "SHUTDOWN"
    ),
    "egress": _numbered("VPC_EGRESS_UNSPECIFIED", "ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"),
    "medium": _numbered("MEDIUM_UNSPECIFIED", "MEMORY"),
    "scalingMode": _numbered("SCALING_MODE_UNSPECIFIED", "AUTOMATIC", "MANUAL"),
    "completionStatus": _numbered(
        "COMPLETION_STATUS_UNSPECIFIED",
        "EXECUTION_SUCCEEDED",
        "EXECUTION_FAILED",
        "EXECUTION_RUNNING",
        "EXECUTION_PENDING",
        "EXECUTION_CANCELLED",
    ),
}
NUMBERS = {field: {name: number for number, name in names.items()} for field, names in FIELDS.items()}

# Maps whose keys people choose: a label called "reason" is no enum.
FREE_MAPS = frozenset({"labels", "annotations", "limits", "nodeSelector"})


def with_names(value: Any) -> Any:
    """The same JSON with every known enum integer replaced by its name; unknown numbers stay."""
    return _mapped(value, FIELDS, int)


def with_numbers(value: Any) -> Any:
    """The same JSON with every known enum name replaced by its integer; unknown names stay."""
    return _mapped(value, NUMBERS, str)


def _mapped(value: Any, tables: dict[str, Any], kind: type) -> Any:
    if isinstance(value, list):
        return [_mapped(item, tables, kind) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _entry(key, item, tables, kind) for key, item in value.items()}


def _entry(key: str, item: Any, tables: dict[str, Any], kind: type) -> Any:
    if key in FREE_MAPS:
        return item
    if key in tables and type(item) is kind:
        return tables[key].get(item, item)
    return _mapped(item, tables, kind) if isinstance(item, dict | list) else item

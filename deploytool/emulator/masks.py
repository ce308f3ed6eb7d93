"""Update masks: which fields of a request take the place of the stored ones."""

from __future__ import annotations

import copy
import re
from typing import Any

from deploytool.emulator.errors import ApiError, invalid


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SERVICE_FIELDS = _words(
    "name description uid generation labels annotations createTime updateTime deleteTime expireTime creator "
    "lastModifier client clientVersion ingress launchStage binaryAuthorization template traffic scaling "
    "invokerIamDisabled defaultUriDisabled urls iapEnabled multiRegionSettings customAudiences observedGeneration "
    "terminalCondition conditions latestReadyRevision latestCreatedRevision trafficStatuses uri satisfiesPzs "
    "threatDetectionEnabled buildConfig reconciling etag"
)
JOB_FIELDS = _words(
    "name uid generation labels annotations createTime updateTime deleteTime expireTime creator lastModifier client "
    "clientVersion launchStage binaryAuthorization template observedGeneration terminalCondition conditions "
    "executionCount latestCreatedExecution reconciling satisfiesPzs startExecutionToken runExecutionToken etag"
)
# What only the server writes; a client that echoes it changes nothing.
OUTPUT_ONLY = _words(
    "name uid generation createTime updateTime deleteTime expireTime creator lastModifier urls observedGeneration "
    "terminalCondition conditions latestReadyRevision latestCreatedRevision trafficStatuses uri satisfiesPzs "
    "threatDetectionEnabled reconciling etag executionCount latestCreatedExecution"
)
MAPS = frozenset({"labels", "annotations", "limits", "nodeSelector"})

Path = tuple[str, ...]


def parse_mask(text: str | None, known: frozenset[str]) -> tuple[Path, ...] | None:
    """Paths of a mask in either spelling; None stands for "everything" (no mask, or `*`).

    An unknown first segment is a 400, as a misspelt mask would otherwise change nothing in silence.
    """
    if text is None or text.strip() in {"", "*"}:
        return None
    paths = tuple(_path(part.strip()) for part in text.split(",") if part.strip())
    for path in paths:
        if path[0] not in known:
            raise invalid(f"Invalid update mask: no field '{path[0]}'.", "update_mask")
    return paths


def masked(stored: dict[str, Any], sent: dict[str, Any], mask: tuple[Path, ...] | None) -> dict[str, Any]:
    """`stored` with the masked fields taken from `sent`; a masked field that was not sent is cleared."""
    if mask is None:
        kept = {key: value for key, value in stored.items() if key in OUTPUT_ONLY}
        return kept | {key: copy.deepcopy(value) for key, value in sent.items() if key not in OUTPUT_ONLY}
    result = copy.deepcopy(stored)
    for path in mask:
        if path[0] not in OUTPUT_ONLY:
            _take(result, sent, path)
    return result


def _take(target: dict[str, Any], source: Any, path: Path) -> None:
    head, rest = path[0], path[1:]
    value = source.get(head) if isinstance(source, dict) else None
    if not rest:
        if value is None:
            target.pop(head, None)
        else:
            target[head] = copy.deepcopy(value)
        return
    if isinstance(value, list) or isinstance(target.get(head), list):
        raise _through_list(path)
    if not isinstance(target.get(head), dict):
        target[head] = {}
    _take(target[head], value or {}, rest)
    if not target[head]:
        del target[head]


def _through_list(path: Path) -> ApiError:
    return invalid(f"Invalid update mask: '{path[0]}' is repeated, name the whole field.", "update_mask")


def _path(text: str) -> Path:
    """Segments in camelCase; the key of a map stays as written, in backticks when it has dots."""
    segments = re.findall(r"`[^`]*`|[^.`]+", text)
    result: list[str] = []
    for segment in segments:
        inside_map = bool(result) and result[-1] in MAPS
        bare = segment.strip("`")
        result.append(bare if inside_map else _camel(bare))
    if not result:
        raise invalid(f"Invalid update mask: '{text}'.", "update_mask")
    return tuple(result)


def _camel(segment: str) -> str:
    first, *others = segment.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)

"""What kind of fleet file is this? Recognised by its shape, never by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploytool.adapters.fleet.v2json import NAME
from deploytool.errors import CouldNotLook

STATUS = "deploytool/status/1"
SHAPES = "gcloud run services list --format json, the Cloud Run v2 API, or deploytool status --format json"
LISTS = ("services", "revisions", "jobs", "unreachable")
V1_LISTS = {"List": "", "ServiceList": "Service", "RevisionList": "Revision", "JobList": "Job"}
V1_KINDS = ("Service", "Revision", "Job")


@dataclass(slots=True)
class Parts:
    """The objects of one file, by dialect (v1 or v2) and kind, still as JSON."""

    objects: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)  # ("v2", "Service", raw)
    unreachable: list[object] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)  # why the file may not hold everything


def parts_of(document: object, title: str) -> Parts:
    """Sort what a file holds. Raises CouldNotLook when it is not a fleet in any known shape."""
    parts = Parts()
    if isinstance(document, list):
        _sort(document, "", parts)
        if document and not parts.objects:
            raise _other_shape(title, "holds a list, but of nothing that is a service, a revision or a job")
    elif isinstance(document, dict):
        _open(document, title, parts)
    else:
        raise _other_shape(title, "holds neither an object nor a list")
    return parts


def _open(document: Mapping[str, Any], title: str, parts: Parts) -> None:
    schema = document.get("schema")
    if isinstance(schema, str) and schema.startswith("deploytool/"):
        _open_ours(document, schema, title, parts)
    elif any(key in document for key in LISTS) and "metadata" not in document:
        _open_answer(document, title, parts)
    elif str(document.get("kind")) in V1_LISTS and isinstance(document.get("items"), list):
        _open_v1_list(document, parts)
    elif (single := _recognised(document, "")) is not None:
        parts.objects.append(single)
    else:
        found = "is an empty object" if not document else "is JSON of another shape"
        raise _other_shape(title, found)


def _open_ours(document: Mapping[str, Any], schema: str, title: str, parts: Parts) -> None:
    fleet = document.get("fleet")
    if schema != STATUS or not isinstance(fleet, dict) or not any(key in fleet for key in LISTS):
        raise CouldNotLook(
            f"{title} is a {schema[:60]} document and carries no fleet that this version can read.",
            hint="Export one with: deploytool status --format json > fleet.json",
        )
    _open_answer(fleet, title, parts)


def _open_answer(answer: Mapping[str, Any], title: str, parts: Parts) -> None:
    """A v2 list answer, or several of them in one object."""
    for key in LISTS:
        if not isinstance(answer.get(key, []), list):
            raise _other_shape(title, f"has {key}, but not as a list")
    for key, kind in (("services", "Service"), ("revisions", "Revision"), ("jobs", "Job")):
        _sort(answer.get(key, []), kind, parts)
    parts.unreachable.extend(answer.get("unreachable", []))
    if answer.get("nextPageToken"):
        parts.gaps.append("it is one page of a longer list (nextPageToken)")


def _open_v1_list(document: Mapping[str, Any], parts: Parts) -> None:
    _sort(document["items"], V1_LISTS[document["kind"]], parts)
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and metadata.get("continue"):
        parts.gaps.append("it is one page of a longer list (metadata.continue)")
    unreachable = document.get("unreachable", [])
    parts.unreachable.extend(unreachable if isinstance(unreachable, list) else [unreachable])


def _sort(entries: list[object], kind: str, parts: Parts) -> None:
    """Put each entry where it belongs; one that cannot be placed is a gap, since it could be any service."""
    for number, entry in enumerate(entries, start=1):
        found = _recognised(entry, kind) if isinstance(entry, dict) else None
        if found is not None:
            parts.objects.append(found)
        else:
            parts.gaps.append(f"entry {number} of {_plural(kind)} was not understood")


def _recognised(entry: Mapping[str, Any], kind: str) -> tuple[str, str, Mapping[str, Any]] | None:
    if isinstance(entry.get("metadata"), dict):
        said = entry.get("kind", kind)
        return ("v1", said, entry) if said in V1_KINDS else None
    name = entry.get("name")
    match = NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    found = "Revision" if match["revision"] else "Job" if match["collection"] == "jobs" else "Service"
    return ("v2", found, entry) if kind in ("", found) else None


def _plural(kind: str) -> str:
    return f"the {kind.lower()}s" if kind else "the list"


def _other_shape(title: str, found: str) -> CouldNotLook:
    return CouldNotLook(f"{title} {found}: it is not a fleet.", hint=f"A fleet is what these print: {SHAPES}.")

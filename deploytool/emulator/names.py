"""Which names Cloud Run takes, and how it makes the ones it gives."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from deploytool.emulator.errors import ApiError, invalid

PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{0,62}")
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
# Kubernetes leaves out vowels and look-alikes, so that chance writes no words.
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

MAX_SERVICE = 49
MAX_REVISION = 63
MAX_TAG_AND_SERVICE = 46


@dataclass(frozen=True)
class Location:
    """A project and a region; `str()` is `projects/P/locations/R`."""

    project: str
    region: str

    def __str__(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"


def location_of(project: str, region: str) -> Location:
    """The checked location; `-` and unknown shapes are refused as the real API refuses them (403)."""
    if not PROJECT.fullmatch(project):
        raise invalid(f"Invalid project: '{project}'.", "parent")
    if not REGION.fullmatch(region):
        raise ApiError(403, "PERMISSION_DENIED", f"Permission denied on 'locations/{region}' (or it may not exist).")
    return Location(project, region)


def check_service_id(service_id: str, field: str = "service_id", what: str = "service") -> str:
    if not service_id:
        raise invalid(f"A {what} name is required: the query parameter '{field}' is empty.", field)
    if len(service_id) > MAX_SERVICE or not LABEL.fullmatch(service_id):
        raise invalid(
            f"Invalid {what} name '{service_id}': use lower-case letters, digits and hyphens, begin with a letter, "
            f"do not end with a hyphen, and stay under {MAX_SERVICE + 1} characters.",
            field,
        )
    return service_id


def check_revision_id(revision: str, service: str) -> str:
    """A name a client chose: a DNS label that begins with the service's name and a hyphen."""
    fits = revision.startswith(f"{service}-") and len(revision) <= MAX_REVISION and LABEL.fullmatch(revision)
    if not fits:
        raise invalid(
            f"Invalid revision name '{revision}': it must be prefixed by '{service}-', hold only lower-case letters, "
            f"digits and hyphens, and be at most {MAX_REVISION} characters long.",
            "service.template.revision",
        )
    return revision


def check_tag(tag: str, service: str) -> str:
    if not LABEL.fullmatch(tag) or len(tag) + len(service) > MAX_TAG_AND_SERVICE:
        raise invalid(
            f"Invalid traffic tag '{tag}': lower-case letters, digits and hyphens, beginning with a letter; "
            f"tag and service name together at most {MAX_TAG_AND_SERVICE} characters.",
            "service.traffic.tag",
        )
    return tag


def revision_id(service: str, number: int) -> str:
    """`svc-00001-8bw`: the service, a growing number, three letters of chance."""
    suffix = "".join(secrets.choice(SUFFIX_LETTERS) for _ in range(3))
    return f"{service}-{number:05d}-{suffix}"


def number_of(revision: str, service: str) -> int:
    """The growing number in a given name; 0 when a client chose the name."""
    found = re.fullmatch(rf"{re.escape(service)}-(\d{{5,}})-[a-z0-9]{{3}}", revision)
    return int(found.group(1)) if found else 0


def short(name: str) -> str:
    """The last part of a full resource name."""
    return name.rsplit("/", 1)[-1]

"""The grammars of names that other systems would refuse, checked here so that the mistake has a line.

Sources: the Cloud Run v2 reference (service, job), Cloud Resource Manager (project ids), Cloud Storage
(bucket names), Resource Manager (label keys), RFC 1123 (host names), the OCI distribution reference (image names).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from deploytool.config.nearest import shown

T = TypeVar("T")
# TOML gives lists; ours are tuples. Only the container is lenient, its members stay strict.
Many = Annotated[tuple[T, ...], Field(strict=False)]


@dataclass(frozen=True)
class Grammar:
    """Text that matches `pattern` as a whole; `says` ends the sentence "… is not"."""

    pattern: str
    says: str
    longest: int = 255
    secret: bool = False  # what was written here by mistake may be a secret: never shown

    def judge(self, text: str) -> str:
        if len(text) > self.longest or not re.fullmatch(self.pattern, text):
            raise ValueError(f"{'what is written here' if self.secret else shown(text)} is not {self.says}")
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.judge, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "maxLength": self.longest}


SERVICE_NAME = r"[a-z](?:[-a-z0-9]{0,47}[a-z0-9])?"
JOB_NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
HOST_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
HOST = rf"{HOST_LABEL}(?:\.{HOST_LABEL})*(?::[0-9]{{1,5}})?"
BUCKET = r"[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]"
ENV_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
IMAGE_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"

NonEmpty = Annotated[str, Grammar(r"[\s\S]*\S[\s\S]*", "a text: it is empty", longest=20_000)]
Title = Annotated[
    str, Grammar(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?", "a name of one line", 100)
]
ProjectId = Annotated[
    str,
    Grammar(
        r"(?:[a-z0-9][-.a-z0-9]*\.[a-z]{2,}:)?[a-z][-a-z0-9]{4,28}[a-z0-9]",
        "a Google Cloud project id: 6 to 30 small letters, digits and hyphens, a letter first",
    ),
]
Region = Annotated[str, Grammar(r"[a-z]+-[a-z]+[0-9]+", 'a Google Cloud region such as "us-west2"', 63)]
LabelKey = Annotated[str, Grammar(r"[a-z][-_a-z0-9]*", "a label key: small letters, digits, - and _", 63)]
EnvName = Annotated[str, Grammar(ENV_NAME, "the name of an environment variable")]
SecretEnvName = Annotated[
    str,
    Grammar(
        ENV_NAME,
        "the name of an environment variable: name the variable that holds the address, never the address itself",
        secret=True,
    ),
]
BucketName = Annotated[str, Grammar(BUCKET, 'the name of a bucket (without "gs://")', 222)]
BucketUrl = Annotated[str, Grammar(rf"gs://{BUCKET}(?:/[^\x00-\x20\x7f]*)?", 'of the form "gs://bucket/prefix"', 1024)]
RuleId = Annotated[str, Grammar(r"DT[0-9]{3}", 'a rule such as "DT301"')]
StoryName = Annotated[str, Grammar(r"[a-z][-a-z0-9]*", 'a story such as "platform"', 63)]
CheckReference = Annotated[
    str, Grammar(r"[^/\x00-\x1f\x7f]+/[^\x00-\x1f\x7f]+", 'of the form "service/check"', longest=200)
]
DatabaseId = Annotated[
    str, Grammar(r"\(default\)|[a-z][-a-z0-9]{2,61}[a-z0-9]", 'a Firestore database such as "(default)"')
]
# Whatever git understands as one revision; an option or a second word never is.
Revision = Annotated[
    str, Grammar(r"[^-\s\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*", "a branch, tag or commit of the repository", 250)
]


def _host(text: str) -> str:
    if not re.fullmatch(HOST, text) or len(text) > 253:
        raise ValueError(f'{shown(text)} is not a host such as "api.example.com" (no scheme, path or wildcard)')
    name = text.partition(":")[0].lower()
    if name.startswith("169.254.") or name in ("metadata", "metadata.google.internal"):
        raise ValueError(f"{shown(text)} is the metadata server, which gives out credentials; checks never call it")
    return text.lower()


def _image(text: str) -> str:
    head, slash, rest = text.partition("/")
    registry = slash and ("." in head or ":" in head or head == "localhost")
    name = rest if registry else text
    if "@" in text or ":" in name:
        raise ValueError(f"{shown(text)} carries a tag or digest: write the image alone, releases add the digest")
    good = not registry or re.fullmatch(HOST, head)
    if not good or len(text) > 255 or not all(re.fullmatch(IMAGE_PART, part) for part in name.split("/")):
        raise ValueError(f'{shown(text)} is not an image such as "us-west2-docker.pkg.dev/project/folder/name"')
    return text


def _number(value: Any) -> int | float:
    """A number and nothing that Python would take for one: true, inf and nan are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticKnownError("float_type")
    if isinstance(value, float) and value - value != 0:
        raise PydanticKnownError("finite_number")
    return within_64_bits(value)


def within_64_bits(value: T) -> T:
    """TOML's whole numbers have 64 bits; Python reads longer ones, which nobody downstream can print."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("the number is too large: 64 bits are the most")
    return value


HostName = Annotated[str, AfterValidator(_host), WithJsonSchema({"type": "string", "pattern": f"^{HOST}$"})]
ImageName = Annotated[
    str,
    AfterValidator(_image),
    WithJsonSchema({"type": "string", "pattern": rf"^(?:{HOST}/)?{IMAGE_PART}(?:/{IMAGE_PART})*$", "maxLength": 255}),
]
Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]

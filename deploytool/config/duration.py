"""A length of time as people write it: `90s`, `5m`, `24h`, `2d`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from deploytool.config.nearest import shown

PATTERN = r"[1-9][0-9]{0,5}[smhd]"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Duration:
    """Keeps the text that was written and says what it is in seconds; never zero."""

    text: str
    seconds: int

    @classmethod
    def of(cls, text: str) -> Duration:
        """Raises ValueError with a sentence when the text is no length of time."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError(f'{shown(text)} is not a length of time: write a number and s, m, h or d, such as "5m"')
        return cls(text, int(text[:-1]) * SECONDS[text[-1]])

    def __str__(self) -> str:
        return self.text


def _length(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError('must be a length of time in quotes, such as "5m"')
    return Duration.of(value)


def _since(value: Any) -> Duration | Literal["deploy"]:
    return "deploy" if value == "deploy" else _length(value)


Length = Annotated[
    Duration,
    PlainValidator(_length),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{PATTERN}$"}),
]
Since = Annotated[
    Duration | Literal["deploy"],
    PlainValidator(_since),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^(deploy|{PATTERN})$"}),
]

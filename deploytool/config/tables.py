"""The ground that every table of services.toml stands on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """Frozen, strict about types, and without room for a key that nobody reads."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # one build of the whole document instead of one per table: it is half of the start
    )

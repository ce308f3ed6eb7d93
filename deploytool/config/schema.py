"""The JSON Schema of services.toml, made from the models, for editors and for `config schema`."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from deploytool.config.grammar import JOB_NAME
from deploytool.config.models import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _TomlSchema(GenerateJsonSchema):
    """TOML has no null, and a title that repeats the key in capitals tells nobody anything."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", "") is None:
            del found["default"]
        return found

    def get_title_from_name(self, name: str) -> str:
        return ""


def schema_of() -> dict[str, Any]:
    """JSON Schema (2020-12) that accepts the document as JSON, dates as ISO text.

    It says all that one key can get wrong and most of what several can; references between tables (`after`,
    `targets`), repeated names and circles only `load` can judge.
    """
    found = Document.model_json_schema(by_alias=True, schema_generator=_TomlSchema)
    services = found["properties"]["services"]
    services |= {"propertyNames": {"pattern": f"^{JOB_NAME}$"}, "minProperties": 1}
    return {"$schema": DIALECT, **_without_titles(found)}


def schema_text() -> str:
    """The schema as `config schema` prints it and as `schemas/config.json` holds it."""
    return json.dumps(schema_of(), indent=2, ensure_ascii=False) + "\n"


def _without_titles(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_titles(one) for key, one in value.items() if not (key == "title" and isinstance(one, str))
        }
    return [_without_titles(one) for one in value] if isinstance(value, list) else value

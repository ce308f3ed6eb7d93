"""services.toml: what it may say (`models`, `checks`), what it says (`load`), and every mistake in it at once.

`load(path)` answers a `Config`, or raises one ConfigurationError whose `mistakes` name file, line, key and the
nearest valid spelling. `find(folder)` looks for the file; `schema_of()` is its JSON Schema.
"""

from typing import Any

from deploytool.config.checks import (
    Bounds,
    Check,
    CommandCheck,
    FirestoreCheck,
    FreshnessCheck,
    HttpCheck,
    LogsCheck,
    QueryCheck,
)
from deploytool.config.duration import Duration
from deploytool.config.loaded import Config, find, load, read
from deploytool.config.models import (
    CommitRule,
    Document,
    IgnoreEntry,
    LocksTable,
    ProjectTable,
    ReleaseTable,
    ServiceTable,
    TargetTable,
)
from deploytool.config.paths import tree_path
from deploytool.config.reading import FILE_NAME

__all__ = [
    "FILE_NAME",
    "Bounds",
    "Check",
    "CommandCheck",
    "CommitRule",
    "Config",
    "Document",
    "Duration",
    "FirestoreCheck",
    "FreshnessCheck",
    "HttpCheck",
    "IgnoreEntry",
    "LocksTable",
    "LogsCheck",
    "ProjectTable",
    "QueryCheck",
    "ReleaseTable",
    "ServiceTable",
    "TargetTable",
    "find",
    "load",
    "read",
    "schema_of",
    "schema_text",
    "tree_path",
]


def schema_of() -> dict[str, Any]:
    """The JSON Schema (2020-12) of services.toml."""
    from deploytool.config import schema

    return schema.schema_of()


def schema_text() -> str:
    """The schema as `config schema` prints it."""
    from deploytool.config import schema

    return schema.schema_text()

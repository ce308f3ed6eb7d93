"""Modules that a framework loads because of where they lie, without anybody importing or naming them."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.domain.imports.reach.asking import Ask, AskKind, Key

_MODULES = {
    "django": (
        "*.apps", "*.models", "*.models.*", "*.admin", "*.migrations.*", "*.templatetags.*", "*.management.commands.*",
    ),
    "celery": ("tasks", "*.tasks", "celeryconfig"),
    "scrapy": ("*.settings", "*.spiders.*", "*.pipelines", "*.middlewares", "*.items", "*.extensions"),
}  # fmt: skip
_FILES = {
    "airflow": ("dags/*.py",),
    "alembic": ("env.py", "versions/*.py"),
    "flask_migrate": ("env.py", "versions/*.py"),
    "dash": ("pages/*.py",),
    "streamlit": ("pages/*.py",),
}

# These load whatever a settings file or a decorator somewhere names.
BY_SETTINGS = ("connexion", "hydra", "mako", "pyramid")


def _keys() -> Mapping[str, tuple[Key, ...]]:
    keys: dict[str, tuple[Key, ...]] = dict.fromkeys(BY_SETTINGS, ())
    for name, patterns in _MODULES.items():
        keys[name] = tuple(Ask(AskKind.PATTERN, each) if "*" in each else each for each in patterns)
    for name, patterns in _FILES.items():
        keys[name] = tuple(Ask(AskKind.FILES, each) for each in patterns)
    return keys


BY_CONVENTION = _keys()  # by the first part of the framework's module name

"""Each name of a builder in services.toml has its builder."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from deploytool.app import App
from deploytool.config.models import ReleaseTable
from deploytool.domain.build import BuilderName
from deploytool.errors import UsageError
from tests.repositories import Builder

TOML = """
[project]
cloud = "{cloud}"
project = "demo-project"
regions = ["us-west2"]
[services.svc]
dockerfile = "Dockerfile"
[build]
bucket = "sources"
"""


@pytest.fixture
def app(tmp_path):
    with Builder(tmp_path) as builder:
        builder.commit({"Dockerfile": b"FROM python\n"})

    def make(cloud, **environ):
        (tmp_path / "services.toml").write_text(TOML.format(cloud=cloud))
        return App(config_file=tmp_path / "services.toml", environ=environ)

    return make


def test_the_names_are_those_of_services_toml():
    assert set(get_args(BuilderName)) == set(get_args(get_args(get_type_hints(ReleaseTable)["build"])[0]))


@pytest.mark.parametrize("name", get_args(BuilderName))
def test_every_name_has_its_builder(app, name):
    it = app("local", CLOUD_RUN_EMULATOR_HOST="127.0.0.1:1")
    builder = it.image_builder(name)
    it.close()
    assert builder.name == name


def test_who_builds_when_nobody_is_named(app):
    for cloud, name in (("local", "local"), ("google", "cloudbuild")):
        it = app(cloud)
        assert it.image_builder().name == name
        it.close()


def test_images_of_this_machine_do_not_reach_google(app):
    with pytest.raises(UsageError, match="lie on this machine"):
        app("google").image_builder("local")

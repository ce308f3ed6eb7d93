"""The fuse box names whom a release talks to: Google, or the server that stands for Google here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deploytool.adapters.identity import identity_for
from deploytool.app import App


def app(cloud, **environ):
    made = App(environ=environ)
    made.config = SimpleNamespace(project=SimpleNamespace(cloud=cloud, project="demo-project"))
    made.emulator = SimpleNamespace(url="http://127.0.0.1:5")
    return made


@pytest.mark.parametrize(
    ("cloud", "environ", "endpoint"),
    [("local", {}, "http://127.0.0.1:5"), ("google", {"CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:7"}, "http://127.0.0.1:7")],
)
def test_a_server_of_our_own_is_told_nothing(cloud, environ, endpoint):
    made = app(cloud, **environ)
    assert (made.log_reader.api.endpoint, made.log_reader.api.local) == (endpoint, True)
    assert made.prober.token_for is None
    assert made.prober is made.prober


def test_google_is_google():
    made = app("google")
    assert (made.log_reader.api.endpoint, made.log_reader.api.local) == ("https://logging.googleapis.com", False)
    assert made.log_reader.project == "demo-project"
    assert made.prober.token_for is identity_for

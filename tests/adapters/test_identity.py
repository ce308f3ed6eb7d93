"""Who we are: a token, or a sentence that says why there is none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deploytool.adapters import identity
from deploytool.adapters.identity import identity_for


def test_a_token_for_the_audience(monkeypatch):
    monkeypatch.setattr(identity, "_minted", lambda audience: f"a.b.{len(audience)}")
    assert identity_for("https://x").token == "a.b.9"
    assert "a.b.9" not in repr(identity_for("https://x"))


@pytest.mark.parametrize("odd", [None, b"a.b.c", "a\r\nX-Evil: 1", "a b", "ä"])
def test_what_is_no_token_is_none(monkeypatch, odd):
    monkeypatch.setattr(identity, "_minted", lambda _: odd)
    found = identity_for("https://x")
    assert found.token is None
    assert "sign in with" in found.why


def test_a_failure_is_a_sentence_without_what_the_library_says(monkeypatch):
    def failing(_):
        raise OSError("sesame")

    monkeypatch.setattr(identity, "_minted", failing)
    found = identity_for("https://x")
    assert (found.token, "OSError" in found.why, "sesame" in found.why) == (None, True, False)


def test_a_person_s_token_comes_with_the_refresh(monkeypatch):
    from google.oauth2 import credentials

    class Person(credentials.Credentials):
        def refresh(self, request):
            self._id_token = "of.a.person"

    monkeypatch.setattr("google.auth.default", lambda scopes: (Person("t"), None))
    assert identity_for("https://x").token == "of.a.person"


def test_a_service_account_s_token_is_for_the_audience(monkeypatch):
    monkeypatch.setattr("google.auth.default", lambda scopes: (object(), None))
    monkeypatch.setattr("google.oauth2.id_token.fetch_id_token", lambda request, audience: f"for.{audience}")
    assert identity_for("https://x").token == "for.https://x"


def test_without_credentials(monkeypatch):
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    found = identity_for("https://x")
    assert (found.token, "DefaultCredentialsError" in found.why) == (None, True)


def test_a_service_account_that_a_ci_system_stands_for(monkeypatch):
    from google.auth import identity_pool

    found = identity_pool.Credentials(
        audience="//iam.googleapis.com/pool",
        subject_token_type="urn:ietf:params:oauth:token-type:jwt",
        token_url="https://sts.googleapis.com/v1/token",
        credential_source={"file": "/nowhere"},
        service_account_impersonation_url=f"{identity.IAM}/ci@demo-project.iam.gserviceaccount.com:generateAccessToken",
    )
    asked = []

    def post(self, url, json, timeout):
        asked.append((url, json))
        return SimpleNamespace(json=lambda: {"token": "of.the.account"})

    monkeypatch.setattr("google.auth.default", lambda scopes: (found, None))
    monkeypatch.setattr("google.auth.transport.requests.AuthorizedSession.post", post)
    assert identity_for("https://x").token == "of.the.account"
    url = f"{identity.IAM}/ci%40demo-project.iam.gserviceaccount.com:generateIdToken"
    assert asked == [(url, {"audience": "https://x", "includeEmail": True})]

"""Who we are for a service that asks: an identity token for one audience, never written anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from deploytool.adapters.cloudrun.credentials import LOGIN, SCOPES

IAM = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
WAIT = 5.0  # seconds for one request


@dataclass(frozen=True, slots=True)
class Identity:
    """`token` is None when there is none to be had; then `why` is a sentence for people."""

    token: str | None = field(default=None, repr=False)
    why: str = ""


def identity_for(audience: str) -> Identity:
    """A token for this audience, of the credentials at hand: a service account's, a machine's or a person's."""
    try:
        token = _minted(audience)
    except Exception as error:  # the kind alone: what the libraries say may hold parts of a key
        return Identity(why=f"no identity token could be made ({type(error).__name__}); sign in with: {LOGIN}")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        return Identity(why=f"these credentials give no identity token; sign in with: {LOGIN}")
    return Identity(token)


def _minted(audience: str) -> Any:
    import google.auth
    from google.auth import external_account, impersonated_credentials
    from google.auth.transport.requests import Request
    from google.oauth2 import credentials, id_token

    request = partial(Request(), timeout=WAIT)
    found, _ = google.auth.default(scopes=SCOPES)
    if isinstance(found, credentials.Credentials):  # a person's: its audience is the program that signed them in
        found.refresh(request)  # type: ignore[no-untyped-call]
        return found.id_token
    if isinstance(found, impersonated_credentials.Credentials):
        mine = impersonated_credentials.IDTokenCredentials(  # type: ignore[no-untyped-call]
            found, target_audience=audience, include_email=True
        )
        mine.refresh(request)
        return mine.token
    if isinstance(found, external_account.Credentials) and found.service_account_email:
        return _of_federation(found, found.service_account_email, audience)
    return id_token.fetch_id_token(request, audience)  # type: ignore[no-untyped-call]


def _of_federation(found: Any, email: str, audience: str) -> Any:
    """For a CI system that Google trusts: the service account that it stands for is asked for a token of its own."""
    from google.auth.transport.requests import AuthorizedSession

    session = AuthorizedSession(found)  # type: ignore[no-untyped-call]
    asked = {"audience": audience, "includeEmail": True}
    return session.post(f"{IAM}/{quote(email)}:generateIdToken", json=asked, timeout=WAIT).json()["token"]

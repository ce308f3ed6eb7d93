"""Google's client, opened once: three services of one API over REST.

An address of our own choosing (the embedded Cloud Run, a test) never sees a credential: neither a token nor
what ~/.netrc or a proxy setting would add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from deploytool.adapters.cloudrun.credentials import default_credentials
from deploytool.adapters.cloudrun.retry import Patient
from deploytool.adapters.cloudrun.wire import Message
from deploytool.errors import CouldNotLook

AT_ONCE = 16  # requests under way
PAGE = 100
MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Clients:
    """google-cloud-run's clients; their types stay in here."""

    services: Any
    jobs: Any
    revisions: Any


def connect(endpoint: str | None) -> Clients:
    """Load Google's client and the credentials for it. Raises what google.auth raises."""
    from google.api_core.client_options import ClientOptions
    from google.cloud import run_v2

    options = ClientOptions(api_endpoint=endpoint.rstrip("/")) if endpoint else ClientOptions()
    credentials = _credentials(endpoint)
    made: list[Any] = [
        client(transport="rest", client_options=options, credentials=credentials)
        for client in (run_v2.ServicesClient, run_v2.JobsClient, run_v2.RevisionsClient)
    ]
    for client in made:
        _prepare(client.transport._session, local=endpoint is not None)
    return Clients(*made)


def _credentials(endpoint: str | None) -> Any:
    if endpoint is not None:
        from google.auth.credentials import AnonymousCredentials

        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    return default_credentials("Cloud Run")


def _prepare(session: Any, *, local: bool) -> None:
    """Room for all requests under way; and nothing from the environment for an address of our own."""
    from requests.adapters import HTTPAdapter

    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE))
    session.hooks["response"].append(_must_be_object)
    if local:
        session.trust_env = False


def _must_be_object(response: Any, **_: Any) -> None:
    """Google's client reads `[]` as an answer without services; nobody who speaks for Cloud Run says that."""
    if response.status_code == 200 and not response.content.lstrip().startswith(b"{"):
        raise ValueError("the answer is not a JSON object")


def pages_of(patient: Patient, listing: Callable[..., Any], parent: str) -> Iterator[Message]:
    """Every page of a list, as protobuf. Raises CouldNotLook, also for a list without an end."""
    token, seen = "", {""}
    while True:
        page = patient.ask(lambda timeout: _page(listing, parent, token, timeout))  # noqa: B023
        yield page
        token = page.next_page_token
        if not token:
            return
        if token in seen or len(seen) > MOST_PAGES:
            raise CouldNotLook(f"{patient.subject} could not be read: the list has no end.", hint="Run it again.")
        seen.add(token)


def _page(listing: Callable[..., Any], parent: str, token: str, timeout: float) -> Message:
    request = {"parent": parent, "page_size": PAGE, "page_token": token}
    page = next(iter(listing(request=request, retry=None, timeout=timeout).pages))
    return type(page).pb(page)

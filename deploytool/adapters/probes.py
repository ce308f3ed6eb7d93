"""Asks a service for one page: only where it may, only so much of it, and never for longer than was said.

What a probe says to people has no query in it and no byte of a body.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from deploytool.adapters.addresses import Address, Forbidden, address_of, forbidden_peer
from deploytool.adapters.identity import Identity
from deploytool.domain.check import Answer, HttpAnswer, NoHttpAnswer

DEADLINE = 10.0  # seconds for one answer, with its last byte
PATIENCE = 30.0  # seconds that a revision has to start
MOST_BODY = 1024 * 1024
MOST_REDIRECTS = 3
CHUNK = 16 * 1024
NOT_YET = (429, 503)  # what Cloud Run answers while no instance is there

Outcome = HttpAnswer | NoHttpAnswer


class Prober:
    """`token_for` makes the identity token for an audience; None where nobody is ever told who we are."""

    def __init__(
        self,
        token_for: Callable[[str], Identity] | None = None,
        *,
        deadline: float = DEADLINE,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.token_for, self.deadline, self.patience, self._sleep = token_for, deadline, patience, sleep

    def get(
        self,
        url: str,
        hosts: Collection[str],
        *,
        audience: str = "",
        expected: int = 200,
        patience: float | None = None,
    ) -> Outcome:
        """One answer, asked for again while nothing listens yet or 503 is said; `hosts` are all that may be asked.

        With an `audience` (the service's own address), a service that answers 401 or 403 is told who we are. A
        redirect within the host is followed, unless a redirect is what is expected.
        """
        end = time.monotonic() + (self.patience if patience is None else patience)
        wait = 0.2
        while True:
            outcome = self._once(url, hosts, audience, expected)
            again = _may_change(outcome, expected) and time.monotonic() + wait < end
            if not again:
                return outcome
            self._sleep(wait)
            wait = min(wait * 2, 3.0)

    def _once(self, url: str, hosts: Collection[str], audience: str, expected: int) -> Outcome:
        try:
            address = address_of(url, hosts)
        except Forbidden as problem:
            return _unknown(f"was not asked: {problem}")
        outcome = self._followed(address, expected, None)
        refused = isinstance(outcome, HttpAnswer) and outcome.status in (401, 403) and outcome.status != expected
        if not refused or self.token_for is None or not _is_for(audience, address):
            return outcome
        identity = self.token_for(audience)
        if identity.token is None:
            return _unknown(f"answers only to those it knows, and {identity.why}")
        outcome = self._followed(address, expected, identity.token)
        if isinstance(outcome, HttpAnswer) and outcome.status in (401, 403):
            return _unknown(f"answers {outcome.status} to us: these credentials may not invoke it")
        return outcome

    def _followed(self, address: Address, expected: int, token: str | None) -> Outcome:
        end = time.monotonic() + self.deadline
        for _ in range(MOST_REDIRECTS + 1):
            outcome = self._asked(address, end, token)
            if not isinstance(outcome, HttpAnswer) or not _leads_on(outcome, expected):
                return outcome
            try:
                address = _next(address, outcome.headers["location"])
            except Forbidden as problem:
                return NoHttpAnswer(Answer.FAIL, f"answers {outcome.status}: {problem}")
            token = None  # what comes next is not what was asked for
        return NoHttpAnswer(Answer.FAIL, f"leads on and on: more than {MOST_REDIRECTS} redirects")

    def _asked(self, address: Address, end: float, token: str | None) -> Outcome:
        proxy = _proxy_for(address)
        left = end - time.monotonic()
        connection = http.client.HTTPConnection(*(proxy or (address.host, address.port)), timeout=max(0.05, left))
        if proxy:
            connection.set_tunnel(address.host, address.port)
        watch = _Watch(connection, left)
        try:
            connection.connect()
            if watch.cut:  # before there was a line to cut
                return self._late
            why = None if proxy else forbidden_peer(address, connection.sock.getpeername()[0])
            if why is not None:
                return _unknown(f"was not asked: {why}")
            if address.secure:
                connection.sock = self._secured(connection, address)
            watch.line = connection.sock  # http.client lets go of it before the body was read
            answer = _answer(connection, address, token)
            return self._late if watch.cut else answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            return self._late if watch.cut else _failure(error)
        finally:
            watch.timer.cancel()
            connection.close()

    def _secured(self, connection: http.client.HTTPConnection, address: Address) -> ssl.SSLSocket:
        line = self._trust.wrap_socket(
            connection.sock, server_hostname=address.host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        connection.sock = line
        line.do_handshake()
        return line

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The machine's own authorities, and those that come with requests, as for the APIs."""
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        context = ssl.create_default_context()
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # set in some builds: an answer may be cut then
        context.load_verify_locations(os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH)
        return context

    @property
    def _late(self) -> NoHttpAnswer:
        return _unknown(f"did not answer within {self.deadline:g} s", passing=True)


class _Watch:
    """Ends a connection when its time is over: a byte now and then does not keep it open."""

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self.connection, self.cut = connection, False
        self.line: socket.socket | None = None
        self.timer = threading.Timer(max(0.0, seconds), self._end)
        self.timer.daemon = True
        self.timer.start()

    def _end(self) -> None:
        self.cut = True
        line = self.line or self.connection.sock
        if line is not None:
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # of TLS too: without asking the other side


def _answer(connection: http.client.HTTPConnection, address: Address, token: str | None) -> HttpAnswer:
    connection.putrequest("GET", address.target, skip_host=True, skip_accept_encoding=True)
    headers = {"Host": address.netloc, "Accept": "application/json, */*", "Accept-Encoding": "identity"}
    headers |= {"User-Agent": "deploytool", "Connection": "close"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    got = connection.getresponse()
    total, body = got.length, bytearray()  # None: until the last chunk, or until it is closed
    while len(body) <= MOST_BODY and (total is None or len(body) < total):
        chunk = got.read1(CHUNK)
        if not chunk:
            break
        body += chunk
    if total is not None and len(body) < min(total, MOST_BODY):
        raise http.client.IncompleteRead(b"", total)
    headers = {name.lower(): value for name, value in got.getheaders()}
    return HttpAnswer(got.status, headers, bytes(body[:MOST_BODY]), whole=len(body) <= MOST_BODY)


def _is_for(audience: str, address: Address) -> bool:
    """A token is sent over TLS alone, and only to the service that it is for, or to a tag of it."""
    named = urlsplit(audience)
    own = named.scheme == "https" and address.secure and not address.loopback and bool(named.hostname)
    return own and (address.netloc == named.netloc.lower() or address.netloc.endswith(f"---{named.netloc.lower()}"))


def _leads_on(answer: HttpAnswer, expected: int) -> bool:
    return answer.status in (301, 302, 303, 307, 308) and answer.status != expected and "location" in answer.headers


def _next(address: Address, location: str) -> Address:
    """Where a redirect leads. Raises Forbidden for another host, or for one that is asked in the clear."""
    here = f"{address.scheme}://{address.netloc}{address.target}"
    try:
        there = urljoin(here, location)
        following = address_of(there, [address.netloc])
    except (Forbidden, ValueError):
        raise Forbidden(
            f"it leads to {_host_in(here, location)}, and redirects are followed on one host only"
        ) from None
    if address.secure and not following.secure:
        raise Forbidden("it leads to an address without TLS")
    return following


def _host_in(here: str, location: str) -> str:
    """The other host, for people; nothing of its path or query."""
    try:
        host = urlsplit(urljoin(here, location)).netloc.rpartition("@")[2]
    except ValueError:
        return "what is no address"
    return host[:100] if host.isascii() and host.isprintable() and host else "what is no address"


def _may_change(outcome: Outcome, expected: int) -> bool:
    """Nothing listens yet, no instance is there yet, or Google's front does not know a new tag yet."""
    if isinstance(outcome, HttpAnswer):
        unknown_host = outcome.status == 404 and outcome.headers.get("content-type", "").startswith("text/html")
        return (unknown_host or outcome.status in NOT_YET) and outcome.status != expected
    return outcome.passing


def _failure(error: Exception) -> NoHttpAnswer:
    """The kind of failure alone: an address may hold a secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unknown("shows a TLS certificate that cannot be trusted")
    if isinstance(error, ssl.SSLError):
        return _unknown("does not speak TLS as it should")
    if isinstance(error, socket.gaierror):
        return _unknown("could not be reached: its name is not known", passing=True)
    if isinstance(error, TimeoutError):
        return _unknown("did not answer in time", passing=True)
    if isinstance(error, ConnectionResetError | BrokenPipeError):  # http.client's RemoteDisconnected is one as well
        return _unknown("closed the connection without an answer", passing=True)
    if isinstance(error, http.client.IncompleteRead):
        return _unknown("broke off in the middle of its answer", passing=True)
    if isinstance(error, http.client.HTTPException | ValueError):
        return _unknown(f"does not answer as HTTP ({type(error).__name__})")
    return _unknown(f"could not be reached ({type(error).__name__})", passing=True)


def _proxy_for(address: Address) -> tuple[str, int] | None:
    """The proxy that this machine's surroundings name for secure addresses elsewhere."""
    if not address.secure or address.loopback or urllib.request.proxy_bypass(address.netloc):
        return None
    named = urllib.request.getproxies().get("https", "")
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        return (parts.hostname, parts.port or 80) if parts.hostname else None
    except ValueError:
        return None


def _unknown(said: str, *, passing: bool = False) -> NoHttpAnswer:
    return NoHttpAnswer(Answer.COULD_NOT_TELL, said, passing)

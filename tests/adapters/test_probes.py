"""A probe goes only where it may, reads only so much, and always comes back."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from deploytool.adapters import probes
from deploytool.adapters.addresses import Address, Forbidden, address_of, forbidden_peer
from deploytool.adapters.identity import Identity
from deploytool.adapters.probes import MOST_BODY, Prober
from deploytool.domain.check import Answer, HttpAnswer, NoHttpAnswer
from tests.adapters.hostile import answering, page, raw, reset

FAIL, UNKNOWN = Answer.FAIL, Answer.COULD_NOT_TELL
HEAD = b"HTTP/1.1 200 OK\r\n"


def asked(server, path="/health", *, deadline=0.5, patience=0.0, prober=None, **more):
    prober = prober or Prober(deadline=deadline, patience=patience)
    return prober.get(server.url(path), [server.host], **more)


def test_an_answer_comes_as_it_is():
    with answering(page(404, b'{"a": 1}', X_Odd="yes")) as server:
        got = asked(server, "/health/ä?key=sesame")
    assert isinstance(got, HttpAnswer)
    assert (got.status, got.body, got.whole, got.headers["x-odd"]) == (404, b'{"a": 1}', True, "yes")
    head = server.heard[0].decode()
    assert head.startswith("GET /health/%C3%A4?key=sesame HTTP/1.1\r\n")
    assert f"Host: {server.host}\r\n" in head
    assert "Authorization" not in head


def test_an_answer_that_stays_open_is_over_when_it_is_complete():
    begin = time.monotonic()
    with answering(raw(HEAD + b"Content-Length: 2\r\n\r\n{}", stays=True)) as server:
        assert asked(server, deadline=3.0).body == b"{}"
    with answering(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", stays=True)) as server:
        assert asked(server, deadline=3.0).body == b"{}"
    with answering(raw(HEAD + b"\r\n{}")) as server:
        assert asked(server).body == b"{}"
    assert time.monotonic() - begin < 2


HOSTILE = {
    "nobody answers": (raw(stays=True), "did not answer within 0.5 s"),
    "a head that never ends": (raw(HEAD, forever=b"X-A: b\r\n", every=0.02), None),
    "a head, drop by drop": (raw(b"H", forever=b"T", every=0.05), "did not answer within 0.5 s"),
    "a body, drop by drop": (
        raw(HEAD + b"Content-Length: 900\r\n\r\n", forever=b"x", every=0.05),
        "did not answer within 0.5 s",
    ),
    "a body without a length, drop by drop": (
        raw(HEAD + b"\r\n{}", forever=b" ", every=0.05),
        "did not answer within 0.5 s",
    ),
    "chunks, drop by drop": (
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"1\r\nx\r\n", every=0.05),
        "did not answer within 0.5 s",
    ),
    "it breaks off": (raw(HEAD + b"Content-Length: 900\r\n\r\n{}"), "broke off in the middle of its answer"),
    "chunks that break off": (
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}"),
        "broke off in the middle of its answer",
    ),
    "no HTTP": (raw(b"220 mail.example.com ESMTP\r\n"), "does not answer as HTTP (BadStatusLine)"),
    "a reset": (reset, "closed the connection without an answer"),
    "closed at once": (raw(), "closed the connection without an answer"),
    "a line that is too long": (
        raw(HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n"),
        "does not answer as HTTP (LineTooLong)",
    ),
}


@pytest.mark.parametrize(("reply", "said"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_servers_are_an_answer_of_their_own(reply, said):
    begin = time.monotonic()
    with answering(reply) as server:
        got = asked(server)
    assert isinstance(got, NoHttpAnswer)
    assert got.answer is UNKNOWN
    assert said is None or got.said == said
    assert time.monotonic() - begin < 1.5


@pytest.mark.parametrize(
    "reply",
    [
        page(200, b"x" * (10 * 1024 * 1024)),
        raw(HEAD + b"\r\n", forever=b"x" * 65536),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    ],
    ids=["10 MB", "without an end", "chunks without an end"],
)
def test_only_so_much_is_read(reply):
    with answering(reply) as server:
        got = asked(server, deadline=5.0)
    assert (got.status, len(got.body), got.whole) == (200, MOST_BODY, False)


def test_exactly_so_much_is_whole():
    with answering(page(200, b"x" * MOST_BODY)) as server:
        got = asked(server, deadline=5.0)
    assert (len(got.body), got.whole) == (MOST_BODY, True)


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("http://example.com/login?token=sesame", "example.com"),
        ("http://user:sesame@example.com/", "example.com"),
        ("//169.254.169.254/computeMetadata/v1/", "169.254.169.254"),
        ("http://metadata.google.internal/", "metadata.google.internal"),
        ("http://localhost:{port}/", "localhost:{port}"),
        ("http://127.0.0.1:{other}/", "127.0.0.1:{other}"),
        ("http://127.0.0.1:{port}@example.com/", "example.com"),
        ("ftp://127.0.0.1:{port}/", "127.0.0.1:{port}"),
        ("http://[broken", "what is no address"),
        ("http://exa\x1bmple.com/", "what is no address"),
    ],
)
def test_a_redirect_elsewhere_is_a_failure_that_names_the_host(location, where):
    with answering(page(200)) as other:

        def reply(line, server):
            numbers = {"port": server.port, "other": other.port}
            page(302, Location=location.format(**numbers))(line, server)

        with answering(reply) as server:
            got = asked(server)
            where = where.format(port=server.port, other=other.port)
        assert isinstance(got, NoHttpAnswer)
        assert got.answer is FAIL
        assert got.said == f"answers 302: it leads to {where}, and redirects are followed on one host only"
        assert other.heard == []
        assert len(server.heard) == 1


def test_redirects_within_the_host_are_followed_three_times():
    with answering(*(page(302, Location=f"/{n}") for n in range(3)), page(200, b'{"a": 1}')) as server:
        assert asked(server).body == b'{"a": 1}'
        assert [head.split()[1] for head in server.heard] == [b"/health", b"/0", b"/1", b"/2"]
    with answering(page(302, Location="/again")) as server:
        got = asked(server)
        assert (got.answer, got.said) == (FAIL, "leads on and on: more than 3 redirects")
        assert len(server.heard) == 4


def test_a_redirect_never_leaves_tls():
    secure, plain = Address("https", "example.com", 443, "/a"), Address("http", "example.com", 80, "/a")
    assert probes._next(secure, "https://EXAMPLE.com:443/b") == replace(secure, target="/b")
    assert probes._next(plain, "https://example.com/b").secure
    with pytest.raises(Forbidden, match="without TLS"):
        probes._next(secure, "http://example.com/b")


def test_a_redirect_that_is_expected_is_an_answer():
    with answering(page(302, Location="https://example.com/login")) as server:
        assert asked(server, expected=302).status == 302


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/computeMetadata/v1/",
        "http://metadata.google.internal/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://user:sesame@127.0.0.1/",
        "http://127.0.0.1:1/",
        "http://10.0.0.1/",
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1%00.example.com/",
        "http://example.com.evil.example/",
    ],
)
def test_what_is_not_allowed_is_not_asked(url):
    allowed = ["127.0.0.1", "example.com", "169.254.169.254", "metadata.google.internal", "[fe80::1]"]
    got = Prober(patience=5).get(url + "?sesame", allowed)
    assert isinstance(got, NoHttpAnswer)
    assert got.answer is UNKNOWN
    assert got.said.startswith("was not asked: ")
    assert "sesame" not in got.said


def test_a_private_address_is_asked_when_it_is_exactly_what_is_allowed():
    assert address_of("http://10.0.0.1/x", ["10.0.0.1"]) == Address("http", "10.0.0.1", 80, "/x")
    assert address_of("https://EXAMPLE.com:443/x?q", ["example.com"]).netloc == "example.com"
    assert address_of("https://example.com", ["Example.com:443"]).target == "/"
    for host in ("example.com:8080", "xexample.com", "example.co"):
        with pytest.raises(Forbidden):
            address_of("https://example.com/", [host])


@pytest.mark.parametrize(
    ("peer", "fine"),
    [
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("fd20:ce::254", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.1.2.3", True),
        ("203.0.113.5", True),
    ],
)
def test_a_name_must_not_lead_to_credentials_or_back_here(peer, fine):
    assert (forbidden_peer(Address("https", "example.com", 443, "/"), peer) is None) == fine


def test_where_a_name_leads_is_looked_at_before_anything_is_sent(monkeypatch):
    with answering(page(200)) as server:
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))],
        )
        got = Prober(deadline=1, patience=0).get(
            f"http://api.example.com:{server.port}/", [f"api.example.com:{server.port}"]
        )
        time.sleep(0.05)
        assert got.said == "was not asked: its name leads back to this machine"
        assert server.heard in ([], [b""])


def test_a_service_that_starts_slowly_is_waited_for():
    slept = []
    with answering(page(503), reset, page(429), page(200, b'{"a": 1}')) as server:
        got = asked(server, prober=Prober(deadline=1, patience=5, sleep=slept.append))
    assert got.body == b'{"a": 1}'
    assert slept == [0.2, 0.4, 0.8]
    with answering(page(404, Content_Type="text/html; charset=UTF-8"), page(200)) as server:
        assert asked(server, prober=Prober(deadline=1, patience=5, sleep=slept.append)).status == 200


def test_patience_ends():
    with answering(page(503)) as server:
        got = asked(server, patience=0.5)
        assert (got.status, len(server.heard)) == (503, 2)
        assert asked(server, patience=5, expected=503).status == 503
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    got = Prober(patience=0.3).get(f"http://127.0.0.1:{port}/", [f"127.0.0.1:{port}"])
    assert (got.answer, got.said) == (UNKNOWN, "could not be reached (ConnectionRefusedError)")


def test_a_500_is_an_answer_at_once():
    for status in (500, 404, 301):
        with answering(page(status), page(200)) as server:
            assert asked(server, patience=5).status == status


def test_tls_on_a_plain_port():
    with answering(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        got = Prober(deadline=1, patience=5).get(f"https://{server.host}/", [server.host])
    assert (got.answer, got.said) == (UNKNOWN, "does not speak TLS as it should")


def test_a_handshake_that_never_ends():
    begin = time.monotonic()
    with answering(raw(b"\x16\x03\x03\x40\x00", forever=b"\x00", every=0.05)) as server:
        got = Prober(deadline=0.5, patience=0).get(f"https://{server.host}/", [server.host])
    assert (got.answer, got.said) == (UNKNOWN, "did not answer within 0.5 s")
    assert time.monotonic() - begin < 1.5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate for 127.0.0.1 that nobody but its own file vouches for."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("svc.example.com")]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return file


def over_tls(certificate, then):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def reply(line, server):
        with context.wrap_socket(line, server_side=True) as secure:
            server.heard.append(secure.recv(65536))
            then(secure, server)

    return reply


def test_tls_that_can_be_trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with answering(over_tls(certificate, page(200, b'{"a": 1}')), peek=True) as server:
        got = Prober(deadline=2, patience=0).get(f"https://{server.host}/health", [server.host])
        assert got.body == b'{"a": 1}'
        assert server.heard[-1].startswith(b"GET /health HTTP/1.1\r\n")


def test_tls_that_dribbles_or_breaks_off(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    drops = raw(HEAD + b"Content-Length: 900\r\n\r\n", forever=b"x", every=0.05)
    torn = raw(HEAD + b"\r\n{}")  # ends without the farewell of TLS: somebody in between may have cut it
    begin = time.monotonic()
    for reply, said in ((drops, "did not answer within 0.5 s"), (torn, "does not speak TLS as it should")):
        with answering(over_tls(certificate, reply), peek=True) as server:
            got = Prober(deadline=0.5, patience=0).get(f"https://{server.host}/health", [server.host])
        assert (got.answer, got.said) == (UNKNOWN, said)
    assert time.monotonic() - begin < 2


def test_through_the_proxy_of_the_surroundings(certificate, monkeypatch):
    """The name is not even looked up here: the proxy does that, and TLS goes through it to the service."""
    inner = over_tls(certificate, page(200, b'{"a": 1}'))

    def proxy(line, server):
        server.heard.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner(line, server)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with answering(proxy, peek=True) as server:
        monkeypatch.setenv("https_proxy", server.url(""))
        got = Prober(deadline=2, patience=0).get("https://svc.example.com/health", ["svc.example.com"])
        assert got.body == b'{"a": 1}'
        assert server.heard[0].startswith(b"CONNECT svc.example.com:443 HTTP/1.")
        assert b"\r\nHost: svc.example.com\r\n" in server.heard[1]
    assert probes._proxy_for(Address("http", "svc.example.com", 80, "/")) is None
    assert probes._proxy_for(Address("https", "127.0.0.1", 443, "/")) is None
    monkeypatch.setenv("no_proxy", "example.com")
    assert probes._proxy_for(Address("https", "svc.example.com", 443, "/")) is None


def test_a_connection_that_comes_too_late(monkeypatch):
    connect = http.client.HTTPConnection.connect

    def slowly(connection):
        time.sleep(0.3)
        connect(connection)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", slowly)
    begin = time.monotonic()
    with answering(raw(HEAD + b"\r\n", forever=b"x", every=0.05)) as server:
        assert asked(server, deadline=0.2).said == "did not answer within 0.2 s"
        assert time.monotonic() - begin < 1


def test_tls_that_nobody_vouches_for(certificate):
    with answering(over_tls(certificate, page(200)), peek=True) as server:
        got = Prober(deadline=2, patience=5).get(f"https://{server.host}/health", [server.host])
        assert (got.answer, got.said) == (UNKNOWN, "shows a TLS certificate that cannot be trusted")
        assert len(server.heard) == 0


AUDIENCE = "https://svc-abc-uw.a.run.app"
TAG = "https://new---svc-abc-uw.a.run.app"


class Recorded(Prober):
    """A prober whose wire is a list: (address, token) of each question."""

    def __init__(self, *answers, token_for):
        super().__init__(token_for, patience=0)
        self.answers, self.asked = list(answers), []

    def _asked(self, address, end, token):
        self.asked.append((address.netloc, address.target, token))
        return self.answers.pop(0)


def minted(audience):
    return Identity(f"for {audience}")


def hosts_of(url):
    return [url.removeprefix("https://").removeprefix("http://").partition("/")[0]]


@pytest.mark.parametrize("uri", [AUDIENCE, TAG])
def test_who_we_are_is_told_to_a_service_that_asks(uri):
    prober = Recorded(HttpAnswer(403), HttpAnswer(200), token_for=minted)
    assert prober.get(uri + "/health", hosts_of(uri), audience=AUDIENCE).status == 200
    assert [token for _, _, token in prober.asked] == [None, f"for {AUDIENCE}"]


@pytest.mark.parametrize(
    ("url", "audience", "expected"),
    [
        ("https://other.example.com/health", AUDIENCE, 200),
        ("https://svc-abc-uw.a.run.app.evil.example/health", AUDIENCE, 200),
        ("https://evil-svc-abc-uw.a.run.app/health", AUDIENCE, 200),
        (AUDIENCE.replace("https", "http") + "/health", AUDIENCE, 200),
        ("http://127.0.0.1:8080/health", "http://127.0.0.1:8080", 200),
        ("https://127.0.0.1:8080/health", "https://127.0.0.1:8080", 200),
        (AUDIENCE + "/health", "", 200),
        (AUDIENCE + "/health", AUDIENCE, 403),
    ],
)
def test_and_to_nobody_else(url, audience, expected):
    def never(audience):
        raise AssertionError("a token was made")

    prober = Recorded(HttpAnswer(403), token_for=never)
    assert prober.get(url, hosts_of(url), audience=audience, expected=expected).status == 403


def test_a_redirect_is_never_told_who_we_are():
    prober = Recorded(HttpAnswer(401), HttpAnswer(302, {"location": "/next"}), HttpAnswer(200), token_for=minted)
    assert prober.get(AUDIENCE + "/health", hosts_of(AUDIENCE), audience=AUDIENCE).status == 200
    assert [token for _, _, token in prober.asked] == [None, f"for {AUDIENCE}", None]


def test_without_an_identity_or_a_right_it_cannot_be_told():
    prober = Recorded(HttpAnswer(403), token_for=lambda _: Identity(why="there is none"))
    got = prober.get(AUDIENCE, hosts_of(AUDIENCE), audience=AUDIENCE)
    assert (got.answer, got.said) == (UNKNOWN, "answers only to those it knows, and there is none")
    prober = Recorded(HttpAnswer(403), HttpAnswer(403), token_for=minted)
    got = prober.get(AUDIENCE, hosts_of(AUDIENCE), audience=AUDIENCE)
    assert (got.answer, got.said) == (UNKNOWN, "answers 403 to us: these credentials may not invoke it")


def test_a_token_is_on_the_wire_as_a_header_and_nowhere_else():
    with answering(page(200)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=1)
        connection.connect()
        probes._answer(connection, Address("http", "127.0.0.1", server.port, "/health"), "sesame")
        connection.close()
    assert server.heard[0].count(b"sesame") == 1
    assert b"\r\nAuthorization: Bearer sesame\r\n" in server.heard[0]
    assert "sesame" not in repr(Identity("sesame"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ssl.SSLCertVerificationError("/secret"), "shows a TLS certificate that cannot be trusted"),
        (socket.gaierror(-2, "secret"), "could not be reached: its name is not known"),
        (TimeoutError("secret"), "did not answer in time"),
        (OSError(113, "secret"), "could not be reached (OSError)"),
        (ValueError("secret"), "does not answer as HTTP (ValueError)"),
    ],
)
def test_failures_in_words(error, said):
    assert probes._failure(error).said == said

"""May this address be asked? Only hosts that were allowed, never a server that gives out credentials."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

METADATA = ("metadata", "metadata.google.internal", "metadata.goog")
UNIQUE_LOCAL = ipaddress.ip_network("fd20:ce::/32")  # Google's metadata server over IPv6
PORTS = {"http": 80, "https": 443}
Number = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(ValueError):
    """Not to be asked; the message is for people and holds no part of a path or query."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address, taken apart. `target` is what a request line says: path and query."""

    scheme: str
    host: str  # lower case, without brackets
    port: int
    target: str

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def netloc(self) -> str:
        """As people write it and as the Host header has it: without the scheme's own port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def loopback(self) -> bool:
        number = number_of(self.host)
        return self.host == "localhost" or (number is not None and number.is_loopback)


def address_of(url: str, allowed: Collection[str]) -> Address:
    """The address when its host is one of `allowed` (host, or host:port). Raises Forbidden."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Forbidden("the address cannot be read") from None
    if parts.scheme not in PORTS or not host or not host.isascii() or "%" in host:
        raise Forbidden("the address is none of http or https")
    if "@" in parts.netloc:
        raise Forbidden("the address has a user or password in it")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    address = Address(parts.scheme, host.lower(), port or PORTS[parts.scheme], path + query)
    if _gives_credentials(address.host):
        raise Forbidden("the address is a metadata server, which gives out credentials")
    if address.netloc not in {_same(one, parts.scheme) for one in allowed}:
        raise Forbidden(f"{address.netloc} is none of the hosts that this service may be asked at")
    return address


def forbidden_peer(address: Address, peer: str) -> str | None:
    """Why the machine that a name led to must not be asked; None when it may be."""
    number = number_of(peer)
    if number is None:
        return "where its name leads cannot be told"
    if number.is_link_local or number.is_unspecified or number in UNIQUE_LOCAL:
        return "its name leads to a metadata server"
    if number.is_loopback and not address.loopback:
        return "its name leads back to this machine"
    return None


def number_of(host: str) -> Number | None:
    """The IP address that a host is, if it is one; IPv4 within IPv6 counts as IPv4."""
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return mapped or number


def _gives_credentials(host: str) -> bool:
    number = number_of(host)
    return host in METADATA or (number is not None and (number.is_link_local or number in UNIQUE_LOCAL))


def _same(host: str, scheme: str) -> str:
    """An allowed host without the port that its scheme has anyway."""
    return host.lower().removesuffix(f":{PORTS[scheme]}")

"""Ask a running emulator, with the standard library only: commands start faster without a web framework."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from deploytool.emulator.errors import EmulatorError

TOKEN_HEADER = "x-emulator-token"


@dataclass(frozen=True)
class Address:
    """Where a server listens, and the token that opens its admin paths."""

    host: str
    port: int
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def health(address: Address, *, timeout: float = 5.0) -> dict[str, Any]:
    """`{emulator, state, pid, settle}`; EmulatorError when nobody, or somebody else, answers."""
    return _asked(address, "GET", "/emulator/health", timeout=timeout)


def import_fleet(address: Address, fleet: dict[str, Any]) -> dict[str, Any]:
    """Add a fleet; answers `{services, revisions, jobs, made: int, ignored: [str]}`."""
    return _asked(address, "POST", "/emulator/import", fleet)


def export_fleet(address: Address) -> dict[str, Any]:
    """`{services, revisions, jobs}` as stored."""
    return _asked(address, "GET", "/emulator/export")


def reset(address: Address) -> None:
    """Forget everything and end all programs."""
    _asked(address, "POST", "/emulator/reset")


def visit(
    address: Address, *, project: str, region: str, service: str, per_second: float, seconds: float, path: str = "/"
) -> None:
    """Have the server itself send GET requests to a service, for at most 600 seconds; 0 seconds ends that.

    They are split by traffic and logged as any others. A second call for the same service replaces the first.
    """
    where = {"project": project, "region": region, "service": service, "path": path}
    _asked(address, "POST", "/emulator/visitors", where | {"per_second": per_second, "seconds": seconds})


def stop(address: Address) -> None:
    """End the server; its state stays."""
    _asked(address, "POST", "/emulator/stop")


def faults(address: Address) -> list[dict[str, Any]]:
    """The faults of the plan, each with `seen` and `hits`."""
    return list(_asked(address, "GET", "/emulator/faults")["faults"])


def add_fault(address: Address, *added: dict[str, Any]) -> None:
    """Add faults such as `{"path": "/v2/*/services/*", "do": "status", "code": 503}`: all or none."""
    _asked(address, "POST", "/emulator/faults", {"faults": list(added)})


def clear_faults(address: Address) -> None:
    _asked(address, "DELETE", "/emulator/faults")


def requests(address: Address) -> list[dict[str, Any]]:
    """The requests to the API since `clear_requests`, oldest first, at most 10,000."""
    return list(_asked(address, "GET", "/emulator/requests")["requests"])


def clear_requests(address: Address) -> None:
    _asked(address, "DELETE", "/emulator/requests")


def set_buckets(address: Address, names: list[str]) -> None:
    """Say which buckets there are; without it, a bucket comes into being with its first object."""
    _asked(address, "POST", "/emulator/buckets", {"buckets": names})


def _asked(address: Address, method: str, path: str, body: Any = None, timeout: float = 60.0) -> dict[str, Any]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    try:
        raw = None if body is None else json.dumps(body)
        connection.request(method, path, raw, {TOKEN_HEADER: address.token, "connection": "close"})
        answer = connection.getresponse()
        status, value = answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise EmulatorError(
            f"No embedded Cloud Run answers at {address.url} ({type(problem).__name__}).",
            hint="Start one: deploytool emulator serve",
        ) from problem
    finally:
        connection.close()
    if status != 200 or not isinstance(value, dict):
        raise EmulatorError(
            f"The embedded Cloud Run at {address.url} refused: {_why(value, status)}", hint=_hint(status)
        )
    return value


def _why(value: Any, status: int) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    return str(error.get("message", status)) if isinstance(error, dict) else f"status {status}"


def _hint(status: int) -> str:
    if status == 403:
        return "Ask from the project whose state folder that server serves, or start another: deploytool emulator serve"
    if status == 404:
        return "See what there is: deploytool emulator export"
    return "The file needs the shape that `deploytool emulator export` prints."

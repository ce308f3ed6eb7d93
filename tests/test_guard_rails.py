"""The guard rails themselves: a test that leaves this machine or this house must fail."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443), ("2001:db8::1", 80, 0, 0)])
def test_nobody_leaves_this_machine(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as plug, pytest.raises(OSError, match="a test tried to reach"):
        plug.connect(address)
    with pytest.raises(OSError, match="a test"):
        socket.create_connection(address[:2], timeout=1)  # type: ignore[arg-type]


def test_neighbours_on_this_machine_can_be_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as plug:
        server.bind(str(tmp_path / "s"))
        server.listen()
        plug.connect(str(tmp_path / "s"))


def test_nobody_lives_in_somebodys_home() -> None:
    assert "deploytool-home-" in str(Path.home())
    assert not [name for name in os.environ if name.startswith(("GOOGLE_", "CLOUDSDK_", "DEPLOYTOOL_"))]
    assert {name for name in os.environ if name.startswith("GIT_")} == {"GIT_CONFIG_NOSYSTEM"}

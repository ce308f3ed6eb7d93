"""What Cloud Run says of somebody's values is said with their names."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.adapters.cloudrun.unsaid import unsaid

NAME = "projects/shop-prod/locations/europe-west1/services/api"


def container(**variables: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value} for name, value in variables.items()]}


ROWS = {
    "a value": (container(TOKEN="geheim-1"), "bad 'geheim-1'", "bad '$TOKEN'"),
    "one in another": (container(A="geheim", B="geheim-1"), "geheim-1, geheim", "$B, $A"),
    "too short to be told apart": (container(DEBUG="true"), "true", "true"),
    "the project": (container(GCP_PROJECT="shop-prod"), f"denied on {NAME}", f"denied on {NAME}"),
    "our own commit": (container(BUILD_COMMIT="0123abcd"), "0123abcd", "0123abcd"),
    "nothing": ({}, "text", "text"),
    "what is no environment": ({"env": [None, {"name": "A"}, {"value": 7}]}, "text", "text"),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_values_become_names(row: str, depth: int) -> None:
    """Of a revision, a service and a job."""
    of, text, expected = ROWS[row]
    raw: dict[str, Any] = {"containers": [of]}
    for _ in range(depth):
        raw = {"template": raw}
    assert unsaid(text, {"name": NAME, **raw}) == expected

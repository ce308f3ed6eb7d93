"""What the stories of `reconcile` look at: its answer as JSON, and what it asked of Cloud Run meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from deploytool.emulator import client
from tests.stories.conftest import Ran
from tests.stories.release_shop import ReleaseShop

SCHEMA = json.loads((Path(__file__).parents[2] / "deploytool/schemas/reconcile.json").read_text())
CHECK = Draft202012Validator(SCHEMA)


def reconciled(shop: ReleaseShop, *argv: str) -> Ran:
    """`reconcile` with an answer that keeps its schema, and an exit code that says the same."""
    done = shop.run("reconcile", "--format", "json", *argv)
    assert done.code != 70, done.said + shop.crash()
    CHECK.validate(done.json)
    verdict = done.json["verdict"]
    assert done.code in ({"pass": (0,), "fail": (1, 4, 6), "unknown": (3, 4, 6)}[verdict]), done.said
    return done


def found(done: Ran) -> list[tuple[str, str]]:
    """Rule and service of all that remains."""
    return [(one["rule"], one["service"]) for one in done.json["findings"]]


def words(done: Ran) -> list[str]:
    return [one["word"] for one in done.json["mended"]]


def fixed(shop: ReleaseShop, *argv: str) -> Ran:
    return reconciled(shop, "--fix", "--yes", *argv)


def writes(shop: ReleaseShop) -> list[tuple[str, Any]]:
    """What changed something since `client.clear_requests`: method and path."""
    return [(one["method"], one["path"]) for one in client.requests(shop.cloud.address) if one["method"] != "GET"]


def by_hand(shop: ReleaseShop, name: str = "api", note: str = "by-hand") -> str:
    """Somebody deploys with another client: a new revision with the labels that were there."""
    annotations = {**shop.service(name)["template"].get("annotations", {}), "example.com/note": note}
    template = {**shop.service(name)["template"], "annotations": annotations}
    template.pop("revision", None)
    shop.patch({"template": template}, "template", name)
    made = shop.newest(name)
    shop.allowed.add(made)
    shop.before[name] = shop.service(name)
    return made

"""Nothing is sent that could write over what nobody saw."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.adapters.cloudrun.editor import CloudRunEditor
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.domain.edit import Edit, NewRevision
from deploytool.domain.model import Place
from deploytool.domain.plan import Changes
from deploytool.errors import CouldNotLook
from deploytool.ports import SeenService
from tests.adapters.shapes import P, R, v2_service


class Cloud:
    """Stands for the API: answers with one service, or job, and keeps what it is sent."""

    patience = Patience()

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def get(self, path: str) -> dict[str, Any]:
        return {**self.raw, "name": path.removeprefix("/v2/")}

    def send(self, method: str, path: str, body: Any = None, params: Any = None) -> dict[str, Any]:
        self.sent.append((method, {**(body or {}), **(params or {})}))
        return {}


EDIT = Edit(labels={"team": "shop"}, revision=NewRevision("api-1", "image", Changes()))


def changes(editor: CloudRunEditor) -> list[Any]:
    """Every change of something that is there, as a call of what was read."""
    place = Place(P, R, "api")

    def service(change: Any) -> Any:
        return lambda: change(_read(editor.read(place)))

    def job(change: Any) -> Any:
        return lambda: change(_read(editor.read_job(place)))

    return [
        service(lambda seen: editor.change(seen, EDIT)),
        service(editor.delete),
        job(lambda seen: editor.change_job(seen, EDIT)),
        job(editor.delete_job),
    ]


def _read(seen: SeenService | None) -> SeenService:
    assert seen is not None
    return seen


@pytest.mark.parametrize("etag", [None, "", 7])
@pytest.mark.parametrize("number", range(4))
def test_without_an_etag_nothing_is_sent(number: int, etag: Any) -> None:
    raw = v2_service() | {"etag": etag}
    cloud = Cloud({key: value for key, value in raw.items() if key != "etag" or value is not None})
    with pytest.raises(CouldNotLook, match="has no etag"):
        changes(CloudRunEditor(api=cloud))[number]()  # type: ignore[arg-type]
    assert cloud.sent == []


@pytest.mark.parametrize("number", range(4))
def test_with_one_it_is_sent(number: int) -> None:
    cloud = Cloud(v2_service())
    changes(CloudRunEditor(api=cloud))[number]()  # type: ignore[arg-type]
    assert [sent["etag"] for _, sent in cloud.sent] == ['"e7"']

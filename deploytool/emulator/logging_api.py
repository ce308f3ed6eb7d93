"""The Cloud Logging API, as far as a reader of services' logs goes: `entries:list`."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import paging
from deploytool.emulator.bodies import json_object
from deploytool.emulator.errors import invalid
from deploytool.emulator.log_bounds import bounds_of
from deploytool.emulator.log_filter import Filter, filter_of
from deploytool.emulator.log_store import LogStore, Place

DEFAULT_SIZE = 50
PIECE = 500  # entries that are looked at in one go; between two, other requests have their turn
PARENT = re.compile(r"projects/([^/]+)(/locations/[^/]+/buckets/[^/]+/views/[^/]+)?")
ORDERS = {"": False, "timestamp": False, "timestamp asc": False, "timestamp desc": True}
PLACE = re.compile(r"(-?\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Query:
    """One page that is wanted. `upto` is the newest entry there was when the first page was asked for."""

    project: str
    wanted: Filter
    newest_first: bool
    size: int
    after: Place | None
    upto: int | None
    listing: str  # what a page token belongs to


def query_of(body: dict[str, Any]) -> Query:
    """The body of a request, checked; 400 otherwise."""
    project, text, order = _project(body), _text(body, "filter"), " ".join(_text(body, "orderBy").split())
    if order not in ORDERS:
        raise invalid(f"Invalid order: '{order}'. Use 'timestamp asc' or 'timestamp desc'.", "order_by")
    size = paging.page_size(str(body.get("pageSize") or DEFAULT_SIZE))
    listing = f"{project}\n{order}\n{text}"
    after, upto = _place(paging.last_of(listing, _text(body, "pageToken")))
    return Query(project, filter_of(text), ORDERS[order], size, after, upto, listing)


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field) or ""
    if not isinstance(value, str):
        raise invalid(f"'{field}' is a text.", field)
    return value


def _project(body: dict[str, Any]) -> str:
    names = body.get("resourceNames") or [f"projects/{name}" for name in body.get("projectIds") or []]
    found = {match.group(1) for name in names if (match := PARENT.fullmatch(str(name)))}
    if len(found) != 1 or any(not PARENT.fullmatch(str(name)) for name in names):
        raise invalid("resourceNames names one project, as in projects/PROJECT.", "resource_names")
    return found.pop()


def _place(token: str | None) -> tuple[Place | None, int | None]:
    if token is None:
        return None, None
    found = PLACE.fullmatch(token)
    if not found:
        raise invalid("Invalid page token.", "page_token")
    return Place(int(found.group(1)), int(found.group(2))), int(found.group(3))


async def _list(request: Request) -> Response:
    query = query_of(await json_object(request))
    store: LogStore = request.app.state.house.journal.store
    store.flush()
    upto = store.newest() if query.upto is None else query.upto
    entries, last = await _page(store, query, upto)
    parts = [f'"entries": [{", ".join(entries)}]'] if entries else []
    if last is not None:
        parts.append(f'"nextPageToken": {json.dumps(paging.token_for(query.listing, f"{last.at}.{last.seq}.{upto}"))}')
    return Response(f"{{{', '.join(parts)}}}", media_type="application/json; charset=utf-8")


async def _page(store: LogStore, query: Query, upto: int) -> tuple[list[str], Place | None]:
    """The matches of one page as they are kept, and where it ended; None when nothing is left."""
    bounds, place = bounds_of(query.wanted), query.after
    found: list[str] = []
    while True:
        piece = store.texts(query.project, bounds, after=place, upto=upto, newest_first=query.newest_first, size=PIECE)
        for place, text in piece:
            if query.wanted.matches(json.loads(text)):
                found.append(text)
            if len(found) == query.size:
                return found, place
        if len(piece) < PIECE:
            return found, None
        await asyncio.sleep(0)


routes = [Route("/v2/entries:list", _list, methods=["POST"])]

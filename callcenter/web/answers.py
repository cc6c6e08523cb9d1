"""JSON answers encoded by msgspec, and what the query parameters have in common. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, get_origin

import msgspec
from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BeforeValidator
from starlette.responses import Response

from callcenter.floor.wallboard import Wallboard
from callcenter.web.problems import bad, missing

_LOST_PLUS = re.compile(r" (\d\d:\d\d)$")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def json(value: Any, status: int = 200) -> Response:
    """``value`` as JSON. What is told of now must not be kept by a cache."""
    return Response(msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, "application/json")


def page(items: list[Any], next: str | None = None) -> Response:
    return json({"items": items, "next": next})


def parsed_time(text: str) -> str:
    """An RFC 3339 time with a zone; a plus that the query string turned into a blank is mended."""
    mended = _LOST_PLUS.sub(r"+\1", text)
    try:
        at = datetime.fromisoformat(mended)
        if at.tzinfo is not None and "T" in mended:
            at.timestamp()
            return mended
    except (ValueError, OverflowError):
        pass
    raise ValueError("not an RFC 3339 time with a zone, like 2026-11-01T08:00:00+03:30")


def seconds(text: str | None) -> float | None:
    """A time that :func:`parsed_time` let through, as seconds since the epoch."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def only_known_parameters(request: Request) -> None:
    """A problem 400 when the question has a parameter that its route does not know, or twice one that it takes once:
    neither a typo nor the last of two values must be answered as if that had been asked."""
    fields = request.scope["route"].dependant.query_params
    known = {field.alias: get_origin(field.field_info.annotation) is list for field in fields}
    given = [name for name, _ in request.query_params.multi_items()]
    if unknown := sorted(set(given) - known.keys()):
        raise bad(f"no such parameter: {', '.join(unknown)}; known here: {', '.join(sorted(known)) or 'none'}")
    if twice := sorted({name for name in given if given.count(name) > 1 and not known[name]}):
        raise bad(f"given more than once: {', '.join(twice)}; it takes one value")


def parsed_day(text: object) -> object:
    """A day as YYYY-MM-DD; a date stays as it is. ValueError for all else: pydantic would take numbers for seconds."""
    if isinstance(text, str) and _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if text is None or isinstance(text, date):
        return text
    raise ValueError("not a day like 2026-11-23")


def known_queue(board: Wallboard, name: str | None) -> str | None:
    """``name``, if the board has such a queue; else a problem 404."""
    if name is not None and all(q.name != name for q in board.now.queues):
        raise missing(f"no such queue: {name}")
    return name


ONLY_KNOWN = [Depends(only_known_parameters)]

_Time = Annotated[str, AfterValidator(parsed_time)]
Since = Annotated[_Time | None, Query(description="begun at this time or later; RFC 3339 with zone")]
Until = Annotated[_Time | None, Query(description="begun before this time; RFC 3339 with zone")]
Day = Annotated[date | None, BeforeValidator(parsed_day)]
Queue = Annotated[str | None, Query(min_length=1, max_length=256, description="only this queue, by its name")]
Agent = Annotated[
    str | None, Query(min_length=1, max_length=256, description="only calls of this agent, by name or interface")
]
Number = Annotated[str | None, Query(min_length=1, max_length=256, description="only this number, as dialled or E.164")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500, description="how many rows a page has at most")]

"""Calls, timelines and tickets over the API, read from a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from memory_source import MemorySource
from sample_boards import AT

from callcenter.crm.ticket import Kind, Stage, Ticket
from callcenter.floor.records import Attempt, CallRecord, Conversation, Direction, Outcome, Result, Transfer, Visit
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow
from callcenter.web.models import CallShape, JournalShape, PageOf, TicketShape


def call(n: int) -> CallRecord:
    at = AT + 60 * n
    attempt = Attempt("سارا", "PJSIP/1001", at + 1, 4.5, Result.ANSWERED)
    visit = Visit(
        "sales", at, 1, at + 5.5, 5.5, Outcome.ANSWERED, "سارا", "PJSIP/1001", 30.25, 2.0, attempts=(attempt,)
    )
    talk = Conversation("PJSIP/1001", "سارا", "09121234567", "sales", at + 5.5, at + 35.75, 28.25, 2.0, "caller")
    moved = Transfer("blind", "PJSIP/1001", "2000", at + 30)
    return CallRecord(
        f"main-{n}", "main", f"{n}.1", Direction.IN, "09121234567", "<b>Ali</b>", "100", at, at + 1,
        at + 40 if n % 2 == 0 else None, (visit,), (talk,), (moved,), "caller", 16,
    )


def ticket(n: int) -> Ticket:
    kind = Kind.CALLBACK if n % 2 else Kind.CALL
    return Ticket(f"main-{n}", kind, Stage.ENDED, "open", "in", "09121234567", "+989121234567", "Ali", "100", "sales",
                  ("سارا",), 5.5, 30.25, "answered", AT + 60 * n, AT + 60 * n + 40)


@pytest.fixture(autouse=True)
async def filled(source: MemorySource, tmp_path: Path) -> AsyncIterator[None]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/calls.db")
    journal = (
        JournalRow("main-1", AT + 60, "event", "CallerJoined", {"at": AT + 60, "queue": "sales", "position": 1}),
        JournalRow("main-1", AT + 60.5, "change", "VisitEntered", {"at": AT + 60.5, "key": 1, "queue": "sales"}),
    )
    await store.write(Batch(tuple(map(call, range(5))), tuple(map(ticket, range(5))), journal=journal))
    source.store = store  # type: ignore[assignment]
    yield
    await store.close()


async def test_a_call_comes_back_as_it_was_stored(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/calls/main-1")
    told, truth = CallShape.model_validate_json(answer.content), call(1)
    assert (told.id, told.caller.e164, told.caller.name) == (truth.id, "+989121234567", truth.name)
    assert told.started_at.timestamp() == pytest.approx(truth.started_at, abs=0.001) and told.ended_at is None
    assert (told.visits[0].wait_s, told.visits[0].attempts[0].rang_s) == (5.5, 4.5)
    assert (told.conversations[0].talk_s, told.transfers[0].to) == (28.25, "2000")
    assert told.ticket is not None


async def test_pages_hold_every_call_once_the_newest_first(api: httpx.AsyncClient) -> None:
    ids, cursor = [], None
    for _ in range(4):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = PageOf[CallShape].model_validate_json((await api.get("/api/v1/calls", params=params)).content)
        ids += [c.id for c in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert ids == [f"main-{n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(("params", "ids"), [
    ({"state": "open"}, ["main-3", "main-1"]),
    ({"queue": "billing"}, []),
    ({"number": "+989121234567", "limit": 1}, ["main-4"]),
    ({"agent": "سارا", "limit": 1}, ["main-4"]),
    ({"since": "2026-11-16T10:24:00Z", "until": "2026-11-16T13:55:00+03:30"}, ["main-2"]),
])
async def test_calls_are_found_by(api: httpx.AsyncClient, params: dict[str, str], ids: list[str]) -> None:
    answer = await api.get("/api/v1/calls", params=params)
    assert [c["id"] for c in answer.json()["items"]] == ids


async def test_a_plus_that_nobody_escaped_is_still_a_plus(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/calls?since=2026-11-16T13:55:30+03:30")
    assert [c["id"] for c in answer.json()["items"]] == ["main-4"]


async def test_the_timeline_tells_events_and_changes_in_order(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/calls/main-1/timeline")
    rows = PageOf[JournalShape].model_validate_json(answer.content).items
    assert [(r.source, r.name) for r in rows] == [("event", "CallerJoined"), ("change", "VisitEntered")]
    assert rows[0].data["at"] == "2026-11-16T10:23:11.250+00:00"
    assert (await api.get("/api/v1/calls/main-2/timeline")).json() == {"items": [], "next": None}


async def test_each_line_of_a_timeline_tells_its_call_and_merged_calls_are_in_it(
    api: httpx.AsyncClient, source: MemorySource
) -> None:
    consultation = JournalRow("main-2", AT + 61, "event", "DialBegan", {"at": AT + 61})
    await source.store.write(Batch((call(2),), journal=(consultation,), merged=(("main-2", "main-1"),)))
    items = (await api.get("/api/v1/calls/main-1/timeline")).json()["items"]
    assert [(row["call"], row["name"]) for row in items] == [
        ("main-1", "CallerJoined"), ("main-1", "VisitEntered"), ("main-2", "DialBegan"),
    ]  # fmt: skip


async def test_tickets_are_told_by_kind(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/tickets", params={"kind": "callback", "number": "+989121234567"})
    told = PageOf[TicketShape].model_validate_json(answer.content).items
    assert [t.call for t in told] == ["main-3", "main-1"]
    assert told[0].agents == ["سارا"] and told[0].opened_at.timestamp() == pytest.approx(AT + 180, abs=0.001)


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "ZZZZ", "é", "W10="])
@pytest.mark.parametrize("path", ["/api/v1/calls", "/api/v1/tickets"])
async def test_a_cursor_that_was_never_given_is_a_400(api: httpx.AsyncClient, path: str, cursor: str) -> None:
    answer = await api.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["detail"]) == (400, "cursor: none that this list has given")

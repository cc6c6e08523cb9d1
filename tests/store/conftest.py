"""An open store on a real file, and calls to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from callcenter.crm.rules import ticket_of
from callcenter.floor.records import Attempt, CallRecord, Conversation, Direction, Outcome, Result, Transfer, Visit
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow


def a_call(n: int, queue: str = "support", **fields: object) -> CallRecord:
    """The nth call: an agent let it ring, a second one answered and sent it on. ``fields`` replace what is here."""
    at = 1_700_000_000.25 + 10 * n
    attempts = (
        Attempt("Ali", "PJSIP/1001", at + 1, 3.5, Result.NO_ANSWER, True),
        Attempt("Sara", "PJSIP/1002", at + 5, 2.0, Result.ANSWERED),
    )
    visit = Visit(
        queue, at, 1, at + 8, 8.0, Outcome.ANSWERED, "Sara", "PJSIP/1002", 30.0, 2.0, 4.5, True, "agent", attempts
    )
    values: dict[str, object] = {
        "id": f"main-1-{n}", "pbx": "main", "linkedid": f"1.{n}", "direction": Direction.IN,
        "number": f"0912{n:07}", "name": "Mina", "called": "100", "started_at": at, "answered_at": at + 0.5,
        "ended_at": at + 60, "visits": (visit,), "ended_by": "caller", "hangup_cause": 16, "recording": None,
        "conversations": (
            Conversation("PJSIP/1002", "Sara", "0912", queue, at + 8, at + 38, 28.0, 2.0, "agent"),
            Conversation("PJSIP/1003", None, "0912", None, at + 40, at + 60, 20.0, 0.0, "caller"),
        ),
        "transfers": (Transfer("blind", "PJSIP/1002", "1003", at + 38),), "seen": "whole",
    }  # fmt: skip
    return CallRecord(**(values | fields))  # type: ignore[arg-type]


def a_batch(*calls: CallRecord, lines: int = 0) -> Batch:
    """The calls, the ticket of each, and ``lines`` of journal for each."""
    tickets = (ticket_of(call, "IR", internal=False) for call in calls)
    journal = [JournalRow(c.id, c.started_at, "event", f"line {n}", {"n": n}) for c in calls for n in range(lines)]
    return Batch(calls, tuple(t for t in tickets if t), (), tuple(journal))


@pytest.fixture
def call() -> Callable[..., CallRecord]:
    return a_call


@pytest.fixture
def batch() -> Callable[..., Batch]:
    return a_batch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callcenter.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await Store.open(url, busy_s=0.2)
    yield opened
    await opened.close()

"""What goes into the store and comes out of it: one Batch a transaction, pages of rows. Pure values."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from callcenter.crm.ticket import Ticket
from callcenter.floor.records import CallRecord, Hole, Span

T = TypeVar("T")


class JournalRow(msgspec.Struct, frozen=True):
    """One line of a call's history. ``source``: "event" (what Asterisk said) or "change" (what it was taken for)."""

    call: str
    at: float
    source: str
    name: str
    data: dict[str, Any]


class Batch(msgspec.Struct, frozen=True):
    """What one transaction writes: the newest record of each touched call, its ticket, spans, journal."""

    calls: tuple[CallRecord, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    spans: tuple[Span, ...] = ()
    journal: tuple[JournalRow, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    """(call, into): the call's legs went over into another call; its record stays, its ticket points there."""
    holes: tuple[Hole, ...] = ()
    moved: tuple[tuple[str, float], ...] = ()
    """(agent, beginning) of spans that turned out to be shorter, or to begin at another time, as the PBX's clock was
    set: they go. ``spans`` has them anew."""
    alive: float = 0.0
    """The PBX's time up to which everything seen is committed with this batch; 0 when it cannot be said."""
    boot: int = 0
    """When the PBX booted, where that is news: it is part of the ids of the calls that are written with it."""


def halves(batch: Batch) -> tuple[Batch, Batch] | None:
    """Two batches that write the same one after the other: calls first; None when there is only one thing in it."""
    kinds = [name for name in _KINDS if getattr(batch, name)]
    if len(kinds) > 1:
        first = _only(batch, kinds[0], getattr(batch, kinds[0]))
        return first, msgspec.structs.replace(batch, **{kinds[0]: (), "tickets": ()})
    if not kinds or len(getattr(batch, kinds[0])) == 1:
        return None
    things = getattr(batch, kinds[0])
    cut = len(things) // 2
    second = _only(batch, kinds[0], things[cut:])
    return _only(batch, kinds[0], things[:cut]), msgspec.structs.replace(second, alive=batch.alive)


_KINDS = ("calls", "journal", "merged", "holes", "moved", "spans")
"""Spans that moved stay beside what they became as long as possible: a kill between the two would cost them."""


def _only(batch: Batch, kind: str, things: tuple[Any, ...]) -> Batch:
    """A call takes its ticket along."""
    ids = {record.id for record in things} if kind == "calls" else set()
    part = msgspec.structs.replace(Batch(boot=batch.boot), **{kind: things})
    return msgspec.structs.replace(part, tickets=tuple(ticket for ticket in batch.tickets if ticket.call in ids))


class StoredCall(msgspec.Struct, frozen=True):
    record: CallRecord
    ticket: int | None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """``next`` is the cursor of the next page, None on the last."""

    items: tuple[T, ...]
    next: str | None = None

"""What a ticket is. A pure value; :mod:`callcenter.crm.rules` makes it from a call record."""

from __future__ import annotations

import enum

import msgspec


class Kind(enum.StrEnum):
    CALL = "call"
    CALLBACK = "callback"
    """The caller gave up in the queue: somebody owes them a call."""


class Stage(enum.StrEnum):
    """Where the call of the ticket is."""

    RINGING = "ringing"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"


class Ticket(msgspec.Struct, frozen=True):
    """One ticket of one call. ``number`` is given by the store (None before the first write).

    ``status``: "open" while the call is up or a callback is owed, else "closed". Durations in seconds,
    times in seconds since the epoch. ``agents``: names of the agents that talked, in order.
    """

    call: str
    kind: Kind
    stage: Stage
    status: str
    direction: str
    caller: str
    e164: str | None
    name: str
    called: str
    queue: str | None
    agents: tuple[str, ...]
    wait_s: float
    talk_s: float
    outcome: str | None
    opened_at: float
    updated_at: float
    closed_at: float | None = None
    number: int | None = None

"""A store with a month of calls and the hours of today: one day is written as the daemon writes it, then copied by SQL.

Each call has a ticket, a visit, an attempt, mostly a conversation, and four spans of its agent. The copies have ids,
times and numbers of callers of their own; their digests say that they are not checked.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from callcenter.crm.rules import ticket_of
from callcenter.floor.records import (
    AgentState,
    Attempt,
    CallRecord,
    Conversation,
    Direction,
    Outcome,
    Result,
    Span,
    Visit,
)
from callcenter.store import schema
from callcenter.store.digests import UNCHECKED
from callcenter.store.store import Store
from callcenter.store.values import Batch

DAY_S, DAYS, QUEUES = 86_400, 30, 20
CALLS_OF_AGENT = 160
"""A day."""
AT_ONCE = 500
CALLERS = 1_000_000
WRAP_UP_S = 10.0
BOOT = "main-6a000000-"
ID_AT = len(BOOT) + 1
"""Where in an id of a call its time is, ten digits long."""


def one_day(start: int, calls: int) -> Iterator[tuple[CallRecord, list[Span]]]:
    """Each agent takes a call in turn; one caller of ten gives up."""
    rng = random.Random(1)
    agents = -(-calls // CALLS_OF_AGENT)
    free_at = [float(start)] * agents
    for n in range(calls):
        at, agent = start + DAY_S * n / calls + rng.random(), n % agents
        record = _call(rng, n, at, f"Agent {1001 + agent}", f"PJSIP/{1001 + agent}")
        spans = _spans(record, free_at[agent], f"Agent {1001 + agent}")
        free_at[agent] = spans[-1].to
        yield record, spans


def _call(rng: random.Random, n: int, at: float, agent: str, phone: str) -> CallRecord:
    queue, number, linkedid = f"queue{n % QUEUES + 1:02d}", f"0912{rng.randrange(CALLERS):07d}", f"{int(at)}.{n}"
    before_s, rang_s, talk_s = rng.expovariate(1 / 12), 2 + 6 * rng.random(), 30 + 300 * rng.random()
    entered = at + 1
    left, wait_s = entered + before_s + rang_s, before_s + rang_s
    ring = Attempt(agent, phone, entered + before_s, rang_s, Result.ANSWERED)
    visit = Visit(queue, entered, 1, left, wait_s, Outcome.ANSWERED, agent, phone, talk_s, 0.0, WRAP_UP_S,
                  ended_by="caller", attempts=(ring,))  # fmt: skip
    talk = Conversation(phone, agent, number, queue, left, left + talk_s, talk_s, 0.0, "caller")
    record = CallRecord(BOOT + linkedid, "main", linkedid, Direction.IN, number, "", "800", at, at, left + talk_s,
                        (visit,), (talk,), ended_by="caller", hangup_cause=16)  # fmt: skip
    if n % 10 != 9:
        return record
    ring = Attempt(agent, phone, entered + before_s, rang_s, Result.NO_ANSWER, unanswered=True)
    visit = Visit(queue, entered, 1, left, wait_s, Outcome.ABANDONED, ended_by="caller", attempts=(ring,))
    return msgspec.structs.replace(record, ended_at=left, visits=(visit,), conversations=())


def _spans(record: CallRecord, free_at: float, agent: str) -> list[Span]:
    """What the agent did: waited for the call since ``free_at``, was rung, talked, and wrote it up."""
    visit, ring = record.visits[0], record.visits[0].attempts[0]
    assert visit.left_at is not None and record.ended_at is not None
    states = [(AgentState.AVAILABLE, None, free_at, ring.at), (AgentState.RINGING, visit.queue, ring.at, visit.left_at)]
    if record.conversations:
        states += [
            (AgentState.TALKING, visit.queue, visit.left_at, record.ended_at),
            (AgentState.WRAP_UP, visit.queue, record.ended_at, record.ended_at + WRAP_UP_S),
        ]
    return [Span(ring.interface, agent, state, "", queue, a, b) for state, queue, a, b in states if b > a]


async def write_day(url: str, start: int, calls: int, alive: float) -> None:
    """``alive``: up to when the store shall know of everything."""
    store = await Store.open(url)
    held: list[tuple[CallRecord, list[Span]]] = []
    for one in one_day(start, calls):
        held.append(one)
        if len(held) == AT_ONCE:
            await store.write(_batch(held))
            held = []
    await store.write(_batch(held, alive))
    await store.close()


def _batch(held: list[tuple[CallRecord, list[Span]]], alive: float = 0.0) -> Batch:
    records = tuple(record for record, _ in held)
    tickets = tuple(ticket for record in records if (ticket := ticket_of(record, "IR", False)))
    return Batch(records, tickets, tuple(span for _, spans in held for span in spans), alive=alive)


# ---- copies ------------------------------------------------------------------------------------------------------

TIMES = {"started_at", "answered_at", "ended_at", "entered_at", "left_at", "at", "from_at", "to_at", "opened_at",
         "updated_at", "closed_at"}  # fmt: skip
IDS = {("call", "id"), ("visit", "call"), ("attempt", "call"), ("conversation", "call"), ("ticket", "call")}
NUMBERS = {("call", "number"), ("ticket", "caller"), ("ticket", "e164"), ("conversation", "peer")}
TABLES = (schema.call, schema.visit, schema.attempt, schema.conversation, schema.ticket, schema.agent_span)


def copy_day(db: sqlite3.Connection, start: int, nth: int, until: float) -> None:
    """The day that begins at ``start`` again, ``nth`` days later, as far as it is over at ``until``."""
    given = {"shift": nth * DAY_S, "nth": nth, "from": start, "to": min(start + DAY_S, until - nth * DAY_S)}
    tickets = db.execute("SELECT count(*) FROM ticket WHERE opened_at < :from + 86400", given).fetchone()[0]
    for table in TABLES:
        names = [column.name for column in table.columns]
        values = ", ".join(_value(table.name, name) for name in names)
        db.execute(
            f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} "
            f"WHERE {_of_day(table.name)} ORDER BY {table.primary_key.columns[0].name}",
            given | {"tickets": tickets},
        )
    version = {"day": (start + given["shift"]) // DAY_S, "version": random.getrandbits(62)}
    db.execute("INSERT OR REPLACE INTO day VALUES (:day, :version)", version)
    hours = [(version["day"] * 24 + n, random.getrandbits(62)) for n in range(24)]
    db.executemany("INSERT OR REPLACE INTO hour VALUES (?, ?)", hours)
    db.commit()


def _value(table: str, name: str) -> str:
    """What a column of a copy is, in SQL."""
    if name in TIMES:
        return f"{name} + :shift"
    if (table, name) in IDS:
        return f"'{BOOT}' || (CAST(substr({name}, {ID_AT}, 10) AS INT) + :shift) || substr({name}, {ID_AT + 10})"
    if (table, name) in NUMBERS:
        head = 6 if name == "e164" else 4  # of +98912…, of 0912…
        return f"substr({name}, 1, {head}) || printf('%07d', (substr({name}, {head + 1}) + :nth * 77777) % {CALLERS})"
    return {
        "digest": str(UNCHECKED), "merged_digest": "NULL", "number": "number + :nth * :tickets",
        "linkedid": "(CAST(substr(linkedid, 1, 10) AS INT) + :shift) || substr(linkedid, 11)",
    }.get(name, name)  # fmt: skip


def _of_day(table: str) -> str:
    if table == "agent_span":
        return "from_at >= :from AND to_at < :to"
    return f"{'id' if table == 'call' else 'call'} BETWEEN {_id('from')} AND {_id('to')}"


def _id(moment: str) -> str:
    return f"'{BOOT}' || CAST(:{moment} AS INT)"


async def filled(path: Path, calls: int, now: float) -> None:
    """So many calls in the month before today (UTC), and as many a day until ten minutes ago."""
    url, today = f"sqlite+aiosqlite:///{path}", int(now // DAY_S) * DAY_S
    start = today - DAYS * DAY_S
    await write_day(url, start, calls // DAYS, now)
    with closing(sqlite3.connect(path)) as db:
        for nth in range(1, DAYS + 1):
            copy_day(db, start, nth, now - 600)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

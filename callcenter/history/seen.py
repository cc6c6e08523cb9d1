"""What the daemon's own store knows of a day, as the tables of :mod:`callcenter.history.tables`. A shell that reads.

The daemon may be writing to it meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    create_engine,
    exists,
    func,
    inspect,
    or_,
    select,
    text,
)

from callcenter import __version__
from callcenter.errors import StoreError
from callcenter.figures.staff import STATES
from callcenter.figures.visit_rows import OUTCOMES
from callcenter.floor.records import Direction
from callcenter.history.columns import Source
from callcenter.history.folding import table
from callcenter.history.lines import DAY_S
from callcenter.history.ranges import Ranges, minus
from callcenter.history.tables import TABLES
from callcenter.store import opening
from callcenter.store.schema import (
    OVER_MIDNIGHT,
    agent_span,
    attempt,
    call,
    conversation,
    day,
    hole,
    hour,
    meta,
    ticket,
    visit,
)
from callcenter.store.writing import ALIVE, CLOCK_SET, HOUR_S, SINCE

BUSY_S = 5.0
HOURS = 24
"""Of a day (UTC)."""
MADE = "2"
"""To be raised when this module makes something else of the same rows."""


THRESHOLDS = "servicelevel"
"""Key in ``meta``: the PBX's own threshold of each queue, in seconds."""


class Known(NamedTuple):
    """What the store tells of: ``covered``, outside of which it saw nothing and nothing was repaired; ``alive``: up to
    when (0: it never saw anything); ``versions`` of the days of which it knows anything."""

    covered: Ranges
    alive: float
    versions: dict[int, int]


NOTHING = Known((), 0.0, {})


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """One state of the store at ``path``. Raises StoreError."""
    with opening.translated(path):
        engine = create_engine(URL.create("sqlite", database=str(path)))
        opening.configure(engine, BUSY_S, "BEGIN", ("query_only=ON",))
        try:
            with engine.connect() as connection, connection.begin():
                if not inspect(connection).has_table(hour.name):
                    raise StoreError(f"store {path}: of an older version: start the daemon once, which renews it")
                yield connection
        finally:
            engine.dispose()


def known(connection: Connection) -> Known:
    """Which days there are, and what of them was seen."""
    moments = select(meta.c.key, meta.c.value).where(meta.c.key.in_((ALIVE, SINCE)))
    told = {key: float(value) for key, value in connection.execute(moments)}
    alive = told.get(ALIVE, 0.0)
    first = told.get(SINCE, alive)
    blind = select(hole.c.from_, hole.c.to).where(~hole.c.repaired)
    holes = [(since, alive if until is None else until) for since, until in connection.execute(blind)]
    versions = {int(n): int(version) for n, version in connection.execute(select(day.c.day, day.c.version))}
    return Known(minus([(first, alive)], holes), alive, versions)


def thresholds(connection: Connection) -> dict[str, float]:
    """The PBX's own threshold of each queue, in seconds, as far as it is known."""
    told = connection.execute(select(meta.c.value).where(meta.c.key == THRESHOLDS)).scalar()
    return msgspec.json.decode(told, type=dict[str, float]) if told else {}


def hours(connection: Connection, number: int) -> dict[int, int]:
    """Hour of the day ``number`` → version, as far as anything of it is known to have changed."""
    first = number * HOURS
    versions = select(hour.c.hour, hour.c.version).where(hour.c.hour >= first, hour.c.hour < first + HOURS)
    return {int(n) - first: int(version) for n, version in connection.execute(versions)}


def tables_of(
    connection: Connection, number: int, kinds: Iterable[str] = TABLES, within: tuple[int, int] = (0, HOURS)
) -> dict[str, pa.Table]:
    """The tables of the calls that began on day ``number``, and what agents did on it: those that are wanted.
    ``within``: from and to hours of the day; a span is of the hour in which it ends, all of it within the day, or of
    the last one. Raises StoreError."""
    start, end = (float(number * DAY_S + n * HOUR_S) for n in within)
    began = and_(call.c.started_at >= start, call.c.started_at < end)
    queries = {
        "visits": [_visits(began)],
        "attempts": [_attempts(began)],
        "calls": [_calls(began)],
        "spans": _spans(number, start, end),
    }
    made = {kind: table(TABLES[kind], list(_rows(connection, queries[kind]))) for kind in kinds}
    for kind, name in (("visits", "outcome"), ("spans", "state")):
        if kind in made and made[kind][name].null_count:
            raise StoreError(f"store: of a newer version: {kind} have an {name} that {__version__} does not know")
    return made


def _rows(connection: Connection, queries: Iterable[Select[Any]]) -> Iterator[tuple[Any, ...]]:
    """As the driver brings them, a Boolean as 0 or 1: of a hundred thousand a day SQLAlchemy's cost as much again."""
    for query in queries:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(str(query.compile(connection, compile_kwargs={"literal_binds": True})))
            yield from cursor.fetchall()


def _visits(began: ColumnElement[bool]) -> Select[Any]:
    of_visit = and_(attempt.c.call == visit.c.call, attempt.c.visit == visit.c.seq, attempt.c.result.is_not(None))
    rings = select(func.count()).select_from(attempt).where(of_visit).scalar_subquery()
    unanswered = select(func.count()).select_from(attempt).where(of_visit, attempt.c.unanswered).scalar_subquery()
    v = visit.c
    outcome = case((v.outcome.is_(None), OUTCOMES[None]), *((v.outcome == o, n) for o, n in OUTCOMES.items() if o))
    return select(
        call.c.linkedid, v.queue, v.entered_at, v.wait_s, outcome, v.agent, v.talk_s, v.hold_s, v.wrap_up_s,
        v.transferred, rings, unanswered,
        case((v.repaired, int(Source.REPAIRED)), else_=int(Source.SEEN)),
    ).join(call, call.c.id == v.call).where(began)  # fmt: skip


def _attempts(began: ColumnElement[bool]) -> Select[Any]:
    a = attempt.c
    return (
        select(call.c.linkedid, visit.c.queue, a.agent, a.at, a.unanswered)
        .join(visit, and_(visit.c.call == a.call, visit.c.seq == a.visit))
        .join(call, call.c.id == a.call)
        .where(began, a.result.is_not(None))
    )


def _calls(began: ColumnElement[bool]) -> Select[Any]:
    """Calls from outside. One whose legs went over into another is no call of its own. Of +98… SQLite makes 98…."""
    of_call = visit.c.call == call.c.id
    last = select(visit.c.queue).where(of_call).order_by(visit.c.seq.desc()).limit(1).scalar_subquery()
    spoke = and_(conversation.c.call == call.c.id, conversation.c.agent.is_not(None))
    by = select(conversation.c.agent).where(spoke).order_by(conversation.c.seq.desc()).limit(1).scalar_subquery()
    answered = or_(exists().where(spoke), exists().where(and_(of_call, visit.c.agent.is_not(None))))
    return (
        select(call.c.linkedid, last, cast(ticket.c.e164, BigInteger), call.c.started_at, answered, by)
        .outerjoin(ticket, ticket.c.call == call.c.id)
        .where(began, call.c.direction == Direction.IN, call.c.merged_into.is_(None))
    )


def _spans(number: int, start: float, end: float) -> list[Select[Any]]:
    """What of them lies within the day: of those that end from ``start`` to ``end``, and at its end of those that go
    on. One of a clock that nobody had set yet says nothing of how long it was."""
    s, midnight, last = agent_span.c, float(number * DAY_S), float((number + 1) * DAY_S)
    name = case((s.name != "", s.name), else_=s.agent)
    state = case(*((s.state == state, n) for state, n in STATES.items()))
    query = select(name, s.queue, state, func.max(s.from_, midnight), func.min(s.to, last)).where(s.from_ >= CLOCK_SET)
    ended = query.where(s.to > start if start == midnight else s.to >= start, s.to < end)
    return [ended] if end < last else [ended, query.where(text(OVER_MIDNIGHT), s.to >= last, s.from_ < last)]

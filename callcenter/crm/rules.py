"""The ticket of a call, derived wholly from its record. Pure: the same record always gives the same ticket.

Because nothing but the record is looked at, a ticket follows its call (ringing, waiting, talking, ended) by being
made again whenever the call changes; the store keeps the number that it gave the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from callcenter.crm.ticket import Kind, Stage, Ticket
from callcenter.floor.records import CallRecord, Direction, Outcome, Visit
from callcenter.numbers import e164


def ticket_of(record: CallRecord, country: str, internal: bool) -> Ticket | None:
    """The one ticket of ``record``; None for an internal call unless ``internal``.

    ``country`` (ISO 3166) is how national numbers are read. ``e164`` is the outside party's number: the caller's of
    an incoming call, the called one of an outgoing call. ``wait_s`` adds the waits of all visits, ``talk_s`` the
    connected time of all conversations, hold included; what still runs counts once it is over.
    """
    if record.direction is Direction.INTERNAL and not internal:
        return None
    kind = _kind(record)
    closed = record.ended_at is not None and kind is Kind.CALL
    return Ticket(
        call=record.id,
        kind=kind,
        stage=next(stage for stage, holds in _STAGES if holds(record)),
        status="closed" if closed else "open",
        direction=record.direction.value,
        caller=record.number,
        e164=e164(_OUTSIDE[record.direction](record), country),
        name=record.name,
        called=record.called,
        queue=record.visits[-1].queue if record.visits else None,
        agents=tuple(dict.fromkeys(c.agent for c in record.conversations if c.agent)),
        wait_s=sum(v.wait_s or 0.0 for v in record.visits),
        talk_s=sum((c.talk_s or 0.0) + c.hold_s for c in record.conversations if c.talk_s is not None),
        outcome=_outcome(record),
        opened_at=record.started_at,
        updated_at=max(_moments(record)),
        closed_at=record.ended_at if closed else None,
    )


def _kind(record: CallRecord) -> Kind:
    """A caller who gave up in the queue and was never spoken to is owed a call."""
    gave_up = bool(record.visits) and record.visits[-1].outcome is Outcome.ABANDONED
    return Kind.CALLBACK if gave_up and not _was_answered(record) else Kind.CALL


def _was_answered(record: CallRecord) -> bool:
    """Somebody of the house spoke to the caller. ``answered_at`` does not say so: an IVR answers too."""
    return bool(record.conversations) or any(v.outcome is Outcome.ANSWERED for v in record.visits)


def _outcome(record: CallRecord) -> str | None:
    """The last visit's outcome; of a call that saw no queue, "answered" or "unanswered" once that is certain."""
    if record.visits:
        outcome = record.visits[-1].outcome
        return None if outcome is None else outcome.value
    if record.conversations:
        return Outcome.ANSWERED.value
    return None if record.ended_at is None else "unanswered"


def _moments(record: CallRecord) -> Iterator[float]:
    """Every time at which something is known to have happened to the call."""
    yield record.started_at
    for at in (record.answered_at, record.ended_at, *(v for visit in record.visits for v in _visit_moments(visit))):
        if at is not None:
            yield at
    for conversation in record.conversations:
        yield conversation.from_ if conversation.to is None else conversation.to
    yield from (transfer.at for transfer in record.transfers)


def _visit_moments(visit: Visit) -> Iterator[float | None]:
    yield visit.entered_at
    yield visit.left_at
    yield from (attempt.at for attempt in visit.attempts)


# Where the call is: the first row that holds.
_STAGES: tuple[tuple[Stage, Callable[[CallRecord], bool]], ...] = (
    (Stage.ENDED, lambda r: r.ended_at is not None),
    (Stage.TALKING, lambda r: any(c.to is None for c in r.conversations)),
    (Stage.WAITING, lambda r: bool(r.visits) and r.visits[-1].outcome is None),
    (Stage.RINGING, lambda r: True),
)

# Who the outside party is.
_OUTSIDE: dict[Direction, Callable[[CallRecord], str]] = {
    Direction.IN: lambda r: r.number,
    Direction.OUT: lambda r: r.called,
    Direction.INTERNAL: lambda r: r.number,
}

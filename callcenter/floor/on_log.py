"""What the PBX's queue_log tells of calls that are up, or have just ended. Pure handler of the Floor.

The mending itself is :mod:`callcenter.queue_log.repair`; here its result takes the place of what the Floor knew. What
was waiting and turns out to be decided leaves the queue; who turns out to talk is connected, so that the AgentComplete
to come finds the visit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from callcenter.floor import events as e
from callcenter.floor import on_agents
from callcenter.floor.calls import Talk
from callcenter.floor.changes import VisitCompleted, VisitEnded, VisitEntered, VisitRepaired
from callcenter.floor.conversations import is_of, kept
from callcenter.floor.legs import UP, Leg
from callcenter.floor.records import CallRecord, Direction, Outcome, Visit
from callcenter.floor.visits import QueueVisit, State, Try

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor


def logged(floor: Floor, event: e.VisitsLogged) -> None:
    """A call that is not known here any more was mended in the store."""
    call = floor.call(event.call)
    if call is None or call.id != event.record.id:
        return
    floor.touched = call
    _talks(call, event.record)
    if event.record.direction is not call.direction:  # its caller was never seen
        call.inbound, call.number = event.record.direction is Direction.IN, event.record.number
    call.mended = call.partial = True
    for before, after in event.visits:
        past = next((n for n, v in enumerate(call.past_visits) if v == before), None)
        if past is None:
            _write(floor, _visit(floor, call, before, after), after, event.at)
        else:
            call.past_visits = (*call.past_visits[:past], after, *call.past_visits[past + 1 :])
            floor.out.append(VisitRepaired(event.at, call.id, before, after))
    if not event.visits and event.record.visits:  # so that the store hears of what else was mended
        last = event.record.visits[-1]
        floor.out.append(VisitRepaired(event.at, call.id, last, last))
    if call.id not in floor.by_id and event.record.ended_at is not None:
        call.ended_at, call.ended_by = event.record.ended_at, event.record.ended_by
        floor.finished[call.id] = call.record()


# ---- visits ---------------------------------------------------------------------------------------------------


def _visit(floor: Floor, call: Call, before: Visit | None, after: Visit) -> QueueVisit:
    """The visit that ``before`` was the record of; a new one when nobody saw it."""
    if before is not None:
        for visit in call.visits:
            if (visit.queue, visit.entered_at) == (before.queue, before.entered_at):
                return visit
    legs = call.legs
    leg = legs.get(call.linkedid) or next(iter(legs.values()), None) or Leg("", "", call, UP, "", "", after.entered_at)
    visit = floor.new_visit(after.queue, leg, after.entered_at, after.position)
    floor.queue(visit.queue).waiting[visit.key] = visit
    floor.out.append(VisitEntered(visit.entered_at, call.id, visit.key, visit.queue, visit.position))
    return visit


def _write(floor: Floor, visit: QueueVisit, after: Visit, at: float) -> None:
    """Say what has become true of it, as if it had been seen; then what else was mended."""
    before = visit.record()
    was_open, was_complete = visit.outcome is None, visit.talk_s is not None
    _attempts(floor, visit, after, at)
    visit.entered_at, visit.position, visit.repaired = after.entered_at, after.position, after.repaired
    if after.outcome is not None:
        _decide(floor, visit, after, at)
    floor.out.append(VisitRepaired(at, visit.leg.call.id, before, visit.record(), visit.key))
    if after.outcome is not None:
        if was_open:
            left = msgspec.structs.replace(visit.record(), talk_s=None, hold_s=None, transferred=False, ended_by=None)
            floor.out.append(VisitEnded(after.left_at or at, visit.leg.call.id, visit.key, left))
        if after.talk_s is not None and not was_complete:
            floor.out.append(VisitCompleted(at, visit.leg.call.id, visit.key, visit.record()))


def _decide(floor: Floor, visit: QueueVisit, after: Visit, at: float) -> None:
    floor.queue(visit.queue).waiting.pop(visit.key, None)
    floor.suspects.pop(visit, None)
    on_agents.cancel_tries(floor, visit, at)
    visit.outcome, visit.left_at, visit.agent, visit.interface = (
        after.outcome, after.left_at, after.agent, after.interface
    )  # fmt: skip
    visit.talk_s, visit.hold_s, visit.transferred, visit.ended_by = (
        after.talk_s, after.hold_s, after.transferred, after.ended_by
    )  # fmt: skip
    talks_on = after.outcome is Outcome.ANSWERED and after.talk_s is None and visit.leg.call.id in floor.by_id
    known = next((key for key, (_, v, _) in floor.connected.items() if v is visit), None)
    if talks_on and known is None:
        _connect(floor, visit, at)
    elif not talks_on and known is not None:
        del floor.connected[known]
    visit.connected_at = after.left_at if after.outcome is Outcome.ANSWERED else None
    visit.state = State.TALKING if talks_on else State.DONE


def _attempts(floor: Floor, visit: QueueVisit, after: Visit, at: float) -> None:
    """Those that still ring stay; those that the log has ended end."""
    ringing = {(t.interface, t.at): t for t in visit.tries if t.result is None}
    tries = []
    for known in after.attempts:
        attempt = ringing.get((known.interface, known.at))
        if attempt is None:
            attempt = Try(known.agent, known.interface, known.interface, known.at)
            attempt.rang_s, attempt.result = known.rang_s, known.result
        elif known.result is not None:
            on_agents.end_try(floor, visit, attempt, at, known.result, known.rang_s)
        attempt.unanswered = known.unanswered
        tries.append(attempt)
    visit.tries = tries


# ---- conversations --------------------------------------------------------------------------------------------


def _connect(floor: Floor, visit: QueueVisit, at: float) -> None:
    """The conversation that a snapshot has shown, or else one that ends with its AgentComplete.

    Of a member on a Local channel that may have been shown by its phone's name; but where we have one of the member, a
    running one by another name is that of who was handed the caller.
    """
    call = visit.leg.call
    running = [talk for talk in call.talks if talk.to is None]
    ours = [talk for talk in running if talk.interface == visit.interface]
    known = any(is_of(talk, visit.record()) for talk in call.record().conversations)
    if not ours and not known and (visit.interface or "").startswith("Local/"):
        ours = running
    if ours:
        talk = ours[-1]
        talk.queue = visit.queue
        talk.started_at = min(talk.started_at, visit.left_at or at)
    else:
        talk = Talk(call, visit.interface or "", None, visit.left_at or at)
        talk.to = talk.started_at
    carried = [leg.uid for leg in talk.legs if leg.uid not in floor.connected]
    key = carried[0] if carried else f"{visit.interface} {visit.key}"
    floor.connected[key] = (call, visit, talk)
    if talk.agent:
        floor.agents.settle(talk.agent, at)


def _talks(call: Call, record: CallRecord) -> None:
    """The conversations of the mended record: the known ones in their places, then those that nobody saw."""
    places = kept(call.record(), record.visits)
    before = len(call.past_talks)
    call.talks = [talk for n, talk in enumerate(call.talks, before) if n in places]
    past, running = sum(n < before for n in places), len(call.talks)
    mended = record.conversations
    for talk, known in zip(call.talks, mended[past : past + running], strict=False):
        talk.started_at, talk.queue = known.from_, known.queue
        if talk.to is not None and known.to is not None:
            talk.to, talk.hold_s, talk.ended_by = known.to, known.hold_s, known.ended_by
    call.past_talks = (*mended[:past], *mended[past + running :])
    call.transfers = list(record.transfers)
    call.started_at = min(call.started_at, record.started_at)
    if call.answered_at is None:
        call.answered_at = record.answered_at


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {e.VisitsLogged: logged}

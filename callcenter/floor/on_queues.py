"""What callers do in queues: enter, leave, give up, are refused. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_agents, on_legs, on_members
from callcenter.floor.changes import VisitEnded, VisitEntered
from callcenter.floor.legs import RING, Leg
from callcenter.floor.records import Outcome
from callcenter.floor.visits import REFUSED, STATUS, UNDECIDED, QueueVisit, Signal, State

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor


def visit_of(floor: Floor, event: e.OnLeg, queue: str) -> QueueVisit | None:
    """The visit that an event speaks of: that of its channel, else the open one of its call in that queue.

    A masqueraded caller has another Uniqueid than it joined with; the Linkedid stays.
    """
    leg = floor.leg(event)
    call = leg.call if leg else floor.call(event.call)
    if call is None:
        return None
    floor.touched = call
    ours = [v for v in call.visits if v.queue == queue]
    for visit in reversed(ours):
        if visit.leg is leg:
            return visit
    found = next((v for v in reversed(ours) if v.state is not State.DONE), None)
    if found and leg and not found.leg.uid:
        found.leg = leg
    return found


def advance(floor: Floor, visit: QueueVisit, signal: Signal, at: float, outcome: Outcome | None = None) -> None:
    """One step of the table, and what is said about it."""
    was = visit.state
    if outcome is None and was is State.GIVEN_UP and visit.left_alone:
        outcome = Outcome.LEFT_EMPTY
    decided = visit.step(signal, at, outcome)
    if decided is None:
        floor.drift(at, "visit", f"{visit.queue}: {signal.value} while {was.value}")
        return
    if visit.state is not State.WAITING:
        floor.queue(visit.queue).waiting.pop(visit.key, None)
        floor.suspects.pop(visit, None)
    if decided:
        if visit.outcome is not Outcome.ANSWERED:
            on_agents.cancel_tries(floor, visit, at)
        floor.out.append(VisitEnded(at, visit.leg.call.id, visit.key, visit.record()))


def moved_on(floor: Floor, leg: Leg, at: float, ringing: str = "") -> None:
    """The channel goes on in the dialplan: what was undecided about its last queue is decided by that.

    ``ringing``: the channel that it dials; an agent that the queue itself dials is no going on.
    """
    if leg.call.visits and ringing not in floor.tries:
        for visit in leg.call.visits:
            if visit.leg is leg and visit.state in UNDECIDED:
                advance(floor, visit, Signal.MOVED_ON, at)


def tried(floor: Floor, event: e.QueueTried) -> None:
    leg = floor.leg(event)
    if leg:
        leg.tried = event.queue
        moved_on(floor, leg, event.at)


def joined(floor: Floor, event: e.CallerJoined) -> None:
    leg = floor.leg(event)
    if leg is None:
        new = e.LegCreated(event.at, event.leg, event.call, event.channel, RING, event.number, event.name, "", "")
        leg = on_legs.late(floor, new)
    if leg is not None:
        enter(floor, leg, event.queue, event.at, event.position)


def enter(floor: Floor, leg: Leg, queue: str, at: float, position: int) -> None:
    """A caller waits in ``queue`` from now on; told twice it still is one visit."""
    moved_on(floor, leg, at)
    for visit in leg.call.visits:
        if visit.leg is leg and visit.state is State.WAITING:
            if visit.queue == queue:
                visit.position = position
                return
            floor.drift(at, "two_queues", f"{queue}: entered while waiting in {visit.queue}")
            advance(floor, visit, Signal.LOST, at)
    visit = floor.new_visit(queue, leg, at, position)
    floor.queue(queue).waiting[visit.key] = visit
    floor.out.append(VisitEntered(at, leg.call.id, visit.key, queue, position))


def caller_left(floor: Floor, event: e.CallerLeft) -> None:
    _signal(floor, event, Signal.LEFT)


def caller_abandoned(floor: Floor, event: e.CallerAbandoned) -> None:
    leg = floor.legs.get(event.leg)
    _signal(floor, event, Signal.HUNG_UP if leg and leg.asked_at is not None else Signal.GAVE_UP)


def _signal(floor: Floor, event: e.CallerLeft | e.CallerAbandoned, signal: Signal) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: {signal.value} of {event.leg}")
        if not floor.synced:
            floor.left_early[event.leg, event.queue] = event.at
    else:
        if signal is Signal.GAVE_UP:
            visit.left_alone = on_members.looks_empty(floor, visit, event.at)
        advance(floor, visit, signal, event.at)


def result(floor: Floor, event: e.QueueResult) -> None:
    """QUEUESTATUS. It decides a visit that was left undecided, or says that the caller was never let in."""
    leg = floor.leg(event)
    outcome = STATUS.get(event.status)
    if leg is None or outcome is None:
        return
    if event.status in REFUSED:
        refused(floor, leg, event, outcome)
        return
    for visit in leg.call.visits:
        if visit.leg is leg and visit.state in UNDECIDED:
            advance(floor, visit, Signal.TOLD, event.at, outcome)


def refused(floor: Floor, leg: Leg, event: e.QueueResult, outcome: Outcome) -> None:
    """The same refusal may be told twice, by VarSet and then by the dialplan's UserEvent: it counts once."""
    if event.told and leg.refused:
        leg.refused -= 1
        return
    if not event.told:
        leg.refused += 1
    visit = floor.new_visit(event.queue or leg.tried or "unknown", leg, event.at, 0)
    floor.queue(visit.queue)
    visit.state, visit.outcome, visit.left_at = State.DONE, outcome, event.at
    floor.out.append(VisitEnded(event.at, leg.call.id, visit.key, visit.record()))


def leg_gone(floor: Floor, leg: Leg, at: float) -> None:
    """A caller's channel is gone: what was undecided is decided."""
    for visit in leg.call.visits:
        if visit.leg is leg and visit.state is not State.DONE:
            if visit.state is State.WAITING:
                floor.drift(at, "hangup_in_queue", f"{visit.queue}: Hangup without QueueCallerLeave")
            advance(floor, visit, Signal.GONE, at)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.QueueTried: tried,
    e.CallerJoined: joined,
    e.CallerLeft: caller_left,
    e.CallerAbandoned: caller_abandoned,
    e.QueueResult: result,
}

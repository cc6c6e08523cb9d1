"""What happens in queues: join, ring, connect, leave, complete. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_legs
from callcenter.floor.changes import AttemptEnded, AttemptStarted, VisitCompleted, VisitEnded, VisitEntered
from callcenter.floor.legs import DOWN
from callcenter.floor.records import Outcome, Result
from callcenter.floor.visits import CAUSES, REFUSED, STATUS, QueueVisit, Signal, State, Try

if TYPE_CHECKING:
    from callcenter.floor.agents import Agent
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor
    from callcenter.floor.legs import Leg

DIAL_CAUSES = {"BUSY": 17, "CONGESTION": 34, "CHANUNAVAIL": 20}
UNDECIDED = frozenset({State.AWAY, State.GIVEN_UP})


def call_of(floor: Floor, linkedid: str) -> Call | None:
    floor.touched = floor.calls.get(linkedid) or floor.aliases.get(linkedid)
    return floor.touched


def visit_of(floor: Floor, event: e.OnLeg, queue: str) -> QueueVisit | None:
    """The visit that an event speaks of: that of its channel, else the open one of its call in that queue.

    A masqueraded caller has another Uniqueid than it joined with; the Linkedid stays.
    """
    leg = floor.leg(event)
    call = leg.call if leg else call_of(floor, event.call)
    if call is None:
        return None
    ours = [v for v in call.visits if v.queue == queue]
    for visit in reversed(ours):
        if visit.leg is leg:
            return visit
    return next((v for v in reversed(ours) if v.state is not State.DONE), None)


def advance(floor: Floor, visit: QueueVisit, signal: Signal, at: float, outcome: Outcome | None = None) -> None:
    """One step of the table, and what is said about it."""
    was = visit.state
    decided = visit.step(signal, at, outcome)
    if decided is None:
        floor.drift(at, "visit", f"{visit.queue}: {signal.value} while {was.value}")
        return
    if visit.state is not State.WAITING:
        floor.queue(visit.queue).waiting.pop(visit.key, None)
    if decided:
        if visit.outcome is not Outcome.ANSWERED:
            cancel_tries(floor, visit, at)
        floor.out.append(VisitEnded(at, visit.leg.call.id, visit.key, visit.record()))


def step(floor: Floor, leg: Leg, signal: Signal, at: float) -> None:
    """A signal for all visits of a channel that are not decided yet."""
    for visit in leg.call.visits:
        if visit.leg is leg and visit.state in UNDECIDED:
            advance(floor, visit, signal, at)


def moved_on(floor: Floor, leg: Leg, at: float, ringing: str = "") -> None:
    """The channel goes on in the dialplan: what was undecided about its last queue is decided by that."""
    if leg.call.visits and ringing not in floor.tries:
        step(floor, leg, Signal.MOVED_ON, at)


def tried(floor: Floor, event: e.QueueTried) -> None:
    leg = floor.leg(event)
    if leg:
        leg.tried = event.queue
        moved_on(floor, leg, event.at)


def joined(floor: Floor, event: e.CallerJoined) -> None:
    leg = floor.leg(event)
    if leg is None:
        leg = floor.add_leg(event)
        leg.call.partial = True
    moved_on(floor, leg, event.at)
    known = visit_of(floor, event, event.queue)
    if known and known.state is State.WAITING:
        known.position = event.position
        return
    visit = floor.new_visit(event.queue, leg, event.at, event.position)
    floor.queue(event.queue).waiting[visit.key] = visit
    floor.out.append(VisitEntered(event.at, leg.call.id, visit.key, event.queue, event.position))


def caller_left(floor: Floor, event: e.CallerLeft) -> None:
    _signal(floor, event, Signal.LEFT)


def caller_abandoned(floor: Floor, event: e.CallerAbandoned) -> None:
    leg = floor.legs.get(event.leg)
    _signal(floor, event, Signal.HUNG_UP if leg and leg.asked_at is not None else Signal.GAVE_UP)


def _signal(floor: Floor, event: e.CallerLeft | e.CallerAbandoned, signal: Signal) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: {signal.value} of {event.leg}")
    else:
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


# ---- attempts -------------------------------------------------------------------------------------------------


def agent_called(floor: Floor, event: e.AgentCalled) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentCalled of {event.leg}")
        return
    start_try(floor, visit, event, event.at)


def start_try(floor: Floor, visit: QueueVisit, event: e.AgentCalled | e.AgentNotAnswered, at: float) -> Try:
    known = visit.open_try(event.dest)
    if known:
        return known
    attempt = Try(event.member or event.interface, event.interface, event.dest, at)
    visit.tries.append(attempt)
    floor.tries[event.dest] = (visit, attempt)
    agent = _agent(floor, event, at)
    agent.rings[event.dest] = visit.queue
    floor.agents.settle(agent, at)
    floor.out.append(
        AttemptStarted(at, visit.leg.call.id, visit.key, visit.queue, attempt.agent, attempt.interface)
    )
    return attempt


def _agent(floor: Floor, event: Any, at: float) -> Agent:
    agent = floor.agents.all.get(event.interface)
    return agent or floor.agents.add(event.interface, event.member, "", at)


def end_try(floor: Floor, visit: QueueVisit, attempt: Try, at: float, how: Result, rang_s: float | None = None) -> None:
    attempt.ended(at, how, rang_s)
    floor.tries.pop(attempt.dest, None)
    floor.out.append(AttemptEnded(at, visit.leg.call.id, visit.key, visit.queue, attempt.record()))
    stop_ringing(floor, attempt, at)


def stop_ringing(floor: Floor, attempt: Try, at: float) -> None:
    agent = floor.agents.all.get(attempt.interface)
    if agent and agent.rings.pop(attempt.dest, None) is not None:
        floor.agents.settle(agent, at)


def not_answered(floor: Floor, event: e.AgentNotAnswered) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentRingNoAnswer of {event.leg}")
        return
    attempt = start_try(floor, visit, event, event.at)
    attempt.unanswered = True
    end_try(floor, visit, attempt, event.at, why_not(floor, attempt), event.ring_s)


def why_not(floor: Floor, attempt: Try) -> Result:
    """The cause with which the phone refused; a phone that never said that it rings was not reached."""
    leg = floor.legs.get(attempt.dest)
    silent = leg is not None and leg.state == DOWN and not leg.local
    return CAUSES.get(attempt.cause, Result.UNREACHABLE if silent else Result.NO_ANSWER)


def dialled(floor: Floor, event: e.DialEnded) -> None:
    """DialEnd: CANCEL when another agent won or the caller left; a failure's status is the cause to come."""
    known = floor.tries.get(event.dest)
    if known is None:
        return
    visit, attempt = known
    if event.status == "CANCEL":
        end_try(floor, visit, attempt, event.at, Result.CANCELLED)
    elif event.status != "ANSWER" and not attempt.cause:
        attempt.cause = DIAL_CAUSES.get(event.status, 0)


def note_cause(floor: Floor, leg: Leg, cause: int) -> None:
    known = floor.tries.get(leg.fronts().uid)
    if known:
        known[1].cause = cause


def cancel_tries(floor: Floor, visit: QueueVisit, at: float) -> None:
    for attempt in visit.tries:
        if attempt.result is None:
            end_try(floor, visit, attempt, at, Result.CANCELLED)


# ---- answered -------------------------------------------------------------------------------------------------


def connected(floor: Floor, event: e.AgentConnected) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None or visit.state is State.TALKING:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentConnect of {event.leg}")
        return
    attempt = visit.open_try(event.dest)
    if attempt:
        end_try(floor, visit, attempt, event.at, Result.ANSWERED)
    cancel_tries(floor, visit, event.at)
    visit.agent, visit.interface = event.member or event.interface, event.interface
    advance(floor, visit, Signal.CONNECTED, event.at)
    converse(floor, visit, event)


def converse(floor: Floor, visit: QueueVisit, event: e.AgentConnected) -> None:
    """Open the conversation of an answered visit, on the leg that the queue dialled."""
    leg = floor.legs.get(event.dest)
    if leg is None:
        floor.drift(event.at, "no_leg", f"{event.queue}: AgentConnect to unknown channel {event.dest}")
        return
    talk = on_legs.open_talk(floor, leg, visit.leg, _agent(floor, event, event.at), event.at, visit)
    for behind in leg.call.legs.values():
        if behind.front is leg:
            on_legs.adopt(floor, talk, behind, visit.leg)
    floor.connected[event.dest] = (leg.call, visit, talk)


def completed(floor: Floor, event: e.AgentCompleted) -> None:
    key = _connection(floor, event)
    if key is None:
        call_of(floor, event.call)
        floor.drift(event.at, "no_conversation", f"{event.queue}: AgentComplete of {event.interface}")
        return
    call, visit, talk = floor.connected[key]
    floor.touched = visit.leg.call
    talk.unhold(event.at)
    visit.transferred = event.reason == "transfer"
    end_visit(floor, key, event.at, event.reason or None)
    wrap_up(floor, call, visit, event)


def _connection(floor: Floor, event: e.AgentCompleted) -> str | None:
    """2-3 % of AgentComplete lack the channel of one side: take what is there, last the agent and the queue."""
    if event.dest in floor.connected:
        return event.dest
    for key, (_, visit, _) in floor.connected.items():
        if event.leg and visit.leg.uid == event.leg and visit.queue == event.queue:
            return key
    for key, (_, visit, _) in floor.connected.items():
        if not (event.dest and event.leg) and visit.queue == event.queue and visit.interface == event.interface:
            return key
    return None


def end_visit(floor: Floor, key: str, at: float, ended_by: str | None) -> None:
    call, visit, talk = floor.connected.pop(key)
    on_legs.end_talk(floor, talk, at, ended_by)
    visit.talk_s = max(0.0, at - (visit.connected_at or at))
    visit.hold_s, visit.ended_by = talk.hold_s, ended_by
    advance(floor, visit, Signal.COMPLETED, at)
    floor.out.append(VisitCompleted(at, call.id, visit.key, visit.record()))
    if call in floor.lingering and all(v.state is not State.TALKING for v in call.visits):
        floor.finish(call, floor.lingering[call])


def wrap_up(floor: Floor, call: Call, visit: QueueVisit, event: e.AgentCompleted) -> None:
    agent = floor.agents.all.get(event.interface)
    if agent is None:
        return
    member = agent.members.get(event.queue)
    seconds = (member.wrap_up_s if member else 0.0) or floor.wrap_up(event.queue)
    if seconds > 0:
        floor.agents.begin_wrap_up(agent, call, visit, event.at, seconds)
    floor.agents.settle(agent, event.at)


def dumped(floor: Floor, event: e.AgentDumped) -> None:
    visit = visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentDump of {event.leg}")
        return
    attempt = visit.open_try(event.dest)
    if attempt:
        end_try(floor, visit, attempt, event.at, Result.DECLINED)
    advance(floor, visit, Signal.DUMPED, event.at)


# ---- the end --------------------------------------------------------------------------------------------------


def leg_gone(floor: Floor, leg: Leg, at: float) -> None:
    """A caller's channel is gone: what was undecided is decided. An agent's: it rings no more."""
    for visit in leg.call.visits:
        if visit.leg is leg and visit.state is not State.DONE:
            if visit.state is State.WAITING:
                floor.drift(at, "hangup_in_queue", f"{visit.queue}: Hangup without QueueCallerLeave")
            advance(floor, visit, Signal.GONE, at)
    known = floor.tries.get(leg.uid)
    if known:
        stop_ringing(floor, known[1], at)


def give_up_complete(floor: Floor, call: Call, at: float) -> None:
    """No AgentComplete came: the conversation ended with the call, which the last of them finishes."""
    for key, (_, visit, _) in list(floor.connected.items()):
        if visit in call.visits:
            end_visit(floor, key, at, None)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.QueueTried: tried,
    e.CallerJoined: joined,
    e.CallerLeft: caller_left,
    e.CallerAbandoned: caller_abandoned,
    e.QueueResult: result,
    e.AgentCalled: agent_called,
    e.AgentNotAnswered: not_answered,
    e.AgentConnected: connected,
    e.AgentCompleted: completed,
    e.AgentDumped: dumped,
}

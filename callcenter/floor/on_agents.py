"""What queues do with agents: ring them, connect them, hear that the call is complete. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_bridges, on_queues
from callcenter.floor.calls import Talk
from callcenter.floor.changes import AttemptEnded, AttemptStarted, VisitCompleted, VisitTransferred
from callcenter.floor.legs import DOWN
from callcenter.floor.records import Result
from callcenter.floor.visits import CAUSES, TABLE, QueueVisit, Signal, State, Try

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor
    from callcenter.floor.legs import Leg

TOLD_TWICE_S = 5.0
"""The end of one conversation that is told a second time is told so soon after."""
SAME_TALK_S, SAME_S = 2.0, 2.5
"""By so much AgentComplete may tell another talk, another wait and talk than we saw: each is in whole seconds."""

DIAL_CAUSES = {"BUSY": 17, "CONGESTION": 34, "CHANUNAVAIL": 20}

Offer = e.AgentCalled | e.AgentNotAnswered | e.AgentConnected | e.AgentCompleted | e.AgentDumped


def dest_of(event: Offer) -> str:
    """The channel that the queue dialled; where Asterisk left it out the interface stands in, unlike any Uniqueid."""
    return event.dest or event.interface


# ---- attempts -------------------------------------------------------------------------------------------------


def called(floor: Floor, event: e.AgentCalled) -> None:
    visit = on_queues.visit_of(floor, event, event.queue)
    if visit is None or visit.state is not State.WAITING:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentCalled of {event.leg}")
        return
    start_try(floor, visit, event)


def start_try(floor: Floor, visit: QueueVisit, event: e.AgentCalled | e.AgentNotAnswered) -> Try:
    dest = dest_of(event)
    known = visit.open_try(dest) or visit.open_try(event.interface)
    if known:
        return known
    began_at = event.at
    if isinstance(event, e.AgentNotAnswered):  # nobody saw it begin
        began_at = max(visit.entered_at, event.at - event.ring_s)
    attempt = Try(event.member or event.interface, event.interface, dest, began_at)
    visit.tries.append(attempt)
    floor.tries[dest] = (visit, attempt)
    agent = floor.agent(event.interface, event.member, "", event.at)
    agent.rings[dest] = visit.queue
    floor.agents.settle(agent, event.at)
    floor.out.append(
        AttemptStarted(event.at, visit.leg.call.id, visit.key, visit.queue, attempt.agent, attempt.interface)
    )
    return attempt


def end_try(floor: Floor, visit: QueueVisit, attempt: Try, at: float, how: Result, rang_s: float | None = None) -> None:
    attempt.ended(at, how, rang_s)
    if floor.tries.get(attempt.dest, (None, None))[1] is attempt:
        del floor.tries[attempt.dest]
    floor.out.append(AttemptEnded(at, visit.leg.call.id, visit.key, visit.queue, attempt.record()))
    stop_ringing(floor, attempt, at)


def stop_ringing(floor: Floor, attempt: Try, at: float) -> None:
    agent = floor.agents.all.get(attempt.interface)
    if agent and agent.rings.pop(attempt.dest, None) is not None:
        floor.agents.settle(agent, at)


def cancel_tries(floor: Floor, visit: QueueVisit, at: float) -> None:
    for attempt in visit.tries:
        if attempt.result is None:
            end_try(floor, visit, attempt, at, Result.CANCELLED)


def not_answered(floor: Floor, event: e.AgentNotAnswered) -> None:
    visit = on_queues.visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentRingNoAnswer of {event.leg}")
        return
    attempt = start_try(floor, visit, event)
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


def leg_gone(floor: Floor, leg: Leg, at: float) -> None:
    """An agent's channel is gone: it rings no more, though the queue has not said yet how the attempt ended."""
    known = floor.tries.get(leg.uid)
    if known:
        stop_ringing(floor, known[1], at)


# ---- answered -------------------------------------------------------------------------------------------------


def connected(floor: Floor, event: e.AgentConnected) -> None:
    visit = on_queues.visit_of(floor, event, event.queue)
    if visit is None or (visit.state, Signal.CONNECTED) not in TABLE:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentConnect of {event.leg}")
        return
    dest = dest_of(event)
    attempt = visit.open_try(dest) or visit.open_try(event.interface)
    if attempt:
        end_try(floor, visit, attempt, event.at, Result.ANSWERED)
    cancel_tries(floor, visit, event.at)
    if dest in floor.connected:
        floor.drift(event.at, "two_callers", f"{event.queue}: {event.interface} connected without AgentComplete")
        end_visit(floor, dest, event.at, None)
    visit.agent, visit.interface = event.member or event.interface, event.interface
    on_queues.advance(floor, visit, Signal.CONNECTED, event.at)
    converse(floor, visit, event)


def converse(floor: Floor, visit: QueueVisit, event: e.AgentConnected) -> None:
    """Open the conversation of an answered visit, on the leg that the queue dialled.

    Without that leg too: AgentComplete will tell how long it was.
    """
    dest = dest_of(event)
    leg, call = floor.legs.get(dest), visit.leg.call
    if leg is None and dest not in floor.recently_gone:
        floor.drift(event.at, "no_leg", f"{event.queue}: AgentConnect to unknown channel {dest}")
    agent = floor.agent(event.interface, event.member, "", event.at)
    talk = leg.talk if leg and leg.talk and leg.talk.peer_leg is visit.leg and leg.talk.agent is agent else None
    if talk:  # the bridge was told before AgentConnect: order is promised for one channel only
        talk.queue = visit.queue
        floor.agents.settle(agent, event.at)
    else:
        talk = on_bridges.open_talk(floor, Talk(call, event.interface, agent, event.at, visit), leg, visit.leg)
    floor.connected[dest] = (call, visit, talk)
    for behind in call.legs.values():
        if leg and behind.front is leg:
            on_bridges.adopt(floor, talk, behind, visit.leg)


def completed(floor: Floor, event: e.AgentCompleted) -> None:
    key = _connection(floor, event)
    if key is None:
        _completed_again(floor, event)
        return
    call, visit, talk = floor.connected[key]
    floor.touched = call
    visit.transferred = event.reason == "transfer"
    end_visit(floor, key, event.at, event.reason or None)
    floor.completed = [one for one in floor.completed if _just(one[1], event.at)] + [(call, visit)]
    wrap_up(floor, call, visit, talk, event.at)


def _completed_again(floor: Floor, event: e.AgentCompleted) -> None:
    """Nobody is connected who could be complete: told twice, or impossible.

    An attended transfer to a phone that still rings has its end told by the transfer and by the hangup of the
    consultation, each on a thread of its own (``handle_attended_transfer`` and ``handle_hangup`` in
    ``apps/app_queue.c`` look whether the other was there before they take the lock). queue_log has both lines, in any
    order, the second under the consultation's channel; the first one counts, and a transfer is one whichever it was.
    """
    found = _just_completed(floor, event)
    if found is None:
        floor.touched = floor.call(event.call)
        floor.drift(event.at, "no_conversation", f"{event.queue}: AgentComplete of {event.interface}")
        return
    call, visit = found
    if event.reason == "transfer" and not visit.transferred and call.id in floor.by_id:
        floor.touched = call
        visit.transferred, visit.ended_by = True, event.reason
        floor.out.append(VisitTransferred(event.at, call.id, visit.key, visit.record()))


def _just_completed(floor: Floor, event: e.AgentCompleted) -> tuple[Call, QueueVisit] | None:
    """The visit whose end was just told by an AgentComplete of the same agent after as long a talk; of several the one
    that the event tells of."""
    found = [
        (call, visit) for call, visit in floor.completed
        if (visit.queue, visit.interface) == (event.queue, event.interface) and _just(visit, event.at)
        and abs((visit.talk_s or 0.0) - event.talk_s) <= SAME_TALK_S
    ]  # fmt: skip
    return min(found, key=lambda one: (one[1].leg.uid != event.leg, _apart_s(one[1], event)), default=None)


def _just(visit: QueueVisit, at: float) -> bool:
    return abs(at - (visit.connected_at or 0.0) - (visit.talk_s or 0.0)) <= TOLD_TWICE_S


def _apart_s(visit: QueueVisit, event: e.AgentCompleted) -> float:
    """By how much the conversation that is told to be complete is another than the visit's."""
    began_at = visit.connected_at or 0.0
    return abs(event.hold_s - (began_at - visit.entered_at)) + abs(event.at - event.talk_s - began_at)


def _connection(floor: Floor, event: e.AgentCompleted) -> str | None:
    """2-3 % of AgentComplete lack the channel of one side: take what is there, last the agent and the queue; but he
    may talk to several at once, and have the next caller when the end of the last one is told again."""
    if event.dest in floor.connected:
        return event.dest
    for key, (_, visit, _) in floor.connected.items():
        if event.leg and visit.leg.uid == event.leg and visit.queue == event.queue:
            return key
    talking = {}
    for key, (call, visit, _) in floor.connected.items():
        known = event.dest and event.leg and not (call.revived and event.call in ("", call.linkedid))
        if not known and visit.queue == event.queue and visit.interface == event.interface:
            talking[key] = _apart_s(visit, event)
    if not talking:
        return None
    nearest, over = min(talking, key=talking.__getitem__), _just_completed(floor, event)
    if over is not None and _apart_s(over[1], event) <= min(SAME_S, talking[nearest]):
        return None
    return nearest if talking[nearest] <= SAME_S else next(iter(talking))


def end_visit(floor: Floor, key: str, at: float, ended_by: str | None) -> None:
    """An answered visit is complete at ``at``; its conversation may have ended before."""
    call, visit, talk = floor.connected.pop(key)
    on_bridges.end_talk(floor, talk, at, ended_by)
    visit.talk_s = max(0.0, at - (visit.connected_at or at))
    visit.hold_s, visit.ended_by = talk.hold_s, ended_by
    on_queues.advance(floor, visit, Signal.COMPLETED, at)
    floor.out.append(VisitCompleted(at, call.id, visit.key, visit.record()))
    if call in floor.lingering and all(v.state is not State.TALKING for v in call.visits):
        floor.finish(call, floor.lingering[call])


def wrap_up(floor: Floor, call: Call, visit: QueueVisit, talk: Talk, at: float) -> None:
    """After-call work runs from the end of the conversation, for the queue's wrap-up time."""
    agent = talk.agent
    if agent is None:
        return
    member = agent.members.get(visit.queue)
    seconds = (member.wrap_up_s if member else 0.0) or floor.wrap_up(visit.queue)
    if seconds > 0:
        until = (at if talk.to is None else min(at, talk.to)) + seconds
        floor.agents.begin_wrap_up(agent, call, visit, at, until)


def dumped(floor: Floor, event: e.AgentDumped) -> None:
    visit = on_queues.visit_of(floor, event, event.queue)
    if visit is None:
        floor.drift(event.at, "no_visit", f"{event.queue}: AgentDump of {event.leg}")
        return
    attempt = visit.open_try(dest_of(event))
    if attempt:
        end_try(floor, visit, attempt, event.at, Result.DECLINED)
    on_queues.advance(floor, visit, Signal.DUMPED, event.at)


def give_up_complete(floor: Floor, call: Call, at: float) -> None:
    """No AgentComplete came: the conversation ended with the call, which the last of them finishes."""
    for key, (_, visit, _) in list(floor.connected.items()):
        if visit in call.visits:
            end_visit(floor, key, at, None)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.AgentCalled: called,
    e.AgentNotAnswered: not_answered,
    e.AgentConnected: connected,
    e.AgentCompleted: completed,
    e.AgentDumped: dumped,
}

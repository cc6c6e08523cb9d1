"""Calls that were up when an earlier process stopped, as the store remembers them. Pure.

They are taken up at once, with all that is known of them but without channels: what was decided stays as it was
written, what was under way goes on. The first snapshot then brings the channels: a QueueEntry takes up the wait, a
bridge the conversation (its true start and the hold so far are kept). What the snapshot does not confirm ended while
nobody looked: a conversation is counted as long as it was seen, of a wait nobody knows how it ended.

A visit whose channel is not known yet stands on a stand-in :class:`Leg` without a Uniqueid.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from callcenter.floor import on_agents, on_bridges, on_link, snapshot
from callcenter.floor.calls import Call, Talk
from callcenter.floor.changes import VisitRevived
from callcenter.floor.doubts import Suspicion
from callcenter.floor.legs import UP, Leg
from callcenter.floor.records import AgentState, CallRecord, Conversation, Direction, Outcome, Result, Span, Visit
from callcenter.floor.visits import OPEN, QueueVisit, State, Try

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor

STALE_S = 30.0
"""What was stored so long after everything had been seen has its time from a clock that was set back since."""
SAME_WAIT_S = 3.0
"""QueueEntry tells the wait in whole seconds, and the moment of the list is by our clock."""
IN_USE = 2
"""AST_DEVICE_INUSE: a phone that holds its caller says ONHOLD instead."""


class Revived:
    """What the first snapshot has still to confirm.

    ``unbound``: conversation → its key in ``floor.connected``, '' outside queues. ``until``: the last moment that the
    earlier process is known to have lived. ``over``: that snapshot has come.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.unbound: dict[Talk, str] = {}
        self.until = 0.0
        self.over = False


def under_way(visit: Visit) -> bool:
    """Whether a stored visit is not over: it waits, or its conversation runs."""
    return visit.outcome is None or (visit.outcome is Outcome.ANSWERED and visit.talk_s is None)


# ---- taking up ------------------------------------------------------------------------------------------------


def remember(floor: Floor, records: Iterable[CallRecord], spans: Iterable[Span], alive: float) -> None:
    """``spans``: the agents' last ones; who was on hold at the end of them is so still.

    ``alive``: up to when the earlier process saw everything. What is long after that was written before somebody set
    the PBX's clock back.
    """
    last: dict[str, Span] = {}
    for span in spans:
        if span.to <= alive + STALE_S and (span.agent not in last or span.to >= last[span.agent].to):
            last[span.agent] = span
    revived = floor.revived
    revived.until = max([revived.until, *(span.to for span in last.values())])
    for record in records:
        if record.linkedid not in floor.calls:
            revived.until = max(revived.until, _last_seen(record))
            _take_up(floor, record, last)
    if math.isfinite(alive):  # no less than it: the hole begins there, and nothing before was missed
        revived.until = alive if revived.until > alive + STALE_S else max(revived.until, alive)


def _last_seen(record: CallRecord) -> float:
    visits = [v.left_at or v.entered_at for v in record.visits]
    return max([record.started_at, *visits, *(c.to or c.from_ for c in record.conversations)])


def _take_up(floor: Floor, record: CallRecord, last: dict[str, Span]) -> None:
    call = _call_of(record)
    floor.calls[call.linkedid] = floor.by_id[call.id] = call
    floor.revived.calls.append(call)
    talks = [(c, _talk_of(call, c, last.get(c.interface))) for c in record.conversations]
    call.talks = [talk for _, talk in talks if talk.to is None]
    floor.revived.unbound.update(dict.fromkeys(call.talks, ""))
    for known in record.visits:
        if under_way(known):
            visit = _visit_of(floor, call, known)
            if visit.state is State.WAITING:
                floor.queue(visit.queue).waiting[visit.key] = visit
            else:
                _connect(floor, call, visit, talks)
            floor.out.append(VisitRevived(known.entered_at, call.id, visit.key, known))


def _call_of(record: CallRecord) -> Call:
    call = Call(record.id, record.pbx, record.linkedid, record.started_at)
    call.number, call.name, call.called = record.number, record.name, record.called
    call.inbound, call.outbound = record.direction is Direction.IN, record.direction is Direction.OUT
    call.answered_at, call.cause = record.answered_at, record.hangup_cause
    call.transfers = list(record.transfers)
    call.past_visits = tuple([v for v in record.visits if not under_way(v)])
    call.past_talks = tuple([c for c in record.conversations if c.to is not None])
    call.revived = call.partial = True
    return call


def _talk_of(call: Call, known: Conversation, last: Span | None) -> Talk:
    """Its agent joins when the bridge is seen: until then nobody knows whether they still talk."""
    talk = Talk(call, known.interface, None, known.from_)
    talk.name, talk.queue, talk.peer = known.agent, known.queue, known.peer
    talk.to, talk.hold_s, talk.ended_by = known.to, known.hold_s, known.ended_by
    if talk.to is None and last and last.state is AgentState.HOLDING and last.from_ >= known.from_:
        talk.held_at = last.from_
    return talk


def _visit_of(floor: Floor, call: Call, known: Visit) -> QueueVisit:
    nobody = Leg("", "", call, UP, "", "", known.entered_at)
    visit = floor.new_visit(known.queue, nobody, known.entered_at, known.position)
    visit.outcome, visit.agent, visit.interface = known.outcome, known.agent, known.interface
    visit.transferred, visit.repaired = known.transferred, known.repaired
    if known.outcome is not None:
        visit.state, visit.left_at, visit.connected_at = State.TALKING, known.left_at, known.left_at
    for attempt in known.attempts:
        one = Try(attempt.agent, attempt.interface, attempt.interface, attempt.at)
        one.rang_s, one.result, one.unanswered = attempt.rang_s, attempt.result, attempt.unanswered
        visit.tries.append(one)
    return visit


def _connect(floor: Floor, call: Call, visit: QueueVisit, talks: list[tuple[Conversation, Talk]]) -> None:
    """The conversation of an answered visit; a transfer may have ended it before."""
    ours = [t for c, t in talks if (c.queue, c.interface) == (visit.queue, visit.interface)]
    if not ours:
        ours = [Talk(call, visit.interface or "", None, visit.connected_at or visit.entered_at)]
        ours[0].to = ours[0].started_at
    key = _key(visit)
    floor.connected[key] = (call, visit, ours[-1])
    floor.revived.unbound[ours[-1]] = key


def _key(visit: QueueVisit) -> str:
    """Stands for the channel that the queue had dialled, unlike any Uniqueid."""
    return f"{visit.interface} {visit.key}"


# ---- what the snapshot confirms -------------------------------------------------------------------------------


def same_wait(floor: Floor, visit: QueueVisit, entered_at: float) -> bool:
    """Whether who is in the queue since ``entered_at`` is the visit whose channel is not known yet."""
    if visit.leg.uid or visit.state is not State.WAITING:
        return False
    return entered_at - visit.entered_at <= SAME_WAIT_S or entered_at < floor.revived.until


def bound(floor: Floor, leg: Leg, peer: Leg, at: float) -> Talk | None:
    """The remembered conversation that ``leg`` carries, if any: it goes on."""
    if leg.endpoint == peer.endpoint and peer.was_dialled and not leg.was_dialled:
        return None  # both by the same trunk: the conversation is that of who was dialled
    unbound = floor.revived.unbound
    free = [talk for talk in leg.call.talks if talk in unbound and talk.to is None]
    names = (leg.endpoint, leg.agent.interface if leg.agent else "")
    ours = [talk for talk in free if talk.interface in names]
    if not ours and leg.was_dialled and leg.agent is None:  # a phone behind a Local channel that nobody resolved
        ours = [talk for talk in free if talk.interface.startswith("Local/")]
    talk = next((t for t in ours if t.peer == peer.number), ours[0] if ours else None)
    if talk:
        _bind(floor, talk, leg, peer, at)
    return talk


def _bind(floor: Floor, talk: Talk, leg: Leg, peer: Leg, at: float) -> None:
    key = floor.revived.unbound.pop(talk)
    talk.peer_leg = peer
    talk.take(leg)
    if key and (connection := floor.connected.pop(key, None)):  # none when its AgentComplete came first
        floor.connected[leg.uid] = connection
        if not connection[1].leg.uid:
            connection[1].leg = peer
    agent = (leg.agent or floor.agents.all.get(talk.interface)) if talk.name is not None else None
    if agent:
        if agent.device == IN_USE:
            talk.unhold(floor.revived.until)
        talk.agent = agent
        agent.talks.append(talk)
        floor.agents.settle(agent, at)


def settle(floor: Floor, at: float) -> None:
    """The first snapshot is complete: what it did not confirm is over, or suspected to be."""
    calls, floor.revived.calls = floor.revived.calls, []
    for call in calls:
        if floor.by_id.get(call.id) is not call:
            continue
        if not call.legs:
            on_link.lose(floor, call, floor.revived.until, "unknown", Outcome.UNKNOWN)
            continue
        end_unbound(floor, call)
        for visit in call.visits:
            if not visit.leg.uid and visit.state in OPEN:
                floor.suspects.setdefault(visit, Suspicion(at, floor.revived.until))
            _end_silent_tries(floor, call, visit, at)
    floor.revived.unbound.clear()  # what is left ended before this snapshot


def end_unbound(floor: Floor, call: Call, ended_by: str | None = None) -> None:
    """Conversations that no channel carries any more are counted as long as they were seen."""
    until, unbound = floor.revived.until, floor.revived.unbound
    for talk in [t for t in call.talks if t in unbound and t.to is None]:
        on_bridges.end_talk(floor, talk, max(until, talk.started_at), ended_by)
    for key in [key for visit in call.visits if (key := _key(visit)) in floor.connected]:
        talk = floor.connected[key][2]
        on_agents.end_visit(floor, key, until if talk.to is None else talk.to, talk.ended_by)
        unbound.pop(talk, None)
    for talk in call.talks:
        unbound.pop(talk, None)


def _end_silent_tries(floor: Floor, call: Call, visit: QueueVisit, at: float) -> None:
    """Attempts that were under way, of agents whose phone is not in the call any more."""
    there = {leg.agent.interface for leg in call.legs.values() if leg.agent}
    for attempt in visit.tries:
        if attempt.result is None and attempt.dest == attempt.interface and attempt.interface not in there:
            on_agents.end_try(floor, visit, attempt, at, Result.CANCELLED)


def let_go(floor: Floor, call: Call, at: float) -> None:
    """The call ends before the snapshot confirmed all of it."""
    end_unbound(floor, call)
    for visit in call.visits:
        if not visit.leg.uid:
            snapshot.lose_visit(floor, visit, at, Outcome.UNKNOWN)

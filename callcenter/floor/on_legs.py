"""What happens to channels: creation, bridges, hold, transfers, the end. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_queues
from callcenter.floor.agents import Agent
from callcenter.floor.calls import Call, Talk, older
from callcenter.floor.changes import (
    CallAnswered,
    CallMerged,
    ConversationEnded,
    ConversationStarted,
    HoldChanged,
    Transferred,
)
from callcenter.floor.legs import RING, Leg, enter, leave, parties
from callcenter.floor.records import Outcome, Transfer
from callcenter.floor.visits import QueueVisit, State

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor


def note_side(floor: Floor, leg: Leg, name: str = "") -> None:
    """What a leg says about its call: from or to the outside, by whom, to what number."""
    if leg.local:
        return
    call = leg.call
    outside = floor.outside(leg)
    if outside and leg.state == RING:
        call.inbound = True
    elif outside and leg.was_dialled:
        call.outbound = True
        if not call.called:
            call.called = leg.number
    if not call.number:
        call.number, call.name = leg.number, name
    if not call.called and leg.exten != "s":
        call.called = leg.exten


def created(floor: Floor, event: e.LegCreated) -> None:
    leg = floor.legs.get(event.leg)
    if leg is None:
        floor.add_leg(event)
    else:
        floor.touched = leg.call


def state(floor: Floor, event: e.LegState) -> None:
    leg = floor.leg(event)
    if leg is None:
        if event.leg in floor.recently_gone:
            return
        leg = floor.add_leg(event)
        leg.call.partial = True
    leg.state = event.state
    if event.number and not leg.number:
        leg.number = event.number
        note_side(floor, leg)
    settle(floor, leg, event.at)


def named(floor: Floor, event: e.LegNamed) -> None:
    leg = floor.leg(event)
    if leg and not leg.number:
        leg.number = event.number
        note_side(floor, leg, event.name)


def asked(floor: Floor, event: e.HangupAsked) -> None:
    leg = floor.leg(event)
    if leg is None:
        return
    if leg.asked_at is None:
        leg.asked_at = event.at
    if event.cause:
        on_queues.note_cause(floor, leg, event.cause)
    if leg.call.asker is None and not leg.local and not (leg.was_dialled and leg.talk is None):
        leg.call.asker = "agent" if leg.was_dialled else "caller"


def joined(floor: Floor, event: e.LegsJoined) -> None:
    one, two = floor.legs.get(event.one), floor.legs.get(event.two)
    if one and two:
        floor.touched = one.call
        one.twin, two.twin = two, one


def dial_began(floor: Floor, event: e.DialBegan) -> None:
    leg, dest = floor.leg(event), floor.legs.get(event.dest)
    if leg is None or dest is None:
        return
    dest.was_dialled = True
    if leg.local and leg.twin:
        dest.front = leg.twin.fronts()
    on_queues.moved_on(floor, leg, event.at, ringing=dest.uid)


def dial_ended(floor: Floor, event: e.DialEnded) -> None:
    floor.leg(event)
    on_queues.dialled(floor, event)


# ---- bridges --------------------------------------------------------------------------------------------------


def entered(floor: Floor, event: e.BridgeEntered) -> None:
    leg = floor.leg(event)
    if leg is None:
        if event.leg in floor.recently_gone:
            return
        leg = floor.add_leg(event)
        leg.call.partial = True
    if not event.bridge:
        return
    enter(floor.bridges, leg, event.bridge)
    meet(floor, event.bridge, event.at)
    on_queues.moved_on(floor, leg, event.at)
    connect(floor, event.bridge, event.at)


def meet(floor: Floor, bridge: str, at: float) -> None:
    """Calls that meet in a bridge become one: the oldest Linkedid stays."""
    calls = {leg.call for leg in floor.bridges[bridge]}
    if len(calls) == 1:
        return
    oldest = next(iter(calls))
    for call in calls:
        if older(call.linkedid, oldest.linkedid):
            oldest = call
    for leg in list(floor.bridges[bridge]):
        if leg.call is not oldest:
            move(floor, leg, oldest, at)
    floor.touched = oldest


def move(floor: Floor, leg: Leg, call: Call, at: float) -> None:
    """A leg goes over into another call; the call that loses its last leg is over."""
    old = leg.call
    del old.legs[leg.uid]
    leg.call = call
    call.legs[leg.uid] = leg
    if leg.talk and leg.talk.call is old:
        end_talk(floor, leg.talk, at, "transfer")
    old.ended_by = "transfer"
    if not old.legs and old.ended_at is None:
        floor.out.append(CallMerged(at, old.id, call.id))
        over(floor, old, at)
        floor.aliases[old.linkedid] = call


def connect(floor: Floor, bridge: str, at: float) -> None:
    """Open the conversations of those who now hear each other."""
    heard = parties(floor.bridges, bridge)
    if len(heard) < 2:
        return
    for leg in list(heard):
        peer = next(other for other in heard if other is not leg)
        talk = leg.talk or leg.fronts().talk
        if talk and talk.peer_leg is not None and talk.peer_leg not in heard:
            end_talk(floor, talk, floor.loose.get(talk, at), "transfer")
            talk = None
        if talk:
            adopt(floor, talk, leg, peer)
        elif takes_part(floor, leg):
            open_talk(floor, leg, peer, floor.agent(leg), at)


def adopt(floor: Floor, talk: Talk, leg: Leg, peer: Leg) -> None:
    floor.loose.pop(talk, None)
    leg.talk, leg.done = talk, False
    if leg not in talk.legs:
        talk.legs.append(leg)
    if talk.peer_leg is None:
        talk.peer_leg, talk.peer = peer, peer.number


def takes_part(floor: Floor, leg: Leg) -> bool:
    """Whether a party's conversation is kept: an agent's, any dialled phone's, the maker of an outgoing call."""
    if floor.agent(leg) is not None:
        return True
    if floor.outside(leg):
        return leg.was_dialled and leg.call.inbound
    return leg.was_dialled or leg.call.outbound


def open_talk(
    floor: Floor, leg: Leg, peer: Leg | None, agent: Agent | None, at: float, visit: QueueVisit | None = None
) -> Talk:
    """``visit``: the queue visit that this conversation answers."""
    name = agent.name or agent.interface if agent else None
    talk = Talk(leg.call, leg, agent.interface if agent else leg.endpoint, name, agent, at)
    if visit:
        talk.visit, talk.queue = visit, visit.queue
    if peer:
        talk.peer_leg, talk.peer = peer, peer.number
    leg.talk, leg.done = talk, False
    leg.call.talks.append(talk)
    if leg.call.answered_at is None:
        leg.call.answered_at = at
        floor.out.append(CallAnswered(at, leg.call.id))
    leg.call.asker = None
    if agent:
        agent.talks.append(talk)
        floor.agents.settle(agent, at)
    floor.out.append(ConversationStarted(at, leg.call.id, talk.record()))
    return talk


def end_talk(floor: Floor, talk: Talk, at: float, ended_by: str | None) -> None:
    if talk.to is not None:
        return
    floor.loose.pop(talk, None)
    legs = talk.legs
    talk.end(at, ended_by or who_asked(talk))
    floor.out.append(ConversationEnded(at, talk.call.id, talk.record()))
    if talk.agent:
        if talk in talk.agent.talks:
            talk.agent.talks.remove(talk)
        floor.agents.settle(talk.agent, at)
    for leg in legs:
        settle(floor, leg, at)


def who_asked(talk: Talk) -> str | None:
    """Which side asked first for the end."""
    peer = talk.peer_leg.asked_at if talk.peer_leg else None
    own = min((leg.asked_at for leg in talk.legs if leg.asked_at is not None and not leg.local), default=None)
    if peer is not None and (own is None or peer <= own):
        return "caller"
    return "agent" if own is not None else None


def left(floor: Floor, event: e.BridgeLeft) -> None:
    leg = floor.leg(event)
    if leg is None or leg.bridge != event.bridge:
        return
    leave(floor.bridges, leg)
    sides = [event.bridge, leg.twin.bridge] if leg.local and leg.twin else [event.bridge]
    alone = [] if leg.local else [leg]
    for side in sides:
        heard = parties(floor.bridges, side)
        alone += heard if len(heard) < 2 else []
    for one in alone:
        if one.talk and one.talk not in floor.loose:
            floor.loose[one.talk] = event.at


def gone(floor: Floor, event: e.LegGone) -> None:
    leg = floor.leg(event)
    if leg is None:
        return
    remove(floor, leg, event.at, event.cause)


def remove(floor: Floor, leg: Leg, at: float, cause: int | None) -> None:
    call = leg.call
    floor.touched = call
    bridge = leg.bridge
    leave(floor.bridges, leg)
    talks: set[Talk] = {talk for one in [leg, *floor.bridges.get(bridge, ())] if (talk := one.talk)}
    for talk in talks:
        if not leg.local or talk.legs == [leg]:
            end_talk(floor, talk, floor.loose.get(talk, at), None)
    for talk in [t for t in floor.loose if t.peer_leg is leg or leg in t.legs]:
        end_talk(floor, talk, floor.loose[talk], None)
    del floor.legs[leg.uid], call.legs[leg.uid]
    floor.forget_leg(leg.uid)
    on_queues.leg_gone(floor, leg, at)
    if not leg.was_dialled or call.cause is None:
        call.cause = cause
    agent = floor.agent(leg)
    if agent and leg in agent.legs:
        agent.legs.remove(leg)
        floor.agents.settle(agent, at)
    if not call.legs and call.ended_at is None:
        over(floor, call, at)


def over(floor: Floor, call: Call, at: float) -> None:
    """The last channel is gone; an answered visit may still wait for its AgentComplete."""
    if any(v.state is State.TALKING for v in call.visits):
        floor.lingering[call] = at
    else:
        floor.finish(call, at)


def ended_by(call: Call) -> str:
    """Who ended the call: caller, agent, transfer, or the PBX's dialplan."""
    last = call.talks[-1].ended_by if call.talks else None
    if last and last != "transfer":
        return last
    if call.visits and call.visits[-1].outcome is Outcome.ABANDONED:
        return "caller"
    return call.asker or "pbx"


def settle(floor: Floor, leg: Leg, at: float) -> None:
    agent = floor.agent(leg)
    if agent:
        floor.agents.settle(agent, at)


# ---- hold and transfer ----------------------------------------------------------------------------------------


def held(floor: Floor, event: e.Held) -> None:
    _hold(floor, event, Talk.hold, True)


def unheld(floor: Floor, event: e.Unheld) -> None:
    _hold(floor, event, Talk.unhold, False)


def _hold(floor: Floor, event: e.Held | e.Unheld, act: Callable[[Talk, float], bool], on: bool) -> None:
    leg = floor.leg(event)
    if leg is None or leg.talk is None or not act(leg.talk, event.at):
        return
    floor.out.append(HoldChanged(event.at, leg.call.id, leg.talk.interface, on))
    if leg.talk.agent:
        floor.agents.settle(leg.talk.agent, event.at)


def blind(floor: Floor, event: e.BlindTransferred) -> None:
    leg = floor.leg(event)
    if leg is None or not event.success:
        return
    transfer(floor, leg, "blind", event.extension, event.at)


def attended(floor: Floor, event: e.AttendedTransferred) -> None:
    leg = floor.leg(event)
    if leg is None or not event.success:
        return
    second, target = floor.legs.get(event.second), floor.legs.get(event.target)
    if second and second.talk:
        if target is None:
            target = second.talk.peer_leg
        end_talk(floor, second.talk, event.at, "transfer")
    if target and target.talk and target.talk.peer_leg is second:
        end_talk(floor, target.talk, event.at, "transfer")
    to = target.endpoint if target else second.exten if second else ""
    transfer(floor, leg, "attended", to, event.at)


def transfer(floor: Floor, leg: Leg, kind: str, to: str, at: float) -> None:
    made = Transfer(kind, leg.talk.interface if leg.talk else leg.endpoint, to, at)
    leg.call.transfers.append(made)
    floor.out.append(Transferred(at, leg.call.id, made))
    if leg.talk:
        end_talk(floor, leg.talk, floor.loose.get(leg.talk, at), "transfer")



HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.LegCreated: created,
    e.LegState: state,
    e.LegNamed: named,
    e.HangupAsked: asked,
    e.LegGone: gone,
    e.LegsJoined: joined,
    e.BridgeEntered: entered,
    e.BridgeLeft: left,
    e.DialBegan: dial_began,
    e.DialEnded: dial_ended,
    e.Held: held,
    e.Unheld: unheld,
    e.BlindTransferred: blind,
    e.AttendedTransferred: attended,
}

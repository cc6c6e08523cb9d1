"""What happens in bridges: who hears whom, conversations, hold, transfers. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_legs, on_queues, revive
from callcenter.floor.calls import Talk, older
from callcenter.floor.changes import CallAnswered, ConversationEnded, ConversationStarted, HoldChanged, Transferred
from callcenter.floor.legs import UP, Leg, enter, leave, parties
from callcenter.floor.records import Transfer

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor


# ---- bridges --------------------------------------------------------------------------------------------------


def entered(floor: Floor, event: e.BridgeEntered) -> None:
    leg = floor.leg(event) or on_legs.late(
        floor, e.LegCreated(event.at, event.leg, event.call, event.channel, UP, "", "", "", "")
    )
    if leg is None or not event.bridge:
        return
    leg.bridge_at = event.at
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
            on_legs.move(floor, leg, oldest, at)
    floor.touched = oldest


def left(floor: Floor, event: e.BridgeLeft) -> None:
    leg = floor.leg(event)
    if leg:
        leg.bridge_at = event.at
    if leg and leg.bridge == event.bridge:
        part(floor, leg, event.at)


def part(floor: Floor, leg: Leg, at: float) -> None:
    """A leg leaves its bridge: the conversations of all who hear nobody any more hang loose."""
    bridge = leg.bridge
    if not bridge:
        return
    leave(floor.bridges, leg)
    sides = [bridge, leg.twin.bridge] if leg.local and leg.twin else [bridge]
    alone = [] if leg.local else [leg]
    for side in sides:
        heard = parties(floor.bridges, side)
        alone += heard if len(heard) < 2 else []
    for one in alone:
        if one.talk:
            floor.loose.setdefault(one.talk, at)


# ---- conversations --------------------------------------------------------------------------------------------


def connect(floor: Floor, bridge: str, at: float) -> None:
    """Open the conversations of those who now hear each other."""
    heard = parties(floor.bridges, bridge)
    if len(heard) < 2:
        return
    for leg in list(heard):
        peer = next(other for other in heard if other is not leg)
        talk = leg.talk or leg.fronts().talk
        if talk is None and leg.call.revived:
            talk = revive.bound(floor, leg, peer, at)
        if talk and talk.peer_leg is not None and talk.peer_leg not in heard:
            end_talk(floor, talk, floor.loose.get(talk, at), "transfer")
            talk = None
        if talk:
            adopt(floor, talk, leg, peer)
        elif takes_part(floor, leg):
            open_talk(floor, Talk(leg.call, leg.endpoint, leg.agent, at), leg, peer)


def adopt(floor: Floor, talk: Talk, leg: Leg, peer: Leg) -> None:
    floor.loose.pop(talk, None)
    take(floor, talk, leg)
    if talk.peer_leg is None:
        talk.peer_leg, talk.peer = peer, peer.number


def take(floor: Floor, talk: Talk, leg: Leg) -> None:
    """A channel carries one conversation: another that it was in is over."""
    if leg.talk and leg.talk is not talk:
        end_talk(floor, leg.talk, floor.loose.get(leg.talk, talk.started_at), None)
    talk.take(leg)


def takes_part(floor: Floor, leg: Leg) -> bool:
    """Whether a party's conversation is kept: an agent's, any dialled phone's, the maker of an outgoing call."""
    if leg.agent is not None:
        return True
    if floor.outside(leg):
        return leg.was_dialled and leg.call.inbound
    return leg.was_dialled or leg.call.outbound


def open_talk(floor: Floor, talk: Talk, leg: Leg | None, peer: Leg) -> Talk:
    """A conversation begins. ``leg`` is None when the queue connected a channel that nobody saw."""
    call, at = talk.call, talk.started_at
    talk.peer_leg, talk.peer = peer, peer.number
    if leg:
        take(floor, talk, leg)
    call.talks.append(talk)
    if call.answered_at is None:
        call.answered_at = at
        floor.out.append(CallAnswered(at, call.id))
    call.asker = None
    if talk.agent:
        talk.agent.talks.append(talk)
        floor.agents.settle(talk.agent, at)
    floor.out.append(ConversationStarted(at, call.id, talk.record()))
    return talk


def end_talk(floor: Floor, talk: Talk, at: float, ended_by: str | None) -> None:
    if talk.to is not None:
        return
    floor.loose.pop(talk, None)
    legs = talk.legs
    talk.end(at, ended_by or who_asked(talk))
    floor.out.append(ConversationEnded(at, talk.call.id, talk.record()))
    if talk.agent:
        talk.agent.talks.remove(talk)
        floor.agents.settle(talk.agent, at)
    for leg in legs:
        on_legs.settle(floor, leg, at)


def who_asked(talk: Talk) -> str | None:
    """Which side asked first for the end."""
    peer = talk.peer_leg.asked_at if talk.peer_leg else None
    own = min((leg.asked_at for leg in talk.legs if leg.asked_at is not None and not leg.local), default=None)
    if peer is not None and (own is None or peer <= own):
        return "caller"
    return "agent" if own is not None else None


def hang_up(floor: Floor, leg: Leg, at: float) -> None:
    """A channel ends: its conversation, unless a phone behind it carries on, and those that already hung loose."""
    if leg.talk and (not leg.local or leg.talk.legs == [leg]):
        end_talk(floor, leg.talk, floor.loose.get(leg.talk, at), None)
    for talk in [t for t in floor.loose if t.peer_leg is leg or leg in t.legs]:
        end_talk(floor, talk, floor.loose[talk], None)


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
    if leg and event.success:
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
    e.BridgeEntered: entered,
    e.BridgeLeft: left,
    e.Held: held,
    e.Unheld: unheld,
    e.BlindTransferred: blind,
    e.AttendedTransferred: attended,
}

"""What happens to channels: creation, state, dialling, the end, and to which call they belong. Pure handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_agents, on_bridges, on_queues, revive
from callcenter.floor.calls import Call, older
from callcenter.floor.changes import CallMerged
from callcenter.floor.legs import RING, Leg, dialled_when_seen
from callcenter.floor.records import Outcome
from callcenter.floor.visits import OPEN, State

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor

SHUTDOWN = 4
"""AST_SOFTHANGUP_SHUTDOWN (``include/asterisk/channel.h``): Asterisk ends every channel before it stops or restarts.

queue_log has these callers as abandoned or completed like all others, and so have the visits; the call says why.
"""


def note_side(floor: Floor, leg: Leg, name: str = "") -> None:
    """What a leg says about its call: from or to the outside, by whom, to what number."""
    if leg.local:
        return
    call = leg.call
    outside = floor.outside(leg)
    if outside and not leg.was_dialled:
        call.inbound = True
    elif outside:
        call.outbound = True
        if not call.called:
            call.called = leg.number
    if not call.number:
        call.number, call.name = leg.number, name
    if not call.called and leg.exten != "s":
        call.called = leg.exten


def created(floor: Floor, event: e.LegCreated) -> None:
    if floor.leg(event) is None and event.leg and event.leg not in floor.recently_gone:
        leg = floor.add_leg(event, event.state != RING)
        leg.told_at = leg.bridge_at = leg.state_at = event.at


def late(floor: Floor, event: e.LegCreated) -> Leg | None:
    """A channel whose creation nobody saw, None for one that is gone already: nothing brings it back."""
    if not event.leg or event.leg in floor.recently_gone:
        return None
    leg = floor.add_leg(event, dialled_when_seen(event.state, event.leg, event.call))
    leg.call.partial = True
    return leg


def state(floor: Floor, event: e.LegState) -> None:
    leg = floor.leg(event)
    if leg is None:
        leg = late(
            floor, e.LegCreated(event.at, event.leg, event.call, event.channel, event.state, event.number, "", "", "")
        )
        if leg is None:
            return
    leg.state, leg.state_at = event.state, event.at
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
    if event.soft and event.cause == SHUTDOWN:
        leg.call.ended_by = "pbx_lost"
    if event.cause:
        on_agents.note_cause(floor, leg, event.cause)
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
    on_agents.dialled(floor, event)


def settle(floor: Floor, leg: Leg, at: float) -> None:
    if leg.agent:
        floor.agents.settle(leg.agent, at)


# ---- which call -----------------------------------------------------------------------------------------------


def rehome(floor: Floor, leg: Leg, linkedid: str, at: float) -> None:
    """An event names another Linkedid than we know. It only ever becomes an older one: a newer is news of the past."""
    call = floor.calls.get(linkedid) or floor.aliases.get(linkedid)
    if call is None:
        floor.aliases[linkedid] = leg.call
    elif call is not leg.call and older(call.linkedid, leg.call.linkedid):
        move(floor, leg, call, at)
        floor.touched = call


def move(floor: Floor, leg: Leg, call: Call, at: float) -> None:
    """A leg goes over into another call, with what is still open of its visits.

    The call that loses its last leg is over; its name leads to the other one from now on.
    """
    old = leg.call
    del old.legs[leg.uid]
    leg.call = call
    call.legs[leg.uid] = leg
    floor.lingering.pop(call, None)
    if leg.talk and leg.talk.call is old:
        on_bridges.end_talk(floor, leg.talk, at, "transfer")
    for visit in [v for v in old.visits if v.leg is leg and v.state in OPEN]:
        old.visits.remove(visit)
        call.visits.append(visit)
    old.ended_by = "transfer"
    if not old.legs:
        floor.out.append(CallMerged(at, old.id, call.id))
        for alias in [a for a, c in floor.aliases.items() if c is old]:
            floor.aliases[alias] = call
        over(floor, old, at)
        floor.aliases[old.linkedid] = call


# ---- the end --------------------------------------------------------------------------------------------------


def gone(floor: Floor, event: e.LegGone) -> None:
    leg = floor.leg(event)
    if leg:
        remove(floor, leg, event.at, event.cause)
    elif event.leg:
        floor.forget_leg(event.leg)  # a list that is older must not bring it


def remove(floor: Floor, leg: Leg, at: float, cause: int | None) -> None:
    """A channel is no more, and what it alone carried is over."""
    call = leg.call
    floor.touched = call
    on_bridges.part(floor, leg, at)
    on_bridges.hang_up(floor, leg, at)
    del floor.legs[leg.uid], call.legs[leg.uid]
    call.gone_at = max(call.gone_at, at)
    floor.forget_leg(leg.uid)
    _untie(floor, leg)
    on_queues.leg_gone(floor, leg, at)
    on_agents.leg_gone(floor, leg, at)
    if not leg.was_dialled or call.cause is None:
        call.cause = cause
    if leg.agent:
        leg.agent.legs.remove(leg)
        floor.agents.settle(leg.agent, at)
    if not call.legs:
        over(floor, call, call.gone_at)  # one of which it turns out now that it ended in a hole may have been first


def _untie(floor: Floor, leg: Leg) -> None:
    """Two halves that are both gone know each other no more."""
    twin = leg.twin
    if twin and twin.uid not in floor.legs:
        twin.twin = leg.twin = None


def over(floor: Floor, call: Call, at: float) -> None:
    """The last channel is gone; an answered visit may still wait for its AgentComplete."""
    if call.revived:
        revive.let_go(floor, call, at)
    if any(v.state is State.TALKING for v in call.visits):
        floor.lingering[call] = at
    else:
        floor.finish(call, at)


def ended_by(call: Call) -> str:
    """Who ended the call: caller, agent, transfer, or the PBX's dialplan."""
    talks, visits = call.talks or call.past_talks, call.visits or call.past_visits
    last = talks[-1].ended_by if talks else None
    if last and last != "transfer":
        return last
    if visits and visits[-1].outcome is Outcome.ABANDONED:
        return "caller"
    return call.asker or "pbx"


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.LegCreated: created,
    e.LegState: state,
    e.LegNamed: named,
    e.HangupAsked: asked,
    e.LegGone: gone,
    e.LegsJoined: joined,
    e.DialBegan: dial_began,
    e.DialEnded: dial_ended,
}

"""The link and its snapshots: the lists of QueueStatus and CoreShowChannels as the same Events. Pure handlers.

A list is older than the events that follow it, and events that happened before it may be delivered after it. So what
a list lacks is only *suspected* to be gone, and convicted when no event of its own has come for two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_legs, on_members, on_queues
from callcenter.floor.changes import LinkChanged, PbxRestarted
from callcenter.floor.legs import enter
from callcenter.floor.records import Outcome
from callcenter.floor.visits import Signal, State

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor

PATIENCE_S = 2.0
SAME_BOOT_S = 5


class Listing:
    """What the list under way has named so far. ``began_at``: what is younger need not be in it."""

    def __init__(self, began_at: float = 0.0) -> None:
        self.began_at = began_at
        self.legs: set[str] = set()
        self.waiting: set[str] = set()
        self.members: set[tuple[str, str]] = set()


def began(floor: Floor, event: e.SnapshotBegan) -> None:
    floor.listing = Listing(event.at)


def queue_seen(floor: Floor, event: e.QueueSeen) -> None:
    queue = floor.queue(event.queue)
    queue.strategy, queue.service_level_s = event.strategy, event.service_level_s


def leg_seen(floor: Floor, event: e.LegSeen) -> None:
    floor.listing.legs.add(event.leg)
    if event.leg in floor.recently_gone:
        return
    leg = floor.leg(event)
    if leg is None:
        leg = floor.add_leg(event)
        leg.call.partial = True
        leg.created_at = event.at - event.age_s
        leg.call.started_at = min(leg.call.started_at, leg.created_at)
    leg.state = event.state
    if event.bridge and not leg.bridge:
        enter(floor.bridges, leg, event.bridge)
    on_legs.settle(floor, leg, event.at)


def entry_seen(floor: Floor, event: e.EntrySeen) -> None:
    """Somebody waits. It has no Linkedid: a channel that is not known yet brings it with CoreShowChannels."""
    floor.listing.waiting.add(event.leg)
    if event.leg in floor.recently_gone:
        return
    leg = floor.legs.get(event.leg)
    if leg is None:
        joined = e.CallerJoined(event.at, event.leg, "", event.channel, event.queue, 0, event.number, event.name)
        leg = floor.add_leg(joined)
        leg.call.partial = True
    if any(v.leg is leg and v.queue == event.queue and v.state is not State.DONE for v in leg.call.visits):
        return
    entered_at = event.at - event.waited_s
    joined = e.CallerJoined(entered_at, event.leg, "", event.channel, event.queue, event.position, "", "")
    on_queues.joined(floor, joined)


def queues_listed(floor: Floor, event: e.QueuesListed) -> None:
    listing = floor.listing
    for queue in floor.queues.values():
        for visit in queue.waiting.values():
            if visit.leg.uid not in listing.waiting and visit.entered_at < listing.began_at:
                floor.suspects.setdefault(visit.leg.uid, event.at)
    for agent in floor.agents.all.values():
        for name in [q for q, m in agent.members.items() if (q, agent.interface) not in listing.members
                     and m.at < listing.began_at]:  # fmt: skip
            on_members.gone(floor, e.MemberGone(event.at, name, agent.interface))


def legs_listed(floor: Floor, event: e.LegsListed) -> None:
    for leg in floor.legs.values():
        if event.complete and leg.uid not in floor.listing.legs and leg.created_at < floor.listing.began_at:
            floor.suspects.setdefault(leg.uid, event.at)
    for bridge in list(floor.bridges):
        on_legs.meet(floor, bridge, event.at)
        on_legs.connect(floor, bridge, event.at)
    if not floor.synced:
        floor.synced, floor.link_since = True, event.at
        floor.out.append(LinkChanged(event.at, "", True, ""))


def convict(floor: Floor, at: float) -> None:
    """End what a snapshot did not name and nothing was heard of since."""
    for uid in [u for u, since in floor.suspects.items() if at - since > PATIENCE_S]:
        since = floor.suspects.pop(uid)
        leg = floor.legs.get(uid)
        if leg is None:
            continue
        leg.call.partial = True
        for visit in leg.call.visits:
            if visit.leg is leg and visit.state is State.WAITING:
                on_queues.advance(floor, visit, Signal.LOST, since)
        if uid not in floor.listing.legs:
            leg.call.ended_by = "unknown"
            on_legs.remove(floor, leg, since, None)


def booted(floor: Floor, event: e.Booted) -> None:
    boot = max(0, int(event.at - event.uptime_s))
    if floor.boot and boot - floor.boot > SAME_BOOT_S:
        for call in list(floor.by_id.values()):
            lose(floor, call, event.at)
        floor.out.append(PbxRestarted(event.at, "", float(boot)))
        floor.boot = boot
    elif not floor.boot:
        floor.boot = boot


def lose(floor: Floor, call: Call, at: float) -> None:
    """Asterisk restarted under the call: nothing of it is left."""
    floor.touched = call
    call.ended_by = "pbx_lost"
    for visit in call.visits:
        if visit.outcome is None:
            on_queues.advance(floor, visit, Signal.LOST, at, Outcome.PBX_LOST)
    for key in [k for k, (_, v, _) in floor.connected.items() if v in call.visits]:
        on_queues.end_visit(floor, key, at, "pbx_lost")
    for leg in list(call.legs.values()):
        on_legs.remove(floor, leg, at, None)


def link_up(floor: Floor, event: e.LinkUp) -> None:
    floor.link, floor.synced = True, False


def link_down(floor: Floor, event: e.LinkDown) -> None:
    if floor.link:
        floor.out.append(LinkChanged(event.at, "", False, event.reason))
    floor.link, floor.synced, floor.link_since = False, False, event.at


def shut_down(floor: Floor, event: e.ShutDown) -> None:
    """Asterisk says it goes away; the Booted that follows tells whether it came back as another."""


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.SnapshotBegan: began,
    e.QueueSeen: queue_seen,
    e.LegSeen: leg_seen,
    e.EntrySeen: entry_seen,
    e.QueuesListed: queues_listed,
    e.LegsListed: legs_listed,
    e.Booted: booted,
    e.LinkUp: link_up,
    e.LinkDown: link_down,
    e.ShutDown: shut_down,
}

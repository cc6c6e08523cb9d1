"""The link and its snapshots: the lists of QueueStatus and CoreShowChannels as the same Events. Pure handlers.

A list is newer than every event before it, and events that happened before it may still be delivered after it. So what
a list lacks is only *suspected* to be gone, and convicted when no event has explained it within two seconds.

QueueEntry has no Linkedid. The entry of a channel that is not known waits in :class:`Listing` for the list of channels,
or for any event of that channel: they bring it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_agents, on_bridges, on_legs, on_members, on_queues, revive
from callcenter.floor.changes import LinkChanged, PbxRestarted
from callcenter.floor.legs import RING, Leg, enter
from callcenter.floor.records import Outcome
from callcenter.floor.visits import OPEN, UNDECIDED, QueueVisit, Signal, State

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor

PATIENCE_S = 2.0
CLOCK_S = 1.0
"""The moment of asking is by our clock, set after the PBX's: they may differ by so much."""
SAME_BOOT_S = 5
SILENT_S = 30.0
"""A PBX that went down is noticed within this time."""


class Listing:
    """What the list under way has named so far. ``began_at``: what is younger need not be in it."""

    def __init__(self, began_at: float = 0.0) -> None:
        self.began_at = began_at
        self.legs: set[str] = set()
        self.waiting: set[str] = set()
        self.members: set[tuple[str, str]] = set()
        self.entries: dict[str, e.EntrySeen] = {}

    def reaches(self, at: float) -> bool:
        """Whether what has been there since ``at`` must be in the list."""
        return at < self.began_at - CLOCK_S


# ---- lists ----------------------------------------------------------------------------------------------------


def began(floor: Floor, event: e.SnapshotBegan) -> None:
    floor.listing = Listing(event.at)


def queue_seen(floor: Floor, event: e.QueueSeen) -> None:
    queue = floor.queue(event.queue)
    queue.strategy, queue.service_level_s = event.strategy, event.service_level_s


def entry_seen(floor: Floor, event: e.EntrySeen) -> None:
    """Somebody waits."""
    floor.listing.waiting.add(event.leg)
    leg = floor.legs.get(event.leg)
    if leg:
        floor.touched = leg.call
        wait(floor, leg, event)
    elif event.leg and event.leg not in floor.recently_gone:
        floor.listing.entries[event.leg] = event


def wait(floor: Floor, leg: Leg, entry: e.EntrySeen) -> None:
    """``leg`` waits as the entry says; a visit that had not ended before the entry began is that very visit."""
    entered_at = entry.at - entry.waited_s
    for visit in leg.call.visits:
        if visit.queue != entry.queue:
            continue
        if visit.leg is leg and (visit.left_at is None or entered_at < visit.left_at):
            floor.suspects.pop(visit, None)
            return
        if leg.call.revived and revive.same_wait(floor, visit, entered_at):
            visit.leg, visit.position = leg, entry.position
            return
    on_queues.enter(floor, leg, entry.queue, entered_at, entry.position)


def admit(floor: Floor, uid: str, linkedid: str) -> Leg | None:
    """The caller of an entry that waited for its channel."""
    entry = floor.listing.entries.pop(uid)
    new = e.LegCreated(entry.at, uid, linkedid, entry.channel, RING, entry.number, entry.name, "", "")
    leg = on_legs.late(floor, new)
    if leg:
        wait(floor, leg, entry)
    return leg


def leg_seen(floor: Floor, event: e.LegSeen) -> None:
    floor.listing.legs.add(event.leg)
    leg = floor.leg(event) or on_legs.late(
        floor,
        e.LegCreated(event.at, event.leg, event.call, event.channel, event.state, event.number, event.name,
                     event.exten, event.context),
    )  # fmt: skip
    if leg is None:
        return
    created_at = event.at - event.age_s
    if leg.call.partial and created_at < leg.created_at:
        leg.created_at = created_at
        if not leg.call.revived:
            leg.call.started_at = min(leg.call.started_at, created_at)
    leg.state = event.state
    if leg.bridge != event.bridge:
        on_bridges.part(floor, leg, event.at)
        if event.bridge:
            enter(floor.bridges, leg, event.bridge)
    on_legs.settle(floor, leg, event.at)


def queues_listed(floor: Floor, event: e.QueuesListed) -> None:
    listing = floor.listing
    for queue in floor.queues.values():
        for visit in queue.waiting.values():
            if visit.leg.uid and visit.leg.uid not in listing.waiting and listing.reaches(visit.entered_at):
                floor.suspects.setdefault(visit, event.at)
    for agent in floor.agents.all.values():
        for name, member in list(agent.members.items()):
            if (name, agent.interface) not in listing.members and listing.reaches(member.at):
                on_members.gone(floor, e.MemberGone(event.at, name, agent.interface))


def legs_listed(floor: Floor, event: e.LegsListed) -> None:
    listing = floor.listing
    if event.complete:
        listing.entries.clear()
        for leg in floor.legs.values():
            if leg.uid not in listing.legs and listing.reaches(leg.created_at):
                floor.suspects.setdefault(leg, event.at)
    for uid in list(listing.entries):
        admit(floor, uid, "")
    join_halves(floor)
    for bridge in list(floor.bridges):
        on_bridges.meet(floor, bridge, event.at)
        on_bridges.connect(floor, bridge, event.at)
    if floor.revived.calls:
        revive.settle(floor, event.at)
    if not floor.synced:
        floor.synced, floor.link_since = True, event.at
        floor.out.append(LinkChanged(event.at, "", True, ""))


def join_halves(floor: Floor) -> None:
    """The halves of a Local channel whose LocalBridge nobody saw: their names differ in the last digit only."""
    halves: dict[str, Leg] = {}
    for leg in floor.legs.values():
        if leg.local and leg.twin is None:
            other = halves.setdefault(leg.channel[:-1], leg)
            if other is not leg:
                leg.twin, other.twin = other, leg


# ---- what the lists lack --------------------------------------------------------------------------------------


def convict(floor: Floor, at: float) -> None:
    """End what a snapshot did not name, or a hole left undecided, and no event has explained since."""
    for suspect in [s for s, since in floor.suspects.items() if at - since > PATIENCE_S]:
        since = floor.suspects.pop(suspect)
        if isinstance(suspect, QueueVisit):
            suspect.leg.call.partial |= suspect.state in OPEN
            lose_visit(floor, suspect, since, Outcome.UNKNOWN)
        elif floor.legs.get(suspect.uid) is suspect:
            lose_leg(floor, suspect, since)


def lose_visit(floor: Floor, visit: QueueVisit, at: float, outcome: Outcome) -> None:
    if visit.state in OPEN:
        floor.touched = visit.leg.call
        on_queues.advance(floor, visit, Signal.LOST, at, outcome)


def lose_leg(floor: Floor, leg: Leg, at: float) -> None:
    """A channel ended in the hole, and with it the conversation that it alone carried."""
    call = leg.call
    call.partial = True
    for visit in [v for v in call.visits if v.leg is leg]:
        lose_visit(floor, visit, at, Outcome.UNKNOWN)
    if len(call.legs) == 1:
        call.ended_by = "unknown"
    on_legs.remove(floor, leg, at, None)
    connection = floor.connected.get(leg.uid)
    if connection and connection[2].to is not None:
        on_agents.end_visit(floor, leg.uid, at, None)


# ---- link and PBX ---------------------------------------------------------------------------------------------


def booted(floor: Floor, event: e.Booted) -> None:
    boot = max(0, int(event.at - event.uptime_s))
    if restarted(floor, boot):
        for call in list(floor.by_id.values()):
            lose(floor, call, event.at, "pbx_lost", Outcome.PBX_LOST)
        floor.ended.clear()
        floor.out.append(PbxRestarted(event.at, "", float(boot)))
        floor.boot = boot
    floor.boot = floor.boot or boot
    floor.boot_heard = True


def restarted(floor: Floor, boot: int) -> bool:
    """Whether the PBX is another one than before.

    FullyBooted has no Timestamp: ``boot`` moves when we learn how far our clock is off. But a PBX with which we had a
    link cannot have booted long before that link was lost.
    """
    if not floor.boot or boot - floor.boot <= SAME_BOOT_S:
        return False
    return not floor.boot_heard or boot > floor.link_since - SILENT_S


def lose(floor: Floor, call: Call, at: float, ended_by: str, outcome: Outcome) -> None:
    """Nothing of the call is left: Asterisk restarted under it, or it ended between two processes of ours."""
    floor.touched = call
    call.ended_by = ended_by
    revive.end_unbound(floor, call, ended_by)
    for visit in list(call.visits):
        lose_visit(floor, visit, at, outcome)
    if any(visit.state is State.TALKING for visit in call.visits):
        for key in [k for k, (_, v, _) in floor.connected.items() if v in call.visits]:
            on_agents.end_visit(floor, key, at, ended_by)
    for leg in list(call.legs.values()):
        on_legs.remove(floor, leg, at, None)
    if not call.legs and floor.by_id.get(call.id) is call:
        floor.finish(call, at)


def link_up(floor: Floor, event: e.LinkUp) -> None:
    floor.link, floor.synced = True, False


def link_down(floor: Floor, event: e.LinkDown) -> None:
    """A hole begins: of the calls that are up something may be missed, and what was undecided stays so."""
    if floor.link and floor.synced:
        floor.out.append(LinkChanged(event.at, "", False, event.reason))
    if floor.link or not floor.link_since:
        floor.link_since = event.at
    floor.link, floor.synced = False, False
    for call in floor.by_id.values():
        call.partial, call.mended = True, False
        for visit in call.visits:
            if visit.state in UNDECIDED:
                floor.suspects.setdefault(visit, event.at)


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

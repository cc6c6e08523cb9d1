"""Snapshots: the lists of QueueStatus and CoreShowChannels as the same Events. Pure handlers.

A list may be older than events that were delivered before it, and events that happened before it may still come after
it. So what a list lacks is only *suspected* to be gone, and convicted when no event has explained it within two
seconds; what it tells otherwise than we know waits as long (see :mod:`callcenter.floor.doubts`). After a hole there is
nothing to wait for: the first list is believed at once.

QueueEntry has no Linkedid. The entry of a channel that is not known waits in :class:`Listing` for the list of channels,
or for any event of that channel: they bring it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_agents, on_bridges, on_legs, on_members, on_queues, revive
from callcenter.floor.changes import LinkChanged
from callcenter.floor.doubts import LEG, PATIENCE_S, WAIT, Suspicion, doubt, explained, ripe, settled
from callcenter.floor.legs import RING, Leg, enter
from callcenter.floor.records import Outcome, Result
from callcenter.floor.visits import OPEN, QueueVisit, Signal

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor

CLOCK_S = 1.0
"""The moment of asking is by our clock, set after the PBX's: they may differ by so much."""


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

    def older(self, at: float) -> bool:
        """Whether it may be older than what an event told at ``at``. A recorded list stands where it was taken."""
        return self.began_at > 0 and not self.reaches(at)


# ---- lists ----------------------------------------------------------------------------------------------------


def asked(floor: Floor, event: e.SnapshotAsked) -> None:
    floor.asked_at = event.at


def began(floor: Floor, event: e.SnapshotBegan) -> None:
    floor.listing, floor.asked_at = Listing(floor.asked_at or event.at), 0.0


def queue_seen(floor: Floor, event: e.QueueSeen) -> None:
    queue = floor.queue(event.queue)
    queue.strategy, queue.service_level_s = event.strategy, event.service_level_s


def entry_seen(floor: Floor, event: e.EntrySeen) -> None:
    """Somebody waits."""
    listing, key = floor.listing, (WAIT, event.leg)
    listing.waiting.add(event.leg)
    leg = floor.legs.get(event.leg)
    if not settled(floor):
        if event.at - event.waited_s < floor.left_early.get((event.leg, event.queue), 0.0):
            return  # an event from before the end of the list was applied before its rows
        if leg:
            floor.touched = leg.call
            wait(floor, leg, event)
        elif event.leg and event.leg not in floor.recently_gone:
            listing.entries[event.leg] = event
    elif leg and waits_as_told(floor, leg, event):
        explained(floor, key)
    elif not listing.older(leg.told_at if leg else event.at - event.waited_s) and event.leg not in floor.recently_gone:
        doubt(floor, key, event)


def waits_as_told(floor: Floor, leg: Leg, entry: e.EntrySeen) -> bool:
    """Whether a visit is known that had not ended before the entry began: it is that very visit."""
    entered_at = entry.at - entry.waited_s
    for visit in leg.call.visits:
        left_at = visit.left_at if visit.queue == entry.queue and visit.leg is leg else 0.0
        if left_at is None or entered_at < left_at or floor.listing.older(left_at):
            floor.suspects.pop(visit, None)
            return True
    return False


def wait(floor: Floor, leg: Leg, entry: e.EntrySeen) -> None:
    """``leg`` waits as the entry says."""
    if waits_as_told(floor, leg, entry):
        return
    entered_at = entry.at - entry.waited_s
    for visit in leg.call.visits:
        if visit.queue == entry.queue and leg.call.revived and revive.same_wait(floor, visit, entered_at):
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
    listing, key = floor.listing, (LEG, event.leg)
    listing.legs.add(event.leg)
    leg = floor.legs.get(event.leg)
    if leg:
        floor.suspects.pop(leg, None)
    if not settled(floor):
        take_leg(floor, event)
    elif leg and (leg.bridge, leg.state) == (event.bridge, event.state):
        explained(floor, key)
    elif not listing.older(leg.told_at if leg else event.at - event.age_s) and event.leg not in floor.recently_gone:
        doubt(floor, key, event)


def take_leg(floor: Floor, event: e.LegSeen) -> Leg | None:
    """A channel is as the list says, but for what an event has told since."""
    told_at = known.told_at if (known := floor.legs.get(event.leg)) else 0.0
    leg = floor.leg(event) or on_legs.late(
        floor,
        e.LegCreated(event.at, event.leg, event.call, event.channel, event.state, event.number, event.name,
                     event.exten, event.context),
    )  # fmt: skip
    if leg is None:
        return None
    leg.told_at = told_at
    created_at = event.at - event.age_s
    if leg.call.partial and created_at < leg.created_at:
        leg.created_at = created_at
        if not leg.call.revived:
            leg.call.started_at = min(leg.call.started_at, created_at)
    if not floor.listing.older(leg.state_at):
        leg.state = event.state
    if leg.bridge != event.bridge and not floor.listing.older(leg.bridge_at):
        on_bridges.part(floor, leg, seen_until(floor, leg.bridge_at, event.at))
        if event.bridge:
            enter(floor.bridges, leg, event.bridge)
    on_legs.settle(floor, leg, event.at)
    return leg


def queues_listed(floor: Floor, event: e.QueuesListed) -> None:
    listing = floor.listing
    for queue in floor.queues.values():
        for visit in queue.waiting.values():
            if visit.leg.uid and visit.leg.uid not in listing.waiting and listing.reaches(visit.entered_at):
                suspect(floor, visit, visit.entered_at, event.at)
    on_members.unlisted(floor, event.at)


def legs_listed(floor: Floor, event: e.LegsListed) -> None:
    listing = floor.listing
    if event.complete:
        listing.entries.clear()
        for leg in floor.legs.values():
            if leg.uid not in listing.legs and listing.reaches(leg.created_at) and listing.reaches(leg.told_at):
                suspect(floor, leg, max(leg.created_at, leg.told_at), event.at)
    if settled(floor):
        return
    for uid in list(listing.entries):
        admit(floor, uid, "")
    join_halves(floor)
    for bridge in list(floor.bridges):
        on_bridges.meet(floor, bridge, event.at)
        on_bridges.connect(floor, bridge, event.at)
    if floor.revived.calls:
        revive.settle(floor, event.at)
    if not floor.synced:
        floor.synced, floor.link_since, floor.revived.over = True, event.at, True
        floor.left_early.clear()
        floor.out.append(LinkChanged(event.at, "", True, ""))


def suspect(floor: Floor, one: Leg | QueueVisit, told_at: float, at: float) -> None:
    """A list of ``at`` lacks it."""
    floor.suspects.setdefault(one, Suspicion(at, seen_until(floor, told_at, at)))


def seen_until(floor: Floor, told_at: float, at: float) -> float:
    """When something ended that is over at ``at``. In a hole nobody knows: it counts as long as it was seen."""
    return at if floor.synced else min(max(floor.link_since, told_at), at)


def join_halves(floor: Floor) -> None:
    """The halves of a Local channel whose LocalBridge nobody saw: their names differ in the last digit only."""
    halves: dict[str, Leg] = {}
    for leg in floor.legs.values():
        if leg.local and leg.twin is None:
            other = halves.setdefault(leg.channel[:-1], leg)
            if other is not leg:
                leg.twin, other.twin = other, leg


# ---- what no event explained ----------------------------------------------------------------------------------


def convict(floor: Floor, at: float) -> None:
    """End what a snapshot did not name, or a hole left undecided, and no event has explained since; what was seen the
    longest last, for with it its call ends."""
    due = [(one, why) for one, why in floor.suspects.items() if at - why.since > PATIENCE_S]
    for one, why in sorted(due, key=lambda suspect: suspect[1].ended_at):
        if floor.suspects.pop(one, None) is None:
            continue  # a wait goes with its channel
        ended_at = why.ended_at
        if isinstance(one, QueueVisit):
            if one.state in OPEN:
                floor.touched = one.leg.call
                floor.drift(why.since, "lost_wait", f"{one.queue}: {one.leg.uid} waits no more")
                one.leg.call.partial = True
            lose_visit(floor, one, ended_at, Outcome.UNKNOWN)
        elif floor.legs.get(one.uid) is one:
            floor.touched = one.call
            floor.drift(why.since, "lost_leg", one.channel)
            lose_leg(floor, one, ended_at)
    floor.touched = None


def believe(floor: Floor, at: float) -> None:
    """Asterisk is the authority: what lists say, and no event contradicted in time, is so."""
    for row in ripe(floor, at):
        if isinstance(row, e.LegSeen):
            _believe_leg(floor, row)
        elif isinstance(row, e.EntrySeen):
            _believe_wait(floor, row)
        else:
            on_members.believe(floor, row)
    floor.touched = None


def _believe_leg(floor: Floor, row: e.LegSeen) -> None:
    leg = floor.legs.get(row.leg)
    floor.touched = leg.call if leg else None
    kind = "missed_leg" if leg is None else "missed_state" if leg.bridge == row.bridge else "missed_bridge"
    was = f" state {leg.state}, bridge {leg.bridge!r}" if leg else ""
    floor.drift(row.at, kind, f"{row.channel}:{was} is state {row.state}, bridge {row.bridge!r}")
    leg = take_leg(floor, row)
    if leg is None:
        return
    leg.call.partial = True
    join_halves(floor)
    if leg.bridge:
        on_bridges.meet(floor, leg.bridge, row.at)
        on_bridges.connect(floor, leg.bridge, row.at)


def _believe_wait(floor: Floor, row: e.EntrySeen) -> None:
    leg = floor.legs.get(row.leg)
    floor.touched = leg.call if leg else None
    floor.drift(row.at, "missed_wait", f"{row.queue}: {row.channel} waits")
    if leg is None:
        floor.listing.entries[row.leg] = row
        leg = admit(floor, row.leg, "")
    else:
        wait(floor, leg, row)
    if leg:
        leg.call.partial = True


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
    if len(call.legs) == 1 and at >= call.gone_at:
        call.ended_by = "unknown"
    ring = floor.tries.get(leg.uid)
    on_legs.remove(floor, leg, at, None)
    if ring and ring[1].result is None:
        on_agents.end_try(floor, *ring, at, Result.CANCELLED)
    connection = floor.connected.get(leg.uid)
    if connection and connection[2].to is not None:
        on_agents.end_visit(floor, leg.uid, connection[2].to, None)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.SnapshotAsked: asked,
    e.SnapshotBegan: began,
    e.QueueSeen: queue_seen,
    e.LegSeen: leg_seen,
    e.EntrySeen: entry_seen,
    e.QueuesListed: queues_listed,
    e.LegsListed: legs_listed,
}

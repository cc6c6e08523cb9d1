"""The link and its snapshots: the lists of QueueStatus and CoreShowChannels as the same Events. Pure handlers.

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
from callcenter.floor.changes import LinkChanged, PbxRestarted
from callcenter.floor.doubts import LEG, PATIENCE_S, WAIT, doubt, explained, ripe, settled
from callcenter.floor.legs import RING, Leg, enter
from callcenter.floor.records import Outcome
from callcenter.floor.visits import OPEN, UNDECIDED, QueueVisit, Signal, State

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor

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

    def older(self, at: float) -> bool:
        """Whether it may be older than what an event told at ``at``. A recorded list stands where it was taken."""
        return self.began_at > 0 and not self.reaches(at)


# ---- lists ----------------------------------------------------------------------------------------------------


def began(floor: Floor, event: e.SnapshotBegan) -> None:
    floor.listing = Listing(event.at)


def queue_seen(floor: Floor, event: e.QueueSeen) -> None:
    queue = floor.queue(event.queue)
    queue.strategy, queue.service_level_s = event.strategy, event.service_level_s


def entry_seen(floor: Floor, event: e.EntrySeen) -> None:
    """Somebody waits."""
    listing, key = floor.listing, (WAIT, event.leg)
    listing.waiting.add(event.leg)
    leg = floor.legs.get(event.leg)
    if not settled(floor):
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
        on_bridges.part(floor, leg, event.at)
        if event.bridge:
            enter(floor.bridges, leg, event.bridge)
    on_legs.settle(floor, leg, event.at)
    return leg


def queues_listed(floor: Floor, event: e.QueuesListed) -> None:
    listing = floor.listing
    for queue in floor.queues.values():
        for visit in queue.waiting.values():
            if visit.leg.uid and visit.leg.uid not in listing.waiting and listing.reaches(visit.entered_at):
                floor.suspects.setdefault(visit, event.at)
    on_members.unlisted(floor, event.at)


def legs_listed(floor: Floor, event: e.LegsListed) -> None:
    listing = floor.listing
    if event.complete:
        listing.entries.clear()
        for leg in floor.legs.values():
            if leg.uid not in listing.legs and listing.reaches(leg.created_at) and listing.reaches(leg.told_at):
                floor.suspects.setdefault(leg, event.at)
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


# ---- what no event explained ----------------------------------------------------------------------------------


def convict(floor: Floor, at: float) -> None:
    """End what a snapshot did not name, or a hole left undecided, and no event has explained since."""
    for suspect in [s for s, since in floor.suspects.items() if at - since > PATIENCE_S]:
        since = floor.suspects.pop(suspect)
        if isinstance(suspect, QueueVisit):
            if suspect.state in OPEN:
                floor.touched = suspect.leg.call
                floor.drift(since, "lost_wait", f"{suspect.queue}: {suspect.leg.uid} waits no more")
                suspect.leg.call.partial = True
            lose_visit(floor, suspect, since, Outcome.UNKNOWN)
        elif floor.legs.get(suspect.uid) is suspect:
            floor.touched = suspect.call
            floor.drift(since, "lost_leg", suspect.channel)
            lose_leg(floor, suspect, since)
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
    if len(call.legs) == 1:
        call.ended_by = "unknown"
    on_legs.remove(floor, leg, at, None)
    connection = floor.connected.get(leg.uid)
    if connection and connection[2].to is not None:
        on_agents.end_visit(floor, leg.uid, at, None)


# ---- link and PBX ---------------------------------------------------------------------------------------------


def booted(floor: Floor, event: e.Booted) -> None:
    """After a restart nothing is left of the calls from before: they ended when we last knew of them."""
    boot = max(0, int(event.at - event.uptime_s))
    if restarted(floor, boot):
        unconfirmed = set(floor.revived.calls)
        for call in list(floor.by_id.values()):
            until = floor.revived.until if call in unconfirmed else min(floor.link_since or event.at, event.at)
            if call.revived or call.started_at <= until:
                lose(floor, call, until, "pbx_lost", Outcome.PBX_LOST)
        floor.ended.clear()
        floor.doubts.clear()
        floor.out.append(PbxRestarted(event.at, "", float(boot)))
        floor.boot = boot
    floor.boot = floor.boot or boot
    floor.boot_heard = True


def restarted(floor: Floor, boot: int) -> bool:
    """Whether the PBX is another one than before.

    FullyBooted has no Timestamp: ``boot`` moves when we learn how far our clock is off. But a PBX with which we had a
    link cannot have booted long before that link was lost. One whose boot we never heard of tells it when it is new.
    """
    if not floor.boot:
        return 0 < int(floor.link_since) <= boot
    if abs(boot - floor.boot) <= SAME_BOOT_S:
        return False
    # A clock that was set back meanwhile makes the new boot the earlier one.
    return boot > floor.link_since - SILENT_S if floor.boot_heard else boot > floor.boot


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
    """A hole begins when we last knew: of the calls that are up something may be missed since, and what was undecided
    stays so."""
    since = min(event.since, event.at) or event.at
    if floor.link and floor.synced:
        floor.out.append(LinkChanged(since, "", False, event.reason))
    if (floor.link and floor.synced) or not floor.link_since:
        floor.link_since = since
    floor.link, floor.synced = False, False
    floor.doubts.clear()
    for call in floor.by_id.values():
        call.partial = True
        for visit in call.visits:
            if visit.state in UNDECIDED:
                floor.suspects.setdefault(visit, since)


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

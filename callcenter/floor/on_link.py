"""The link and the PBX behind it: up, down, booted anew. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor import on_agents, on_legs, revive, snapshot
from callcenter.floor.changes import LinkChanged, PbxRestarted
from callcenter.floor.doubts import Suspicion
from callcenter.floor.records import Outcome
from callcenter.floor.visits import UNDECIDED, State

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor

SAME_BOOT_S = 5
SILENT_S = 30.0
"""A PBX that went down is noticed within this time."""
BOOT_CUT_S = 2
"""FullyBooted tells whole seconds: the PBX may have booted so much later."""
LOADING_S = 60.0
"""So long after a login Asterisk may still be loading; it says FullyBooted when it is done."""


def booted(floor: Floor, event: e.Booted) -> None:
    """After a restart nothing is left of the calls from before: they ended when we last knew of them."""
    boot = max(0, int(event.at - event.uptime_s))
    if not _possible(floor, event.at, boot):
        if abs(boot - floor.boot) > SAME_BOOT_S:
            floor.drift(event.at, "impossible_boot", str(boot))
        return
    floor.boot_due = False
    if restarted(floor, boot):
        unconfirmed = set(floor.revived.calls)
        begins = floor.down_at if boot <= floor.down_at <= boot + BOOT_CUT_S else boot
        for call in list(floor.by_id.values()):
            until = floor.revived.until if call in unconfirmed else min(floor.down_at or begins, begins)
            if call.revived or call.started_at < begins:  # else it is of the new one, which told late that it booted
                lose(floor, call, until, "pbx_lost", Outcome.PBX_LOST)
        floor.ended.clear()
        floor.recently_gone.clear()
        floor.doubts.clear()
        floor.out.append(PbxRestarted(event.at, "", float(boot)))
        floor.boot = boot
    floor.boot = floor.boot or boot
    floor.boot_heard = True


def _possible(floor: Floor, at: float, boot: int) -> bool:
    """A restart cuts the session: it is told once after a login, and was before it. Anything else a caller made up."""
    loading = at - floor.up_at < LOADING_S and boot <= floor.up_at + SAME_BOOT_S
    return floor.boot_due and (loading or not (floor.link and floor.synced))


def restarted(floor: Floor, boot: int) -> bool:
    """Whether the PBX is another one than before.

    FullyBooted has no Timestamp: ``boot`` moves when we learn how far our clock is off, and is later when it is read
    late. But a PBX with which we had a link cannot have booted long before that link was lost, nor long before the end
    of an earlier process of ours that saw it alive. One whose boot we never heard of tells it when it is new.
    """
    if not floor.boot:
        return 0 < int(floor.link_since) <= boot
    if abs(boot - floor.boot) <= SAME_BOOT_S:
        return False
    # A clock that was set back meanwhile makes the new boot the earlier one.
    if floor.boot_heard:
        return boot > floor.link_since - SILENT_S
    return boot > max(floor.boot, floor.revived.until - SILENT_S)


def lose(floor: Floor, call: Call, at: float, ended_by: str, outcome: Outcome) -> None:
    """Nothing of the call is left: Asterisk restarted under it, or it ended between two processes of ours."""
    floor.touched = call
    call.ended_by = ended_by
    revive.end_unbound(floor, call, ended_by)
    for visit in list(call.visits):
        snapshot.lose_visit(floor, visit, at, outcome)
    if any(visit.state is State.TALKING for visit in call.visits):
        for key in [k for k, (_, v, _) in floor.connected.items() if v in call.visits]:
            on_agents.end_visit(floor, key, at, ended_by)
    for leg in list(call.legs.values()):
        on_legs.remove(floor, leg, at, None)
    if not call.legs and floor.by_id.get(call.id) is call:
        floor.finish(call, at)


def link_up(floor: Floor, event: e.LinkUp) -> None:
    """Wrap-ups that were over in the hole end before anything is told of now, which began behind it."""
    floor.link, floor.synced, floor.up_at = True, False, event.at
    if event.at >= floor.agents.next_wrap:
        floor.agents.pass_time(event.at)


def link_down(floor: Floor, event: e.LinkDown) -> None:
    """A hole begins when we last knew: of the calls that are up something may be missed since, and what was undecided
    stays so."""
    since = min(event.since, event.at) or event.at
    if floor.link and floor.synced:
        floor.out.append(LinkChanged(since, "", False, event.reason))
    if (floor.link and floor.synced) or not floor.link_since:
        floor.link_since = floor.down_at = since
    floor.link, floor.synced, floor.boot_due = False, False, True
    floor.doubts.clear()
    for call in floor.by_id.values():
        call.partial = True
        for visit in call.visits:
            if visit.state in UNDECIDED:
                floor.suspects.setdefault(visit, Suspicion(since, since))


def shut_down(floor: Floor, event: e.ShutDown) -> None:
    """Asterisk says it goes away; the Booted that follows tells whether it came back as another."""


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.Booted: booted,
    e.LinkUp: link_up,
    e.LinkDown: link_down,
    e.ShutDown: shut_down,
}

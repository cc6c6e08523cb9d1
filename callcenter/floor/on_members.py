"""What happens to queue members: added, removed, paused, their device's state. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from callcenter.floor import events as e
from callcenter.floor.agents import AWAY, Agent
from callcenter.floor.changes import MemberChanged
from callcenter.floor.doubts import MEMBER, doubt, explained, settled
from callcenter.floor.wallboard import AgentNow

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor
    from callcenter.floor.visits import QueueVisit

AT_ONCE_S = 0.5
EMPTY_S = 2.5
"""app_queue looks once a second whether a queue is empty (``RECHECK``), and after each ring."""


def able(member: e.MemberSeen) -> bool:
    """Whether the queue counts this member as there: ``get_member_status`` in ``apps/app_queue.c``, "yes"."""
    return not member.paused and member.device not in AWAY


def alike(known: e.MemberSeen, event: e.MemberSeen) -> bool:
    """Whether both say the same about what the member can do. A reason may stand there while it is not paused."""
    return (
        able(known) == able(event)
        and known.paused == event.paused
        and (known.device in AWAY) == (event.device in AWAY)
        and (not event.paused or known.reason == event.reason)
    )


def looks_empty(floor: Floor, visit: QueueVisit, at: float) -> bool:
    """Whether a caller who was sent away at ``at`` was so because nobody is left in the queue.

    Where neither VarSet nor the dialplan tells: a queue with ``leavewhenempty`` sends its callers away within a second
    or so after its last member went (while they waited) or the last ring ended, and who enters it empty at once. A time
    limit strikes at any time, but not at once.
    """
    if any(able(m) for a in floor.agents.all.values() if (m := a.members.get(visit.queue))):
        return False
    if at - visit.entered_at <= AT_ONCE_S:
        return True
    thinned_at = floor.queue(visit.queue).thinned_at
    rings = [t.at + (t.rang_s or 0.0) for t in visit.tries]
    return thinned_at >= visit.entered_at and at - max([thinned_at, *rings]) <= EMPTY_S


def seen(floor: Floor, event: e.MemberSeen) -> None:
    if not event.interface or not event.queue:
        floor.drift(event.at, "no_member", f"{event.queue}: member without interface")
    elif event.snapshot:
        listed(floor, event)
    else:
        explained(floor, (MEMBER, event.queue, event.interface))
        take(floor, event)


def take(floor: Floor, event: e.MemberSeen) -> None:
    """The member is as the record says."""
    floor.queue(event.queue)
    agent = floor.agent(event.interface, event.name, event.state_interface, event.at)
    known = agent.members.get(event.queue)
    agent.members[event.queue] = event
    away, agent.device = agent.device in AWAY, event.device
    if known and away == (event.device in AWAY) and alike(known, event):
        return  # most of these only say that a phone rings or talks, which its channels told already
    if not able(event) and (known is None or able(known)):
        floor.queue(event.queue).thinned_at = event.at
    if known is None or known.paused != event.paused or (event.paused and known.reason != event.reason):
        reason = event.reason if event.paused else ""
        floor.out.append(MemberChanged(event.at, "", event.interface, event.queue, True, event.paused, reason))
    floor.agents.settle(agent, event.at)


def gone(floor: Floor, event: e.MemberGone) -> None:
    explained(floor, (MEMBER, event.queue, event.interface))
    agent = floor.agents.all.get(event.interface)
    if agent:
        agent.left[event.queue] = event.at
    if agent and agent.members.pop(event.queue, None):
        floor.queue(event.queue).thinned_at = event.at
        floor.out.append(MemberChanged(event.at, "", event.interface, event.queue, False, False, ""))
        floor.agents.settle(agent, event.at)


# ---- lists ----------------------------------------------------------------------------------------------------


def listed(floor: Floor, row: e.MemberSeen) -> None:
    """A list's word for a member: taken when it is no news, or when all is new; else it is doubted."""
    key = (MEMBER, row.queue, row.interface)
    floor.queue(row.queue)
    floor.listing.members.add(key[1:])
    agent = floor.agents.all.get(row.interface)
    known = agent.members.get(row.queue) if agent else None
    if floor.listing.older(_told_at(agent, known, row.queue)):
        return
    row = completed(row, known)
    if known and alike(known, row):
        explained(floor, key)
        take(floor, msgspec.structs.replace(row, at=known.at, snapshot=known.snapshot))
    elif settled(floor):
        doubt(floor, key, row)
    else:
        take(floor, row)


def _told_at(agent: Agent | None, known: e.MemberSeen | None, queue: str) -> float:
    """When an event last told of this member; 0 for none."""
    if known:
        return 0.0 if known.snapshot else known.at
    return agent.left.get(queue, 0.0) if agent else 0.0


def completed(row: e.MemberSeen, known: e.MemberSeen | None) -> e.MemberSeen:
    """With what ``queue reload`` makes Asterisk forget: the reason of a pause and the time of the login."""
    if known is None:
        return row
    reason = known.reason if row.paused and known.paused and not row.reason else row.reason
    return msgspec.structs.replace(row, reason=reason, login_at=row.login_at or known.login_at)


def unlisted(floor: Floor, at: float) -> None:
    """The list of the queues is complete: what it did not name is no member, unless it is younger than the list."""
    listing = floor.listing
    for agent in floor.agents.all.values():
        for queue, member in list(agent.members.items()):
            if (queue, agent.interface) not in listing.members and listing.reaches(member.at):
                row = e.MemberGone(at, queue, agent.interface)
                if settled(floor):
                    doubt(floor, (MEMBER, queue, agent.interface), row)
                else:
                    gone(floor, row)


def believe(floor: Floor, row: e.MemberSeen | e.MemberGone) -> None:
    """A member appeared, vanished or changed without an event."""
    agent = floor.agents.all.get(row.interface)
    known = agent.members.get(row.queue) if agent else None
    if isinstance(row, e.MemberGone):
        floor.drift(row.at, "silent_member", f"{row.queue}: {row.interface} is gone")
        gone(floor, row)
        return
    kind = "silent_member" if known is None else "silent_device" if known.paused == row.paused else "silent_pause"
    if known and known.paused and row.paused and known.reason != row.reason:
        kind = "silent_pause"
    floor.drift(row.at, kind, f"{row.queue}: {row.interface} paused {row.paused}, device {row.device}")
    take(floor, row)


def agent_now(agent: Agent) -> AgentNow:
    call = agent.talks[0].call.id if agent.talks else next((leg.call.id for leg in agent.legs), None)
    return AgentNow(
        interface=agent.interface,
        name=agent.name or agent.interface,
        state=agent.state,
        since=agent.since,
        reason=agent.reason,
        queue=agent.queue,
        call=call,
        queues=tuple(agent.members),
        paused_in=tuple([q for q, m in agent.members.items() if m.paused]),
    )


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    e.MemberSeen: seen,
    e.MemberGone: gone,
}

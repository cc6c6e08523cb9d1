"""What happens to queue members: added, removed, paused, their device's state. Pure handlers of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e
from callcenter.floor.agents import AWAY, Agent
from callcenter.floor.changes import MemberChanged
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
    return able(known) == able(event) and known.paused == event.paused and known.reason == event.reason


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
        return
    floor.queue(event.queue)
    floor.listing.members.add((event.queue, event.interface))
    agent = floor.agent(event.interface, event.name, event.state_interface, event.at)
    known = agent.members.get(event.queue)
    agent.members[event.queue] = event
    away, agent.device = agent.device in AWAY, event.device
    if known and away == (event.device in AWAY) and alike(known, event):
        return  # most of these only say that a phone rings or talks, which its channels told already
    if not able(event) and (known is None or able(known)):
        floor.queue(event.queue).thinned_at = event.at
    # A PausedReason may stand there while Paused is 0 (since 18.21, 20.6, 22.0).
    if known is None or known.paused != event.paused or (event.paused and known.reason != event.reason):
        reason = event.reason if event.paused else ""
        floor.out.append(MemberChanged(event.at, "", event.interface, event.queue, True, event.paused, reason))
    floor.agents.settle(agent, event.at)


def gone(floor: Floor, event: e.MemberGone) -> None:
    agent = floor.agents.all.get(event.interface)
    if agent and agent.members.pop(event.queue, None):
        floor.queue(event.queue).thinned_at = event.at
        floor.out.append(MemberChanged(event.at, "", event.interface, event.queue, False, False, ""))
        floor.agents.settle(agent, event.at)


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

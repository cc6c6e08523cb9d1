"""The PBX's clock was set: what is under way began so much later (or earlier) by it. Pure handler of the Floor.

Without this a caller who waits for ten seconds would have waited for an hour and ten seconds, or for less than nothing.
What is over keeps the times that it had. Each call that is up is told, so that the store has it anew: who takes it up
after this process knows nothing of the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from callcenter.floor import events as e
from callcenter.floor.changes import CallShifted, TimeShifted
from callcenter.floor.records import Outcome
from callcenter.floor.visits import State

if TYPE_CHECKING:
    from callcenter.floor.calls import Call
    from callcenter.floor.floor import Floor


def stepped(floor: Floor, event: e.ClockStepped) -> None:
    """Every moment that a duration may still be reckoned from moves along."""
    by = event.by_s
    floor.at = event.at
    _move(floor, by, "link_since", "down_at", "up_at", "asked_at")
    _move(floor.listing, by, "began_at")
    _move(floor.revived, by, "until")
    floor.doubts.clear()  # the next list tells them anew
    for table in (floor.loose, floor.lingering):
        for key in table:
            table[key] += by  # type: ignore[index]
    for suspicion in floor.suspects.values():
        _move(suspicion, by, "since", "ended_at")
    for leg in floor.legs.values():
        _move(leg, by, "created_at", "asked_at", "told_at", "bridge_at", "state_at")
    for call in {*floor.by_id.values(), *floor.lingering}:
        _call(call, by)
    for talk in {talk for call in floor.by_id.values() for talk in call.talks if talk.to is None}:
        _move(talk, by, "started_at", "held_at")
    for agent in floor.agents.all.values():
        _move(agent, by, "since", "wrap_until")
        agent.left = {queue: at + by for queue, at in agent.left.items()}
        for name, member in agent.members.items():
            agent.members[name] = msgspec.structs.replace(member, at=member.at + by)
    floor.agents.next_wrap += by
    for queue in floor.queues.values():
        queue.thinned_at += by
    floor.out += [TimeShifted(event.at, "", by), *(CallShifted(event.at, id, by) for id in floor.by_id)]


def _call(call: Call, by: float) -> None:
    _move(call, by, "started_at", "answered_at", "gone_at")
    for visit in call.visits:
        if visit.state is not State.DONE or visit.outcome is Outcome.UNKNOWN:  # queue_log may tell that it goes on
            _move(visit, by, "entered_at", "left_at", "connected_at")
            for attempt in visit.tries:
                _move(attempt, by, "at")


def _move(thing: object, by: float, *names: str) -> None:
    """What is 0 or None has not been yet."""
    for name in names:
        at = getattr(thing, name)
        if at:
            setattr(thing, name, at + by)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {e.ClockStepped: stepped}

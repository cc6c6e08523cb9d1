"""What a list says otherwise than the events said: believed when no event has explained it for a while. Pure.

Lists come by another way than the events, so a row may be older than events that are applied, or newer than some that
are still to come. What an event told after the list was asked for is newer: the row is left out, the next list will
tell. Any other difference waits here. An event of the same thing ends the wait; else Asterisk has changed something
without an event (a reload does), the row is taken for true, and a Drift of one of :data:`KINDS` is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callcenter.floor import events as e

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor

PATIENCE_S = 2.0

KINDS = frozenset({
    "silent_member", "silent_pause", "silent_device", "missed_leg", "lost_leg", "missed_bridge", "missed_state",
    "missed_wait", "lost_wait",
})  # fmt: skip
"""Drifts that a list has found, and mended: none of them needs another snapshot."""

Key = tuple[str, ...]
Row = e.LegSeen | e.EntrySeen | e.MemberSeen | e.MemberGone


@dataclass(slots=True)
class Suspicion:
    """``since``: when a list lacked it. ``ended_at``: when it counts as ended should that come true."""

    since: float
    ended_at: float


LEG, MEMBER, WAIT = "leg", "member", "wait"
"""The first word of a key, and the order in which rows are believed: who waits needs its channel."""


def settled(floor: Floor) -> bool:
    """Whether all is known that a list could tell: only then is a difference worth a doubt."""
    return floor.link and floor.synced


def doubt(floor: Floor, key: Key, row: Row) -> None:
    """Seen twice it is the same doubt, with the newer words."""
    since = floor.doubts[key][0] if key in floor.doubts else row.at
    floor.doubts[key] = since, row


def explained(floor: Floor, *keys: Key) -> None:
    for key in keys:
        floor.doubts.pop(key, None)


def ripe(floor: Floor, at: float) -> list[Row]:
    """Takes out what nobody has explained in time."""
    keys = sorted(key for key, (since, _) in floor.doubts.items() if at - since > PATIENCE_S)
    return [floor.doubts.pop(key)[1] for key in keys]

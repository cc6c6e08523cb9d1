"""Channels and who hears whom. Pure.

A :class:`Leg` is one channel. Legs that share a bridge hear each other; the two halves of a Local channel pass on
what each of their bridges says. :func:`parties` walks that graph: its result are the real phones of one conversation,
so a Local channel that stays in the path (``/n``) and one that is optimised away look the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcenter.floor.agents import Agent
    from callcenter.floor.calls import Call, Talk

DOWN, RING, RINGING, UP = 0, 4, 5, 6


def endpoint_of(channel: str) -> str:
    """``PJSIP/1001`` of ``PJSIP/1001-0000000d``; ``Local/1005@agents`` of ``Local/1005@agents-00000000;1``."""
    return channel.rpartition("-")[0] or channel


def dialled_when_seen(state: int, uid: str, linkedid: str) -> bool:
    """Whether a channel whose creation nobody saw was dialled by Asterisk: all are but the one that began the call."""
    return state not in (RING, UP) or (state == UP and uid != (linkedid or uid))


class Leg:
    """One channel. ``agent``: whose phone it is.

    ``front``: the leg that the queue dialled when this one was reached through a Local channel. ``done``: its
    conversation is over, though the channel may live on. ``asked_at``: when its end was asked for. ``tried``: the queue
    that its dialplan went to last; ``refused``: refusals that the dialplan's own news may still repeat. ``told_at``,
    ``bridge_at``, ``state_at``: the time of the last event of it, of its bridge, of its state.
    """

    __slots__ = ("agent", "asked_at", "bridge", "bridge_at", "call", "channel", "created_at", "done", "endpoint",
                 "exten", "front", "local", "number", "refused", "state", "state_at", "talk", "told_at", "tried",
                 "twin", "uid", "was_dialled")  # fmt: skip

    def __init__(self, uid: str, channel: str, call: Call, state: int, number: str, exten: str, at: float) -> None:
        self.uid = uid
        self.channel = channel
        self.endpoint = endpoint_of(channel)
        self.local = channel.startswith("Local/")
        self.call = call
        self.agent: Agent | None = None
        self.state = state
        self.number = number
        self.exten = exten
        self.created_at = at
        self.told_at = self.bridge_at = self.state_at = 0.0
        self.was_dialled = True
        self.twin: Leg | None = None
        self.front: Leg | None = None
        self.bridge: str = ""
        self.talk: Talk | None = None
        self.asked_at: float | None = None
        self.refused: int = 0
        self.done = False
        self.tried: str = ""

    def fronts(self) -> Leg:
        return self.front or self


Bridges = dict[str, list[Leg]]


def enter(bridges: Bridges, leg: Leg, bridge: str) -> None:
    if leg.bridge == bridge:
        return
    leave(bridges, leg)
    leg.bridge = bridge
    bridges.setdefault(bridge, []).append(leg)


def leave(bridges: Bridges, leg: Leg) -> None:
    members = bridges.get(leg.bridge)
    if members and leg in members:
        members.remove(leg)
        if not members:
            del bridges[leg.bridge]
    leg.bridge = ""


def parties(bridges: Bridges, bridge: str) -> list[Leg]:
    """The real phones that hear each other over ``bridge`` and the Local channels that lead on from it."""
    members = bridges.get(bridge, [])
    if not any(leg.local for leg in members):
        return members
    found: list[Leg] = []
    seen: set[str] = set()
    todo = [bridge]
    while todo:
        here = todo.pop()
        if not here or here in seen:
            continue
        seen.add(here)
        for leg in bridges.get(here, ()):
            if not leg.local:
                found.append(leg)
            elif leg.twin:
                todo.append(leg.twin.bridge)
    return found

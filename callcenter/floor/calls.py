"""A call: its channels, its visits to queues, who talked to whom. Pure.

A :class:`Call` is keyed by its Linkedid. A :class:`Talk` is one conversation of one party of the house; it belongs to
the leg that AgentConnect named or, outside queues, to the leg that was bridged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcenter.floor.records import CallRecord, Conversation, Direction, Transfer, Visit

if TYPE_CHECKING:
    from callcenter.floor.agents import Agent
    from callcenter.floor.legs import Leg
    from callcenter.floor.visits import QueueVisit


class Talk:
    """A conversation under way.

    ``legs``: the channels that carry it (a Local channel and the phone behind it); ``visit``: the one it answers.
    """

    __slots__ = ("agent", "call", "ended_by", "held_at", "hold_s", "interface", "legs", "name", "peer", "peer_leg",
                 "queue", "started_at", "to")  # fmt: skip

    def __init__(
        self, call: Call, endpoint: str, agent: Agent | None, at: float, visit: QueueVisit | None = None
    ) -> None:
        self.call, self.agent, self.started_at = call, agent, at
        self.interface = agent.interface if agent else endpoint
        self.name = agent.name or agent.interface if agent else None
        self.queue = visit.queue if visit else None
        self.legs: list[Leg] = []
        self.peer = ""
        self.peer_leg: Leg | None = None
        self.held_at: float | None = None
        self.hold_s = 0.0
        self.to: float | None = None
        self.ended_by: str | None = None

    def take(self, leg: Leg) -> None:
        """``leg`` carries this conversation from now on."""
        leg.talk, leg.done = self, False
        if leg not in self.legs:
            self.legs.append(leg)

    def hold(self, at: float) -> bool:
        if self.held_at is not None:
            return False
        self.held_at = at
        return True

    def unhold(self, at: float) -> bool:
        """False for an Unhold without a Hold: phones send one before a transfer."""
        if self.held_at is None:
            return False
        self.hold_s += max(0.0, at - self.held_at)
        self.held_at = None
        return True

    def end(self, at: float, ended_by: str | None) -> None:
        self.unhold(at)
        self.to, self.ended_by = max(at, self.started_at), ended_by
        for leg in self.legs:
            leg.talk, leg.done = None, True
        self.legs = []

    def record(self) -> Conversation:
        talk = None if self.to is None else max(0.0, self.to - self.started_at - self.hold_s)
        return Conversation(
            interface=self.interface,
            agent=self.name,
            peer=self.peer,
            queue=self.queue,
            from_=self.started_at,
            to=self.to,
            talk_s=talk,
            hold_s=self.hold_s,
            ended_by=self.ended_by,
        )


class Call:
    """A call under way, from its first channel to its last.

    ``revived``: an earlier process saw it begin; ``past_visits`` and ``past_talks`` were over before this one.
    ``partial``: something of it may have been missed; ``mended``: queue_log has told what. ``gone_at``: when the last
    of its channels ended, of those that did. ``wrap_ups``: agents at their after-call work for it.
    """

    __slots__ = ("answered_at", "asker", "called", "cause", "ended_at", "ended_by", "gone_at", "id", "inbound",
                 "legs", "linkedid", "mended", "name", "number", "outbound", "partial", "past_talks", "past_visits",
                 "pbx", "revived", "started_at", "talks", "transfers", "visits", "wrap_ups")  # fmt: skip

    def __init__(self, call_id: str, pbx: str, linkedid: str, at: float) -> None:
        self.id, self.pbx, self.linkedid, self.started_at = call_id, pbx, linkedid, at
        self.legs: dict[str, Leg] = {}
        self.number = self.name = self.called = ""
        self.inbound = self.outbound = False
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: str | None = None
        self.gone_at = 0.0
        self.asker: str | None = None
        self.cause: int | None = None
        self.visits: list[QueueVisit] = []
        self.talks: list[Talk] = []
        self.transfers: list[Transfer] = []
        self.partial = self.mended = self.revived = False
        self.wrap_ups = 0
        self.past_visits: tuple[Visit, ...] = ()
        self.past_talks: tuple[Conversation, ...] = ()

    @property
    def direction(self) -> Direction:
        if self.inbound:
            return Direction.IN
        return Direction.OUT if self.outbound else Direction.INTERNAL

    def rest(self) -> None:
        """Nothing more comes of it: what it was made of, which knows its call, is free at once. Else all of it would
        wait for Python's search for cycles, which is rare."""
        self.past_visits += tuple([v.record() for v in self.visits])
        self.past_talks += tuple([t.record() for t in self.talks])
        self.visits, self.talks = [], []

    def record(self) -> CallRecord:
        visits = self.past_visits + tuple([v.record() for v in self.visits])
        if self.mended:  # one that nobody saw may have come before one that is known
            visits = tuple(sorted(visits, key=lambda v: v.entered_at))
        return CallRecord(
            id=self.id,
            pbx=self.pbx,
            linkedid=self.linkedid,
            direction=self.direction,
            number=self.number,
            name=self.name,
            called=self.called,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            visits=visits,
            conversations=self.past_talks + tuple([t.record() for t in self.talks]),
            transfers=tuple(self.transfers),
            ended_by=self.ended_by,
            hangup_cause=self.cause,
            seen=("repaired" if self.mended else "partial") if self.partial else "whole",
        )


def older(a: str, b: str) -> bool:
    """Whether Linkedid ``a`` is older than ``b``: Asterisk keeps the oldest when calls meet in a bridge.

    ``oldest_linkedid`` in ``main/channel_internal_api.c``: by time, then by sequence; a system name may stand before.
    """
    return _age(a) < _age(b)


def _age(linkedid: str) -> tuple[int, int]:
    when, _, sequence = linkedid.rpartition("-")[2].partition(".")
    return (int(when) if when.isdecimal() else 0, int(sequence) if sequence.isdecimal() else 0)

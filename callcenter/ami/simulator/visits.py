"""A caller in a queue and what app_queue says of it: the events and the queue_log lines of one queue_ent. Pure.

Whole seconds are reckoned as app_queue does it: both ends are cut to seconds first, then subtracted.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.agents import Seat
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.clock import Timer
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Leg

Over = Callable[["Visit", str], None]
"""What goes on when the visit is over: the visit and why (ANSWERED, TIMEOUT, LEAVEEMPTY, KEY)."""


class Ring:
    """One seat that is being rung for a visit."""

    __slots__ = ("answers", "leg", "seat")

    def __init__(self, seat: Seat, leg: Leg) -> None:
        self.seat, self.leg = seat, leg
        self.answers: Timer | None = None


class Visit:
    """``joined``, ``expires`` and ``connected`` are whole seconds; ``position`` counts from 1."""

    __slots__ = (
        "chan", "connected", "expires", "joined", "leg", "over", "pbx", "position", "queue", "resting", "ring_ms",
        "ring_until", "rings", "rung_at", "seat", "was_position",
    )

    def __init__(self, pbx: Pbx, queue: str, chan: Channel, position: int, max_wait_s: int, over: Over) -> None:
        self.pbx, self.queue, self.chan, self.over = pbx, queue, chan, over
        self.position = self.was_position = position
        self.joined = int(pbx.now)
        self.expires = self.joined + max_wait_s
        self.rings: list[Ring] = []
        self.rung_at = 0.0
        self.ring_ms = 0
        self.ring_until: Timer | None = None
        self.resting: Timer | None = None
        self.connected = 0
        self.seat: Seat | None = None
        self.leg: Leg | None = None

    # ---- events -----------------------------------------------------------------------------------------------

    def say(self, what: str, *pairs: tuple[str, object]) -> None:
        self.pbx.say(what, self.chan.text() + wire.headers((("Queue", self.queue), *pairs)))

    def say_seat(self, what: str, seat: Seat, leg: Leg, *pairs: tuple[str, object], half_seen: bool = False) -> None:
        """An Agent… event; ``half_seen``: without the caller's fields."""
        who = (("Queue", self.queue), ("Interface", seat.agent.plan.interface), ("MemberName", seat.member))
        caller = "" if half_seen else self.chan.text()
        self.pbx.say(what, caller + leg.outer.text("Dest") + wire.headers((*who, *pairs)))

    def write(self, member: str, what: str, *data: object) -> None:
        self.pbx.write(self.chan.uniqueid, self.queue, member, what, *data)

    @property
    def waited(self) -> int:
        return int(self.pbx.now) - self.joined

    def enter(self, count: int) -> None:
        self.say("QueueCallerJoin", ("Position", self.position), ("Count", count))
        self.write("NONE", "ENTERQUEUE", "", self.chan.caller[0], self.position)

    def leave(self, count: int) -> None:
        self.say("QueueCallerLeave", ("Position", self.position), ("Count", count))

    def abandon(self, what: str) -> None:
        """app_queue.c:record_abandon, which is no abandon only: ``what`` is ABANDON, EXITWITHTIMEOUT or EXITEMPTY."""
        places = (("Position", self.position), ("OriginalPosition", self.was_position))
        waited = self.waited
        self.say("QueueCallerAbandon", *places, ("HoldTime", waited))
        self.write("NONE", what, self.position, self.was_position, waited)

    def not_answered(self, ring: Ring, ms: int) -> None:
        self.say_seat("AgentRingNoAnswer", ring.seat, ring.leg, ("RingTime", ms))
        self.write(ring.seat.member, "RINGNOANSWER", ms)

    def connect(self, ring: Ring) -> None:
        self.seat, self.leg = ring.seat, ring.leg
        ring.seat.in_call = True
        self.connected = int(self.pbx.now)
        rang = int(self.pbx.now - self.rung_at)
        held = self.connected - self.joined
        self.say_seat("AgentConnect", ring.seat, ring.leg, ("HoldTime", held), ("RingTime", rang))
        self.write(ring.seat.member, "CONNECT", held, ring.leg.outer.uniqueid, rang)

    def complete(self, reason: str, line: tuple[object, ...], half_seen: bool = False) -> int:
        """AgentComplete and its line (``line``: its name and what comes before the times). Returns the talk."""
        assert self.seat is not None and self.leg is not None
        held, talked = self.connected - self.joined, int(self.pbx.now) - self.connected
        times = (("HoldTime", held), ("TalkTime", talked), ("Reason", reason))
        self.say_seat("AgentComplete", self.seat, self.leg, *times, half_seen=half_seen)
        self.write(self.seat.member, str(line[0]), *line[1:], held, talked, self.was_position)
        return talked

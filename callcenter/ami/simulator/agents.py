"""The agents: their phones' device state, their seats in the queues, pauses. Pure.

An agent's device state is derived from the channels of the phone, never stored beside them; a change is said once for
the device and once for each seat (``app_queue.c:extension_state_cb`` and ``device_state_cb`` of Asterisk 22).
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.plan import AgentPlan, QueuePlan

NOT_IN_USE, IN_USE, UNAVAILABLE, RINGING, ON_HOLD = 1, 2, 5, 6, 8


class Agent:
    """One person with one phone. ``legs``: the phone's channels; ``held``: those that are on hold."""

    __slots__ = ("device", "held", "last_call", "legs", "plan", "reachable", "seats")

    def __init__(self, plan: AgentPlan) -> None:
        self.plan = plan
        self.seats: dict[str, Seat] = {}
        self.legs: list[Channel] = []
        self.held: set[Channel] = set()
        self.reachable = True
        self.device = NOT_IN_USE
        self.last_call = 0

    @property
    def idle(self) -> bool:
        return self.device == NOT_IN_USE and not self.legs

    @property
    def paused(self) -> bool:
        """Whether it is paused in any queue."""
        return any(seat.paused for seat in self.seats.values())

    def caller_id(self) -> tuple[str, str]:
        return self.plan.extension, f"Agent {self.plan.extension}"

    def device_now(self) -> int:
        states = {leg.state for leg in self.legs}
        if not self.reachable:
            return UNAVAILABLE
        if self.legs and self.held.issuperset(self.legs):
            return ON_HOLD
        if states & {4, 6}:
            return IN_USE
        return RINGING if 5 in states else NOT_IN_USE


class Seat:
    """One agent's membership of one queue, as app_queue's ``struct member``."""

    __slots__ = (
        "agent", "calls", "dynamic", "in_call", "last_pause", "login_at", "paused", "penalty", "queue", "reason",
    )

    def __init__(self, agent: Agent, queue: QueuePlan, penalty: int, login_at: int, dynamic: bool) -> None:
        self.agent, self.queue, self.penalty, self.dynamic = agent, queue, penalty, dynamic
        self.calls = self.last_pause = 0
        self.login_at = login_at
        self.in_call = self.paused = False
        self.reason = ""

    @property
    def member(self) -> str:
        return self.agent.plan.name

    def facts(self) -> list[tuple[str, object]]:
        """The headers that events and list replies share."""
        return [
            ("StateInterface", self.agent.plan.phone), ("Membership", "dynamic" if self.dynamic else "static"),
            ("Penalty", self.penalty), ("CallsTaken", self.calls),
            ("LastCall", self.agent.last_call if self.calls else 0), ("LastPause", self.last_pause),
            ("LoginTime", self.login_at), ("InCall", int(self.in_call)),
            ("Status", self.agent.device), ("Paused", int(self.paused)), ("PausedReason", self.reason),
        ]

    def record(self) -> str:
        """The body of the QueueMember… events: ``queue_member_blob_create``."""
        names = [("Queue", self.queue.name), ("MemberName", self.member), ("Interface", self.agent.plan.interface)]
        return wire.headers([*names, *self.facts(), ("Ringinuse", 0), ("Wrapuptime", self.queue.wrap_up_s)])

    def wrapping_up(self, now: float) -> bool:
        """app_queue.c:is_member_available, in whole seconds; lastcall is shared between the queues."""
        return bool(self.agent.last_call) and int(now) - self.queue.wrap_up_s < self.agent.last_call

    def ready(self, now: float) -> bool:
        return self.agent.idle and not self.paused and not self.wrapping_up(now)


class Staff:
    """All agents. ``changed`` is called with each queue in which somebody may have become free, or have gone."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._queues = {q.name: q for q in pbx.plan.queues}
        self._members: dict[str, list[Seat]] = {q.name: [] for q in pbx.plan.queues}
        self.agents = [Agent(plan) for plan in pbx.plan.agents]
        self.by_extension = {a.plan.extension: a for a in self.agents}
        self.by_interface = {name: a for a in self.agents for name in (a.plan.phone, a.plan.interface)}
        self.changed: Callable[[str], None] = lambda queue: None
        for agent in self.agents:
            for queue, penalty in agent.plan.queues:
                self._seat(agent, queue, penalty, agent.plan.dynamic)

    def _seat(self, agent: Agent, queue: str, penalty: int, dynamic: bool) -> Seat:
        seat = agent.seats[queue] = Seat(agent, self._queues[queue], penalty, int(self._pbx.wall), dynamic)
        self._members[queue].append(seat)
        self._members[queue].sort(key=lambda s: s.agent.plan.extension)
        return seat

    def seats(self, queue: str) -> list[Seat]:
        """The queue's member list, in the order of the extensions."""
        return self._members[queue]

    def refresh(self, agent: Agent) -> None:
        """Says the device's new state, if it is new."""
        device = agent.device_now()
        if device == agent.device:
            return
        agent.device = device
        self._pbx.device(agent.plan.phone, wire.DEVICES[device])
        for seat in agent.seats.values():
            self._pbx.say("QueueMemberStatus", seat.record())
        if agent.idle or not agent.reachable:
            for queue in list(agent.seats):
                self.changed(queue)

    def hold(self, agent: Agent, leg: Channel) -> None:
        agent.held.add(leg)
        self._pbx.say("Hold", leg.text() + "MusicClass: default\r\n")
        self.refresh(agent)

    def unhold(self, agent: Agent, leg: Channel) -> None:
        agent.held.discard(leg)
        self._pbx.say("Unhold", leg.text())
        self.refresh(agent)

    def took_call(self, agent: Agent) -> None:
        """app_queue.c:update_queue with shared_lastcall: every seat counts the call; wrap-up begins."""
        agent.last_call = int(self._pbx.now)
        for seat in agent.seats.values():
            seat.calls += 1
            seat.in_call = False
            self._pbx.at(agent.last_call + seat.queue.wrap_up_s, self.changed, seat.queue.name)

    def pause(self, agent: Agent, paused: bool, reason: str, queue: str = "") -> bool:
        """Pauses or unpauses in one queue or in all; False when the agent sits in none of them."""
        seats = [s for name, s in agent.seats.items() if queue in ("", name)]
        if not queue and seats:
            self._pbx.write("NONE", "NONE", agent.plan.name, "PAUSEALL" if paused else "UNPAUSEALL", reason)
        for seat in seats:
            seat.paused, seat.reason = paused, reason if paused else ""
            if paused:
                seat.last_pause = int(self._pbx.wall)
            self._pbx.write("NONE", seat.queue.name, seat.member, "PAUSE" if paused else "UNPAUSE", reason)
            self._pbx.say("QueueMemberPause", seat.record())
        for seat in seats:
            self.changed(seat.queue.name)
        return bool(seats)

    def add(self, agent: Agent, queue: str, penalty: int = 0, paused: bool = False, reason: str = "") -> bool:
        """False when the agent sits there already."""
        if queue in agent.seats:
            return False
        seat = self._seat(agent, queue, penalty, True)
        seat.paused, seat.reason = paused, reason if paused else ""
        self._pbx.say("QueueMemberAdded", seat.record())
        self._pbx.write("MANAGER", queue, seat.member, "ADDMEMBER", "PAUSED" if paused else "")
        self.changed(queue)
        return True

    def remove(self, agent: Agent, queue: str) -> bool:
        seat = agent.seats.pop(queue, None)
        if seat is None:
            return False
        self._members[queue].remove(seat)
        self._pbx.say("QueueMemberRemoved", seat.record())
        self._pbx.write("MANAGER", queue, seat.member, "REMOVEMEMBER", "")
        self.changed(queue)
        return True

    def reload(self, queue: str, goes: Agent, comes: Agent) -> None:
        """``queue reload all`` after somebody edited queues.conf: one member for another, and not an event of it.

        It blanks PausedReason and LoginTime of the members that stay (measured on Asterisk 22).
        """
        del goes.seats[queue]
        self._members[queue] = [seat for seat in self._members[queue] if seat.agent is not goes]
        self._seat(comes, queue, 0, dynamic=False)
        for seat in self._members[queue]:
            seat.reason, seat.login_at = "", 0
        self.changed(queue)

    def reach(self, agent: Agent, reachable: bool) -> None:
        agent.reachable = reachable
        self.refresh(agent)

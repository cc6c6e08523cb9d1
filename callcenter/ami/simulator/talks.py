"""Two sides in a bridge: they talk, one holds the other, somebody hangs up or sends the caller on. Pure.

``side`` is the channel that runs the dialplan (the customer; in an outgoing or internal call the agent that dialled),
``leg`` what it is connected to.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.clock import Timer
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Leg, Phones
from callcenter.ami.simulator.queues import Queues
from callcenter.ami.simulator.visits import Visit


class Talk:
    """``over(gone)`` is called once, when both are out of the bridge: whether ``side`` hung up.

    ``visit`` is what the queue still has to say of it; ``in_queue``: ``side`` is in Queue(), not in Dial().
    """

    __slots__ = ("in_queue", "leg", "over", "side", "timers", "visit")

    def __init__(self, side: Channel, leg: Leg, visit: Visit | None, over: Callable[[bool], None]) -> None:
        self.side, self.leg, self.visit, self.over = side, leg, visit, over
        self.in_queue = visit is not None
        self.timers: list[Timer] = []


class Talks:
    """Lets people talk. ``transfer`` is asked when an agent wants to send the caller on; it says whether it does."""

    def __init__(self, pbx: Pbx, staff: Staff, phones: Phones, queues: Queues) -> None:
        self._pbx, self._staff, self._phones, self._queues = pbx, staff, phones, queues
        self.transfer: Callable[[Talk, str], bool] = lambda talk, kind: False

    def begin(self, talk: Talk, mean_s: float | None = None) -> None:
        """The talk's length and what will happen in it are drawn now."""
        habits, rng = self._pbx.plan.habits, self._pbx.rng
        mean = habits.talk_s if mean_s is None else mean_s
        length = max(2.0, rng.lognormvariate(math.log(mean) - habits.talk_sigma**2 / 2, habits.talk_sigma))
        agent = talk.leg.agent
        if agent is not None and rng.random() < habits.hold:
            start = rng.uniform(0.2, 0.5) * length
            self._later(talk, start, self._hold, agent)
            self._later(talk, start + rng.uniform(0.1, 0.8) * length, self._unhold, agent)
        wish, by_agent = rng.random(), rng.random() < habits.agent_ends
        may_transfer = agent is not None and not agent.plan.local and talk.visit is not None
        if may_transfer and wish < habits.blind + habits.attended:
            kind = "blind" if wish < habits.blind else "attended"
            self._later(talk, length * 0.6, self._wish, kind)
        self._later(talk, length, self.leg_ends if by_agent else self.side_ends)

    def _later(self, talk: Talk, delay: float, do: Callable[..., None], *args: object) -> None:
        talk.timers.append(self._pbx.after(delay, do, talk, *args))

    def stop(self, talk: Talk) -> None:
        for timer in talk.timers:
            timer.stop()
        talk.timers.clear()

    def _hold(self, talk: Talk, agent: Agent) -> None:
        self._staff.hold(agent, talk.leg.phone)

    def _unhold(self, talk: Talk, agent: Agent) -> None:
        if talk.leg.phone in agent.held:
            self._staff.unhold(agent, talk.leg.phone)

    def _wish(self, talk: Talk, kind: str) -> None:
        self.transfer(talk, kind)

    # ---- endings ----------------------------------------------------------------------------------------------

    def complete(self, talk: Talk, reason: str, *line: object, half_seen: bool = False) -> None:
        """The queue's part of a talk ends (a transferred caller talks on without the queue)."""
        if talk.visit is not None:
            talked = talk.visit.complete(reason, line, half_seen)
            self._queues.completed(talk.visit, talked)
            talk.visit = None

    def side_ends(self, talk: Talk) -> None:
        """The customer hangs up (or the agent who dialled)."""
        self.stop(talk)
        visit, leg, side = talk.visit, talk.leg, talk.side
        half_seen = visit is not None and self._pbx.rng.random() < self._pbx.plan.habits.half_seen
        bridge = side.bridge
        assert bridge is not None
        self._pbx.hang_up_request(side, None if talk.in_queue else 16)
        if not half_seen:
            self.complete(talk, "caller", "COMPLETECALLER")
        self._pbx.leave(side)
        if leg.two is None:
            self._side_gone(side, visit)
            self._pbx.leave(leg.phone)
            self._pbx.destroy(bridge)
        else:
            self._pbx.leave(leg.outer)
            self._pbx.destroy(bridge)
            self._pbx.hang_up_request(leg.two, 16)
            self._side_gone(side, visit)
            self._phones.hang_up(leg.outer)
            self._inner_ends(leg, leg.two)
        self.complete(talk, "caller", "COMPLETECALLER", half_seen=True)
        self._phones.hang_up(leg.phone)
        if leg.two is not None:
            self._phones.hang_up(leg.two)
        talk.over(True)

    def _side_gone(self, side: Channel, visit: Visit | None) -> None:
        if visit is not None:
            self._pbx.queue_left(side, visit.queue, "CONTINUE")
        self._pbx.soft_hang_up(side)
        self._phones.hang_up(side)

    def _inner_ends(self, leg: Leg, two: Channel) -> None:
        inner = leg.phone.bridge
        assert inner is not None
        self._pbx.leave(two)
        self._pbx.leave(leg.phone)
        self._pbx.destroy(inner)
        self._pbx.soft_hang_up(two)

    def leg_ends(self, talk: Talk) -> None:
        """The agent hangs up (or the one who was dialled). ``side`` goes on in the dialplan."""
        self.stop(talk)
        visit, leg, side = talk.visit, talk.leg, talk.side
        bridge = side.bridge
        assert bridge is not None
        self._pbx.hang_up_request(leg.phone, None if talk.in_queue and leg.two is None else 16)
        if leg.two is not None:
            self._inner_ends(leg, leg.two)
            self._phones.hang_up(leg.two)
            self._pbx.hang_up_request(leg.outer, 16)
        self.complete(talk, "agent", "COMPLETEAGENT")
        self._pbx.leave(leg.outer)
        self._pbx.leave(side)
        self._pbx.destroy(bridge)
        if leg.two is not None:
            self._phones.hang_up(leg.outer)
        self._phones.hang_up(leg.phone)
        if visit is not None:
            self._pbx.queue_left(side, visit.queue, "CONTINUE")
        talk.over(False)

"""What agents do beside calls: they pause, go home and come back, lose their phone's registration, meet. Pure."""

from __future__ import annotations

from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.people import PAUSES

MEETING_S = 240.0
OUTAGE_S = 45.0
SHIFT_S = 7_000.0
AWAY_S = 600.0


class Life:
    def __init__(self, pbx: Pbx, staff: Staff) -> None:
        self._pbx, self._staff = pbx, staff
        rng, habits = pbx.rng, pbx.plan.habits
        for agent in staff.agents:
            pbx.after(rng.expovariate(1 / habits.work_s), self._pause, agent)
            pbx.after(rng.expovariate(1 / habits.unreachable_every_s), self._lose_phone, agent)
            if agent.plan.dynamic:
                pbx.after(rng.expovariate(1 / SHIFT_S), self._go, agent)
        if any(queue.strict for queue in pbx.plan.queues):
            pbx.after(habits.meeting_every_s * rng.uniform(0.2, 1.0), self._meet)

    def _pause(self, agent: Agent) -> None:
        habits, rng = self._pbx.plan.habits, self._pbx.rng
        length = max(20.0, rng.expovariate(1 / habits.pause_s))
        if not agent.paused:
            self._staff.pause(agent, True, rng.choice(PAUSES))
            self._pbx.after(length, self._resume, agent)
        self._pbx.after(length + rng.expovariate(1 / habits.work_s), self._pause, agent)

    def _resume(self, agent: Agent) -> None:
        if agent.paused:
            self._staff.pause(agent, False, "")

    def _lose_phone(self, agent: Agent) -> None:
        """Only an idle phone loses its registration here: the PBX would keep the call of a busy one up."""
        rng = self._pbx.rng
        if agent.idle:
            self._staff.reach(agent, False)
            self._pbx.after(OUTAGE_S * rng.uniform(0.5, 1.5), self._staff.reach, agent, True)
        next_time = 2 * OUTAGE_S + rng.expovariate(1 / self._pbx.plan.habits.unreachable_every_s)
        self._pbx.after(next_time, self._lose_phone, agent)

    def _go(self, agent: Agent) -> None:
        queues = dict(agent.plan.queues)
        if not agent.idle:
            self._pbx.after(30.0, self._go, agent)
            return
        for queue in list(agent.seats):
            self._staff.remove(agent, queue)
        self._pbx.after(self._pbx.rng.expovariate(1 / AWAY_S), self._come, agent, queues)

    def _come(self, agent: Agent, queues: dict[str, int]) -> None:
        for queue, penalty in queues.items():
            self._staff.add(agent, queue, penalty)
        self._pbx.after(self._pbx.rng.expovariate(1 / SHIFT_S), self._go, agent)

    def _meet(self) -> None:
        """Everybody of a strict queue pauses there: it is empty while they meet."""
        for plan in self._pbx.plan.queues:
            if plan.strict:
                met = [seat.agent for seat in self._staff.seats(plan.name) if not seat.paused]
                for agent in met:
                    self._staff.pause(agent, True, "Meeting", plan.name)
                self._pbx.after(MEETING_S, self._part, plan.name, met)
        self._pbx.after(self._pbx.plan.habits.meeting_every_s, self._meet)

    def _part(self, queue: str, met: list[Agent]) -> None:
        for agent in met:
            seat = agent.seats.get(queue)
            if seat is not None and seat.paused and seat.reason == "Meeting":
                self._staff.pause(agent, False, "", queue)

"""Dial(): one side rings one phone, inside or outside, until somebody answers or gives up. Pure."""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator.agents import Agent
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Leg, Phones

TIMEOUT_S = 20.0
GIVES_UP = 0.05
"""Share of those who dial a phone themselves and hang up before it answers."""

Then = Callable[[str, Leg | None], None]
"""What goes on: DialStatus (ANSWER with the leg, BUSY, NOANSWER, CANCEL: the side hung up and is gone)."""


class Dials:
    def __init__(self, pbx: Pbx, phones: Phones) -> None:
        self._pbx, self._phones = pbx, phones

    def extension(self, side: Channel, agent: Agent, then: Then) -> None:
        """Dial(PJSIP/<extension>,20). A phone that is in use says busy, as one with one line does."""
        habits, rng = self._pbx.plan.habits, self._pbx.rng
        dead = not agent.idle or rng.random() < habits.busy
        leg = self._phones.ring_extension(side, agent, dead=dead)
        if dead:
            self._busy(side, leg, then)
        elif rng.random() < habits.ring_out * 2:
            self._pbx.after(TIMEOUT_S, self._no_answer, side, leg, then)
        elif side.state != 6 and rng.random() < GIVES_UP:
            self._pbx.after(rng.uniform(1.0, 8.0), self._side_gives_up, side, leg, then)
        else:
            self._pbx.after(1.0 + min(18.0, rng.expovariate(1 / habits.ring_s)), self._answer, side, leg, then)

    def outside(self, side: Channel, number: str, then: Then) -> None:
        """Dial(PJSIP/<number>@trunk,20): three in four answer, some are busy, of the rest half is waited for."""
        rng = self._pbx.rng
        fate = rng.random()
        dead = 0.75 <= fate < 0.85
        leg = self._phones.ring_outside(side, number, dead=dead)
        if dead:
            self._busy(side, leg, then)
        elif fate < 0.75:
            self._pbx.after(rng.uniform(3.0, 15.0), self._answer, side, leg, then)
        elif fate < 0.95:
            self._pbx.after(TIMEOUT_S, self._no_answer, side, leg, then)
        else:
            self._pbx.after(rng.uniform(5.0, 15.0), self._side_gives_up, side, leg, then)

    def _answer(self, side: Channel, leg: Leg, then: Then) -> None:
        self._phones.answer(side, leg, dialled=True)
        if side.state != 6:
            self._pbx.state(side, 6)
            self._phones.refresh(side)
        self._phones.join(side, leg)
        then("ANSWER", leg)

    def _busy(self, side: Channel, leg: Leg, then: Then) -> None:
        self._pbx.hang_up_request(leg.phone, 17, 486)
        self._pbx.dial("DialEnd", side, leg.outer, "DialStatus", "BUSY")
        self._phones.drop(leg, 17, 486)
        then("BUSY", None)

    def _no_answer(self, side: Channel, leg: Leg, then: Then) -> None:
        self._pbx.dial("DialEnd", side, leg.outer, "DialStatus", "NOANSWER")
        self._phones.drop(leg, 0)
        then("NOANSWER", None)

    def _side_gives_up(self, side: Channel, leg: Leg, then: Then) -> None:
        self._pbx.hang_up_request(side, 127, 487)
        self._pbx.dial("DialEnd", side, leg.outer, "DialStatus", "CANCEL")
        self._pbx.soft_hang_up(side, 16, 487)
        self._phones.drop(leg, 127, 500)
        self._phones.hang_up(side, 127, 487)
        then("CANCEL", None)

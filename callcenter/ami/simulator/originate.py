"""Click-to-dial: the agent's phone is rung first, then what the agent wanted to call is dialled. Pure.

The order is that of "click to dial" in ``ast22-everything``.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.calls import Calls
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Phones

RING_S = 30.0

Told = Callable[[Channel, int], None]
"""How an Originate went: its channel and AST_CONTROL: 4 answered, 3 rang out, 5 busy."""


class Originate:
    def __init__(self, pbx: Pbx, staff: Staff, phones: Phones, calls: Calls) -> None:
        self._pbx, self._staff, self._phones, self._calls = pbx, staff, phones, calls

    def call(self, agent: Agent, exten: str, caller: tuple[str, str], told: Told) -> None:
        """Rings the agent, then dials ``exten`` for it."""
        chan = self._phones.agent_channel(agent, 0, "s")
        self._pbx.caller_id(chan, caller)
        self._pbx.connected(chan, caller)
        self._pbx.say("DialBegin", chan.text("Dest") + f"DialString: {agent.plan.extension}\r\n")
        if not agent.reachable or len(agent.legs) > 1:
            self._fails(chan, 5, "BUSY", told)
            return
        self._pbx.state(chan, 5)
        self._staff.refresh(agent)
        self._pbx.say("DialState", chan.text("Dest") + "DialStatus: RINGING\r\n")
        if self._pbx.rng.random() < self._pbx.plan.habits.ring_out:
            self._pbx.after(RING_S, self._fails, chan, 3, "NOANSWER", told)
        else:
            self._pbx.after(self._pbx.rng.uniform(1.0, 6.0), self._answers, chan, agent, exten, told)

    def _fails(self, chan: Channel, reason: int, status: str, told: Told) -> None:
        self._pbx.say("DialEnd", chan.text("Dest") + f"DialStatus: {status}\r\n")
        self._phones.hang_up(chan, 17 if status == "BUSY" else 16)
        told(chan, reason)

    def _answers(self, chan: Channel, agent: Agent, exten: str, told: Told) -> None:
        self._pbx.state(chan, 6)
        self._pbx.say("DialEnd", chan.text("Dest") + "DialStatus: ANSWER\r\n")
        self._staff.refresh(agent)
        told(chan, 4)
        chan.change(exten=exten, context="internal", priority=1)
        other = self._staff.by_extension.get(exten)
        if other is not None:
            self._calls.dial_extension(chan, other)
        else:
            self._calls.dial_number(chan, exten)

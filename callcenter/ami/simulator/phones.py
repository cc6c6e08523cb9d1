"""Ringing a phone, answering it, hanging it up: the legs of Queue() and Dial(), with their events in order. Pure.

Orders are those of the captures: a PJSIP member, and a member that is rung through ``Local/…@agents/n`` (two more
channels that are not optimised away).
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.channels import Bridge, Channel
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.plan import TRUNK


class Leg:
    """What an application dialled: ``outer`` is the channel it sees, ``phone`` the one that rings.

    They are the same but for a Local member, where ``two`` is the other half of ``outer``.
    """

    __slots__ = ("agent", "at", "outer", "phone", "two")

    def __init__(self, agent: Agent | None, outer: Channel, phone: Channel, two: Channel | None, at: float) -> None:
        self.agent, self.outer, self.phone, self.two, self.at = agent, outer, phone, two, at


class Phones:
    def __init__(self, pbx: Pbx, staff: Staff) -> None:
        self._pbx, self._staff = pbx, staff
        self._owner: dict[Channel, Agent] = {}

    # ---- one channel ------------------------------------------------------------------------------------------

    def agent_channel(self, agent: Agent, state: int, exten: str, linkedid: str = "") -> Channel:
        name = self._pbx.name_for(agent.plan.phone)
        chan = self._pbx.create(name, state, "internal", exten, agent.caller_id(), linkedid)
        agent.legs.append(chan)
        self._owner[chan] = agent
        return chan

    def hang_up(self, chan: Channel, cause: int = 16, tech_cause: int | None = None) -> None:
        self._pbx.hang_up(chan, cause, tech_cause)
        agent = self._owner.pop(chan, None)
        if agent is not None:
            agent.legs.remove(chan)
            agent.held.discard(chan)
            self._staff.refresh(agent)

    def state(self, chan: Channel, state: int) -> None:
        self._pbx.state(chan, state)

    def refresh(self, chan: Channel) -> None:
        agent = self._owner.get(chan)
        if agent is not None:
            self._staff.refresh(agent)

    # ---- ringing ----------------------------------------------------------------------------------------------

    def ring_member(
        self, caller: Channel, agent: Agent, called: Callable[[Leg], None], *, dead: bool, alone: bool,
    ) -> Leg:
        """Queue() rings a member. ``dead``: the phone will refuse at once, so it never gets to ring.

        ``alone``: no other member is rung for this caller (only then the caller's connected line is set).
        """
        if agent.plan.local:
            return self._ring_local(caller, agent, called, dead=dead)
        phone = self.agent_channel(agent, 0, "s", caller.linkedid)
        leg = Leg(agent, phone, phone, None, self._pbx.now)
        before = phone.text("Dest")
        phone.change(exten=caller.exten, peer=caller.caller)
        called(leg)
        self._pbx.dial("DialBegin", caller, phone, "DialString", agent.plan.phone, before)
        if not dead:
            self._pbx.state(phone, 5)
            self._pbx.connected(phone, caller.caller)
        if alone:
            self._pbx.connected(caller, agent.caller_id())
        if not dead:
            self._staff.refresh(agent)
            self._pbx.dial("DialState", caller, phone, "DialStatus", "RINGING")
        return leg

    def _ring_local(self, caller: Channel, agent: Agent, called: Callable[[Leg], None], *, dead: bool) -> Leg:
        extension = agent.plan.extension
        name = self._pbx.name_for(f"Local/{extension}@agents")
        one = self._pbx.create(f"{name};1", 0, "agents", extension, linkedid=caller.linkedid)
        two = self._pbx.create(f"{name};2", 4, "agents", extension, linkedid=caller.linkedid)
        self._pbx.caller_id(one, (caller.exten, wire.UNKNOWN))
        self._pbx.caller_id(two, caller.caller)
        self._pbx.connected(two, (caller.exten, wire.UNKNOWN))
        tail = f"Context: agents\r\nExten: {extension}\r\nLocalOptimization: No\r\n"
        self._pbx.say("LocalBridge", one.text("LocalOne") + two.text("LocalTwo") + tail)
        before = one.text("Dest")
        one.change(exten=caller.exten, peer=caller.caller)
        leg = Leg(agent, one, one, two, self._pbx.now)
        called(leg)
        self._pbx.dial("DialBegin", caller, one, "DialString", agent.plan.interface, before)
        leg.phone = self._begin_dial(two, agent, extension)
        if not dead:
            self._pbx.connected(caller, agent.caller_id())
            self._pbx.state(one, 5)
            self._pbx.caller_id(one, agent.caller_id())
            self._pbx.connected(one, caller.caller)
            self._pbx.state(leg.phone, 5)
            self._pbx.dial("DialState", two, leg.phone, "DialStatus", "RINGING")
            self._pbx.dial("DialState", caller, one, "DialStatus", "RINGING")
            self._staff.refresh(agent)
        return leg

    def _begin_dial(self, caller: Channel, agent: Agent, exten: str) -> Channel:
        phone = self.agent_channel(agent, 0, "s", caller.linkedid)
        phone.change(exten=exten)
        self._pbx.connected(phone, caller.caller)
        self._pbx.dial("DialBegin", caller, phone, "DialString", exten)
        self._pbx.connected(caller, agent.caller_id())
        return phone

    def ring_extension(self, caller: Channel, agent: Agent, *, dead: bool) -> Leg:
        """Dial(PJSIP/<extension>)."""
        phone = self._begin_dial(caller, agent, agent.plan.extension)
        if not dead:
            self._ringing(caller, phone)
        return Leg(agent, phone, phone, None, self._pbx.now)

    def ring_outside(self, caller: Channel, number: str, *, dead: bool) -> Leg:
        """Dial(PJSIP/<number>@trunk)."""
        phone = self._pbx.create(self._pbx.name_for(TRUNK), 0, "inbound", "s", linkedid=caller.linkedid)
        phone.change(exten=number, peer=caller.caller)
        self._pbx.caller_id(phone, (number, wire.UNKNOWN))
        self._pbx.connected(phone, caller.caller)
        self._pbx.dial("DialBegin", caller, phone, "DialString", f"{number}@trunk")
        self._pbx.connected(caller, phone.caller)
        if not dead:
            self._ringing(caller, phone)
        return Leg(None, phone, phone, None, self._pbx.now)

    def _ringing(self, caller: Channel, phone: Channel) -> None:
        self._pbx.state(phone, 5)
        self.refresh(phone)
        self._pbx.dial("DialState", caller, phone, "DialStatus", "RINGING")

    # ---- after the ring ---------------------------------------------------------------------------------------

    def answer(self, caller: Channel, leg: Leg, *, dialled: bool) -> None:
        """The phone is picked up: until ``DialEnd ANSWER``. ``dialled``: by Dial(), which clears the exten."""
        self._pbx.state(leg.phone, 6)
        if leg.two is not None:
            leg.phone.change(exten="")
            self._pbx.dial("DialEnd", leg.two, leg.phone, "DialStatus", "ANSWER")
            self._pbx.state(leg.two, 6)
            self._pbx.state(leg.outer, 6)
            self._pbx.enter(self._pbx.bridge(), leg.phone)
        elif dialled:
            leg.phone.change(exten="")
        self._pbx.dial("DialEnd", caller, leg.outer, "DialStatus", "ANSWER")
        self.refresh(leg.phone)

    def join(self, caller: Channel, leg: Leg) -> Bridge:
        """The two sides are bridged; a Local member's inner bridge gets its second channel first."""
        if leg.two is not None:
            assert leg.phone.bridge is not None
            self._pbx.enter(leg.phone.bridge, leg.two)
        bridge = self._pbx.bridge()
        self._pbx.enter(bridge, leg.outer)
        self._pbx.enter(bridge, caller)
        return bridge

    def drop(self, leg: Leg, cause: int = 0, tech_cause: int | None = None) -> None:
        """Hangs up a leg that was never answered."""
        if leg.two is None:
            self.hang_up(leg.phone, cause, tech_cause)
            return
        self._pbx.hang_up_request(leg.two, 0)
        self.hang_up(leg.outer, cause)
        self._pbx.dial("DialEnd", leg.two, leg.phone, "DialStatus", "CANCEL")
        self._pbx.soft_hang_up(leg.two)
        self.hang_up(leg.two, 0)
        self.hang_up(leg.phone, 16)

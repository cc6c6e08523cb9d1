"""Agents: facts about each, and the state that follows from them by precedence. Pure.

An agent is an interface that is (or was) a member of a queue; it may sit in many. Its state is never stored as such:
:func:`state_of` derives it from what is known now, the first row that applies:

    in a conversation        talking, or holding when all of them are on hold
    its phone is off hook    talking
    its phone rings          ringing
    member of no queue       logged_out
    paused in every queue    paused (reason)
    after a queue call       wrap_up, until the queue's wrap-up time is over
    its device is away       unreachable
    else                     available

A :class:`Span` is written whenever the derived state changes, so spans never overlap. After-call work is interrupted
by a ringing phone, and ended by the next conversation, a pause or the logout.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callcenter.floor.changes import AgentChanged, Change, WrapUpEnded
from callcenter.floor.legs import UP
from callcenter.floor.records import AgentState, CallRecord, Span

if TYPE_CHECKING:
    from callcenter.floor.calls import Call, Talk
    from callcenter.floor.events import MemberSeen
    from callcenter.floor.legs import Leg
    from callcenter.floor.visits import QueueVisit

AWAY = frozenset({4, 5})
"""AST_DEVICE_INVALID and AST_DEVICE_UNAVAILABLE (``include/asterisk/devicestate.h``)."""

ENDS_WRAP_UP = frozenset({AgentState.PAUSED, AgentState.LOGGED_OUT})

Facts = tuple[AgentState, str, str | None]
"""(state, pause reason, queue whose call it is)."""


class Agent:
    """What is known of one agent. ``members``: queue → its newest member record; ``left``: queue → when an event told
    that it is no member any more; ``rings``: dialled leg → queue; ``wrap``: the visit of the after-call work under way,
    ``wrap_s`` the seconds it took so far."""

    __slots__ = ("device", "interface", "left", "legs", "members", "name", "phones", "queue", "reason", "rings",
                 "since", "state", "state_interface", "talks", "wrap", "wrap_s", "wrap_until")  # fmt: skip

    def __init__(self, interface: str, name: str, at: float) -> None:
        self.interface, self.name = interface, name
        self.state_interface = ""
        self.phones: list[str] = []
        self.members: dict[str, MemberSeen] = {}
        self.left: dict[str, float] = {}
        self.rings: dict[str, str] = {}
        self.talks: list[Talk] = []
        self.legs: list[Leg] = []
        self.device = 0
        self.wrap_until = self.wrap_s = 0.0
        self.wrap: tuple[Call, QueueVisit] | None = None
        self.state: AgentState = AgentState.LOGGED_OUT
        self.reason = ""
        self.queue: str | None = None
        self.since = at


def state_of(agent: Agent, at: float) -> Facts:
    """The state at ``at`` (seconds since the epoch), from the facts."""
    if agent.talks:
        held = all(talk.held_at is not None for talk in agent.talks)
        return AgentState.HOLDING if held else AgentState.TALKING, "", agent.talks[0].queue
    for leg in agent.legs:
        if not leg.done and (leg.state == UP or not leg.was_dialled):
            return AgentState.TALKING, "", agent.rings.get(leg.fronts().uid)
    if agent.rings:
        return AgentState.RINGING, "", next(iter(agent.rings.values()))
    if any(not leg.done for leg in agent.legs):
        return AgentState.RINGING, "", None
    if not agent.members:
        return AgentState.LOGGED_OUT, "", None
    if all(m.paused for m in agent.members.values()):
        return AgentState.PAUSED, next((m.reason for m in agent.members.values() if m.reason), ""), None
    if agent.wrap and at < agent.wrap_until:
        return AgentState.WRAP_UP, "", agent.wrap[1].queue
    return (AgentState.UNREACHABLE if agent.device in AWAY else AgentState.AVAILABLE), "", None


def running_span(agent: Agent, at: float) -> Span | None:
    """The state under way so far, None when it is not older than ``at``; of a hold also when it began just then, as no
    list tells of it to a process that comes after this one."""
    end = min(at, agent.wrap_until) if agent.state is AgentState.WRAP_UP else at
    if end < agent.since or (end == agent.since and agent.state is not AgentState.HOLDING):
        return None
    return Span(agent.interface, agent.name, agent.state, agent.reason, agent.queue, agent.since, end)


class Agents:
    """All agents by interface, and which phone belongs to whom."""

    def __init__(self, out: list[Change], finished: dict[str, CallRecord]) -> None:
        self.all: dict[str, Agent] = {}
        self.out, self.finished = out, finished
        self.next_wrap = float("inf")
        self._phones: dict[str, Agent] = {}

    def of_phone(self, endpoint: str) -> Agent | None:
        return self._phones.get(endpoint)

    def add(self, interface: str, name: str, state_interface: str, at: float) -> Agent:
        """A new agent, or a known one that has another phone from now on."""
        agent = self.all.get(interface)
        if agent is None:
            agent = self.all[interface] = Agent(interface, name, at)
        agent.name = name or agent.name
        for phone in agent.phones:
            if self._phones.get(phone) is agent:
                del self._phones[phone]
        agent.state_interface, agent.phones = state_interface, phones_of(interface, state_interface)
        self._phones.update(dict.fromkeys(agent.phones, agent))
        return agent

    def settle(self, agent: Agent, at: float) -> None:
        """Derive the state anew; say so when it changed. A wrap-up that is over ended at its own time, not now."""
        if agent.state is AgentState.WRAP_UP and agent.wrap_until < at:
            self._move(agent, agent.wrap_until, state_of(agent, agent.wrap_until))
        self._move(agent, at, state_of(agent, at))
        if agent.wrap and (at >= agent.wrap_until or agent.talks or agent.state in ENDS_WRAP_UP):
            self.end_wrap_up(agent, min(at, agent.wrap_until))

    def _move(self, agent: Agent, at: float, facts: Facts) -> None:
        state, reason, queue = facts
        if state is agent.state and queue == agent.queue and reason == agent.reason:
            return
        span = None
        if at > agent.since:
            span = Span(agent.interface, agent.name, agent.state, agent.reason, agent.queue, agent.since, at)
            if agent.state is AgentState.WRAP_UP:
                agent.wrap_s += at - agent.since
            agent.since = at
        agent.state, agent.reason, agent.queue = state, reason, queue
        self.out.append(AgentChanged(at, "", agent.interface, agent.name, state, reason, queue, span))

    def begin_wrap_up(self, agent: Agent, call: Call, visit: QueueVisit, at: float, until: float) -> None:
        if agent.wrap:
            self.end_wrap_up(agent, at)
        call.wrap_ups += 1
        agent.wrap, agent.wrap_s, agent.wrap_until = (call, visit), 0.0, until
        self.next_wrap = min(self.next_wrap, until)
        self.settle(agent, at)

    def end_wrap_up(self, agent: Agent, at: float) -> None:
        """The time it really took goes into the visit, whose call is usually over by now."""
        assert agent.wrap is not None
        call, visit = agent.wrap
        agent.wrap, agent.wrap_until = None, 0.0
        call.wrap_ups -= 1
        visit.wrap_up_s = agent.wrap_s
        if call.ended_at is not None:
            self.finished[call.id] = call.record()
        self.out.append(WrapUpEnded(at, call.id, visit.key, visit.queue, agent.interface, agent.wrap_s))

    def pass_time(self, at: float) -> None:
        """End the wrap-ups whose time is over."""
        self.next_wrap = float("inf")
        for agent in self.all.values():
            if agent.wrap:
                self.settle(agent, at)
                if agent.wrap:
                    self.next_wrap = min(self.next_wrap, agent.wrap_until)


def phones_of(interface: str, state_interface: str) -> list[str]:
    """The endpoints that are this member's phone.

    ``PJSIP/1001`` is itself. Behind ``Local/5001@from-queue/n`` the state interface says which phone it is; where that
    is a hint (``hint:5001@ext-local``, as FreePBX writes) the endpoint is taken to have the extension's number.
    """
    known = dict.fromkeys((interface, state_interface))
    phones = [i for i in known if i and not i.startswith(("hint:", "Local/", "Custom:", "Queue:"))]
    for source in (state_interface, interface):
        if not phones and (extension := re.match(r"(?:hint:|Local/)([\w.-]+)@", source)):
            phones = [f"{tech}/{extension[1]}" for tech in ("PJSIP", "SIP", "IAX2", "DAHDI")]
    return phones


def is_phone(endpoint: str, digits: int) -> bool:
    """Whether an endpoint is named like an extension of the house (``PJSIP/1010``), of at most ``digits`` digits."""
    name = endpoint.partition("/")[2]
    return name.isdecimal() and len(name) <= digits

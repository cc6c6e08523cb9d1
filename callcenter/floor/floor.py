"""The Floor: everything that is true of one PBX now. Pure: Events in, Changes out, no clock.

One event passes one handler, found by its class in :data:`HANDLERS`. Handlers are functions in the ``on_…`` modules
and ``snapshot``; what they share is here. Nothing raises on foreign input: an impossible step is a
:class:`~callcenter.floor.changes.Drift`, and Asterisk is the authority.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from callcenter.floor import (
    doubts,
    on_agents,
    on_bridges,
    on_clock,
    on_legs,
    on_link,
    on_log,
    on_members,
    on_queues,
    revive,
    snapshot,
)
from callcenter.floor import events as e
from callcenter.floor.agents import Agent, Agents, is_phone, running_span
from callcenter.floor.calls import Call, Talk
from callcenter.floor.changes import CallEnded, CallStarted, Change, Drift
from callcenter.floor.legs import Bridges, Leg
from callcenter.floor.queues import Queue
from callcenter.floor.records import SEEN, AgentState, CallRecord, Span, Unseen
from callcenter.floor.visits import QueueVisit, Try
from callcenter.floor.wallboard import FloorNow

LOOSE_S = 0.5
"""A phone that left a bridge and comes back within this time has only been moved (Local channel optimisation)."""
LINGER_S = 5.0
"""An ended call waits this long for its AgentComplete."""
GONE_KEPT = 20_000
"""Channels whose end is remembered: a list or an event that is older than it must not bring them back.

At twenty calls a second a hundred end a second, and the list of a big centre takes a minute over a narrow link.
"""
ENDED_KEPT = 256
"""Calls that may come back: events are in order for one channel only, so a leg may be told after the last Hangup."""


class Floor:
    """State of one PBX.

    ``trunks``: endpoints of the outside world; when empty, a party whose number has more than ``extension_digits``
    digits is outside. ``wrap_up``: queue → seconds of after-call work, for members that bring none of their own.
    ``boot``: when the PBX booted (seconds since the epoch, part of a call's id), 0 until it says so. ``left_early``:
    (channel, queue) → when somebody left whom no list had told of yet. ``completed``: visits whose end was just told.
    """

    def __init__(
        self,
        pbx: str = "main",
        trunks: tuple[str, ...] = (),
        extension_digits: int = 5,
        wrap_up: Callable[[str], float] = lambda queue: 0.0,
        boot: int = 0,
    ) -> None:
        self.pbx, self.boot, self.extension_digits, self.wrap_up = pbx, boot, extension_digits, wrap_up
        self.boot_heard, self.boot_due, self.up_at = False, True, 0.0
        self.down_at = 0.0
        self.trunks = frozenset(trunks)
        self.out: list[Change] = []
        self.finished: dict[str, CallRecord] = {}
        self.agents = Agents(self.out, self.finished)
        self.calls: dict[str, Call] = {}
        self.by_id: dict[str, Call] = {}
        self.aliases: dict[str, Call] = {}
        self.ended: dict[str, Call] = {}
        self.legs: dict[str, Leg] = {}
        self.bridges: Bridges = {}
        self.queues: dict[str, Queue] = {}
        self.tries: dict[str, tuple[QueueVisit, Try]] = {}
        self.connected: dict[str, tuple[Call, QueueVisit, Talk]] = {}
        self.completed: list[tuple[Call, QueueVisit]] = []
        self.loose: dict[Talk, float] = {}
        self.lingering: dict[Call, float] = {}
        self.suspects: dict[Leg | QueueVisit, doubts.Suspicion] = {}
        self.doubts: dict[doubts.Key, tuple[float, doubts.Row]] = {}
        self.listing = snapshot.Listing()
        self.asked_at = 0.0
        self.revived = revive.Revived()
        self.recently_gone: dict[str, None] = {}
        self.left_early: dict[tuple[str, str], float] = {}
        self.drifts: Counter[str] = Counter()
        self.at = 0.0
        self.link, self.synced, self.link_since = False, True, 0.0
        self.touched: Call | None = None
        self._keys = 0

    def apply(self, event: e.Event) -> list[Change]:
        """Take one event; return what became true by it, in order. ``touched`` is then the event's call, if any."""
        at = event.at
        if at > self.at:
            self.at = at
        self.touched = None
        due = self.loose or self.lingering or self.suspects or self.doubts or at >= self.agents.next_wrap
        if due and type(event) not in TIMELESS and not getattr(event, "snapshot", False):
            pass_time(self, at)
        HANDLERS[type(event)](self, event)
        if not self.out:
            return NOTHING
        changes = self.out.copy()
        self.out.clear()
        return changes

    def remember(
        self, records: Iterable[CallRecord], spans: Iterable[Span] = (), alive: float = float("inf")
    ) -> list[Change]:
        """Take up the calls that were up when an earlier process stopped; to be done before the first event.

        ``spans``: the agents' last ones; ``alive``: up to when that process saw everything. Returns what figures need:
        the visits that are under way.
        """
        revive.remember(self, records, spans, alive)
        changes = self.out.copy()
        self.out.clear()
        return changes

    # ---- what the outside asks ------------------------------------------------------------------------------

    def record(self, call_id: str) -> CallRecord | None:
        """The newest record of a call that is up, or that ended since :meth:`take_finished`."""
        call = self.by_id.get(call_id)
        return call.record() if call else self.finished.get(call_id)

    def take_finished(self) -> dict[str, CallRecord]:
        """The records of the calls that ended since the last time this was asked."""
        finished = self.finished.copy()
        self.finished.clear()
        return finished

    def running_spans(self, seen_until: float = math.inf) -> list[Span]:
        """Each agent's state under way as a span up to the newest event's time, or to when the PBX was seen last.

        ``seen_until``: nothing was heard of it since, though the link may not be known to be dead yet.
        """
        unseen, at = self.unseen, min(self.at, seen_until)
        spans = (running_span(agent, unseen.until(agent.since, at)) for agent in self.agents.all.values())
        return [span for span in spans if span]

    def under_way(self) -> list[tuple[str, float]]:
        """(interface, beginning) of each agent's state: by it the store knows the span."""
        return [(agent.interface, agent.since) for agent in self.agents.all.values()]

    @property
    def unseen(self) -> Unseen:
        """Since when the PBX is not seen, by an earlier process too. It counts as seen before the first try of the very
        first process."""
        if self.link and self.synced:
            return SEEN
        lived_until = 0.0 if self.revived.over else self.revived.until  # by the PBX's clock, ours may be behind it
        return Unseen(lived_until or self.link_since or math.inf, self.up_at if self.link else math.inf)

    def now(self, at: float) -> FloorNow:
        """The immutable picture of now."""
        agents = tuple([on_members.agent_now(a) for a in self.agents.all.values()])
        states: dict[str, Counter[AgentState]] = defaultdict(Counter)
        for agent in agents:
            for name in agent.queues:
                states[name][agent.state] += 1
        talking = Counter(visit.queue for _, visit, _ in self.connected.values())
        return FloorNow(
            at=at,
            pbx=self.pbx,
            link=self.link and self.synced,
            link_since=self.link_since,
            calls=len(self.by_id),
            drift=dict(self.drifts),
            queues=tuple([q.now(dict(states[q.name]), talking[q.name]) for q in self.queues.values()]),
            agents=agents,
            unseen=self.unseen,
        )

    # ---- what the handlers share ----------------------------------------------------------------------------

    def drift(self, at: float, kind: str, detail: str) -> None:
        """An impossible step. What a snapshot had to tell, or a hole swallowed, is not impossible, only unknown."""
        if not self.synced or (self.touched and self.touched.partial):
            return
        self.drifts[kind] += 1
        self.out.append(Drift(at, self.touched.id if self.touched else "", kind, detail))

    def leg(self, event: e.OnLeg) -> Leg | None:
        """The leg of an event, moved to the call that Asterisk says it belongs to."""
        leg = self.legs.get(event.leg)
        if self.doubts:
            doubts.explained(self, (doubts.LEG, event.leg), (doubts.WAIT, event.leg))
        if leg is None:
            return snapshot.admit(self, event.leg, event.call) if event.leg in self.listing.entries else None
        self.touched = leg.call
        leg.told_at = event.at
        if self.suspects:
            self.suspects.pop(leg, None)
        if event.call and event.call != leg.call.linkedid:
            on_legs.rehome(self, leg, event.call, event.at)
        return leg

    def call(self, linkedid: str) -> Call | None:
        """The call with that Linkedid; one that has just ended is still known by it."""
        return self.calls.get(linkedid) or self.aliases.get(linkedid) or self.ended.get(linkedid)

    def add_leg(self, event: e.LegCreated, dialled: bool) -> Leg:
        """A new leg, and its call when it is the first. ``dialled``: Asterisk called it, not it Asterisk."""
        linkedid = event.call or event.leg
        known = self.call(linkedid)
        call = known or Call(f"{self.pbx}-{self.boot:x}-{linkedid}", self.pbx, linkedid, event.at)
        if call.id not in self.by_id:
            self._open(call)
        self.lingering.pop(call, None)
        self.touched = call
        leg = Leg(event.leg, event.channel, call, event.state, event.number, event.exten, event.at)
        leg.was_dialled = dialled
        leg.agent = None if leg.local else self.agents.of_phone(leg.endpoint)
        self.legs[leg.uid] = call.legs[leg.uid] = leg
        on_legs.note_side(self, leg, event.name)
        if known is None:
            self.out.append(CallStarted(event.at, call.id, call.number, call.called))
        if leg.uid in self.connected and (talk := self.connected[leg.uid][2]).to is None:
            talk.take(leg)
        if leg.agent:
            leg.agent.legs.append(leg)
            self.agents.settle(leg.agent, event.at)
        return leg

    def _open(self, call: Call) -> None:
        """The call is up: a new one, or one that was thought to be over."""
        self.ended.pop(call.linkedid, None)
        call.ended_at = call.ended_by = None
        call.partial = call.partial or not self.synced
        self.calls[call.linkedid] = self.by_id[call.id] = call

    def agent(self, interface: str, name: str, state_interface: str, at: float) -> Agent:
        """The agent at an interface, known or new; calls that its phone is in already make it busy."""
        agent = self.agents.all.get(interface)
        if agent and (not state_interface or state_interface == agent.state_interface):
            agent.name = name or agent.name
            return agent
        agent = self.agents.add(interface, name, state_interface, at)
        for leg in self.legs.values():
            if leg.agent is None and not leg.local and leg.endpoint in agent.phones:
                leg.agent = agent
                agent.legs.append(leg)
        return agent

    def outside(self, leg: Leg) -> bool:
        """Whether a party is of the outside world."""
        if self.trunks:
            return leg.endpoint in self.trunks
        if leg.agent or is_phone(leg.endpoint, self.extension_digits):
            return False
        return not 0 < len(leg.number) <= self.extension_digits

    def queue(self, name: str) -> Queue:
        queue = self.queues.get(name)
        if queue is None:
            queue = self.queues[name] = Queue(name)
        return queue

    def new_visit(self, queue: str, leg: Leg, at: float, position: int) -> QueueVisit:
        self._keys += 1
        visit = QueueVisit(self._keys, queue, leg, at, position)
        leg.call.visits.append(visit)
        return visit

    def finish(self, call: Call, at: float) -> None:
        """The call is over: say so, keep its record for the sinks, forget it."""
        self.lingering.pop(call, None)
        call.ended_at = max(at, call.started_at)
        call.ended_by = call.ended_by or on_legs.ended_by(call)
        self.out.append(CallEnded(call.ended_at, call.id, call.ended_by, call.cause))
        self.finished[call.id] = call.record()
        del self.by_id[call.id]
        del self.calls[call.linkedid]
        for alias in [a for a, c in self.aliases.items() if c is call]:
            del self.aliases[alias]
        self.ended[call.linkedid] = call
        for linkedid in list(islice(self.ended, min(2, max(0, len(self.ended) - ENDED_KEPT)))):
            self._forget(self.ended.pop(linkedid))

    def _forget(self, call: Call) -> None:
        """It does not come back. One that is in an agent's after-call work gets seconds yet: it waits in line again."""
        if call.wrap_ups:
            self.ended[call.linkedid] = call
        else:
            call.rest()

    def forget_leg(self, uid: str) -> None:
        self.recently_gone[uid] = None
        if len(self.recently_gone) > GONE_KEPT:
            del self.recently_gone[next(iter(self.recently_gone))]


NOTHING: list[Change] = []

TIMELESS = frozenset(
    {
        e.ClockStepped, e.SnapshotAsked, e.SnapshotBegan, e.QueueSeen, e.EntrySeen, e.LegSeen, e.QueuesListed,
        e.LegsListed, e.VisitsLogged,
    }
)
"""What does not let time pass: rows have the time of their arrival, and events from before it may still come; what
queue_log tells was put together with the call as it is now, and must not end it first."""


def pass_time(floor: Floor, at: float) -> None:
    """End what ends by time alone."""
    for talk in [t for t, left in floor.loose.items() if at - left > LOOSE_S]:
        on_bridges.end_talk(floor, talk, floor.loose[talk], None)
    for call, gone in [(c, gone) for c, gone in floor.lingering.items() if at - gone > LINGER_S]:
        on_agents.give_up_complete(floor, call, gone)
        if call in floor.lingering:
            floor.finish(call, gone)
    if floor.suspects:
        snapshot.convict(floor, at)
    if floor.doubts:
        snapshot.believe(floor, at)
    if at >= floor.agents.next_wrap and (floor.link or floor.unseen.lost_at == math.inf):
        floor.agents.pass_time(at)  # without the link nobody sees what became of them


def _tick(floor: Floor, event: e.Tick) -> None:
    pass_time(floor, event.at)


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {
    **on_legs.HANDLERS,
    **on_bridges.HANDLERS,
    **on_queues.HANDLERS,
    **on_agents.HANDLERS,
    **on_members.HANDLERS,
    **snapshot.HANDLERS,
    **on_link.HANDLERS,
    **on_clock.HANDLERS,
    **on_log.HANDLERS,
    e.Tick: _tick,
}

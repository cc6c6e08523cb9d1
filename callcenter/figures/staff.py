"""The agents' spans, kept from Changes: what each did, and which queues it was a member of meanwhile. Pure.

A span under way is a row that ends at infinity; the question's ``at`` cuts it. When an agent joins or leaves a queue
its open row is cut there, so that its available time counts for just the queues that it could serve. Being paused in
one queue of several is not looked at: that queue's available time is then too high by so much.

There are far fewer kinds of time (agent, queue, membership, state) than spans: a row holds its kind's number, so one
addition by kind is all that goes over the spans.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy

import numpy as np

from callcenter.figures.rows import Rows
from callcenter.floor.changes import AgentChanged, MemberChanged
from callcenter.floor.records import SEEN, AgentState, Span, Unseen
from kpi import AgentTime, State, TimeSums, seconds_within, sum_time
from kpi.columns import Bools, Integers

STATES: dict[AgentState, int] = {state: int(State[state.name]) for state in AgentState}

NO_QUEUE = NOT_KNOWN = -1

SPAN_BLANKS: dict[str, np.generic] = {"kind": np.int32(0), "start": np.float64(0), "end": np.float64(math.inf)}
KIND_BLANKS: dict[str, np.generic] = {name: np.intp(0) for name in ("agent", "queue", "membership", "state")}

Kind = tuple[int, int, int, int]
"""Codes of agent, queue, membership and state."""


class Staff:
    """``queues`` gives each queue's code, and is shared with the visits."""

    def __init__(self, queues: Mapping[str, int]) -> None:
        self._queues = queues
        self._spans = Rows(SPAN_BLANKS)
        self._kinds = Rows(KIND_BLANKS)
        self._kind_rows: dict[Kind, int] = {}
        self._open: dict[str, tuple[int, Kind]] = {}
        self._agents: dict[str, int] = {}
        self._memberships: dict[frozenset[int], int] = {frozenset(): 0}
        self._member_of: dict[str, frozenset[int]] = {}

    def agent_changed(self, change: AgentChanged) -> None:
        """Close the open row and begin the next."""
        start = change.at
        if change.agent in self._open:
            row = self._open[change.agent][0]
            # A change that comes late (its time is before the open row's start) leaves an empty row behind.
            start = max(start, float(self._spans.columns["start"][row]))
            self._spans.columns["end"][row] = start if change.ended is None else change.ended.to
        elif change.ended is not None:
            self.add_ended(change.ended)
        kind = self._kind(change.agent, change.queue, self._membership_of(change.agent), change.state)
        self._open[change.agent] = self._add(kind, start), kind

    def member_changed(self, change: MemberChanged) -> None:
        """An agent joined or left a queue: its open row goes on as another one."""
        known = self._member_of.get(change.agent)
        before, queue = known or frozenset(), {self._queues[change.queue]}
        after = before | queue if change.member else before - queue
        if after == known:
            return
        self._member_of[change.agent] = after
        if change.agent in self._open:
            self._go_on(change.agent, change.at)

    def picture(self, queues: Mapping[str, int]) -> Staff:
        """A copy that stays as it is, for :meth:`sums`."""
        picture = copy(self)
        picture._queues = queues
        picture._spans, picture._kinds = self._spans.picture(), self._kinds.picture()
        picture._agents, picture._memberships = self._agents.copy(), self._memberships.copy()
        picture._member_of = self._member_of.copy()
        return picture

    def add_ended(self, span: Span) -> None:
        """A span that is over. Which queues its agent was a member of is not known of it."""
        row = self._add(self._kind(span.agent, span.queue, NOT_KNOWN, span.state), span.from_)
        self._spans.columns["end"][row] = span.to

    def shift(self, by_s: float) -> None:
        """All spans move by ``by_s`` seconds: the clock that they were written by was set."""
        self._spans.column("start")[:] += by_s
        self._spans.column("end")[:] += by_s

    def forget(self, before: float) -> None:
        """Drop the spans that ended before ``before``, and what only they were of: who joins other queues each day, or
        the same in another order, makes new kinds of time without end."""
        moved = self._spans.keep(self._spans.column("end") >= before)
        self._forget_kinds()
        self._forget_memberships()
        kinds: list[Kind] = list(zip(*(self._kinds.column(name).tolist() for name in KIND_BLANKS), strict=True))
        self._kind_rows = {kind: row for row, kind in enumerate(kinds)}
        of_span = self._spans.column("kind")
        rows = {agent: int(moved[row]) for agent, (row, _) in self._open.items()}
        self._open = {agent: (row, kinds[of_span[row]]) for agent, row in rows.items()}

    def _forget_kinds(self) -> None:
        of_span = self._spans.column("kind")
        used = np.zeros(self._kinds.size, np.bool_)
        used[of_span] = True
        of_span[:] = self._kinds.keep(used)[of_span]

    def _forget_memberships(self) -> None:
        """The first, of no queue, stays."""
        of_kind = self._kinds.column("membership")
        used = {0, *of_kind.tolist()}
        kept = [(queues, code) for queues, code in self._memberships.items() if code in used]
        moved = np.zeros(len(self._memberships), np.intp)
        moved[[code for _, code in kept]] = np.arange(len(kept))
        self._memberships = {queues: n for n, (queues, _) in enumerate(kept)}
        of_kind[:] = np.where(of_kind == NOT_KNOWN, NOT_KNOWN, moved[of_kind])

    def sums(self, start: float, end: float, unseen: Unseen = SEEN) -> TimeSums:
        """Seconds by queue within [start, end), and of all. ``end`` is finite. A span under way was seen as far as
        ``unseen`` says."""
        spans = self._spans.read(self._spans.column("end") > start)
        lost = (spans["end"] == math.inf) & (spans["start"] < unseen.again_at)
        seconds = seconds_within(spans["start"], spans["end"], start, np.where(lost, min(end, unseen.lost_at), end))
        by_kind = np.bincount(spans["kind"], weights=seconds, minlength=self._kinds.size)
        agent, queue, membership, state = (self._kinds.column(name) for name in KIND_BLANKS)
        # Of time whose membership is not known (before a restart): where the agent is a member now.
        membership = np.where(membership == NOT_KNOWN, self._memberships_now()[agent], membership)
        time = AgentTime(agent, queue, membership, state, seconds=by_kind.astype(np.float64))
        return sum_time(time, len(self._queues), self._matrix())

    def _add(self, kind: Kind, start: float) -> int:
        row = self._spans.add()
        self._spans.columns["kind"][row] = self._kind_row(kind)
        self._spans.columns["start"][row] = start
        return row

    def _kind(self, agent: str, queue: str | None, membership: int, state: AgentState) -> Kind:
        agent_code = self._agents.setdefault(agent, len(self._agents))
        return agent_code, NO_QUEUE if queue is None else self._queues[queue], membership, STATES[state]

    def _kind_row(self, kind: Kind) -> int:
        row = self._kind_rows.get(kind)
        if row is None:
            row = self._kind_rows[kind] = self._kinds.add()
            for name, code in zip(KIND_BLANKS, kind, strict=True):
                self._kinds.columns[name][row] = code
        return row

    def _go_on(self, agent: str, at: float) -> None:
        row, (agent_code, queue, _, state) = self._open[agent]
        kind = (agent_code, queue, self._membership_of(agent), state)
        if at > self._spans.columns["start"][row]:
            self._spans.columns["end"][row] = at
            row = self._add(kind, at)
        self._spans.columns["kind"][row] = self._kind_row(kind)
        self._open[agent] = row, kind

    def _membership_of(self, agent: str) -> int:
        member_of = self._member_of.get(agent)
        return NOT_KNOWN if member_of is None else self._memberships.setdefault(member_of, len(self._memberships))

    def _memberships_now(self) -> Integers:
        codes = np.array([self._membership_of(agent) for agent in self._agents], np.intp)
        return np.where(codes == NOT_KNOWN, 0, codes)

    def _matrix(self) -> Bools:
        matrix = np.zeros((len(self._memberships), len(self._queues)), np.bool_)
        for member_of, code in self._memberships.items():
            matrix[code, list(member_of)] = True
        return matrix

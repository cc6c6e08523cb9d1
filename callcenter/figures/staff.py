"""The agents' spans, kept from Changes: what each did, and which queues it was a member of meanwhile. Pure.

A span under way is a row that ends at infinity; the question's ``at`` cuts it. When an agent joins or leaves a queue
its open row is cut there, so that its available time counts for just the queues that it could serve. Being paused in
one queue of several is not looked at: that queue's available time is then too high by so much.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

import kpi
from callcenter.figures.rows import Rows
from callcenter.floor.changes import AgentChanged, MemberChanged
from callcenter.floor.records import AgentState, Span

STATES: dict[AgentState, int] = {state: int(kpi.State[state.name]) for state in AgentState}

NOT_KNOWN = -1

SPAN_BLANKS: dict[str, np.generic] = {
    "agent": np.int32(0), "queue": np.int32(-1), "membership": np.int32(NOT_KNOWN), "state": np.int8(0),
    "start": np.float64(0), "end": np.float64(math.inf),
}


class Staff:
    """``queues`` gives each queue's code, and is shared with the visits."""

    def __init__(self, queues: dict[str, int]) -> None:
        self._queues = queues
        self._spans = Rows(SPAN_BLANKS)
        self._agents: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._memberships: dict[frozenset[int], int] = {frozenset(): 0}
        self._member_of: dict[str, frozenset[int]] = {}

    def agent_changed(self, change: AgentChanged) -> None:
        """Close the open row and begin the next."""
        start = change.at
        row = self._open.get(change.agent)
        if row is not None:
            columns = self._spans.columns
            # A change that comes late (its time is before the open row's start) leaves an empty row behind.
            start = max(start, float(columns["start"][row]))
            columns["end"][row] = start if change.ended is None else change.ended.to
        elif change.ended is not None:
            self.add_ended(change.ended)
        self._open[change.agent] = self._add(change.agent, change.state, change.queue, start)

    def member_changed(self, change: MemberChanged) -> None:
        """An agent joined or left a queue: its open row goes on as another one."""
        before = self._member_of.get(change.agent)
        queue = {self._queues[change.queue]}
        after = (before or frozenset()) | queue if change.member else (before or frozenset()) - queue
        if after == before:
            return
        self._member_of[change.agent] = after
        row = self._open.get(change.agent)
        if row is not None:
            self._go_on(change.agent, row, change.at, fresh=before is None)

    def add_ended(self, span: Span) -> None:
        """A span that is over. Which queues its agent was a member of is not known of it."""
        row = self._add(span.agent, span.state, span.queue, span.from_)
        self._spans.columns["end"][row] = span.to
        self._spans.columns["membership"][row] = NOT_KNOWN

    def forget(self, before: float) -> None:
        moved = self._spans.keep(self._spans.read()["end"] >= before)
        self._open = {agent: int(moved[row]) for agent, row in self._open.items()}

    def sums(self, start: float, end: float) -> kpi.SpanSums:
        """Seconds by queue within [start, end), and of all."""
        spans = kpi.clipped(kpi.Spans(**self._spans.read()), start, end)
        now = self._memberships_now()[spans.agent]
        spans = replace(spans, membership=np.where(spans.membership == NOT_KNOWN, now, spans.membership))
        return kpi.sum_spans(spans, len(self._queues), self._matrix())

    def _add(self, agent: str, state: AgentState, queue: str | None, start: float) -> int:
        row = self._spans.add()
        columns = self._spans.columns
        columns["agent"][row] = self._agents.setdefault(agent, len(self._agents))
        columns["state"][row] = STATES[state]
        columns["start"][row] = start
        if queue is not None:
            columns["queue"][row] = self._queues[queue]
        member_of = self._member_of.get(agent)
        if member_of is not None:
            columns["membership"][row] = self._membership(member_of)
        return row

    def _go_on(self, agent: str, row: int, at: float, fresh: bool) -> None:
        columns = self._spans.columns
        if not fresh and at > columns["start"][row]:
            old, row = row, self._spans.add()
            for name in ("agent", "state", "queue"):
                columns[name][row] = columns[name][old]
            columns["start"][row] = columns["end"][old] = at
            self._open[agent] = row
        columns["membership"][row] = self._membership(self._member_of[agent])

    def _membership(self, member_of: frozenset[int]) -> int:
        return self._memberships.setdefault(member_of, len(self._memberships))

    def _memberships_now(self) -> kpi.columns.Integers:
        return np.array([self._membership(self._member_of.get(a, frozenset())) for a in self._agents], np.int32)

    def _matrix(self) -> kpi.columns.Bools:
        matrix = np.zeros((len(self._memberships), len(self._queues)), np.bool_)
        for member_of, code in self._memberships.items():
            matrix[code, list(member_of)] = True
        return matrix

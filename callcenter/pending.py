"""What the store has yet to write: the newest record of each call, and all else in order. Pure but for its state.

Everything stays until it is committed: a record that changed while it was being written is pending again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from callcenter.backlog import Backlog
from callcenter.crm.ticket import Ticket
from callcenter.floor.changes import AgentChanged, CallMerged, Change, Drift, LinkChanged, MemberChanged, PbxRestarted
from callcenter.floor.records import CallRecord, Hole, Span
from callcenter.store.values import Batch, JournalRow

_OF_NO_CALL = (AgentChanged, MemberChanged, LinkChanged, PbxRestarted, Drift)


class Pending:
    """``len()``: calls, spans (also moved ones), merges, holes and journal lines that are not committed yet."""

    def __init__(self) -> None:
        self.journal = Backlog()
        self.told_alive = 0.0
        self._calls: dict[str, CallRecord] = {}
        self._spans: dict[tuple[str, float], Span] = {}
        self._last: dict[str, tuple[float, float]] = {}
        """Agent → beginning and end of the span that was kept last."""
        self._moved: deque[tuple[str, float]] = deque()
        self._merged: deque[tuple[str, str]] = deque()
        self._holes: dict[tuple[str, float], Hole] = {}

    def __len__(self) -> int:
        spans = len(self._spans) + len(self._moved)
        return len(self._calls) + spans + len(self.journal) + len(self._merged) + len(self._holes)

    def put(
        self, changes: Iterable[Change], journal: Iterable[JournalRow], records: Callable[[str], CallRecord | None]
    ) -> None:
        """What one chunk of messages brought; ``records`` gives a touched call as it is now, or None."""
        touched: dict[str, None] = {}
        for change in changes:
            if isinstance(change, AgentChanged):
                self.keep((change.ended,) if change.ended else ())
            elif isinstance(change, CallMerged):
                self._merged.append((change.call, change.into))
                touched[change.into] = None
            if change.call and not isinstance(change, _OF_NO_CALL):
                touched[change.call] = None
        self._calls.update({id: record for id in touched if (record := records(id)) is not None})
        self.journal.extend(journal)

    def call(self, id: str) -> CallRecord | None:
        """The newest record of a call that is not committed yet."""
        return self._calls.get(id)

    def keep(self, spans: Iterable[Span]) -> None:
        """The newest of each beginning, but for a state that lasted no time: it has the same one as the next state.

        What is under way is kept each minute, and ends earlier than that where the link turns out to have been dead.
        """
        for span in spans:
            key, last = (span.agent, span.from_), self._last.get(span.agent)
            if last and last[0] == span.from_ and span.to < last[1]:
                if span.to == span.from_:
                    continue
                self.move([key])
            self._spans[key] = span
            self._last[span.agent] = span.from_, span.to

    def move(self, keys: Iterable[tuple[str, float]]) -> None:
        """The spans of these (agent, beginning) are no more, in the store neither."""
        for key in keys:
            self._spans.pop(key, None)
            self._moved.append(key)

    def keep_holes(self, holes: Iterable[Hole]) -> None:
        self._holes.update({(hole.pbx, hole.from_): hole for hole in holes})

    def batch(
        self, calls: int, lines: int, spans: int, ticket_of: Callable[[CallRecord], Ticket | None], alive: float
    ) -> Batch:
        """The oldest of it, no more than so many of each. ``alive`` is told once nothing older is left behind."""
        if self._moved:  # they go and come anew in one transaction: a kill between two would cost a whole shift
            spans = len(self._spans)
        records = tuple(islice(self._calls.values(), calls))
        tickets = map(ticket_of, records)
        all_calls = len(records) == len(self._calls)
        everything = all_calls and len(self.journal) <= lines and len(self._spans) <= spans
        return Batch(
            calls=records,
            tickets=tuple(ticket for ticket in tickets if ticket is not None),
            spans=tuple(islice(self._spans.values(), spans)),
            journal=self.journal.first(lines),
            # A merge is written on rows that are there: never before the records of its calls.
            merged=tuple(self._merged) if all_calls else (),
            holes=tuple(self._holes.values()),
            moved=tuple(self._moved),
            alive=alive if everything else self.told_alive,
        )

    def forget(self, batch: Batch) -> None:
        """It is committed."""
        for record in batch.calls:
            if self._calls[record.id] is record:  # else it changed while it was written
                del self._calls[record.id]
        for span in batch.spans:
            if self._spans.get((span.agent, span.from_)) is span:
                del self._spans[span.agent, span.from_]
        for hole in batch.holes:
            if self._holes[hole.pbx, hole.from_] is hole:
                del self._holes[hole.pbx, hole.from_]
        self.journal.forget(len(batch.journal))
        for _ in batch.merged:
            self._merged.popleft()
        for _ in batch.moved:
            self._moved.popleft()
        self.told_alive = batch.alive or self.told_alive

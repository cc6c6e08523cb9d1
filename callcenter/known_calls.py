"""What we have of the calls that a queue_log tells of: on the Floor, not yet committed, or in the store. A shell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from callcenter.consumer import Consumer
from callcenter.floor.records import CallRecord
from callcenter.queue_log.pairing import NEAR_S
from callcenter.queue_log.repair import House
from callcenter.queue_log.visits import Book, LoggedVisit
from callcenter.self_check import Calls

IDS_AT_ONCE = 500
BOOT_IS_UNSURE_S = range(-2, 3)
"""Whole seconds by which the log's QUEUESTART and the boot that FullyBooted told may differ."""
UNKNOWN_BOOT = 0
"""Of a call that is older, by its Linkedid, than all starts that the log tells of: or the clock was set back since."""
CREATED_S = 5.0
"""A call's record begins so soon before or after its Linkedid says."""


class KnownCalls:
    """``book``: the log's visits and starts, which tell of which boot a call is."""

    def __init__(self, consumer: Consumer, store: Calls, book: Book) -> None:
        self.consumer, self.store, self.book = consumer, store, book
        self._older: tuple[float, bool] | None = None

    async def none_before(self, at: float) -> bool:
        """Whether the store has no call that began earlier; asked once for each moment."""
        if self._older is None or self._older[0] != at:
            self._older = at, bool((await self.store.calls(until=at, limit=1)).items)
        return not self._older[1]

    async def stored(self, calls: list[str]) -> dict[str, CallRecord]:
        """What the store has of them, and of other calls of those moments: by Linkedid."""
        found: dict[str, CallRecord] = {}
        for since, until in _ranges(calls):
            cursor: str | None = None
            while True:
                page = await self.store.calls(since=since, until=until, cursor=cursor, limit=200)
                found |= {item.record.linkedid: item.record for item in page.items}
                if (cursor := page.next) is None:
                    break
        return found | await self._by_id([call for call in calls if call not in found])

    async def _by_id(self, calls: list[str]) -> dict[str, CallRecord]:
        """Those that began at another time than their Linkedid says: the clock was set meanwhile, or their boot is
        unsure."""
        floor = self.consumer.floor
        starts = {int(start) + n for start in self.book.starts for n in BOOT_IS_UNSURE_S}
        boots = dict.fromkeys((floor.boot, *sorted(starts, reverse=True), UNKNOWN_BOOT))
        ids = [f"{floor.pbx}-{boot:x}-{call}" for boot in boots for call in calls]
        found: dict[str, CallRecord] = {}
        for n in range(0, len(ids), IDS_AT_ONCE):
            page = await self.store.calls(ids=ids[n : n + IDS_AT_ONCE], limit=IDS_AT_ONCE)
            found |= {item.record.id: item.record for item in page.items}
        return {found[id].linkedid: found[id] for id in reversed(ids) if id in found}

    def newest(self, stored: dict[str, CallRecord], logged: Iterable[LoggedVisit]) -> list[CallRecord]:
        """As they are now: on the Floor, else not yet committed, else in the store."""
        floor, waiting = self.consumer.floor, self.consumer.pipeline.waiting
        calls = {self.linkedid(visit.call) for visit in logged}
        records = dict(stored)
        for call in calls | stored.keys():
            id = stored[call].id if call in stored else self._id(call, made_at(call))
            if newer := waiting(id):
                records[call] = newer
        moments = {(visit.queue, int(visit.entered_at // NEAR_S) + n) for visit in logged for n in (-1, 0, 1)}
        for known in (*floor.calls.values(), *floor.ended.values()):
            of_then = any((visit.queue, int(visit.entered_at // NEAR_S)) in moments for visit in known.visits)
            if of_then or known.linkedid in calls or known.linkedid in stored:
                records[known.linkedid] = known.record()
        return list(records.values())

    def linkedid(self, channel: str) -> str:
        """Of the call that a channel is in; mostly they are the same."""
        leg = self.consumer.floor.legs.get(channel)
        return leg.call.linkedid if leg else channel

    def house(self) -> House:
        floor, pbx = self.consumer.floor, self.consumer.config.pbx[0]
        members = {(queue, agent.name): i for i, agent in floor.agents.all.items() for queue in agent.members}
        anywhere = {agent.name: interface for interface, agent in floor.agents.all.items()}

        def interface(queue: str, name: str) -> str:
            """The log has names only. One that has moved to another phone since is taken to have been there."""
            return members.get((queue, name)) or anywhere.get(name) or name

        phones = {phone.partition("/")[2] for agent in floor.agents.all.values() for phone in agent.phones}

        def inside(number: str) -> bool:
            """The log has no endpoints: a trunk cannot be told."""
            return number in phones or 0 < len(number) <= pbx.extension_digits

        return House(pbx.name, self._id, interface, inside)

    def _id(self, linkedid: str, at: float) -> str:
        """As the Floor makes it. Of an earlier boot the log tells when it was."""
        floor = self.consumer.floor
        boot = floor.boot
        if boot and at < boot - CREATED_S:
            boot = int(max((start for start in self.book.starts if start <= at + CREATED_S), default=UNKNOWN_BOOT))
        return f"{floor.pbx}-{boot:x}-{linkedid}"


def made_at(channel: str) -> float:
    """When a channel was made: ``[system name-]seconds.number``; 0 for a name that does not say."""
    found = re.search(r"(\d{1,11})\.\d+$", channel)
    return float(found[1]) if found else 0.0


def _ranges(calls: Iterable[str]) -> list[tuple[float, float]]:
    """Spans of time in which these calls began, near ones together."""
    spans: list[tuple[float, float]] = []
    for at in sorted(map(made_at, calls)):
        if spans and at - spans[-1][1] < CREATED_S:
            spans[-1] = (spans[-1][0], at + CREATED_S)
        else:
            spans.append((at - CREATED_S, at + CREATED_S))
    return spans

"""A full inbox does not keep the others of the loop waiting: the reading of the socket is one of them."""

from __future__ import annotations

import asyncio

import pytest

from callcenter import clock
from callcenter.ami.framing import Message
from callcenter.ami.pbx_clock import PbxClock
from callcenter.config import parse
from callcenter.consumer import LATE_FOR_S, Consumer
from callcenter.floor import events as e
from callcenter.pipeline import Pipeline
from callcenter.store.values import Batch

ITEMS = 500


class Nowhere:
    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def write(self, batch: Batch) -> None:
        self.batches.append(batch)


async def nothing() -> None:
    pass


async def test_others_have_a_turn_after_each_item_however_many_wait() -> None:
    pipeline = Pipeline(Nowhere(), "IR", False)  # type: ignore[arg-type, unused-ignore]
    config = parse({"pbx": [{"secret": "s"}]}, "test")
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, lambda drift: None)
    for _ in range(ITEMS):
        consumer.inbox.put_nowait((e.Tick(0.0), clock.now()))
    turns = 0
    running = asyncio.create_task(consumer.run())
    while not consumer.inbox.empty():
        await asyncio.sleep(0)
        turns += 1
    running.cancel()
    assert turns >= ITEMS - 1


async def test_behind_a_step_the_store_is_told_anew_what_the_agents_do(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, steps = Nowhere(), [0.0, -3600.0, 0.0]
    pipeline = Pipeline(sink, "IR", False)  # type: ignore[arg-type, unused-ignore]
    config = parse({"pbx": [{"secret": "s"}]}, "test")
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, lambda drift: None)
    monkeypatch.setattr(PbxClock, "take_step", lambda self: steps.pop(0))
    consumer.take(e.MemberSeen(0.0, "sales", "PJSIP/1", "Ali", "", 8, False, "", 0, 0.0, 0.0, False), 10_000.0)
    consumer.clock.offset = -3600.0
    consumer.take(e.Tick(0.0), 10_050.0)
    await pipeline.drain()
    assert [(s.from_, s.to) for batch in sink.batches for s in batch.spans] == [(6_400.0, 6_450.0)]


async def test_a_bug_in_one_event_is_counted_and_the_next_one_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline(Nowhere(), "IR", False)  # type: ignore[arg-type, unused-ignore]
    config, told = parse({"pbx": [{"secret": "s"}]}, "test"), []
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, told.append)

    def guilty(event: e.Event) -> None:
        raise KeyError(event)

    with monkeypatch.context() as patch:
        patch.setattr(consumer.floor, "apply", guilty)
        consumer.take(e.Tick(100.0), 100.0)
    consumer.take(e.Tick(101.0), 101.0)
    assert (consumer.counters.drift["bug"], [drift.kind for drift in told]) == (1, ["bug"])


async def test_who_came_after_the_asking_need_not_be_listed_at_whatever_pace_the_pbxs_clock_goes() -> None:
    """The times of what the link itself tells are made when it is applied: a list is applied long after its asking."""
    pipeline = Pipeline(Nowhere(), "IR", False)  # type: ignore[arg-type, unused-ignore]
    config = parse({"pbx": [{"secret": "s"}]}, "test")
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, lambda drift: None)
    leg, call, channel = "1.1", "1.1", "PJSIP/trunk-1"
    told = (
        (0.0, 100.0, e.LinkUp(0.0)),
        (2.6, 100.0, e.SnapshotAsked(0.0, 0.0)),  # what had come before was applied late
        (1.5, 100.03, e.LegCreated(0.0, leg, call, channel, 4, "0912", "", "800", "inbound")),
        (1.5, 100.03, e.CallerJoined(0.0, leg, call, channel, "sales", 1, "0912", "")),
        (4.0, 100.0, e.SnapshotBegan(0.0)),
        (4.0, 100.02, e.QueuesListed(0.0)),
        (4.0, 100.06, e.LegSeen(0.0, leg, call, channel, 4, "0912", "", "800", "inbound", "", 2.0)),
        (4.0, 100.06, e.LegsListed(0.0)),
        (4.0, 110.0, e.Tick(0.0)),
    )  # fmt: skip
    for ahead_s, arrival, event in told:
        consumer.clock.offset = ahead_s
        consumer.take(event, arrival)
    [up] = consumer.floor.by_id.values()
    assert [(v.entered_at, v.left_at) for v in up.visits] == [(101.53, None)]
    assert not consumer.floor.drifts


async def test_a_lag_of_long_ago_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """When no event comes nothing is late."""
    pipeline = Pipeline(Nowhere(), "IR", False)  # type: ignore[arg-type, unused-ignore]
    config = parse({"pbx": [{"secret": "s"}]}, "test")
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, lambda drift: None)
    raw = b"Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 9995.0\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nCause: 16"
    consumer.take([Message(b"Hangup", raw)], 10_000.0)
    told = {}
    for at in (10_000.0, 10_000.0 + LATE_FOR_S - 1, 10_000.0 + LATE_FOR_S):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        told[at - 10_000.0] = consumer.lag_s
    assert told == {0.0: 5.0, LATE_FOR_S - 1: 5.0, LATE_FOR_S: 0.0}

"""Events that seem to be of an hour ago: the PBX is asked whether they are late, or its clock was set."""

from __future__ import annotations

import asyncio
import time

import pytest
from tiny_manager import manager, reply

from callcenter import clock
from callcenter.ami import session
from callcenter.ami.framing import Framer
from callcenter.ami.link import Link
from callcenter.ami.pbx_clock import PbxClock
from callcenter.config import parse
from callcenter.consumer import Consumer
from callcenter.floor.translate import WANTED
from callcenter.pipeline import Pipeline
from callcenter.store.values import Batch

HOUR = 3600.0


class Nowhere:
    async def write(self, batch: Batch) -> None:
        pass


def event(name: str, at: float, *headers: str) -> bytes:
    lines = [f"Event: {name}", "Privilege: call,all", f"Timestamp: {at:.6f}", *headers]
    lines += ["Uniqueid: 1.1", "Linkedid: 1.1"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.mark.parametrize("set_by", [0.0, -HOUR])
async def test_events_of_an_hour_ago_are_late_unless_the_pbx_says_that_it_is_an_hour_ago(
    set_by: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PING_S", 60.0)  # what is asked here is asked by the consumer
    ahead = [500.0]
    async with manager() as pbx:
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time() + ahead[0]:.6f}")
        config = parse({"pbx": [{"port": pbx.port, "secret": "demo"}]}, "test")
        link = Link(config.pbx[0], lambda item, arrival: consumer.inbox.put_nowait((item, arrival)))
        consumer = Consumer(config, Pipeline(Nowhere(), "IR", False), link.clock, 0, link.look_at_clock, lambda _: None)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(consumer.run())]
        try:
            async with asyncio.timeout(60):
                await until(consumer, lambda: consumer.floor.synced and consumer.floor.link)
                began = clock.now() + 500
                pbx.say(event("Newchannel", began, "Channel: PJSIP/t-1", "ChannelState: 4"))
                await until(consumer, lambda: bool(consumer.floor.by_id))
                ahead[0] += set_by
                pbx.say(event("NewCallerid", clock.now() + 500 - HOUR, "CallerIDNum: 0912"))
                pbx.say(event("Newstate", clock.now() + 500 - HOUR, "Channel: PJSIP/t-1", "ChannelState: 6"))
                await until(consumer, lambda: consumer.floor.legs["1.1"].state == 6)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    (call,) = consumer.floor.by_id.values()
    assert call.started_at == pytest.approx(began + set_by, abs=1.0)
    assert link.clock.offset == pytest.approx(500 + set_by, abs=1.0)
    assert consumer.now() - call.started_at < 20


async def nothing() -> None:
    pass


async def test_what_was_sent_before_the_clock_was_set_forward_and_is_read_with_what_was_sent_after_lasts_as_it_did(
) -> None:
    """He who was up for ten seconds was up for none: his call had moved along with the clock, his end had not."""
    ours, ahead = clock.now(), 500.0
    pbx_clock, framer = PbxClock(2.0), Framer(WANTED)
    pbx_clock.told(ours + ahead, ours, ours)
    config = parse({"pbx": [{"secret": "demo"}]}, "test")
    consumer = Consumer(config, Pipeline(Nowhere(), "IR", False), pbx_clock, 0, nothing, lambda _: None)
    pbx = ours + ahead
    begins = event("Newchannel", pbx, "Channel: PJSIP/t-1", "ChannelState: 4")
    consumer.take(framer.feed(begins), ours)
    ends = event("Hangup", pbx + 10, "Channel: PJSIP/t-1", "Cause: 16")
    other = event("Newchannel", pbx + 10.5 + HOUR, "Channel: PJSIP/t-2", "ChannelState: 4").replace(b"1.1", b"2.1")
    consumer.take(framer.feed(ends + other), ours + 11)
    call = consumer.floor.ended["1.1"]
    assert call.ended_at is not None
    assert (call.started_at - pbx, call.ended_at - pbx) == pytest.approx((HOUR - 0.5, HOUR + 9.5))
    assert [one.started_at for one in consumer.floor.by_id.values()] == pytest.approx([pbx + 10.5 + HOUR])


async def test_what_was_sent_before_the_clock_was_set_forward_is_not_late_by_as_much() -> None:
    ours = clock.now()
    pbx_clock, framer = PbxClock(2.0), Framer(WANTED)
    pbx_clock.told(ours + 500, ours, ours)
    config = parse({"pbx": [{"secret": "demo"}]}, "test")
    consumer = Consumer(config, Pipeline(Nowhere(), "IR", False), pbx_clock, 0, nothing, lambda _: None)
    pbx_clock.told(ours + 500 + HOUR, ours, ours)
    consumer.take(framer.feed(event("Newchannel", ours + 499, "Channel: PJSIP/t-1", "ChannelState: 4")), ours)
    assert consumer.lag_s == pytest.approx(1.0, abs=0.01)


async def until(consumer: Consumer, holds: object) -> None:
    assert callable(holds)
    while not holds():
        consumer.changed.clear()
        await consumer.changed.wait()

"""What a daemon takes up from the store at its start, whatever our clock says."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from callcenter import clock
from callcenter.config import Config, parse
from callcenter.daemon import HOUR_S, opened, run
from callcenter.figures import business_day
from callcenter.floor import events as e
from callcenter.floor.records import CallRecord, Direction, Hole, Outcome, Visit
from callcenter.holes import KEPT_S
from callcenter.store.store import Store
from callcenter.store.values import Batch


@pytest.fixture
def config(tmp_path: Path) -> Config:
    where = f"sqlite+aiosqlite:///{tmp_path / 'callcenter.db'}"
    return parse({"pbx": [{"secret": "s"}], "site": {"timezone": "UTC"}, "store": {"url": where}}, "test")


async def written(config: Config, batch: Batch) -> None:
    store = await Store.open(config.store.url)
    await store.write(batch)
    await store.close()


def begun(config: Config) -> float:
    """When today began."""
    return business_day(clock.now(), config.site.zone, config.site.day_starts)


@pytest.mark.parametrize("repaired", [True, False])
async def test_a_hole_of_days_ago_is_taken_up_until_it_is_repaired(config: Config, repaired: bool) -> None:
    at = begun(config) - 2 * 86_400
    old = Hole("main", at, at + 60, "link lost", repaired)
    gone = Hole("main", at - KEPT_S, at - KEPT_S + 60, "link lost")
    await written(config, Batch(holes=(gone, old), alive=clock.now() - 5))
    async with opened(config) as daemon:
        assert [hole.from_ for hole in daemon.consumer.holes.all[:-1]] == ([] if repaired else [at])
        daemon.consumer.forget(begun(config) - HOUR_S)  # as each hour
        assert len(daemon.consumer.holes.all) == (1 if repaired else 2)


async def test_the_days_figures_are_there_though_our_clock_is_a_day_ahead(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    visit = Visit("sales", now - 3, 1, now - 1, 2.0, Outcome.ABANDONED)
    record = CallRecord("main-1-1.1", "main", "1.1", Direction.IN, "0912", "", "800", now - 4, None, now, (visit,))
    await written(config, Batch(calls=(record,), alive=now))
    monkeypatch.setattr(clock, "now", lambda: now + 86_400)
    async with opened(config) as daemon:
        daemon.link.clock.told(now, now + 86_400, now + 86_400)  # the PBX knows better
        figures = await asyncio.to_thread(daemon.window.figures, daemon.now())
    assert figures["today"]["sales"]["offered"] == 1


async def test_a_process_that_never_saw_the_pbx_lets_stand_until_when_it_was_seen(config: Config) -> None:
    """Else those who waited when it was lost would have waited longer with each restart until it is back."""
    now = clock.now()
    waiting = CallRecord("main-1-1.1", "main", "1.1", Direction.IN, "0912", "", "800", now - 400, None, None,
                         (Visit("sales", now - 390, 1, None, None, None),))  # fmt: skip
    await written(config, Batch(calls=(waiting,), alive=now - 300))
    for n in range(3):
        async with opened(config) as daemon:
            daemon.consumer.take(e.LinkDown(0.0, "refused"), now - 200 + 50 * n)
            assert daemon.floor.now(now).lasts_s(now - 390) == pytest.approx(90)
            await daemon.pipeline.drain(1.0)
            assert await daemon.store.alive() == now - 300


async def test_of_a_link_that_is_dead_already_no_more_is_written_than_was_seen(config: Config) -> None:
    """The link is known to be dead seconds later only, and what is written does not become shorter."""
    at = clock.now() - 600
    anna = e.MemberSeen(at, "sales", "PJSIP/1001", "Anna", "", 1, False, "", 0, 0.0, 0.0, False)
    async with opened(config) as daemon:
        for event in (e.LinkUp(at), e.SnapshotBegan(at), anna, e.QueuesListed(at), e.LegsListed(at)):
            daemon.consumer.take(event, at)
        daemon.link.known_until = at + 50
        daemon.consumer.take(e.Tick(at), at + 60)
        daemon.consumer.keep_spans(daemon.alive())  # as each minute
        await daemon.pipeline.drain(1.0)
        _, stored = await daemon.store.since(0.0)
        assert [(span.state, span.from_, span.to) for span in stored] == [("available", at, at + 50)]


@pytest.mark.parametrize("by", [3600.0, -3600.0, -100.0, 40.0])
async def test_what_an_agent_does_is_stored_once_though_the_pbxs_clock_is_set_meanwhile(
    config: Config, by: float
) -> None:
    at = clock.now() - 7200
    anna = e.MemberSeen(at, "sales", "PJSIP/1001", "Anna", "", 1, False, "", 0, 0.0, 0.0, False)
    async with opened(config) as daemon:
        daemon.link.clock.told(at, at, at)
        for event in (e.LinkUp(at), e.SnapshotBegan(at), anna, e.QueuesListed(at), e.LegsListed(at)):
            daemon.consumer.take(event, at)
        for seconds, ahead in ((60, 0.0), (120, 0.0), (200, by), (240, by)):
            daemon.link.clock.told(at + seconds + ahead, at + seconds, at + seconds)
            daemon.consumer.take(e.Tick(at + seconds + ahead), at + seconds)
            daemon.consumer.keep_spans(at + seconds + ahead)  # as each minute
            await daemon.pipeline.drain(1.0)
        _, stored = await daemon.store.since(0.0)
        assert [(span.state, span.from_, span.to) for span in stored] == [("available", at + by, at + 240 + by)]


async def test_our_clock_which_may_be_behind_does_not_say_until_when_an_earlier_process_saw_the_pbx(
    config: Config
) -> None:
    """It did, and behind a second restart a conversation was over before it had begun."""
    seen_until = clock.now() + HOUR_S  # by the PBX's clock
    await written(config, Batch(alive=seen_until))
    async with opened(config) as daemon:
        daemon.consumer.take(e.LinkDown(0.0, "refused"), clock.now())
        assert daemon.floor.unseen.lost_at == daemon.alive() == seen_until
        await daemon.pipeline.drain(1.0)
        assert await daemon.store.alive() == seen_until


async def test_what_no_pbx_has_told_yet_is_not_known(config: Config) -> None:
    async with opened(config) as daemon:
        assert (daemon.health().lag_s, daemon.health().clock_offset_s) == (None, None)
        daemon.floor.link = True
        daemon.link.clock.told(clock.now() - 5.0, clock.now(), clock.now())
        told = daemon.health()
        assert told.lag_s == 0.0 and told.clock_offset_s == pytest.approx(-5.0, abs=0.1)


async def test_it_ends_without_a_word_when_it_was_asked_to_before_it_had_begun(
    config: Config, recwarn: pytest.WarningsRecorder
) -> None:
    stop, listening = asyncio.Event(), list[int]()
    stop.set()
    await run(config, listening.append, stop)
    gc.collect()
    assert listening == []
    assert [str(warning.message) for warning in recwarn] == []

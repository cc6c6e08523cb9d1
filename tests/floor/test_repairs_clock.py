"""Repairs while the PBX's clock is set: one caller stays one, whichever of both comes first."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from lab.process import Process, running, says
from scene import CALLER, NUMBER, dials_in, joins, lists, member, snapshot, waits

from callcenter import clock
from callcenter.floor import events as e
from callcenter.floor.records import Outcome
from callcenter.known_calls import KnownCalls
from callcenter.queue_log import Book

START = 1_790_000_000.0
HOUR = 3600.0


def waits_through_a_hole(process: Process) -> None:
    """A caller enters at 11, the link is down from 20 to 40."""
    story = (
        e.LinkDown(0, "x"), e.LinkUp(0), snapshot(0, member(0)), dials_in(10), joins(11), e.LinkDown(20, "cut", 20),
        e.LinkUp(40), snapshot(40, member(40), waits(40, 29), lists(40, CALLER, 30)),
    )  # fmt: skip
    for event in _flat(story):
        process.play([msgspec.structs.replace(event, at=START + event.at)])


def _flat(events: object) -> list[e.Event]:
    return [events] if isinstance(events, e.Event) else [x for event in events for x in _flat(event)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("taken", [True, False], ids=["the Floor has heard of the step", "the step waits"])
async def test_who_waits_is_one_whether_the_step_or_the_repair_comes_first(tmp_path: Path, taken: bool) -> None:
    log = tmp_path / "queue_log"
    says(log, f"{int(START) - 9000}|NONE|NONE|NONE|QUEUESTART|",
         f"{int(START) + 11}|{CALLER}|sales|NONE|ENTERQUEUE||{NUMBER}|1",
         f"{int(START) + 30}|{CALLER}|sales|1001|RINGNOANSWER|5000")  # fmt: skip
    async with running(tmp_path, log) as process:
        process.at(START)
        waits_through_a_hole(process)
        await process.written()
        process.clock.step_s = 60.0
        process.at(START + 46)
        process.at(START + 46 + HOUR)  # as a Pong tells it
        if taken:
            process.consumer.take([], clock.now())
        for _ in range(3):
            await process.repairs.look()
            process.play([e.Tick(process.consumer.now())])
            await process.written()
        (call,) = process.consumer.floor.by_id.values()
        (visit,) = call.record().visits
        assert visit.entered_at == pytest.approx(START + 11 + HOUR, abs=1)
        figures = process.consumer.window.table(0.0, math.inf, process.consumer.now())[""]
        assert (figures["offered"], figures["waiting"]) == (1, 1)


async def test_a_call_of_before_all_starts_that_the_log_tells_of_is_found_again(tmp_path: Path) -> None:
    """The PBX booted, then its clock was set back."""
    log = tmp_path / "queue_log"
    call = f"{int(START) - 500}.1"
    says(log, f"{int(START) + 10}|{call}|sales|NONE|ENTERQUEUE||{NUMBER}|1",
         f"{int(START) + 20}|{call}|sales|NONE|ABANDON|1|1|10")  # fmt: skip
    async with running(tmp_path, log) as process:
        process.at(START + 60)
        process.consumer.floor.boot = int(START) + 300
        process.consumer.holes.begin(START, "callcenter was not running")
        process.play(_flat((e.LinkUp(START + 40), snapshot(START + 40, member(START + 40)))))
        for moment in (60, 61, 120):
            process.at(START + moment)
            await process.repairs.look()
            await process.written()
            process.repairs._looks.again([call])
        figures = process.consumer.window.table(0.0, math.inf, process.consumer.now())[""]
        assert (figures["offered"], figures["abandoned"]) == (1, 1)
        known = KnownCalls(process.consumer, process.store, Book())
        (record,) = (await known.stored([call])).values()
        assert [visit.outcome for visit in record.visits] == [Outcome.ABANDONED]

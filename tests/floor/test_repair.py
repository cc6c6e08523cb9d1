"""Holes in recorded streams of real PBXs, filled from the queue_log that each PBX wrote beside."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import scene
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lab import holes, truth
from lab.holes import CAPTURES, Observer, name_of, watch

from callcenter.floor import changes as c
from callcenter.floor import events as e
from callcenter.floor.changes import CallEnded, Change
from callcenter.floor.records import REFUSALS, CallRecord, Direction, Hole, Outcome
from callcenter.queue_log import fold
from callcenter.verify import compare

events_of = functools.cache(holes.events_of)
lines_of = functools.cache(holes.lines_of)

SHORTEST_S = 0.2
LOG_S = 1.5
"""queue_log has whole seconds, and another moment than the events."""
CONNECTS_S = 4.0
"""So long before or after it is told that an agent has answered the two are connected."""
cuts = st.lists(st.integers(1, 999), min_size=2, max_size=6, unique=True).map(sorted)
"""Where holes begin and end, in thousandths of the recording."""


@functools.cache
def without_a_hole(path: Path) -> Observer:
    return watch(events_of(path), lines_of(path), [])


def seen(path: Path, thousandths: Sequence[int], crashing: bool) -> tuple[Observer, list[Hole]]:
    events = events_of(path)
    start, length = events[0].at, events[-1].at - events[0].at
    at = [start + length * n / 1000 for n in thousandths]
    spans = [(a, b) for a, b in zip(at[::2], at[1::2], strict=False) if b - a > SHORTEST_S]
    made = [Hole("main", *span, "cut") for span in spans]
    return watch(events, lines_of(path), made, crashing), made


def assert_as_logged(path: Path, seen: Observer) -> None:
    """Counts, seconds within one a call, nothing open, no call twice."""
    assert compare(seen.stored.values(), fold(lines_of(path)), 0.0, math.inf).differences == ()
    assert [r.id for r in seen.stored.values() if r.ended_at is None] == []
    assert len({r.linkedid for r in seen.stored.values()}) == len(seen.stored)


def assert_told_of_repaired_calls(path: Path, seen: Observer) -> None:
    """What the counts do not show: who answered, whence the call came, who talked to whom."""
    logged: dict[str, list[truth.Visit]] = {}
    for visit in truth.read(path.with_name(name_of(path) + ".queue_log")).visits:
        logged.setdefault(visit.call, []).append(visit)
    came = {record.linkedid: record.direction for record in without_a_hole(path).stored.values()}
    for record in seen.stored.values():
        ours = sorted((v.queue, v.entered_at, v.agent or "") for v in record.visits if v.outcome is Outcome.ANSWERED)
        answered = [v for v in logged.get(record.linkedid, ()) if v.outcome == "answered"]
        theirs = sorted((v.queue, v.entered_at, v.agent) for v in answered)
        assert [(queue, agent) for queue, _, agent in ours] == [(queue, agent) for queue, _, agent in theirs]
        if record.visits:  # of a call that touched no queue the log tells nothing
            assert record.direction is came.get(record.linkedid, record.direction), record
        if record.seen == "repaired":
            assert list(odd_talks(record)) == []
        last = max((v.left_at or v.entered_at for v in record.visits), default=0.0)
        assert record.ended_at is None or record.ended_at >= last - LOG_S, "over before it left its queue"


def odd_talks(record: CallRecord) -> Iterator[str]:
    """Conversations that are not within the call or are there twice, and answers that no conversation followed."""
    talks = sorted((talk.interface, talk.from_, talk.to or math.inf) for talk in record.conversations)
    first, last = record.started_at - LOG_S, (record.ended_at or math.inf) + LOG_S
    yield from (f"{talk} is not of {first} to {last}" for talk in talks if talk[1] < first or talk[2] > last)
    yield from (f"twice: {a} {b}" for a, b in pairwise(talks) if a[0] == b[0] and b[1] < a[2] - LOG_S)
    for v in record.visits:
        if v.outcome is Outcome.ANSWERED and v.talk_s is not None:
            near = [t for t in talks if t[0] == v.interface and abs(t[1] - (v.left_at or 0)) < CONNECTS_S]
            yield from () if near else (f"{v} has none of {talks}",)


def assert_figures_tell_the_same(seen: Observer) -> None:
    figures = seen.window.table(0.0, math.inf, seen.floor.at)
    kept = [v for v in seen.visits() if v.outcome not in REFUSALS]
    for queue, row in figures.items():
        own = [v for v in kept if queue in ("", v.queue)]
        counted = {o.value: sum(v.outcome is o for v in own) for o in Outcome if o not in REFUSALS}
        counted |= {"offered": len(own), "waiting": 0}
        counted |= {"ring_no_answer": sum(a.unanswered for v in own for a in v.attempts)}
        assert {name: row[name] for name in counted} == counted, queue
        for name, of in (("wait_answered_s", "answered"), ("wait_abandoned_s", "abandoned")):
            assert row[name] == pytest.approx(sum(v.wait_s or 0.0 for v in own if v.outcome == of)), (queue, name)
        assert row["talk_s"] == pytest.approx(sum(v.talk_s or 0.0 for v in own)), queue


def assert_what_began_ended_once(seen: Observer) -> None:
    def count(kind: type[Change], name: str = "key") -> Counter[object]:
        return Counter(getattr(change, name) for change in seen.changes if isinstance(change, kind))

    entered, ended = count(c.VisitEntered), count(c.VisitEnded)
    assert set(ended.values()) == set(entered.values()) == {1}
    assert entered.keys() <= ended.keys()
    assert set(count(c.VisitCompleted).values()) <= {1}
    assert count(c.AttemptStarted) == count(c.AttemptEnded)
    assert count(c.CallStarted, "call") == count(c.CallEnded, "call")
    assert set(count(c.CallStarted, "call").values()) == {1}
    until: dict[str, float] = {}
    for change in seen.changes:
        if isinstance(change, c.AgentChanged) and (span := change.ended):
            assert span.from_ == until.get(span.agent, span.from_)
            until[span.agent] = span.to


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
@pytest.mark.parametrize("crashing", [False, True], ids=["cut", "crash"])
def test_a_hole_in_the_midst_of_a_recording_is_filled(path: Path, crashing: bool) -> None:
    observer, _ = seen(path, (400, 600), crashing)
    assert observer.repairs > 2
    assert_as_logged(path, observer)
    assert_figures_tell_the_same(observer)
    assert_told_of_repaired_calls(path, observer)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CAPTURES), cuts, st.booleans())
@example(next(path for path in CAPTURES if name_of(path) == "ast22-load"), [99, 193, 382, 999], False)
@example(next(path for path in CAPTURES if name_of(path) == "ast22-everything"), [333, 337], True)
@example(next(path for path in CAPTURES if name_of(path) == "ast22-everything"), [244, 344], False)
def test_wherever_the_holes_are_they_are_filled_and_a_second_repair_finds_nothing(
    path: Path, thousandths: list[int], crashing: bool
) -> None:
    observer, made = seen(path, thousandths, crashing)
    assert_as_logged(path, observer)
    assert_figures_tell_the_same(observer)
    assert_told_of_repaired_calls(path, observer)
    if not crashing:
        assert_what_began_ended_once(observer)
    assert observer.mended(fold(lines_of(path)), made) == []


def call_of(seen: Observer, linkedid: str) -> CallRecord:
    return next(record for record in seen.stored.values() if record.linkedid == linkedid)


@pytest.mark.parametrize(
    ("name", "thousandths", "crashing", "call"),
    [
        ("ast16-mix", (558, 607), True, "1795304988.1292"),
        ("ast16-mix", (558, 607), True, "1795304990.1369"),
        ("ast16-mix", (586, 607), True, "1795304990.1369"),
        ("ast22-mix", (235, 606, 739, 822), False, "1795304987.168"),
        ("ast22-mix", (562, 624, 676, 981), False, "1795304989.186"),
        ("ast16-behaviours", (256, 665, 795, 966), True, "1795298477.351"),
    ],
    ids=[
        "handed on, connect unseen", "halves of a Local channel", "halves, all else seen", "handed on, queue unseen",
        "halves, then a cut", "end unseen",
    ],
)  # fmt: skip
def test_conversations_around_a_hole_are_those_that_are_seen_without_one(
    name: str, thousandths: tuple[int, ...], crashing: bool, call: str
) -> None:
    path = next(path for path in CAPTURES if name_of(path) == name)
    ours = sorted(call_of(seen(path, thousandths, crashing)[0], call).conversations, key=lambda talk: talk.from_)
    theirs = call_of(without_a_hole(path), call).conversations
    assert [(t.interface, t.queue) for t in ours] == [(t.interface, t.queue) for t in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.to is not None and other.to is not None
        assert mine.from_ == pytest.approx(other.from_, abs=LOG_S)
        assert mine.to == pytest.approx(other.to, abs=LOG_S)


def test_a_caller_who_came_and_went_unseen_is_one_from_outside_though_a_phone_of_the_house_still_rang() -> None:
    path = next(path for path in CAPTURES if name_of(path) == "ast16-load")
    ours, theirs = (call_of(o, "1795298561.1778") for o in (seen(path, (1, 484), False)[0], without_a_hole(path)))
    assert (ours.direction, ours.number) == (theirs.direction, theirs.number) == (Direction.IN, "09121000179")


@pytest.mark.parametrize(
    ("name", "thousandths", "call"),
    [
        ("ast22-everything", (286, 420, 877, 975), "1795304760.131"),
        ("ast16-mix", (439, 818), "1795304977.755"),
        ("ast16-mix", (112, 332, 396, 864), "1795304963.79"),
    ],
    ids=["blind", "attended, both unseen", "attended"],
)
def test_a_call_whose_transfer_a_hole_hid_ends_no_earlier_than_who_was_seen_to_talk_in_it(
    name: str, thousandths: tuple[int, ...], call: str
) -> None:
    path = next(path for path in CAPTURES if name_of(path) == name)
    ended_at = call_of(seen(path, thousandths, False)[0], call).ended_at
    assert ended_at == pytest.approx(call_of(without_a_hole(path), call).ended_at, abs=LOG_S)


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_without_a_hole_nothing_is_mended(path: Path) -> None:
    observer, _ = seen(path, (), False)
    assert observer.repairs == 0
    assert observer.mended(fold(lines_of(path)), []) == []


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_a_day_that_nobody_saw_is_told_by_the_queue_log_alone(path: Path) -> None:
    """As on the first start: the link came up after everything was over."""
    events = events_of(path)
    observer = watch(events, lines_of(path), [Hole("main", events[0].at - 1, events[-1].at + 1, "not running")])
    assert observer.repairs >= 25
    assert {r.seen for r in observer.stored.values()} == {"repaired"}
    assert_as_logged(path, observer)
    assert_figures_tell_the_same(observer)
    assert_told_of_repaired_calls(path, observer)


def test_what_the_log_tells_of_a_call_does_not_open_it_again_when_a_list_ends_it_meanwhile() -> None:
    """The list behind the second cut lacks both channels; queue_log tells of the visit as the suspicion ripens."""
    told = scene.scene(
        e.LinkDown(0, "x"), e.LinkUp(0), scene.snapshot(0, scene.member(0)), scene.talking(10),
        e.LinkDown(30, "cut", 30), e.LinkUp(40), scene.snapshot(40, scene.member(40)),
    )  # fmt: skip
    record = told.record()
    (before,) = record.visits
    after = msgspec.structs.replace(before, talk_s=20.0, hold_s=0.0, ended_by="caller", repaired=True)
    mended = msgspec.structs.replace(record, visits=(after,), seen="repaired")
    told.play(e.VisitsLogged(43.0, scene.CALLER, mended, ((before, after),)), scene.ticks(50, 60))
    assert len(told.said(CallEnded)) == 1
    assert told.record().ended_at is not None
    assert told.visit().talk_s == 20.0

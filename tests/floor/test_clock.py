"""The PBX's clock is set in the middle of a story: every duration is that of the same story without it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Scene,
    abandon,
    asks_end,
    completes,
    dials_in,
    gone,
    joins,
    left,
    lists,
    member,
    snapshot,
    talking,
    ticks,
    waits,
)

from callcenter.floor import events as e
from callcenter.floor.changes import AgentChanged, TimeShifted, WrapUpEnded
from callcenter.floor.floor import Floor
from callcenter.floor.records import Outcome
from callcenter.pending import Pending

START = 100_000.0
SECOND = "102.1"
HOUR = 3600.0


def flat(*events: Any) -> list[e.Event]:
    return [x for event in events for x in ([event] if isinstance(event, e.Event) else flat(*event))]


STORY = flat(
    member(0, wrap_up=10.0), member(0, BEN, paused=True, reason="lunch"),
    talking(1),  # waits from 2, rings from 3, talks from 7
    dials_in(8, SECOND), joins(9, leg=SECOND, call=SECOND),
    e.Held(12, PHONE, CALLER), e.Unheld(17, PHONE, CALLER),
    asks_end(25), completes(25), gone(25, PHONE), gone(25),  # Anna's wrap-up until 35
    asks_end(31, SECOND, SECOND), abandon(31, leg=SECOND, call=SECOND), left(31, leg=SECOND, call=SECOND),
    gone(31, SECOND, SECOND), member(38, BEN), ticks(40),
)  # fmt: skip
"""One waits while another is rung, answered, held and let go; after it there is a wrap-up; somebody is at lunch."""


def told(step_after: float, by: float) -> Scene:
    """The story with the PBX's clock set by ``by`` seconds behind ``step_after``."""
    scene = Scene(Floor())
    stepped = False
    for event in STORY:
        if not stepped and event.at > step_after:
            stepped = True
            scene.play(e.ClockStepped(START + step_after + by, by))
        scene.play(msgspec.structs.replace(event, at=START + event.at + (by if stepped else 0.0)))
    return scene


def durations(scene: Scene) -> dict[str, Any]:
    visits = {r.linkedid: [(v.outcome, v.wait_s, v.talk_s, v.hold_s, v.wrap_up_s) for v in r.visits]
              for r in scene.records()}  # fmt: skip
    rings = [attempt.rang_s for r in scene.records() for v in r.visits for attempt in v.attempts]
    talks = [(c.talk_s, c.hold_s) for r in scene.records() for c in r.conversations]
    spans = [(c.ended.agent, c.ended.state, round(c.ended.to - c.ended.from_, 3))
             for c in scene.said(AgentChanged) if c.ended]  # fmt: skip
    wraps = [change.wrap_up_s for change in scene.said(WrapUpEnded)]
    return {"visits": visits, "rings": rings, "talks": talks, "spans": spans, "wraps": wraps}


def test_the_story_without_a_step_is_what_it_says() -> None:
    told_plainly = durations(told(1000, 0))
    assert told_plainly["visits"] == {
        CALLER: [("answered", 5.0, 18.0, 5.0, 10.0)], SECOND: [("abandoned", 22.0, None, None, None)],
    }  # fmt: skip
    assert told_plainly["talks"] == [(13.0, 5.0)]
    assert (told_plainly["rings"], told_plainly["wraps"]) == ([4.0], [10.0])
    assert (BEN, "paused", 38.0) in told_plainly["spans"]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([0.5, 1.5, 4, 7.5, 8.5, 10, 14, 20, 24.9, 27, 33, 36, 39]),
       st.sampled_from([HOUR, -HOUR, 3.0, -3.0, -86_400.0]))  # fmt: skip
def test_a_step_at_any_moment_changes_no_duration(step_after: float, by: float) -> None:
    scene = told(step_after, by)
    assert durations(scene) == durations(told(1000, 0))
    assert (scene.floor.drifts, scene.left_open()) == ({}, {})
    assert [change.by_s for change in scene.said(TimeShifted)] == [by]


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_board_shows_the_same_waits_behind_a_step(by: float) -> None:
    scene = Scene().play(member(START), dials_in(START), joins(START + 1), e.ClockStepped(START + 5 + by, by))
    (queue,) = scene.floor.now(START + 10 + by).queues
    assert [START + 10 + by - since for since in queue.waiting_since] == [9]
    (agent,) = scene.floor.now(START + 10 + by).agents
    assert START + 10 + by - agent.since == 10


BEFORE = flat(
    e.LinkUp(-20), snapshot(-20, member(-20)), talking(1), dials_in(8, SECOND), joins(9, leg=SECOND, call=SECOND),
)  # fmt: skip
AFTER = flat(
    e.LinkDown(20.7, "not connected yet"), e.Booted(20.8, 900), e.LinkUp(20.9),
    snapshot(21, member(21), waits(21, 12.0, SECOND), lists(21, CALLER, 20, bridge="b"), lists(21, SECOND, 13, SECOND),
             lists(21, PHONE, 18, endpoint=ANNA, bridge="b")),
    asks_end(25), completes(25), gone(25, PHONE), gone(25),
    asks_end(31, SECOND, SECOND), abandon(31, leg=SECOND, call=SECOND), left(31, leg=SECOND, call=SECOND),
    gone(31, SECOND, SECOND), ticks(40),
)  # fmt: skip


def killed_behind_a_step(by: float) -> dict[str, Any]:
    """One talks and one waits; the clock is set at 20, and another process goes on with what was stored by then."""
    floor, pending = Floor(), Pending()
    stepped = e.ClockStepped(20 + by, by)
    for event in [*(msgspec.structs.replace(event, at=START + event.at) for event in BEFORE),
                  msgspec.structs.replace(stepped, at=START + stepped.at)]:  # fmt: skip
        pending.put(floor.apply(event), (), floor.record)
    stored = pending.batch(99, 99, 99, lambda record: None, 0.0).calls
    scene = Scene(Floor())
    scene.floor.remember(stored, alive=START + 20 + by)
    scene.play(*(msgspec.structs.replace(event, at=START + event.at + by) for event in AFTER))
    assert len(stored) == 2 and (scene.floor.drifts, scene.left_open()) == ({}, {})
    lasted = [(r.linkedid, (r.ended_at or 0) - r.started_at) for r in scene.records()]
    return {"lasted": lasted} | {name: durations(scene)[name] for name in ("visits", "talks")}


@pytest.mark.parametrize("by", [HOUR, -HOUR, 100.0, -100.0])
def test_who_is_killed_right_behind_a_step_has_stored_it(by: float) -> None:
    whole = killed_behind_a_step(0.0)
    assert whole["visits"][SECOND] == [("abandoned", 22.0, None, None, None)] and whole["talks"] == [(18.0, 0.0)]
    assert killed_behind_a_step(by) == whole


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_who_left_the_queue_unseen_and_turns_out_to_talk_has_talked_no_hour(by: float) -> None:
    """What became of him is told behind the step only, by queue_log."""
    scene = Scene().play(
        e.LinkUp(START), snapshot(START, member(START)), dials_in(START + 10), joins(START + 11),
        e.LinkDown(START + 20, "cut", START + 20), e.LinkUp(START + 40),
        snapshot(START + 40, member(START + 40), lists(START + 40, CALLER, 30, bridge="b"),
                 lists(START + 40, PHONE, 15, endpoint=ANNA, bridge="b")),
        ticks(START + 41, START + 46), e.ClockStepped(START + 47 + by, by),
    )  # fmt: skip
    record = scene.record()
    (before,) = record.visits
    assert before.outcome is Outcome.UNKNOWN
    after = msgspec.structs.replace(
        before, outcome=Outcome.ANSWERED, left_at=START + 25 + by, wait_s=14.0, agent="1001", interface=ANNA,
        repaired=True,
    )  # fmt: skip
    told = msgspec.structs.replace(record, visits=(after,), seen="repaired")
    scene.play(e.VisitsLogged(START + 50 + by, CALLER, told, ((before, after),)))
    ended = START + 60 + by
    scene.play(asks_end(ended), completes(ended), gone(ended, PHONE), gone(ended), ticks(ended + 1, ended + 9))
    (visit,), (talk,) = scene.record().visits, scene.record().conversations
    assert (visit.entered_at, visit.wait_s) == (START + 11 + by, 14.0)
    assert visit.talk_s == pytest.approx(35.0, abs=1)
    assert talk.talk_s == pytest.approx(35.0, abs=1)


def test_what_was_over_before_the_step_keeps_its_times() -> None:
    record = told(27, HOUR).record()
    assert (record.started_at, record.ended_at) == (START + 1, START + 25)


def test_events_that_go_back_by_little_give_no_negative_duration() -> None:
    """Asterisk's Timestamps do so now and then."""
    scene = Scene().play(member(START), dials_in(START), joins(START + 0.1), left(START + 0.05), gone(START - 0.2))
    visit, record = scene.visit(), scene.record()
    assert visit.wait_s == 0
    assert record.ended_at is not None and record.ended_at >= record.started_at
    spans = [c.ended for c in scene.said(AgentChanged) if c.ended]
    assert all(span.to >= span.from_ for span in spans)


def test_nothing_that_has_not_been_yet_is_moved() -> None:
    floor = Floor()
    floor.apply(e.ClockStepped(START, HOUR))
    assert (floor.link_since, floor.listing.began_at, floor.revived.until) == (0, 0, 0)
    assert floor.apply(member(START + 1))[0].at == START + 1
    assert floor.agents.all[ANNA].since == START + 1

"""Any events in any order: nothing raises, what began ends once, spans are contiguous, nothing is left behind."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scene import (
    ANNA,
    BEN,
    Events,
    Scene,
    answers,
    completes,
    dials_in,
    gone,
    joins,
    lists,
    member,
    no_answer,
    rings,
    snapshot,
    waits,
)

from callcenter.floor import changes as c
from callcenter.floor import events as e
from callcenter.floor.floor import HANDLERS, Floor
from callcenter.floor.revive import under_way

CHANNELS = {
    "": "",
    "100.1": "PJSIP/trunk-1",
    "100.2": "PJSIP/1001-2",
    "102.3": "PJSIP/1002-3",
    "103.4": "PJSIP/1001-4",
    "104.5": "Local/1003@agents-4;1",
    "105.6": "Local/1003@agents-4;2",
    "101.2": "PJSIP/trunk-6",
}
STEPS = st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.0, 4.0, -0.05])
FIELDS = {
    "leg": st.sampled_from(list(CHANNELS)),
    "call": st.sampled_from(["", "100.1", "101.2", "102.3"]),
    "channel": st.sampled_from(list(CHANNELS.values())),
    "bridge": st.sampled_from(["", "b1", "b2"]),
    "queue": st.sampled_from(["sales", "support"]),
    "interface": st.sampled_from(["PJSIP/1001", "PJSIP/1002", "Local/1003@agents"]),
    "state_interface": st.sampled_from(["", "hint:1003@ext", "PJSIP/1003"]),
    "state": st.sampled_from([0, 4, 5, 6]),
    "device": st.sampled_from([1, 5]),
    "cause": st.sampled_from([0, 16, 17]),
    "number": st.sampled_from(["", "09121234567", "1001"]),
    "status": st.sampled_from(["ANSWER", "BUSY", "CANCEL", "TIMEOUT", "FULL", "CONTINUE", "?"]),
    "reason": st.sampled_from(["", "caller", "agent", "transfer"]),
    "wrap_up_s": st.sampled_from([0.0, 3.0]),
    "age_s": st.sampled_from([0.0, 50.0]),
    "waited_s": st.sampled_from([0.0, 10.0]),
    "by_s": st.sampled_from([3.0, -3.0, 0.7]),
    "uptime_s": st.sampled_from([1.0, 4000.0]),
}
FIELDS |= dict.fromkeys(("dest", "second", "transferee", "target", "one", "two"), FIELDS["leg"])
FIELDS |= dict.fromkeys(("dest_call", "second_call"), FIELDS["call"])
BY_TYPE = {"str": st.sampled_from(["", "x"]), "int": st.just(1), "float": st.just(1.0), "bool": st.booleans()}


def flat(events: Events) -> list[e.Event]:
    return [x for event in events for x in ([event] if isinstance(event, e.Event) else flat(event))]


STORY = flat([
    member(0, wrap_up=3.0), member(0, BEN), dials_in(0), joins(0), rings(0, "100.2", ANNA), no_answer(0, "100.2"),
    rings(0, "102.3", BEN), answers(0, "102.3", BEN), e.Held(0, "102.3", "100.1"), e.Unheld(0, "102.3", "100.1"),
    dials_in(0, "101.2"), joins(0, leg="101.2", call="101.2"), e.LinkDown(0, "cut"), e.LinkUp(0),
    snapshot(0, member(0), waits(0, 3.0, "101.2"), lists(0, "101.2", 3, "101.2"),
             lists(0, "100.1", 9, bridge="b-100.1"), lists(0, "102.3", 8, endpoint=BEN, bridge="b-100.1")),
    completes(0, "agent", "102.3", BEN), gone(0, "102.3"), rings(0, "103.4", ANNA, leg="101.2"),
    answers(0, "103.4", ANNA, leg="101.2"), gone(0), completes(0, "caller", "103.4", ANNA, leg="101.2"),
])  # fmt: skip
"""Two calls, a ring that nobody answers, a hole: told with events missing, twice, late, and others between them."""


def any_of(kind: type[e.Event]) -> st.SearchStrategy[e.Event]:
    hints = {name: hint for base in kind.__mro__ for name, hint in vars(base).get("__annotations__", {}).items()}
    values = {name: FIELDS.get(name, BY_TYPE.get(hints[name])) for name in kind.__struct_fields__}
    return st.builds(kind, **values | {"at": STEPS})


NOT_YET = {e.VisitsLogged}
EDITS = st.lists(
    st.tuples(st.sampled_from(["keep", "keep", "keep", "keep", "drop", "twice", "late"]), STEPS),
    min_size=len(STORY), max_size=len(STORY),
)  # fmt: skip
BETWEEN = st.lists(
    st.tuples(st.integers(0, len(STORY)), st.one_of([any_of(kind) for kind in HANDLERS if kind not in NOT_YET])),
    max_size=15,
)
EVENTS = st.builds(lambda edits, between: told(edits, between), EDITS, BETWEEN)


def told(edits: list[tuple[str, float]], between: list[tuple[int, e.Event]]) -> list[e.Event]:
    """The story as edited; each event's ``at`` is the seconds since the one before."""
    order: list[tuple[float, e.Event]] = [(place - 0.5, event) for place, event in between]
    for place, (event, (edit, step)) in enumerate(zip(STORY, edits, strict=True)):
        event = msgspec.structs.replace(event, at=step)
        places = {"keep": [0], "drop": [], "twice": [0, 2], "late": [4]}[edit]
        order += [(place + moved, event) for moved in places]
    return [event for _, event in sorted(order, key=lambda placed: placed[0])]


def timed(events: list[e.Event]) -> list[e.Event]:
    """The same with times since the epoch."""
    ats = accumulate((event.at for event in events), initial=5000.0)
    return [msgspec.structs.replace(event, at=at) for event, at in zip(events, list(ats)[1:], strict=True)]


def played(events: list[e.Event]) -> Scene:
    """The events; then every channel hangs up and time passes."""
    return hung_up(Scene(Floor(wrap_up=lambda queue: 2.0)).play(timed(events)))


def hung_up(scene: Scene) -> Scene:
    at = max(scene.floor.at, 5000.0)
    for _ in range(2):  # the second time for those that only an unfinished list still named
        scene.play(e.LinkUp(at), [e.LegGone(at, uid, "", "", 16) for uid in CHANNELS], e.LegsListed(at))
    return scene.play([e.Tick(at + 10 * n) for n in (1, 2, 3)])


def test_the_story_unedited_goes_well() -> None:
    """Else what follows would show little."""
    scene = played(told([("keep", 1.0)] * len(STORY), []))
    assert [change.visit.outcome for change in scene.said(c.VisitCompleted)] == ["answered", "answered"]
    assert len(scene.said(c.WrapUpEnded)) == 2
    assert scene.floor.drifts == {}


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_comes_nothing_raises_and_nothing_is_left_behind(events: list[e.Event]) -> None:
    assert played(events).left_open() == {}


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_comes_what_began_ends_exactly_once(events: list[e.Event]) -> None:
    scene = played(events)
    ended = Counter(change.key for change in scene.said(c.VisitEnded))
    answered = [v.key for v in scene.said(c.VisitEnded) if v.visit.outcome == "answered"]
    assert set(ended.values()) <= {1}
    assert {change.key for change in scene.said(c.VisitEntered)} <= set(ended)
    assert sorted(change.key for change in scene.said(c.VisitCompleted)) == sorted(answered)
    assert len(scene.said(c.ConversationStarted)) == len(scene.said(c.ConversationEnded))
    assert len(scene.said(c.AttemptStarted)) == len(scene.said(c.AttemptEnded))
    started = Counter(change.call for change in scene.said(c.CallStarted))
    assert set(started.values()) <= {1}
    assert set(started) == {change.call for change in scene.said(c.CallEnded)}


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_comes_records_are_whole_and_no_time_is_negative(events: list[e.Event]) -> None:
    for record in played(events).records():
        assert record.ended_at is not None
        assert record.ended_at >= record.started_at
        for visit in record.visits:
            assert visit.outcome and visit.wait_s is not None and visit.wait_s >= 0
            assert all(attempt.result for attempt in visit.attempts)
        for talk in record.conversations:
            assert talk.to is not None and talk.to >= talk.from_
            assert talk.talk_s is not None and talk.talk_s >= 0


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_comes_an_agents_spans_follow_each_other_without_gap_or_overlap(events: list[e.Event]) -> None:
    until: dict[str, float] = {}
    for change in played(events).changes:
        if isinstance(change, c.TimeShifted):
            until = {agent: at + change.by_s for agent, at in until.items()}
        if isinstance(change, c.AgentChanged) and (span := change.ended):
            assert span.from_ == pytest.approx(until.get(span.agent, span.from_))
            assert span.to > span.from_
            until[span.agent] = span.to


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.integers(0, len(STORY)))
def test_whatever_comes_a_restart_in_the_midst_loses_nothing_that_was_stored(events: list[e.Event], stop: int) -> None:
    events = timed([event for event in events if not isinstance(event, e.ClockStepped)])  # it moves what is compared
    before = Scene().play(events[:stop])
    stored = [call.record() for call in before.floor.by_id.values()]
    after = Scene(Floor(wrap_up=lambda queue: 2.0))
    after.changes += after.floor.remember(stored, before.floor.running_spans())
    hung_up(after.play(e.LinkDown(before.floor.at, "not connected yet"), e.LinkUp(before.floor.at), events[stop:]))
    assert (after.left_open(), after.floor.revived.calls, after.floor.revived.unbound) == ({}, [], {})
    everywhere = Counter((v.queue, v.entered_at) for r in after.records() for v in r.visits)
    for old in stored:
        new = after.floor.finished[old.id]
        kept = [(c.interface, c.from_) for c in new.conversations]
        assert {v for v in old.visits if not under_way(v)} <= set(new.visits)
        assert {(c.interface, c.from_) for c in old.conversations} <= set(kept)
        assert all(everywhere[v.queue, v.entered_at] for v in old.visits)
        assert new.started_at == old.started_at

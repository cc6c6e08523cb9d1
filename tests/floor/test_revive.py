"""A process ends while calls are up, another one takes them up: what was written stays, what goes on is finished."""

from __future__ import annotations

import math
from datetime import UTC
from itertools import pairwise

import msgspec
import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    Scene,
    abandon,
    answers,
    asks_end,
    completes,
    connects,
    dials_in,
    enters,
    gone,
    joins,
    leaves,
    left,
    lists,
    member,
    no_answer,
    rings,
    scene,
    snapshot,
    talking,
    ticks,
    up,
    waits,
)

from callcenter.figures import Targets, Window
from callcenter.floor import events as e
from callcenter.floor.changes import (
    AgentChanged,
    CallEnded,
    CallStarted,
    ConversationEnded,
    ConversationStarted,
    PbxRestarted,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    VisitRevived,
)
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Visit
from callcenter.floor.revive import under_way

BRIDGE = f"b-{CALLER}"
Row = dict[str, float | None]


class Restart:
    """``before``: all that the first process saw. ``after``: the second, with what the first had stored.

    ``figures``: those of the second, restored as the daemon does.
    """

    def __init__(self, before: Scene, boot: int = 0, alive: float = math.inf) -> None:
        self.before = before
        self.stored = [call.record() for call in before.floor.by_id.values()]
        self.spans = [c.ended for c in before.said(AgentChanged) if c.ended] + before.floor.running_spans()
        self.after = Scene(Floor(boot=boot))
        self.window = Window(lambda _: Targets(), UTC, "00:00")
        over = [v for r in [*before.floor.finished.values(), *self.stored] for v in r.visits if not under_way(v)]
        self.window.restore(over, self.spans)
        self.after.changes += self.after.floor.remember(self.stored, self.spans, alive)

    def play(self, *events: e.Event | Events) -> Restart:
        self.after.play(*events)
        return self

    def figures(self, at: float) -> Row:
        for change in self.after.changes:
            self.window.apply(change)
        return self.window.figures(at)["today"]["sales"]


def linked(*events: e.Event | Events) -> Scene:
    return scene(e.LinkUp(-20), snapshot(-20, member(-20)), *events)


def again(at: float, *listed: e.Event | Events, uptime: float | None = None) -> Events:
    """The second process logs in and takes its first snapshot."""
    return (
        e.LinkDown(at - 0.2, "not connected yet"),
        e.Booted(at - 0.1, at if uptime is None else uptime),
        e.LinkUp(at - 0.1),
        snapshot(at, member(at), *listed),
    )


def in_talk(at: float) -> Events:
    return lists(at, CALLER, at, bridge=BRIDGE), lists(at, PHONE, at - 2, endpoint=ANNA, bridge=BRIDGE)


def without_seen(record: CallRecord) -> CallRecord:
    return msgspec.structs.replace(record, seen="")


def same_as_without_a_restart(told: Restart, *rest: e.Event | Events) -> None:
    """The record equals that of one process that saw everything."""
    whole = told.before.play(*rest).record()
    told.play(*rest)
    assert without_seen(told.after.record()) == without_seen(whole)
    assert (told.after.record().seen, whole.seen) == ("partial", "whole")
    assert (told.after.left_open(), told.after.floor.drifts) == ({}, {})


# ---- waiting --------------------------------------------------------------------------------------------------


def test_who_waited_at_the_stop_waits_since_the_beginning_and_the_attempts_are_kept() -> None:
    told = Restart(linked(dials_in(0), joins(1), rings(2), no_answer(7)))
    told.play(again(20, waits(20, 19.0), lists(20, CALLER, 20)), ticks(24))
    assert told.after.floor.queues["sales"].now({}, 0).waiting_since == (1,)
    rest = rings(30), answers(36), asks_end(96), completes(96), gone(96, PHONE), gone(96)
    same_as_without_a_restart(told, *rest)
    assert [a.result for a in told.after.visit().attempts] == ["no_answer", "answered"]
    assert (told.after.visit().wait_s, told.after.visit().talk_s) == (35, 60)
    row = told.figures(100)
    assert (row["offered"], row["answered"], row["ring_no_answer"], row["talk_s"]) == (1, 1, 1, 60)


def test_a_revived_call_is_not_told_as_new() -> None:
    told = Restart(linked(dials_in(0), joins(1))).play(again(20, waits(20, 19.0), lists(20, CALLER, 21)))
    assert [told.after.said(kind) for kind in (CallStarted, VisitEntered)] == [[], []]
    assert [(c.call, c.visit.entered_at) for c in told.after.said(VisitRevived)] == [("main-0-100.1", 1)]
    assert (told.after.record().started_at, told.after.record().direction) == (0, "in")


def test_who_abandons_after_the_restart_has_abandoned() -> None:
    told = Restart(linked(dials_in(0), joins(1))).play(again(20, waits(20, 19.0), lists(20, CALLER, 20)))
    same_as_without_a_restart(told, asks_end(50), abandon(50), left(50), gone(50))
    assert (told.after.visit().outcome, told.after.visit().wait_s) == ("abandoned", 49)


def test_an_answer_between_login_and_snapshot_belongs_to_the_remembered_visit() -> None:
    told = Restart(linked(dials_in(0), joins(1), rings(2)))
    told.play(e.LinkDown(19, ""), e.LinkUp(20), e.SnapshotBegan(20), left(20.1), connects(20.1))
    told.play(snapshot(20.2, member(20.2), *in_talk(20.2)), ticks(24), completes(80), gone(80, PHONE), gone(80))
    visit = told.after.visit()
    assert (visit.outcome, visit.wait_s, visit.talk_s) == ("answered", pytest.approx(19.1), pytest.approx(59.9))
    assert [a.result for a in visit.attempts] == ["answered"]
    assert told.after.left_open() == {}


def test_an_attempt_that_rang_at_the_stop_is_answered_after_it() -> None:
    told = Restart(linked(dials_in(0), joins(1), rings(2)))
    ringing = lists(5, PHONE, 3, endpoint=ANNA, state=5)
    told.play(again(5, waits(5, 4.0), lists(5, CALLER, 5, state=4), ringing))
    rest = up(6, PHONE), left(6), connects(6), enters(6, PHONE, BRIDGE), enters(6, CALLER, BRIDGE)
    same_as_without_a_restart(told, *rest, completes(66), gone(66, PHONE), gone(66))


def test_an_attempt_that_ended_meanwhile_is_cancelled_and_the_next_one_is_another() -> None:
    told = Restart(linked(dials_in(0), joins(1), rings(2)))
    told.play(again(20, waits(20, 19.0), lists(20, CALLER, 20)), rings(30, "100.3"), answers(36, "100.3"))
    assert [(a.at, a.result) for a in told.after.visit().attempts] == [(2, "cancelled"), (30, "answered")]


def test_who_left_and_came_back_meanwhile_made_two_visits() -> None:
    told = Restart(linked(dials_in(0), joins(1), ticks(19)))
    told.play(again(60, waits(60, 10.0), lists(60, CALLER, 60)), ticks(63))
    first, second = told.after.record().visits
    assert (first.entered_at, first.outcome, second.entered_at, second.outcome) == (1, "unknown", 50, None)
    assert told.figures(70)["offered"] == 2


def test_who_waits_no_more_has_an_unknown_visit_of_a_living_call() -> None:
    told = Restart(linked(dials_in(0), joins(1))).play(again(20, lists(20, CALLER, 20)), ticks(21, 23))
    assert (told.after.visit().outcome, told.after.record().ended_at) == ("unknown", None)
    row = told.play(asks_end(90), gone(90)).figures(100)
    assert (row["offered"], row["unknown"], told.after.record().ended_by) == (1, 1, "caller")
    assert told.after.left_open() == {}


# ---- talking --------------------------------------------------------------------------------------------------


def test_who_talked_at_the_stop_has_the_true_talk_time() -> None:
    told = Restart(linked(talking())).play(again(20, *in_talk(20)), ticks(24))
    assert told.after.floor.agents.all[ANNA].state == "talking"
    assert told.after.floor.now(24).queues[0].talking == 1
    same_as_without_a_restart(told, asks_end(66), completes(66), gone(66, PHONE), gone(66))
    assert (told.after.visit().talk_s, told.after.record().conversations[0].from_) == (60, 6)
    assert [len(told.after.said(k)) for k in (ConversationStarted, ConversationEnded, CallEnded)] == [0, 1, 1]
    row = told.figures(70)
    assert (row["offered"], row["answered"], row["talk_s"]) == (1, 1, 60)


@pytest.mark.parametrize("lacks", [{"leg": ""}, {"dest": ""}, {"leg": "", "dest": ""}, {"dest": "100.77"}])
def test_agent_complete_finds_its_revived_visit_by_what_is_there(lacks: dict[str, str]) -> None:
    told = Restart(linked(talking())).play(again(20, *in_talk(20)))
    told.play(msgspec.structs.replace(completes(66), **lacks), gone(66, PHONE), gone(66))
    assert (told.after.visit().talk_s, told.after.visit().ended_by) == (60, "caller")


def test_a_conversation_over_a_local_channel_goes_on() -> None:
    """A member behind ``Local/1001@agents/n``: only the names of its halves say that they belong together."""
    local, inner, outer = "Local/1001@agents", "b-inner", "100.4"
    through = member(0, f"{local}/n", state_interface=ANNA)
    told = Restart(
        linked(through, dials_in(0), joins(1), left(6), connects(6, PHONE, f"{local}/n"), ticks(15))
    ).play(e.LinkDown(19, ""), e.LinkUp(20))
    listed = (
        lists(20, CALLER, 20, bridge=BRIDGE), half(20, "100.3", f"{local}-1;1", BRIDGE),
        half(20, outer, f"{local}-1;2", inner), lists(20, PHONE, 18, endpoint=ANNA, bridge=inner),
    )  # fmt: skip
    told.play(snapshot(20, msgspec.structs.replace(through, at=20), *listed), ticks(24))
    assert told.after.floor.agents.all[f"{local}/n"].state == "talking"
    told.play(completes(66, phone="100.3", who=f"{local}/n"))
    told.play(gone(66, leg) for leg in (PHONE, "100.3", outer, CALLER))
    assert (told.after.visit().talk_s, len(told.after.record().conversations)) == (60, 1)
    assert told.after.left_open() == {}


def half(at: float, leg: str, name: str, bridge: str) -> e.Event:
    return e.LegSeen(at, leg, CALLER, name, 6, "1001", "", "800", "agents", bridge, 18)


def test_agent_complete_before_the_snapshot_ends_the_conversation() -> None:
    told = Restart(linked(talking())).play(e.LinkDown(19, ""), e.LinkUp(20), completes(20.1), gone(20.1))
    told.play(snapshot(20.2, member(20.2)))
    assert (told.after.visit().talk_s, told.after.visit().ended_by) == (pytest.approx(14.1), "caller")
    assert told.after.left_open() == {}


def test_the_agents_hold_so_far_is_kept_and_a_hold_under_way_goes_on() -> None:
    held = e.Held(10, PHONE, CALLER), e.Unheld(13, PHONE, CALLER), e.Held(16, PHONE, CALLER), ticks(18)
    told = Restart(linked(talking(), held))
    told.play(e.LinkDown(19, ""), e.LinkUp(20), snapshot(20, member(20, device=8), *in_talk(20)))
    assert told.after.floor.agents.all[ANNA].state == "holding"
    rest = e.Unheld(26, PHONE, CALLER), completes(66), gone(66, PHONE), gone(66)
    same_as_without_a_restart(told, *rest)
    assert (told.after.visit().hold_s, told.after.record().conversations[0].talk_s) == (13, 47)


def test_a_process_that_stops_while_the_link_is_down_leaves_what_was_seen_until_then() -> None:
    """Its ticks go on: agents who talked and held for minutes that nobody saw, and a hold that nobody took up."""
    held = member(0, BEN), talking(), e.Held(10, PHONE, CALLER), e.LinkDown(21, "cut", 18.0), ticks(60, 600)
    told = Restart(linked(held), alive=18.0)
    assert {(s.agent, s.state, s.to) for s in told.before.floor.running_spans()} == {
        (ANNA, "holding", 18.0), (BEN, "available", 18.0)
    }  # fmt: skip
    told.play(again(620, member(620, device=8), *in_talk(620)), e.Unheld(630, PHONE, CALLER), completes(640))
    assert told.after.visit().hold_s == 620


def test_what_is_kept_of_a_link_that_is_dead_already_is_no_more_than_what_it_turns_out_to_have_been() -> None:
    told = scene(member(-5), talking(0), ticks(25))
    (kept,) = told.floor.running_spans(16)  # nothing was heard since, which is known at 27
    told.play(e.LinkDown(27, "cut", 16.0), e.LinkUp(60), snapshot(61, member(61)), ticks(64))
    over = [change.ended for change in told.said(AgentChanged) if change.ended]
    assert [(span.state, span.from_, span.to) for span in over[-1:]] == [(kept.state, kept.from_, kept.to)]


def test_a_hold_that_began_with_the_last_that_was_heard_is_known_to_the_next_process() -> None:
    (kept,) = scene(member(0), talking(), e.Held(10, PHONE, CALLER), ticks(11)).floor.running_spans(10)
    assert (kept.state, kept.from_, kept.to) == ("holding", 10, 10)


def test_a_hold_that_ended_meanwhile_is_counted_as_long_as_it_was_seen() -> None:
    told = Restart(linked(talking(), e.Held(10, PHONE, CALLER), ticks(15)))
    told.play(e.LinkDown(19, ""), e.LinkUp(20), snapshot(20, member(20, device=2), *in_talk(20)))
    assert told.after.floor.agents.all[ANNA].state == "talking"
    assert told.play(completes(66)).after.visit().hold_s == 5


def test_a_conversation_that_ended_meanwhile_is_counted_as_long_as_it_was_seen() -> None:
    told = Restart(linked(talking(), ticks(15))).play(again(500, lists(500, CALLER, 500)), ticks(503))
    (talk,) = told.after.record().conversations
    assert (talk.to, told.after.visit().talk_s, told.after.record().ended_at) == (15, 9, None)
    assert told.play(gone(600)).figures(610)["talk_s"] == 9
    assert told.after.left_open() == {}


def test_after_a_transfer_the_first_conversation_stays_and_the_second_goes_on() -> None:
    """Anna sends the caller on to Ben; the queue's visit was complete before the stop."""
    moved = (
        e.BlindTransferred(20, PHONE, CALLER, CALLER, "1002", True),
        completes(20, "transfer"), leaves(20, PHONE, BRIDGE), leaves(20, CALLER, BRIDGE), gone(20, PHONE),
        e.LegCreated(21, "100.3", CALLER, f"{BEN}-100.3", 0, "1002", "", "s", "internal"),
        up(24, "100.3", endpoint=BEN), enters(24, "100.3", "b2"), enters(24, CALLER, "b2"),
    )  # fmt: skip
    told = Restart(linked(talking(), moved))
    listed = lists(40, CALLER, 40, bridge="b2"), lists(40, "100.3", 19, endpoint=BEN, bridge="b2")
    told.play(again(40, *listed))
    same_as_without_a_restart(told, asks_end(84), gone(84, "100.3"), gone(84))
    first, second = told.after.record().conversations
    assert (first.to, first.ended_by, second.interface, second.from_, second.to) == (20, "transfer", BEN, 24, 84)
    assert [t.kind for t in told.after.record().transfers] == ["blind"]
    row = told.figures(90)
    assert (row["offered"], row["talk_s"], row["transferred"]) == (1, 14, 1)


def test_a_second_restart_loses_nothing_either() -> None:
    once = Restart(linked(talking())).play(again(20, *in_talk(20)), ticks(24))
    twice = Restart(once.after).play(again(40, *in_talk(40)), completes(66), gone(66, PHONE), gone(66))
    visit = twice.after.visit()
    assert (visit.talk_s, visit.wait_s, len(twice.after.record().conversations)) == (60, 5, 1)


def test_a_stop_before_the_first_snapshot_forgets_nothing() -> None:
    once = Restart(linked(talking())).play(e.LinkDown(19, ""))
    twice = Restart(once.after).play(again(40, *in_talk(40)), completes(66), gone(66, PHONE), gone(66))
    assert twice.after.visit().talk_s == 60


# ---- what is no more ------------------------------------------------------------------------------------------


def test_a_call_that_is_not_in_the_first_snapshot_ends_as_unknown_and_is_counted_once() -> None:
    told = Restart(linked(dials_in(0), joins(1), ticks(15))).play(again(60))
    record = told.after.record()
    assert (record.ended_by, record.ended_at, record.seen) == ("unknown", 15, "partial")
    assert told.after.visit().outcome == "unknown"
    row = told.figures(70)
    assert (row["offered"], row["unknown"], told.after.left_open()) == (1, 1, {})


def test_what_was_seen_until_the_end_lasted_that_long_though_nothing_happened_for_a_while() -> None:
    """Else it would have ended before the hole, and queue_log would not be asked how it went on."""
    told = Restart(linked(talking(), ticks(15)), alive=20.0).play(again(600))
    assert (told.after.visit().talk_s, told.after.record().ended_at) == (14, 20)


def test_who_waited_at_the_stop_waits_no_longer_than_the_earlier_process_lived_while_nobody_sees_him() -> None:
    told = Restart(linked(dials_in(0), joins(1), ticks(15)), alive=20.0).play(e.LinkDown(60, "refused"), ticks(100))
    board = told.after.floor.now(600)
    assert (board.queues[0].oldest_at, board.unseen.lost_at, board.lasts_s(1.0)) == (1.0, 20.0, 19.0)
    told.play(e.Booted(610, 610), e.LinkUp(610))
    assert told.after.floor.now(620).lasts_s(1.0) == 19.0, "a login is no look yet"
    told.play(snapshot(630, member(630), waits(630, 629.0), lists(630, CALLER, 630)))
    assert told.after.floor.now(640).lasts_s(1.0) == 639.0


def test_a_conversation_of_a_call_that_is_no_more_lasted_as_long_as_it_was_seen() -> None:
    told = Restart(linked(talking(), ticks(15))).play(again(600))
    assert (told.after.record().ended_by, told.after.visit().talk_s, told.after.visit().outcome) == (
        "unknown", 9, "answered",
    )  # fmt: skip
    assert [len(told.after.said(k)) for k in (VisitEnded, VisitCompleted, CallEnded)] == [0, 1, 1]
    assert told.after.left_open() == {}


def test_calls_that_the_pbx_lost_while_nobody_looked_are_lost() -> None:
    waiting = dials_in(3, "100.9"), joins(4, leg="100.9", call="100.9")
    told = Restart(linked(talking(), waiting, ticks(15)), boot=1).play(again(60, uptime=20))
    assert {r.ended_by for r in told.after.records()} == {"pbx_lost"}
    assert told.after.record("100.9").visits[0].outcome == "pbx_lost"
    assert [c.booted_at for c in told.after.said(PbxRestarted)] == [39]
    row = told.figures(70)
    assert (row["offered"], row["pbx_lost"], row["answered"], told.after.left_open()) == (2, 1, 1, {})


def test_the_same_boot_told_some_seconds_off_is_no_restart() -> None:
    told = Restart(linked(dials_in(0), joins(1)), boot=1)
    told.play(again(20, waits(20, 19.0), lists(20, CALLER, 20), uptime=16))
    assert (told.after.said(PbxRestarted), told.after.visit().outcome) == ([], None)


@pytest.mark.parametrize("alive", [math.inf, 5003.0])
def test_the_same_boot_read_long_after_it_was_told_is_no_restart(alive: float) -> None:
    """FullyBooted has no Timestamp: what a busy machine reads a minute late looks like a boot a minute later."""
    told = Restart(linked(dials_in(5000), joins(5001)), boot=1, alive=alive)
    told.play(again(5020, waits(5020, 19.0), lists(5020, CALLER, 5020), uptime=5020 - 61))
    assert (told.after.said(PbxRestarted), told.after.visit().outcome) == ([], None)
    assert told.after.record().id == told.before.record().id


# ---- agents' time ---------------------------------------------------------------------------------------------


def test_the_hole_is_nobodys_time_and_the_rest_is_all_there() -> None:
    told = Restart(linked(talking(), ticks(15)))
    told.play(again(20, *in_talk(20)), completes(66), gone(66, PHONE), ticks(80))
    spans = told.spans + [c.ended for c in told.after.said(AgentChanged) if c.ended] + told.after.floor.running_spans()
    spans = sorted((s for s in spans if s.agent == ANNA), key=lambda s: s.from_)
    assert all(one.to <= two.from_ for one, two in pairwise(spans))
    assert sum(s.to - s.from_ for s in spans) == 100 - (20 - 15)
    assert sum(s.to - s.from_ for s in spans if s.state == "talking") == 60 - (20 - 15)


def test_a_visit_under_way_is_one_that_waits_or_whose_conversation_runs() -> None:
    told = linked(dials_in(0), joins(1))
    found: list[Visit] = [told.visit()]
    for rest in ((rings(2), answers(6)), (completes(9),)):
        told.play(*rest)
        found.append(told.visit())
    assert [under_way(visit) for visit in found] == [True, True, False]

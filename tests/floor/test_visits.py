"""Queue visits: each ends in exactly one outcome, and the wait is to the moment the caller left."""

from __future__ import annotations

import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    abandon,
    answers,
    asks_end,
    completes,
    connects,
    dials_in,
    enters,
    gone,
    joins,
    left,
    rings,
    scene,
    status,
    talked,
    ticks,
)  # fmt: skip

from callcenter.floor import events as e
from callcenter.floor.changes import VisitCompleted, VisitEnded, VisitEntered
from callcenter.floor.visits import TABLE, Signal, State

START = (dials_in(0), joins(1))

OUTCOMES: dict[str, tuple[Events, str, float]] = {
    "an agent is connected": ((rings(2), answers(6)), "answered", 5),
    "the caller hangs up": ((asks_end(4), abandon(4.1), left(4.1), gone(4.2)), "abandoned", 3.1),
    "the caller hangs up, and QUEUESTATUS says TIMEOUT late": (
        (asks_end(4), abandon(4), left(4), status(4, "TIMEOUT"), gone(4)), "abandoned", 3),
    "the time limit, told by QUEUESTATUS": ((abandon(9), left(9), status(9, "TIMEOUT"), gone(9)), "timed_out", 8),
    "the time limit, then the dialplan hangs up": ((abandon(9), left(9), gone(9.5)), "timed_out", 8),
    "the time limit, then another bridge": ((abandon(9), left(9), enters(10, CALLER)), "timed_out", 8),
    "the time limit, then the caller hangs up in voicemail": (
        (abandon(9), left(9), e.QueueTried(9, CALLER, CALLER, "x"), asks_end(20), gone(20)), "timed_out", 8),
    "a key": ((left(7), gone(7.2)), "exited", 6),
    "a key, and the dialplan dials on": ((left(7), e.DialBegan(8, CALLER, CALLER, "9.9", "", "", "")), "exited", 6),
    "the queue was told to continue": ((abandon(7), left(7), status(7, "CONTINUE"), gone(7)), "exited", 6),
    "no agents are left": ((abandon(7), left(7), status(7, "LEAVEEMPTY"), gone(7)), "left_empty", 6),
    "no agents are reachable": ((abandon(7), left(7), status(7, "LEAVEUNAVAIL"), gone(7)), "left_empty", 6),
    "an operator takes it out": ((abandon(7), left(7), status(7, "WITHDRAW"), gone(7)), "withdrawn", 6),
    "the caller hangs up during the agent's announcement": (
        (rings(2), left(5), asks_end(6), abandon(6), gone(6)), "abandoned", 5),
}  # fmt: skip


@pytest.mark.parametrize("how", OUTCOMES)
def test_a_visit_ends_in_one_outcome_when(how: str) -> None:
    events, outcome, wait_s = OUTCOMES[how]
    told = scene(START, events, e.DialBegan(30, CALLER, CALLER, "8.8", "", "", ""), gone(31), ticks(50))
    visit = told.visit()
    assert (visit.outcome, visit.wait_s, visit.left_at) == (outcome, pytest.approx(wait_s), pytest.approx(1 + wait_s))
    assert len(told.said(VisitEntered)) == len(told.said(VisitEnded)) == 1


def test_a_hangup_in_the_queue_that_nothing_explains_is_unknown_and_a_drift() -> None:
    told = scene(START, gone(4))
    assert told.visit().outcome == "unknown"
    assert told.floor.drifts == {"hangup_in_queue": 1}


REFUSALS = {
    "FULL by VarSet": ([status(1, "FULL")], "refused_full", "support"),
    "JOINEMPTY by VarSet": ([status(1, "JOINEMPTY")], "refused_empty", "support"),
    "JOINUNAVAIL by VarSet": ([status(1, "JOINUNAVAIL")], "refused_empty", "support"),
    "by VarSet and UserEvent": ([status(1, "FULL"), status(1, "FULL", "support", True)], "refused_full", "support"),
    "by UserEvent alone": ([status(1, "FULL", "billing", True)], "refused_full", "billing"),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_a_refused_caller_counts_once_and_never_entered(how: str) -> None:
    events, outcome, queue = REFUSALS[how]
    told = scene(dials_in(0), e.QueueTried(1, CALLER, CALLER, "support"), events, gone(2))
    assert [(v.queue, v.outcome, v.wait_s) for v in told.record().visits] == [(queue, outcome, 0)]
    assert told.said(VisitEntered) == []


def test_two_refusals_by_two_queues_count_twice_however_often_each_is_told() -> None:
    twice = [(status(at, "FULL"), status(at, "FULL", "q", True)) for at in (1, 2)]
    assert len(scene(dials_in(0), twice, gone(3)).record().visits) == 2


def test_a_refusal_by_nobody_knows_which_queue_is_kept_as_unknown() -> None:
    assert scene(dials_in(0), status(1, "FULL"), gone(2)).visit().queue == "unknown"


def test_what_is_told_after_the_decision_changes_nothing() -> None:
    told = scene(START, abandon(9), left(9), enters(10, CALLER), status(11, "LEAVEEMPTY"), gone(12))
    assert (told.visit().outcome, told.floor.drifts) == ("timed_out", {})


def test_overflow_is_two_visits_and_the_first_timed_out() -> None:
    told = scene(START, abandon(9), left(9), joins(9.5, "support"), rings(10, queue="support"),
                 answers(12, queue="support"), completes(20, queue="support"), gone(20, PHONE), gone(20))  # fmt: skip
    assert [(v.queue, v.outcome, v.wait_s) for v in told.record().visits] == [
        ("sales", "timed_out", 8), ("support", "answered", 2.5)]  # fmt: skip


def test_the_same_queue_entered_again_is_another_visit() -> None:
    told = scene(START, left(5), joins(8), asks_end(9), abandon(9), left(9), gone(9))
    assert [(v.outcome, v.wait_s) for v in told.record().visits] == [("exited", 4), ("abandoned", 1)]


def test_a_join_told_twice_is_one_visit() -> None:
    told = scene(START, joins(1.2), asks_end(4), abandon(4), left(4), gone(4))
    assert [v.wait_s for v in told.record().visits] == [3]


def test_a_caller_cannot_wait_in_two_queues_so_the_first_visit_is_unknown() -> None:
    told = scene(START, joins(5, "support"), asks_end(9), abandon(9, "support"), gone(9))
    assert [(v.queue, v.outcome) for v in told.record().visits] == [("sales", "unknown"), ("support", "abandoned")]
    assert told.floor.drifts == {"two_queues": 1}
    assert told.left_open() == {}


def test_a_masqueraded_caller_is_found_by_its_linkedid() -> None:
    """Another Uniqueid than it joined with, the same Linkedid."""
    told = scene(START, dials_in(2, "100.7", call=CALLER), rings(3), left(6, leg="100.7"),
                 e.AgentConnected(6, "100.7", CALLER, "sales", PHONE, ANNA, "1001", 0, 0),
                 e.AgentCompleted(26, "100.7", CALLER, "sales", PHONE, ANNA, "1001", 0, 0, "agent"))  # fmt: skip
    assert (told.visit().outcome, told.visit().talk_s, told.visit().ended_by) == ("answered", 20, "agent")


ANSWERED = (START, rings(2), answers(6))
COMPLETES: dict[str, Events] = {
    "both channels": [completes(66)],
    "no caller": [e.AgentCompleted(66, "", "", "sales", PHONE, ANNA, "1001", 0, 0, "caller")],
    "no agent": [e.AgentCompleted(66, CALLER, CALLER, "sales", "", ANNA, "1001", 0, 0, "caller")],
    "neither channel": [e.AgentCompleted(66, "", "", "sales", "", ANNA, "1001", 0, 0, "caller")],
    "the caller under another Uniqueid and Linkedid": [
        e.AgentCompleted(66, "200.9", "200.9", "sales", PHONE, ANNA, "1001", 0, 0, "caller")],
    "told after both Hangups": [gone(65.9, PHONE), gone(65.9), completes(66)],
}  # fmt: skip


@pytest.mark.parametrize("how", COMPLETES)
def test_an_agent_complete_finds_its_visit_with(how: str) -> None:
    told = scene(ANSWERED, COMPLETES[how], gone(67, PHONE), gone(67), ticks(80))
    assert [(c.visit.talk_s, c.visit.ended_by) for c in told.said(VisitCompleted)] == [(60, "caller")]
    assert (told.floor.drifts, told.left_open()) == ({}, {})


TRANSFERRED, HUNG_UP = (
    e.AgentCompleted(66, CALLER, CALLER, "sales", PHONE, ANNA, "1001", 5, 60, "transfer"),
    e.AgentCompleted(66.04, "200.9", "200.9", "sales", "", ANNA, "1001", 5, 60, "caller"),
)  # fmt: skip
"""A transfer to a phone that still rings, as two threads of Asterisk 16 told it (queue_log written 40 ms slower)."""


@pytest.mark.parametrize("told_twice", [(TRANSFERRED, HUNG_UP), (HUNG_UP, TRANSFERRED)], ids=["", "hangup first"])
def test_an_end_that_is_told_twice_counts_once_and_a_transfer_is_one(told_twice: Events) -> None:
    told = scene(ANSWERED, told_twice, gone(66.1, PHONE), ticks(70), gone(80), ticks(86))
    assert (told.visit().talk_s, told.visit().transferred, told.visit().ended_by) == (
        pytest.approx(60, abs=0.1), True, "transfer"
    )  # fmt: skip
    assert len(told.said(VisitCompleted)) == 1
    assert (told.floor.drifts, told.left_open()) == ({}, {})


OTHER, PHONE_2 = "300.1", "300.2"


def ended(at: float, talk_s: int, reason: str, hold_s: int = 5) -> e.Event:
    """An end by the transfer, or by the hangup of the consultation."""
    leg, dest = (CALLER, PHONE) if reason == "transfer" else ("200.9", "")
    return e.AgentCompleted(at, leg, leg, "sales", dest, ANNA, "1001", hold_s, talk_s, reason)


def next_caller(at: float) -> Events:
    return dials_in(at - 5, OTHER), joins(at - 4, "sales", OTHER, OTHER), answers(at, PHONE_2, leg=OTHER)


@pytest.mark.parametrize("reasons", [("transfer", "caller"), ("caller", "transfer")], ids=["", "hangup first"])
@pytest.mark.parametrize("next_at", [20, 66.02], ids=["talks to both", "the next one comes between"])
def test_an_end_that_is_told_twice_ends_no_other_conversation_of_the_agent(
    reasons: tuple[str, str], next_at: float
) -> None:
    first, second = ended(66, 60, reasons[0]), ended(66.04, 60, reasons[1])
    ends = (first, next_caller(next_at), second) if next_at > 66 else (next_caller(next_at), first, second)
    play = scene(ANSWERED, ends, gone(66.1, PHONE), ticks(70), gone(80), completes(90, "caller", PHONE_2, leg=OTHER),
                 gone(90, PHONE_2, OTHER), gone(90, OTHER, OTHER), ticks(96))  # fmt: skip
    found = {
        call: (round(visit.talk_s or 0), visit.transferred, visit.ended_by)
        for call in (CALLER, OTHER) for visit in play.record(call).visits
    }  # fmt: skip
    assert found == {CALLER: (60, True, "transfer"), OTHER: (round(90 - next_at), False, "caller")}
    assert (play.floor.drifts, play.left_open()) == ({}, {})


def test_of_two_ends_within_a_moment_the_one_that_is_told_again_is_transferred() -> None:
    """The other caller's was told shortly before, and he stays on the line."""
    play = scene(next_caller(60), (dials_in(55), joins(56)), rings(57), answers(61),
                 completes(63, "agent", PHONE_2, leg=OTHER), gone(63, PHONE_2, OTHER),
                 ended(66, 5, "caller"), ended(66.04, 5, "transfer"), gone(66.1, PHONE), ticks(70), gone(80),
                 gone(81, OTHER, OTHER), ticks(90))  # fmt: skip
    found = {call: visit.transferred for call in (CALLER, OTHER) for visit in play.record(call).visits}
    assert found == {CALLER: True, OTHER: False}
    assert (play.floor.drifts, play.left_open()) == ({}, {})


def test_an_end_told_again_after_the_call_or_much_later_changes_nothing() -> None:
    again = e.AgentCompleted(67, "200.9", "200.9", "sales", "", ANNA, "1001", 0, 60, "transfer")
    told = scene(ANSWERED, completes(66), gone(66, PHONE), gone(66), again)
    assert (told.visit().transferred, told.floor.drifts) == (False, {})
    told = scene(ANSWERED, completes(66), gone(66, PHONE), e.AgentCompleted(
        72, "", "", "sales", "", ANNA, "1001", 0, 60, "transfer"))  # fmt: skip
    assert (told.visit().transferred, told.floor.drifts) == (False, {"no_conversation": 1})


NEXT = "200.1", "200.2"
"""The agent's next call, behind the conversation that is told twice."""


def test_an_end_that_is_told_twice_is_not_that_of_the_agents_next_conversation() -> None:
    caller, phone = NEXT
    waits = dials_in(60, caller), joins(61, leg=caller, call=caller)
    told = scene(ANSWERED, waits, TRANSFERRED, gone(66.01, PHONE), rings(66.02, phone, leg=caller),
                 answers(66.03, phone, leg=caller), HUNG_UP)  # fmt: skip
    assert list(told.floor.connected) == [phone]
    told.play(gone(66.1), e.AgentCompleted(69, caller, caller, "sales", "", ANNA, "1001", 0, 3, "agent"),
              gone(69, phone, caller), gone(69, caller, caller))  # fmt: skip
    assert [round(c.visit.talk_s or 0) for c in told.said(VisitCompleted)] == [60, 3]
    assert (told.floor.drifts, told.left_open()) == ({}, {})


def test_the_end_of_a_conversation_whose_beginning_never_came_is_a_drift_right_behind_another_too() -> None:
    caller, phone = NEXT
    waits = dials_in(60, caller), joins(61, leg=caller, call=caller)
    told = scene(ANSWERED, waits, TRANSFERRED, gone(66.01, PHONE), rings(66.02, phone, leg=caller),
                 left(66.5, leg=caller, call=caller),
                 e.AgentCompleted(70, caller, caller, "sales", phone, ANNA, "1001", 0, 3, "transfer"))  # fmt: skip
    assert told.floor.drifts == {"no_conversation": 1}


def test_a_call_whose_agent_complete_never_comes_ends_with_its_last_hangup() -> None:
    told = scene(ANSWERED, gone(66, PHONE), gone(66), ticks(70, 72))
    assert (told.visit().talk_s, told.record().ended_at) == (60, 66)
    assert told.left_open() == {}


def test_a_connect_to_a_channel_that_nobody_saw_still_gets_its_talk() -> None:
    told = scene(START, left(6), connects(6, "100.9"), completes(36, "agent", "100.9"), gone(36), ticks(45))
    assert (told.visit().outcome, told.visit().talk_s, told.visit().agent) == ("answered", 30, "1001")
    (talk,) = told.record().conversations
    assert (talk.interface, talk.from_, talk.to) == (ANNA, 6, 36)
    assert told.floor.drifts == {"no_leg": 1}


def test_an_impossible_step_is_a_drift_and_changes_nothing() -> None:
    before = scene(START, abandon(9), left(9), status(9, "TIMEOUT"))
    before.play(connects(10), e.AgentCalled(10, CALLER, CALLER, "sales", "1.1", BEN, "1002"), abandon(10, "other"))
    assert before.visit().outcome == "timed_out"
    assert before.floor.drifts == {"no_visit": 3}
    assert before.play(gone(11)).left_open() == {}


def test_one_agent_connected_to_two_callers_on_one_channel_completes_the_first() -> None:
    second = (dials_in(7, "200.1"), joins(8, leg="200.1", call="200.1"), left(9, leg="200.1", call="200.1"),
              connects(9, leg="200.1"))  # fmt: skip
    told = scene(ANSWERED, second, completes(20, leg="200.1"), gone(21, PHONE), gone(21), gone(21, "200.1", "200.1"),
                 ticks(30))  # fmt: skip
    assert (told.record().visits[0].talk_s, told.record("200.1").visits[0].talk_s) == (3, 11)
    assert told.left_open() == {}


def test_every_open_state_can_be_lost_and_every_signal_has_a_row() -> None:
    assert {state for state, signal in TABLE if signal is Signal.LOST} == set(State)
    assert {signal for _, signal in TABLE} == set(Signal)


def test_a_whole_call_leaves_nothing_behind() -> None:
    assert scene(talked(), ticks(75)).left_open() == {}

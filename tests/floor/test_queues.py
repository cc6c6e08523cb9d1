"""A queue as it is now: who waits since when, who talks, its agents by state."""

from __future__ import annotations

import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    Scene,
    asks_end,
    completes,
    dials_in,
    joins,
    left,
    member,
    no_answer,
    rings,
    scene,
    snapshot,
    talking,
)

from callcenter.floor import events as e
from callcenter.floor.changes import AttemptEnded, AttemptStarted
from callcenter.floor.wallboard import QueueNow


def now(told: Scene, name: str = "sales") -> QueueNow:
    (queue,) = [q for q in told.floor.now(100).queues if q.name == name]
    return queue


def test_the_longest_waiting_caller_is_the_one_who_entered_first() -> None:
    told = scene(dials_in(0), joins(1), dials_in(2, "200.1"), joins(5, leg="200.1", call="200.1"))
    assert (now(told).waiting, now(told).oldest_at, now(told).waiting_since) == (2, 1, (1, 5))
    told.play(left(6))
    assert (now(told).waiting, now(told).oldest_at) == (1, 5)


@pytest.mark.parametrize("lost_at", [20.0, 0.999])
def test_whoever_waits_when_the_link_is_lost_waits_no_longer_until_it_is_back(lost_at: float) -> None:
    """Timestamps go backwards now and then: who entered last may have done so after the PBX was seen last."""
    told = scene(e.LinkUp(-5), snapshot(-5), dials_in(0), joins(1), e.LinkDown(30, "cut", since=lost_at))
    waits = [told.floor.now(at).lasts_s(1.0) for at in (30, 600, 7200)]
    assert waits == [max(0.0, lost_at - 1)] * 3
    told.play(e.LinkUp(7200), dials_in(7201, "200.1"), joins(7202, leg="200.1", call="200.1"))
    assert [told.floor.now(7210).lasts_s(since) for since in (1.0, 7202)] == [waits[0], 8.0], "a list is missing yet"


def test_nobody_waits_in_a_queue_that_is_only_known() -> None:
    told = scene(e.QueueSeen(0, "sales", "ringall", 20.0))
    assert (now(told).waiting, now(told).oldest_at, now(told).talking) == (0, None, 0)
    assert told.floor.queues["sales"].service_level_s == 20


def test_who_talks_does_not_wait_and_agents_count_in_each_of_their_queues() -> None:
    told = scene(member(-1), member(-1, queue="support"), member(-1, BEN), talking())
    assert (now(told).waiting, now(told).talking, now(told).agents) == (0, 1, {"talking": 1, "available": 1})
    assert (now(told, "support").talking, now(told, "support").agents) == (0, {"talking": 1})
    assert now(told.play(asks_end(9), completes(9))).talking == 0


CAUSES = {17: "busy", 21: "declined", 20: "unreachable", 34: "unreachable", 0: "no_answer", 19: "no_answer"}


def test_an_attempt_has_the_cause_with_which_the_phone_refused() -> None:
    for cause, result in CAUSES.items():
        told = scene(dials_in(0), joins(1), rings(2), asks_end(3, "100.2", cause=cause), no_answer(3, ring_s=1.0))
        assert [(a.result, a.rang_s, a.unanswered) for a in told.visit().attempts] == [(result, 1, True)], cause


def test_an_attempt_has_the_cause_that_the_dial_ended_with() -> None:
    for state, result in {"BUSY": "busy", "CHANUNAVAIL": "unreachable", "CONGESTION": "unreachable"}.items():
        told = scene(dials_in(0), joins(1), rings(2), no_answer(3, state=state))
        assert [a.result for a in told.visit().attempts] == [result]


def test_of_agents_that_ring_together_one_wins_and_the_others_are_cancelled() -> None:
    told = scene(member(0), member(0, BEN), dials_in(0), joins(1), rings(2), rings(2, "100.3", BEN),
                 e.DialEnded(6, CALLER, CALLER, "100.3", "CANCEL"), left(6),
                 e.AgentConnected(6, CALLER, CALLER, "sales", "100.2", ANNA, "1001", 0, 0))  # fmt: skip
    assert [(a.interface, a.result) for a in told.visit().attempts] == [(ANNA, "answered"), (BEN, "cancelled")]
    assert (len(told.said(AttemptStarted)), len(told.said(AttemptEnded))) == (2, 2)


def test_who_hangs_up_during_the_announcement_declined_and_the_caller_waits_on() -> None:
    told = scene(dials_in(0), joins(1), rings(2), e.AgentDumped(5, CALLER, CALLER, "sales", "100.2", ANNA, "1001"))
    assert [a.result for a in told.visit().attempts] == ["declined"]
    assert (told.visit().outcome, now(told).waiting) == (None, 1)

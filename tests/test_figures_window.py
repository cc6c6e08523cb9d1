"""The live window: Changes go in, figures come out; small days with their arithmetic written out."""

from __future__ import annotations

import random
from datetime import UTC

import pytest

from callcenter.figures import Targets, Window
from callcenter.floor.changes import (
    AgentChanged,
    AttemptEnded,
    Change,
    Drift,
    MemberChanged,
    TimeShifted,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    WrapUpEnded,
)
from callcenter.floor.records import AgentState, Attempt, Outcome, Result, Span, Unseen, Visit

DAY = 1_700_006_400.0  # 2023-11-15 00:00 UTC
NOON = DAY + 12 * 3600
ALICE, BOB = "PJSIP/1001", "PJSIP/1002"
A = AgentState


def window(*changes: Change, **targets: Targets) -> Window:
    made = Window(lambda queue: targets.get(queue, Targets()), UTC, "00:00")
    for change in changes:
        made.apply(change)
    return made


def entered(key: int, at: float, queue: str = "support") -> VisitEntered:
    return VisitEntered(at, "c", key, queue, 1)


def ended(key: int, entered_at: float, wait_s: float, outcome: Outcome, queue: str = "support") -> VisitEnded:
    left_at = entered_at + wait_s
    return VisitEnded(left_at, "c", key, Visit(queue, entered_at, 1, left_at, wait_s, outcome))


def completed(key: int, entered_at: float, wait_s: float, talk_s: float, hold_s: float, moved: bool) -> VisitCompleted:
    at = entered_at + wait_s
    visit = Visit("support", entered_at, 1, at, wait_s, Outcome.ANSWERED, "Alice", ALICE, talk_s, hold_s,
                  transferred=moved)  # fmt: skip
    return VisitCompleted(at + talk_s, "c", key, visit)


def attempt(key: int, at: float, result: Result, unanswered: bool = False) -> AttemptEnded:
    return AttemptEnded(at, "c", key, "support", Attempt("Alice", ALICE, at - 5, 5.0, result, unanswered))


def became(agent: str, at: float, state: A, ended: Span | None = None, queue: str | None = None) -> AgentChanged:
    return AgentChanged(at, "", agent, agent, state, "", queue, ended)


def member(agent: str, at: float, queue: str, joined: bool = True) -> MemberChanged:
    return MemberChanged(at, "", agent, queue, joined, False, "")


def span(agent: str, state: A, start: float, end: float, queue: str | None = None) -> Span:
    return Span(agent, agent, state, "", queue, start, end)


def test_a_visit_goes_from_waiting_to_answered_to_complete() -> None:
    day = window(entered(7, NOON))
    waiting = day.table(NOON - 60, NOON + 60, at=NOON + 30)["support"]
    assert (waiting["offered"], waiting["waiting"], waiting["answered"]) == (1, 1, 0)
    assert (waiting["longest_wait"], waiting["service_level_live"]) == (30.0, 0.0)
    assert day.table(NOON - 60, NOON + 60, at=NOON + 10)["support"]["service_level_live"] is None

    day.apply(attempt(7, NOON + 9, Result.NO_ANSWER, unanswered=True))
    day.apply(attempt(7, NOON + 12, Result.ANSWERED))
    day.apply(ended(7, NOON, 12.0, Outcome.ANSWERED))
    talking = day.table(NOON - 60, NOON + 60, at=NOON + 30)["support"]
    assert (talking["waiting"], talking["answered"], talking["talk_s"], talking["wait_answered_s"]) == (0, 1, 0.0, 12.0)
    assert (talking["attempts"], talking["ring_no_answer"], talking["ring_no_answer_rate"]) == (2, 1, 0.5)

    day.apply(completed(7, NOON, 12.0, talk_s=100.0, hold_s=25.0, moved=True))
    day.apply(WrapUpEnded(NOON + 120, "c", 7, "support", ALICE, 8.0))
    over = day.table(NOON - 60, NOON + 60, at=NOON + 200)["support"]
    assert (over["talk_s"], over["hold_s"], over["wrap_up_s"], over["transferred"]) == (100.0, 25.0, 8.0, 1)
    assert (over["average_talk_time"], over["average_handle_time"]) == (75.0, 108.0)
    assert (over["offered"], over["service_level"], over["transfer_rate"]) == (1, 1.0, 1.0)


def test_counts_are_integers_and_figures_without_rows_are_none() -> None:
    table = window(member(ALICE, NOON, "support")).table(DAY, NOON + 1, at=NOON)
    assert set(table) == {"support", ""}
    assert table[""]["offered"] == 0
    assert isinstance(table[""]["offered"], int)
    assert table[""]["service_level"] is None
    assert table["support"]["occupancy"] is None
    assert isinstance(window().figures(NOON)["today"][""]["offered"], int)


def test_all_queues_are_their_sum() -> None:
    day = window(entered(1, NOON, "sales"), ended(1, NOON, 10, Outcome.ANSWERED, "sales"),
                 entered(2, NOON), ended(2, NOON, 60, Outcome.ABANDONED))  # fmt: skip
    table = day.table(NOON, NOON + 1, at=NOON + 60)
    assert [table[name]["offered"] for name in ("sales", "support", "")] == [1, 1, 2]
    assert [table[name]["service_level"] for name in ("sales", "support", "")] == [1.0, 0.0, 0.5]
    assert [table[name]["longest_wait"] for name in ("sales", "support", "")] == [10.0, 60.0, 60.0]


def test_refused_visits_are_counted_though_they_never_entered() -> None:
    refusal = VisitEnded(NOON, "c", 5, Visit("support", NOON, outcome=Outcome.REFUSED_FULL))
    table = window(refusal).table(DAY, NOON + 1, at=NOON)["support"]
    assert (table["refused_full"], table["offered"], table["longest_wait"]) == (1, 0, None)


def test_each_queue_has_thresholds_of_its_own() -> None:
    visits = [entered(1, NOON, "sales"), ended(1, NOON, 30, Outcome.ANSWERED, "sales"),
              entered(2, NOON), ended(2, NOON, 30, Outcome.ANSWERED),
              entered(3, NOON, "sales"), ended(3, NOON, 7, Outcome.ABANDONED, "sales"),
              entered(4, NOON), ended(4, NOON, 7, Outcome.ABANDONED)]  # fmt: skip
    table = window(*visits, sales=Targets(60.0, 0.9, 10.0)).table(DAY, NOON + 1, at=NOON + 60)
    # sales: 30 s is in time and 7 s is short: 1 / (2 - 1). support: late, not short: 0 / 2. All: 1 / (4 - 1).
    assert [table[name]["service_level"] for name in ("sales", "support", "")] == [1.0, 0.0, 1 / 3]


def test_a_visit_belongs_to_the_window_in_which_it_entered_not_to_that_in_which_it_ended() -> None:
    day = window(entered(1, NOON - 901), ended(1, NOON - 901, 300, Outcome.ANSWERED),
                 entered(2, NOON - 900), ended(2, NOON - 900, 5, Outcome.ANSWERED))  # fmt: skip
    figures = day.figures(NOON)
    answered = {name: figures[name]["support"]["answered"] for name in figures}
    assert answered == {"15m": 1, "30m": 2, "60m": 2, "today": 2}
    halves = [day.table(NOON - 1800, NOON - 900, NOON), day.table(NOON - 900, NOON, NOON)]
    assert [half["support"]["average_speed_of_answer"] for half in halves] == [300.0, 5.0]


def test_sliding_windows_overlap_and_today_may_be_the_shortest() -> None:
    ages = (100, 1000, 2000, 4000)
    day = window(*[entered(key, DAY + 1500 - age) for key, age in enumerate(ages)])
    figures = day.figures(DAY + 1500)
    offered = {name: figures[name]["support"]["offered"] for name in figures}
    assert offered == {"15m": 1, "30m": 2, "60m": 3, "today": 2}


def test_an_entry_that_the_clock_puts_after_now_is_in_the_live_windows() -> None:
    figures = window(entered(1, NOON + 0.2)).figures(NOON)
    assert figures["15m"]["support"]["offered"] == 1
    assert figures["15m"]["support"]["longest_wait"] == 0.0


def test_occupancy_takes_the_open_span_up_to_now() -> None:
    day = window(member(ALICE, NOON, "support"), became(ALICE, NOON, A.AVAILABLE))
    day.apply(became(ALICE, NOON + 60, A.RINGING, span(ALICE, A.AVAILABLE, NOON, NOON + 60), "support"))
    day.apply(became(ALICE, NOON + 70, A.TALKING, span(ALICE, A.RINGING, NOON + 60, NOON + 70, "support"), "support"))
    # 60 s available, 10 s ringing, and 30 s of talk that still goes on.
    assert day.figures(NOON + 100)["15m"]["support"]["occupancy"] == pytest.approx(30 / 100)
    assert day.figures(NOON + 100)["15m"][""]["utilisation"] == pytest.approx(30 / 100)
    # The window [+65, +80) holds 5 s of ringing and 10 s of talk.
    assert day.table(NOON + 65, NOON + 80, at=NOON + 100)["support"]["occupancy"] == pytest.approx(10 / 15)


def test_a_call_counts_for_its_queue_and_free_time_for_every_queue_of_the_agent() -> None:
    day = window(member(ALICE, NOON, "sales"), member(ALICE, NOON, "support"), member(BOB, NOON, "support"),
                 became(ALICE, NOON, A.AVAILABLE), became(BOB, NOON, A.AVAILABLE))  # fmt: skip
    day.apply(became(ALICE, NOON + 40, A.TALKING, span(ALICE, A.AVAILABLE, NOON, NOON + 40), "sales"))
    table = day.table(NOON, NOON + 100, at=NOON + 100)
    # sales: 60 s talk, 40 s of Alice's free time. support: no talk; 40 s of Alice, 100 s of Bob. All: 60 of 200 s.
    assert [table[q]["occupancy"] for q in ("sales", "support", "")] == pytest.approx([60 / 100, 0 / 140, 60 / 200])
    # Logged in: sales has Alice's 100 s, support both.
    assert [table[q]["utilisation"] for q in ("sales", "support", "")] == pytest.approx([60 / 100, 0 / 200, 60 / 200])


def test_free_time_counts_for_a_queue_only_while_the_agent_is_a_member() -> None:
    day = window(member(ALICE, NOON, "support"), became(ALICE, NOON, A.AVAILABLE))
    day.apply(member(ALICE, NOON + 30, "sales"))
    day.apply(member(ALICE, NOON + 50, "sales", joined=False))
    day.apply(became(ALICE, NOON + 80, A.TALKING, span(ALICE, A.AVAILABLE, NOON, NOON + 80), "sales"))
    table = day.table(NOON, NOON + 100, at=NOON + 100)
    assert table["sales"]["occupancy"] == pytest.approx(20 / (20 + 20))
    assert table["support"]["occupancy"] == pytest.approx(0 / 80)
    assert table[""]["occupancy"] == pytest.approx(20 / 100)
    # sales: Alice's 20 s as a member and her 20 s on its call as a guest.
    assert table["sales"]["utilisation"] == pytest.approx(20 / 40)


def test_without_known_memberships_a_queue_has_the_spans_of_its_calls() -> None:
    day = window(became(ALICE, NOON, A.RINGING, None, "support"))
    day.apply(became(ALICE, NOON + 10, A.TALKING, span(ALICE, A.RINGING, NOON, NOON + 10, "support"), "support"))
    day.apply(became(ALICE, NOON + 40, A.AVAILABLE, span(ALICE, A.TALKING, NOON + 10, NOON + 40, "support")))
    table = day.table(NOON, NOON + 100, at=NOON + 100)
    assert table["support"]["occupancy"] == pytest.approx(30 / 40)
    assert table[""]["occupancy"] == pytest.approx(30 / 100)


def test_a_change_of_state_out_of_order_never_counts_time_twice() -> None:
    day = window(became(ALICE, NOON, A.PAUSED))
    day.apply(became(ALICE, NOON + 10, A.AVAILABLE, span(ALICE, A.PAUSED, NOON, NOON + 10)))
    day.apply(became(ALICE, NOON + 8, A.TALKING))
    # 10 s of pause and then 10 s of talk: the talk cannot have begun before the pause was over.
    assert day.table(NOON, NOON + 100, at=NOON + 20)[""]["utilisation"] == 10 / 20


def test_a_membership_that_comes_late_lengthens_no_span() -> None:
    day = window(member(ALICE, NOON, "support"), became(ALICE, NOON + 10, A.AVAILABLE))
    day.apply(member(ALICE, NOON + 5, "sales"))
    day.apply(became(ALICE, NOON + 40, A.TALKING, span(ALICE, A.AVAILABLE, NOON + 10, NOON + 40), "sales"))
    # 30 s of free time, though Alice joined 5 s before it began; 10 s of talk.
    assert day.table(NOON, NOON + 50, at=NOON + 50)["sales"]["occupancy"] == 10 / 40


def test_time_between_two_spans_that_nobody_saw_counts_for_nothing() -> None:
    day = window(became(ALICE, NOON, A.AVAILABLE))
    day.apply(became(ALICE, NOON + 60, A.TALKING, span(ALICE, A.AVAILABLE, NOON, NOON + 30)))
    assert day.table(NOON, NOON + 90, at=NOON + 90)[""]["occupancy"] == 30 / (30 + 30)


def test_repaired_visits_are_counted_where_they_entered() -> None:
    told = [
        VisitEnded(NOON, "c", key, Visit(queue, NOON - ago, 1, NOON, 3.0, Outcome.ANSWERED, repaired=repaired))
        for key, queue, ago, repaired in (
            (1, "support", 60, True), (2, "support", 60, False), (3, "sales", 60, True), (4, "sales", 2000, True),
            (5, "billing", 60, False),
        )
    ]  # fmt: skip
    figures = window(*told).figures(NOON)
    counted = {name: {queue: row["repaired"] for queue, row in per.items()} for name, per in figures.items()}
    assert counted["15m"] == {"support": 1, "sales": 1, "billing": 0, "": 2}
    assert counted["60m"] == {"support": 1, "sales": 2, "billing": 0, "": 3}
    assert [figures["15m"][queue]["answered"] for queue in ("support", "")] == [2, 4], "they count as any other"


def test_a_picture_of_the_day_stays_as_it_is() -> None:
    day = window(member(ALICE, NOON, "support"), entered(1, NOON), ended(1, NOON, 5.0, Outcome.ANSWERED))
    picture, before = day.picture(), day.figures(NOON + 60)
    assert picture.figures(NOON + 60) == before
    for change in (
        entered(2, NOON + 10, "sales"), ended(2, NOON + 10, 3.0, Outcome.ABANDONED, "sales"),
        completed(1, NOON, 5.0, 40.0, 0.0, False), member(ALICE, NOON + 20, "sales"), member(BOB, NOON + 20, "sales"),
        AgentChanged(NOON + 30, "", BOB, "Bob", A.AVAILABLE, "", None, None), TimeShifted(NOON + 40, "", 3600.0),
    ):  # fmt: skip
        day.apply(change)
    assert picture.figures(NOON + 60) == before != day.figures(NOON + 60)


def test_changes_that_no_figure_lives_on_and_keys_never_seen_change_nothing() -> None:
    day, same = window(entered(1, NOON)), window(entered(1, NOON))
    for change in (Drift(NOON, "", "k", "d"), attempt(99, NOON, Result.ANSWERED), entered(1, NOON + 5),
                   WrapUpEnded(NOON, "c", 99, "support", ALICE, 5.0)):  # fmt: skip
        day.apply(change)
    assert day.figures(NOON) == same.figures(NOON)


def test_what_is_forgotten_is_gone_and_the_rest_goes_on() -> None:
    changes = [entered(1, NOON - 7200), entered(2, NOON - 60), became(BOB, NOON - 9000, A.AVAILABLE),
               became(BOB, NOON - 8000, A.PAUSED, span(BOB, A.AVAILABLE, NOON - 9000, NOON - 8000))]  # fmt: skip
    day = window(*changes)
    day.forget(NOON - 3600)
    assert day.table(DAY, NOON, at=NOON)["support"]["offered"] == 1
    assert day.table(DAY, NOON, at=NOON)[""]["occupancy"] is None
    day.apply(ended(2, NOON - 60, 10, Outcome.ANSWERED))
    day.apply(became(BOB, NOON, A.AVAILABLE, span(BOB, A.PAUSED, NOON - 8000, NOON)))
    table = day.table(NOON - 3600, NOON + 100, at=NOON + 100)
    assert (table["support"]["offered"], table["support"]["answered"], table["support"]["waiting"]) == (1, 1, 0)
    assert table[""]["occupancy"] == 0.0


def test_who_joins_other_queues_each_day_leaves_nothing_behind_and_changes_no_figure() -> None:
    chance, queues, states = random.Random(5), [f"q{n}" for n in range(12)], [A.AVAILABLE, A.PAUSED, A.TALKING]
    day, whole = window(), window()
    since: dict[str, tuple[float, A, str | None]] = {}
    sizes: list[tuple[int, int]] = []
    for n in range(10):
        began = NOON + n * 86_400.0
        for step in range(200):
            agent, at = f"PJSIP/{chance.randrange(20)}", began + 10.0 * step
            state, queue = chance.choice(states), chance.choice([None, *queues])
            old = since.get(agent)
            over = span(agent, old[1], old[0], at, old[2]) if old else None
            since[agent] = at, state, queue
            joined = member(agent, at, chance.choice(queues), chance.random() < 0.5)
            for one in (day, whole):
                one.apply(joined)
                one.apply(became(agent, at, state, over, queue))
        day.forget(began - 3600)
        for at in (began + 2000, began + 2500):
            assert day.figures(at) == whole.figures(at)
        sizes.append((len(day._staff._memberships), day._staff._kinds.size))
    assert all(sets < 1.5 * sizes[1][0] and kinds < 1.5 * sizes[1][1] for sets, kinds in sizes[2:]), sizes
    assert len(whole._staff._memberships) > 3 * sizes[-1][0]


def test_what_is_under_way_counts_until_the_pbx_was_seen_last() -> None:
    """A caller has waited since noon, Alice has talked since two minutes past; the link is lost at three past noon."""
    free = span(ALICE, A.AVAILABLE, NOON - 100, NOON + 120)
    day = window(member(ALICE, NOON - 100, "support"), became(ALICE, NOON - 100, A.AVAILABLE), entered(7, NOON),
                 became(ALICE, NOON + 120, A.TALKING, free, "support"))  # fmt: skip
    lost = Unseen(NOON + 180)
    for at in (NOON + 180, NOON + 600):
        seen = day.figures(at, lost)["today"]["support"]
        assert (seen["offered"], seen["waiting"], seen["longest_wait"]) == (1, 1, 180.0)
        assert seen["occupancy"] == pytest.approx(60 / 280)
    again = day.figures(NOON + 600)["today"]["support"]
    assert (again["longest_wait"], again["occupancy"]) == (600.0, pytest.approx(480 / 700))
    late = day.figures(NOON + 3600, lost)["15m"]["support"]
    assert (late["offered"], late["occupancy"]) == (0, None), "nothing of that time was seen"
    day.apply(entered(8, NOON + 400))
    day.apply(became(BOB, NOON + 400, A.TALKING, queue="support"))
    assert day.figures(NOON + 600, lost)["today"]["support"]["longest_wait"] == 180.0, "by a clock that was wrong"
    behind = day.figures(NOON + 600, Unseen(NOON + 180, NOON + 390))["today"]["support"]
    assert (behind["waiting"], behind["longest_wait"]) == (2, 200.0), "who came since was seen: a list is missing yet"
    assert behind["occupancy"] == pytest.approx((60 + 200) / (280 + 200))

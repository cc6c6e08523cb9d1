"""Reports of a few rows whose figures are counted by hand: two hours of 1 November 2026, in UTC.

Values are lists by period (8 to 9, 9 to 10, both) of lists by name (in alphabetical order, then all together).
"""

from __future__ import annotations

import re
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from report_tables import AGENTS, IN_UTC, MARGIN_S, columns, made, utc, values

from callcenter.errors import InputError
from callcenter.report.compute import report
from callcenter.report.values import Ask, By, Every, Targets
from kpi import Outcome, State


def at(clock: str) -> float:
    return utc(f"2026-11-01T{clock}")


DAY = at("08:00"), at("10:00")
SUPPORT, SALES = 0, 1
BEN, ANNA, CARL = range(len(AGENTS))
VISITS = [
    {"queue": SUPPORT, "entered_at": at("08:10"), "outcome": Outcome.ANSWERED, "wait_s": 15, "talk_s": 100,
     "hold_s": 20, "wrap_up_s": 10, "transferred": True, "attempts": 2, "ring_no_answer": 1, "answered_by": ANNA},
    {"queue": SUPPORT, "entered_at": at("08:59:59.999"), "outcome": Outcome.ANSWERED, "wait_s": 30, "talk_s": 50,
     "attempts": 1, "answered_by": BEN, "source": 1},
    {"queue": SUPPORT, "entered_at": at("09:00"), "outcome": Outcome.ABANDONED, "wait_s": 3, "source": 2},
    {"queue": SALES, "entered_at": at("08:20"), "outcome": Outcome.ANSWERED, "wait_s": 15, "talk_s": 60,
     "attempts": 1, "answered_by": ANNA},
    {"queue": SALES, "entered_at": at("09:30"), "outcome": Outcome.ABANDONED, "wait_s": 40},
    {"queue": SALES, "entered_at": at("09:40"), "outcome": Outcome.REFUSED_FULL, "wait_s": 90},
    {"queue": SALES, "entered_at": at("09:50"), "outcome": Outcome.UNKNOWN, "wait_s": 5},
]  # fmt: skip
ATTEMPTS = [
    {"queue": SUPPORT, "agent": BEN, "at": at("08:10:05"), "unanswered": True},
    {"queue": SUPPORT, "agent": ANNA, "at": at("08:10:15")},
    {"queue": SUPPORT, "agent": BEN, "at": at("09:00:20")},
    {"queue": SALES, "agent": ANNA, "at": at("08:20:10")},
]
MEMBERSHIPS = [[1, 1], [1, 0]]
SPANS = [
    {"agent": ANNA, "queue": -1, "state": State.AVAILABLE, "start": at("07:30"), "end": at("08:30")},
    {"agent": ANNA, "queue": SUPPORT, "state": State.TALKING, "start": at("08:30"), "end": at("09:15")},
    {"agent": ANNA, "queue": SUPPORT, "state": State.WRAP_UP, "start": at("09:15"), "end": at("09:30")},
    {"agent": ANNA, "queue": -1, "state": State.PAUSED, "start": at("09:30"), "end": inf},
    {"agent": BEN, "queue": -1, "membership": 1, "state": State.AVAILABLE, "start": at("08:00"), "end": at("09:00")},
    {"agent": BEN, "queue": SALES, "membership": 1, "state": State.TALKING, "start": at("09:00"), "end": at("09:30")},
    {"agent": BEN, "queue": -1, "membership": 1, "state": State.LOGGED_OUT, "start": at("09:30"), "end": inf},
]
CALLS = [
    {"queue": SUPPORT, "customer": 7, "started_at": at("08:10"), "answered": True, "answered_by": ANNA, "resolved": 1},
    {"queue": SUPPORT, "customer": 7, "started_at": at("09:20"), "answered": True, "answered_by": BEN, "resolved": 0},
    {"queue": SALES, "customer": 8, "started_at": at("08:20"), "answered": True, "answered_by": ANNA},
    {"queue": SALES, "customer": 8, "started_at": at("10:00") + 86_400, "answered": True, "answered_by": ANNA},
    {"queue": -1, "customer": 9, "started_at": at("08:30"), "in_ivr": True, "self_served": True},
]
ALL = {"visits": VISITS, "attempts": ATTEMPTS, "spans": SPANS, "memberships": MEMBERSHIPS, "calls": CALLS}
TARGETS = {"support": Targets(20.0, 0.8, 5.0), "sales": Targets(10.0, 0.9, 5.0)}


def hours(by: By, of: Any = None, **ask: Any) -> dict[str, Any]:
    asked = Ask(DAY, Every.HOUR, by, **ask)
    return values(made(of or columns(DAY, **ALL, until=at("09:45")), asked, targets=TARGETS.__getitem__))


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-12)


@pytest.mark.parametrize(("name", "expected"), [
    ("offered", [[1, 2, 3], [2, 1, 3], [3, 3, 6]]),
    ("answered", [[1, 2, 3], [0, 0, 0], [1, 2, 3]]),
    ("refused_full", [[0, 0, 0], [1, 0, 1], [1, 0, 1]]),
    ("attempts", [[1, 3, 4], [0, 0, 0], [1, 3, 4]]),
    # Sales' T is 10 s; the abandon of 3 s is left out.
    ("service_level", [[0, 1 / 2, 1 / 3], [0, nan, 0], [0, 1 / 2, 1 / 5]]),
    ("abandon_rate", [[0, 0, 0], [1 / 2, nan, 1 / 2], [1 / 3, 0, 1 / 5]]),
    ("average_speed_of_answer", [[15, 22.5, 20], [nan, nan, nan], [15, 22.5, 20]]),
    ("longest_wait", [[15, 30, 30], [40, 3, 40], [40, 30, 40]]),
    ("average_talk_time", [[60, 65, 190 / 3], [nan, nan, nan], [60, 65, 190 / 3]]),
    ("average_handle_time", [[60, 80, 220 / 3], [nan, nan, nan], [60, 80, 220 / 3]]),
    ("transfer_rate", [[0, 1 / 2, 1 / 3], [nan, nan, nan], [0, 1 / 2, 1 / 3]]),
    ("ring_no_answer_rate", [[0, 1 / 3, 1 / 4], [nan, nan, nan], [0, 1 / 3, 1 / 4]]),
    # Anna sits in both queues, Ben in support and is a guest on a call of sales; all is told until 9:45.
    ("occupancy", [[0, 1800 / 7200, 1800 / 7200], [1, 1, 1], [1800 / 3600, 3600 / 9000, 5400 / 10800]]),
    ("utilisation", [[0, 1800 / 7200, 1800 / 7200], [1800 / 4500, 1800 / 4500, 3600 / 4500],
                     [1800 / 8100, 3600 / 11700, 5400 / 11700]]),
])  # fmt: skip
def test_by_queue(name: str, expected: Any) -> None:
    same(hours(By.QUEUE)[name], expected)


@pytest.mark.parametrize(("name", "expected"), [
    # Of Anna, Ben, Carl and all of them.
    ("answered", [[2, 1, 0, 3], [0, 0, 0, 0], [2, 1, 0, 3]]),
    ("talk_s", [[160, 50, 0, 210], [0, 0, 0, 0], [160, 50, 0, 210]]),
    ("attempts", [[2, 1, 0, 3], [0, 1, 0, 1], [2, 2, 0, 4]]),
    ("ring_no_answer_rate", [[0, 1, nan, 1 / 3], [nan, 0, nan, 0], [0, 1 / 2, nan, 1 / 4]]),
    ("average_handle_time", [[170 / 2, 50, nan, 220 / 3], [nan] * 4, [170 / 2, 50, nan, 220 / 3]]),
    ("transfer_rate", [[1 / 2, 0, nan, 1 / 3], [nan] * 4, [1 / 2, 0, nan, 1 / 3]]),
    ("occupancy", [[1 / 2, 0, nan, 1 / 4], [1, 1, nan, 1], [3600 / 5400, 1800 / 5400, nan, 5400 / 10800]]),
    ("utilisation", [[1 / 2, 0, nan, 1 / 4], [1800 / 2700, 1, nan, 3600 / 4500],
                     [3600 / 6300, 1800 / 5400, nan, 5400 / 11700]]),
    ("fcr_agent", [[1, nan, nan, 1], [nan, 0, nan, 0], [1, 0, nan, 1 / 2]]),
])  # fmt: skip
def test_by_agent(name: str, expected: Any) -> None:
    same(hours(By.AGENT)[name], expected)


def test_the_figures_of_a_site_are_those_of_all_queues_together() -> None:
    by_queue, by_site = hours(By.QUEUE), hours(By.SITE)
    assert set(by_queue) == set(by_site)
    for name, of_site in by_site.items():
        of_all = [row[-1] for row in by_queue[name]]
        same(of_site, [[value, value] for value in of_all])


def test_a_period_that_is_the_range_has_the_figures_of_the_range() -> None:
    found = values(made(columns(DAY, **ALL), Ask(DAY, Every.RANGE), targets=TARGETS.__getitem__))
    same(found["service_level"], [[0, 1 / 2, 1 / 5]] * 2)


def test_whole_calls_are_followed_beyond_the_range_and_provisional_until_they_are_old() -> None:
    settled = hours(By.QUEUE, columns(DAY, **ALL, until=at("10:00") + 7 * 86_400))
    same(settled["fcr_repeat"], [[0, 0, 0], [nan, 1, 1], [0, 1 / 2, 1 / 3]])
    same(settled["first_call_resolution"], [[0, 0, 0], [nan, 0, 0], [0, 0, 0]])
    same(settled["repeat_call_rate"], [[0, 0, 0], [nan, 1, 1], [0, 1 / 2, 1 / 4]])
    same(settled["self_service_rate"], [[nan, nan, 1], [nan, nan, nan], [nan, nan, 1]])
    same(settled["fcr_provisional_share"], [[0, 0, 0], [nan, 0, 0], [0, 0, 0]])
    assert "fcr_repeat" not in hours(By.QUEUE)
    assert made(columns(DAY, **ALL), Ask(DAY)).trust.provisional == 1


def test_all_together_are_those_that_are_chosen() -> None:
    found = hours(By.QUEUE, names=("sales",))
    for name, of_sales in found.items():
        same([row[0] for row in of_sales], [row[1] for row in of_sales])
        same([row[0] for row in of_sales], [row[0] for row in hours(By.QUEUE)[name]])
    of_two = hours(By.AGENT, names=("ben", "anna", "ben"))
    same(of_two["answered"], [[2, 1, 3], [0, 0, 0], [2, 1, 3]])


def test_what_both_of_two_queues_have_is_counted_once() -> None:
    chosen = hours(By.QUEUE, names=("support", "sales"))
    for name in ("occupancy", "utilisation"):
        same(chosen[name], hours(By.QUEUE)[name])


def test_answered_visits_that_only_queue_log_tells_of_are_counted() -> None:
    # Ben's call of 08:59:59.999 for support; the other such visit was abandoned.
    for by, counted in ((By.QUEUE, [0, 1, 1]), (By.AGENT, [0, 1, 0, 1]), (By.SITE, [1, 1])):
        told = made(columns(DAY, **ALL), Ask(DAY, Every.HOUR, by)).from_queue_log
        assert told is not None
        same(told.values, [counted, [0] * len(counted), counted])
    assert made(columns(DAY, VISITS[:1]), Ask(DAY)).from_queue_log is None


def test_the_past_is_counted_with_another_definition_when_that_is_asked_for() -> None:
    asked = Ask(DAY, Every.RANGE, threshold_s=3.0, short_abandon_s=0.0, figures=("service_level", "service_level_live"))
    found = made(columns(DAY, **ALL), asked, targets=TARGETS.__getitem__)
    assert found.targets == {"sales": Targets(3.0, 0.9, 0.0), "support": Targets(3.0, 0.8, 0.0)}
    same(values(found)["service_level"], [[0, 0, 0]] * 2)
    assert list(values(found)) == ["service_level", "service_level_live"]


def test_what_has_no_value_is_left_out_unless_it_is_asked_for_and_counts_stay() -> None:
    found = hours(By.QUEUE)
    assert "customer_satisfaction" not in found
    assert found["withdrawn"] == [[0, 0, 0]] * 3
    assert np.isnan(hours(By.QUEUE, figures=("customer_satisfaction",))["customer_satisfaction"]).all()


def test_agents_have_no_figures_of_calls_when_nobody_knows_who_answered_them() -> None:
    unsaid = columns(DAY, **ALL, until=at("10:00") + 7 * 86_400, calls_by=False)
    assert "fcr_agent" not in hours(By.AGENT, unsaid)
    assert np.isnan(hours(By.AGENT, unsaid, figures=("fcr_agent",))["fcr_agent"]).all()


def test_a_period_of_which_nothing_is_known_has_no_counts() -> None:
    early = [visit for visit in VISITS if visit["entered_at"] < at("09:00")]
    for known, until in (((at("08:00"), at("09:00")),), at("10:00")), (((at("08:00"), at("10:00")),), at("09:00")):
        found = hours(By.QUEUE, columns(DAY, early, known=known, until=until))
        same(found["offered"], [[1, 2, 3], [nan, nan, nan], [1, 2, 3]])
        same(found["talk_s"], [[60, 150, 210], [nan, nan, nan], [60, 150, 210]])
    half_an_hour = columns(DAY, early, known=((at("08:00"), at("09:30")),))
    same(hours(By.QUEUE, half_an_hour)["offered"], [[1, 2, 3], [0, 0, 0], [1, 2, 3]])
    imported = columns(DAY, VISITS, known=())
    same(hours(By.QUEUE, imported)["offered"], hours(By.QUEUE)["offered"])
    same(hours(By.QUEUE, columns(DAY, known=()))["offered"], [[nan] * 3] * 3)


def test_trust_says_what_was_seen() -> None:
    known = (at("07:00"), at("08:10")), (at("08:20"), at("09:00")), (at("09:30"), at("12:00"))
    trust = made(columns(DAY, **ALL, known=known), Ask(DAY), made_at=at("09:40")).trust
    assert (trust.seen, trust.repaired, trust.imported, trust.unknown) == (5, 1, 1, 1)
    assert trust.unknown_s == 40 * 60
    assert made(columns(DAY, **ALL, known=known), Ask(DAY), made_at=at("09:10")).trust.unknown_s == 20 * 60
    assert made(columns(DAY, **ALL, known=()), Ask(DAY), made_at=at("23:00")).trust.unknown_s == 7200
    assert made(columns(DAY, **ALL, known=()), Ask(DAY), made_at=at("01:00")).trust.unknown_s == 0
    of_support = made(columns(DAY, **ALL), Ask(DAY, names=("support",))).trust
    assert (of_support.seen, of_support.repaired, of_support.imported, of_support.unknown) == (1, 1, 1, 0)


def test_nothing_at_all_makes_a_report_without_names() -> None:
    for by in (By.QUEUE, By.AGENT):
        found = made(columns(DAY, queues=(), agents=(), memberships=np.zeros((0, 0))), Ask(DAY, Every.HOUR, by))
        assert found.names == ()
        assert values(found)["answered"] == [[0.0]] * 3
        assert np.isnan(found.trust.provisional)


@pytest.mark.parametrize(("ask", "said"), [
    ({"names": ("support", "nobody", "a")}, "unknown queue: a, nobody; known are: sales, support"),
    ({"by": By.AGENT, "names": ("support",)}, "unknown agent: support; known are: anna, ben, carl"),
    ({"by": By.SITE, "names": ("Qeshm",)}, "unknown site: Qeshm; known are: Kish"),
    ({"figures": ("service_leve",)}, "unknown figure by queue: service_leve; known are: offered, answered, "),
    ({"by": By.AGENT, "figures": ("abandon_rate",)}, "unknown figure by agent: abandon_rate; known are: answered, "),
    ({"threshold_s": -1.0}, "threshold_s is -1: it must be 0 or more seconds"),
    ({"short_abandon_s": nan}, "short_abandon_s is nan: it must be 0 or more seconds"),
])  # fmt: skip
def test_what_is_unknown_is_named_with_what_is_known(ask: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        made(columns(DAY, **ALL), Ask(DAY, **ask))


def test_a_report_of_too_many_cells_is_refused() -> None:
    queues = tuple(f"q{n}" for n in range(150))
    year = utc("2026-01-01"), utc("2026-03-01")
    many = columns(year, queues=queues, memberships=np.zeros((1, 150)))
    with pytest.raises(InputError, match=re.escape("212,400 cells (1,416 periods × 150 names), 200,000 are allowed")):
        made(many, Ask(year, Every.HOUR))
    with pytest.raises(InputError, match=re.escape("unknown queue: x; known are: q0, q1, q10, ")) as error:
        made(many, Ask(year, names=("x",)))
    assert str(error.value).endswith(" and 130 more")


def test_calls_around_the_range_must_reach_as_far_as_the_repeat_window() -> None:
    with pytest.raises(ValueError, match="calls are known for"):
        report(columns(DAY), Ask(DAY), site="Kish", calendar=IN_UTC, made_at=0.0,
               targets=TARGETS.__getitem__, repeat_within_s=MARGIN_S + 1)  # fmt: skip

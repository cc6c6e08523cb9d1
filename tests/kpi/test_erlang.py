"""Erlang C against published numbers, and against the textbook's sum in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpi

# 100 calls in half an hour of 180 s each, 10 erlangs: agents, probability of waiting, answered within 20 s.
# As printed by the README of the R package ErlangC 0.1.0 (CRAN); the example is that of callcentrehelper.com.
PUBLISHED = [
    (11, 0.6821182, 0.3896138),
    (12, 0.4493882, 0.6401580),
    (13, 0.2852705, 0.7955948),
    (14, 0.1741319, 0.8883500),
]


def exact_c(agents: int, erlangs: Fraction) -> Fraction:
    """(A^n / n!) (n / (n - A)) / (the same + Σ A^k / k! for k < n), as it stands in textbooks; A < n."""
    term, below = Fraction(1), Fraction(0)
    for k in range(agents):
        below += term
        term = term * erlangs / (k + 1)
    waiting = term * agents / (agents - erlangs)
    return waiting / (waiting + below)


def exact_level(agents: int, erlangs: Fraction, threshold_s: float, handle_time_s: float) -> float:
    if agents <= erlangs:
        return 0.0
    return 1 - float(exact_c(agents, erlangs)) * math.exp(-float(agents - erlangs) * threshold_s / handle_time_s)


@pytest.mark.parametrize(("agents", "waiting", "level"), PUBLISHED)
def test_published_numbers_are_met(agents: int, waiting: float, level: float) -> None:
    assert float(kpi.erlang_c(agents, 10.0)) == pytest.approx(waiting, abs=5e-8)
    assert float(kpi.service_level_expected(agents, 100, 180, 1800, 20)) == pytest.approx(level, abs=5e-8)


def test_published_staffing_is_met() -> None:
    # The same source: 80 % within 20 s at an occupancy of at most 0.85 asks for 14, with a shrinkage of 0.3 for 20.
    assert kpi.agents_required(100, 180, 1800, 20, 0.8) == 14
    assert kpi.agents_required(100, 180, 1800, 20, 0.8, shrinkage=0.3) == 20


def test_one_agent_makes_callers_wait_as_often_as_he_is_busy() -> None:
    load = np.array([0.0, 0.25, 0.5, 0.99])
    np.testing.assert_allclose(kpi.erlang_c(1, load), load, rtol=1e-14)


@given(st.integers(1, 60), st.integers(1, 6000))
def test_it_equals_the_textbooks_sum(agents: int, hundredths: int) -> None:
    erlangs = Fraction(hundredths, 100)
    expected = float(exact_c(agents, erlangs)) if erlangs < agents else 1.0
    np.testing.assert_allclose(kpi.erlang_c(agents, float(erlangs)), expected, rtol=1e-12)


@pytest.mark.parametrize(("agents", "erlangs"), [(1000, 999), (1000, 950), (3000, 2950), (3000, 2500)])
def test_it_holds_for_thousands_of_agents(agents: int, erlangs: int) -> None:
    # A^n / n! overflows a double from some 170 agents on.
    np.testing.assert_allclose(kpi.erlang_c(agents, erlangs), float(exact_c(agents, Fraction(erlangs))), rtol=1e-11)


def test_intervals_are_computed_side_by_side() -> None:
    agents, load = np.array([[3], [0], [40]]), np.array([0.0, 2.5, 3.0])
    alone = [[float(kpi.erlang_c(n, a)) for a in load] for n in agents[:, 0]]
    assert kpi.erlang_c(agents, load).tolist() == alone
    assert alone[1] == [1.0, 1.0, 1.0]  # nobody answers
    assert alone[0][::2] == [0.0, 1.0]  # nobody calls; as much load as agents
    assert kpi.erlang_c(np.array([], np.int64), np.array([])).tolist() == []


def test_without_calls_nobody_is_required_and_no_level_is_expected() -> None:
    calls, handle = np.array([0.0, 100.0]), np.array([math.nan, 180.0])
    assert kpi.agents_required(calls, handle, 1800, 20, 0.8).tolist() == [0, 14]
    np.testing.assert_allclose(kpi.service_level_expected([0, 10], calls, handle, 1800, 20), [math.nan, 0.0])
    assert kpi.agents_required(np.array([]), np.array([]), 900, 20, 0.8).tolist() == []


@settings(max_examples=60)
@given(
    st.integers(0, 200), st.integers(1, 600), st.sampled_from([900, 1800]), st.integers(0, 120),
    st.sampled_from([0.0, 0.5, 0.8, 0.95, 0.999]), st.integers(50, 100),
    st.integers(0, 90),
)  # fmt: skip
def test_required_is_the_least_that_meets_target_and_occupancy(
    calls: int, handle_s: int, interval_s: int, threshold_s: int, target: float, percent: int, shrinkage: int
) -> None:
    """By trying 1, 2, 3 … agents, all but the exponential in exact fractions."""
    load = Fraction(calls * handle_s, interval_s)
    agents = math.floor(load)  # fewer cannot carry it
    while calls and (agents * Fraction(percent, 100) < load or agents <= load
                     or exact_level(agents, load, threshold_s, handle_s) < target):
        agents += 1  # fmt: skip
    rostered = math.ceil(Fraction(agents * 100, 100 - shrinkage)) if calls else 0
    of = kpi.agents_required(calls, handle_s, interval_s, threshold_s, target, percent / 100, shrinkage / 100)
    assert of == rostered


def test_required_takes_a_threshold_and_a_target_for_each_interval() -> None:
    of = kpi.agents_required([100, 100, 7, 0], [180, 180, 300, 180], [1800, 1800, 900, 900], [20, 0, 20, 20],
                             [0.8, 0.8, 0.8, 0.8], [1.0, 1.0, 0.5, 1.0])  # fmt: skip
    # 10 erlangs: 14 in 20 s; at once: C(13) = 0.285, C(14) = 0.174, so 14 too. 7 * 300 / 900 = 2.33 erlangs: at least
    # 2.33 / 0.5 = 4.67, so 5, which answer more than 0.8 within 20 s. No calls: 0.
    assert of.tolist() == [14, 14, 5, 0]
    assert float(kpi.service_level_expected(5, 7, 300, 900, 20)) > 0.8


def test_as_many_agents_as_erlangs_are_never_enough() -> None:
    assert kpi.agents_required(10, 100, 100, 20, 0.0, max_occupancy=1.0) == 11  # with 10 the line grows without end


def test_a_number_that_fits_exactly_is_not_rounded_up() -> None:
    assert kpi.agents_required(9, 100, 100, 0, 0.0, max_occupancy=0.9) == 10  # 9 erlangs / 0.9
    assert kpi.agents_required(57, 180, 1800, 0, 0.0, max_occupancy=0.57) == 10  # 10 * 0.57 is 5.699… in floats
    assert kpi.agents_required(8.1, 100, 100, 0, 0.0, max_occupancy=0.9, shrinkage=0.9) == 90  # 9 / (1 - 0.9)


@pytest.mark.parametrize(("wrong", "why"), [
    ({"calls": -1}, "calls must be numbers of 0 or more"), ({"calls": math.nan}, "calls must be"),
    ({"calls": math.inf}, "calls must be"),
    ({"handle_time_s": 0}, "handle_time_s must be above 0 where there are calls"),
    ({"handle_time_s": math.nan}, "handle_time_s must be above 0"), ({"handle_time_s": -5}, "handle_time_s must be"),
    ({"calls": 0, "handle_time_s": -5}, "handle_time_s must not be negative"),
    ({"interval_s": 0}, "interval_s must be above 0"),
    ({"threshold_s": math.inf}, "threshold_s must be a number of 0 or more"),
    ({"threshold_s": -1}, "threshold_s must be"),
    ({"target": 1.0}, "target must be 0 or more and below 1"), ({"target": -0.1}, "target must be"),
    ({"max_occupancy": 0.0}, "max_occupancy must be above 0 and at most 1"), ({"max_occupancy": 1.1}, "max_occupancy"),
    ({"shrinkage": 1.0}, "shrinkage must be 0 or more and below 1"), ({"shrinkage": [0.1, -0.1]}, "shrinkage must be"),
])  # fmt: skip
def test_input_that_means_nothing_is_refused(wrong: dict[str, float], why: str) -> None:
    good = {"calls": 100, "handle_time_s": 180, "interval_s": 1800, "threshold_s": 20, "target": 0.8}
    with pytest.raises(ValueError, match=why):
        kpi.agents_required(**good | wrong)


@pytest.mark.parametrize(("agents", "erlangs", "why"), [
    (-1, 1.0, "agents must be whole numbers"), (2.5, 1.0, "agents must be whole numbers"),
    (math.inf, 1.0, "agents must be whole numbers"), (2, -1.0, "erlangs must be"), (2, math.nan, "erlangs must be"),
])  # fmt: skip
def test_impossible_loads_and_agents_are_refused(agents: float, erlangs: float, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kpi.erlang_c(agents, erlangs)

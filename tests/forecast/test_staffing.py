"""Agents required, staffed and what if: against published numbers, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import FIRST, TEHRAN, Span, columns

import kpi
from callcenter.errors import InputError
from callcenter.forecast.series import intervals_of
from callcenter.forecast.staffed import ON_THE_PHONES, staffed
from callcenter.forecast.staffing import Change, Policy, changed, outlook, required
from callcenter.report.values import Targets
from kpi import State

NAN = math.nan
# 100 calls of 180 s in half an hour, 10 erlangs, as printed by the README of the R package ErlangC 0.1.0 (CRAN): 14
# agents answer 0.8883500 within 20 s, 13 0.7955948; with a shrinkage of 0.3 it takes 20. Here 50 in a quarter.
CALLS, HANDLE = np.array([[50.0, 0.0]]), np.array([[180.0, NAN]])
ONE = ("sales",)


def test_published_staffing_is_met() -> None:
    assert required(CALLS, HANDLE, ONE, Policy()).tolist() == [[14, 0]]
    assert required(CALLS, HANDLE, ONE, Policy(shrinkage=0.3)).tolist() == [[20, 0]]
    assert required(CALLS, HANDLE, ONE, Policy(max_occupancy=0.5)).tolist() == [[20, 0]]


def test_published_service_levels_are_met() -> None:
    seen = outlook(CALLS, HANDLE, np.array([[14.0, 3.0]]), ONE, Policy())
    np.testing.assert_allclose(seen.service_level, [[0.8883500, NAN]], atol=5e-8)
    np.testing.assert_allclose(seen.occupancy, [[10 / 14, 0.0]])
    np.testing.assert_allclose(seen.overall, [0.8883500] * 2, atol=5e-8)


def test_half_an_agent_lies_half_way() -> None:
    seen = outlook(CALLS[:, :1], HANDLE[:, :1], np.array([[13.5]]), ONE, Policy())
    assert seen.service_level[0, 0] == pytest.approx((0.7955948 + 0.8883500) / 2, abs=1e-7)


def test_too_few_agents_answer_nobody_in_time_and_are_busy_all_the_time() -> None:
    seen = outlook(np.full((1, 3), 50.0), np.full((1, 3), 180.0), np.array([[0.0, 8.0, NAN]]), ONE, Policy())
    np.testing.assert_array_equal(seen.service_level, [[0, 0, NAN]])
    np.testing.assert_array_equal(seen.occupancy, [[NAN, 1, NAN]])
    np.testing.assert_array_equal(seen.overall, [0, 0])


def test_the_overall_level_is_weighted_by_calls() -> None:
    calls, handle = np.array([[50.0, 25.0], [0.0, 0.0]]), np.full((2, 2), 180.0)
    seen = outlook(calls, handle, np.array([[14.0, 4.0], [1.0, 1.0]]), ("sales", "support"), Policy())
    # 25 calls are 5 erlangs, more than 4 agents carry: none in time.
    np.testing.assert_allclose(seen.overall, [0.8883500 * 50 / 75, NAN, 0.8883500 * 50 / 75], atol=5e-8)


def test_each_queue_has_its_own_targets() -> None:
    policy = Policy(targets={"support": Targets(threshold_s=20, service_level=0.6)})
    of = required(np.full((2, 1), 50.0), np.full((2, 1), 180.0), ("sales", "support"), policy)
    assert of.tolist() == [[14], [12]]  # 12 agents answer 0.64 in time; 10 / 12 is below 0.85
    all_of_them = Policy(targets={"support": Targets(service_level=1.0)})
    of = required(np.full((2, 1), 50.0), np.full((2, 1), 180.0), ("sales", "support"), all_of_them)
    np.testing.assert_array_equal(of, [[14], [NAN]])  # that no staff reaches; the others have their number


def test_two_agents_more_at_ten() -> None:
    start = np.arange(4) * 900.0 + 36000
    before = np.full((2, 4), 12.0)
    after = changed(before, start, ("sales", "support"), [Change("sales", (36900, 38700), 2)])
    assert after.tolist() == [[12, 14, 14, 12], [12] * 4]
    levels = [outlook(np.full((2, 4), 50.0), np.full((2, 4), 180.0), of, ("sales", "support"), Policy()).service_level
              for of in (before, after)]  # fmt: skip
    np.testing.assert_allclose(levels[0], 0.6401580, atol=5e-8)
    np.testing.assert_allclose(levels[1][0], [0.6401580, 0.8883500, 0.8883500, 0.6401580], atol=5e-8)
    assert changed(before, start, ONE, [Change("sales", (36000, 36001), -20)])[0].tolist() == [0, 12, 12, 12]
    assert before.tolist() == [[12] * 4] * 2


@pytest.mark.parametrize(("change", "why"), [
    (Change("billing", (0, 1e9), 1), "no such queue in the forecast: 'billing'"),
    (Change("sales", (36001, 36002), 1), "no interval of the forecast begins within"),
])  # fmt: skip
def test_a_change_of_nothing_is_refused(change: Change, why: str) -> None:
    with pytest.raises(InputError, match=why):
        changed(np.ones((1, 1)), np.array([36000.0]), ONE, [change])


@pytest.mark.parametrize("policy", [Policy(shrinkage=1.0), Policy(max_occupancy=0.0)])
def test_a_policy_out_of_range_is_told(policy: Policy) -> None:
    with pytest.raises(InputError, match="agents required: "):
        required(CALLS, HANDLE, ONE, policy)


def test_calls_without_a_handle_time_are_told() -> None:
    with pytest.raises(InputError, match="handle_time_s must be above 0 where there are calls"):
        outlook(CALLS, HANDLE * NAN, CALLS * 0, ONE, Policy())


DAY = intervals_of(FIRST, 1, TEHRAN)
AT = float(DAY.start[0])
EVEN = np.ones((2, 96))


def there(spans: list[Span], work: np.ndarray = EVEN, **more: object) -> list[list[float]]:  # type: ignore[type-arg]
    """The first three intervals; membership 0: sales, 1: both queues, 2: none."""
    of = columns((AT, DAY.end), (), spans, [[True, False], [True, True], [False, False]])
    return staffed(of, DAY, work, **more)[:, :3].tolist()  # type: ignore[arg-type]


def test_an_agent_is_there_for_the_share_of_the_interval() -> None:
    spans: list[Span] = [
        (0, 0, State.AVAILABLE, AT - 50, AT + 300), (0, 0, State.TALKING, AT + 300, AT + 450),
        (0, 0, State.LOGGED_OUT, AT + 450, AT + 900), (1, 0, State.PAUSED, AT + 900, math.inf),
    ]
    assert there(spans) == [[0.5, 1, 1], [0, 0, 0]]
    assert there(spans, states=ON_THE_PHONES) == [[0.5, 0, 0], [0, 0, 0]]


def test_who_sits_in_two_queues_is_shared_by_their_work() -> None:
    work = EVEN.copy()
    work[:, 0], work[:, 1], work[:, 2] = [30, 10], [0, 0], [NAN, 5]
    spans: list[Span] = [(0, 1, State.AVAILABLE, AT, math.inf), (1, 2, State.AVAILABLE, AT, math.inf)]
    assert there(spans, work) == [[0.75, 0.5, 0], [0.25, 0.5, 1]]


def test_what_is_not_known_is_not_staffed_by_nobody() -> None:
    of = columns((AT, DAY.end), (), [(0, 0, State.AVAILABLE, AT, math.inf)], [[True, False]],
                 known=((AT, AT + 900), (AT + 1000, DAY.end)))  # fmt: skip
    agents = staffed(of, DAY, EVEN)
    np.testing.assert_array_equal(agents[:, :3], [[1, NAN, 1], [0, NAN, 0]])
    np.testing.assert_array_equal(kpi.staffing_gap(np.array([2, 2, 0]), agents[0, :3]), [1, NAN, -1])


moments = st.integers(-2000, 90000).map(lambda s: AT + s)


@given(st.lists(st.tuples(moments, moments | st.just(math.inf), st.integers(0, 7)), max_size=20))
def test_it_equals_a_plain_loop(rows: list[tuple[float, float, int]]) -> None:
    spans: list[Span] = [(0, 0, state, min(a, b), max(a, b)) for a, b, state in rows]
    of = staffed(columns((AT, DAY.end), (), spans, [[True, False]]), DAY, EVEN)
    for at in (0, 1, 40, 95):
        start, end = DAY.borders[at : at + 2]
        seconds = sum(max(min(s[4], end) - max(s[3], start), 0) for s in spans if s[2] != State.LOGGED_OUT)
        assert of[0, at] == pytest.approx(seconds / 900, abs=1e-6)

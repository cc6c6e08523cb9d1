"""How far off forecasts were: by hand, and against what Poisson's distribution allows."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from synthetic import BERLIN, FIRST, TEHRAN, drawn, without

import kpi
from callcenter.errors import ConfigError, InputError
from callcenter.forecast.backtest import back_test, beside
from callcenter.forecast.making import MODELS, first_day, make_forecast
from callcenter.forecast.series import Intervals, Series, intervals_of
from callcenter.forecast.values import Expected
from kpi.columns import Floats


def least_error(rate: Floats) -> float:
    """E|X - rate| of Poisson counts, added up over the rates, by the sum that defines it."""
    total = 0.0
    for of in rate[rate > 0]:
        chance = math.exp(-of)
        for k in range(int(of + 12 * math.sqrt(of) + 20)):
            total += abs(k - of) * chance
            chance *= of / (k + 1)
    return total


def test_the_default_beats_the_naive_by_a_clear_ratio_and_is_near_what_chance_allows() -> None:
    truth = drawn([600, 200, 60], 70, 7)
    seasonal, _, naive = back_test(truth.history, MODELS, set(), last=14).scores
    assert (seasonal.model, naive.model) == ("seasonal", "naive")
    error, other = kpi.forecast_error(seasonal.by_interval), kpi.forecast_error(naive.by_interval)
    # Two draws of the same rate differ by 1.41 times what one differs from its rate.
    assert (error < 0.8 * other).all()
    assert kpi.forecast_error(seasonal.by_day)[-1] < 0.85 * kpi.forecast_error(naive.by_day)[-1]
    rate = truth.rate[:, truth.history.intervals.day >= 56]
    least = np.array([least_error(of) for of in (*rate, rate.ravel())]) / seasonal.by_interval.actual
    np.testing.assert_array_less(error, 1.1 * least)
    np.testing.assert_array_less(0.9 * least, error)
    assert abs(kpi.forecast_bias(seasonal.by_interval)[-1]) < 0.03


@pytest.mark.parametrize("unrest", [0.1, 0.2])
def test_it_beats_the_naive_in_restless_weeks_too(unrest: float) -> None:
    """In four histories together: over whole days of one month chance may favour either."""
    off = np.zeros((3, 2))
    for seed in range(4):
        truth = drawn([600, 200], 84, seed, lambda d: 1 + 0.2 * math.sin(d / 15), unrest)
        scores = back_test(truth.history, MODELS, set(), last=28).scores
        off += [[of.absolute_error[-1] for of in (score.by_interval, score.by_day)] for score in scores]
    assert (off[0] / off[2] < [0.8, 0.9]).all()


def five(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
    """5 calls everywhere; tells what it was given."""
    SEEN.append((history.intervals.dates[-1], ahead.dates))
    calls = np.full((len(history.queues), len(ahead.start)), 5.0)
    return Expected(calls, calls, calls, calls)


def fails(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
    raise InputError("too little")


SEEN: list[tuple[date, tuple[date, ...]]] = []


def test_each_day_is_forecast_from_the_days_before_it_alone() -> None:
    SEEN.clear()
    history = drawn([10], 10).history
    day = [FIRST + timedelta(days=n) for n in range(10)]
    test = back_test(history, {"five": five}, set(), last=3)
    given = [(day[6], (day[7],)), (day[7], (day[8],)), (day[8], (day[9],))]
    assert given == SEEN
    assert test.days == tuple(day[7:])
    SEEN.clear()
    back_test(history, {"five": five}, set(), last=7, every=3, ahead=3)
    given = [(day[2], tuple(day[3:6])), (day[5], tuple(day[6:9])), (day[8], (day[9],))]
    assert given == SEEN


def test_its_sums_equal_their_arithmetic() -> None:
    history = drawn([10, 10], 3).history
    offered = np.zeros((2, 3 * 96))
    offered[:, 192:] = [[7] * 96, [4] * 48 + [math.nan] * 48]
    score = back_test(replace(history, offered=offered), {"five": five}, set(), last=1).scores[0]
    assert score.by_interval.intervals.tolist() == [96, 48, 144]
    assert score.by_interval.left_out.tolist() == [0, 48, 48]
    assert score.by_interval.error.tolist() == [2 * 96, -48, 144]
    assert score.by_interval.absolute_error.tolist() == [2 * 96, 48, 240]
    assert score.by_day.actual.tolist() == [7 * 96, 4 * 48, 7 * 96 + 4 * 48]
    assert score.by_day.intervals.tolist() == [1, 1, 2]
    assert score.by_day.absolute_error.tolist() == [2 * 96, 48, 240]


def test_models_are_compared_over_the_same_intervals() -> None:
    truth = drawn([100], 10)
    history = without(truth.history, truth.history.intervals.day == 2)  # the naive has no number for day 9
    test = back_test(history, {"five": five, "naive": MODELS["naive"]}, set(), last=2)
    assert [score.by_interval.intervals.tolist() for score in test.scores] == [[96, 96]] * 2
    assert [score.by_day.left_out.tolist() for score in test.scores] == [[1, 1]] * 2


def test_days_with_too_little_before_them_are_skipped_and_told() -> None:
    test = back_test(drawn([100], 16).history, {"seasonal": MODELS["seasonal"]}, set(), last=4)
    assert test.skipped == tuple(FIRST + timedelta(days=n) for n in (12, 13))
    assert test.days == tuple(FIRST + timedelta(days=n) for n in (14, 15))
    with pytest.raises(InputError, match="needs more than 14 days"):
        back_test(drawn([100], 9).history, {"fails": fails}, set())
    with pytest.raises(ValueError, match="every and ahead"):
        back_test(drawn([100], 9).history, {"five": five}, set(), every=0)


def test_a_forecast_begins_with_the_first_day_that_has_not_begun() -> None:
    history = drawn([100, 20], 40).history
    midnight = float(history.intervals.start[30 * 96])
    assert first_day(midnight, TEHRAN) == history.intervals.dates[30]
    assert first_day(midnight + 1, TEHRAN) == history.intervals.dates[31]
    made = make_forecast(history, midnight + 3600, TEHRAN, set())
    assert made.start[0] == midnight + 86400 and len(made.start) == 14 * 96
    assert made.learnt == (history.intervals.start[0], midnight)
    assert (made.model, made.queues) == ("seasonal", ("q0", "q1"))
    with pytest.raises(ConfigError, match="no such forecast model: 'best'; there are seasonal, statsforecast, naive"):
        make_forecast(history, midnight, TEHRAN, set(), "best")


def test_what_came_stands_beside_what_was_expected() -> None:
    history = drawn([100, 20], 40).history
    midnight = float(history.intervals.start[30 * 96])
    made = make_forecast(history, midnight, TEHRAN, set())
    both = beside(replace(made, queues=("q1", "gone")), history)
    assert both.start.tolist() == history.intervals.start[30 * 96 :].tolist()  # ten of the fourteen days
    np.testing.assert_array_equal(both.actual, [history.offered[1, 30 * 96 :], np.full(960, np.nan)])
    np.testing.assert_array_equal(both.forecast, made.calls[:, :960])
    assert set(both.handle_time_s[0][~np.isnan(both.handle_time_s[0])]) == {240.0}
    assert both.score.by_interval.intervals.tolist() == [960, 0, 960]
    assert both.score.by_day.intervals.tolist() == [10, 0, 10]
    assert both.ahead.all()
    later = beside(replace(made, made_at=midnight + 1), history)  # that day had begun
    assert later.score.by_interval.intervals.tolist() == [864, 864, 1728]
    with pytest.raises(InputError, match="no interval in common"):
        beside(made, drawn([100], 3).history)


def test_a_day_of_25_hours_is_forecast_and_compared_whole() -> None:
    berlin = intervals_of(date(2026, 8, 30), 57, BERLIN)
    assert len(berlin.start) == 57 * 96 + 4  # the last day is 25 October
    calls = np.random.default_rng(1).poisson(10.0, (1, len(berlin.start))).astype(np.float64)
    history = Series(("q",), berlin, calls, calls, calls, calls * 100, np.ones(1, np.bool_))
    test = back_test(history, MODELS, set(), last=1)
    assert test.scores[0].by_interval.intervals.tolist() == [100, 100]
    assert abs(kpi.forecast_bias(test.scores[0].by_day)[0]) < 0.12

"""Forecast error and bias, staffing gap and attrition: by hand, and against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpi

NAN = math.nan
QUEUES = 2


def test_forecast_error_and_bias_equal_their_arithmetic() -> None:
    # queue 0: 100 came, 90 forecast; 50, 60; 30, no forecast.  queue 1: 0, 4; 20, 20; not seen, 7.  queue 2: 0, 3.
    actual = np.array([100.0, 50, 30, 0, 20, NAN, 0])
    forecast = np.array([90.0, 60, NAN, 4, 20, 7, 3])
    sums = kpi.sum_forecast(actual, forecast, np.array([0, 0, 0, 1, 1, 1, 2]), 4)
    np.testing.assert_allclose(kpi.forecast_error(sums), [(10 + 10) / 150, (4 + 0) / 20, NAN, NAN, (20 + 4 + 3) / 170])
    np.testing.assert_allclose(kpi.forecast_bias(sums), [(10 - 10) / 150, -4 / 20, NAN, NAN, (0 - 4 - 3) / 170])
    assert sums.intervals.tolist() == [2, 2, 1, 0, 5]
    assert sums.left_out.tolist() == [1, 1, 0, 0, 2]


def test_without_intervals_they_are_nan() -> None:
    none = np.array([])
    sums = kpi.sum_forecast(none, none, none.astype(np.int64), 1)
    assert np.isnan(kpi.forecast_error(sums)).all()
    assert np.isnan(kpi.forecast_bias(sums)).all()


def test_a_forecast_of_an_unknown_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="queue codes must be 0 … 0"):
        kpi.sum_forecast(np.ones(1), np.ones(1), np.array([1]), 1)


numbers = st.integers(0, 50).map(float) | st.just(NAN)


@given(st.lists(st.tuples(st.integers(0, QUEUES - 1), numbers, numbers), max_size=30))
def test_forecast_figures_equal_a_plain_loop(rows: list[tuple[int, float, float]]) -> None:
    columns = [np.array([row[at] for row in rows]) for at in range(3)]
    sums = kpi.sum_forecast(columns[1], columns[2], columns[0].astype(np.int64), QUEUES)
    for place, queue in enumerate([*range(QUEUES), None]):
        came = off = signed = 0.0
        for of, actual, forecast in rows:
            if queue in (None, of) and not math.isnan(actual) and not math.isnan(forecast):
                came, off, signed = came + actual, off + abs(actual - forecast), signed + actual - forecast
        expected = (off / came, signed / came) if came else (NAN, NAN)
        of_queue = kpi.forecast_error(sums)[place], kpi.forecast_bias(sums)[place]
        np.testing.assert_allclose(of_queue, expected, rtol=1e-9)


def test_staffing_gap_is_above_0_where_agents_lack() -> None:
    gap = kpi.staffing_gap(np.array([14, 3, 0, 5]), np.array([12.0, 4.0, 0.0, NAN]))
    np.testing.assert_array_equal(gap, [2, -1, 0, NAN])


def test_attrition_is_by_mean_headcount() -> None:
    np.testing.assert_array_equal(kpi.attrition(np.array([6, 0, 1]), np.array([40.0, 10.0, 0.0])), [6 / 40, 0, NAN])

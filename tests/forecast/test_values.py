"""A forecast goes into a store's rows and comes back."""

from __future__ import annotations

import random

import numpy as np
import pytest

from callcenter.errors import InputError
from callcenter.forecast.values import Forecast, from_rows

START = np.array([900.0, 1800.0, 2700.0])


def forecast() -> Forecast:
    numbers = np.arange(24.0).reshape(4, 2, 3)
    return Forecast(800.0, "seasonal", (0.0, 700.0), ("sales", "support"), START, *numbers)


def test_a_row_is_plain() -> None:
    rows = forecast().rows()
    assert len(rows) == 6
    assert rows[4] == (800.0, "seasonal", 0.0, 700.0, "support", 1800.0, 4.0, 10.0, 16.0, 22.0)
    assert {type(cell) for row in rows for cell in row} == {float, str}


def test_rows_in_any_order_are_the_same_forecast() -> None:
    rows = forecast().rows()
    random.Random(1).shuffle(rows)
    assert from_rows(rows).rows() == forecast().rows()
    assert from_rows(rows).learnt == (0.0, 700.0)


def test_a_row_that_is_missing_is_no_forecast_of_no_calls() -> None:
    back = from_rows(forecast().rows()[1:])
    assert np.isnan(back.calls[0, 0]) and back.calls[1].tolist() == [3, 4, 5]


def test_rows_of_two_forecasts_or_of_none_are_refused() -> None:
    first, *others = forecast().rows()
    with pytest.raises(InputError, match="these are of 2"):
        from_rows([(801.0, *first[1:]), *others])
    with pytest.raises(InputError, match="these are of 0"):
        from_rows([])

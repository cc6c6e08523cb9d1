"""The model of statsforecast: its days are what the library says of the days' calls, its quarters of an hour ours."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from statsforecast.models import AutoETS
from synthetic import FIRST, drawn

import kpi
from callcenter.errors import ConfigError
from callcenter.forecast import library
from callcenter.forecast.backtest import back_test
from callcenter.forecast.making import MODELS
from callcenter.forecast.naive import naive


def test_a_days_calls_are_what_the_library_expects() -> None:
    known, ahead, _, _ = drawn([400, 90], 84, 3).split(70)
    made = MODELS["statsforecast"](known, ahead, set())
    days = np.stack([np.bincount(ahead.day, calls) for calls in made.calls])
    for queue, calls in enumerate(known.offered):
        came = np.bincount(known.intervals.day, calls)
        told = AutoETS(season_length=7).forecast(y=came, h=14)["mean"]
        np.testing.assert_allclose(days[queue], np.where(ahead.weekday == 4, 0, told), rtol=1e-9, atol=0.5)
    assert (made.low <= made.calls).all() and (made.calls <= made.high).all() and (made.low >= 0).all()
    assert made.handle_time_s == pytest.approx(240.0)


def test_most_of_what_comes_lies_in_its_band() -> None:
    known, ahead, _, came = drawn([600], 98, 5, unrest=0.1).split(84)
    made = MODELS["statsforecast"](known, ahead, set())
    opened = made.calls >= 2
    assert 0.7 < ((made.low <= came) & (came <= made.high))[opened].mean() < 0.97


def test_it_beats_the_naive_one() -> None:
    history = drawn([600, 200], 84, 4, unrest=0.1).history
    scores = back_test(history, {"library": library.library, "naive": naive}, set(), last=14).scores
    error, other = (kpi.forecast_error(score.by_interval)[-1] for score in scores)
    assert error < 0.9 * other


def test_a_holiday_and_a_day_that_nobody_saw_are_not_learnt_from() -> None:
    known, ahead, _, _ = drawn([400], 84, 6).split(70)
    usual = MODELS["statsforecast"](known, ahead, set()).calls
    offered = known.offered.copy()
    holiday, unseen = known.intervals.day == 58, known.intervals.day == 60
    offered[:, holiday], offered[:, unseen] = 0.0, np.nan
    day_off = {FIRST + timedelta(days=58)}
    made = MODELS["statsforecast"](replace(known, offered=offered), ahead, day_off).calls
    assert made.sum() == pytest.approx(usual.sum(), rel=0.04)
    fooled = MODELS["statsforecast"](replace(known, offered=np.nan_to_num(offered)), ahead, set()).calls
    assert fooled.sum() < 0.97 * usual.sum()


def test_a_holiday_ahead_is_as_quiet_as_holidays_are() -> None:
    known, ahead, _, _ = drawn([400], 84, 6).split(70)
    day_off = {ahead.dates[4]}
    usual, made = (MODELS["statsforecast"](known, ahead, of).calls for of in (set(), day_off))
    off = ahead.day == 4
    assert made[0, off].sum() < 0.2 * usual[0, off].sum() and usual[0, off].sum() > 100
    np.testing.assert_array_equal(made[0, ~off], usual[0, ~off])


def test_where_it_is_not_installed_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    known, ahead, _, _ = drawn([400], 84, 6).split(70)
    with pytest.raises(ConfigError, match=r"'statsforecast' needs callcenter's extra \[statsforecast\], see README.md"):
        MODELS["statsforecast"](known, ahead, set())


def test_where_it_does_not_load_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise ImportError("of another numpy")

    monkeypatch.setitem(sys.modules, "statsforecast.models", Broken("statsforecast.models"))
    known, ahead, _, _ = drawn([400], 84, 6).split(70)
    with pytest.raises(ConfigError, match="'statsforecast' cannot be loaded: of another numpy"):
        MODELS["statsforecast"](known, ahead, set())

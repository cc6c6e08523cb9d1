"""From an imported queue_log of known intensity to a forecast that is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import logs
import numpy as np
import pytest
from synthetic import TEHRAN, day_shape

import kpi
from callcenter import clock, forecasting, worker
from callcenter.errors import ConfigError, InputError
from callcenter.forecast.days_off import days_off
from callcenter.forecast.plan import range_of
from callcenter.history import forecasts

TODAY = date(2025, 11, 16)


def test_the_forecast_is_near_the_intensity_that_the_log_was_drawn_from(folder: Path) -> None:
    made = forecasting.make(logs.config_of(folder))
    assert made.queues == ("=1+1", "sales", "support")
    assert (made.start[0], len(made.start)) == (range_of(TODAY + timedelta(days=1), TEHRAN)[0], 14 * 96)
    assert made.learnt[1] == range_of(TODAY, TEHRAN)[0]
    week = made.calls[:, : 5 * 96]  # Monday to Friday
    for q, queue in enumerate(made.queues):
        rate = (logs.DAILY[queue] * logs.WEEK[:5, None] * day_shape()).ravel()
        # Of some six hundred calls a queue's number is off by 4 % by chance alone.
        assert week[q].sum() == pytest.approx(rate.sum(), rel=0.2)
        assert np.abs(week[q] - rate).sum() / rate.sum() < 0.4
        handled = made.handle_time_s[q, : 5 * 96][week[q] > 1]
        assert handled == pytest.approx(np.full(len(handled), logs.TALK_S[queue]), rel=0.1)


def test_the_default_model_beats_the_naive_over_eight_weeks(folder: Path) -> None:
    """All the days that have two weeks of history before them."""
    config, told = logs.config_of(folder, forecast={"days_off": logs.DAYS_OFF}), []
    tested = forecasting.back_tested(config, 56, lambda *of: told.append(of), ["statsforecast"])
    assert [score.model for score in tested.scores] == ["seasonal", "statsforecast", "naive"]
    assert len(tested.days) == 7 * 7 and len(tested.skipped) == 7
    error, of_library, other = (kpi.forecast_error(score.by_interval) for score in tested.scores)
    assert (error < 0.9 * other).all() and of_library[-1] < other[-1]
    assert abs(kpi.forecast_bias(tested.scores[0].by_interval)[-1]) < 0.05
    assert {what for what, _, _ in told} == {"history", "back-test"}
    assert all(0 <= done <= total for _, done, total in told)


def test_too_short_a_history_is_told_in_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="a forecast needs history, there is none of before today in"):
        forecasting.make(logs.config_of(tmp_path / "empty"))
    monkeypatch.setattr(clock, "now", lambda: logs.NOW - 53 * 86_400)
    with pytest.raises(InputError, match="a forecast needs 14 days of known history, there are 10"):
        forecasting.make(logs.config_of(folder))
    with pytest.raises(InputError, match="a back-test needs more than 14 days"):
        forecasting.back_tested(logs.config_of(folder), 56)


def test_holidays_are_those_of_the_country_and_the_operators_own(folder: Path) -> None:
    """24 November is off in Iran (printed calendar of 1404: martyrdom of Fatima); here it is worked, and 18 is off."""
    own = {"days_off": [*logs.DAYS_OFF, "2025-11-18"], "working_days": ["2025-11-24"], "shrinkage": 0.3}
    usual, made = (forecasting.make(logs.config_of(folder, **more)) for more in ({}, {"forecast": own}))
    assert date(2025, 11, 24) in days_off("IR", TODAY, date(2025, 11, 30))

    def calls(forecast: forecasting.Forecast, day: date) -> float:
        span = range_of(day, TEHRAN)
        return float(forecast.calls[:, (span[0] <= forecast.start) & (forecast.start < span[1])].sum())

    assert calls(made, date(2025, 11, 18)) < 0.5 * calls(usual, date(2025, 11, 18))
    assert calls(usual, date(2025, 11, 24)) < 0.5 * calls(made, date(2025, 11, 24))
    assert calls(made, date(2025, 11, 17)) == pytest.approx(calls(usual, date(2025, 11, 17)), rel=0.01)
    with pytest.raises(ConfigError, match="no holidays are known of the country 'ZZ'"):
        site = {"timezone": "Asia/Tehran", "country": "ZZ"}
        forecasting.make(logs.config_of(folder, site=site))


def test_the_policy_is_the_configurations() -> None:
    own = {"shrinkage": 0.3, "max_occupancy": 0.9}
    queues = {"sales": {"service_level_s": 30, "service_level_target": 0.9}, "support": {}}
    policy = forecasting.policy_of(logs.config_of(Path("/none"), forecast=own, queues=queues))
    assert (policy.shrinkage, policy.max_occupancy) == (0.3, 0.9)
    threshold, target = policy.of(("sales", "support", "other"))
    assert (threshold.ravel().tolist(), target.ravel().tolist()) == ([30, 20, 20], [0.9, 0.8, 0.8])


def test_the_work_makes_one_forecast_a_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = logs.config_of(folder)
    first = json.loads(forecasting.forecast_work(config, {}))
    assert first == {
        "made_at": "2025-11-16T09:00:00.000+03:30", "model": "seasonal", "queues": 3, "new": True,
        "from": "2025-11-17T00:00:00.000+03:30", "to": "2025-12-01T00:00:00.000+03:30",
    }  # fmt: skip
    monkeypatch.setattr(clock, "now", lambda: logs.NOW + 3600)
    assert json.loads(forecasting.forecast_work(config, {})) == first | {"new": False}
    assert len(forecasts.kept(forecasting.folder_of(config))) == 1
    monkeypatch.setattr(clock, "now", lambda: logs.NOW + 86_400)
    second = json.loads(forecasting.forecast_work(config, {}))
    assert (second["new"], second["from"]) == (True, "2025-11-18T00:00:00.000+03:30")
    assert [made for made, _ in forecasts.kept(forecasting.folder_of(config))] == [logs.NOW + 86_400, logs.NOW]
    with pytest.raises(InputError, match="forecast: no such word: day"):
        forecasting.forecast_work(config, {"day": "2025-11-17"})


def test_a_day_has_the_forecast_that_was_kept_for_it_else_a_new_one_that_is_not(folder: Path) -> None:
    config = logs.config_of(folder)
    tomorrow = TODAY + timedelta(days=1)
    new = forecasting.of_day(config, tomorrow)
    assert forecasts.kept(forecasting.folder_of(config)) == []
    kept = forecasting.make_and_keep(config)
    np.testing.assert_array_equal(new.calls, kept.calls)
    assert forecasting.of_day(config, tomorrow).made_at == kept.made_at
    with pytest.raises(InputError, match="no forecast of 2025-11-16 was kept before that day began"):
        forecasting.of_day(config, TODAY)
    with pytest.raises(InputError, match="2025-12-01 is beyond the forecast, which ends with 2025-11-30"):
        forecasting.of_day(config, datetime(2025, 12, 1).date())


def test_a_worker_makes_it_in_a_process_of_its_own(folder: Path) -> None:
    config = logs.config_of(folder)
    script = f"from callcenter import clock, worker\nclock.now = lambda: {logs.NOW}\nraise SystemExit(worker.main())"
    order = worker.order(config, "forecast", {}, folder / "result")
    done = subprocess.run([sys.executable, "-c", script], input=order, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "result").read_bytes())["new"]
    assert [made for made, _ in forecasts.kept(forecasting.folder_of(config))] == [logs.NOW]
    progress = [json.loads(line) for line in done.stderr.splitlines()]
    assert progress[-1]["done"] == progress[-1]["total"] > 60

"""A forecast from a history, by the model that is named. Pure."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, datetime, timedelta, tzinfo

from callcenter.errors import ConfigError
from callcenter.forecast.library import library
from callcenter.forecast.naive import naive
from callcenter.forecast.seasonal import seasonal
from callcenter.forecast.series import Series, intervals_of
from callcenter.forecast.values import Forecast, Model

DAYS = 14
MODELS: dict[str, Model] = {"seasonal": seasonal, "statsforecast": library, "naive": naive}
"""By name, the first is the default."""


def model_of(name: str) -> Model:
    """ConfigError when there is none of that name."""
    if name not in MODELS:
        raise ConfigError(f"no such forecast model: {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]


def first_day(made_at: float, zone: tzinfo) -> date:
    """The first local day that has not begun by then: the first that can be forecast *before* it began."""
    at = datetime.fromtimestamp(made_at, zone)
    today = at.date()
    return today if intervals_of(today, 1, zone).start[0] >= made_at else today + timedelta(days=1)


def make_forecast(
    history: Series, made_at: float, zone: tzinfo, days_off: Set[date], model: str = "seasonal", days: int = DAYS
) -> Forecast:
    """The next ``days`` local days, from the first that begins at ``made_at`` or later.

    Only what is over by ``made_at`` is learnt from: of ``history`` the whole days before today's. InputError when that
    does not suffice, ConfigError for a model that there is not.
    """
    expect = model_of(model)
    history = history.before(datetime.fromtimestamp(made_at, zone).date())
    ahead = intervals_of(first_day(made_at, zone), days, zone)
    expected = expect(history, ahead, days_off)
    return Forecast(
        made_at, model, history.intervals.range, history.queues, ahead.start,
        expected.calls, expected.low, expected.high, expected.handle_time_s,
    )

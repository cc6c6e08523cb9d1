"""Forecasts of a configuration's PBX: made of its history, kept beside it, tried on its past. A shell.

It takes seconds and hundreds of megabytes: nothing of it is for the daemon's own process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from callcenter import clock
from callcenter.board import THRESHOLD_S
from callcenter.config import Config
from callcenter.errors import InputError
from callcenter.floor.records import rfc3339
from callcenter.forecast import plain
from callcenter.forecast.backtest import BackTest, back_test
from callcenter.forecast.days_off import days_off
from callcenter.forecast.making import DAYS, first_day, make_forecast, model_of
from callcenter.forecast.plan import range_of
from callcenter.forecast.seasonal import HISTORY_DAYS
from callcenter.forecast.series import INTERVAL_S, Intervals, Series, series_of
from callcenter.forecast.staffing import Policy
from callcenter.forecast.values import Expected, Forecast, Model
from callcenter.history import forecasts, place, seen
from callcenter.history.archive import Archive
from callcenter.history.history import History
from callcenter.history.importing import Progress
from callcenter.history.lines import DAY_S
from callcenter.report.values import Targets
from callcenter.store import opening

Note = Callable[[str], None]
"""Told in a line what of the forecast was not learnt."""


def quiet(what: str, done: int, total: int) -> None:
    """No progress is shown."""


def policy_of(config: Config) -> Policy:
    """How many agents to ask for. The PBX's own service levels are not known here: a queue without one has 20 s."""
    targets = {
        name: Targets(
            THRESHOLD_S if of.service_level_s is None else of.service_level_s, of.service_level_target,
            of.short_abandon_s,
        )
        for name, of in config.queues.items()
    }  # fmt: skip
    return Policy(config.forecast.shrinkage, config.forecast.max_occupancy, targets)


def history_of(config: Config, now: float, more_days: int = 0, progress: Progress = quiet) -> Series:
    """What a model can learn from by ``now``: the whole days before today's, at most so many as it looks back and
    ``more_days``. Raises InputError, StoreError."""
    archive, store, zone = place.archive_of(config), opening.path_of(config.store.url), config.site.zone
    today = datetime.fromtimestamp(now, zone).date()
    asked = (range_of(today - timedelta(days=HISTORY_DAYS + more_days), zone)[0], range_of(today, zone)[0])
    history = History(archive, store, place.numbers_of(config))
    begun = _begun(archive, history)
    if begun is None or begun >= asked[1]:
        raise InputError(f"a forecast needs history, there is none of before today in {archive.folder} or {store}")
    asked = (max(asked[0], begun), asked[1])
    return series_of(history.columns(asked, 0.0, partial(progress, "history")), zone)


def _begun(archive: Archive, history: History) -> float | None:
    """Since when anything is known. What was before is no history without calls."""
    begun = [float(day * DAY_S) for day in archive.imported_days()[:1]]
    if history.has_store():
        with seen.reading(history.store) as connection:
            begun += [since for since, _ in seen.known(connection).covered[:1]]
    return min(begun, default=None)


def folder_of(config: Config) -> Path:
    """Where its forecasts are kept. Raises StoreError for a store that is none."""
    return forecasts.folder_of(place.archive_of(config))


def make(config: Config, progress: Progress = quiet, note: Note = lambda line: None) -> Forecast:
    """The forecast of the next days, not kept. Raises InputError, StoreError, ConfigError."""
    now, zone = clock.now(), config.site.zone
    history = history_of(config, now, 0, progress)
    last = first_day(now, zone) + timedelta(days=DAYS)
    made = make_forecast(history, now, zone, _holidays(config, history, last), config.forecast.model)
    if assumed := plain.assumed(made, history):
        note(assumed)
    return made


def make_and_keep(config: Config, progress: Progress = quiet, note: Note = lambda line: None) -> Forecast:
    return forecasts.keep(folder_of(config), make(config, progress, note))


def _holidays(config: Config, history: Series, last: date) -> set[date]:
    first = min((*history.intervals.dates[:1], last))
    return days_off(config.site.country, first, last, config.forecast.days_off, config.forecast.working_days)


def of_day(config: Config, day: date, progress: Progress = quiet) -> Forecast:
    """The kept forecast that counts for the day, else one made now and not kept.

    InputError when the day has begun and none was made before, or it is beyond what is forecast.
    """
    zone, now = config.site.zone, clock.now()
    kept = forecasts.newest_before(folder_of(config), range_of(day, zone))
    if kept is not None:
        return kept
    first = first_day(now, zone)
    if day < first:
        raise InputError(f"no forecast of {day} was kept before that day began")
    if day >= first + timedelta(days=DAYS):
        raise InputError(f"{day} is beyond the forecast, which ends with {first + timedelta(days=DAYS - 1)}")
    return make(config, progress)


def back_tested(config: Config, days: int, progress: Progress = quiet, more: Sequence[str] = ()) -> BackTest:
    """The configured model, ours, ``more`` that are named and the naive one over the last ``days`` of the history.
    Raises InputError, StoreError, ConfigError."""
    names = dict.fromkeys((config.forecast.model, "seasonal", *more, "naive"))
    models: dict[str, Model] = {name: model_of(name) for name in names}
    history = history_of(config, clock.now(), days, progress)
    tests = min(days, len(history.intervals.dates)) * len(models)
    done = count(1)
    counted = {name: _counted(model, done, tests, progress) for name, model in models.items()}
    last = max(history.intervals.dates, default=datetime.fromtimestamp(clock.now(), config.site.zone).date())
    return back_test(history, counted, _holidays(config, history, last), last=days)


def _counted(model: Model, done: Iterator[int], total: int, progress: Progress) -> Model:
    """The same model, that tells how far the test is."""

    def expect(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
        progress("back-test", next(done), total)
        return model(history, ahead, days_off)

    return expect


def forecast_work(
    config: Config, words: Mapping[str, Any], tell: Callable[[int, int], None] = lambda done, total: None
) -> bytes:
    """Makes and keeps the forecast of tomorrow and the days after, unless one was kept today already.

    For :mod:`callcenter.worker`; it takes no ``words``. JSON: ``made_at`` and ``model`` of the newest, how many
    ``queues``, ``from`` and ``to``, and whether it is ``new``. Raises InputError, StoreError, ConfigError.
    """
    if words:
        raise InputError(f"forecast: no such word: {', '.join(sorted(words))}")
    zone, now = config.site.zone, clock.now()
    today = datetime.fromtimestamp(now, zone).date()
    kept = forecasts.newest_before(folder_of(config), range_of(today + timedelta(days=1), zone))
    new = kept is None or kept.made_at < range_of(today, zone)[0]
    newest = make_and_keep(config, lambda what, done, total: tell(done, total)) if kept is None or new else kept
    return msgspec.json.encode({
        "made_at": rfc3339(newest.made_at, zone), "model": newest.model, "queues": len(newest.queues),
        "from": rfc3339(float(newest.start[0]), zone), "to": rfc3339(_end(newest), zone), "new": new,
    })  # fmt: skip


def _end(forecast: Forecast) -> float:
    return float(forecast.start[-1]) + INTERVAL_S

"""A report from what is asked in words: the history is read, the figures are computed, the result is written. A shell.

The command line, the worker process and so the API all come through here.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from callcenter import clock
from callcenter.config import Config
from callcenter.errors import InputError
from callcenter.history import place
from callcenter.history.history import History, Progress
from callcenter.report.compute import offers_of, report
from callcenter.report.formats import FORMATS, Options
from callcenter.report.range_text import parse_range
from callcenter.report.site_calendar import Months, SiteCalendar
from callcenter.report.values import Ask, By, Every, Report, Targets
from callcenter.store import opening


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, as it is typed: see :mod:`callcenter.report.range_text` for ``since`` and ``until``, and
    :class:`callcenter.report.values.Ask` for the rest."""

    since: str = "yesterday"
    until: str | None = None
    every: Every = Every.DAY
    by: By = By.QUEUE
    names: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    threshold_s: float | None = None
    short_abandon_s: float | None = None
    format: str = "table"
    language: str = "en"
    definitions: bool = False
    width: int = 100
    colour: bool = False


def calendar_of(config: Config) -> SiteCalendar:
    site = config.site
    return SiteCalendar(site.zone, site.day_starts, site.week_start, Months(site.months))


def history_of(config: Config) -> History:
    """Raises StoreError for a store that is none."""
    store = opening.path_of(config.store.url)
    return History(place.archive_of(config), store, place.numbers_of(config))


def check_history(config: Config) -> None:
    """InputError where there is nothing at all to tell of: a mistyped path is not a quiet day. Raises StoreError."""
    history = history_of(config)
    if not history.has_store() and not history.archive.imported_days():
        raise InputError(f"a report needs history, there is none in {history.archive.folder} or {history.store}")


def targets_of(config: Config, of_pbx: dict[str, float]) -> Callable[[str], Targets]:
    """As in force for the live figures: what is configured, else the PBX's own ``servicelevel``, else 20 s."""

    def of(name: str) -> Targets:
        rules = config.queue(name)
        threshold = of_pbx.get(name, 20.0) if rules.service_level_s is None else rules.service_level_s
        return Targets(threshold, rules.service_level_target, rules.short_abandon_s, rules.targets, rules.topic)

    return of


def asked(config: Config, words: Words, now: float) -> Ask:
    """Of a format, a language, a range and figures that there are, whatever the history holds. Raises InputError."""
    if words.format not in FORMATS:
        raise InputError(f"no such format: {words.format!r}; known are {', '.join(FORMATS)}")
    _options(words)
    of = parse_range(words.since, words.until, now, calendar_of(config))
    ask = Ask(of, words.every, words.by, words.names, words.figures, words.threshold_s, words.short_abandon_s)
    offers_of(ask)
    return ask


def made(config: Config, words: Words, progress: Progress = lambda done, total: None) -> Report:
    """Raises InputError, StoreError."""
    now, calendar, history = clock.now(), calendar_of(config), history_of(config)
    ask = asked(config, words, now)
    columns = history.columns(ask.range, progress=progress)
    targets = targets_of(config, history.thresholds())
    return report(columns, ask, site=config.site.name, calendar=calendar, made_at=now, targets=targets)


def written(config: Config, words: Words, progress: Progress = lambda done, total: None) -> bytes:
    """Raises InputError, StoreError."""
    result = made(config, words, progress)  # first: it refuses a format that there is not
    return FORMATS[words.format].write(result, _options(words))


def _options(words: Words) -> Options:
    return Options(words.language, words.width, words.definitions, words.colour)

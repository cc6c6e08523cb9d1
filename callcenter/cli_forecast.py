"""The command ``forecast``: made and kept, tried on the past, asked what other agents would change. A shell, part of
:mod:`callcenter.cli`."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

import kpi
from callcenter import clock
from callcenter.config import Config, load
from callcenter.errors import InputError
from callcenter.floor.records import rfc3339
from callcenter.forecast import plain
from callcenter.forecast.asked import change_of, day_of
from callcenter.forecast.plan import Day, days_of, part, range_of, what_if
from callcenter.precedence import give_way
from callcenter.report.formats.as_csv import harmless
from callcenter.terminal import DEFAULT_CONFIG, ConfigFile, complain, out, say
from callcenter.terminal import harmless as harmless_name
from callcenter.terminal import progress as shown_progress
from callcenter.whole_file import write_whole

if TYPE_CHECKING:
    from callcenter.forecast.backtest import Score

BackTested = Annotated[bool, typer.Option("--back-test", help="how far off the model would have been; nothing is kept")]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="of the back-test: this one too (statsforecast takes minutes)")
]
Days = Annotated[
    int | None, typer.Option("--days", min=1, max=365, help="of the back-test: the last so many; else 56")
]
WhatIfs = Annotated[
    list[str] | None,
    typer.Option("--what-if", metavar="QUEUE=±N@FROM-TO", help="service level with N agents more or fewer: repeatable"),
]
OfDay = Annotated[
    str | None, typer.Option("--day", help="of --what-if: today, tomorrow or 2026-11-23; else tomorrow")
]
ToCsv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="all intervals into this file")]
AsJson = Annotated[bool, typer.Option("--json", help="all intervals as JSON instead of the table")]


def forecast(
    config: ConfigFile = DEFAULT_CONFIG, back_test: BackTested = False, days: Days = None, models: Models = None,
    what_ifs: WhatIfs = None, day: OfDay = None, to_csv: ToCsv = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Forecast calls and agents of the next two weeks from the history, and keep the forecast."""
    if sum((back_test, bool(what_ifs), bool(to_csv or as_json))) > 1:
        raise InputError("forecast: --back-test, --what-if and --csv or --json exclude each other")
    for option, given, of, wanted in (
        ("--days", days is not None, "--back-test", back_test), ("--model", bool(models), "--back-test", back_test),
        ("--day", day is not None, "--what-if", bool(what_ifs)),
    ):  # fmt: skip
        if given and not wanted:
            raise InputError(f"forecast: {option} is of {of} only")
    loaded = load(config, connects=False)
    give_way()
    if back_test:
        _show_back_test(loaded, days or 56, models or [])
    elif what_ifs:
        _show_what_if(loaded, what_ifs, "tomorrow" if day is None else day)
    else:
        _make(loaded, to_csv, as_json)


def _make(config: Config, to_csv: Path | None, as_json: bool) -> None:
    from callcenter import forecasting  # the daemon, started by the same command line, has no use for it

    notes: list[str] = []
    with shown_progress() as progress:
        made = forecasting.make_and_keep(config, progress, notes.append)
    for note in notes:
        complain(harmless_name(note))
    zone, policy = config.site.zone, forecasting.policy_of(config)
    if to_csv is not None:
        _write_csv(to_csv, plain.intervals(made, policy, zone))
    if as_json:
        whole = plain.head(made, zone) | {"intervals": plain.intervals(made, policy, zone)}
        typer.echo(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        return
    out.print(_days_table(days_of(made, policy, zone), config))
    first, after = made.learnt  # whole days: the last one ends there
    learnt = " to ".join(str(datetime.fromtimestamp(at, zone).date()) for at in (first, after - 1))
    say(f"made at {rfc3339(made.made_at, zone)} by the model {made.model}, from the days {learnt}; kept")


def _days_table(days: list[Day], config: Config) -> Table:
    """``band``: in four days of five the calls are within."""
    table = Table("day", "queue", title="calls and agents by day")
    for name in ("calls", "band", "handle time s", "busiest at", "agents then"):
        table.add_column(name, justify="right")
    before = None
    for of in days:
        shown = f"{of.day:%a} {of.day}" if of.day != before else ""
        busiest = "–" if np.isnan(of.busiest) else f"{datetime.fromtimestamp(of.busiest, config.site.zone):%H:%M}"
        band = "–" if np.isnan(of.calls) else f"{of.low:.0f}–{of.high:.0f}"
        numbers = (_number(of.calls), band, _number(of.handle_time_s), busiest, _number(of.required))
        table.add_row(shown, _shown(of.queue), *numbers)
        before = of.day
    return table


def _show_back_test(config: Config, days: int, models: list[str]) -> None:
    from callcenter import forecasting

    with shown_progress() as progress:
        tested = forecasting.back_tested(config, days, progress, models)
    table = Table("queue", "model", title=f"{len(tested.days)} days, each forecast from the days before it")
    for name in ("error by interval", "error by day", "bias"):
        table.add_column(name, justify="right")
    for at, queue in enumerate((*map(_shown, tested.queues), "all together")):
        for score in tested.scores:
            last = score is tested.scores[-1]
            table.add_row(queue, score.model, *(_share(value) for value in _off(score, at)), end_section=last)
    out.print(table)
    if tested.skipped:
        say(f"{len(tested.skipped)} days have too little history before them and were left out")
    say("error: sum of the differences / calls that came; bias, with its sign: above 0 more came than was forecast")


def _off(score: Score, at: int) -> list[float]:
    """The bias by day is that by interval: both add up the same differences."""
    by = score.by_interval, score.by_day
    return [float(of[at]) for of in (*map(kpi.forecast_error, by), kpi.forecast_bias(score.by_interval))]


def _show_what_if(config: Config, asked: list[str], day: str) -> None:
    from callcenter import forecasting

    zone = config.site.zone
    that = day_of(day, datetime.fromtimestamp(clock.now(), zone).date())
    changes = [change_of(text, that, zone) for text in asked]
    with shown_progress() as progress:
        made = part(forecasting.of_day(config, that, progress), range_of(that, zone))
    answer = what_if(made, changes, forecasting.policy_of(config))
    table = Table("queue", "from", title=f"{that}: with the agents that the forecast asks for, and then")
    for name in ("calls", "agents", "then", "service level", "then"):
        table.add_column(name, justify="right")
    for of in plain.what_if(answer, zone):
        for row in of["intervals"]:
            agents, level = (
                [row[f"{name}_{when}"] for when in ("before", "after")] for name in ("agents", "service_level")
            )
            cells = (_number(row["calls"], 1), *map(_number, agents), *map(_share, level))
            table.add_row(_shown(of["queue"]), row["from"][11:16], *cells)
        levels = (_share(of["service_level_before"]), _share(of["service_level_after"]))
        table.add_row(_shown(of["queue"]), "all day", "", "", "", *levels, end_section=True)
    out.print(table)


def _write_csv(path: Path, rows: list[plain.Plain]) -> None:
    """Whole or not at all."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(plain.COLUMNS)
    writer.writerows([_cell(row[name]) for name in plain.COLUMNS] for row in rows)
    try:
        write_whole(path, text.getvalue().encode())
    except BrokenPipeError:
        raise
    except OSError as e:
        raise InputError(f"cannot write {path}: {e.strerror or e}") from e


def _cell(value: object) -> object:
    """Names are what somebody called a queue: none may be a formula."""
    return harmless(value) if isinstance(value, str) else value


def _shown(name: str) -> str:
    """One line, no markup, nothing that a terminal would act on."""
    return escape(harmless_name(name))


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:,.{digits}f}"


def _share(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.1%}"

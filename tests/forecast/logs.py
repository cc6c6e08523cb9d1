"""A queue_log whose truth is known: calls drawn by chance around an intensity that the test itself lays down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from synthetic import TEHRAN, day_shape

from callcenter.config import Config, parse
from callcenter.forecast.series import intervals_of
from callcenter.history import importing, place
from kpi.columns import Floats

NOW = datetime(2025, 11, 16, 9, 0, tzinfo=TEHRAN).timestamp()
"""A Sunday morning; the log ends with the Saturday before."""
WEEKS = 9
WEEK = np.array([1.1, 1.0, 1.0, 0.6, 0.1, 1.3, 1.1])
"""Monday … Sunday."""
DAYS_OFF = ["2025-10-07", "2025-10-21", "2025-11-04"]
"""Tuesdays with a tenth of the calls. No holiday of Iran is among the nine weeks, nor before 24 November."""
DAILY = {"support": 100.0, "sales": 45.0, "=1+1": 20.0}
TALK_S = {"support": 240, "sales": 180, "=1+1": 120}


def rates(daily: float, days: int) -> Floats:
    """Calls to be expected of each interval of the last ``days`` days before the one of NOW."""
    whole = intervals_of(first_day(days), days, TEHRAN)
    by_day = WEEK[whole.weekday] * np.array([0.1 if str(day) in DAYS_OFF else 1.0 for day in whole.dates])
    return np.asarray((daily * by_day[:, None] * day_shape()).ravel())


def first_day(days: int) -> date:
    return datetime.fromtimestamp(NOW, TEHRAN).date() - timedelta(days=days)


def write(path: Path, days: int = WEEKS * 7, daily: Mapping[str, float] = DAILY, seed: int = 1) -> Path:
    """Each call waits five seconds, is answered and talks as long as all of its queue. A line a midnight says that the
    PBX was up."""
    rng = np.random.default_rng(seed)
    whole = intervals_of(first_day(days), days, TEHRAN)
    lines = [(int(start), "NONE|NONE|NONE|QUEUESTART|") for start in (*whole.start[::96], whole.end)]
    for queue, calls in daily.items():
        count = rng.poisson(rates(calls, days))
        at = np.repeat(whole.start, count) + rng.integers(0, 900, count.sum())
        for n, entered in enumerate(at.astype(int).tolist()):
            call, talk = f"{len(queue)}{n}.1", TALK_S[queue]
            lines += [
                (entered, f"{call}|{queue}|NONE|ENTERQUEUE||09121234567|1"),
                (entered + 5, f"{call}|{queue}|PJSIP/1001|CONNECT|5|{call}|3"),
                (entered + 5 + talk, f"{call}|{queue}|PJSIP/1001|COMPLETECALLER|5|{talk}|1"),
            ]
    lines.sort(key=lambda line: line[0])
    path.write_text("".join(f"{at}|{rest}\n" for at, rest in lines))
    return path


def config_of(folder: Path, **more: object) -> Config:
    return parse({"pbx": [{"secret": "s"}], **tables(folder), **more}, "test")


def tables(folder: Path) -> dict[str, dict[str, str]]:
    return {
        "site": {"timezone": "Asia/Tehran", "country": "IR"},
        "store": {"url": f"sqlite+aiosqlite:///{folder}/cc.db", "history": f"{folder}/history"},
    }


def take_in(config: Config, log: Path) -> None:
    archive = place.archive_of(config)
    importing.import_file(archive, log, lambda what, done, total: None)
    importing.make(archive, place.numbers_of(config), lambda what, done, total: None)

"""Reports over a month of calls, made while a daemon follows a simulated PBX at ten calls a second.

The first of them finds no process that has loaded what it needs; for each other one such a process waits.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import the_lab  # noqa: F401
from lab.daemon import Running, running
from month import DAYS, filled
from soak import SECRET, USER, metrics, simulating

from callcenter import worker
from callcenter.config import parse

ZONE = ZoneInfo("Asia/Tehran")
"""Of the lab's daemon."""
PBX = argparse.Namespace(rate=10.0, seed=1)
WARM_UP_S, BEFORE_S, READ_S = 60.0, 30.0, 5.0
"""``READ_S``: who asked looks at a report before asking again; a process that has loaded all waits by then."""
SAMPLED_S, ASKED_S = 0.25, 0.05
"""How often the lag is read, and whether a report is done."""
LAG = "callcenter_ami_lag_seconds"


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds; ``lags`` in order of size. ``offered`` as the reports tell, ``there`` as the store has it."""

    calls: int
    store_gb: float
    filled_s: float
    kept_s: list[float]
    took_s: list[float]
    lags_before: list[float]
    lags_meanwhile: list[float]
    offered: int
    there: int


def measured(folder: Path, calls: int, reports: int) -> Measured:
    path, began = folder / "callcenter.db", time.perf_counter()
    asyncio.run(filled(path, calls, time.time()))
    filled_s, kept_s = time.perf_counter() - began, [_kept(path), _kept(path)]
    before, meanwhile, took_s = list[float](), list[float](), list[float]()
    with simulating(PBX, folder) as port:
        log = f'queue_log = "{folder / "queue_log"}"'
        with running(folder, port, USER, SECRET, '["PJSIP/trunk"]', pbx=log) as daemon:
            time.sleep(WARM_UP_S)
            _watch(daemon, before, until=_after(BEFORE_S))
            for _ in range(reports):
                seconds, result = _report(daemon, _words(time.time()), meanwhile)
                took_s.append(seconds)
                _watch(daemon, [], until=_after(READ_S))
    with closing(sqlite3.connect(path)) as db:
        inside = "SELECT count(*) FROM visit WHERE entered_at >= ? AND entered_at < ?"
        there = db.execute(inside, _ends(result)).fetchone()[0]
        every = db.execute("SELECT count(*) FROM call").fetchone()[0]
    offered = next(column["all"] for column in result["columns"] if column["name"] == "offered")
    return Measured(every, path.stat().st_size / 1e9, filled_s, kept_s, took_s, sorted(before), sorted(meanwhile),
                    offered, there)  # fmt: skip


def _kept(path: Path) -> float:
    """What the daemon does each hour, in a process of its own as there."""
    config = parse({"pbx": [{"secret": "-"}], "store": {"url": f"sqlite+aiosqlite:///{path}"}}, "benchmark")
    began = time.perf_counter()
    order = worker.order(config, "keep", {}, path.with_name("kept"))
    subprocess.run([sys.executable, "-m", worker.__name__], input=order, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def _words(now: float) -> dict[str, str]:
    """The days that are over, by the site's clock."""
    today = datetime.fromtimestamp(now, ZONE).date()
    first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
    return {"since": str(first), "until": str(last), "every": "day", "by": "queue", "format": "json"}


def _ends(result: dict[str, Any]) -> tuple[float, ...]:
    return tuple(datetime.fromisoformat(result["ask"]["range"][end]).timestamp() for end in ("start", "end"))


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _watch(daemon: Running, lags: list[float], until: Callable[[], bool]) -> None:
    due = time.monotonic()
    while not until():
        if time.monotonic() >= due:
            lags.extend(metrics(daemon, LAG).values())  # none while there is no link
            due += SAMPLED_S
        time.sleep(ASKED_S)


def _report(daemon: Running, words: dict[str, str], lags: list[float]) -> tuple[float, dict[str, Any]]:
    """Seconds from POST to done, and the result."""
    began = time.perf_counter()
    answer = daemon.http.post("/api/v1/reports", json=words)
    answer.raise_for_status()
    where = f"/api/v1/reports/{answer.json()['id']}"
    _watch(daemon, lags, lambda: daemon.get(where)["state"] not in ("waiting", "running"))
    took = time.perf_counter() - began
    told = daemon.get(where)
    assert told["state"] == "done", told
    return took, daemon.get(told["result"])

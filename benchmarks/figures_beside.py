"""The figures of visits by queue and quarter of an hour, three times: by this project's kpi, by duckdb, by pandas.

    python benchmarks/figures_beside.py NAME VISITS        (as JSON: the memory that it takes; used by history.py)

Each gets the same columns in a form of its own (numpy arrays, a table in memory, a frame), made before the clock runs,
and gives the same numbers of each cell: counts, sums and all figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from take_in import peak_mb

import kpi
from kpi import Outcome, Visits
from kpi.columns import Floats
from kpi.table import COUNTS, SUMS_S, VISIT_FIGURES

QUEUES, QUARTER_S, DAY_S = 20, 900, 86_400
VISITS_A_DAY = 27_400
"""Ten million in a year."""
THRESHOLD_S, SHORT_S = 20.0, 5.0
BY_HOUR = (1, 1, 1, 1, 1, 2, 5, 12, 20, 25, 27, 26, 24, 22, 24, 25, 24, 21, 17, 14, 10, 8, 4, 3)
ENDED = {
    Outcome.ANSWERED: 0.82, Outcome.ABANDONED: 0.11, Outcome.TIMED_OUT: 0.02, Outcome.EXITED: 0.01,
    Outcome.LEFT_EMPTY: 0.01, Outcome.WITHDRAWN: 0.005, Outcome.REFUSED_FULL: 0.01, Outcome.REFUSED_EMPTY: 0.005,
    Outcome.PBX_LOST: 0.005, Outcome.UNKNOWN: 0.005,
}  # fmt: skip

Answer = dict[str, Floats]
"""Name → a number for each cell (quarter of an hour × queue)."""
NAMES = (*COUNTS, *SUMS_S, *(figure.name for figure in VISIT_FIGURES))


def columns(count: int) -> Visits:
    """Believable visits in the order of time."""
    rng = np.random.default_rng(1)
    of_hour = np.array(BY_HOUR) / sum(BY_HOUR)
    hour = rng.choice(24, count, p=of_hour) + rng.random(count)
    entered = np.sort(rng.integers(0, 1 + count // VISITS_A_DAY, count) * float(DAY_S) + hour * 3600)
    outcome = rng.choice(np.array(list(ENDED), np.int8), count, p=list(ENDED.values()))
    answered = outcome == Outcome.ANSWERED
    unanswered = rng.poisson(0.15, count).astype(np.int32)

    def seconds(mean: float, share: float = 1.0) -> Floats:
        return np.where(answered & (rng.random(count) < share), np.round(rng.exponential(mean, count), 3), 0.0)

    hold = seconds(25.0, 0.1)
    wait = np.where(outcome == Outcome.UNKNOWN, np.nan, np.round(rng.exponential(18.0, count), 3))
    return Visits(
        queue=rng.integers(0, QUEUES, count).astype(np.int32), entered_at=entered, wait_s=wait, outcome=outcome,
        talk_s=seconds(180.0) + hold, hold_s=hold, wrap_up_s=seconds(15.0),
        transferred=answered & (rng.random(count) < 0.09), attempts=unanswered + answered, ring_no_answer=unanswered,
    )  # fmt: skip


def size_of(visits: Visits) -> int:
    """Bytes."""
    return sum(getattr(visits, f.name).nbytes for f in fields(visits))


def cells_of(visits: Visits) -> int:
    """Quarters of an hour × queues."""
    return (int(visits.entered_at[-1] / QUARTER_S) + 1) * QUEUES


# ---- kpi ---------------------------------------------------------------------------------------------------------


def of_kpi(visits: Visits) -> Callable[[], Answer]:
    def work() -> Answer:
        cell = (visits.entered_at / QUARTER_S).astype(np.int32)
        cell *= QUEUES
        cell += visits.queue
        sums = kpi.sum_visits(replace(visits, queue=cell), cells_of(visits), THRESHOLD_S, SHORT_S)
        counted = {name: getattr(sums, name)[:-1] for name in (*COUNTS, *SUMS_S)}
        return counted | {figure.name: figure.of(sums)[:-1] for figure in VISIT_FIGURES}

    return work


# ---- duckdb ------------------------------------------------------------------------------------------------------


def _counts() -> str:
    return ", ".join(f"count(*) FILTER (outcome = {of.value}) AS {of.name.lower()}" for of in Outcome)


SQL = f"""
WITH sums AS (
    SELECT floor(entered_at / {QUARTER_S})::INT AS quarter, queue, {_counts()},
        count(*) FILTER (outcome NOT IN (7, 8)) AS offered,
        count(*) FILTER (outcome = 2 AND wait_s < {SHORT_S}) AS short_abandoned,
        count(*) FILTER (outcome = 1 AND wait_s <= {THRESHOLD_S}) AS answered_in_time,
        count(*) FILTER (outcome = 2 AND wait_s <= {THRESHOLD_S}) AS abandoned_in_time,
        count(*) FILTER (outcome = 0 AND wait_s <= {THRESHOLD_S}) AS waiting_in_time,
        sum(attempts) AS attempts, sum(ring_no_answer) AS ring_no_answer, count(*) FILTER (transferred) AS transferred,
        coalesce(sum(wait_s) FILTER (outcome = 1), 0) AS wait_answered_s,
        coalesce(sum(wait_s) FILTER (outcome = 2), 0) AS wait_abandoned_s,
        sum(talk_s) AS talk_s, sum(hold_s) AS hold_s, sum(wrap_up_s) AS wrap_up_s,
        max(wait_s) FILTER (outcome NOT IN (7, 8)) AS longest_wait
    FROM visits GROUP BY quarter, queue)
SELECT *,
    answered_in_time / (offered - short_abandoned) AS service_level,
    answered_in_time / answered AS service_level_answered,
    (answered_in_time + abandoned_in_time) / (answered + abandoned) AS service_level_with_abandons,
    answered_in_time / (offered - short_abandoned - waiting_in_time) AS service_level_live,
    (abandoned - short_abandoned) / (offered - short_abandoned) AS abandon_rate,
    wait_answered_s / answered AS average_speed_of_answer,
    (talk_s - hold_s) / answered AS average_talk_time, hold_s / answered AS average_hold_time,
    wrap_up_s / answered AS average_wrap_up_time, (talk_s + wrap_up_s) / answered AS average_handle_time,
    transferred / answered AS transfer_rate, ring_no_answer / attempts AS ring_no_answer_rate
FROM sums
"""


def of_duckdb(visits: Visits) -> Callable[[], Answer]:
    import duckdb

    db = duckdb.connect(config={"threads": 2})
    given = {f.name: getattr(visits, f.name) for f in fields(visits)}  # noqa: F841 - duckdb finds it by its name
    db.execute("CREATE TABLE visits AS SELECT * REPLACE (if(isnan(wait_s), NULL, wait_s) AS wait_s) FROM given")

    def work() -> Answer:
        found: Answer = db.execute(SQL).fetchnumpy()
        return found

    return work


# ---- pandas ------------------------------------------------------------------------------------------------------


def of_pandas(visits: Visits) -> Callable[[], Answer]:
    import pandas as pd

    frame = pd.DataFrame({f.name: getattr(visits, f.name) for f in fields(visits)})

    def work() -> Answer:
        wait, outcome = frame["wait_s"], frame["outcome"]
        answered, abandoned = outcome == Outcome.ANSWERED, outcome == Outcome.ABANDONED
        refused, in_time = outcome.isin([Outcome.REFUSED_FULL, Outcome.REFUSED_EMPTY]), wait <= THRESHOLD_S
        marked = pd.DataFrame({
            "quarter": (frame["entered_at"] // QUARTER_S).astype("int32"), "queue": frame["queue"],
            **{of.name.lower(): outcome == of for of in Outcome},
            "offered": ~refused, "short_abandoned": abandoned & (wait < SHORT_S),
            "answered_in_time": answered & in_time, "abandoned_in_time": abandoned & in_time,
            "waiting_in_time": (outcome == Outcome.WAITING) & in_time,
            "wait_answered_s": wait.where(answered), "wait_abandoned_s": wait.where(abandoned),
            "longest_wait": wait.mask(refused),
            **{name: frame[name] for name in ("attempts", "ring_no_answer", "transferred", "talk_s", "hold_s",
                                              "wrap_up_s")},
        })  # fmt: skip
        how = {name: "max" if name == "longest_wait" else "sum" for name in marked.columns[2:]}
        s = marked.groupby(["quarter", "queue"], sort=False).agg(how)
        s["service_level"] = s.answered_in_time / (s.offered - s.short_abandoned)
        s["service_level_answered"] = s.answered_in_time / s.answered
        s["service_level_with_abandons"] = (s.answered_in_time + s.abandoned_in_time) / (s.answered + s.abandoned)
        s["service_level_live"] = s.answered_in_time / (s.offered - s.short_abandoned - s.waiting_in_time)
        s["abandon_rate"] = (s.abandoned - s.short_abandoned) / (s.offered - s.short_abandoned)
        s["average_speed_of_answer"] = s.wait_answered_s / s.answered
        s["average_talk_time"] = (s.talk_s - s.hold_s) / s.answered
        s["average_hold_time"] = s.hold_s / s.answered
        s["average_wrap_up_time"] = s.wrap_up_s / s.answered
        s["average_handle_time"] = (s.talk_s + s.wrap_up_s) / s.answered
        s["transfer_rate"] = s.transferred / s.answered
        s["ring_no_answer_rate"] = s.ring_no_answer / s.attempts
        return {name: column.to_numpy() for name, column in s.reset_index().items()}

    return work


RIVALS: dict[str, Callable[[Visits], Callable[[], Answer]]] = {
    "kpi": of_kpi, "duckdb": of_duckdb, "pandas": of_pandas,
}  # fmt: skip


def in_cells(answer: Answer, cells: int) -> Answer:
    """Cells that nothing entered are left out by the others."""
    if "quarter" not in answer:
        return answer
    cell = np.asarray(answer["quarter"], np.int64) * QUEUES + np.asarray(answer["queue"])
    out = {}
    for name in NAMES:
        out[name] = np.full(cells, 0.0 if name in COUNTS or name in SUMS_S else np.nan)
        out[name][cell] = np.ma.filled(np.ma.asarray(answer[name]).astype(np.float64), np.nan)
    return out


def differences(one: Answer, other: Answer) -> list[str]:
    """Names of what is not the same; sums are in another order, so they differ in the last digits."""
    return [
        name for name in NAMES
        if not np.allclose(one[name], other[name], rtol=0.0 if name in COUNTS else 1e-9, atol=0.0, equal_nan=True)
    ]  # fmt: skip


def memory(name: str, count: int) -> dict[str, float]:
    """Megabytes of the columns, and of the peak beyond what was there before the work began."""
    visits = columns(count)
    size, work = size_of(visits) / 2**20, RIVALS[name](visits)
    if name != "kpi":
        del visits
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_mb()
    answer: Any = work()
    return {"columns": size, "beyond": peak_mb() - before, "names": len(answer)}


if __name__ == "__main__":
    print(json.dumps(memory(sys.argv[1], int(sys.argv[2]))))

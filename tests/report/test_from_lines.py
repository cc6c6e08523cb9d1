"""From the lines of a queue_log to a report: each figure beside the same one computed by SQL from the raw lines.

The long form takes a million lines: ``pytest -m long -s tests/report/test_from_lines.py``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lab.holes import CAPTURES
from lab.lines_sql import LINES

from callcenter.ami.simulator import world
from callcenter.ami.simulator.plan import make as make_plan
from callcenter.config import Config, parse
from callcenter.history import importing, place
from callcenter.report import work
from callcenter.report.values import By, Every, Report

LONG = pytest.mark.long
LOGS = [capture.with_name(capture.name.replace(".ami.gz", ".queue_log")) for capture in CAPTURES]

TOLD = LINES.rstrip() + """,
told as (select queue, agent, event, event = 'ENTERQUEUE' entered, event = 'CONNECT' connected,
    event = 'ABANDON' gone, event in ('BLINDTRANSFER', 'ATTENDEDTRANSFER') moved,
    event in ('RINGNOANSWER', 'RINGCANCELED', 'AGENTDUMP', 'CONNECT') rung,
    case when event = 'CONNECT' then try_cast(d1 as double)
         when event in ('ABANDON', 'EXITWITHTIMEOUT', 'EXITEMPTY', 'WITHDRAW') then try_cast(d3 as double)
         when event = 'EXITWITHKEY' then try_cast(d4 as double) end waited,
    if(again, null, try_cast(complete[2] as double)) talked
  from log where queue <> 'NONE')
"""

BY_QUEUE = TOLD + """
select coalesce(queue, '') of_queue,
  count(*) filter (entered) o, count(*) filter (connected) a, count(*) filter (gone) b,
  count(*) filter (gone and waited < $short) bs,
  count(*) filter (connected and waited <= $t) a_t, count(*) filter (gone and waited <= $t) b_t,
  count(*) filter (event = 'RINGNOANSWER') rna, count(*) filter (rung) rings, count(*) filter (moved) transfers,
  coalesce(sum(talked), 0) talk,
  a_t / nullif(o - bs, 0) service_level, a_t / nullif(a, 0) service_level_answered,
  (a_t + b_t) / nullif(a + b, 0) service_level_with_abandons, a_t / nullif(o - bs, 0) service_level_live,
  (b - bs) / nullif(o - bs, 0) abandon_rate,
  avg(waited) filter (connected) average_speed_of_answer, max(waited) longest_wait,
  talk / nullif(a, 0) average_talk_time, talk / nullif(a, 0) average_handle_time,
  if(a > 0, 0, null) average_hold_time, if(a > 0, 0, null) average_wrap_up_time,
  transfers / nullif(a, 0) transfer_rate, rna / nullif(rings, 0) ring_no_answer_rate
from told group by grouping sets ((queue), ()) having o > 0
"""

BY_AGENT = TOLD + """
select agent of_agent, count(*) filter (connected) answered, coalesce(sum(talked), 0) talk_s,
  talk_s / nullif(answered, 0) average_talk_time, count(*) filter (moved) / nullif(answered, 0) transfer_rate,
  count(*) filter (event = 'RINGNOANSWER') / nullif(count(*) filter (rung), 0) ring_no_answer_rate
from told where agent <> 'NONE' group by agent having count(*) filter (rung) > 0
"""


def asked(sql: str, files: list[Path], **numbers: float) -> dict[str, dict[str, Any]]:
    """Name → figure → value, None for none."""
    with duckdb.connect() as db:
        found = db.execute(sql, {"files": [str(file) for file in files], **numbers})
        names = [column[0] for column in found.description]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found.fetchall()}


def config_of(folder: Path) -> Config:
    return parse({"pbx": [{"secret": "-"}], "store": {"url": f"sqlite+aiosqlite:///{folder}/calls.db"}}, "test")


def reported(folder: Path, files: list[Path], by: By, threshold_s: float, short_s: float) -> Report:
    config = config_of(folder)
    for file in files:
        importing.import_file(place.archive_of(config), file, lambda what, done, total: None)
    words = work.Words("2020-01-01", "2030-01-01", Every.RANGE, by, (), (), threshold_s, short_s)
    return work.made(config, words)


def agrees(report: Report, truth: dict[str, dict[str, Any]], figures: list[str]) -> None:
    named = {column.name: column for column in report.columns}
    assert set(report.names) == set(truth) - {""}
    for n, name in enumerate((*report.names, "")):
        for figure in figures if name in truth else ():
            expected = math.nan if truth[name][figure] is None else truth[name][figure]
            assert named[figure].values[-1, n] == pytest.approx(expected, rel=1e-12, nan_ok=True), (name, figure)


FIGURES = ["service_level", "service_level_answered", "service_level_with_abandons", "service_level_live",
           "abandon_rate", "average_speed_of_answer", "longest_wait", "average_talk_time", "average_handle_time",
           "average_hold_time", "average_wrap_up_time", "transfer_rate", "ring_no_answer_rate"]  # fmt: skip
OF_AGENTS = ["answered", "talk_s", "average_talk_time", "transfer_rate", "ring_no_answer_rate"]


@pytest.mark.parametrize(("threshold_s", "short_s"), [(20.0, 5.0), (2.0, 3.0)])
@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_each_figure_of_a_queue_equals_sql_over_the_lines(
    tmp_path: Path, log: Path, threshold_s: float, short_s: float
) -> None:
    truth = asked(BY_QUEUE, [log], t=threshold_s, short=short_s)
    agrees(reported(tmp_path, [log], By.QUEUE, threshold_s, short_s), truth, FIGURES)


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_each_figure_of_an_agent_equals_sql_over_the_lines(tmp_path: Path, log: Path) -> None:
    agrees(reported(tmp_path, [log], By.AGENT, 20.0, 5.0), asked(BY_AGENT, [log]), OF_AGENTS)


@pytest.mark.parametrize(
    ("calls", "lines"), [(1_000, 2_500), pytest.param(360_000, 1_000_000, marks=[LONG, pytest.mark.timeout(7200)])]
)
def test_what_the_simulator_logs_equals_sql_over_its_lines(tmp_path: Path, calls: int, lines: int) -> None:
    """A night that crosses midnight; the long form is weeks of a million lines."""
    log = tmp_path / "queue_log"
    plan = make_plan(60, 5, seed=5, starts_at=1_760_053_000.0)
    with log.open("w") as file:
        for _ in world.run(plan, calls, lambda line: file.write(line + "\n")):
            pass
    written = log.read_bytes().count(b"\n")
    assert written > lines
    files = [log]
    agrees(reported(tmp_path, files, By.QUEUE, 20.0, 5.0), asked(BY_QUEUE, files, t=20.0, short=5.0), FIGURES)
    agrees(reported(tmp_path, [], By.AGENT, 20.0, 5.0), asked(BY_AGENT, files), OF_AGENTS)
    print(f"{written:,} lines: all figures of queues and agents equal SQL over them")

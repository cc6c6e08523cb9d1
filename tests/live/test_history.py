"""The history of a daemon that is running: reports agree with its calls, and an import meanwhile changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lab.daemon import Running, callcenter, running
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(300)

COUNTS = ("offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "refused_full", "transferred",
          "ring_no_answer")  # fmt: skip


def reported(daemon: Running, since: str = "2020-01-01") -> dict[str, dict[str, float]]:
    """Queue → count → its value over all time, by the command line; the log's own seconds are cut, so no sums."""
    words = ("--config", str(daemon.config), "--every", "range", "--format", "json")
    done = callcenter("report", since, "2050-01-01", *words)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    columns = {column["name"]: column["values"][-1] for column in report["columns"]}
    return {queue: {name: columns[name][n] for name in COUNTS} for n, queue in enumerate(report["names"])}


def by_hand(calls: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    out: dict[str, Counter[str]] = {}
    for visit in (visit for call in calls for visit in call["visits"]):
        row = out.setdefault(visit["queue"], Counter())
        row["offered"] += visit["outcome"] not in ("refused_full", "refused_empty")
        row[visit["outcome"]] += 1
        row["transferred"] += visit["transferred"]
        row["ring_no_answer"] += sum(attempt["unanswered"] for attempt in visit["attempts"])
    return out


def test_reports_agree_with_the_calls_before_and_after_an_import_of_the_same_time(tmp_path: Path) -> None:
    words = ("--agents", "60", "--queues", "5", "--speed", "40", "--calls", "300", "--seed", "8")
    with simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            daemon.until("calls began", lambda: len(daemon.get("/api/v1/calls?limit=100")["items"]) > 50, 100)
            log = str(tmp_path / "queue_log")
            taken = callcenter("import", "queue_log", "--config", str(daemon.config), log)  # while it is written
            assert taken.returncode == 0
            daemon.until("no call is up", lambda: not daemon.get("/api/v1/calls?state=open")["items"], 200)
            truth = by_hand(daemon.all("/api/v1/calls"))
            before = reported(daemon)
            assert {queue: {name: truth[queue][name] for name in COUNTS} for queue in truth} == before
            assert sum(row["offered"] for row in before.values()) > 150
            assert callcenter("import", "queue_log", "--config", str(daemon.config), log, log).returncode == 0
            assert reported(daemon) == before
            assert daemon.stop() == 0
        assert reported(daemon) == before


def test_a_report_is_made_beside_the_daemon(tmp_path: Path) -> None:
    with simulating(tmp_path, "--agents", "40", "--queues", "4", "--speed", "20", "--seed", "9") as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            daemon.until("calls began", lambda: len(daemon.get("/api/v1/calls?limit=100")["items"]) > 20, 100)
            asked = {"since": "2020-01-01", "until": "2050-01-01", "every": "range", "format": "html", "language": "fa"}
            began = daemon.http.post("/api/v1/reports", json=asked)
            assert began.status_code == 202
            where = f"/api/v1/reports/{began.json()['id']}"
            daemon.until("it is done", lambda: daemon.get(where)["state"] == "done", 60)
            page = daemon.http.get(f"{where}/result")
            assert page.headers["content-type"].startswith("text/html") and 'dir="rtl"' in page.text
            assert daemon.stop() == 0

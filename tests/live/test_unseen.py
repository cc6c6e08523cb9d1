"""While the link is down nothing that lasts grows: all outlets tell the same, and the page's banner is true of them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from lab.daemon import Running, running
from prometheus_client.parser import text_string_to_metric_families

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(120)

METRICS = ("callcenter_queue_longest_wait_seconds", "callcenter_queue_occupancy_ratio",
           "callcenter_queue_window_longest_wait_seconds")  # fmt: skip


def lasting(daemon: Running) -> dict[str, Any]:
    """All that grows by itself while somebody waits or talks."""
    page = daemon.http.get("/metrics", params={"name[]": METRICS}).text
    families = text_string_to_metric_families(page)
    of_day = daemon.get("/api/v1/kpis/intervals?figure=longest_wait")
    return {
        "queues": {q["name"]: q["longest_wait_s"] for q in daemon.get("/api/v1/queues")["items"]},
        "agents": {a["name"]: a["since_s"] for a in daemon.get("/api/v1/agents")["items"]},
        "today": daemon.get("/api/v1/kpis?window=today")["all"],
        "by interval": [round(w, 3) for w in of_day["all"]["longest_wait"] if w is not None],
        "metrics": {(s.name, *s.labels.values()): s.value for f in families for s in f.samples
                    if s.labels.get("window", "today") == "today"},
    }  # fmt: skip


def test_without_the_link_no_wait_and_no_talk_grows(tmp_path: Path) -> None:
    words = ("--agents", "3", "--queues", "2", "--speed", "10", "--rate", "1200")  # more callers than three can serve
    command = [sys.executable, "-m", "callcenter", "simulate", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pbx:
        assert pbx.stdout
        try:
            port = int(pbx.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0])
            with running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
                waiting = lambda: max(q["longest_wait_s"] or 0 for q in daemon.get("/api/v1/queues")["items"])  # noqa: E731
                daemon.until("somebody waits for a while", lambda: waiting() > 20)
                pbx.kill()
                daemon.until("the link is gone", lambda: not daemon.get("/api/v1/kpis")["seen"]["link"])
                time.sleep(2)  # figures come each second
                lost, began = lasting(daemon), time.monotonic()
                assert max(w or 0 for w in lost["queues"].values()) > 10
                assert len(lost["metrics"]) >= 4 and lost["today"]["occupancy"] and lost["by interval"]
                daemon.until("another figure", lambda: time.monotonic() > began + 7)
                assert lasting(daemon) == lost
                assert daemon.stop() == 0
        finally:
            pbx.kill()

"""A real Prometheus scrapes the daemon, and a real Alertmanager says what it found."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from lab import weeks
from lab.broker import Broker
from lab.daemon import Running, callcenter, running
from lab.demonstration import demo
from lab.prometheus import alertmanager, asked, listening, prometheus, rules, until
from lab.promql import as_grafana_asks, selectors
from lab.simulated import simulating

from callcenter import clock, forecasting
from callcenter.ami.simulator.plan import make
from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.config import load
from callcenter.metrics.recipes import recipes, since_start

pytestmark = pytest.mark.timeout(400)

TRUNKS = '["PJSIP/trunk"]'
WORDS = ("--agents", "20", "--queues", "3", "--seed", "5")


def target(daemon: Running) -> str:
    return daemon.http.base_url.netloc.decode()


def test_who_is_to_know_is_told_that_an_alert_fires_and_that_it_is_over(tmp_path: Path) -> None:
    """The PBX goes away and comes back; meanwhile nothing is said of queues, whose figures stand still."""
    with listening() as (told_at, told), alertmanager(tmp_path / "alertmanager", told_at) as at:
        with simulating(tmp_path, *WORDS) as (port, pbx):
            with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
                with prometheus(tmp_path / "prometheus", target(daemon), alertmanager=at):
                    pbx.kill()
                    until("it fires", lambda: _heard(told, "firing"), 120)
                    with simulating(tmp_path, *WORDS, "--port", str(port)):
                        until("it is resolved", lambda: _heard(told, "resolved"), 150)
    firing = _heard(told, "firing")[0]
    assert firing["labels"].items() >= {"alertname": "CallcenterLinkBlind", "severity": "critical",
                                        "pbx": "main"}.items()  # fmt: skip
    assert "nothing is seen of the PBX main" in firing["annotations"]["summary"]
    assert {path for path, _ in told} == {"/operators"}


def _heard(told: list[tuple[str, dict[str, Any]]], status: str) -> list[dict[str, Any]]:
    return [
        alert for _, body in told for alert in body["alerts"]
        if alert["status"] == status and alert["labels"]["alertname"] == "CallcenterLinkBlind"
    ]  # fmt: skip


DASHBOARDS = sorted((Path(__file__).parents[2] / "deploy/grafana/dashboards/en").glob("*.json"))
QUEUES = [queue.name for queue in make(40, 6, 1).queues]
"""Those of the demonstration."""
LONG_BEFORE_S = 2 * 86_400.0
OF_QUEUE_LOG = frozenset({"callcenter_queue_log_difference", "callcenter_queue_log_lag_seconds"})
"""The demonstration reads none (the table: "Absent where no queue_log is read"): asked of the daemon beside it."""


def test_every_question_of_a_dashboard_and_of_a_rule_is_answered_and_counters_say_what_the_api_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One Prometheus scrapes the demonstration, which has weeks of history, a forecast, backups and a broker, and a
    daemon that reads its PBX's queue_log and whose calls come to an end."""
    monkeypatch.setenv("CALLCENTER_SITE__DAY_STARTS", half_a_day_from_now())  # no day begins while this runs
    began = time.monotonic()
    with counted(tmp_path) as daemon, demonstrated(tmp_path) as shown:
        with prometheus(tmp_path / "prometheus", shown, target(daemon)) as server:
            open_ones = questions(server, shown, target(daemon))
            assert len(open_ones) > 250
            daemon.until("no call is up", lambda: begun(daemon) and daemon.none_open(), 100)
            daemon.until("figures are of now", daemon.figures_are_of_now)
            agree(server, daemon)
            print(f"counters and API agree {time.monotonic() - began:.0f} s after the start")
            while unanswered := {what for what, expr in open_ones.items() if not has_value(server, expr)}:
                open_ones = {what: open_ones[what] for what in unanswered}
                said = "\n".join(f"{what}: {expr}" for what, expr in open_ones.items())
                assert time.monotonic() - began < 240, f"without an answer:\n{said}"
                time.sleep(0.5)
            nothing_to_mend(httpx.get(f"http://{shown}/metrics").raise_for_status().text)
    print(f"every question was answered {time.monotonic() - began:.0f} s after the start")


def nothing_to_mend(page: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=page, text=True, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def half_a_day_from_now() -> str:
    return f"{datetime.now(ZoneInfo('Asia/Tehran')) + timedelta(hours=12):%H}:00"


@contextlib.contextmanager
def demonstrated(folder: Path) -> Iterator[str]:
    """``callcenter demo`` with all that it can be given by its environment, and where it is scraped."""
    history = folder / "weeks"
    config = folder / "weeks.toml"
    config.write_text(f"""
        site = {{ timezone = "Asia/Tehran", country = "IR" }}
        pbx = [{{ name = "demo", secret = "x" }}]
        store = {{ url = "sqlite+aiosqlite:///{folder}/weeks.db", history = "{history}" }}
    """)
    log = weeks.write(folder / "weeks.log", clock.now() - 3600, QUEUES)
    taken = callcenter("import", "queue_log", "--config", str(config), str(log))
    assert taken.returncode == 0, taken.stderr
    with pytest.MonkeyPatch.context() as patch:  # a forecast counts for the days that begin after it was kept
        now = clock.now
        patch.setattr(clock, "now", lambda: now() - LONG_BEFORE_S)
        forecasting.make_and_keep(load(config))
    (folder / "backups").mkdir()
    with Broker(folder) as broker:
        environment = {
            "CALLCENTER_STORE__HISTORY": str(history), "CALLCENTER_STORE__BACKUPS": str(folder / "backups"),
            "CALLCENTER_MQTT__HOST": "127.0.0.1", "CALLCENTER_MQTT__PORT": str(broker.port),
        }  # fmt: skip
        with demo(environment=environment) as (_, url):
            yield httpx.URL(url).netloc.decode()


@contextlib.contextmanager
def counted(folder: Path) -> Iterator[Running]:
    """A daemon that saw all calls of its PBX from the first on, and compares with its queue_log."""
    words = ("--agents", "60", "--queues", "4", "--speed", "30", "--calls", "200", "--seed", "8")
    with simulating(folder, *words) as (port, _):
        pbx = f'clock_step_s = 0\nqueue_log = "{folder}/queue_log"'
        with running(folder, port, USERNAME, SECRET, TRUNKS, pbx=pbx) as daemon:
            yield daemon


def begun(daemon: Running) -> bool:
    return len(daemon.get("/api/v1/calls?limit=100")["items"]) > 50


def questions(server: httpx.Client, shown: str, other: str) -> dict[str, str]:
    """Where it is asked → PromQL: of each panel, of each rule that records, and each series that an alert looks at.

    An alert as a whole says nothing while nothing is wrong.
    """
    out = {}
    for path in DASHBOARDS:
        made = json.loads(path.read_text())
        queues = QUEUES if any(one["multi"] for one in made["templating"]["list"]) else QUEUES[0]
        for panel in made["panels"]:
            for one in panel.get("targets", []):
                asks = any(name in one["expr"] for name in OF_QUEUE_LOG)
                chosen: dict[str, str | Sequence[str]] = {"instance": other if asks else shown, "queue": queues}
                out[f"{path.stem} {panel['id']}{one['refId']} {panel['title']}"] = as_grafana_asks(one["expr"], chosen)
    until("rules are read", lambda: rules(server, "alerting"))
    out |= {f"record {name}": expr for name, expr in rules(server, "recording").items()}
    for name, expr in rules(server, "alerting").items():
        asked(server, expr)
        out |= {f"alert {name}: {series}": series for series in selectors(expr)}
    return out


def has_value(server: httpx.Client, expr: str) -> bool:
    return any(math.isfinite(value) for _, value in asked(server, expr))


def agree(server: httpx.Client, daemon: Running) -> None:
    """What docs/metrics.md says to ask of the counters is what the API says of the day that they count."""
    of_api = daemon.get("/api/v1/kpis?window=today")["queues"]
    assert sum(of_api[queue]["offered"] for queue in of_api) > 100 and not any(of_api[q]["waiting"] for q in of_api)
    until("the last call is scraped", lambda: by_queue(server, recipes(since_start)["talk_s"], target(daemon)) == {
        queue: pytest.approx(of_api[queue]["talk_s"], rel=1e-12) for queue in of_api
    }, 10)  # fmt: skip
    for name, expr in recipes(since_start).items():
        told, counts = by_queue(server, expr, target(daemon)), {queue: of_api[queue][name] for queue in of_api}
        exact = all(isinstance(value, int) for value in counts.values())
        assert told == (counts if exact else pytest.approx(counts, rel=1e-9)), name


def by_queue(server: httpx.Client, expr: str, instance: str) -> dict[str, float]:
    return {of["queue"]: value for of, value in asked(server, expr) if of["instance"] == instance}

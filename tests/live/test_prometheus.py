"""A real Prometheus scrapes the daemon, and a real Alertmanager says what it found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lab.broker import Broker
from lab.daemon import Running, running
from lab.prometheus import DEPLOY, Prometheus, alertmanager, listening, prometheus, until
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(400)

TRUNKS = '["PJSIP/trunk"]'
FAST = "clock_step_s = 0"
"""A simulated PBX whose time runs faster than ours: no leap of its clock is a step."""
WORDS = ("--agents", "20", "--queues", "3", "--seed", "5")
SELECTOR = re.compile(r"\b(?:callcenter[\w:]+|up)\b(?:\{[^}]*\})?")

AFTER_WEEKS = {"callcenter_queue_forecast_calls"}
"""What a daemon without a history has not: test_dashboards and test_rules ask Prometheus for it with given values."""


def selectors() -> set[str]:
    """What the expressions of the rules read."""
    text = (DEPLOY / "prometheus/callcenter.rules.yml").read_text()
    expressions = re.findall(r"expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)", text)
    return {found for both in expressions for found in SELECTOR.findall("".join(both))}


def target(daemon: Running) -> str:
    return daemon.http.base_url.netloc.decode()


def test_whatever_the_rules_read_is_there(tmp_path: Path) -> None:
    asked = {s for s in selectors() if s.partition("{")[0] not in AFTER_WEEKS}
    assert len(asked) > 20
    log = f'queue_log = "{tmp_path / "queue_log"}"\n'
    with Broker(tmp_path) as broker, simulating(tmp_path, *WORDS, "--speed", "20") as (port, _):
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, mqtt, FAST + "\n" + log) as daemon:
            with prometheus(tmp_path / "prometheus", target(daemon)) as one:
                missing = set(asked)

                def all_found() -> bool:
                    missing.difference_update([s for s in missing if one.query(s)])
                    return not missing

                until(f"series of all selectors, also {missing}", all_found, 180)
                recorded = [rule for rule in one.rules() if rule["type"] == "recording"]
                until("all is recorded", lambda: all(one.query(rule["name"]) for rule in recorded), 60)
                assert [rule["name"] for rule in one.rules() if rule["health"] != "ok"] == []


def test_the_counters_say_what_the_api_says(tmp_path: Path) -> None:
    """Of the business day: the daemon saw it begin. By Prometheus' own arithmetic on what it scraped."""
    words = (*WORDS, "--speed", "30", "--calls", "60")
    with simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            with prometheus(tmp_path / "prometheus", target(daemon)) as one:
                daemon.until("60 calls ended", lambda: _ended(daemon) >= 60, 240)
                daemon.until("no call is up", daemon.none_open)
                daemon.until("the figures are of now", daemon.figures_are_of_now)
                kpis = daemon.get("/api/v1/kpis?window=today")["queues"]
                until("prometheus has scraped them", lambda: _told(one) == _counted(kpis), 30)
    assert sum(row["offered"] for row in kpis.values()) > 30


def _ended(daemon: Running) -> int:
    return sum(call["ended_at"] is not None for call in daemon.all("/api/v1/calls"))


def _told(one: Prometheus) -> dict[str, tuple[float, ...]]:
    expressions = (
        'sum by (queue) (callcenter_queue_visits_total{outcome!~"refused_.*"})',
        'sum by (queue) (callcenter_queue_visits_total{outcome="answered"})',
        'sum by (queue) (callcenter_queue_visits_total{outcome="abandoned"})',
        'round(sum by (queue) (callcenter_queue_wait_seconds_bucket{outcome="answered",le="20.0"})'
        ' / sum by (queue) (callcenter_queue_visits_total{outcome="answered"}), 1e-6)',
        'round(callcenter_queue_talk_seconds_total, 1)',
    )  # fmt: skip
    out: dict[str, list[float]] = {}
    for expr in expressions:
        for sample in one.query(expr):
            out.setdefault(sample["metric"]["queue"], []).append(float(sample["value"][1]))
    return {queue: tuple(values) for queue, values in out.items()}


def _counted(kpis: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    return {
        queue: (row["offered"], row["answered"], row["abandoned"], round(row["service_level_answered"], 6),
                round(row["talk_s"]))
        for queue, row in kpis.items()
    }  # fmt: skip


def test_who_is_to_know_is_told_that_an_alert_fires_and_that_it_is_over(tmp_path: Path) -> None:
    """The PBX goes away and comes back; meanwhile nothing is said of queues, whose figures stand still."""
    with listening() as (told_at, told), alertmanager(tmp_path / "alertmanager", told_at) as at:
        with simulating(tmp_path, *WORDS) as (port, pbx):
            with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
                with prometheus(tmp_path / "prometheus", target(daemon), at):
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

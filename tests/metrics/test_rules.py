"""Recording rules and alerts: Prometheus takes them, each alert fires when it should, resolves, and is explained."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter import alerts as ticker
from callcenter.metrics.health import RULES as HEALTH_RULES

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/callcenter.rules.yml"
INSTANCE = 'instance="hq:8080"'
SALES = f'queue="sales",{INSTANCE}'
STATES = ("available", "ringing", "talking", "holding", "wrap_up", "paused", "unreachable", "logged_out")
SUMMARY = re.compile(r"^ +- alert: (\w+)\n(?:.*\n)*? +summary: \"(.*)\"\n +runbook_url: (\S+)$", re.MULTILINE)


def promtool(*words: str, folder: Path) -> str:
    program = shutil.which("promtool")
    if program is None:
        assert not os.environ.get("CI"), "promtool (Debian: prometheus) must be there in CI"
        pytest.skip("promtool is not here (Debian: prometheus)")
    done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> dict[str, tuple[str, str]]:
    """Name → summary, runbook."""
    return {name: (summary, runbook) for name, summary, runbook in SUMMARY.findall(RULES.read_text())}


@dataclass(frozen=True)
class Case:
    """``series``: name → values a minute as promtool has them; it fires at minute ``fires`` with these labels beside
    those of its rule and is silent at the minutes ``silent``."""

    series: dict[str, str]
    labels: dict[str, str]
    summary: str
    fires: int
    silent: tuple[int, ...]
    severity: str = "warning"


def window(name: str, labels: str = 'window="30m"') -> str:
    return f"callcenter_queue_{name}{{{labels},{SALES}}}"


def visits(outcome: str = "offered", of: str = "30m") -> str:
    return window("window_visits", f'window="{of}",outcome="{outcome}"')


LINK = f'callcenter_link_up{{pbx="main",{INSTANCE}}}'
ABANDON_TARGET = f'callcenter_queue_target_high{{figure="abandon_rate",{SALES}}}'
T = f"callcenter_queue_service_level_threshold_seconds{{{SALES}}}"
TARGET = f"callcenter_queue_service_level_target_ratio{{{SALES}}}"
HQ, OF_SALES = {"instance": "hq:8080"}, {"instance": "hq:8080", "queue": "sales"}
AGENTS_OUT = {f'callcenter_queue_agents{{state="{s}",{SALES}}}': "0x40" for s in STATES if s != "logged_out"}

CASES: dict[str, Case] = {
    "CallcenterServiceLevelLow": Case(
        {window("service_level_ratio"): "0.9x9 0.7x10 0.9x20", TARGET: "0.8x40", visits(): "12x40",
         LINK: "1x40"},
        OF_SALES | {"window": "30m"}, "sales: service level 70% in the last 30 minutes", 16, (5, 12, 25)),
    "CallcenterAbandonRateHigh": Case(
        {window("abandon_rate_ratio"): "0.05x9 0.07x10 0.05x20", visits(): "25x40", LINK: "1x40",
         ABANDON_TARGET: "0.06x40"},
        OF_SALES | {"window": "30m"}, "sales: 7% abandoned in the last 30 minutes, beyond its target", 16, (5, 12, 25)),
    "CallcenterCallerWaitsTooLong": Case(
        {f"callcenter_queue_longest_wait_seconds{{{SALES}}}": "30x9 31x10 _x20", T: "10x40", LINK: "1x40"},
        OF_SALES, "sales: somebody has been waiting for 31s, beyond three times its T", 12, (5, 26)),
    "CallcenterNobodyLoggedIn": Case(
        {f"callcenter_queue_waiting{{{SALES}}}": "0x9 2x10 0x20", **AGENTS_OUT,
         f'callcenter_queue_agents{{state="logged_out",{SALES}}}': "3x40", LINK: "1x40"},
        OF_SALES, "sales: 2 wait and no agent is logged in", 13, (5, 25), "critical"),
    "CallcenterForecastExceeded": Case(
        {visits(of="today"): "60x9 130x25 60x20", f"callcenter_queue_forecast_calls{{{SALES}}}": "100x60"},
        OF_SALES | {"window": "today", "outcome": "offered"}, "sales: 130% of the calls that were forecast until now",
        30, (5, 20, 40), "info"),
    "CallcenterDown": Case(
        {f'up{{job="callcenter",{INSTANCE}}}': "1x9 0x10 1x20"},
        HQ | {"job": "callcenter"}, "hq:8080: the daemon does not answer", 13, (5, 25), "critical"),
    "CallcenterLinkBlind": Case(
        {f'callcenter_link_up{{pbx="main",{INSTANCE}}}': "1x9 0x10 1x20"},
        HQ | {"pbx": "main"}, "hq:8080: nothing is seen of the PBX main", 13, (5, 25), "critical"),
    "CallcenterEventsLate": Case(
        {f"callcenter_ami_lag_seconds{{{INSTANCE}}}": "0x9 12x10 0x20"},
        HQ, "hq:8080: events of the PBX come 12s late", 14, (5, 25)),
    "CallcenterQueueLogDiffers": Case(
        {f"callcenter_queue_log_difference{{{SALES}}}": "0x9 -2x10 0x20"},
        OF_SALES, "sales: our counts differ from queue_log by -2", 13, (5, 25)),
    "CallcenterStoreFails": Case(
        {f"callcenter_store_failed{{{INSTANCE}}}": "0x9 1x10 0x20"},
        HQ, "hq:8080: the store cannot be written; all is kept in memory", 13, (5, 25), "critical"),
    "CallcenterTicketBacklog": Case(
        {f"callcenter_store_pending{{{INSTANCE}}}": "5x9 1500x10 5x20"},
        HQ, "hq:8080: 1500 changes of calls and tickets have yet to be written", 14, (5, 25)),
    "CallcenterBackupOld": Case(
        {f'callcenter_alarm{{kind="old_backup",{INSTANCE}}}': "0x9 1x20 0x20"},
        HQ | {"kind": "old_backup"}, "hq:8080: there is no good new backup", 25, (5, 15, 35)),
    "CallcenterNotReady": Case(
        {f'callcenter_alarm{{kind="damaged",{INSTANCE}}}': "0x9 1x15 0x20"},
        HQ | {"kind": "damaged"}, "hq:8080: damaged: calls or records may be missing, /readyz says why", 18, (5, 30),
        "critical"),
    "CallcenterAlarm": Case(
        {f'callcenter_alarm{{kind="mqtt",{INSTANCE}}}': "0x9 1x15 0x20",
         f'callcenter_alarm{{kind="link",{INSTANCE}}}': "1x40"},
        HQ | {"kind": "mqtt"}, "hq:8080: mqtt: /readyz says why", 18, (5, 12, 30)),
}  # fmt: skip


def test_each_alert_has_a_case() -> None:
    assert list(CASES) == list(alerts())


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_and_resolves(name: str, tmp_path: Path) -> None:
    case, runbook = CASES[name], alerts()[name][1]
    firing = {
        "exp_labels": case.labels | {"severity": case.severity},
        "exp_annotations": {"summary": case.summary, "runbook_url": runbook},
    }
    looks = [(case.fires, [firing]), *((minute, []) for minute in case.silent)]
    tests = [{"eval_time": f"{at}m", "alertname": name, "exp_alerts": expected} for at, expected in looks]
    _tested(tmp_path, case.series, {"alert_rule_test": tests})


QUIET = {
    "few calls": ("CallcenterServiceLevelLow", {
        window("service_level_ratio"): "0.5x40", TARGET: "0.8x40", LINK: "1x40",
        visits(): "9x40"}),
    "another queue's target": ("CallcenterServiceLevelLow", {
        window("service_level_ratio"): "0.85x40", TARGET: "0.8x40",
        f'callcenter_queue_service_level_target_ratio{{queue="vip",{INSTANCE}}}': "0.95x40", visits(): "50x40",
        LINK: "1x40"}),
    "a queue that may lose more": ("CallcenterAbandonRateHigh", {
        window("abandon_rate_ratio"): "0.1x40", ABANDON_TARGET: "0.15x40", visits(): "50x40", LINK: "1x40"}),
    "a queue with a long T": ("CallcenterCallerWaitsTooLong", {
        f"callcenter_queue_longest_wait_seconds{{{SALES}}}": "301x40", T: "120x40", LINK: "1x40"}),
    "somebody is logged in": ("CallcenterNobodyLoggedIn", {
        f"callcenter_queue_waiting{{{SALES}}}": "2x40", **AGENTS_OUT,
        f'callcenter_queue_agents{{state="paused",{SALES}}}': "1x40", LINK: "1x40"}),
    "a small forecast": ("CallcenterForecastExceeded", {
        visits(of="today"): "40x60", f"callcenter_queue_forecast_calls{{{SALES}}}": "20x60"}),
    "the link has an alert of its own": ("CallcenterAlarm", {f'callcenter_alarm{{kind="link",{INSTANCE}}}': "1x40"}),
}  # fmt: skip


@pytest.mark.parametrize("why", QUIET)
def test_an_alert_stays_silent(why: str, tmp_path: Path) -> None:
    name, series = QUIET[why]
    tests = [{"eval_time": "30m", "alertname": name, "exp_alerts": []}]
    _tested(tmp_path, series, {"alert_rule_test": tests})


@pytest.mark.parametrize("name", list(CASES)[:4])
def test_of_queues_nothing_is_said_while_the_pbx_is_not_seen(name: str, tmp_path: Path) -> None:
    """What is of now stands still then, as it does on the ticker of the wallboard (callcenter/alerts.py)."""
    series = {**CASES[name].series, LINK: "0x40"}
    _tested(tmp_path, series, {"alert_rule_test": [{"eval_time": f"{CASES[name].fires}m", "alertname": name,
                                                    "exp_alerts": []}]})  # fmt: skip


def test_the_limits_are_those_of_the_ticker() -> None:
    rules = RULES.read_text()
    times = re.findall(r"\((\d+) \* callcenter_queue_service_level_threshold_seconds\)", rules)
    least = re.findall(r'callcenter_queue_window_visits\{window="(\w+)",outcome="offered"\} >= (\d+)', rules)
    assert [float(one) for one in times] == [ticker.LATE]
    assert [(window, int(n)) for window, n in least] == [
        (ticker.WINDOW, ticker.LEVEL_OFFERED), (ticker.WINDOW, ticker.ABANDON_OFFERED)
    ]  # fmt: skip


def test_what_is_recorded_is_what_the_counters_say(tmp_path: Path) -> None:
    """A minute brings three calls that are answered, two of them within 20 s, one abandoned and one refused."""
    outcome = "callcenter_queue_visits_total{{outcome=\"{}\"," + SALES + "}}"
    bucket = 'callcenter_queue_wait_seconds_bucket{{outcome="answered",le="{}",' + SALES + "}}"
    series = {
        outcome.format("answered"): "0+3x90", outcome.format("abandoned"): "0+1x90",
        outcome.format("refused_full"): "0+1x90", bucket.format("20.0"): "0+2x90", bucket.format("30.0"): "0+3x90",
        bucket.format("+Inf"): "0+3x90",
    }  # fmt: skip
    labels = f"{{{INSTANCE},queue=\"sales\"}}"
    expected = {
        "callcenter:queue_offered:increase1h": 240.0, "callcenter:queue_answered:increase1h": 180.0,
        "callcenter:queue_abandoned:increase1h": 60.0, "callcenter:queue_answered_within_20s:ratio1h": 0.5,
        "callcenter:queue_wait_answered_seconds:p90_1h": 27.0,  # nine tenths of three: 0.7 of the way from 20 to 30
    }  # fmt: skip
    tests = [
        {"expr": name, "eval_time": "80m", "exp_samples": [{"labels": name + labels, "value": value}]}
        for name, value in expected.items()
    ]
    _tested(tmp_path, series, {"promql_expr_test": tests})


def _tested(folder: Path, series: dict[str, str], tests: dict[str, Any]) -> None:
    shutil.copy(RULES, folder)
    told = [{"series": name, "values": values} for name, values in series.items()]
    (folder / "tests.yml").write_text(json.dumps({
        "rule_files": [RULES.name], "evaluation_interval": "30s",
        "tests": [{"interval": "1m", "input_series": told, **tests}],
    }))  # fmt: skip
    promtool("test", "rules", "tests.yml", folder=folder)


def test_prometheus_takes_the_rules_and_the_example(tmp_path: Path) -> None:
    for file in RULES.parent.glob("*.yml"):
        shutil.copy(file, tmp_path)
    assert "rules found" in promtool("check", "rules", RULES.name, folder=tmp_path)
    promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_each_alert_has_a_runbook_and_no_runbook_is_of_nothing() -> None:
    written = re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks.md").read_text(), re.MULTILINE)
    assert written == list(alerts())
    assert [runbook for _, runbook in alerts().values()] == [f"docs/runbooks.md#{name.lower()}" for name in written]


def test_each_alarm_of_the_daemon_has_an_alert() -> None:
    named = set("|".join(re.findall(r'callcenter_alarm\{kind=~"([^"]+)"\}', RULES.read_text())).split("|"))
    by_their_own_metrics = {"link", "snapshot", "store", "disk_full", "difference"}
    assert named | by_their_own_metrics == {rule.kind for rule in HEALTH_RULES}


def test_every_metric_of_the_rules_is_documented() -> None:
    known = set(re.findall(r"^\| `(callcenter_\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    asked = {name.removesuffix("_bucket") for name in re.findall(r"\bcallcenter_\w+", RULES.read_text())}
    assert asked and asked <= known


def test_the_alertmanager_s_example_names_alerts_that_there_are() -> None:
    named = set(re.findall(r"Callcenter\w+", (ROOT / "deploy/alertmanager/alertmanager.yml").read_text()))
    assert named == set(alerts())

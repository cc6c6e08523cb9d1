"""The dashboards of deploy/grafana: what they ask for is a metric of ours, and Prometheus itself answers it right."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planned_page import BEGAN, Planning, forecast, page

DASHBOARDS = sorted((Path(__file__).parents[2] / "deploy/grafana").glob("*.json"))
METRICS = Path(__file__).parents[2] / "docs/metrics.md"
SERIES = re.compile(r"^(callcenter_\w+(?:\{.*\})?) (\S+)$", re.MULTILINE)


def panels() -> Iterator[dict[str, Any]]:
    for path in DASHBOARDS:
        yield from json.loads(path.read_text())["panels"]


def expressions() -> list[str]:
    return [
        target["expr"].replace("$queue", ".*").replace("$instance", ".*")
        for panel in panels() for target in panel["targets"]
    ]  # fmt: skip


def test_there_are_some_and_no_panel_lies_over_another() -> None:
    assert DASHBOARDS and len(expressions()) >= 8
    for path in DASHBOARDS:
        cells = [
            (x, y) for panel in json.loads(path.read_text())["panels"] for at in [panel["gridPos"]]
            for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
        ]  # fmt: skip
        assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24, path.name


def test_every_metric_is_documented() -> None:
    known = set(re.findall(r"^\| `(callcenter_\w+)` \|", METRICS.read_text(), re.MULTILINE))
    for expr in expressions():
        asked = set(re.findall(r"callcenter_\w+", expr))
        assert asked and asked <= known, expr


def test_prometheus_answers_what_the_panels_ask(tmp_path: Path) -> None:
    """Of the metrics of a daemon whose forecast says 50 calls a quarter of an hour, 2.5 quarters into the day."""
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "promtool (Debian: prometheus) must be there in CI"
        pytest.skip("promtool is not here (Debian: prometheus)")
    told = dict(SERIES.findall(page(Planning(forecast()))))
    required, staffed = (
        float(told[f'callcenter_queue_agents_{name}{{queue="sales"}}']) for name in ("required", "staffed")
    )
    told |= {
        'callcenter_queue_window_visits{queue="sales",window="today",outcome="offered"}': "31",
        'callcenter_queue_window_visits{queue="sales",window="today",outcome="answered"}': "29",
    }
    series = [{"series": name, "values": f"{value}+0x60"} for name, value in told.items()]
    series.append({"series": 'callcenter_queue_entered_total{queue="sales"}', "values": "0+2x60"})
    assert len(series) > 20
    sales = '{queue="sales"}'
    expected = {
        "callcenter_queue_forecast_calls": (sales, 125.0), "callcenter_queue_forecast_calls_interval": (sales, 50.0),
        "callcenter_queue_agents_required": (sales, required), "callcenter_queue_agents_staffed": (sales, staffed),
        "callcenter_queue_staffing_gap_agents": (sales, required - staffed),
        "callcenter_queue_window_visits": ('{queue="sales",window="today",outcome="offered"}', 31.0),
        "increase": (sales, 30.0), "time": ("", 1800.0 - (BEGAN - 3600)),
    }  # fmt: skip
    asked = {re.split(r"[{( ]", expr)[0]: expr for expr in expressions()}
    assert asked.keys() == expected.keys()
    nameless = ("increase", "time")
    tests = [
        {"expr": asked[name].replace('queue=~".*"', 'queue="sales"'), "eval_time": "30m",
         "exp_samples": [{"labels": ("" if name in nameless else name) + (labels or "{}"), "value": value}]}
        for name, (labels, value) in expected.items()
    ]  # fmt: skip
    rules = [{"record": f"asked:{n}", "expr": expr} for n, expr in enumerate(expressions())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    (tmp_path / "tests.yml").write_text(json.dumps({
        "rule_files": ["rules.yml"], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
    }))  # fmt: skip
    for words in (("check", "rules", "rules.yml"), ("test", "rules", "tests.yml")):
        done = subprocess.run([promtool, *words], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

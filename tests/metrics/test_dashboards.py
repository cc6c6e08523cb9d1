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
from planned_page import Planning, forecast, page

DASHBOARDS = sorted((Path(__file__).parents[2] / "deploy/grafana").glob("*.json"))
METRICS = Path(__file__).parents[2] / "docs/metrics.md"
SERIES = re.compile(r"^(callcenter_\w+(?:\{.*\})?) (\S+)$", re.MULTILINE)


def panels() -> Iterator[dict[str, Any]]:
    for path in DASHBOARDS:
        yield from json.loads(path.read_text())["panels"]


def expressions() -> list[str]:
    return [target["expr"].replace("$queue", ".*") for panel in panels() for target in panel["targets"]]


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
    told = page(Planning(forecast()))
    series = [{"series": name, "values": f"{value}+0x60"} for name, value in SERIES.findall(told)]
    assert len(series) > 20
    required = float(dict(SERIES.findall(told))['callcenter_queue_agents_required{queue="sales"}'])
    staffed = float(dict(SERIES.findall(told))['callcenter_queue_agents_staffed{queue="sales"}'])
    expected = {
        "callcenter_queue_forecast_calls": 125.0, "callcenter_queue_forecast_calls_interval": 50.0,
        "callcenter_queue_agents_required": required, "callcenter_queue_agents_staffed": staffed,
        "callcenter_queue_staffing_gap_agents": required - staffed,
    }  # fmt: skip
    asked = {re.split(r"[{(]", expr)[0]: expr for expr in expressions()}
    tests = [
        {"expr": asked[name].replace(".*", "sales"), "eval_time": "30m",
         "exp_samples": [{"labels": f'{name}{{queue="sales"}}', "value": value}]}
        for name, value in expected.items()
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

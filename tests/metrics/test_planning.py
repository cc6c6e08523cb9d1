"""Forecast and staffing as Prometheus reads them: what is not known is absent and never 0."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from planned_page import BEGAN, Planning, forecast, page
from prometheus_client.parser import text_string_to_metric_families

from callcenter.metrics.table import PLANNING


def samples(told: str) -> dict[tuple[str, str], float]:
    """(metric, queue) → value, of the metrics of planning."""
    names = {row.name for row in PLANNING}
    return {
        (s.name.removeprefix("callcenter_"), s.labels.get("queue", "")): s.value
        for family in text_string_to_metric_families(told) if family.name in names for s in family.samples
    }  # fmt: skip


def test_what_is_forecast_and_who_is_there_can_be_scraped() -> None:
    told = samples(page(Planning(forecast())))
    of_sales = {name: value for (name, queue), value in told.items() if queue == "sales"}
    assert of_sales == {
        "queue_forecast_calls": 125, "queue_forecast_calls_interval": 50, "queue_agents_required": 14,
        "queue_agents_staffed": 9, "queue_staffing_gap_agents": 5,
    }  # fmt: skip
    assert told["forecast_made_timestamp_seconds", ""] == BEGAN - 3600
    assert {name for name, queue in told if queue == "new"} == {"queue_agents_staffed"}, "it is not in the forecast"


def test_no_queue_is_called_by_a_phone_number() -> None:
    told = page(Planning(forecast()))
    assert "123 4567" not in told
    assert len([queue for name, queue in samples(told) if name == "queue_agents_required"]) == 2


@pytest.mark.parametrize("planning", [Planning(None), None])
def test_without_a_forecast_there_is_none_and_not_nought(planning: Planning | None) -> None:
    assert {name for name, _ in samples(page(planning))} <= {"queue_agents_staffed"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here (Debian: prometheus)")
def test_promtool_finds_nothing_to_mend() -> None:
    told = page(Planning(forecast()))
    done = subprocess.run(["promtool", "check", "metrics"], input=told, text=True, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")

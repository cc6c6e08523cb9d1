"""Forecast and staffing as Prometheus reads them: what is not known is absent and never 0."""

from __future__ import annotations

import shutil
import subprocess

import msgspec
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard
from callcenter.forecast import today
from callcenter.forecast.staffing import Policy
from callcenter.forecast.values import Forecast
from callcenter.metrics.collector import scrape
from callcenter.metrics.counters import Counters
from callcenter.metrics.health import Health
from callcenter.metrics.table import PLANNING

BEGAN = 1_794_787_200.0
AT = BEGAN + 1800 + 450
"""Half of the third quarter of an hour is over."""
NUMBERED = "line 0912 123 4567"


class Planning:
    def __init__(self, forecast: Forecast | None) -> None:
        self.forecast = forecast

    def staffing(self, board: Wallboard) -> list[today.Staffing]:
        return today.staffing(board, BEGAN, self.forecast, today.policy_of(board, Policy(0.3, 1.0)))


def forecast() -> Forecast:
    calls = np.full((2, 96), 50.0)
    start = BEGAN + 900.0 * np.arange(96)
    return Forecast(BEGAN - 3600, "seasonal", (0.0, 1.0), ("sales", NUMBERED), start, calls, calls, calls,
                    np.full(calls.shape, 180.0))  # fmt: skip


def page(planning: Planning | None) -> str:
    queues = tuple(QueueNow(name, 0, None, (), 0, {}) for name in ("sales", NUMBERED, "new"))
    agent = AgentNow("PJSIP/1", "a", AgentState.AVAILABLE, AT, "", None, None, ("sales",), ())
    agents = tuple(msgspec.structs.replace(agent, interface=f"PJSIP/{n}") for n in range(9))
    board = Wallboard(1, FloorNow(AT, "main", True, AT, 0, {}, queues, agents), {}, {})
    return scrape(board, Counters(), Health(), planning).decode()


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

"""The samples of forecast and staffing. Pure. What is not known has no sample."""

from __future__ import annotations

from typing import Protocol

from callcenter.floor.wallboard import Wallboard
from callcenter.forecast.today import Staffing
from callcenter.forecast.values import Forecast
from callcenter.metrics.exposition import Samples


class Planning(Protocol):
    @property
    def forecast(self) -> Forecast | None: ...

    def staffing(self, board: Wallboard) -> list[Staffing]: ...


def of_planning(planning: Planning | None, board: Wallboard) -> dict[str, Samples]:
    """Metric → (labels, value) …, for each row of the table's part about planning."""
    forecast, queues = (planning.forecast, planning.staffing(board)) if planning else (None, [])
    values: dict[str, dict[str, float | None]] = {
        "queue_forecast_calls": {q.queue: q.forecast for q in queues},
        "queue_forecast_calls_interval": {q.queue: q.forecast_interval for q in queues},
        "queue_agents_required": {q.queue: q.required for q in queues},
        "queue_agents_staffed": {q.queue: q.staffed for q in queues},
        "queue_staffing_gap_agents": {q.queue: q.gap for q in queues},
    }
    samples: dict[str, Samples] = {f"callcenter_{name}": _by_queue(of) for name, of in values.items()}
    made = [] if forecast is None else [((), forecast.made_at)]
    return samples | {"callcenter_forecast_made_timestamp_seconds": iter(made)}


def _by_queue(values: dict[str, float | None]) -> Samples:
    return (((queue,), value) for queue, value in values.items() if value is not None)

"""The metrics of a daemon that has a forecast, and of one that has none."""

from __future__ import annotations

import msgspec
import numpy as np
from pages import written

from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard
from callcenter.forecast import today
from callcenter.forecast.staffing import Policy
from callcenter.forecast.values import Forecast

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
    return written(board, planning=planning)

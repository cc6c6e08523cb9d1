"""All dashboards. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.agents import AGENTS
from callcenter.metrics.dashboards.daemon import DAEMON
from callcenter.metrics.dashboards.forecast import FORECASTS
from callcenter.metrics.dashboards.history import HISTORY
from callcenter.metrics.dashboards.one_queue import QUEUE
from callcenter.metrics.dashboards.overview import OVERVIEW
from callcenter.metrics.dashboards.values import Dashboard

DASHBOARDS: tuple[Dashboard, ...] = (OVERVIEW, QUEUE, AGENTS, FORECASTS, HISTORY, DAEMON)

"""Figures of planning: how good the forecast was, and whether enough agents were planned. Pure.

How many agents a forecast asks for is :mod:`kpi.erlang`.
"""

from __future__ import annotations

import numpy as np

from kpi.columns import Floats, Integers
from kpi.sums import ForecastSums, ratio


def forecast_error(sums: ForecastSums) -> Floats:
    """Σ abs(actual - forecast) / Σ actual over the intervals. Ratio; NaN when no call came.

    Source: the field's definition; usual target 0.05. Weighted by calls, so the hours without any do not decide it. The
    forecast must be the one that was made before the day began.
    """
    return ratio(sums.absolute_error, sums.actual)


def forecast_bias(sums: ForecastSums) -> Floats:
    """Σ (actual - forecast) / Σ actual: above 0 more calls came than were forecast. Ratio; NaN when no call came.

    Source: the field's definition, the error of :func:`forecast_error` with its sign. Never larger than that error.
    """
    return ratio(sums.error, sums.actual)


def staffing_gap(required: Integers, staffed: Floats) -> Floats:
    """Agents required - agents staffed: above 0 too few. Agents; NaN where it is not known who was staffed.

    Source: the field's definition; target 0. Both must mean the same: a roster against
    :func:`kpi.erlang.agents_required` with shrinkage, those who were logged in against it without.
    """
    return np.subtract(required, staffed, dtype=np.float64)

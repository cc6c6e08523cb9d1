"""The figures of a contact centre: numpy only, pure, usable without callcenter.

Two steps lead to every figure: columns are summed once by queue, then each figure is one small function of the sums::

    visits = Visits(queue=..., entered_at=..., wait_s=..., outcome=..., ...)
    sums = sum_visits(visits, queues=2, threshold_s=20.0, short_abandon_s=5.0)
    service_level(sums)          # one ratio for each queue, and the last for all of them together

``columns`` says what a row is; ``sums`` and ``calls`` count; ``visits``, ``conversations``, ``resolution``, ``agents``
and ``planning`` hold the figures by what they are computed from; ``table`` lists them all: a new figure is one function
and one row there. ``erlang`` is no figure but the model that says how many agents a forecast asks for.

Callbacks, repeat calls, first-call resolution, self-service, satisfaction and quality are of whole calls and in
``resolution``; attrition in ``agents``; forecast error and staffing gap in ``planning``.
"""

from kpi.agents import attrition, occupancy, utilisation
from kpi.calls import CallSums, sum_calls
from kpi.columns import AgentTime, Calls, Outcome, Spans, State, Visits, seconds_within
from kpi.conversations import (
    average_handle_time,
    average_hold_time,
    average_talk_time,
    average_wrap_up_time,
    transfer_rate,
)
from kpi.erlang import agents_required, erlang_c, service_level_expected
from kpi.planning import forecast_bias, forecast_error, staffing_gap
from kpi.resolution import (
    callback_completion_rate,
    customer_satisfaction,
    fcr_agent,
    fcr_provisional_share,
    fcr_repeat,
    fcr_survey,
    first_call_resolution,
    quality_score,
    repeat_call_rate,
    self_service_rate,
    self_service_rate_net,
    survey_response_rate,
)
from kpi.sums import ForecastSums, TimeSums, VisitSums, sum_forecast, sum_time, sum_time_by_period, sum_visits
from kpi.table import (
    AGENT_FIGURES,
    CALL_FIGURES,
    FIGURES,
    PLANNING_FIGURES,
    STAFF_FIGURES,
    VISIT_FIGURES,
    Better,
    Figure,
)
from kpi.visits import (
    abandon_rate,
    average_speed_of_answer,
    longest_wait,
    ring_no_answer_rate,
    service_level,
    service_level_answered,
    service_level_live,
    service_level_with_abandons,
)

__all__ = [
    "AGENT_FIGURES",
    "CALL_FIGURES",
    "FIGURES",
    "PLANNING_FIGURES",
    "STAFF_FIGURES",
    "VISIT_FIGURES",
    "AgentTime",
    "Better",
    "CallSums",
    "Calls",
    "Figure",
    "ForecastSums",
    "Outcome",
    "Spans",
    "State",
    "TimeSums",
    "VisitSums",
    "Visits",
    "abandon_rate",
    "agents_required",
    "attrition",
    "average_handle_time",
    "average_hold_time",
    "average_speed_of_answer",
    "average_talk_time",
    "average_wrap_up_time",
    "callback_completion_rate",
    "customer_satisfaction",
    "erlang_c",
    "fcr_agent",
    "fcr_provisional_share",
    "fcr_repeat",
    "fcr_survey",
    "first_call_resolution",
    "forecast_bias",
    "forecast_error",
    "longest_wait",
    "occupancy",
    "quality_score",
    "repeat_call_rate",
    "ring_no_answer_rate",
    "seconds_within",
    "self_service_rate",
    "self_service_rate_net",
    "service_level",
    "service_level_answered",
    "service_level_expected",
    "service_level_live",
    "service_level_with_abandons",
    "staffing_gap",
    "sum_calls",
    "sum_forecast",
    "sum_time",
    "sum_time_by_period",
    "sum_visits",
    "survey_response_rate",
    "transfer_rate",
    "utilisation",
]

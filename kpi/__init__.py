"""The figures of a contact centre: numpy only, pure, usable without callcenter.

Two steps lead to every figure: columns are summed once by queue, then each figure is one small function of the sums::

    visits = Visits(queue=..., entered_at=..., wait_s=..., outcome=..., ...)
    sums = sum_visits(visits, queues=2, threshold_s=20.0, short_abandon_s=5.0)
    service_level(sums)          # one ratio for each queue, and the last for all of them together

``columns`` says what a row is, ``sums`` counts, ``visits``, ``conversations`` and ``agents`` hold the figures by what
they are computed from, and ``table`` lists them all: a new figure is one function and one row there.

Where the rest goes: callbacks and repeat calls into ``visits``; first-call resolution, self-service, satisfaction and
quality into ``conversations``; attrition into ``agents``; forecast error and staffing into a module ``planning``.
"""

from kpi.agents import occupancy, utilisation
from kpi.columns import AgentTime, Outcome, Spans, State, Visits, seconds_within
from kpi.conversations import (
    average_handle_time,
    average_hold_time,
    average_talk_time,
    average_wrap_up_time,
    transfer_rate,
)
from kpi.erlang import agents_required, erlang_c, service_level_expected
from kpi.sums import TimeSums, VisitSums, sum_time, sum_visits
from kpi.table import AGENT_FIGURES, FIGURES, VISIT_FIGURES, Better, Figure
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
    "FIGURES",
    "VISIT_FIGURES",
    "AgentTime",
    "Better",
    "Figure",
    "Outcome",
    "Spans",
    "State",
    "TimeSums",
    "VisitSums",
    "Visits",
    "abandon_rate",
    "agents_required",
    "average_handle_time",
    "average_hold_time",
    "average_speed_of_answer",
    "average_talk_time",
    "average_wrap_up_time",
    "erlang_c",
    "longest_wait",
    "occupancy",
    "ring_no_answer_rate",
    "seconds_within",
    "service_level",
    "service_level_answered",
    "service_level_expected",
    "service_level_live",
    "service_level_with_abandons",
    "sum_time",
    "sum_visits",
    "transfer_rate",
    "utilisation",
]

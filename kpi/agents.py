"""Figures of the agents' time. Pure; one number for each queue (:class:`kpi.sums.TimeSums` says whose time counts)."""

from __future__ import annotations

from kpi.columns import Floats
from kpi.sums import TimeSums, ratio


def occupancy(sums: TimeSums) -> Floats:
    """(talk + hold + wrap-up) / (talk + hold + wrap-up + ringing + available). Ratio; NaN without any such time.

    Source: kpis.md; usual target 0.85 to 0.90. In an agent's second queue the available time counts again, so one
    queue's occupancy is lower than that of all when agents share queues.
    """
    return ratio(sums.busy_s, sums.busy_s + sums.ringing_s + sums.available_s)


def utilisation(sums: TimeSums) -> Floats:
    """(talk + hold + wrap-up) / logged-in time, pauses and unreachable phones included. Ratio; NaN when nobody was in.

    Source: kpis.md. For one queue: its own calls' share of its members' time.
    """
    return ratio(sums.busy_s, sums.logged_in_s)

"""Figures of the agents: of their time, and how many left. Pure; one number for each queue or group.

:class:`kpi.sums.TimeSums` says whose time counts.
"""

from __future__ import annotations

from kpi.columns import Floats, Integers
from kpi.sums import TimeSums, ratio


def occupancy(sums: TimeSums) -> Floats:
    """(talk + hold + wrap-up) / (talk + hold + wrap-up + ringing + available). Ratio; NaN without any such time.

    Source: the field's definition; usual target 0.85 to 0.90. In an agent's second queue the available time counts
    again, so one queue's occupancy is lower than that of all when agents share queues.
    """
    return ratio(sums.busy_s, sums.busy_s + sums.ringing_s + sums.available_s)


def utilisation(sums: TimeSums) -> Floats:
    """(talk + hold + wrap-up) / logged-in time, pauses and unreachable phones included. Ratio; NaN when nobody was in.

    Source: the field's definition. For one queue: its own calls' share of its members' time.
    """
    return ratio(sums.busy_s, sums.logged_in_s)


def attrition(left: Integers, mean_headcount: Floats) -> Floats:
    """Agents who left in the last 365 days / mean headcount of those days. Ratio; NaN for a headcount of 0.

    One number of each for a group. Source: the field's definition; usual target 0.15. Who moves from one group to
    another left the first; who is counted is the caller's to say, the same for both numbers.
    """
    return ratio(left, mean_headcount)

"""Figures of the conversations of answered visits: how long each part took. Pure; one number for each queue.

A is the number of answered visits of the window. A conversation that still goes on is in A, but its talk is 0 until
it is over (``talk_s`` of :class:`kpi.columns.Visits`), as in a queue_log read at that moment.
"""

from __future__ import annotations

from kpi.columns import Floats
from kpi.sums import VisitSums, ratio


def average_talk_time(sums: VisitSums) -> Floats:
    """(talk - hold) / A: connected time with hold taken out. Seconds; NaN when none was answered.

    Source: the field's definition; usual target 240 s.
    """
    return ratio(sums.talk_s - sums.hold_s, sums.answered)


def average_hold_time(sums: VisitSums) -> Floats:
    """hold / A, over all answered calls and not only those held. Seconds; NaN when none was answered.

    Source: the field's definition.
    """
    return ratio(sums.hold_s, sums.answered)


def average_wrap_up_time(sums: VisitSums) -> Floats:
    """After-call work / A. Seconds; NaN when none was answered. Source: the field's definition; usual target 360 s."""
    return ratio(sums.wrap_up_s, sums.answered)


def average_handle_time(sums: VisitSums) -> Floats:
    """(connected time, which has hold in it, + after-call work) / A. Seconds; NaN when none was answered.

    Source: the field's definition, (talk + hold + wrap-up) / answered calls.
    """
    return ratio(sums.talk_s + sums.wrap_up_s, sums.answered)


def transfer_rate(sums: VisitSums) -> Floats:
    """Answered visits whose caller was transferred on / A. Ratio; NaN when none was answered.

    Source: the field's definition.
    """
    return ratio(sums.transferred, sums.answered)

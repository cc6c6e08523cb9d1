"""Figures of queue visits: how soon, how many gave up. Pure; each takes the sums and gives one number for each queue.

The letters of the formulas: O offered (all visits but the refused), A answered, B abandoned, Bs short abandoned,
W still waiting; (wait<=T): within the queue's threshold T. A visit counts in the window in which it entered.
"""

from __future__ import annotations

from kpi.columns import Floats
from kpi.sums import VisitSums, ratio


def service_level(sums: VisitSums) -> Floats:
    """A(wait<=T) / (O - Bs). Ratio; NaN when no visit counts.

    Source: the field's definition; usual target is 0.80 in 20 s. Visits still waiting, and those that ended any other
    way, count against it.
    """
    return ratio(sums.answered_in_time, sums.offered - sums.short_abandoned)


def service_level_answered(sums: VisitSums) -> Floats:
    """A(wait<=T) / A. Ratio; NaN when none was answered. Source: Asterisk's ServicelevelPerf (app_queue.c)."""
    return ratio(sums.answered_in_time, sums.answered)


def service_level_with_abandons(sums: VisitSums) -> Floats:
    """(A(wait<=T) + B(wait<=T)) / (A + B). Ratio; NaN when A + B is 0.

    Source: Asterisk's ServicelevelPerf2 (app_queue.c). Short abandons are not taken out here.
    """
    return ratio(sums.answered_in_time + sums.abandoned_in_time, sums.answered + sums.abandoned)


def service_level_live(sums: VisitSums) -> Floats:
    """A(wait<=T) / (O - Bs - W(wait<=T)). Ratio; NaN when no visit is decided.

    Source: the field's definition: service_level, but a visit counts as soon as it is decided: it ended, or it still
    waits beyond T.
    """
    return ratio(sums.answered_in_time, sums.offered - sums.short_abandoned - sums.waiting_in_time)


def abandon_rate(sums: VisitSums) -> Floats:
    """(B - Bs) / (O - Bs). Ratio; NaN when no visit counts.

    Source: the field's definition; usual target 0.05 to 0.08.
    """
    return ratio(sums.abandoned - sums.short_abandoned, sums.offered - sums.short_abandoned)


def average_speed_of_answer(sums: VisitSums) -> Floats:
    """Sum of the waits of answered visits / A. Seconds; NaN when none was answered. Source: the field's definition."""
    return ratio(sums.wait_answered_s, sums.answered)


def longest_wait(sums: VisitSums) -> Floats:
    """The largest wait of the window's visits, refused ones left out. Seconds; NaN without any.

    A visit that still waits counts with its wait so far. Source: the field's definition. (Over the waiting rows alone
    it is the gauge "longest wait of callers waiting now".)
    """
    return sums.longest_wait_s


def ring_no_answer_rate(sums: VisitSums) -> Floats:
    """Attempts that ended without an answer / attempts. Ratio; NaN without an attempt.

    Source: the field's definition; an attempt without an answer is a RINGNOANSWER of Asterisk's queue_log.
    """
    return ratio(sums.ring_no_answer, sums.attempts)

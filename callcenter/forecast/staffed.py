"""How many agents were there, by queue and interval, from the history's spans. Pure.

An agent is staffed for the share of the interval that he was logged in. Who was a member of several queues counts in
each for a share of that: by what work each of them had in that interval, or evenly where none had any. So the queues
add up to the people there were, and nobody is counted twice.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from callcenter.forecast.arrays import over
from callcenter.forecast.series import Intervals, known_intervals
from callcenter.history.columns import Columns
from kpi import State
from kpi.columns import Bools, Floats
from kpi.sums import LOGGED_IN

ON_THE_PHONES = (State.AVAILABLE, State.RINGING, State.TALKING, State.HOLDING, State.WRAP_UP)
"""Neither paused nor unreachable."""


def staffed(
    columns: Columns, intervals: Intervals, workload: Floats, states: Collection[State] = tuple(LOGGED_IN)
) -> Floats:
    """Agents [queue, interval]; NaN where the interval is not known from end to end.

    ``workload`` [queue, interval] in any unit (calls x handle time), NaN counts as none. ``states``: which count; all
    but logged out by default, to set against a roster; :data:`ON_THE_PHONES` against agents required without
    shrinkage. An agent of no known membership counts in no queue.
    """
    work = np.nan_to_num(workload)
    agents = np.zeros(work.shape)
    counted = np.isin(columns.spans.state, list(states))
    for membership, queues in enumerate(columns.memberships):
        rows = counted & (columns.spans.membership == membership)
        if queues.any() and rows.any():
            there = _seconds(columns.spans.start[rows], columns.spans.end[rows], intervals.borders)
            agents += there * _shares(work, queues)
    agents /= np.diff(intervals.borders)
    return np.where(known_intervals(columns, intervals), agents, np.nan)


def _shares(work: Floats, queues: Bools) -> Floats:
    """[queue, interval]: how a member of these queues is shared out."""
    own = work * queues[:, None]
    every = own.sum(axis=0)
    return np.where(every > 0, over(own, every), queues[:, None] / queues.sum())


def _seconds(start: Floats, end: Floats, borders: Floats) -> Floats:
    """Seconds of all the spans together in each interval between borders: by how much what lies before a border
    grows, so it costs a sort and not spans times intervals."""
    return np.diff(_before(start, borders) - _before(end, borders))


def _before(moments: Floats, borders: Floats) -> Floats:
    """For each border, the seconds since the moments before it, added up."""
    ordered = np.sort(moments[np.isfinite(moments)]) - borders[0]
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    at = borders - borders[0]
    count = np.searchsorted(ordered, at)
    since: Floats = count * at - sums[count]
    return since

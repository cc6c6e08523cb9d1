"""How far the PBX's clock is ahead of ours, and when somebody set it. Pure: the times come with the calls.

All times of the Floor are the PBX's, so that waits, snapshots and queue_log agree though two machines' clocks differ.
Ours never steps (:mod:`callcenter.clock`), so a leap of the difference is a leap of the PBX's clock: calls under way
began so much later or earlier by it, and none of them waited an hour for that.
"""

from __future__ import annotations

LONGEST_ROUND_TRIP_S = 1.0
"""An answer that took longer tells the time too vaguely (we slept, or the link was stuck)."""
LATE_S = 3.0
"""Events that are later than this are late, or a clock was set back: the next Ping tells which."""
ON_THE_WAY_S = 15.0
"""No event is on its way for longer: the link would have been given up."""


class PbxClock:
    """``offset``: seconds by which the PBX's clock is ahead of ours. ``stepped_s``: by how much it was set in all.

    ``step_s``: a change of it that is larger was no drift but a step; 0: none is (a simulated PBX whose time runs
    faster than ours). ``known``: whether the PBX has ever told its time. ``forward_s``: by how much it was set forward
    last, if by more than an event may be late.
    """

    def __init__(self, step_s: float) -> None:
        self.step_s = step_s
        self.offset = self.stepped_s = 0.0
        self._told = self.known = False
        self._stepped = 0.0
        self.forward_s = self._set_by_s = self._set_at = 0.0

    def told(self, at: float, asked: float, answered: float) -> None:
        """The PBX said ``at`` in answer to what we asked and it answered at these moments of ours."""
        exact = answered - asked <= LONGEST_ROUND_TRIP_S
        if exact or not self._told:  # at first any answer is better than to take our time for the PBX's
            self._set(at - (asked + answered) / 2, answered)
            self._told = self._told or exact

    def heard(self, at: float, arrival: float) -> None:
        """An event of the PBX's time ``at`` arrived: the PBX's clock is at least that far ahead."""
        if at - arrival > self.offset:
            self._set(at - arrival, arrival)

    def late(self, at: float, arrival: float) -> bool:
        """Whether an event is so late that the clock may have been set back before it."""
        return self.step_s > 0 and arrival + self.offset - at > LATE_S

    def missing(self, at: float, arrival: float) -> float:
        """Seconds that an event lacks which was on its way while the clock was set forward, or waited here when a Ping
        told so: it tells the time by the clock of before, and calls have moved along already. 0 mostly.

        Of a step that is longer than any event is on its way: by the clock of now it would be too late to be true.
        """
        if arrival - self._set_at > ON_THE_WAY_S:
            return 0.0
        late_s = arrival + self.offset - self.forward_s - at
        return self.forward_s if -LATE_S <= late_s <= ON_THE_WAY_S else 0.0

    def by_now(self, at: float, arrival: float) -> float:
        """By the clock of now, what the PBX told as the time ``at`` before we knew that its clock was set."""
        late_s = arrival + self.offset - self._set_by_s - at
        before = arrival < self._set_at and -LATE_S <= late_s <= ON_THE_WAY_S
        return min(at + self._set_by_s, arrival + self.offset) if before else at

    def take_step(self) -> float:
        """Seconds by which the clock was set since the last time this was asked; 0 mostly."""
        stepped, self._stepped = self._stepped, 0.0
        return stepped

    def _set(self, offset: float, ours: float) -> None:
        by, self.offset, self.known = offset - self.offset, offset, True
        if self._told and self.step_s and abs(by) > self.step_s:
            self._stepped += by
            self.stepped_s += by
            self._set_by_s, self._set_at = by, ours
            self.forward_s = by if by > 2 * ON_THE_WAY_S else 0.0

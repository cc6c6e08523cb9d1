"""The kinds that counters know beforehand. Pure values.

A counter begins at 0 for each of them, so that the first of a kind is seen as an increase and a dashboard can tell
"none" from "not known". Tests hold them to what the code says; a kind that is not here is counted all the same.
"""

from __future__ import annotations

from callcenter.floor import doubts

DRIFTS: tuple[str, ...] = tuple(sorted({
    "bug", "hangup_in_queue", "impossible_boot", "no_conversation", "no_leg", "no_member", "no_visit", "two_callers",
    "two_queues", "visit",
} | doubts.KINDS))  # fmt: skip
"""Of ``callcenter_drift_total``."""

DROPS: tuple[str, ...] = (
    "endless", "forged_header", "incomplete_list", "no_message", "no_privilege", "no_such_list", "torn_event",
    "torn_row",
)  # fmt: skip
"""Reasons of ``callcenter_ami_dropped_total``."""

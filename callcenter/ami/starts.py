"""When Asterisk started, as CoreStatus tells it: a time of day in a zone that it does not name. Pure."""

from __future__ import annotations

QUARTER_S = 900.0
"""All time zones differ by quarters of an hour."""


class Starts:
    """Tells a restart where FullyBooted does not come: what differs from the last time is another start."""

    def __init__(self) -> None:
        self._known = ""

    def uptime(self, date: str, time_of_day: str, now: float) -> float | None:
        """Seconds from a start that is a new one to ``now`` (the PBX's time); None where it is known, or the first.

        Right to the second for a start within the last quarter of an hour: none was before the hole.
        """
        parts = time_of_day.split(":")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            return None
        known, self._known = self._known, f"{date} {time_of_day}"
        since_quarter = int(parts[1]) * 60 + int(parts[2])
        return None if known in ("", self._known) else (now - since_quarter) % QUARTER_S

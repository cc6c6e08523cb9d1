"""What ``callcenter top`` knows of the daemon, look by look, and whether that is of now. Pure: time comes with a look.

A board is of now while its own time goes on. Only days are compared with the clock of this machine: the daemon's may be
set otherwise, and a simulated PBX's time goes at a pace of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from callcenter.top.view import Board, Trust

STANDS_STILL_S = 35.0
"""The daemon itself says at 30 s that its floor stands still."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest board and its lag; ``heard_at`` and ``news_at``: when somebody answered last, and when with a board of
    another time. ``answers``: whether the last look had an answer."""

    board: Board
    lag_s: float | None
    heard_at: float
    news_at: float
    answers: bool = True

    def answered(self, board: Board, lag_s: float | None, at: float) -> Seen:
        return Seen(board, lag_s, at, self.news_at if board["at"] == self.board["at"] else at)

    def unanswered(self) -> Seen:
        return replace(self, answers=False)

    def trust(self, at: float, wall: float, late_s: float) -> Trust:
        """``wall``: seconds since the epoch. ``late_s``: from one answer to the next it takes no longer."""
        if not self.answers or at - self.heard_at > late_s:
            return Trust.SILENT
        stands = self.heard_at - self.news_at >= STANDS_STILL_S
        old = wall - datetime.fromisoformat(self.board["at"]).timestamp() > DAY_S
        return Trust.OLD if stands or old else Trust.NOW

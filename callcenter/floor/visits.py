"""A queue visit as one transition table. Pure.

Why a table: Asterisk does not say why a caller left a queue. QueueCallerLeave comes on every exit and *before*
AgentConnect; QueueCallerAbandon also means a timeout, an empty queue and a withdrawal (``record_abandoned`` in
``apps/app_queue.c``). So a visit waits in an undecided state for what follows on the caller's channel:

    WAITING ──Leave──▶ AWAY ──AgentConnect──▶ TALKING ──AgentComplete──▶ DONE
       │                 └─ goes on in the dialplan ──────────────────▶ DONE  exited (by key)
       └──Abandon──▶ GIVEN_UP ── QUEUESTATUS ─────────────────────────▶ DONE  as it says
           │             ├─ goes on in the dialplan, or is hung up ───▶ DONE  timed_out
           └─ the caller had asked for the end before ────────────────▶ DONE  abandoned

A pair that is not in the table is a Drift.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from callcenter.floor.records import Attempt, Outcome, Result, Visit

if TYPE_CHECKING:
    from callcenter.floor.legs import Leg


class State(enum.Enum):
    WAITING = "waiting"
    AWAY = "away"
    GIVEN_UP = "given_up"
    TALKING = "talking"
    DONE = "done"


class Signal(enum.Enum):
    LEFT = "QueueCallerLeave"
    GAVE_UP = "QueueCallerAbandon"
    HUNG_UP = "QueueCallerAbandon after the caller's hang-up"
    CONNECTED = "AgentConnect"
    COMPLETED = "AgentComplete"
    DUMPED = "AgentDump"
    TOLD = "QUEUESTATUS"
    MOVED_ON = "goes on in the dialplan"
    GONE = "Hangup"
    LOST = "lost"


W, A, G, T, D = State.WAITING, State.AWAY, State.GIVEN_UP, State.TALKING, State.DONE

TABLE: dict[tuple[State, Signal], tuple[State, Outcome | None]] = {
    (W, Signal.LEFT): (A, None),
    (W, Signal.GAVE_UP): (G, None),
    (W, Signal.HUNG_UP): (D, Outcome.ABANDONED),
    (W, Signal.CONNECTED): (T, Outcome.ANSWERED),
    (W, Signal.DUMPED): (W, None),
    (W, Signal.GONE): (D, Outcome.UNKNOWN),
    (W, Signal.LOST): (D, Outcome.UNKNOWN),
    (A, Signal.CONNECTED): (T, Outcome.ANSWERED),
    (A, Signal.GAVE_UP): (G, None),
    (A, Signal.HUNG_UP): (D, Outcome.ABANDONED),
    (A, Signal.DUMPED): (A, None),
    (A, Signal.TOLD): (D, Outcome.EXITED),
    (A, Signal.MOVED_ON): (D, Outcome.EXITED),
    (A, Signal.GONE): (D, Outcome.EXITED),
    (A, Signal.LOST): (D, Outcome.UNKNOWN),
    (G, Signal.LEFT): (G, None),
    (G, Signal.DUMPED): (G, None),
    (G, Signal.TOLD): (D, Outcome.TIMED_OUT),
    (G, Signal.MOVED_ON): (D, Outcome.TIMED_OUT),
    (G, Signal.GONE): (D, Outcome.TIMED_OUT),
    (G, Signal.LOST): (D, Outcome.UNKNOWN),
    (T, Signal.COMPLETED): (D, None),
    (T, Signal.GONE): (T, None),
    (T, Signal.MOVED_ON): (T, None),
    (T, Signal.TOLD): (T, None),
    (T, Signal.LOST): (D, None),
    (D, Signal.LEFT): (D, None),
    (D, Signal.GONE): (D, None),
    (D, Signal.TOLD): (D, None),
    (D, Signal.MOVED_ON): (D, None),
    (D, Signal.LOST): (D, None),
}

OPEN = frozenset({W, A, G})
"""Not decided yet."""
UNDECIDED = frozenset({A, G})
"""Out of the queue, though nobody knows why."""

LEAVING = frozenset({Signal.LEFT, Signal.GAVE_UP, Signal.HUNG_UP})
"""Signals whose time is the end of the wait; queue_log counts to the last of them."""

STATUS: dict[str, Outcome] = {
    "TIMEOUT": Outcome.TIMED_OUT,
    "LEAVEEMPTY": Outcome.LEFT_EMPTY,
    "LEAVEUNAVAIL": Outcome.LEFT_EMPTY,
    "CONTINUE": Outcome.EXITED,
    "WITHDRAW": Outcome.WITHDRAWN,
    "FULL": Outcome.REFUSED_FULL,
    "JOINEMPTY": Outcome.REFUSED_EMPTY,
    "JOINUNAVAIL": Outcome.REFUSED_EMPTY,
}
"""QUEUESTATUS (``queue_results`` in ``apps/app_queue.c``) to the outcome."""

REFUSED = {status: outcome for status, outcome in STATUS.items() if outcome.startswith("refused")}

CAUSES: dict[int, Result] = {
    17: Result.BUSY,
    21: Result.DECLINED,
    **dict.fromkeys((1, 2, 3, 18, 20, 22, 27, 28, 34, 38, 41, 42, 44, 47, 58), Result.UNREACHABLE),
    **dict.fromkeys((66, 88, 96, 111, 127), Result.UNREACHABLE),
}
"""Q.850 cause with which the agent's phone refused, to the result of the attempt; any other is no answer."""


class Try:
    """An attempt under way: one ring of one agent's phone (or of the Local channel in front of it)."""

    __slots__ = ("agent", "at", "cause", "dest", "interface", "rang_s", "result", "unanswered")

    def __init__(self, agent: str, interface: str, dest: str, at: float) -> None:
        self.agent, self.interface, self.dest, self.at = agent, interface, dest, at
        self.cause = 0
        self.rang_s: float | None = None
        self.result: Result | None = None
        self.unanswered = False

    def ended(self, at: float, result: Result, rang_s: float | None = None) -> None:
        self.result = result
        self.rang_s = max(0.0, at - self.at) if rang_s is None else rang_s

    def record(self) -> Attempt:
        return Attempt(self.agent, self.interface, self.at, self.rang_s, self.result, self.unanswered)


class QueueVisit:
    """A visit under way. ``key`` is unique in the process; ``left_at`` is when the wait ended."""

    __slots__ = ("agent", "connected_at", "ended_by", "entered_at", "hold_s", "interface", "key", "left_alone",
                 "left_at", "leg", "outcome", "position", "queue", "repaired", "state", "talk_s", "transferred",
                 "tries", "wrap_up_s")  # fmt: skip

    def __init__(self, key: int, queue: str, leg: Leg, entered_at: float, position: int) -> None:
        self.key, self.queue, self.leg, self.entered_at, self.position = key, queue, leg, entered_at, position
        self.state = State.WAITING
        self.left_alone = False
        self.outcome: Outcome | None = None
        self.left_at: float | None = None
        self.connected_at: float | None = None
        self.agent: str | None = None
        self.interface: str | None = None
        self.talk_s: float | None = None
        self.hold_s: float | None = None
        self.wrap_up_s: float | None = None
        self.transferred = False
        self.repaired = False
        self.ended_by: str | None = None
        self.tries: list[Try] = []

    def step(self, signal: Signal, at: float, outcome: Outcome | None = None) -> bool | None:
        """Take one step of the table. None: impossible. True: the outcome was decided by it.

        ``outcome`` overrides the table's, where QUEUESTATUS says more than the table knows.
        """
        row = TABLE.get((self.state, signal))
        if row is None:
            return None
        self.state, decided = row
        if signal in LEAVING and (self.left_at is None or signal is not Signal.LEFT):
            self.left_at = at
        if decided is None or self.outcome is not None:
            return False
        self.outcome = outcome or decided
        if self.outcome is Outcome.ANSWERED:
            self.left_at = self.connected_at = at
        elif self.left_at is None:
            self.left_at = at
        return True

    def open_try(self, dest: str) -> Try | None:
        return next((t for t in reversed(self.tries) if t.dest == dest and t.result is None), None)

    def record(self) -> Visit:
        left = self.left_at if self.outcome is not None else None
        return Visit(
            queue=self.queue,
            entered_at=self.entered_at,
            position=self.position,
            left_at=left,
            wait_s=None if left is None else max(0.0, left - self.entered_at),
            outcome=self.outcome,
            agent=self.agent,
            interface=self.interface,
            talk_s=self.talk_s,
            hold_s=self.hold_s,
            wrap_up_s=self.wrap_up_s,
            transferred=self.transferred,
            ended_by=self.ended_by,
            attempts=tuple([t.record() for t in self.tries]),
            repaired=self.repaired,
        )

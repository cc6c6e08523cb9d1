"""What Asterisk itself says happened: a queue_log folded into visits, counts and sums a queue. Pure.

It shares no code with the daemon on purpose: it is what the daemon is compared with. Seconds are whole, as the
queue_log has them. app_queue.c writes a line a happening: ``time|call|queue|agent|EVENT|data1|data2|…``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

COUNTS = (
    "offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "ring_no_answer",
    "transferred", "wait_answered_s", "wait_abandoned_s", "talk_s",
)  # fmt: skip
# how a visit ends: the event, its outcome, and which of its data is the wait
ENDS = {
    "CONNECT": ("answered", 0),
    "ABANDON": ("abandoned", 2),
    "EXITWITHTIMEOUT": ("timed_out", 2),
    "EXITWITHKEY": ("exited", 3),
    "EXITEMPTY": ("left_empty", 2),
    "WITHDRAW": ("withdrawn", 2),
}
COMPLETES = {"COMPLETECALLER": "caller", "COMPLETEAGENT": "agent"}  # data: hold, talk, position
TRANSFERS = ("BLINDTRANSFER", "ATTENDEDTRANSFER")  # data: how (two or three fields), hold, talk, position


@dataclass(slots=True)
class Visit:
    """One entry of one call into one queue. ``outcome`` is '' while (or when) the log does not say."""

    call: str
    queue: str
    entered_at: int
    caller: str
    outcome: str = ""
    wait_s: int = 0
    agent: str = ""
    talk_s: int = 0
    ended_by: str = ""
    transfer: str = ""
    dumps: int = 0  # agents that hung up during the announcement


@dataclass(frozen=True, slots=True)
class Truth:
    visits: tuple[Visit, ...]
    ring_no_answer: dict[str, int]

    def queues(self) -> dict[str, dict[str, int]]:
        """Counts and sums, named as ``callcenter replay --json`` names them, for each queue that saw a call."""
        names = sorted({visit.queue for visit in self.visits} | set(self.ring_no_answer))
        return {name: self._queue(name) for name in names}

    def _queue(self, name: str) -> dict[str, int]:
        counts = dict.fromkeys(COUNTS, 0) | {"ring_no_answer": self.ring_no_answer.get(name, 0)}
        for visit in self.visits:
            if visit.queue == name:
                counts["offered"] += 1
                counts["transferred"] += bool(visit.transfer)
                counts["talk_s"] += visit.talk_s
                if visit.outcome:
                    counts[visit.outcome] += 1
                if f"wait_{visit.outcome}_s" in counts:
                    counts[f"wait_{visit.outcome}_s"] += visit.wait_s
        return counts


def fold(lines: Iterable[str]) -> Truth:
    """Folds a queue_log. Lines that are no queue_log lines are skipped.

    Lines may be out of order: those that end a visit can stand before its ENTERQUEUE (threads race for the file), so
    entries are opened first and each later fact goes to the newest visit of its call and queue that is not later.
    """
    rows = [row for line in lines if (row := line.rstrip("\n").split("|")) and len(row) > 4 and row[0].isdigit()]
    visits: dict[tuple[str, str], list[Visit]] = {}
    for at, call, queue, _, event, *data in rows:
        if event == "ENTERQUEUE":
            visits.setdefault((call, queue), []).append(Visit(call, queue, int(at), _at(data, 1)))
    ring_no_answer: dict[str, int] = {}
    connected: dict[tuple[str, str], Visit] = {}
    for at, call, queue, agent, event, *data in rows:
        if event == "RINGNOANSWER":
            ring_no_answer[queue] = ring_no_answer.get(queue, 0) + 1
        elif (event in COMPLETES or event in TRANSFERS) and (queue, agent) in connected:
            # By agent and not by call: an attended transfer to a phone that still rings is logged under the
            # consultation's channel, and a caller sent back to the same queue enters it again in the same second.
            # But an agent on a Local channel may talk to several at once.
            others = [visit for visit in visits.get((call, queue), ()) if visit.agent == agent and not _is_over(visit)]
            visit = others[-1] if others else connected[queue, agent]
            if connected[queue, agent] is visit:
                del connected[queue, agent]
            _apply(visit, agent, event, data)
        elif own := visits.get((call, queue)):
            visit = _visit_at(own, int(at), event)
            _apply(visit, agent, event, data)
            if event == "CONNECT":
                connected[queue, agent] = visit
    return Truth(tuple(visit for own in visits.values() for visit in own), ring_no_answer)


def read(path: Path) -> Truth:
    return fold(path.read_text(encoding="utf-8", errors="replace").splitlines())


def _is_over(visit: Visit) -> bool:
    return bool(visit.ended_by or visit.transfer)


def _visit_at(own: list[Visit], at: int, event: str) -> Visit:
    """The visit that a fact belongs to: an end goes to the first one that has none, the rest to the newest so far."""
    if event in ENDS:
        return next((visit for visit in own if not visit.outcome), own[-1])
    entered = [visit for visit in own if visit.entered_at <= at]
    return entered[-1] if entered else own[0]


def _apply(visit: Visit, agent: str, event: str, data: list[str]) -> None:
    if event in ENDS:
        outcome, wait = ENDS[event]
        visit.outcome, visit.wait_s, visit.agent = outcome, _seconds(data, wait), agent
    elif event in COMPLETES:
        visit.talk_s, visit.ended_by = _seconds(data, 1), COMPLETES[event]
    elif event in TRANSFERS:
        visit.talk_s, visit.transfer = _seconds(data, len(data) - 2), event.removesuffix("TRANSFER").lower()
    elif event == "AGENTDUMP":
        visit.dumps += 1


def _at(data: list[str], index: int) -> str:
    return data[index] if index < len(data) else ""


def _seconds(data: list[str], index: int) -> int:
    text = _at(data, index)
    return int(text) if text.isdigit() else 0


if __name__ == "__main__":
    for name, counts in read(Path(sys.argv[1])).queues().items():
        print(name, counts)

"""What the simulated PBX wrote into its queue_log, with the loop's moment of each line: the truth. Pure.

It shares no code with the daemon: what is compared must not have one author.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ENDS = {
    "CONNECT": ("answered", 0), "ABANDON": ("abandoned", 2), "EXITWITHTIMEOUT": ("timed_out", 2),
    "EXITWITHKEY": ("exited", 3), "EXITEMPTY": ("left_empty", 2),
}  # fmt: skip
TALKS = {"COMPLETECALLER": 1, "COMPLETEAGENT": 1, "BLINDTRANSFER": -2, "ATTENDEDTRANSFER": -2}


@dataclass
class Told:
    """One visit. ``entered``, ``left`` and ``over`` are moments of the loop; ``outcome`` "" while nothing is logged."""

    call: str
    queue: str
    boot: int
    entered: float
    left: float | None = None
    over: float | None = None
    outcome: str = ""
    wait_s: int = 0
    talk_s: int = 0
    transferred: bool = False
    unanswered: int = 0
    agent: str = ""


def fold(lines: Iterable[tuple[float, int, str]]) -> list[Told]:
    newest: dict[tuple[int, str, str], Told] = {}
    talking: dict[tuple[int, str, str], Told] = {}
    visits: list[Told] = []
    for at, boot, text in lines:
        _, call, queue, agent, event, *data = text.split("|")
        if event == "ENTERQUEUE":
            newest[boot, call, queue] = Told(call, queue, boot, at)
            visits.append(newest[boot, call, queue])
        elif event in TALKS:
            visit = talking.pop((boot, queue, agent))
            visit.over, visit.talk_s = at, int(data[TALKS[event]])
            visit.transferred = event.endswith("TRANSFER")
        elif event == "RINGNOANSWER":
            newest[boot, call, queue].unanswered += 1
        elif event in ENDS:
            visit = newest[boot, call, queue]
            visit.outcome, datum = ENDS[event]
            visit.left, visit.wait_s = at, int(data[datum])
            visit.over = None if event == "CONNECT" else at
            if event == "CONNECT":
                visit.agent = agent
                talking[boot, queue, agent] = visit
    return visits

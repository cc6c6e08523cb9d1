"""What ``callcenter top`` shows of a board, as rich's renderables. Pure: the board is the one of ``/api/v1/events``.

Names come from the PBX and may hold anything: they become :class:`rich.text.Text` (no markup is looked for) without any
character that a terminal would act on. What a colour says a sign says too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.alerts import LATE
from callcenter.report.formats.cells import judged
from callcenter.terminal import harmless
from kpi.table import FIGURES


class Trust(Enum):
    """What is shown is of now; nobody answers any more; somebody answers, with an old board."""

    NOW = auto()
    SILENT = auto()
    OLD = auto()


Board = dict[str, Any]
Plain = dict[str, Any]

NARROW_HEAD = 60
"""Columns of a terminal below which the first line begins with the link, and has no more than there is room for."""
WIDE = 110
"""Columns of a terminal from which on each state of the agents has a column of its own."""
LINES = 3
"""An empty one, the titles, and the row of all queues."""

STYLES = {"good": "green", "near": "yellow", "bad": "red", "none": ""}
SIGNS = {"good": " ", "near": "!", "bad": "✗", "none": " "}

STATES = {
    "available": "free", "ringing": "ring", "talking": "talk", "holding": "hold", "wrap_up": "wrap", "paused": "pause",
    "unreachable": "gone", "logged_out": "out",
}  # fmt: skip
ORDER = tuple(STATES)
BUSY = ("ringing", "talking", "holding")
NARROW: dict[str, Sequence[str]] = {
    "free": ("available",), "busy": BUSY, "wrap": ("wrap_up",), "pause": ("paused",),
    "out": ("unreachable", "logged_out"),
}  # fmt: skip
IN_FULL: dict[str, Sequence[str]] = {word: (state,) for state, word in STATES.items()}

UNTRUE = {
    Trust.SILENT: "✗ no answer since {clock}; trying again. What is shown is old.",
    Trust.OLD: "✗ OLD, of {date} {clock}: the daemon answers, and its board stands still.",
}

ALERTS = {
    "nobody_logged_in": "{value:.0f} waiting and nobody is logged in",
    "waits_too_long": "waiting for {value:.0f} s, longer than {limit:.0f} s",
    "service_level_low": "service level {below:.1f}%, aim {limit:.0%} (30 min)",
    "abandon_rate_high": "abandon rate {above:.1f}%, at most {limit:.1%} (30 min)",
}
GRAVE = ("nobody_logged_in", "waits_too_long")
FIELD = {figure.name: figure.target for figure in FIGURES}


@dataclass(frozen=True, slots=True)
class View:
    """How it is to be shown: the terminal's size, the queues chosen (none: all), agents one by one instead of counted.
    ``live``: with the keys."""

    width: int
    height: int | None = None
    queues: Sequence[str] = ()
    agents: bool = False
    trust: Trust = Trust.NOW
    live: bool = False


def screen(board: Board, lag_s: float | None, view: View) -> RenderableType:
    """The whole screen, never more lines than ``view.height``."""
    queues = [q for q in board["queues"] if not view.queues or q["name"] in view.queues]
    head = [*_head(board, lag_s, view), *_wrong(board, view)]
    room = None if view.height is None else max(2, view.height - len(head) - LINES)
    body = _agents(board, view, room) if view.agents else _queues(board, queues, view, room)
    return Group(*head, Text(), body)


# ---- the head ------------------------------------------------------------------------------------------------


def _head(board: Board, lag_s: float | None, view: View) -> list[Text]:
    link = Text("link up" if board["link"] else f"✗ NO LINK to the PBX since {_clock(board['link_since'])}")
    link.stylize("green" if board["link"] else "bold red")
    keys = "   q quits, a agents or queues" if view.live else ""
    site, zone = harmless(board["site"]["name"]), harmless(board["site"]["timezone"])
    if view.width < NARROW_HEAD:
        first = Text.assemble(link, f"  {_clock(board['at'])}  ", (site, "bold"))
    else:
        first = Text.assemble((site, "bold"), f"  {_clock(board['at'])} {zone}  ", link, (keys, "dim"))
    waiting = sum(q["waiting"] for q in board["queues"])
    lag = "–" if lag_s is None else f"{lag_s:.1f} s"
    counts = Counter(a["state"] for a in board["agents"])
    agents = " ".join(f"{n} {_state(state)}" for state, n in sorted(counts.items(), key=lambda of: _rank(of[0])))
    second = Text(f"{board['calls']} calls up, {waiting} waiting, lag {lag}; agents: {agents or 'none'}")
    lines = [first, second]
    if view.trust is not Trust.NOW:
        lines.insert(0, Text(UNTRUE[view.trust].format(date=board["at"][:10], clock=_clock(board["at"])), "bold red"))
    return [_cut(line, view) for line in lines]


def _state(state: str) -> str:
    """The short word; of a state that another version knows its own."""
    return STATES.get(state) or harmless(state)


def _rank(state: str) -> int:
    return ORDER.index(state) if state in ORDER else len(ORDER)


MOST_WRONG = 4


def _wrong(board: Board, view: View) -> list[Text]:
    """The daemon's alarms, then what is wrong in the queues: the worst first, some lines at most."""
    lines = [_line(not alarm["ready"], harmless(alarm["detail"])) for alarm in board["alarms"]]
    lines += [
        _line(alert["kind"] in GRAVE, f"{harmless(alert['queue'])}: {_said(alert)}")
        for alert in board["alerts"] if not view.queues or alert["queue"] in view.queues
    ]  # fmt: skip
    most = MOST_WRONG if view.height is None else max(1, min(MOST_WRONG, (view.height - 8) // 3))
    if len(lines) > most:
        lines[most - 1 :] = [Text(f"… and {len(lines) - most + 1} more that are wrong", "yellow")]
    return [_cut(line, view) for line in lines]


def _said(alert: Plain) -> str:
    """What is wrong; of a kind that another version knows its own word."""
    if alert["kind"] not in ALERTS:
        return harmless(alert["kind"].replace("_", " "))
    # Rounded away from the limit: "8.0%, at most 8.0%" would say that nothing is wrong.
    per_mille = 1000 * alert["value"]
    below, above = math.floor(per_mille + 1e-6) / 10, math.ceil(per_mille - 1e-6) / 10
    return ALERTS[alert["kind"]].format(**alert, below=below, above=above)


def _line(grave: bool, said: str) -> Text:
    return Text(f"✗ {said}", "bold red") if grave else Text(f"! {said}", "yellow")


def _cut(line: Text, view: View) -> Text:
    line.truncate(view.width, overflow="ellipsis")
    line.no_wrap = True
    return line


# ---- queues --------------------------------------------------------------------------------------------------


def _queues(board: Board, queues: Sequence[Plain], view: View, room: int | None) -> RenderableType:
    states = IN_FULL if view.width >= WIDE else NARROW
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False, expand=False)
    table.add_column("queue", no_wrap=True, overflow="ellipsis", min_width=8)
    for title in ("wait", "longest", "up", *states, "service", "aim", "aband.", "ASA"):
        table.add_column(title, justify="right", no_wrap=True)
    figures = board["figures"].get("today", {})
    shown, left = _that_fit(board, queues, room)
    for queue in shown:
        table.add_row(Text(harmless(queue["name"])), *_cells(queue, figures.get(queue["name"], {}), states))
    if not view.queues and queues:
        table.add_row(Text("all"), *_cells(_together(board), figures.get("", {}), states), style="bold")
    return Group(table, Text(f"… and {left} more queues", "dim")) if left else table


def _that_fit(board: Board, queues: Sequence[Plain], room: int | None) -> tuple[Sequence[Plain], int]:
    """All of them in their order; when there is no room for all, those in trouble first."""
    if room is None or len(queues) <= room:
        return queues, 0
    rank: dict[str, int] = {}
    for place, alert in enumerate(board["alerts"]):
        rank.setdefault(alert["queue"], place)
    worst = sorted(queues, key=lambda q: (rank.get(q["name"], len(rank) + 1), -q["waiting"]))
    return worst[: room - 1], len(queues) - room + 1


def _cells(queue: Plain, figures: Plain, states: dict[str, Sequence[str]]) -> Iterable[Text]:
    targets = queue["targets"]
    yield Text(str(queue["waiting"]), "bold" if queue["waiting"] else "dim")
    yield _judged(_duration(queue["longest_wait_s"]), _of_wait(queue["longest_wait_s"], targets.get("threshold_s")))
    yield Text(str(queue["talking"]))
    for of in states.values():
        count = sum(queue["agents"].get(state, 0) for state in of)
        yield Text(str(count), "" if count else "dim")
    level, aim = figures.get("service_level"), targets.get("service_level")
    yield _judged(_share(level), _of(level, "higher", None if aim is None else (aim, aim)))
    yield Text(_share(aim), "dim")
    rate = figures.get("abandon_rate")
    most = targets.get("figures", {}).get("abandon_rate", FIELD["abandon_rate"])
    yield _judged(_share(rate, 1), _of(rate, "lower", most))
    yield Text(_duration(figures.get("average_speed_of_answer")))


def _together(board: Board) -> Plain:
    """All queues as one; each agent once, however many queues it serves."""
    queues = board["queues"]
    waits = [q["longest_wait_s"] for q in queues if q["longest_wait_s"] is not None]
    return {
        "waiting": sum(q["waiting"] for q in queues), "talking": sum(q["talking"] for q in queues),
        "agents": Counter(a["state"] for a in board["agents"]), "longest_wait_s": max(waits, default=None),
        "targets": {"service_level": _only(q["targets"] for q in queues)},
    }  # fmt: skip


def _only(targets: Iterable[Plain]) -> float | None:
    """The aim that all have in common."""
    aims = {of.get("service_level") for of in targets}
    return aims.pop() if len(aims) == 1 else None


# ---- agents --------------------------------------------------------------------------------------------------


def _agents(board: Board, view: View, room: int | None) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for title in ("agent", "state", "since", "queue or reason", "queues"):
        table.add_column(title, no_wrap=True, overflow="ellipsis", justify="right" if title == "since" else "left")
    chosen = [a for a in board["agents"] if not view.queues or set(a["queues"]) & set(view.queues)]
    there = sorted(chosen, key=lambda a: (_rank(a["state"]), -a["since_s"]))
    fit = there if room is None or len(there) <= room else there[: room - 1]
    for agent in fit:
        table.add_row(
            Text(harmless(agent["name"] or agent["interface"])), Text(harmless(agent["state"].replace("_", " "))),
            _duration(agent["since_s"]), Text(harmless(agent["queue"] or agent["reason"] or "–")),
            Text(harmless(", ".join(agent["queues"]))),
        )  # fmt: skip
    left = len(there) - len(fit)
    return Group(table, Text(f"… and {left} more agents", "dim")) if left else table


# ---- one value -----------------------------------------------------------------------------------------------


def _judged(said: str, judgement: str) -> Text:
    return Text(f"{said}{SIGNS[judgement]}", STYLES[judgement])


def _of(value: float | None, better: str, target: Sequence[float] | None) -> str:
    if value is None or target is None:
        return "none"
    return judged(value, better, (target[0], target[-1]))


def _of_wait(waited_s: float | None, threshold_s: float | None) -> str:
    if waited_s is None or threshold_s is None:
        return "none"
    return "good" if waited_s <= threshold_s else "near" if waited_s <= LATE * threshold_s else "bad"


def _share(value: float | None, digits: int = 0) -> str:
    """Rounded down where it has no digits: 79.6 % against an aim of 80 % must not read as 80 %."""
    if value is None:
        return "–"
    return f"{100 * value:.{digits}f}%" if digits else f"{int(100 * value + 1e-9)}%"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, s = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{s:02}" if minutes >= 60 else f"{minutes}:{s:02}"


def _clock(rfc3339: str) -> str:
    return datetime.fromisoformat(rfc3339).strftime("%H:%M:%S")

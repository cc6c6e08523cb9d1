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
from rich.text import Text

from callcenter.alerts import LATE
from callcenter.report.formats.cells import judged
from callcenter.terminal import harmless
from callcenter.top.table import Column, table
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
TITLES = 1
WRONG_FROM, EMPTY_FROM, SECOND_FROM, ALL_FROM = 10, 9, 8, 6
"""Lines of a terminal from which on it has what is wrong, an empty line, a second line of the head and a row of all
queues: on few lines there are queues first."""

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

ONE_BY_ONE = (
    "wait", "longest", "service", "aband.", "free", "busy", "talk", "pause", "up", "wrap", "ASA", "ring", "hold", "out",
    "aim", "gone",
)  # fmt: skip
"""The columns in the order in which they are given room."""
USUAL = {"longest": 8, "service": 7, "aim": 4, "aband.": 6, "ASA": 5}

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
    """The whole screen, never more lines than ``view.height`` (but three at least)."""
    queues = [q for q in board["queues"] if not view.queues or q["name"] in view.queues]
    above = [*_head(board, lag_s, view), *_wrong(board, view), *([Text()] if _is_high(view, EMPTY_FROM) else [])]
    room = None if view.height is None else max(1, view.height - len(above) - TITLES)
    return Group(*above, *(_agents(board, view, room) if view.agents else _queues(board, queues, view, room)))


def _is_high(view: View, lines: int) -> bool:
    return view.height is None or view.height >= lines


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
    lines = [first, second] if _is_high(view, SECOND_FROM) else [first]
    if view.trust is not Trust.NOW:
        untrue = Text(UNTRUE[view.trust].format(date=board["at"][:10], clock=_clock(board["at"])), "bold red")
        lines = [untrue, *(lines if _is_high(view, SECOND_FROM) else [])]
    return [_cut(line, view) for line in lines]


def _state(state: str) -> str:
    """The short word; of a state that another version knows its own."""
    return STATES.get(state) or harmless(state)


def _rank(state: str) -> int:
    return ORDER.index(state) if state in ORDER else len(ORDER)


MOST_WRONG = 4


def _wrong(board: Board, view: View) -> list[Text]:
    """What is wrong with the daemon and in its queues: what is grave first, some lines at most."""
    if not _is_high(view, WRONG_FROM):
        return []
    wrong = [(not alarm["ready"], harmless(alarm["detail"])) for alarm in board["alarms"]]
    wrong += [
        (alert["kind"] in GRAVE, f"{harmless(alert['queue'])}: {_said(alert)}")
        for alert in board["alerts"] if not view.queues or alert["queue"] in view.queues
    ]  # fmt: skip
    lines = [_line(*one) for one in sorted(wrong, key=lambda one: not one[0])]
    most = MOST_WRONG if view.height is None else max(1, min(MOST_WRONG, (view.height - 8) // 3))
    if len(lines) <= most:
        return [_cut(line, view) for line in lines]
    if most == 1:
        return [_with_count(lines[0], len(lines) - 1, view)]
    more = Text(f"… and {len(lines) - most + 1} more that are wrong", "yellow")
    return [_cut(line, view) for line in [*lines[: most - 1], more]]


def _with_count(line: Text, others: int, view: View) -> Text:
    """The gravest in the only line that there is; how many others there are, where a line has room for both."""
    more = f" … and {others} more"
    if view.width >= NARROW_HEAD:
        line.truncate(view.width - len(more), overflow="ellipsis")
        line.append(more)
    return _cut(line, view)


def _said(alert: Plain) -> str:
    """What is wrong; of a kind that another version knows, or tells otherwise, its own word."""
    if alert["kind"] not in ALERTS or None in (alert["value"], alert["limit"]):
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


def _queues(board: Board, queues: Sequence[Plain], view: View, room: int | None) -> list[RenderableType]:
    states = _states(board["queues"], view)
    titles = ("wait", "longest", "up", *states, "service", "aim", "aband.", "ASA")
    columns = [Column("queue", 0, least=6, name=True), *(Column(title, *_place(title)) for title in titles)]
    figures = board["figures"].get("today", {})
    total = None
    if not view.queues and queues and _is_high(view, ALL_FROM):
        total = [Text("all"), *_cells(_together(board), figures.get("", {}), states)]
        room = None if room is None else max(1, room - 1)
    fit, left = _that_fit(_worst_first(board, queues) if room and len(queues) > room else queues, room)
    rows = [
        [Text(harmless(queue["name"])), *_cells(queue, figures.get(queue["name"], {}), states)] for queue in fit
    ]  # fmt: skip
    return [table(columns, rows, total, view.width), *_more(left, "queues", view)]


def _states(queues: Sequence[Plain], view: View) -> dict[str, Sequence[str]]:
    """Which states are counted in a column of their own, and which together."""
    states = IN_FULL if view.width >= WIDE else NARROW
    unknown = tuple({state for queue in queues for state in queue["agents"]} - STATES.keys())
    return {**states, "other": unknown} if unknown else states


def _place(title: str) -> tuple[int, int]:
    """The rank of a column, and the width that its values commonly take with their sign."""
    return (ONE_BY_ONE.index(title) + 1 if title in ONE_BY_ONE else len(ONE_BY_ONE) + 1), USUAL.get(title, 0)


def _worst_first(board: Board, queues: Sequence[Plain]) -> list[Plain]:
    rank: dict[str, int] = {}
    for place, alert in enumerate(board["alerts"]):
        rank.setdefault(alert["queue"], place)
    return sorted(queues, key=lambda q: (rank.get(q["name"], len(rank) + 1), -q["waiting"]))


def _that_fit(rows: Sequence[Plain], room: int | None) -> tuple[Sequence[Plain], int]:
    """As many as there is room for, and how many more there are where that can be said in the last line."""
    if room is None or len(rows) <= room:
        return rows, 0
    return (rows[: room - 1], len(rows) - room + 1) if room > 1 else (rows[:1], 0)


def _more(left: int, what: str, view: View) -> list[Text]:
    return [_cut(Text(f"… and {left} more {what}", "dim"), view)] if left else []


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


AGENT = (
    Column("agent", 0, least=6, name=True), Column("state", 1, right=False), Column("since", 2, least=5),
    Column("queue or reason", 3, least=8, name=True), Column("queues", 4, least=8, name=True),
)  # fmt: skip


def _agents(board: Board, view: View, room: int | None) -> list[RenderableType]:
    chosen = [a for a in board["agents"] if not view.queues or set(a["queues"]) & set(view.queues)]
    fit, left = _that_fit(sorted(chosen, key=lambda a: (_rank(a["state"]), -a["since_s"])), room)
    rows = [
        [Text(harmless(said)) for said in (
            agent["name"] or agent["interface"], agent["state"].replace("_", " "), _duration(agent["since_s"]),
            agent["queue"] or agent["reason"], ", ".join(agent["queues"]),
        )] for agent in fit
    ]  # fmt: skip
    gap = 1 if view.width < NARROW_HEAD else 2
    return [table(AGENT, rows, None, view.width, gap), *_more(left, "agents", view)]


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

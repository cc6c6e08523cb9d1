"""What ``callcenter top`` draws of a board: true figures, whatever the names hold, in a terminal of any size."""

from __future__ import annotations

import json
import re
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from sample_boards import board_of, config_of

from callcenter import shown
from callcenter.metrics.health import Health, alarms
from callcenter.terminal import harmless
from callcenter.top.view import Trust, View, screen

HOSTILE = ("\x1b[2J\x1b[31mred", "a\x9b31mb", "[red]x[/red]", "[/]", "line\nline", "tab\tx", "\u202eevil", "\x00\x07\r",
           "پشتیبانی می‌شود", ":100:", "x" * 300, "")  # fmt: skip


def plain(queues: int = 6, agents: int = 20, **changed: Any) -> dict[str, Any]:
    board = msgspec.structs.replace(board_of(queues, agents), **changed)
    told: dict[str, Any] = json.loads(msgspec.json.encode(shown.board(board, config_of("Asia/Tehran").site)))
    return told


def drawn(board: dict[str, Any], colour: bool = False, **view: Any) -> list[str]:
    of = View(**{"width": 80, "height": 24, **view})
    console = Console(
        file=StringIO(), width=of.width, height=of.height, force_terminal=colour, emoji=False, legacy_windows=False,
        color_system="standard" if colour else None, _environ={},
    )  # fmt: skip
    console.print(screen(board, 0.25, of))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def row_of(lines: list[str], name: str) -> list[str]:
    (line,) = [line for line in lines if line.startswith(f"{name} ")]
    return line.removeprefix(name).split()


def test_a_row_says_what_the_board_says() -> None:
    board = plain()
    for width, columns in ((80, 12), (140, 15)):
        lines = drawn(board, width=width, height=60)
        for queue in board["queues"]:
            cells = row_of(lines, queue["name"])
            assert len(cells) == columns
            figures = board["figures"]["today"][queue["name"]]
            assert cells[0] == str(queue["waiting"])
            assert cells[-4].rstrip("!✗") == (
                "–" if figures["service_level"] is None else f"{int(100 * figures['service_level'])}%"
            )
            agents = sum(map(int, cells[3:-4]))
            assert agents == sum(queue["agents"].values())
        assert sum(map(int, row_of(lines, "all")[3:-4])) == len(board["agents"]), "each agent once"
    assert "lag 0.2 s" in lines[1] and f"{board['calls']} calls up" in lines[1]


@pytest.mark.parametrize(("level", "said"), [(0.9, "90%"), (0.8, "80%"), (0.796, "79%!"), (0.5, "50%✗"), (None, "–")])
def test_a_service_level_is_judged_by_a_sign(level: float | None, said: str) -> None:
    board = plain(1, 3)
    board["figures"]["today"]["support"]["service_level"] = level
    assert row_of(drawn(board), "support")[-4] == said


@pytest.mark.parametrize(("waited_s", "said"), [(20.0, "0:20"), (20.1, "0:20!"), (61.0, "1:01✗"), (3723.0, "1:02:03✗")])
def test_a_wait_is_judged_by_its_queues_threshold(waited_s: float, said: str) -> None:
    board = plain(1, 3)
    board["queues"][0] |= {"waiting": 1, "longest_wait_s": waited_s}
    assert row_of(drawn(board), "support")[1] == said


def with_names(names: tuple[str, ...]) -> dict[str, Any]:
    board = plain(len(names), len(names))
    for queue, agent, name in zip(board["queues"], board["agents"], names, strict=True):
        board["figures"]["today"][name] = board["figures"]["today"].pop(queue["name"])
        queue["name"] = name
        agent |= {"name": name, "queue": name, "reason": name, "queues": [name], "interface": name or "i"}
    board["alerts"] = [
        {"kind": "waits_too_long", "queue": name, "value": 99.0, "limit": 60.0} for name in names
    ]
    board["alarms"] = [{"kind": "store", "detail": names[0], "since": None, "ready": True}]
    board["site"] |= {"name": names[0], "timezone": names[0]}
    return board


@pytest.mark.parametrize("agents", [False, True])
def test_no_name_can_do_anything_to_the_terminal(agents: bool) -> None:
    board = with_names(HOSTILE)
    lines = drawn(board, width=200, height=60, agents=agents)
    text = "\n".join(lines)
    assert not [c for c in text if not c.isprintable() and c not in "\n\u200c"]
    for seen in ("[red]x[/red]", "[/]", "line?line", "?evil", "پشتیبانی می‌شود", ":100:", "?[2J?[31mred", "a?31mb"):
        assert seen in text, seen
    coloured = "\n".join(drawn(board, colour=True, width=200, height=60, agents=agents))
    assert "\x1b[2J" not in coloured and "\x9b" not in coloured, "only our own colours"


def test_a_name_becomes_one_harmless_line() -> None:
    assert harmless("a\nb\x1b[0m\u202e") == "a?b?[0m?"
    assert harmless("می‌شود") == "می‌شود"
    assert harmless("") == "–"


@pytest.mark.parametrize("agents", [False, True])
@pytest.mark.parametrize(("queues", "people"), [(0, 0), (1, 3), (12, 40), (40, 200)])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 10), (120, 30), (200, 60), (20, 5), (12, 3)])
def test_it_fits_the_terminal(width: int, height: int, queues: int, people: int, agents: bool) -> None:
    board = plain(queues, people) if queues else plain(1, 1) | {"queues": [], "agents": [], "alerts": []}
    board["alarms"] = [
        shown.alarm(a, config_of("UTC").site.zone) for a in alarms(Health(store_failure="x" * 300, mqtt_failure="y"))
    ]
    lines = drawn(board, width=width, height=height, agents=agents, trust=Trust.SILENT)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert lines[0].startswith("✗ no answer since 13:52:11"[: width - 1])
    if not agents and width >= 80 and queues:
        assert "ASA" in "\n".join(lines) and row_of(lines, "all")


def troubled() -> dict[str, Any]:
    """Names and values as wide as they come; no name has a digit."""
    board = plain(20, 60)
    board["queues"][7] |= {"waiting": 1234, "longest_wait_s": 3723.0}
    board["queues"][7]["name"] = "technical support of all kinds"
    board["figures"]["today"]["technical support of all kinds"] = board["figures"]["today"]["technical"] | {
        "service_level": 0.5, "abandon_rate": 0.312,
    }
    board["alerts"] = [
        {"kind": "waits_too_long", "queue": "technical support of all kinds", "value": 3723.0, "limit": 60.0}
    ]
    return board


@pytest.mark.parametrize(("width", "height", "said"), [
    (20, 5, ["1234", "1:02:03✗"]),
    (30, 3, ["1234", "1:02:03✗", "50%✗"]),
    (40, 10, ["1234", "1:02:03✗", "50%✗", "31.2%✗"]),
])  # fmt: skip
def test_on_a_small_screen_the_worst_queue_can_be_read(width: int, height: int, said: list[str]) -> None:
    lines = drawn(troubled(), width=width, height=height)
    assert len(lines) <= height and max(map(cell_len, lines)) <= width
    (row,) = [line for line in lines if line.startswith("tech") and "waiting" not in line]
    assert row.split()[-len(said) :] == said
    down = drawn(troubled() | {"link": False}, width=width, height=height)
    assert down[0].startswith("✗ NO LINK")
    for trust, word in ((Trust.OLD, "✗ OLD"), (Trust.SILENT, "✗ no answer")):
        cut_off = drawn(troubled(), width=width, height=height, trust=trust)
        assert cut_off[0].startswith(word) and [line for line in cut_off if line.startswith("tech")]


@pytest.mark.parametrize("width", [*range(20, 80, 3), 80, 100, 111, 130])
@pytest.mark.parametrize("agents", [False, True])
def test_only_names_are_ever_cut(width: int, agents: bool) -> None:
    board = troubled()
    whole = {cell for line in drawn(board, width=300, height=200, agents=agents) for cell in line.split()}
    for line in drawn(board, width=width, height=200, agents=agents)[9:]:
        if not line.startswith("…"):
            values = [cell for cell in line.split() if re.match(r"[\d–]", cell) and "…" in cell]
            assert not values and cell_len(line) <= width, line
    states = {"available", "talking", "paused", "unreachable"}
    seen = {cell for line in drawn(board, width=width, height=200, agents=agents) for cell in line.split()}
    assert states & whole <= seen if agents else {"1234", "1:02:03✗"} <= seen


def test_when_not_all_queues_fit_those_in_trouble_are_shown() -> None:
    board = plain(40, 60)
    trouble = board["alerts"][0]["queue"]
    lines = drawn(board)
    assert row_of(lines, trouble)
    shown_rows = len([line for line in lines if "%" in line and ":" not in line.split()[0]])
    assert lines[-1].startswith("… and ") and shown_rows < 40


def test_chosen_queues_alone_are_shown_and_told_of() -> None:
    lines = drawn(plain(6, 20), queues=("sales", "vip"))
    assert row_of(lines, "sales") and row_of(lines, "vip")
    assert not [line for line in lines if line.startswith(("support ", "all "))]
    assert not [line for line in lines if line.startswith(("✗", "!")) and not {"sales:", "vip:"} & set(line.split())]


def wrong_in(lines: list[str]) -> list[str]:
    return [line for line in lines[1:] if line.startswith(("✗", "!", "…")) and "queues" not in line]


def with_all_wrong() -> dict[str, Any]:
    told = plain(6, 20)
    told["alarms"] = [
        {"kind": "mqtt", "detail": "mqtt: no broker", "since": None, "ready": True},
        {"kind": "backup", "detail": "backup: no room", "since": None, "ready": True},
        {"kind": "store", "detail": "store: fails", "since": None, "ready": False},
    ]
    told["alerts"] = [
        {"kind": "waits_too_long", "queue": "sales", "value": 238.0, "limit": 60.0},
        {"kind": "service_level_low", "queue": "vip", "value": 0.5, "limit": 0.8},
    ]
    return told


def test_what_is_grave_stands_before_what_is_not() -> None:
    store, sales = "✗ store: fails", "✗ sales: waiting for 238 s, longer than 60 s"
    mqtt, count = "! mqtt: no broker", "… and 2 more that are wrong"
    assert wrong_in(drawn(with_all_wrong(), height=24)) == [store, sales, mqtt, count]


@pytest.mark.parametrize("height", [10, 11, 13])
def test_with_little_room_the_gravest_is_shown_with_the_count_of_the_others(height: int) -> None:
    told = with_all_wrong()
    assert wrong_in(drawn(told, height=height)) == ["✗ store: fails … and 4 more"]
    told["alarms"][2]["detail"] = "store: " + "x" * 100
    (cut,) = wrong_in(drawn(told, height=height))
    assert cut.startswith("✗ store: xxx") and cut.endswith("x… … and 4 more") and cell_len(cut) == 80
    assert wrong_in(drawn(told, height=height, width=30))[0].startswith("✗ store: xxx"), "no room for a count"
    assert len(drawn(told, height=height, width=30)) <= height


def test_a_lost_link_is_said_first() -> None:
    told = plain()
    told |= {"link": False, "link_since": "2026-11-16T10:21:29+03:30"}
    assert "NO LINK to the PBX since 10:21:29" in drawn(told)[0]


def test_what_is_just_beyond_its_limit_is_said_to_be_beyond_it() -> None:
    told = plain()
    told["alerts"] = [
        {"kind": "abandon_rate_high", "queue": "sales", "value": 0.08004, "limit": 0.08},
        {"kind": "service_level_low", "queue": "vip", "value": 0.79996, "limit": 0.8},
    ]
    lines = drawn(told)
    assert "! sales: abandon rate 8.1%, at most 8.0% (30 min)" in lines
    assert "! vip: service level 79.9%, aim 80% (30 min)" in lines


def test_an_old_board_is_said_to_be_old_and_of_when() -> None:
    lines = drawn(plain(), trust=Trust.OLD)
    assert lines[0].startswith("✗ OLD, of 2026-11-16 13:52:11")
    assert not [line for line in drawn(plain()) if "OLD" in line]


def test_what_only_a_newer_daemon_knows_is_said_by_its_own_word() -> None:
    told = plain(2, 3)
    told["site"]["timezone"] = "Mars/Olympus"
    told["alerts"] = [{"kind": "on_{fire}\x1b", "queue": "sales", "value": None, "limit": None}]
    told["agents"][1]["state"] = "on_a_[b]walk[/b]"
    lines = drawn(told, width=120)
    assert "Mars/Olympus" in lines[0] and "1 on_a_[b]walk[/b]" in lines[1]
    assert "! sales: on {fire}?" in lines
    assert "on a [b]walk[/b]" in drawn(told, width=120, agents=True)[-1], "after those that are known"

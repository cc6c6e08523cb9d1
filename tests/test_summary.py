"""What ``replay`` says about agents, against the stream's own clock and against queue_log."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from callcenter.ami.framing import Framer
from callcenter.ami.replay import HELD, Replay
from callcenter.floor.floor import Floor
from callcenter.floor.translate import WANTED
from callcenter.summary import replay_files

CAPTURES = sorted((Path(__file__).parent / "captures").glob("*.ami.gz"))
LOADS = [path for path in CAPTURES if "-load" in path.name]
TIMED = re.compile(rb"\r\nTimestamp: (\d+\.\d+)")
MEMBER = re.compile(rb"\r\n(?:Member)?Name: ([^\r]+)\r\n(?:Location|Interface): ([^\r]+)")


@cache
def agents(path: Path) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = replay_files([path], None)[0]["agents"]
    return rows


def logged_talk(path: Path) -> dict[str, tuple[int, int]]:
    """Interface → (talk in whole seconds, conversations) of a queue_log."""
    interfaces = {name.decode(): at.decode() for name, at in MEMBER.findall(gzip.decompress(path.read_bytes()))}
    out: dict[str, tuple[int, int]] = {}
    for line in path.with_name(path.name.replace(".ami.gz", ".queue_log")).read_text().splitlines():
        _, _, _, agent, event, *data = line.split("|")
        if event.startswith("COMPLETE") or event.endswith("TRANSFER"):
            talk, calls = out.get(interfaces[agent], (0, 0))
            out[interfaces[agent]] = talk + int(data[-2]), calls + 1
    return out


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_no_agent_was_there_for_longer_than_the_stream(path: Path) -> None:
    times = [float(at) for at in TIMED.findall(gzip.decompress(path.read_bytes()))]
    length = max(times) - min(times)
    assert 10 < length < 600
    assert agents(path)
    for interface, row in agents(path).items():
        assert 0 <= sum(row[key] for key in row if key.endswith("_s")) <= length + 0.001, interface


def test_one_agents_talk_is_what_queue_log_has_by_hand() -> None:
    """ast22-load.queue_log has for "Agent 1030" six COMPLETECALLER of 0, 3, 6, 13, 17 and 20 s, each cut by < 1 s."""
    (path,) = (p for p in LOADS if p.name.startswith("ast22"))
    row = agents(path)["PJSIP/1030"]
    assert row["conversations"] == 6
    assert row["talking_s"] == pytest.approx(0 + 3 + 6 + 13 + 17 + 20, abs=6)


@pytest.mark.parametrize("path", LOADS, ids=lambda path: path.name)
def test_every_agents_talk_is_what_queue_log_has(path: Path) -> None:
    logged = logged_talk(path)
    assert len(logged) > 20
    for interface, (talk_s, calls) in logged.items():
        row = agents(path)[interface]
        assert row["talking_s"] + row.get("holding_s", 0) == pytest.approx(talk_s, abs=calls), interface


def test_a_stream_without_any_time_is_played_whole_and_not_hoarded() -> None:
    one = b"Event: QueueMemberPause\r\nPrivilege: agent,all\r\nQueue: q\r\nInterface: PJSIP/1\r\n\r\n"
    assert len(Framer(WANTED).feed(one)) == 1
    replay, read = Replay(Floor()), 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(HELD // 1000 + 20):
            read += 1
            yield one * 1000

    playing = replay.play(chunks())
    next(playing)
    assert read == HELD // 1000
    assert 1 + sum(1 for _ in playing) == replay.events == HELD + 20_000

"""The outlet within this process, with boards that stand still, and a real mosquitto."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import msgspec
import pytest
from lab.broker import Broker, free_port
from memory_source import until
from sample_boards import AT, board_of

from callcenter.config import Config, parse
from callcenter.floor.changes import CallStarted
from callcenter.floor.records import CallRecord, Direction
from callcenter.mqtt.outlet import CALLS, SETTLE_S, STEADY_S, Outlet, client_id, pause_before
from callcenter.web.source import Newest

BOARD = board_of(queues=3, agents=10)
TOPICS = 1 + 3 + 10 + 3 + 1
"""Status, queues, agents, their figures, those of all."""


def config(port: int, **more: str) -> Config:
    mqtt = {"host": "127.0.0.1", "port": port, "keepalive_s": 5, **more}
    return parse({"site": {"name": "hq"}, "pbx": [{"secret": "s"}], "mqtt": mqtt}, "test")


def calls(outlet: Outlet, first: int, last: int) -> None:
    for n in range(first, last):
        record = CallRecord(f"c{n}", "main", f"{n}.1", Direction.IN, "", "", "", AT)
        outlet.take([CallStarted(AT, record.id, "", "")], lambda _, record=record: record)  # type: ignore[misc]


async def test_a_broker_that_forgot_in_a_quiet_night_is_told_again(tmp_path: Path) -> None:
    """Nothing is published that could fail: only the connection tells that the broker is another one."""
    with Broker(tmp_path, kept=False) as broker:
        outlet = Outlet(config(broker.port), Newest(BOARD))
        running = asyncio.create_task(outlet.run())
        try:
            await until(lambda: outlet.up is True)
            assert len(broker.retained()) == TOPICS
            await asyncio.sleep(SETTLE_S + STEADY_S)  # what it does at first is done
            published = outlet.published
            broker.stop(signal.SIGKILL)
            await until(lambda: outlet.up is False, 20)
            broker.start()
            await until(lambda: outlet.up is True)
            assert (len(broker.retained()), outlet.logins) == (TOPICS, 2)
            assert outlet.published == published + TOPICS
        finally:
            running.cancel()
            await asyncio.wait({running})


async def test_a_broker_takes_any_name_of_a_queue(tmp_path: Path) -> None:
    """Of one that it does not take mosquitto closes the connection, each time anew."""
    names = "a\x85b", "\x80\x9f", "\x7f", "\ufdd0\ufffe", "\U0010ffff"
    board = board_of(queues=len(names), agents=2)
    queues = tuple(msgspec.structs.replace(q, name=name) for q, name in zip(board.now.queues, names, strict=True))
    board = msgspec.structs.replace(board, now=msgspec.structs.replace(board.now, queues=queues))
    with Broker(tmp_path) as broker:
        outlet = Outlet(config(broker.port), Newest(board))
        running = asyncio.create_task(outlet.run())
        try:
            await until(lambda: outlet.up is True)
            await asyncio.sleep(STEADY_S)
            assert (outlet.up, outlet.logins) == (True, 1)
            told = [one["name"] for topic, one in broker.retained().items() if "/queue/" in topic]
            assert sorted(told) == sorted(names)
        finally:
            running.cancel()
            await asyncio.wait({running})


async def test_two_prefixes_at_one_broker_do_not_throw_each_other_out(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        outlets = [Outlet(config(broker.port, **more), Newest(BOARD)) for more in ({}, {"prefix": "acme/test"})]
        running = [asyncio.create_task(outlet.run()) for outlet in outlets]
        try:
            await until(lambda: all(outlet.up for outlet in outlets))
            await asyncio.sleep(2 * STEADY_S)
            assert [(outlet.up, outlet.logins) for outlet in outlets] == [(True, 1), (True, 1)]
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)


@pytest.mark.parametrize(("settings", "id"), [
    ({}, "callcenter-hq"), ({"prefix": "acme/test"}, "callcenter-acme/test/hq"),
    ({"prefix": "acme", "client_id": "own"}, "own"),
])  # fmt: skip
def test_the_client_id_is_as_different_as_the_topics(settings: dict[str, str], id: str) -> None:
    made = config(1883, **settings)
    assert client_id(made.mqtt, made.site) == id


async def test_of_calls_the_newest_are_kept_for_a_broker_that_is_away() -> None:
    outlet = Outlet(config(free_port()), Newest(BOARD))
    calls(outlet, 0, CALLS)
    calls(outlet, 0, 10)  # they changed again: not the oldest any more
    calls(outlet, CALLS, CALLS + 500)
    assert outlet.dropped_calls == 500
    kept = [f"c{n}" in outlet._calls for n in (0, 9, 10, 509, 510, CALLS + 499)]
    assert kept == [True, True, False, False, True, True]


@pytest.mark.parametrize("listens", [True, False])
async def test_tries_come_less_often_while_there_is_no_login(
    listens: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where somebody accepts the connection and never answers."""
    monkeypatch.setattr("callcenter.mqtt.outlet.ANSWER_S", 0.3)
    told: list[int] = []
    monkeypatch.setattr("callcenter.mqtt.outlet.pause_before", lambda tries: told.append(tries) or 0.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outlet = Outlet(config(silent.getsockname()[1] if listens else free_port()), Newest(BOARD))
        running = asyncio.create_task(outlet.run())
        await until(lambda: len(told) >= 4)
        running.cancel()
        await asyncio.wait({running})
    assert told[:4] == [1, 2, 3, 4] and outlet.up is False
    assert outlet.failure.startswith(f"{outlet.where}: ") and len(outlet.failure) > len(outlet.where) + 2
    assert pause_before(0) < 1 < pause_before(2) < 5 < pause_before(20) <= 30

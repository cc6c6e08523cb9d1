"""The live stream over real sockets: the newest board only, whoever reads and whoever does not."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from memory_source import MemorySource, running, until
from sample_boards import board_of

from callcenter.web import server as web_server
from callcenter.web import stream
from callcenter.web.app import create_app
from callcenter.web.models import BoardShape

DEAF = 50


async def events(client: httpx.AsyncClient) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """(event, fields) of the stream, comments under ''."""
    async with client.stream("GET", "/api/v1/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            key, _, value = line.partition(": ")
            if line:
                fields[key] = value
            elif fields:
                yield fields.get("event", ""), fields
                fields = {}


async def boards(client: httpx.AsyncClient) -> AsyncIterator[dict[str, str]]:
    async for event, fields in events(client):
        if event == "board":
            yield fields


@pytest.fixture
async def client(server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server, timeout=10) as one:
        yield one


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BYTES_S", 1e15)


@pytest.fixture
def deaf(server: str) -> Iterator[list[socket.socket]]:
    """Clients that ask for the stream and never read."""
    address = urlsplit(server)
    clients = []
    for _ in range(DEAF):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((address.hostname, address.port))
        one.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        clients.append(one)
    yield clients
    for one in clients:
        one.close()


def resident() -> int:
    """Bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_the_newest_board_comes_at_once_and_every_later_one_as_it_is_made(
    client: httpx.AsyncClient, source: MemorySource
) -> None:
    seen = []
    async for fields in boards(client):
        told = BoardShape.model_validate_json(fields["data"])
        assert int(fields["id"]) == told.seq
        seen.append(told.seq)
        if len(seen) == 4:
            break
        source.publish(board_of(3, 12, seq=told.seq + 10))
    assert seen == [1, 11, 21, 31]


async def test_silence_is_broken_by_heartbeats(source: MemorySource) -> None:
    async with running(create_app(source, heartbeat_s=0.05)) as url, httpx.AsyncClient(base_url=url) as client:
        beats = []
        async for event, fields in events(client):
            if event == "beat":
                beats.append(fields)
            if len(beats) == 3:
                break
    assert all(fields[""] == "heartbeat" for fields in beats), "a comment for those who expect one"


@pytest.mark.usefixtures("unpaced")
async def test_clients_that_never_read_cost_no_memory_and_hold_nobody_up(
    client: httpx.AsyncClient, source: MemorySource, app: FastAPI, deaf: list[socket.socket]
) -> None:
    reader = boards(client)
    await anext(reader)
    await until(lambda: stream.of(app).open == DEAF + 1)
    size = 0

    async def publish(first: int, last: int) -> None:
        nonlocal size
        for seq in range(first, last):
            source.publish(board_of(20, 200, seq=seq))
            size = len((await anext(reader))["data"])

    await publish(100, 160)
    before = resident()
    await publish(160, 360)
    grown = resident() - before
    backlog = 200 * size * DEAF
    assert grown < backlog / 20, f"{grown} bytes more for {backlog} bytes that nobody read"


@pytest.mark.usefixtures("unpaced")
async def test_who_reads_again_gets_the_newest_board_and_not_what_it_missed(
    client: httpx.AsyncClient, source: MemorySource, app: FastAPI, deaf: list[socket.socket]
) -> None:
    reader = boards(client)
    await anext(reader)
    await until(lambda: stream.of(app).open == DEAF + 1)
    for seq in range(100, 400):
        source.publish(board_of(20, 200, seq=seq))
        await anext(reader)
    sleeper = deaf[0]
    sleeper.setblocking(False)
    text = b""
    while b"id: 399\n" not in text or not text.endswith(b"\r\n"):
        text += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(sleeper, 1 << 20), 10)
    ids = [int(line[4:]) for line in text.split(b"\n") if line.startswith(b"id: ")]
    assert ids[-1] == 399
    assert len(ids) < 150, "what the kernel had taken before, then the newest"
    assert ids == sorted(set(ids))


async def test_all_streams_together_keep_to_what_they_may_send(
    client: httpx.AsyncClient, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(stream.packed(stream.encoder(source.config.site)(source.board())))
    monkeypatch.setattr(stream, "BYTES_S", 10 * size)
    stop = asyncio.Event()

    async def publish() -> None:
        for seq in range(2, 60):
            source.publish(board_of(3, 12, seq=seq))
            await asyncio.sleep(0.01)
        stop.set()

    publisher = asyncio.create_task(publish())
    seen = []
    async for fields in boards(client):
        seen.append(int(fields["id"]))
        if seen[-1] == 59:
            break
    await publisher
    assert len(seen) < 30, "58 boards in about 0.6 s, ten a second may be sent"


async def test_a_client_that_is_gone_is_forgotten(client: httpx.AsyncClient, app: FastAPI) -> None:
    async for _ in boards(client):
        assert stream.of(app).open == 1
        break
    await client.aclose()
    await until(lambda: stream.of(app).open == 0)


@pytest.mark.usefixtures("unpaced")
async def test_a_connection_that_takes_nothing_is_ended(source: MemorySource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "STUCK_S", 1)
    app = create_app(source)
    async with running(app) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as one:
            one.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: stream.of(app).open == 1)

            def published_to_nobody() -> bool:
                source.publish(board_of(20, 200, seq=source.board().seq + 1))
                return stream.of(app).open == 0

            await until(published_to_nobody, within_s=60)


async def test_who_takes_gzip_gets_the_same_boards_in_less(server: str, source: MemorySource) -> None:
    """Undone by zlib itself, from many boards in a row: each block has to stand where it comes."""
    source.publish(board_of(20, 200, seq=2))
    async with httpx.AsyncClient(base_url=server) as client:
        for coding in ("gzip", "identity"):
            async with client.stream("GET", "/api/v1/events", headers={"Accept-Encoding": coding}) as answer:
                assert answer.headers.get("content-encoding", "identity") == coding
                assert answer.headers["vary"] == "Accept-Encoding"
                undo = zlib.decompressobj(zlib.MAX_WBITS | 16)
                text, sent, seq = b"", 0, source.board().seq
                async for raw in answer.aiter_raw():
                    sent += len(raw)
                    text += undo.decompress(raw) if coding == "gzip" else raw
                    if text.endswith(b"\n\n") and b"id: %d\n" % source.board().seq in text:
                        if source.board().seq == seq + 3:
                            break
                        source.publish(board_of(20, 200, seq=source.board().seq + 1))
            events = [e for e in text.split(b"\n\n") if b"event: board" in e]
            assert [json.loads(e.split(b"data: ")[1])["seq"] for e in events] == list(range(seq, seq + 4))
            assert (len(text) > 4 * sent) is (coding == "gzip")


@pytest.mark.parametrize(("offered", "taken"), [
    ("gzip", True), ("gzip, deflate, br, zstd", True), ("deflate, GZIP;q=0.5", True), ("br;q=1.0, gzip;q=0.8", True),
    ("", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("x-gzipped", False),
])
def test_gzip_is_sent_to_who_asks_for_it(offered: str, taken: bool) -> None:
    assert stream.takes_gzip(offered) is taken


def test_a_board_is_encoded_once_for_all(source: MemorySource) -> None:
    encoded = stream.encoder(source.config.site)
    board = source.board()
    first = encoded(board)
    assert encoded(board) is first
    assert encoded(board_of(3, 12, seq=2)) != first
    assert json.loads(first.split(b"data: ")[1])["seq"] == board.seq

"""The server as a guest in the daemon's loop: it starts, tells its port, and ends when it is told to."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest
from fastapi import FastAPI
from memory_source import MemorySource, running, until
from sample_boards import board_of

from callcenter.errors import ConfigError
from callcenter.web import stream
from callcenter.web.server import serve


async def test_port_0_is_any_free_port_and_it_is_told(app: FastAPI) -> None:
    async with running(app) as url, httpx.AsyncClient() as client:
        assert not url.endswith(":0")
        assert (await client.get(f"{url}/healthz")).json() == {"status": "alive"}


async def test_a_port_in_use_is_one_clear_line(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"^web: cannot listen on 127.0.0.1:{port}: Address already in use$"):
            await serve(app, "127.0.0.1", port, lambda port: None)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_address_that_is_not_ours_is_one_clear_line(app: FastAPI, host: str) -> None:
    with pytest.raises(ConfigError, match=host):
        await serve(app, host, 0, lambda port: None)


async def test_it_ends_soon_with_streams_open_and_frees_the_port(app: FastAPI) -> None:
    loop = asyncio.get_running_loop()
    port: asyncio.Future[int] = loop.create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, port.set_result))
    reader, writer = await asyncio.open_connection("127.0.0.1", await port)
    writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"event: board\n")
    began = loop.time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert loop.time() - began < 5
    assert stream.of(app).open == 0
    await reader.read()
    writer.close()
    with socket.create_server(("127.0.0.1", port.result())):
        pass


async def test_it_ends_in_time_with_a_client_that_does_not_read(app: FastAPI) -> None:
    async with running(app) as url:
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as one:
            one.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: stream.of(app).open == 1)
            leaving = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - leaving < 5


async def test_signals_stay_with_the_daemon(app: FastAPI) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    async with running(app):
        assert {number: signal.getsignal(number) for number in before} == before


async def test_an_application_streams_again_after_it_was_stopped(app: FastAPI, source: MemorySource) -> None:
    for first in (10, 20):
        source.publish(board_of(3, 12, seq=first))
        async with running(app) as url, httpx.AsyncClient(base_url=url) as client:
            async with client.stream("GET", "/api/v1/events") as answer:
                ids = []
                async for line in answer.aiter_lines():
                    if line.startswith("id: "):
                        ids.append(int(line[4:]))
                        source.publish(board_of(3, 12, seq=ids[-1] + 1))
                    if len(ids) == 3:
                        break
            assert ids == [first, first + 1, first + 2]

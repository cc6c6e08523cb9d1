"""The relay with faults does what its words say. About 2 s."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.proxy import FAULTS, Proxy, script

TESTS = Path(__file__).parents[1]


class Echo:
    """A server that gives back what it gets; ``got`` and ``ended`` tell what reached it."""

    def __init__(self) -> None:
        self.got, self.ended = 0, asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.got += len(data)
                writer.write(data)
                await writer.drain()
        self.ended.set()
        writer.close()


@contextlib.asynccontextmanager
async def placed(**options: int) -> AsyncIterator[tuple[Proxy, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    async with Proxy("127.0.0.1", echo.port, **options) as proxy:
        yield proxy, echo
    server.close()


async def said(reader: asyncio.StreamReader, size: int, within: float = 2.0) -> bytes:
    return await asyncio.wait_for(reader.readexactly(size), within)


async def test_without_a_fault_everything_comes_through_whole() -> None:
    async with placed() as (proxy, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        blob = bytes(range(256)) * 4_000
        writer.write(blob)
        assert await said(reader, len(blob)) == blob
        writer.close()


async def test_latency_is_waited_both_ways_and_keeps_the_order() -> None:
    async with placed() as (proxy, _):
        await proxy.do("latency 0.05 0.05")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        began = time.monotonic()
        for n in range(10):
            writer.write(b"%d" % n)
            await asyncio.sleep(0.002)
        assert await said(reader, 10) == b"0123456789"
        assert 0.1 <= time.monotonic() - began < 1.0
        writer.close()


async def test_the_slicer_gives_small_pieces_and_loses_none() -> None:
    async with placed() as (proxy, _):
        await proxy.do("slice 3 down")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x" * 1_000)
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < 1_000:
            pieces.append(await asyncio.wait_for(reader.read(65_536), 2.0))
        assert len(pieces) > 50 and b"".join(pieces) == b"x" * 1_000
        writer.close()


async def test_a_limit_of_bytes_a_second_is_kept() -> None:
    async with placed() as (proxy, _):
        await proxy.do("rate 20000 up")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        began = time.monotonic()
        writer.write(b"x" * 6_000)
        await said(reader, 6_000)
        assert 0.25 < time.monotonic() - began < 1.5
        writer.close()


@pytest.mark.parametrize("word", ["cut", "reset"])
async def test_both_sides_are_told_of_an_end(word: str) -> None:
    async with placed() as (proxy, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        await said(reader, 1)
        await proxy.do(word)
        if word == "reset":
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 2.0)
        else:
            assert await asyncio.wait_for(reader.read(), 2.0) == b""
        await asyncio.wait_for(echo.ended.wait(), 2.0)
        writer.close()


async def test_a_half_open_connection_is_silent_and_stays_dead_when_the_network_is_well() -> None:
    async with placed() as (proxy, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.do("half_open")
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await said(reader, 1, 0.1)
        await proxy.do("clear")
        writer.write(b"lost too")
        with pytest.raises(TimeoutError):
            await said(reader, 1, 0.1)
        assert echo.got == 0 and not echo.ended.is_set()
        fresh, to = await asyncio.open_connection("127.0.0.1", proxy.port)
        to.write(b"well")
        assert await said(fresh, 4) == b"well"
        writer.close()
        to.close()


async def test_one_way_may_be_dead_while_the_other_lives() -> None:
    async with placed() as (proxy, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.do("half_open down")
        writer.write(b"heard")
        with pytest.raises(TimeoutError):
            await said(reader, 1, 0.1)
        assert echo.got == 5
        writer.close()


async def test_a_reader_that_stopped_lets_the_writer_back_up_and_then_gets_all() -> None:
    async with placed(buffer_bytes=65_536) as (proxy, echo):
        await proxy.do("stop_reading up")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        blob = b"x" * 8_000_000
        writer.write(blob)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.2)
        assert echo.got == 0
        await proxy.do("clear")
        assert len(await said(reader, len(blob), 20.0)) == len(blob)
        writer.close()


async def test_refused_connections_are_refused_until_it_is_cleared() -> None:
    async with placed() as (proxy, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.do("refuse")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        assert await said(reader, 1) == b"x", "what is connected stays"
        await proxy.do("clear")
        _, again = await asyncio.open_connection("127.0.0.1", proxy.port)
        again.close()
        writer.close()


async def test_a_word_it_does_not_know_is_named() -> None:
    async with placed() as (proxy, _):
        with pytest.raises(ValueError, match="no such fault: 'explode'"):
            await proxy.do("explode")


def test_a_script_is_the_same_for_the_same_seed_and_ends_each_fault() -> None:
    assert script(3, 600) == script(3, 600) != script(4, 600)
    words = [step.words for step in script(3, 6_000)]
    assert words[-1] == "clear" and {word.split()[0] for word in words} == set(FAULTS)


async def test_as_a_process_it_obeys_its_standard_input() -> None:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lab.proxy", "--to", f"127.0.0.1:{port}", env={"PYTHONPATH": str(TESTS)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout
    listening = int((await process.stdout.readline()).split()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", listening)
    writer.write(b"x")
    await said(reader, 1)
    process.stdin.write(b"nonsense\ncut\n")
    assert (await process.stdout.readline()).startswith(b"error no such fault")
    assert await process.stdout.readline() == b"ok\n"
    assert await asyncio.wait_for(reader.read(), 2.0) == b""
    process.stdin.write(b"quit\n")
    assert await asyncio.wait_for(process.wait(), 5.0) == 0
    writer.close()
    server.close()

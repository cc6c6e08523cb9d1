"""Time from bytes on the AMI socket to the event on a page, through the whole daemon over real sockets."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from stream import CAPTURE, repeated

CONFIG = """[[pbx]]
port = {ami}
secret = "x"
auth = "plain"
[store]
url = "sqlite+aiosqlite:///{folder}/b.db"
[web]
port = 0
"""
JOIN = (
    "Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nTimestamp: {at:.6f}\r\nChannel: PJSIP/trunk-{n:08x}\r\n"
    "CallerIDNum: 0912{n:07d}\r\nCallerIDName: x\r\nUniqueid: {n}.9\r\nLinkedid: {n}.9\r\nQueue: probe\r\n"
    "Position: 1\r\nCount: 1\r\n\r\n"
)


class Pbx:
    """An AMI server that plays a recording at so many calls a second and sends a probe with each call."""

    def __init__(self, calls_per_second: float, seconds: float) -> None:
        stream, _ = repeated(int(100 * calls_per_second * seconds), CAPTURE)
        self.parts = [p + b"\r\n\r\n" for p in stream.split(b"\r\n\r\n") if p.startswith(b"Event: ")][60:]
        self.calls = int(calls_per_second * seconds)
        self.per_call = min(95, len(self.parts) // self.calls)
        self.pause = 1 / calls_per_second
        self.sent: list[float] = []
        self.go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        asking = asyncio.ensure_future(self._answer(reader, writer))
        await self.go.wait()
        began = time.perf_counter()
        for n in range(self.calls):
            await asyncio.sleep(max(0.0, began + n * self.pause - time.perf_counter()))
            writer.write(b"".join(self.parts[n * self.per_call : (n + 1) * self.per_call]))
            self.sent.append(time.time())
            writer.write(JOIN.format(at=time.time(), n=n).encode())
        await asking

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {"QueueStatus": "QueueStatusComplete", "CoreShowChannels": "CoreShowChannelsComplete"}
        while not reader.at_eof():
            try:
                data = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            asked = dict(line.split(": ", 1) for line in data.decode().split("\r\n") if ": " in line)
            action, tag = asked["Action"], f"ActionID: {asked['ActionID']}\r\n"
            start = "EventList: start\r\n" if action in ends else ""
            writer.write(f"Response: Success\r\n{tag}{start}Message: ok\r\n\r\n".encode())
            if action in ends:
                writer.write(f"Event: {ends[action]}\r\n{tag}EventList: Complete\r\n\r\n".encode())


async def latency(calls_per_second: float, seconds: float) -> list[float]:
    """Seconds from the write of each probe to the board that shows it, at a page's event stream."""
    pbx = Pbx(calls_per_second, seconds)
    server = await asyncio.start_server(pbx.serve, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "c.toml"
        config.write_text(CONFIG.format(ami=server.sockets[0].getsockname()[1], folder=folder))
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callcenter", "run", "--config", str(config), stderr=asyncio.subprocess.PIPE
        )
        try:
            return await _watch(pbx, await _port(daemon))
        finally:
            daemon.terminate()
            await daemon.wait()
            server.close()


async def _port(daemon: asyncio.subprocess.Process) -> int:
    assert daemon.stderr
    while line := (await daemon.stderr.readline()).decode():
        if "listens on" in line:
            return int(line.rsplit(":", 1)[1].strip(" /\n"))
    raise SystemExit("the daemon did not start")


async def _watch(pbx: Pbx, port: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    shown: list[float] = []
    while len(shown) < pbx.calls:
        line = await reader.readline()
        now = time.time()
        if not line.startswith(b"data: "):
            continue
        board = json.loads(line[6:])
        if not pbx.go.is_set() and board.get("link"):
            pbx.go.set()
        probe = next((q["waiting"] for q in board.get("queues", ()) if q["name"] == "probe"), 0)
        shown += [now] * (probe - len(shown))
    writer.close()
    return [seen - sent for seen, sent in zip(shown, pbx.sent, strict=True)]

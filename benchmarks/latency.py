"""Time from bytes on the AMI socket to the event on a page, through the whole daemon over real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from pathlib import Path

import the_tests  # noqa: F401
from stream import CAPTURE, repeated
from tiny_manager import TinyManager, manager, reply

CONFIG = """[[pbx]]
port = {ami}
secret = "demo"
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
TIMESTAMP = re.compile(rb"\r\nTimestamp: [\d.]+")
SILENT_S = 30.0


class Calls:
    """A recording, told as of now at so many calls a second, with a probe in each; ``sent``: when."""

    def __init__(self, calls_per_second: float, seconds: float) -> None:
        stream, _ = repeated(int(100 * calls_per_second * seconds), CAPTURE)
        self.parts = [p + b"\r\n\r\n" for p in stream.split(b"\r\n\r\n") if p.startswith(b"Event: ")][60:]
        self.count = int(calls_per_second * seconds)
        self.per_call = min(95, len(self.parts) // self.count)
        self.pause = 1 / calls_per_second
        self.sent: list[float] = []

    async def play(self, pbx: TinyManager) -> None:
        began = time.perf_counter()
        for n in range(self.count):
            await asyncio.sleep(max(0.0, began + n * self.pause - time.perf_counter()))
            now, told = time.time(), b"".join(self.parts[n * self.per_call : (n + 1) * self.per_call])
            pbx.say(TIMESTAMP.sub(b"\r\nTimestamp: %.6f" % now, told))
            self.sent.append(time.time())
            pbx.say(JOIN.format(at=now, n=n).encode())


async def latency(calls_per_second: float, seconds: float) -> list[float]:
    """Seconds from the write of each probe to the board that shows it, at a page's event stream."""
    calls = Calls(calls_per_second, seconds)
    with tempfile.TemporaryDirectory() as folder:
        async with manager() as pbx:
            pbx.answers["Ping"] = lambda asked: reply(asked, "Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")
            config = Path(folder) / "c.toml"
            config.write_text(CONFIG.format(ami=pbx.port, folder=folder))
            daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "callcenter", "run", "--config", str(config), stderr=asyncio.subprocess.PIPE
            )
            try:
                return await _watch(calls, pbx, await _port(daemon))
            finally:
                daemon.terminate()
                await daemon.communicate()


async def _port(daemon: asyncio.subprocess.Process) -> int:
    assert daemon.stderr
    while line := (await daemon.stderr.readline()).decode():
        if "listens on" in line:
            return int(line.rsplit(":", 1)[1].strip(" /\n"))
    raise SystemExit("the daemon did not start")


async def _watch(calls: Calls, pbx: TinyManager, port: int) -> list[float]:
    """Raises SystemExit when the daemon shows nothing new for SILENT_S."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    playing: asyncio.Task[None] | None = None
    event = b""
    shown: list[float] = []
    moved = asyncio.get_running_loop().time()
    while len(shown) < calls.count:
        try:
            async with asyncio.timeout_at(moved + SILENT_S):
                line = await reader.readline()
        except TimeoutError:
            what = f"{len(shown)} of {len(calls.sent)} probes" if playing else "no link, what it asks is not answered"
            raise SystemExit(f"the daemon showed nothing new for {SILENT_S:g} s: {what}") from None
        now = time.time()
        event = line[7:].strip() if line.startswith(b"event: ") else event
        board = json.loads(line[6:]) if event == b"board" and line.startswith(b"data: ") else {}
        if playing is None and board.get("link"):
            playing, moved = asyncio.create_task(calls.play(pbx)), asyncio.get_running_loop().time()
        probe = next((q["waiting"] for q in board.get("queues", ()) if q["name"] == "probe"), 0)
        if probe > len(shown):
            shown += [now] * (probe - len(shown))
            moved = asyncio.get_running_loop().time()
    writer.close()
    return [seen - sent for seen, sent in zip(shown, calls.sent, strict=True)]

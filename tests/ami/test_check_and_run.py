"""``check`` and ``run`` as processes beside a tiny manager, and the link beside the simulated PBX."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tiny_manager import Action, TinyManager, denied, manager, reply

from callcenter.ami import commands
from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.config import Pbx
from callcenter.errors import LoginRefused
from callcenter.floor import events as e

ALLOWED = ("CoreShowChannels", "QueuePause", "Originate", "Ping", "QueueStatus")


def all_commands(action: Action) -> bytes:
    return reply(action, "Success", *(f"{name}: text  (Priv: all)" for name in ALLOWED))


def config_for(pbx: TinyManager, folder: Path, secret: str = "demo") -> Path:
    path = folder / "callcenter.toml"
    path.write_text(
        f'[[pbx]]\nport = {pbx.port}\nsecret = "{secret}"\n[web]\nport = 0\n'
        f'[store]\nurl = "sqlite+aiosqlite:///{folder}/cc.db"\n'
    )
    return path


async def started(*arguments: str) -> asyncio.subprocess.Process:
    program = Path(sys.executable).with_name("callcenter")
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(str(program), *arguments, stdout=pipe, stderr=pipe)


async def checked(config: Path) -> tuple[int | None, list[str], list[str]]:
    """(status, lines on stdout, lines on stderr)"""
    process = await started("check", "--config", str(config))
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode().splitlines(), err.decode().splitlines()


async def test_check_says_that_all_is_good(tmp_path: Path) -> None:
    async with manager() as pbx:
        pbx.answers["ListCommands"] = all_commands
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")
        status, out, err = await checked(config_for(pbx, tmp_path))
    assert (status, err) == (0, [])
    assert out[-1] == "all good"


async def test_check_says_a_wrong_password_in_one_line(tmp_path: Path) -> None:
    async with manager() as pbx:
        status, out, err = await checked(config_for(pbx, tmp_path, "wrong"))
    assert (status, out) == (2, [])
    assert len(err) == 1
    assert "login of 'callcenter' refused (Authentication failed): wrong secret" in err[0]


async def test_check_names_each_missing_right_once(tmp_path: Path) -> None:
    async with manager() as pbx:
        pbx.answers["ListCommands"] = lambda a: reply(a, "Success", "Ping: text  (Priv: <none>)")
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")
        pbx.answers["CoreShowChannels"] = denied
        status, out, err = await checked(config_for(pbx, tmp_path))
    assert status == 1
    assert "all good" not in out
    for right in ("reporting", "agent", "originate"):
        assert sum(f"write class {right!r} is missing" in line for line in err) == 1
    assert len(err) == 3


async def test_check_names_a_clock_that_is_off(tmp_path: Path) -> None:
    async with manager() as pbx:
        pbx.answers["ListCommands"] = all_commands
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time() + 60:.6f}")
        status, _, err = await checked(config_for(pbx, tmp_path))
    assert status == 1
    assert len(err) == 1
    assert re.search(r"clock skew: the PBX's clock is \+(59|60)\.\d s from ours", err[0])


async def test_run_stays_up_with_a_wrong_password_and_readyz_says_why(tmp_path: Path) -> None:
    async with manager() as pbx:
        process = await started("run", "--config", str(config_for(pbx, tmp_path, "wrong")))
        assert process.stderr is not None
        try:
            url = await asyncio.wait_for(address(process.stderr), 30)
            await pbx.until(lambda: pbx.count("Login") == 1)
            reasons = ""
            async with asyncio.timeout(20):
                while "refused" not in reasons:
                    status, reasons = await asyncio.to_thread(fetched, f"{url}readyz")
                    assert status == 503
            assert "login of 'callcenter' refused" in reasons
            assert (await asyncio.to_thread(fetched, f"{url}healthz"))[0] == 200
            assert process.returncode is None
        finally:
            process.terminate()
            await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0


async def address(stderr: asyncio.StreamReader) -> str:
    while line := (await stderr.readline()).decode():
        if found := re.search(r"listens on (http://\S+)", line):
            return found[1]
    raise AssertionError("it ended before it listened")


def fetched(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.dumps(json.loads(refused.read()))


# ---- the simulated PBX --------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def simulated() -> AsyncIterator[int]:
    """The port of a simulated PBX with a few agents, at its usual speed."""
    server = pytest.importorskip("callcenter.ami.simulator.server")
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        server.simulate(5, 2, 1.0, None, None, 1, "127.0.0.1", 0, None, bound.set_result)
    )  # fmt: skip
    await asyncio.wait({task, bound}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield bound.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("auth", ["md5", "plain"])
async def test_the_simulated_pbx_takes_the_login_and_tells_its_queues(auth: str) -> None:
    names: list[str] = []

    def put(item: list[Message] | e.Event, arrival: float) -> None:
        names.extend(m.name.decode() for m in item) if isinstance(item, list) else names.append(type(item).__name__)

    async with simulated() as port:
        link = Link(Pbx(port=port, secret="demo", auth=auth), put)
        async with link.open() as protocol:
            await link.snapshot()
            assert (await link.send(commands.ping()))["Ping"] == "Pong"
            assert not protocol.framer.dropped
    assert names.count("QueueParams") == 2
    assert names.index("SnapshotBegan") < names.index("QueueParams") < names.index("QueueStatusComplete")
    assert "CoreShowChannelsComplete" in names


async def test_the_simulated_pbx_refuses_a_wrong_secret() -> None:
    async with simulated() as port:
        with pytest.raises(LoginRefused):
            async with Link(Pbx(port=port, secret="wrong"), lambda item, arrival: None).open():
                pass

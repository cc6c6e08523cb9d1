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
from tiny_manager import Action, TinyManager, denied, manager, of_list, reply

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


async def checked(config: Path, *more: str) -> tuple[int | None, list[str], list[str]]:
    """(status, lines on stdout, lines on stderr)"""
    process = await started("check", "--config", str(config), *more)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode().splitlines(), err.decode().splitlines()


def ready(pbx: TinyManager) -> None:
    """Rights and clock are good."""
    pbx.answers["ListCommands"] = all_commands
    pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")


def event(name: str, privilege: str, *headers: str) -> bytes:
    lines = [f"Event: {name}", f"Privilege: {privilege},all", f"Timestamp: {time.time():.6f}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


CHANNEL = "CoreShowChannel\r\nChannel: P/1\r\nChannelState: 6\r\nUniqueid: {}\r\nLinkedid: {}\r\nDuration: 00:00:0{}"
NEWCHANNEL = event("Newchannel", "call", "Channel: PJSIP/1", "ChannelState: 0", "Uniqueid: 1.1", "Linkedid: 1.1")


def channels(pbx: TinyManager, *shown: str, meanwhile: bytes = b"") -> None:
    """What each CoreShowChannels shows, one after the other; ``meanwhile`` is said behind the first list."""
    left = list(shown)

    def answer(action: Action) -> bytes:
        uid = left.pop(0)
        pbx.say(meanwhile if left else b"")
        listed = [CHANNEL.format(uid, uid, len(left))] if uid else []
        return of_list(action, *listed, f"CoreShowChannelsComplete\r\nListItems: {len(listed)}")

    pbx.answers["CoreShowChannels"] = answer


async def test_check_says_which_classes_it_saw_and_which_not_yet(tmp_path: Path) -> None:
    async with manager() as pbx:
        ready(pbx)
        status, out, err = await checked(config_for(pbx, tmp_path), "--listen", "0.2")
    assert (status, err) == (0, [])
    assert out[-1] == "nothing wrong found"
    assert "main: read classes seen: system" in out
    for name, why in (("agent", "no caller was in a queue"), ("call", "no call came"), ("user", "no UserEvent came")):
        (line,) = (line for line in out if f"read class '{name}' could not be seen yet" in line)
        assert line.endswith(f"{why} while checking; --listen SECONDS waits longer")


async def test_check_names_what_cannot_be_asked_and_rights_that_are_too_many(tmp_path: Path) -> None:
    async with manager() as pbx:
        ready(pbx)
        path = config_for(pbx, tmp_path)
        least = await checked(path, "--listen", "0.2")
        names = (*ALLOWED, "Command", "DBPut")
        pbx.answers["ListCommands"] = lambda a: reply(a, "Success", *(f"{name}: text  (Priv: all)" for name in names))
        many = await checked(path, "--listen", "0.2")
    assert (least[0], many[0]) == (0, 0)
    assert [line for line in least[1] if "writetimeout of this user; leave it at 100 ms" in line]
    assert not [line for line in least[1] if "never needs" in line]
    (line,) = (line for line in many[1] if "never needs" in line)
    assert "command, system (write = agent,originate,reporting is enough)" in line


async def test_check_sees_each_class_by_its_events(tmp_path: Path) -> None:
    said = NEWCHANNEL + event("QueueCallerJoin", "agent", "Queue: q", "Uniqueid: 1.1", "Linkedid: 1.1")
    async with manager() as pbx:
        ready(pbx)
        channels(pbx, "", "1.1", meanwhile=said + event("UserEvent", "user", "UserEvent: Anything"))
        status, out, err = await checked(config_for(pbx, tmp_path), "--listen", "0.2")
    assert (status, err) == (0, [])
    assert "main: read classes seen: agent, call, system, user" in out
    assert not [line for line in out if "could not be seen" in line or "warning" in line]


@pytest.mark.parametrize(("first", "last"), [("", "1.1"), ("1.1", ""), ("1.1", "1.2")])
async def test_check_names_the_class_call_when_channels_change_unheard(tmp_path: Path, first: str, last: str) -> None:
    """A user with nothing but read = system on a PBX that is busy."""
    async with manager() as pbx:
        ready(pbx)
        channels(pbx, first, last)
        status, out, err = await checked(config_for(pbx, tmp_path), "--listen", "0.2")
    assert (status, len(err)) == (1, 1)
    assert "read class 'call' is missing (channels changed, but no event told so)" in err[0]
    assert "nothing wrong found" not in out
    assert not [line for line in out if "'call' could not be seen" in line]


async def test_check_takes_a_channel_that_just_stays_up_for_no_proof(tmp_path: Path) -> None:
    async with manager() as pbx:
        ready(pbx)
        channels(pbx, "1.1", "1.1")
        status, out, err = await checked(config_for(pbx, tmp_path), "--listen", "0.2")
    assert (status, err) == (0, [])
    assert [line for line in out if "'call' could not be seen yet" in line]


async def test_check_names_the_class_agent_when_queues_change_unheard(tmp_path: Path) -> None:
    member = "QueueMember\r\nQueue: q\r\nLocation: PJSIP/1\r\nStatus: {}\r\nCallsTaken: 0\r\nPaused: 0"
    states = [1, 2]
    async with manager() as pbx:
        ready(pbx)
        pbx.answers["QueueStatus"] = lambda a: of_list(
            a, "QueueParams\r\nQueue: q", member.format(states.pop(0)), "QueueStatusComplete\r\nListItems: 2"
        )
        status, _, err = await checked(config_for(pbx, tmp_path), "--listen", "0.2")
    assert (status, len(err)) == (1, 1)
    assert "read class 'agent' is missing (queues changed, but no event told so)" in err[0]


async def test_check_warns_of_traffic_that_an_event_filter_would_spare(tmp_path: Path) -> None:
    useless = event("VarSet", "dialplan", "Variable: X", "Value: 1") * 40 + event("RTCPSent", "reporting") * 20
    useful = event("VarSet", "dialplan", "Uniqueid: 1.1", "Variable: QUEUESTATUS", "Value: FULL") * 10
    told = r"warning: (5\d|60)% of the events are of no use \(40 VarSet, 20 RTCPSent\)"
    for said, warned in ((useless + useful + NEWCHANNEL * 30, told), (useful * 10 + NEWCHANNEL * 30, None)):
        async with manager() as pbx:
            ready(pbx)
            channels(pbx, "1.1", "1.1", meanwhile=said)
            status, out, err = await checked(config_for(pbx, tmp_path), "--listen", "0.3")
        assert (status, err) == (0, [])
        warnings = [line for line in out if "warning" in line]
        assert len(warnings) == bool(warned)
        assert not warned or re.search(warned, warnings[0])


async def test_check_passes_against_simulate(tmp_path: Path) -> None:
    pbx = await started("simulate", "--port", "0", "--agents", "60", "--queues", "2", "--rate", "7200")
    assert pbx.stdout is not None
    try:
        port = int((await pbx.stdout.readline()).decode().partition(" on 127.0.0.1:")[2].partition(",")[0])
        path = tmp_path / "callcenter.toml"
        path.write_text(f'[[pbx]]\nport = {port}\nsecret = "demo"\n')
        status, out, err = await checked(path, "--listen", "4")
    finally:
        pbx.kill()
        await pbx.communicate()
    assert (status, err) == (0, []), out
    assert out[-1] == "nothing wrong found"
    assert "main: read classes seen: agent, call, system" in "\n".join(out)


async def test_check_says_a_wrong_password_in_one_line(tmp_path: Path) -> None:
    async with manager() as pbx:
        status, _, err = await checked(config_for(pbx, tmp_path, "wrong"))
    assert status == 2
    assert len(err) == 1
    assert "login of 'callcenter' refused (Authentication failed): wrong secret" in err[0]


async def test_check_names_each_missing_right_once(tmp_path: Path) -> None:
    async with manager() as pbx:
        pbx.answers["ListCommands"] = lambda a: reply(a, "Success", "Ping: text  (Priv: <none>)")
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")
        pbx.answers["CoreShowChannels"] = denied
        status, out, err = await checked(config_for(pbx, tmp_path))
    assert status == 1
    assert "nothing wrong found" not in out
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
            async with asyncio.timeout(60):
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

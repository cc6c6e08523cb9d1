"""The link against tiny managers on real sockets: logging in, asking, losing the peer, and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tiny_manager import BANNER, BOOTED, denied, manager, of_list, reply

from callcenter.ami import commands, session
from callcenter.ami import link as linking
from callcenter.ami.framing import Message
from callcenter.ami.link import Link, pause_before
from callcenter.config import Pbx
from callcenter.errors import ActionRefused, ActionTimeout, ConfigError, LinkError, LoginRefused
from callcenter.floor import events as e
from callcenter.floor.floor import Floor
from callcenter.floor.translate import translate

CALL = b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/t-1\r\nChannelState: 4\r\nUniqueid: %d.1\r\n\r\n"


class Heard:
    """What the link put, in order."""

    def __init__(self) -> None:
        self.items: list[list[Message] | e.Event] = []
        self.more = asyncio.Event()

    def put(self, item: list[Message] | e.Event, arrival: float) -> None:
        self.items.append(item)
        self.more.set()

    def flat(self) -> list[Message | e.Event]:
        return [one for item in self.items for one in (item if isinstance(item, list) else [item])]

    def names(self) -> list[str]:
        return [m.name.decode() if isinstance(m, Message) else type(m).__name__ for m in self.flat()]

    def messages(self) -> list[bytes]:
        return [m.raw for m in self.flat() if isinstance(m, Message)]

    async def until(self, name: str, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while self.names().count(name) < times:
                self.more.clear()
                await self.more.wait()


def link_to(port: int, heard: Heard | None = None, **keys: Any) -> Link:
    return Link(Pbx(**({"port": port, "secret": "demo"} | keys)), (heard or Heard()).put)


@contextlib.asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    task = asyncio.create_task(link.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def saying(first: bytes, close: bool = False) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A server that is no manager. Gives its port, and what is set when a client has gone."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with contextlib.suppress(OSError):
            while not close and await reader.read(1000):
                pass
        writer.close()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], gone
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link's own waits, made short; what is tested is that they end."""
    monkeypatch.setattr(session, "CONNECT_S", 0.5)
    monkeypatch.setattr(linking, "BACKOFF_S", (0.01, 0.02))


# ---- logging in ---------------------------------------------------------------------------------------------


async def test_it_logs_in_by_md5_and_the_secret_is_never_sent() -> None:
    async with manager(secret="hunter2") as pbx:
        async with link_to(pbx.port, secret="hunter2").open():
            asked = [a for a in pbx.asked if a["Action"] != "Ping"]
            assert [a["Action"] for a in asked] == ["Challenge", "Login"] * 2
            assert [a["Events"] for a in asked[1::2]] == ["on", "off"]
        assert b"hunter2" not in pbx.raw


async def test_it_logs_in_with_the_plain_secret_when_told_to() -> None:
    async with manager() as pbx, link_to(pbx.port, auth="plain").open():
        assert [a["Action"] for a in pbx.asked if a["Action"] != "Ping"] == ["Login", "Login"]
        assert pbx.asked[0]["Secret"] == "demo"


async def test_the_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("demo\n")
    async with manager() as pbx, link_to(pbx.port, secret=None, secret_file=path).open():
        assert pbx.count("Login") == 2


@pytest.mark.parametrize("auth", ["md5", "plain"])
async def test_a_refused_login_names_user_reason_and_what_to_look_at(auth: str) -> None:
    async with manager() as pbx:
        with pytest.raises(LoginRefused) as refused:
            async with link_to(pbx.port, secret="wrong", auth=auth, username="anna").open():
                pass
    said = str(refused.value)
    assert f"127.0.0.1:{pbx.port}: login of 'anna' refused (Authentication failed)" in said
    assert "wrong secret" in said
    assert "ACL" in said
    assert "\n" not in said


async def test_a_manager_that_lets_a_user_in_once_only_is_named() -> None:
    """The second session is refused before its secret is looked at: ``process_message`` in ``main/manager.c``."""
    heard = Heard()
    async with manager() as pbx:
        usual = pbx.answers["Login"]
        pbx.answers["Login"] = lambda a: (
            reply(a, "Error", "Message: Login Already In Use") if pbx.count("Login") > 1 else usual(a)
        )
        link = link_to(pbx.port, heard)
        with pytest.raises(LoginRefused, match="set allowmultiplelogin = yes") as told:
            async with link.open():
                pass
    assert "wrong secret" not in str(told.value)


async def test_a_control_character_in_user_or_secret_is_refused_before_anything_is_sent() -> None:
    async with manager() as pbx:
        for keys in ({"username": "u\r\nAction: Logoff"}, {"secret": "demo\nAction: Logoff"}):
            with pytest.raises(LoginRefused, match="control character"):
                async with link_to(pbx.port, auth="plain", **keys).open():
                    pass
        assert pbx.asked == []


# ---- TLS ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pbx",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def server_side(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


async def test_it_speaks_tls_with_a_ca_of_its_own(certificate: Any, server_side: ssl.SSLContext) -> None:
    async with (
        manager(context=server_side) as pbx,
        link_to(pbx.port, tls=True, tls_ca=certificate[0], auth="plain").open() as protocol,
    ):
        assert pbx.count("Login") == 2
        assert protocol.transport.get_extra_info("cipher")


async def test_it_speaks_tls_unverified_when_told_to(server_side: ssl.SSLContext) -> None:
    async with manager(context=server_side) as pbx, link_to(pbx.port, tls=True, tls_verify=False).open():
        assert pbx.count("Login") == 2


async def test_a_certificate_of_nobody_known_is_refused_before_the_login(server_side: ssl.SSLContext) -> None:
    async with manager(context=server_side) as pbx:
        with pytest.raises(LinkError, match=r"TLS: .*self.signed"):
            async with link_to(pbx.port, tls=True).open():
                pass
        assert pbx.asked == []


async def test_tls_to_a_port_that_speaks_plainly_is_named() -> None:
    async with manager() as pbx:
        with pytest.raises(LinkError, match="TLS"):
            async with link_to(pbx.port, tls=True, tls_verify=False).open():
                pass


async def test_no_tls_to_a_port_that_speaks_tls_is_named(server_side: ssl.SSLContext) -> None:
    async with manager(context=server_side) as pbx:
        with pytest.raises(LinkError, match="is this an Asterisk manager port"):
            async with link_to(pbx.port).open():
                pass


async def test_a_ca_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    async with manager() as pbx:
        for path in (tmp_path / "none.pem", tmp_path):
            with pytest.raises(ConfigError, match=r"pbx\.tls_ca: cannot read"):
                async with link_to(pbx.port, tls=True, tls_ca=path).open():
                    pass


# ---- no manager there ---------------------------------------------------------------------------------------


async def test_a_closed_port_is_named() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with pytest.raises(LinkError, match=f"127.0.0.1:{port}: cannot connect: Connection refused"):
            async with link_to(port).open():
                pass


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example"])
async def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(LinkError, match="cannot connect"):
        async with link_to(5038, host=host).open():
            pass


async def test_a_server_that_says_nothing_is_named_and_let_go() -> None:
    """An HTTP server says nothing before it is asked. A connection left open for each try would pile up there."""
    async with saying(b"") as (port, gone):
        with pytest.raises(LinkError, match=r"no greeting within 0\.5 s .is this an Asterisk manager port"):
            async with link_to(port).open():
                pass
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize("first", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 9000])
async def test_a_server_that_says_something_else_is_named_and_let_go(first: bytes) -> None:
    async with saying(first) as (port, gone):
        with pytest.raises(LinkError, match=r"it said b'(220|HTTP|xxx)[^']*' .is this an Asterisk manager port"):
            async with link_to(port).open():
                pass
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_server_that_hangs_up_at_once_is_named_at_once() -> None:
    async with saying(b"", close=True) as (port, _):
        began = time.monotonic()
        with pytest.raises(LinkError, match="ended before a greeting"):
            async with link_to(port).open():
                pass
    assert time.monotonic() - began < session.CONNECT_S


async def test_a_banner_in_two_segments_is_a_banner() -> None:
    async with manager(banner=b"") as pbx:
        opening = asyncio.create_task(open_and_close(link_to(pbx.port)))
        await pbx.until(lambda: pbx.connections == 1)
        pbx.say(b"Asterisk Call Ma")
        await asyncio.sleep(0)
        pbx.say(b"nager/5.0\r\n")
        pbx.banner = BANNER
        await opening
        assert pbx.count("Login") == 2


async def open_and_close(link: Link) -> None:
    async with link.open():
        pass


# ---- asking -------------------------------------------------------------------------------------------------


async def test_an_action_without_an_answer_times_out_and_its_late_answer_does_no_harm() -> None:
    held: list[dict[str, str]] = []
    async with manager() as pbx:
        pbx.answers["QueuePause"] = held.append  # type: ignore[assignment]
        link = link_to(pbx.port)
        async with link.open():
            with pytest.raises(ActionTimeout, match=r"no answer to QueuePause within 0\.05 s"):
                await link.send(commands.queue_pause("PJSIP/1", True), 0.05)
            pbx.say(reply(held[0], "Error", "Message: too late"))
            answer = await link.send(commands.ping())
            assert answer["Ping"] == "Pong"
            assert link.actions and link.actions.protocol.responses == {}


async def test_answers_in_any_order_find_who_asked() -> None:
    held: list[dict[str, str]] = []
    async with manager() as pbx:
        pbx.answers["Getvar"] = held.append  # type: ignore[assignment]
        link = link_to(pbx.port)
        async with link.open():
            asked = [asyncio.create_task(link.send(commands.action("Getvar", Variable=str(n)))) for n in range(20)]
            await pbx.until(lambda: len(held) == 20)
            for action in reversed(held):
                pbx.say(reply(action, "Success", f"Value: {action['Variable']}"))
            assert [(await one)["Value"] for one in asked] == [str(n) for n in range(20)]


async def test_a_refusal_says_what_was_refused_and_why() -> None:
    async with manager() as pbx:
        pbx.answers["QueuePause"] = denied
        link = link_to(pbx.port)
        async with link.open():
            with pytest.raises(ActionRefused, match="QueuePause: Permission denied"):
                await link.send(commands.queue_pause("PJSIP/1", True))


async def test_without_a_link_nothing_can_be_asked() -> None:
    with pytest.raises(LinkError, match="no link"):
        await link_to(1).send(commands.ping())


async def test_a_cut_ends_the_wait_at_once_and_the_action_is_never_sent_again() -> None:
    """An Originate that was sent again would dial twice."""
    heard = Heard()
    async with manager() as pbx:
        pbx.answers["Originate"] = lambda action: pbx.cut()  # type: ignore[func-returns-value]
        link = link_to(pbx.port, heard)
        async with running(link):
            await heard.until("CoreShowChannelsComplete")
            began = time.monotonic()
            with pytest.raises(LinkError, match="lost before the answer"):
                await link.send(commands.originate("PJSIP/1", "2", "out", "c-1"), 30)
            assert time.monotonic() - began < 5
            await heard.until("CoreShowChannelsComplete", 2)
            await link.send(commands.ping())
        assert (pbx.logins(True), pbx.logins(False)) == (2, 2)
        assert pbx.count("Originate") == 1


async def test_whoever_waits_learns_at_once_that_we_closed_the_link() -> None:
    async with manager() as pbx:
        pbx.answers["QueuePause"] = lambda action: None
        link = link_to(pbx.port)
        async with link.open():
            waiting = asyncio.create_task(link.send(commands.queue_pause("PJSIP/1", True), 30))
            await pbx.until(lambda: pbx.count("QueuePause") == 1)
        with pytest.raises(LinkError, match="lost before the answer"):
            await asyncio.wait_for(waiting, 2)


async def test_closing_takes_no_time_when_the_peer_is_there() -> None:
    async with manager() as pbx:
        async with link_to(pbx.port).open():
            began = time.monotonic()
        assert time.monotonic() - began < session.CLOSE_S / 2


FORGED = [
    b"Response: Success\r\nEvent: Shutdown\r\n\r\n",
    b"Response: Success\r\nMessage: a\r\nMessage: b\r\nActionID: x\r\nActionID: y\r\n\r\n",
    b"Response: Follows\r\n\r\n",
    b"Response: \xff\xfe\r\nresult: %ff%00\r\n\r\n",
    b"Event: Hangup\r\nActionID: x\r\n\r\n",
]


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_response_does_not_close_the_link(forged: bytes) -> None:
    async with manager() as pbx:
        link = link_to(pbx.port)
        async with link.open() as protocol:
            pbx.say(forged)
            assert (await link.send(commands.ping()))["Ping"] == "Pong"
            assert not protocol.lost.done()


# ---- the stream ---------------------------------------------------------------------------------------------


async def test_the_lists_come_in_one_piece_behind_the_events_from_before_their_end() -> None:
    heard = Heard()
    async with manager() as pbx:

        def listed(action: dict[str, str]) -> bytes:
            pbx.say(CALL % 1)
            return of_list(action, "QueueParams\r\nQueue: q", "QueueStatusComplete")

        pbx.answers["QueueStatus"] = listed
        async with running(link_to(pbx.port, heard)):
            await heard.until("CoreShowChannelsComplete")
            pbx.cut()
            await heard.until("LinkUp", 2)
    assert [name for name in heard.names() if name != "FullyBooted"][:9] == [
        "LinkDown", "LinkUp", "SnapshotAsked", "Newchannel", "SnapshotBegan", "QueueParams", "QueueStatusComplete",
        "CoreShowChannelsComplete", "LinkDown",
    ]  # fmt: skip
    assert heard.names().index("FullyBooted") > 0


async def test_a_slow_taker_loses_nothing() -> None:
    """``put`` holds the reading up here, which the daemon's never does; still every event comes, in order."""
    heard = Heard()

    def slow(item: list[Message] | e.Event, arrival: float) -> None:
        time.sleep(0.002)
        heard.put(item, arrival)

    async with manager() as pbx:
        link = Link(Pbx(port=pbx.port, secret="demo"), slow)
        async with link.open():
            for n in range(3000):
                pbx.say(CALL % n)
            pbx.say(BOOTED)
            await heard.until("FullyBooted", 2)
    calls = [raw for raw in heard.messages() if raw.startswith(b"Event: Newchannel")]
    assert calls == [(CALL % n)[:-4] for n in range(3000)]


async def test_refused_channels_are_named_and_calls_that_are_up_stay_up() -> None:
    heard = Heard()
    async with manager() as pbx:
        pbx.answers["CoreShowChannels"] = denied
        pbx.answers["QueueStatus"] = lambda a: of_list(a, "QueueStatusComplete")
        link = link_to(pbx.port, heard)
        async with running(link):
            await heard.until("LinkUp")
            pbx.say(CALL % 1)
            await heard.until("LegsListed")
            await heard.until("Newchannel")
        assert link.refused == {"CoreShowChannels": f"127.0.0.1:{pbx.port}: CoreShowChannels: Permission denied"}
    floor = Floor()
    for one in heard.flat():
        event = translate(one, time.time()) if isinstance(one, Message) else one
        assert event is not None
        floor.apply(event)
    assert floor.synced
    floor.apply(e.Tick(time.time() + 60))
    assert floor.now(0.0).calls == 1


# ---- losing it and coming back ------------------------------------------------------------------------------


async def test_a_silent_peer_is_noticed_and_connected_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PING_S", 0.05)
    monkeypatch.setattr(session, "SILENCE_S", 0.2)
    heard = Heard()
    async with manager() as pbx:
        link = link_to(pbx.port, heard)
        async with running(link):
            await heard.until("CoreShowChannelsComplete")
            await pbx.until(lambda: pbx.count("Ping") >= 3)
            assert heard.names().count("LinkDown") == 1
            usual = pbx.answers["Ping"]
            pbx.answers["Ping"] = lambda action: None
            await heard.until("LinkDown", 2)
            assert "nothing heard for 0.2 s" in link.failure
            pbx.answers["Ping"] = usual
            await heard.until("LinkUp", 2)
        assert pbx.logins(True) == 2


async def test_a_refused_login_is_tried_again_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "REFUSED_S", (0.01, 0.02))
    heard = Heard()
    async with manager(secret="new") as pbx:
        link = link_to(pbx.port, heard)
        async with running(link):
            await heard.until("LinkDown", 3)
            assert "login of 'callcenter' refused" in link.failure
            pbx.secret = "demo"
            await heard.until("LinkUp")
            assert link.failure == ""


async def test_it_comes_up_when_asterisk_does(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def noted(count: int, refused: bool) -> float:
        assert not refused
        tries.append(count)
        return 0.001

    monkeypatch.setattr(linking, "pause_before", noted)
    heard = Heard()
    async with saying(b"", close=True) as (port, _), running(link_to(port, heard)):
        await heard.until("LinkDown", 6)
    assert tries[:4] == [1, 2, 3, 4]


def test_the_pause_grows_to_a_limit_and_has_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for tries, most in ((1, 1.0), (2, 2.0), (4, 8.0), (6, 30.0), (1000, 30.0)):
        pauses = [pause_before(tries, False) for _ in range(300)]
        assert most / 2 <= min(pauses) < most * 0.6
        assert most * 0.9 < max(pauses) <= most
        assert len(set(pauses)) > 290


def test_after_a_refused_login_the_pause_is_long_from_the_start() -> None:
    """Asterisk's guard may ban who asks too often: at most twelve tries in ten minutes, however the dice fall."""
    pauses = [pause_before(1, True) for _ in range(300)]
    assert 1 + 600 / min(pauses) <= 12
    assert 55 <= min(pauses) < 58
    assert 67 < max(pauses) <= 70

"""Two sessions at tiny managers: what is lost with which, how soon a silent one is noticed, when a hole begins."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import pytest
from listening import Heard, linked
from tiny_manager import Action, denied, manager, of_list, reply

from callcenter.ami import commands, session
from callcenter.ami import link as linking
from callcenter.ami.framing import Message
from callcenter.floor import events as e

CALL = "Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: {}\r\nChannelState: 4\r\nUniqueid: 1.1\r\n\r\n"
NOTICED_S = {
    "no greeting": session.CONNECT_S,
    "no answer to the login": session.ANSWER_S,
    "silence later": session.PING_S + session.SILENCE_S,
}


pytestmark = pytest.mark.usefixtures("short_waits")


# ---- silence --------------------------------------------------------------------------------------------------


def test_a_half_open_link_is_noticed_within_15_s_in_every_phase() -> None:
    """By the waits as they are; that they end is shown below."""
    assert max(NOTICED_S.values()) <= 15


@pytest.mark.parametrize("asked", ["Challenge", "Login"])
async def test_silence_while_logging_in_is_noticed(asked: str) -> None:
    heard = Heard()
    async with manager() as pbx:
        usual = pbx.answers[asked]
        pbx.answers[asked] = lambda action: None
        async with linked(pbx, heard, wait=False) as link:
            await heard.until(lambda: len(heard.of(e.LinkDown)) == 2, 3)
            assert f"no answer to {asked}" in link.failure
            pbx.answers[asked] = usual
            await heard.until(heard.lists)


async def test_silence_of_the_events_is_a_hole() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        began = time.monotonic()
        pbx.deafen(with_events=True)
        await heard.until(lambda: len(heard.of(e.LinkDown)) == 2, 3)
        assert time.monotonic() - began < 0.1 + 0.3 + session.CLOSE_S * 2 + 0.5
        assert "nothing heard for 0.3 s" in link.failure
        await heard.until(lambda: len(heard.of(e.LinkUp)) == 2)


async def test_silence_of_the_actions_is_no_hole() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.deafen(with_events=False)
        await heard.until(lambda: heard.lists() == 2)
        assert (pbx.logins(True), pbx.logins(False)) == (1, 2)
        assert (await link.send(commands.ping()))["Ping"] == "Pong"
    assert (len(heard.of(e.LinkUp)), len(heard.of(e.LinkDown))) == (1, 1)


@pytest.mark.parametrize("with_events", [True, False])
async def test_silence_in_the_middle_of_a_list_is_noticed_and_nothing_of_it_is_told(with_events: bool) -> None:
    heard = Heard()
    half: list[Action] = []

    async with manager() as pbx:
        usual = pbx.answers["QueueStatus"]

        def halved(action: Action) -> bytes | None:
            half.append(action)
            if len(half) > 1:
                return usual(action)
            pbx.answers["QueueStatus"] = usual
            pbx.of(False)[0].write(of_list(action, "QueueParams\r\nQueue: half"))
            pbx.deafen(with_events)
            return None

        pbx.answers["QueueStatus"] = halved
        async with linked(pbx, heard):
            pass
    assert not [m for m in heard.flat if isinstance(m, Message) and b"half" in m.raw]
    assert len(heard.of(e.SnapshotBegan)) == 1
    assert pbx.logins(with_events) == 2


async def test_a_daemon_that_was_stopped_for_a_while_keeps_its_link() -> None:
    """SIGSTOP: much time passes between a ping and the look for its answer, which lies in the socket."""
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard):
        for _ in range(5):
            await asyncio.sleep(0.07)
            time.sleep(0.8)  # noqa: ASYNC251
        asked = pbx.count("Ping")
        await pbx.until(lambda: pbx.count("Ping") > asked + 4)
        assert (pbx.logins(True), pbx.logins(False)) == (1, 1)


# ---- the session of the actions -------------------------------------------------------------------------------


async def test_lost_actions_come_back_without_a_hole_and_events_go_on() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.answers["Challenge"] = lambda a: denied(a)
        pbx.cut(with_events=False)
        await pbx.until(lambda: link.actions is None)
        pbx.say(CALL.format(1795298528).encode())
        await heard.until(lambda: [m for m in heard.flat if isinstance(m, Message) and m.name == b"Newchannel"])
    assert (len(heard.of(e.LinkDown)), pbx.logins(True)) == (1, 1)


async def test_a_cut_of_the_actions_alone_is_followed_by_a_new_list() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.cut(with_events=False)
        await heard.until(lambda: heard.lists() == 2)
        assert link.actions_failure == ""
        assert (pbx.logins(True), pbx.logins(False), len(heard.of(e.LinkDown))) == (1, 2, 1)


async def test_lists_come_now_and_then_and_when_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    monkeypatch.setattr(linking, "WANTED_S", 0.02)
    async with manager() as pbx, linked(pbx, heard) as link:
        link.snapshot_wanted = True
        await heard.until(lambda: heard.lists() == 2, 2)
        assert not link.snapshot_wanted
        monkeypatch.setattr(linking, "RECONCILE_S", 0.05)
        link.snapshot_wanted = True
        await heard.until(lambda: heard.lists() >= 6, 5)


async def test_while_asterisk_is_loading_its_queues_nothing_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins are taken before app_queue is there; a list without it would end every wait."""
    monkeypatch.setattr(linking, "LOADING_S", (0.02, 60.0))
    heard = Heard()
    async with manager() as pbx:
        usual = pbx.answers["QueueStatus"]
        pbx.answers["QueueStatus"] = lambda a: reply(a, "Error", "Message: Invalid/unknown command: QueueStatus.")
        async with linked(pbx, heard, wait=False):
            await pbx.until(lambda: pbx.count("QueueStatus") > 3)
            assert heard.of(e.SnapshotBegan) == []
            pbx.answers["QueueStatus"] = usual
            await heard.until(heard.lists)


# ---- when a hole begins -------------------------------------------------------------------------------------


async def test_a_hole_begins_at_the_newest_time_that_the_events_brought() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.answers["Ping"] = lambda a: None
        pbx.say(CALL.format(1795299000.25).encode())
        await heard.until(lambda: any(isinstance(m, Message) and m.name == b"Newchannel" for m in heard.flat))
        pbx.cut()
        await heard.until(lambda: len(heard.of(e.LinkDown)) >= 2)
        assert link.known_until == 1795299000.25
    assert [down.since for down in heard.of(e.LinkDown)][:2] == [0.0, 1795299000.25]


async def test_a_pong_says_up_to_when_everything_was_told() -> None:
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.say(CALL.format(1795290000).encode())
        pbx.answers["Ping"] = lambda a: reply(a, "Success", "Ping: Pong", "Timestamp: 1795298600.5")
        for _ in range(2):
            await link.all_told()
        pbx.cut()
        await heard.until(lambda: len(heard.of(e.LinkDown)) >= 2)
        assert heard.of(e.LinkDown)[1].since == 1795298600.5


# ---- again and again ------------------------------------------------------------------------------------------


def _resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def test_200_reconnects_leave_no_file_task_or_memory_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "BACKOFF_S", (0.0, 0.0))
    heard = Heard()
    figures: list[tuple[int, int, int]] = []
    async with manager() as pbx, linked(pbx, heard):
        for n in range(250):
            pbx.cut()
            await heard.until(lambda: heard.of(e.LinkDown) and heard.lists())
            heard.flat.clear()
            pbx.asked.clear()
            pbx.raw = b""
            if n in (49, 249):
                await pbx.until(lambda: pbx.connections - pbx.ended == 2)
                gc.collect()
                figures.append((len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()), _resident_kb()))
    (files, tasks, memory), (files_after, tasks_after, memory_after) = figures
    assert abs(files_after - files) <= 1
    assert tasks_after <= tasks + 1
    assert memory_after <= memory * 1.05


async def test_a_wrong_password_is_tried_twelve_times_in_ten_minutes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    real = linking.pause_before

    def noted(tries: int, refused: bool) -> float:
        pauses.append(real(tries, refused))
        return 0.0

    monkeypatch.setattr(linking, "pause_before", noted)
    heard = Heard()
    async with manager(secret="another") as pbx, linked(pbx, heard, wait=False):
        await heard.until(lambda: sum(pauses) >= 600)
        assert len(pauses) <= 12
        assert pbx.count("Login") <= len(pauses) + 1



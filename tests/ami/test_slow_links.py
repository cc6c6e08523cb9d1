"""Links that are slow but live: a list that takes long, events that are late, and no session for actions."""

from __future__ import annotations

import asyncio

import pytest
from listening import Heard, linked
from tiny_manager import Action, denied, manager, of_list

from callcenter.ami import link as linking
from callcenter.ami import lists, session
from callcenter.ami.framing import Message
from callcenter.floor import events as e

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_a_list_that_keeps_coming_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre with many calls behind a narrow link: asking anew would never come to an end either."""
    monkeypatch.setattr(lists, "LIST_S", 0.3)
    heard, trickling = Heard(), []
    async with manager() as pbx:
        usual = pbx.answers["CoreShowChannels"]

        def begins(action: Action) -> bytes | None:
            rows = (f"CoreShowChannel\r\nUniqueid: 1.{n}" for n in range(12))
            whole = of_list(action, *rows, "CoreShowChannelsComplete\r\nListItems: 12")
            pbx.answers["CoreShowChannels"] = usual
            trickling.append(asyncio.create_task(trickle(whole.split(b"\r\n\r\n")[:-1])))
            return None

        async def trickle(parts: list[bytes]) -> None:
            for part in parts:
                for writer in pbx.of(False):
                    writer.write(part + b"\r\n\r\n")
                await asyncio.sleep(0.1)

        pbx.answers["CoreShowChannels"] = begins
        async with linked(pbx, heard):
            assert sum(isinstance(one, Message) and one.name == b"CoreShowChannel" for one in heard.flat) == 12
            assert pbx.logins(False) == 1
        await trickling[0]


async def test_a_list_that_stands_still_is_given_up_though_the_session_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LIST_S", 0.3)
    heard = Heard()
    async with manager() as pbx:
        usual = pbx.answers["CoreShowChannels"]

        def halts(action: Action) -> bytes | None:
            pbx.answers["CoreShowChannels"] = usual
            return of_list(action, "CoreShowChannel\r\nUniqueid: 1.1")

        pbx.answers["CoreShowChannels"] = halts
        async with linked(pbx, heard):
            assert (pbx.logins(True), pbx.logins(False)) == (1, 2)


async def test_while_events_are_late_the_lists_are_kept_and_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What makes events late is a PBX or a link that has too much to do already."""
    monkeypatch.setattr(session, "SILENCE_S", 10.0)
    monkeypatch.setattr(linking, "LOADING_S", (0.02, 60.0))
    heard = Heard()
    late: list[Action] = []
    async with manager() as pbx:
        pong, usual = pbx.answers["Ping"], pbx.answers["CoreShowChannels"]

        def listed(action: Action) -> bytes | None:
            pbx.answers["Ping"] = late.append  # type: ignore[assignment]
            return usual(action)

        pbx.answers["CoreShowChannels"] = listed
        async with linked(pbx, heard, wait=False):
            await pbx.until(lambda: bool(late))
            await asyncio.sleep(1.0)
            assert (pbx.count("CoreShowChannels"), heard.of(e.SnapshotBegan)) == (1, [])
            pbx.answers["CoreShowChannels"], pbx.answers["Ping"] = usual, pong
            for action in late:
                pbx.say(pong(action) or b"")
            await heard.until(heard.lists)
    assert pbx.count("CoreShowChannels") == 1


async def test_the_clock_can_be_asked_for_while_there_is_no_session_for_actions() -> None:
    """Events of an hour ago: whether they are late or the clock was set must be known before they are applied."""
    heard = Heard()
    async with manager() as pbx, linked(pbx, heard) as link:
        pbx.answers["Challenge"] = denied
        pbx.cut(with_events=False)
        await pbx.until(lambda: link.actions is None)
        asked = pbx.count("Ping")
        await link.look_at_clock()
        assert pbx.count("Ping") > asked

"""How the link tells a restart of the PBX from a cut: FullyBooted where it comes, else CoreStatus."""

from __future__ import annotations

import pytest
from listening import Heard, linked
from tiny_manager import BOOTED, Action, TinyManager, manager, reply

from callcenter.ami.framing import Message
from callcenter.floor import events as e

pytestmark = pytest.mark.usefixtures("short_waits")


def boots(heard: Heard) -> int:
    return sum(isinstance(one, Message) and one.name == b"FullyBooted" for one in heard.flat)


def says_no_boot(pbx: TinyManager) -> None:
    """The user lacks the class ``system``, or Asterisk is still loading."""
    usual = pbx.answers["Login"]
    pbx.answers["Login"] = lambda action: (usual(action) or b"").replace(BOOTED, b"")


def started(pbx: TinyManager, at: str) -> None:
    lines = ("CoreStartupDate: 2026-11-22", f"CoreStartupTime: {at}")
    pbx.answers["CoreStatus"] = lambda action: reply(action, "Success", *lines)


async def test_a_boot_is_told_when_the_time_of_the_pbx_is_known_and_not_before() -> None:
    """FullyBooted has no time of its own: by a clock that differs its Uptime would make any PBX a new one."""
    heard = Heard()
    async with manager() as pbx:
        usual = pbx.answers["Ping"]
        told: list[int] = []

        def silent_at_first(action: Action) -> bytes | None:
            told.append(boots(heard))
            return usual(action) if pbx.logins(True) > 1 else None

        pbx.answers["Ping"] = silent_at_first
        async with linked(pbx, heard) as link:
            assert link.failure == ""
        assert pbx.logins(True) == 2
        assert (told[0], told[1], boots(heard)) == (0, 0, 1)


@pytest.mark.parametrize("restarted", [True, False])
async def test_core_status_tells_a_restart_without_the_class_system(restarted: bool) -> None:
    heard = Heard()
    async with manager() as pbx:
        says_no_boot(pbx)
        started(pbx, "12:00:09")
        async with linked(pbx, heard):
            if restarted:
                # The manager's Pong says 02:02:07 of some zone; this boot was 7 s before it by any zone.
                started(pbx, "15:32:00")
            pbx.cut()
            await heard.until(lambda: heard.lists() == 2)
    assert 1795298527.5 % 900 == 127.5
    assert [round(boot.uptime_s, 0) for boot in heard.of(e.Booted)] == ([8] if restarted else [])
    order = [type(one) for one in heard.flat if isinstance(one, e.Booted | e.SnapshotBegan)]
    assert order == ([e.SnapshotBegan, e.Booted, e.SnapshotBegan] if restarted else [e.SnapshotBegan] * 2)


@pytest.mark.parametrize("loading", [True, False])
async def test_core_status_has_nothing_to_add_where_fully_booted_came(loading: bool) -> None:
    """It knows the quarter of an hour only: a boot of before it would be another one by that."""
    heard = Heard()
    async with manager() as pbx:
        started(pbx, "12:00:09")
        async with linked(pbx, heard):
            started(pbx, "15:32:00")
            if loading:
                says_no_boot(pbx)
            pbx.cut()
            await heard.until(lambda: heard.lists() == 2)
    assert len(heard.of(e.Booted)) == loading

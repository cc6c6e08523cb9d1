"""What a session at the manager interface promises to who asks."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from callcenter.ami import commands
from callcenter.ami.pbx_clock import PbxClock
from callcenter.ami.session import Session


class Answered:
    """A protocol whose one answer comes when the test says so."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.answer: asyncio.Future[Any] = loop.create_future()
        self.responses: dict[str, Any] = {}

    def send(self, action: Any, as_list: bool) -> asyncio.Future[Any]:
        return self.answer


async def test_who_is_ended_while_the_answer_comes_is_ended() -> None:
    """As after a while of being stopped: the answer and the end of the other session are there at the same moment.

    Who goes on then keeps the link from ever coming back.
    """
    protocol = Answered()
    asking = asyncio.create_task(Session("here", protocol).ask(commands.ping()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    protocol.answer.set_result(SimpleNamespace(success=True))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("step_s", [0.0, 3600.0, -3600.0])
def test_up_to_when_a_session_told_everything_is_by_the_clock_of_now(step_s: float) -> None:
    """The other session's Pong told that it was set: the hole that begins then was an hour too long, or none."""
    pbx_clock = PbxClock(2.0)
    pbx_clock.told(1007.0, 1000.0, 1000.0)
    session = Session("here", SimpleNamespace(newest=None))  # type: ignore[arg-type]
    session.ponged = 1010.0, 1017.0
    pbx_clock.told(1019.0 + step_s, 1012.0, 1012.0)
    assert session.known_until(pbx_clock) == 1017.0 + step_s

"""What a session at the manager interface promises to who asks."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from callcenter.ami import commands
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

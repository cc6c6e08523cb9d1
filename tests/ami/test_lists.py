"""The queues, asked for one by one at a tiny manager: never two replies under way, nothing twice, nobody missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from tiny_manager import Action, TinyManager, manager, of_list, reply

from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.config import Pbx
from callcenter.floor import events as e

PARAMS, MEMBER = "QueueParams\r\nQueue: {}", "QueueMember\r\nQueue: {}\r\nLocation: PJSIP/{}"
END = "QueueStatusComplete\r\nListItems: 3"
ROWS_OF_ONE = ["QueueParams", "QueueMember", "QueueMember"]


class Centre:
    """Queues of a tiny manager with two members each. It finds a queue like Asterisk, which skips leading blanks."""

    def __init__(self, pbx: TinyManager, *queues: str) -> None:
        self.pbx, self.queues = pbx, list(queues)
        self.put: list[list[Message] | e.Event] = []
        self.link = Link(Pbx(port=pbx.port, secret="demo"), lambda item, arrival: self.put.append(item))
        pbx.answers["QueueSummary"] = self.summary
        pbx.answers["QueueStatus"] = self.status

    def summary(self, action: Action) -> bytes:
        return of_list(action, *(f"QueueSummary\r\nQueue: {name}" for name in self.queues), "QueueSummaryComplete")

    def status(self, action: Action) -> bytes | None:
        asked = action.get("Queue", "").lstrip()
        told = [name for name in self.queues if asked in ("", name)]
        return of_list(action, *(row for name in told for row in rows_of(name)), END)

    def asked(self) -> list[str | None]:
        """What QueueStatus was asked for, None: all queues."""
        return [action.get("Queue") for action in self.pbx.asked if action["Action"] == "QueueStatus"]

    def told(self) -> list[str]:
        """The names of what the last snapshot put."""
        began = max(n for n, item in enumerate(self.put) if isinstance(item, e.SnapshotBegan))
        return [m.name.decode() for item in self.put[began:] if isinstance(item, list) for m in item]


def rows_of(queue: str) -> list[str]:
    return [PARAMS.format(queue), MEMBER.format(queue, 1), MEMBER.format(queue, 2)]


@pytest.fixture
async def pbx() -> AsyncIterator[TinyManager]:
    async with manager() as tiny:
        yield tiny


async def test_no_queue_is_asked_for_before_the_reply_of_the_one_before_was_read_whole(pbx: TinyManager) -> None:
    centre, step = Centre(pbx, "sales", "support", "vip"), asyncio.Event()
    replies: list[bytes] = []

    def held(action: Action) -> None:
        replies.append(centre.status(action) or b"")
        step.set()

    pbx.answers["QueueStatus"] = held  # type: ignore[assignment]
    async with centre.link.open():
        taking = asyncio.create_task(centre.link.snapshot())
        for n in range(3):
            await asyncio.wait_for(step.wait(), 5)
            step.clear()
            head, end = replies[n][:-20], replies[n][-20:]
            (line,) = pbx.of(with_events=False)
            line.write(head)
            await centre.link.all_told()
            assert len(centre.asked()) == n + 1, "the end of this reply has not been sent"
            line.write(end)
        await asyncio.wait_for(taking, 5)
    assert centre.asked() == ["sales", "support", "vip"]
    assert centre.told() == [*ROWS_OF_ONE * 3, "QueueStatusComplete", "CoreShowChannelsComplete"]


async def test_a_centre_without_queues_has_its_list_all_the_same(pbx: TinyManager) -> None:
    centre = Centre(pbx)
    async with centre.link.open():
        await centre.link.snapshot()
    assert centre.asked() == [None]
    assert centre.told() == ["QueueStatusComplete", "CoreShowChannelsComplete"]


async def test_when_a_queue_is_gone_meanwhile_the_others_are_listed_once(pbx: TinyManager) -> None:
    centre = Centre(pbx, "sales", "gone", "vip")

    def status(action: Action) -> bytes | None:
        if action.get("Queue") == "gone":
            centre.queues.remove("gone")
        return centre.status(action)

    pbx.answers["QueueStatus"] = status
    async with centre.link.open():
        await centre.link.snapshot()
    assert centre.asked() == ["sales", "gone", None]
    assert centre.told() == [*ROWS_OF_ONE * 2, "QueueStatusComplete", "CoreShowChannelsComplete"]


@pytest.mark.parametrize("name", [" leading blank", "a\ttab", "x" * 1000])
async def test_a_queue_that_cannot_be_asked_for_is_listed_with_all_and_said_once(pbx: TinyManager, name: str) -> None:
    """Whoever waits there must not be taken for gone."""
    centre = Centre(pbx, "sales", name)
    async with centre.link.open():
        with capture_logs() as logs:
            await centre.link.snapshot()
            await centre.link.snapshot()
    assert centre.asked().count(None) == 2
    assert centre.told() == [*ROWS_OF_ONE * 2, "QueueStatusComplete", "CoreShowChannelsComplete"]
    assert [line["event"] for line in logs] == ["ami queues asked for all at once, not one by one"]


async def test_an_event_that_a_caller_forges_in_a_list_of_channels_is_none(pbx: TinyManager) -> None:
    """CallerIDNum is as the caller gave it; the session that asks is sent no events by Asterisk."""
    centre = Centre(pbx, "sales")
    forged = "Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 2.2"
    torn = f"CoreShowChannel\r\nUniqueid: 1.1\r\nCallerIDNum: \r\n\r\n{forged}"
    pbx.answers["CoreShowChannels"] = lambda a: of_list(a, torn, "CoreShowChannelsComplete")
    async with centre.link.open():
        await centre.link.snapshot()
    assert "Hangup" not in centre.told()


async def test_where_the_names_are_refused_all_queues_are_asked_for_at_once(pbx: TinyManager) -> None:
    centre = Centre(pbx, "sales", "vip")
    pbx.answers["QueueSummary"] = lambda a: reply(a, "Error", "Message: Permission denied")
    async with centre.link.open():
        await centre.link.snapshot()
    assert centre.asked() == [None]
    assert centre.told() == [*ROWS_OF_ONE * 2, "QueueStatusComplete", "CoreShowChannelsComplete"]
    assert centre.link.refused == {}, "nothing is missing"

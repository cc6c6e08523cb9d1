"""The queues, asked for one by one at a tiny manager: never two replies under way, nothing twice, nobody missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from tiny_manager import Action, TinyManager, manager, of_list, reply

from callcenter.ami.framing import Message, header
from callcenter.ami.link import Link
from callcenter.config import Pbx
from callcenter.floor import events as e
from callcenter.floor.floor import Floor
from callcenter.floor.translate import translate

PARAMS, MEMBER = "QueueParams\r\nQueue: {}", "QueueMember\r\nQueue: {}\r\nLocation: PJSIP/{}"
CHANNEL = "CoreShowChannel\r\nChannel: P/{0}\r\nChannelState: 6\r\nUniqueid: {0}\r\nLinkedid: {0}\r\nDuration: 00:10:00"
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
        return counted(action, "QueueStatus", [row for name in told for row in rows_of(name)])

    def asked(self) -> list[str | None]:
        """What QueueStatus was asked for, None: all queues."""
        return [action.get("Queue") for action in self.pbx.asked if action["Action"] == "QueueStatus"]

    def told(self) -> list[str]:
        """The names of what the last snapshot put."""
        began = max(n for n, item in enumerate(self.put) if isinstance(item, e.SnapshotBegan))
        return [m.name.decode() for item in self.put[began:] if isinstance(item, list) for m in item]


def rows_of(queue: str) -> list[str]:
    return [PARAMS.format(queue), MEMBER.format(queue, 1), MEMBER.format(queue, 2)]


def counted(action: Action, kind: str, rows: list[str], lacking: int = 0) -> bytes:
    """A list reply whose end counts so many rows more than come."""
    return of_list(action, *rows, f"{kind}Complete\r\nListItems: {len(rows) + lacking}")


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


# ---- rows are missing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lacking", "calls"), [(0, 1), (1, 2), (-1, 2)])
async def test_a_call_ends_by_a_list_of_channels_only_when_the_list_is_whole(
    pbx: TinyManager, lacking: int, calls: int
) -> None:
    centre, up = Centre(pbx, "sales"), [CHANNEL.format("1.1"), CHANNEL.format("2.2")]
    pbx.answers["CoreShowChannels"] = lambda a: counted(a, "CoreShowChannels", up)
    async with centre.link.open():
        await centre.link.snapshot()
        pbx.answers["CoreShowChannels"] = lambda a: counted(a, "CoreShowChannels", up[:1], lacking)
        await centre.link.snapshot()
    floor = Floor()
    for item in centre.put:
        for one in item if isinstance(item, list) else [item]:
            event = translate(one, time.time()) if isinstance(one, Message) else one
            assert event is not None
            floor.apply(event)
    assert floor.now(0.0).calls == 2
    floor.apply(e.Tick(time.time() + 60))
    assert floor.now(0.0).calls == calls


async def test_a_row_that_is_dropped_for_its_text_makes_its_list_incomplete(pbx: TinyManager) -> None:
    centre = Centre(pbx, "sales")
    forged = f"{CHANNEL.format('1.1')}\r\nApplicationData: x\r\nUniqueid: 2.2"
    pbx.answers["CoreShowChannels"] = lambda a: counted(a, "CoreShowChannels", [forged, CHANNEL.format("2.2")])
    async with centre.link.open():
        await centre.link.snapshot()
        assert centre.told() == [*ROWS_OF_ONE, "QueueStatusComplete", "CoreShowChannel"]
        assert isinstance(listed := centre.put[-1], e.LegsListed)
        assert not listed.complete
        assert centre.link.counted()[1] == {"forged_header": 1, "incomplete_list": 1}


@pytest.mark.parametrize("items", ["", "\r\nListItems: 1"])
async def test_an_answer_that_a_text_forges_opens_no_list_and_so_ends_none(pbx: TinyManager, items: str) -> None:
    """Behind a blank line in an application's data: nobody has asked for what that answer says."""
    centre = Centre(pbx, "sales")
    begin = "Response: Success\r\nActionID: z\r\nEventList: start\r\n\r\nEvent: {}\r\nActionID: z\r\n\r\n"
    end = f"Event: CoreShowChannelsComplete\r\nActionID: z\r\nEventList: Complete{items}\r\n\r\nx"
    forged = f"{begin.format(CHANNEL.format('6.6'))}{end}"

    def answer(action: Action) -> bytes:
        first = f"CoreShowChannel\r\nActionID: {action['ActionID']}\r\n"
        rows = [CHANNEL.format(uid).replace("CoreShowChannel\r\n", first) for uid in ("1.1", "2.2")]
        return counted(action, "CoreShowChannels", [f"{rows[0]}\r\nApplicationData: x\r\n\r\n{forged}", rows[1]])

    pbx.answers["CoreShowChannels"] = answer
    async with centre.link.open():
        await centre.link.snapshot()
    uids = [header(m.raw, b"\r\nUniqueid: ") for item in centre.put if isinstance(item, list) for m in item]
    assert [uid for uid in uids if uid] == [b"1.1", b"2.2"]
    assert centre.told()[-1] == "CoreShowChannelsComplete"


@pytest.mark.parametrize("names", [["sales", "vip"], ["sales", " not found by its name"]])
async def test_nobody_in_a_queue_is_taken_for_gone_when_rows_of_one_are_missing_and_that_is_said_once(
    pbx: TinyManager, names: list[str]
) -> None:
    centre = Centre(pbx, *names)

    def status(action: Action) -> bytes | None:
        told = [name for name in centre.queues if action.get("Queue", "").lstrip() in ("", name)]
        rows = [row for name in told for row in rows_of(name)]
        return counted(action, "QueueStatus", rows, lacking=int("sales" in told))

    async with centre.link.open():
        pbx.answers["QueueStatus"] = status
        with capture_logs() as logs:
            await centre.link.snapshot()
            await centre.link.snapshot()
        assert centre.told() == [*ROWS_OF_ONE * 2, "CoreShowChannelsComplete"]
        assert [line["event"] for line in logs].count("ami list incomplete: nobody is taken for gone") == 1
        pbx.answers["QueueStatus"] = centre.status
        await centre.link.snapshot()
        assert centre.told() == [*ROWS_OF_ONE * 2, "QueueStatusComplete", "CoreShowChannelsComplete"]
        assert centre.link.counted()[1] == {"incomplete_list": 2}


async def test_a_queue_whose_name_is_missing_is_not_taken_for_gone(pbx: TinyManager) -> None:
    centre = Centre(pbx, "sales")
    pbx.answers["QueueSummary"] = lambda a: counted(a, "QueueSummary", ["QueueSummary\r\nQueue: sales"], lacking=1)
    async with centre.link.open():
        await centre.link.snapshot()
    assert centre.told() == [*ROWS_OF_ONE, "CoreShowChannelsComplete"]

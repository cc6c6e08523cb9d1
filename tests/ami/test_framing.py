"""The framer: any slicing gives the same messages; what Asterisk would not have sent is dropped and counted."""

from __future__ import annotations

import random
import re
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.ami.framing import LIST_EVENTS, LONGEST, Framer, Message, header
from callcenter.floor.translate import WANTED

ALL = dict.fromkeys(
    [b"Hangup", b"Newchannel", b"QueueParams", b"QueueMember", b"QueueEntry", b"QueueStatusComplete",
     b"QueueSummary", b"QueueSummaryComplete", b"CoreShowChannel", b"CoreShowChannelsComplete", b"FullyBooted"], b""
)  # fmt: skip
HANGUP = b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nCause: 16"
END = b"\r\n\r\n"


def fed(stream: bytes, sizes: list[int]) -> tuple[list[Message], Framer]:
    """Everything a framer gives when the stream comes in pieces of these sizes, over and over."""
    framer, out, at, turn = Framer(WANTED), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        out += framer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    return out, framer


def plainly(stream: bytes) -> list[bytes]:
    """The wanted events of a well-formed stream by the plainest means: split, and look at the first line."""
    found = []
    for raw in (part.lstrip(b"\r\n") for part in stream.split(END)[:-1]):
        first, _, rest = raw.partition(b"\r\n")
        name = first.removeprefix(b"Event: ")
        if first.startswith(b"Event: ") and name in WANTED and WANTED[name] in b"\r\n" + rest:
            found.append(raw)
    return found


def listed(action_id: bytes, *events: bytes) -> bytes:
    """A list reply: its response, then the events as given."""
    start = b"Response: Success\r\nActionID: " + action_id + b"\r\nEventList: start\r\nMessage: will follow"
    return b"".join(part + END for part in (start, *events))


def of_list(name: bytes, action_id: bytes, more: bytes = b"") -> bytes:
    return b"Event: " + name + more + b"\r\nActionID: " + action_id


def names(messages: list[Message]) -> list[bytes]:
    return [m.name for m in messages if m.name]


# ---- slicing ------------------------------------------------------------------------------------------------


def test_all_wanted_events_of_real_captures_come_out_and_none_is_dropped(streams: dict[str, bytes]) -> None:
    for stream in streams.values():
        messages, framer = fed(stream, [65536])
        assert [m.raw for m in messages if m.name] == plainly(stream)
        assert len(plainly(stream)) > 500
        assert not framer.dropped
        assert framer.banner.startswith(b"Asterisk Call Manager/")


def test_a_capture_fed_byte_by_byte_gives_the_same(stream: bytes) -> None:
    whole, one = fed(stream, [len(stream)]), fed(stream, [1])
    assert whole[0] == one[0]
    assert (whole[1].seen, whole[1].dropped) == (one[1].seen, one[1].dropped)


@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_slicing_of_a_capture_gives_the_same_messages(stream: bytes, sizes: list[int]) -> None:
    piece = stream[:200_000]
    whole, cut = fed(piece, [len(piece)]), fed(piece, sizes)
    assert cut[0] == whole[0]
    assert (cut[1].seen, cut[1].dropped, cut[1].pending) == (whole[1].seen, whole[1].dropped, whole[1].pending)


FRAGMENTS = st.sampled_from([
    b"\r", b"\n", b"\r\n", END, HANGUP, HANGUP + END, b"Event: Nothing\r\nPrivilege: x", b"Event: Hangup", b"x: y",
    b"Response: Success\r\nActionID: 1\r\nEventList: start", b"Event: QueueMember\r\nActionID: 1",
    b"Event: QueueStatusComplete\r\nActionID: 1", b"Asterisk Call Manager/9\r\n", b"\x00", "ö".encode(), b"a" * LONGEST,
])  # fmt: skip


@given(parts=st.lists(FRAGMENTS, max_size=25), sizes=st.lists(st.sampled_from([1, 2, 3, 5, 77, 4096, 300_000])))
@settings(max_examples=150, deadline=None)
def test_any_slicing_of_rubbish_gives_the_same_messages(parts: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(parts)
    sizes = [*sizes, 50_000]
    whole, cut = fed(stream, [len(stream) or 1]), fed(stream, sizes)
    assert cut[0] == whole[0]
    assert cut[1].seen == whole[1].seen
    ended = stream + END  # what is still pending counts as endless sooner or later, by how it came
    assert fed(ended, sizes)[1].dropped == fed(ended, [len(ended)])[1].dropped


def test_a_letter_split_over_two_segments_survives() -> None:
    raw = HANGUP + "\r\nCallerIDName: رضا کریمی Ünï".encode()
    for cut in range(len(raw)):
        framer = Framer(ALL)
        messages = framer.feed(raw[:cut]) + framer.feed(raw[cut:] + END)
        assert header(messages[0].raw, b"\r\nCallerIDName: ").decode() == "رضا کریمی Ünï"


# ---- what is not looked at ----------------------------------------------------------------------------------


def test_an_unwanted_event_is_not_looked_into() -> None:
    """It would be dropped and counted for its missing Privilege if anything behind its name were read."""
    framer = Framer(ALL)
    assert framer.feed(b"Event: RTCPSent\r\nnonsense" + END) == []
    assert framer.seen == 1
    assert not framer.dropped


def test_only_the_variable_asked_for_is_let_through() -> None:
    def varset(variable: bytes) -> bytes:
        return b"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: " + variable + b"\r\nValue: TIMEOUT" + END

    framer = Framer(WANTED)
    messages = framer.feed(varset(b"QUEUESTATUS") + varset(b"SIPURI") + varset(b"XQUEUESTATUS"))
    assert [header(m.raw, b"\r\nVariable: ") for m in messages] == [b"QUEUESTATUS"]


def test_the_banner_is_kept_and_the_response_behind_it_is_a_message() -> None:
    framer = Framer(ALL)
    messages = framer.feed(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 7" + END)
    assert framer.banner == b"Asterisk Call Manager/11.0.0"
    assert messages == [Message(b"", b"Response: Success\r\nActionID: 7")]


@pytest.mark.parametrize("stray", [b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n", b"\n", b"\r\n" * 9])
def test_stray_line_breaks_between_messages_do_no_harm(stray: bytes) -> None:
    framer = Framer(ALL)
    messages = framer.feed(HANGUP + END + stray + HANGUP + END)
    assert messages == [Message(b"Hangup", HANGUP)] * 2
    assert not framer.dropped


def test_what_is_neither_event_nor_response_is_counted() -> None:
    framer = Framer(ALL)
    assert names(framer.feed(b"HTTP/1.1 400 Bad Request\r\nServer: x" + END + HANGUP + END)) == [b"Hangup"]
    assert framer.dropped == {"no_message": 1}


# ---- forgeries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [b"Uniqueid: 1.1\r\nPrivilege: call,all", b"ActionID: 1", b"privilege: x"])
def test_an_event_without_privilege_as_its_second_header_is_dropped_and_counted(second: bytes) -> None:
    framer = Framer(ALL)
    forged = b"Event: Hangup\r\n" + second + b"\r\nCause: 16"
    assert framer.feed(forged + END + HANGUP + END) == [Message(b"Hangup", HANGUP)]
    assert framer.dropped == {"no_privilege": 1}


def test_an_event_with_two_uniqueids_is_dropped_and_counted() -> None:
    framer = Framer(ALL)
    assert framer.feed(HANGUP + b"\r\nUniqueid: 9.9" + END + HANGUP + END) == [Message(b"Hangup", HANGUP)]
    assert framer.dropped == {"forged_header": 1}


@pytest.mark.parametrize("name", LIST_EVENTS)
def test_a_list_event_without_a_list_is_dropped_and_counted(name: bytes) -> None:
    for stray in (of_list(name, b"q1"), b"Event: " + name + b"\r\nPrivilege: agent,all"):
        framer = Framer(ALL)
        assert framer.feed(stray + END) == []
        assert framer.dropped == {"no_such_list": 1}


def test_a_list_event_comes_through_in_the_list_of_its_action_only() -> None:
    framer = Framer(ALL)
    messages = framer.feed(listed(b"q1", of_list(b"QueueParams", b"q1"), of_list(b"QueueMember", b"q2")))
    assert names(messages) == [b"QueueParams"]
    assert framer.dropped == {"no_such_list": 1}


def test_a_forged_hangup_inside_a_list_reply_is_dropped_though_it_carries_our_action_id() -> None:
    """As measured: a line break in a caller's name tears QueueEntry in two, Asterisk's ActionID ends the forgery."""
    entry = b"Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 1.1\r\nCallerIDName: x"
    forged = b"Event: Hangup\r\nUniqueid: 5.5\r\nWait: 3\r\nActionID: q1"
    framer = Framer(ALL)
    messages = framer.feed(listed(b"q1", of_list(b"QueueParams", b"q1"), entry, forged, of_list(b"QueueMember", b"q1")))
    assert names(messages) == [b"QueueParams", b"QueueEntry", b"QueueMember"], "who tears its entry waits all the same"
    assert framer.dropped == {"torn_row": 1}


FORGED = {
    "the end of the list": b"Event: QueueStatusComplete\r\nListItems: 3",
    "an end with an id that is none": b"Event: QueueStatusComplete\r\nActionID: q\r\nListItems: 3",
    "a member": b"Event: QueueMember\r\nQueue: sales\r\nLocation: PJSIP/666",
    "somebody else who waits": b"Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 6.6",
    "an event": b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 2.2",
    "what nobody wants": b"Event: Nonsense",
    "an answer": b"Response: Success\r\nActionID: 7",
    "nothing at all": b"x",
}


@pytest.mark.parametrize("again", [b"", b"\r\n\r\nEvent: QueueEntry\r\nUniqueid: 7.7"])
@pytest.mark.parametrize("what", FORGED)
def test_nothing_of_a_torn_entry_is_taken_but_that_its_caller_waits(what: str, again: bytes) -> None:
    entry = b"Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 1.1\r\nCallerIDNum: x"
    rest = again + b"\r\nWait: 3\r\nActionID: q1"
    other = of_list(b"QueueEntry", b"q1", b"\r\nUniqueid: 2.2")
    begin, end = of_list(b"QueueParams", b"q1"), of_list(b"QueueStatusComplete", b"q1")
    _, *messages = Framer(ALL).feed(listed(b"q1", begin, entry, FORGED[what] + rest, other, end))
    found = [header(m.raw, b"\r\nUniqueid: ") for m in messages if m.name == b"QueueEntry"]
    assert [m.name for m in messages] == [b"QueueParams", b"QueueEntry", b"QueueEntry", b"QueueStatusComplete"]
    assert found == [b"1.1", b"2.2"]


FORGERIES = {
    "a boot": b"1\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all\r\nUptime: 0",
    "a pause": b"1\r\n\r\nEvent: QueueMemberPause\r\nPrivilege: agent,all\r\nQueue: s\r\nInterface: P/1\r\nPaused: 1",
    "an end behind nonsense": b"1\r\n\r\nEvent: x\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\n",
    "an answer": b"1\r\n\r\nResponse: Success\r\nActionID: 7",
    "a blank line": b"1\r\n\r\n2",
    "half a blank line": b"1\r\n",
}


@pytest.mark.parametrize("where", [b"CallerIDNum", b"ConnectedLineNum", b"Exten"])
@pytest.mark.parametrize("what", FORGERIES)
def test_nothing_is_taken_from_a_number_that_tears_an_event_wanted_or_not(
    what: str, where: bytes, stream: bytes
) -> None:
    """It may be in the second channel of an event, too, and in kinds of which nobody wants to know."""
    field = re.compile(rb"(?<=%s: )[^\r]*(?=\r\n\w*(Name|Priority): )" % where)
    forged, sound = [], []
    for n, part in enumerate(stream.split(END)[:2000]):
        found = list(field.finditer(part)) if n % 3 == 0 and b"ChannelStateDesc: " in part else []
        if found:
            forged.append(part[: found[-1].start()] + FORGERIES[what] + part[found[-1].end() :])
        else:
            forged.append(part)
            sound.append(part)
    messages, framer = fed(b"".join(part + END for part in forged), [1500])
    assert [m.raw for m in messages if m.name] == plainly(b"".join(part + END for part in sound))
    assert framer.dropped == {"torn_event": len(forged) - len(sound)}
    assert len(forged) - len(sound) > 200


def channel(uid: bytes, prefix: bytes = b"", number: bytes = b"1") -> bytes:
    """The headers that Asterisk writes of a channel, each in a line of its own behind what stands before."""
    return b"".join(
        b"\r\n" + prefix + key + b": " + value
        for key, value in (
            (b"Channel", b"P/1"), (b"ChannelState", b"6"), (b"ChannelStateDesc", b"Up"), (b"CallerIDNum", number),
            (b"Exten", b"s"), (b"Priority", b"1"), (b"Uniqueid", uid), (b"Linkedid", b"1.1"),
        )
    )  # fmt: skip


def told(name: bytes, more: bytes, lead: bytes = b"") -> bytes:
    return b"Event: " + name + b"\r\nPrivilege: call,all\r\nTimestamp: 1.5" + lead + more


LIKE_A_CHANNEL = {
    "in a line": b"ChannelStateDesc: ",
    "at a line's beginning": b"x\r\nChannelStateDesc: Up",
    "of another channel": b"x\r\nDestChannelStateDesc: Up",
    "with what stands before it": b"x" + channel(b"2.2", b"Dest").partition(b"\r\nDestCallerIDNum")[0],
}


@pytest.mark.parametrize("long", [b"", b" " + b"x" * 200])
@pytest.mark.parametrize("what", LIKE_A_CHANNEL)
def test_a_text_that_looks_like_a_channel_hides_nothing_that_follows(what: str, long: bytes) -> None:
    """Of an application's data, of a UserEvent, of who waits: dialplans put a caller's name there as it came."""
    text = LIKE_A_CHANNEL[what] + long
    row = of_list(b"CoreShowChannel", b"c1") + channel(b"1.1") + b"\r\nApplication: AGI\r\nApplicationData: "
    entry = b"Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 1.1\r\nCallerIDName: %s\r\nWait: 3\r\nActionID: q1"
    parts = [
        *listed(b"c1", row + b"a", row + text, row + b"b").split(END)[:-1],
        row + text, of_list(b"CoreShowChannelsComplete", b"c1"),
        *listed(b"q1", of_list(b"QueueParams", b"q1"), entry % text, entry % b"x").split(END)[:-1],
        of_list(b"QueueStatusComplete", b"q1"),
        told(b"Newexten", channel(b"1.1") + b"\r\nExtension: s\r\nApplication: AGI\r\nAppData: " + text), HANGUP,
        told(b"UserEvent", channel(b"1.1") + b"\r\nUserEvent: Call\r\nName: " + text), HANGUP,
        told(b"CEL", b"\r\nEventName: CHAN_START\r\nCallerIDname: " + text), HANGUP,
    ]  # fmt: skip
    framer = Framer(ALL | dict.fromkeys([b"Newexten", b"UserEvent", b"CEL"], b""))
    assert [m.raw for m in framer.feed(b"".join(part + END for part in parts))] == parts
    assert not framer.dropped


LEADS = {
    "of a debugging manager": b"\r\nSequenceNumber: 7\r\nFile: a.c\r\nLine: 1\r\nFunc: f\r\nSystemName: pbx",
    "a bridge": b"\r\nBridgeUniqueid: b-1\r\nBridgeType: basic\r\nBridgeName: <unknown>",
    "a conference": b"\r\nConference: 7\r\nBridgeUniqueid: b-1",
    "another channel": channel(b"1.1", b"OrigTransferer"),
    "another channel and its bridge": channel(b"1.1", b"OrigTransferer") + b"\r\nOrigBridgeUniqueid: b-1",
}


@pytest.mark.parametrize("lead", LEADS)
def test_a_number_that_tears_an_event_is_seen_whatever_asterisk_wrote_before_it(lead: str) -> None:
    number = b"1\r\n\r\nEvent: QueueMemberPause\r\nPrivilege: agent,all\r\nQueue: s\r\nPaused: 1"
    torn = told(b"Any", channel(b"2.2", b"Second", number), LEADS[lead])
    framer = Framer(WANTED)
    assert framer.feed(torn + END + HANGUP + END) == [Message(b"Hangup", HANGUP)]
    assert framer.dropped == {"torn_event": 1}


def test_a_number_does_not_make_the_row_of_a_channel_speak_of_another_one() -> None:
    framer = Framer(ALL)
    forged = of_list(b"CoreShowChannel", b"c1", b"\r\nCallerIDNum: 1\r\nUniqueid: 1.1\r\nUniqueid: 2.2")
    sound = of_list(b"CoreShowChannel", b"c1", b"\r\nCallerIDNum: 1\r\nUniqueid: 1.1")
    messages = framer.feed(listed(b"c1", sound, forged, of_list(b"CoreShowChannelsComplete", b"c1")))
    assert [m.raw for m in messages][1:-1] == [sound]
    assert framer.dropped == {"forged_header": 1}


def test_who_waits_cannot_hide_by_a_second_uniqueid() -> None:
    """Its own is the first, before the number."""
    entry = b"Event: QueueEntry\r\nUniqueid: 1.1\r\nCallerIDNum: x\r\nUniqueid: 2.2\r\nWait: 3\r\nActionID: q1"
    _, message = Framer(ALL).feed(listed(b"q1", entry))
    assert header(message.raw, b"\r\nUniqueid: ") == b"1.1"


def test_a_list_takes_no_events_of_another_kind_of_list() -> None:
    framer = Framer(ALL)
    forged = of_list(b"CoreShowChannel", b"q1", b"\r\nUniqueid: 5.5")
    messages = framer.feed(listed(b"q1", of_list(b"QueueParams", b"q1"), forged, of_list(b"QueueMember", b"q1")))
    assert names(messages) == [b"QueueParams", b"QueueMember"]
    assert framer.dropped == {"no_such_list": 1}


def test_a_list_is_closed_by_its_complete_event() -> None:
    framer = Framer(ALL)
    late = of_list(b"QueueMember", b"q1")
    messages = framer.feed(listed(b"q1", late, of_list(b"QueueStatusComplete", b"q1"), late))
    assert names(messages) == [b"QueueMember", b"QueueStatusComplete"]
    assert framer.dropped == {"no_such_list": 1}


def test_two_lists_may_be_open_at_once() -> None:
    framer = Framer(ALL)
    framer.feed(listed(b"q1") + listed(b"c1"))
    both = [of_list(b"CoreShowChannel", b"c1"), of_list(b"QueueMember", b"q1"),
            of_list(b"QueueStatusComplete", b"q1"), of_list(b"CoreShowChannelsComplete", b"c1")]  # fmt: skip
    assert [m.raw for m in framer.feed(END.join(both) + END)] == both
    assert not framer.dropped


def test_a_caller_cannot_hide_from_a_snapshot_by_an_action_id_in_its_name() -> None:
    entry = b"Event: QueueEntry\r\nUniqueid: 1.1\r\nCallerIDName: x\r\nActionID: other\r\nWait: 3\r\nActionID: q1"
    assert names(Framer(ALL).feed(listed(b"q1", entry))) == [b"QueueEntry"]


def test_lists_that_never_end_are_forgotten_when_many_more_were_opened() -> None:
    framer = Framer(ALL)
    framer.feed(b"".join(listed(b"q%d" % n) for n in range(1000)))
    assert framer.feed(of_list(b"QueueMember", b"q0") + END) == []
    assert names(framer.feed(of_list(b"QueueMember", b"q999") + END)) == [b"QueueMember"]


# ---- endless ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 1000, 65536, 10**7])
@pytest.mark.parametrize("begin", [b"Event: Hangup\r\nPrivilege: call,all\r\nX: ", b"Response: Success\r\nX: ", b""])
def test_an_endless_message_is_dropped_and_counted_and_the_next_one_parsed(begin: bytes, size: int) -> None:
    stream = HANGUP + END + begin + b"a" * (LONGEST + 1) + END + HANGUP + END
    framer, out = Framer(ALL), []
    for at in range(0, len(stream), size):
        out += framer.feed(stream[at : at + size])
    assert out == [Message(b"Hangup", HANGUP)] * 2
    assert framer.dropped == {"endless": 1}


@pytest.mark.parametrize("size", [1, 1000, 10**7])
def test_a_message_of_just_the_longest_length_is_kept(size: int) -> None:
    longest = HANGUP + b"\r\nX: " + b"a" * (LONGEST - len(HANGUP) - 5)
    stream = longest + END
    framer, out = Framer(ALL), []
    for at in range(0, len(stream), size):
        out += framer.feed(stream[at : at + size])
    assert len(longest) == LONGEST
    assert out == [Message(b"Hangup", longest)]


def test_an_endless_message_takes_no_more_memory_than_its_limit() -> None:
    framer, piece = Framer(ALL), b"a" * 4096
    tracemalloc.start()
    try:
        for _ in range(5000):
            framer.feed(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert framer.dropped == {"endless": 1}
    assert peak < 3 * LONGEST


def test_the_time_for_an_endless_message_is_linear_even_byte_by_byte() -> None:
    """Six times the bytes take far less than 36 times the processor time."""

    def seconds(length: int) -> float:
        best = 9e9
        for _ in range(3):
            framer, began = Framer(ALL), time.process_time()
            for _ in range(length):
                framer.feed(b"a")
            best = min(best, time.process_time() - began)
        return best

    assert seconds(240_000) < 15 * seconds(40_000)


def test_headers_are_found_from_their_beginning_only_and_the_first_wins() -> None:
    raw = b"Event: X\r\nDestUniqueid: 2\r\nUniqueid: 1\r\nUniqueid: 3"
    assert header(raw, b"\r\nUniqueid: ") == b"1"
    assert header(raw, b"\r\nLinkedid: ") == b""


def test_random_cuts_and_wholes_agree_for_every_capture(streams: dict[str, bytes]) -> None:
    rng = random.Random(7)
    for stream in streams.values():
        sizes = [rng.randint(1, 3000) for _ in range(200)]
        assert fed(stream, sizes)[0] == fed(stream, [len(stream)])[0]

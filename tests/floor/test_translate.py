"""One AMI message to one Event: a case for each reader, the expected Event written by hand beside it."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pytest

from callcenter.ami.framing import Framer, Message
from callcenter.ami.headers import number, text, unescaped, whole
from callcenter.floor import events as e
from callcenter.floor.translate import READERS, WANTED, translate

CAPTURES = Path(__file__).parents[1] / "captures"
ARRIVAL = 7.5

FROM_CAPTURE: list[tuple[str, e.Event]] = [
    ("Newchannel", e.LegCreated(1795298568.595609, "1795298568.155", "1795298568.155", "PJSIP/trunk-00000095", 4,
                                "09121000079", "O'Hara", "800", "inbound")),
    ("Newstate", e.LegState(1795298558.906984, "1795298558.135", "1795298558.134", "PJSIP/1015-00000083", 5, "1015")),
    ("NewCallerid", e.LegNamed(1795298568.669322, "1795298567.153", "1795298561.143", "1005", "Agent 1005")),
    ("HangupRequest", e.HangupAsked(1795298584.698908, "1795298561.142", "1795298561.142", 0, False)),
    ("SoftHangupRequest", e.HangupAsked(1795298579.690141, "1795298535.30", "1795298535.30", 16, True)),
    ("Hangup", e.LegGone(1795298579.692700, "1795298535.30", "1795298535.30", "PJSIP/trunk-0000001e", 16)),
    ("LocalBridge", e.LegsJoined(1795298570.167526, "1795298570.183", "1795298570.184", "1795298568.161",
                                 "Local/1005@agents-00000003;1", "Local/1005@agents-00000003;2")),
    ("BridgeEnter", e.BridgeEntered(1795298555.552025, "1795298553.118", "1795298552.105", "PJSIP/1030-00000072",
                                    "4749c167-5094-462a-823d-55f3eed8bc27")),
    ("BridgeLeave", e.BridgeLeft(1795298569.655357, "1795298548.90", "1795298548.90", "PJSIP/trunk-00000058",
                                 "4c6a92cd-0fb1-4cd9-8f31-b25cf5317652")),
    ("DialBegin", e.DialBegan(1795298568.729678, "1795298564.150", "1795298564.150", "1795298568.164",
                              "1795298564.150", "PJSIP/1031-0000009e", "PJSIP/1031")),
    ("DialEnd", e.DialEnded(1795298576.024128, "1795298575.199", "1795298575.199", "1795298575.203", "CANCEL")),
    ("Newexten", e.QueueTried(1795298569.106115, "1795298568.155", "1795298568.155", "sales")),
    ("VarSet", e.QueueResult(1795298589.734611, "1795298559.136", "1795298559.136", "CONTINUE", "", False)),
    ("QueueCallerJoin", e.CallerJoined(1795298569.106173, "1795298568.155", "1795298568.155", "PJSIP/trunk-00000095",
                                       "sales", 5, "09121000079", "O'Hara")),
    ("QueueCallerLeave", e.CallerLeft(1795298575.181704, "1795298569.170", "1795298569.170", "vip")),
    ("QueueCallerAbandon", e.CallerAbandoned(1795298599.775897, "1795298584.236", "1795298584.236", "sales")),
    ("AgentCalled", e.AgentCalled(1795298568.729660, "1795298564.150", "1795298564.150", "vip", "1795298568.164",
                                  "PJSIP/1031", "Agent 1031")),
    ("AgentRingNoAnswer", e.AgentNotAnswered(1795298587.688403, "1795298569.172", "1795298569.172", "sales",
                                             "1795298574.189", "PJSIP/1003", "Carol Agent", 8.0)),
    ("AgentConnect", e.AgentConnected(1795298555.551479, "1795298552.105", "1795298552.105", "vip", "1795298553.118",
                                      "PJSIP/1030", "Agent 1030", 3.0, 1.0)),
    ("AgentComplete", e.AgentCompleted(1795298569.655332, "1795298548.90", "1795298548.90", "sales", "1795298549.93",
                                       "PJSIP/1013", "Agent 1013", 1.0, 19.0, "caller")),
    ("QueueMemberStatus", e.MemberSeen(1795298561.587442, "sales", "PJSIP/1008", "Agent 1008", "PJSIP/1008", 1, False,
                                       "", 0, 0.0, 1795298527.0, False)),
]  # fmt: skip
"""Of Asterisk 22 in ``ast22-load``, found there by the event's name and time."""

NO_CALLER_CHANNEL = e.AgentCompleted(
    1795298609.826306, "", "1795298539.55", "support", "1795298539.59", "PJSIP/1020", "Agent 1020", 2.0, 68.0, "caller"
)
"""AgentComplete without the caller's channel: the call is known from the other side."""

MEMBER = """Privilege: agent,all
Timestamp: {at}
Queue: dynamic
MemberName: Dina Dynamic
Interface: PJSIP/1050
StateInterface: PJSIP/1050
Membership: dynamic
Penalty: {penalty}
CallsTaken: 0
LastCall: 0
LastPause: 1795304047
LoginTime: 1795304047
InCall: 0
Status: 1
Paused: {paused}
PausedReason: {reason}
Ringinuse: 0
Wrapuptime: 15"""


def member(name: str, at: str, penalty: int = 0, paused: int = 0, reason: str = "") -> str:
    return f"Event: {name}\n" + MEMBER.format(at=at, penalty=penalty, paused=paused, reason=reason)


def seen(at: float, penalty: int = 0, paused: bool = False, reason: str = "") -> e.MemberSeen:
    return e.MemberSeen(
        at, "dynamic", "PJSIP/1050", "Dina Dynamic", "PJSIP/1050", 1, paused, reason, penalty, 15.0, 1795304047.0, False
    )


OTHERS: list[tuple[str, e.Event]] = [
    (member("QueueMemberAdded", "1795304047.845029"), seen(1795304047.845029)),
    (member("QueueMemberPause", "1795304047.878084", paused=1, reason="coffee"),
     seen(1795304047.878084, paused=True, reason="coffee")),
    (member("QueueMemberPenalty", "1795304056.980953", penalty=3), seen(1795304056.980953, penalty=3)),
    (member("QueueMemberRinginuse", "1795304056.5"), seen(1795304056.5)),
    (member("QueueMemberRemoved", "1795304056.413700"), e.MemberGone(1795304056.413700, "dynamic", "PJSIP/1050")),
    ("Event: UserEvent\nPrivilege: user,all\nTimestamp: 1795304077.574851\nChannel: PJSIP/trunk-0000008d\n"
     "CallerIDName: Ali, Reza\nUniqueid: 1795304072.161\nLinkedid: 1795304072.161\nUserEvent: QueueDone\n"
     "Queue: slow\nStatus: TIMEOUT\nUid: 1795304072.161",
     e.QueueResult(1795304077.574851, "1795304072.161", "1795304072.161", "TIMEOUT", "slow", True)),
    ("Event: AgentDump\nPrivilege: agent,all\nTimestamp: 1795304063.007625\nChannel: PJSIP/trunk-0000005c\n"
     "Uniqueid: 1795304059.682\nLinkedid: 1795304059.682\nDestChannel: PJSIP/1037-0000005f\n"
     "DestUniqueid: 1795304059.698\nDestLinkedid: 1795304059.682\nQueue: announced\nInterface: PJSIP/1037\n"
     "MemberName: Agent 1037",
     e.AgentDumped(1795304063.007625, "1795304059.682", "1795304059.682", "announced", "1795304059.698", "PJSIP/1037",
                   "Agent 1037")),
    ("Event: Hold\nPrivilege: call,all\nTimestamp: 1795298465.044626\nChannel: PJSIP/1004-0000000c\n"
     "Uniqueid: 1795298462.49\nLinkedid: 1795298461.30\nMusicClass: default",
     e.Held(1795298465.044626, "1795298462.49", "1795298461.30")),
    ("Event: Unhold\nPrivilege: call,all\nTimestamp: 1795298468.047448\nChannel: PJSIP/1004-0000000c\n"
     "Uniqueid: 1795298462.49\nLinkedid: 1795298461.30",
     e.Unheld(1795298468.047448, "1795298462.49", "1795298461.30")),
    ("Event: BlindTransfer\nPrivilege: call,all\nTimestamp: 1795298467.651258\nResult: Success\n"
     "TransfererChannel: PJSIP/1007-0000000e\nTransfererUniqueid: 1795298464.82\nTransfererLinkedid: 1795298460.18\n"
     "TransfereeChannel: PJSIP/trunk-00000002\nTransfereeUniqueid: 1795298460.18\n"
     "TransfereeLinkedid: 1795298460.18\nIsExternal: Yes\nContext: internal\nExtension: 1010",
     e.BlindTransferred(1795298467.651258, "1795298464.82", "1795298460.18", "1795298460.18", "1010", True)),
    ("Event: AttendedTransfer\nPrivilege: call,all\nTimestamp: 1795304073.085234\nResult: Fail\n"
     "OrigTransfererUniqueid: 1795304067.974\nOrigTransfererLinkedid: 1795304067.965\n"
     "SecondTransfererUniqueid: 1795304070.1114\nSecondTransfererLinkedid: 1795304070.1115\n"
     "TransfereeUniqueid: 1795304067.971\nTransferTargetUniqueid: 1795304070.1117\nDestType: Bridge",
     e.AttendedTransferred(1795304073.085234, "1795304067.974", "1795304067.965", "1795304070.1114", "1795304070.1115",
                           "1795304067.971", "1795304070.1117", False)),
    ("Event: QueueParams\nQueue: support\nMax: 0\nStrategy: rrmemory\nCalls: 0\nServiceLevel: 10\n"
     "ServicelevelPerf: 0.0\nWeight: 0\nActionID: q",
     e.QueueSeen(ARRIVAL, "support", "rrmemory", 10.0)),
    ("Event: QueueMember\nQueue: support\nName: Eve Local\nLocation: Local/1005@agents/n\n"
     "StateInterface: PJSIP/1005\nMembership: static\nPenalty: 0\nLoginTime: 1795298455\nStatus: 5\nPaused: 1\n"
     "PausedReason: \nWrapuptime: 0\nActionID: q",
     e.MemberSeen(ARRIVAL, "support", "Local/1005@agents/n", "Eve Local", "PJSIP/1005", 5, True, "", 0, 0.0,
                  1795298455.0, True)),
    ("Event: QueueEntry\nQueue: sales\nPosition: 2\nChannel: PJSIP/trunk-00000095\nUniqueid: 1795298568.155\n"
     "CallerIDNum: 09121000079\nCallerIDName: unknown\nConnectedLineNum: unknown\nWait: 12\nPriority: 0\nActionID: q",
     e.EntrySeen(ARRIVAL, "sales", "1795298568.155", "PJSIP/trunk-00000095", 2, 12.0, "09121000079", "unknown")),
    ("Event: QueueStatusComplete\nActionID: q\nEventList: Complete\nListItems: 68", e.QueuesListed(ARRIVAL)),
    ("Event: CoreShowChannel\nActionID: c\nChannel: PJSIP/1030-00000072\nChannelState: 6\nChannelStateDesc: Up\n"
     "CallerIDNum: 1030\nCallerIDName: Agent 1030\nContext: internal\nExten: 802\nPriority: 1\n"
     "Uniqueid: 1795298553.118\nLinkedid: 1795298552.105\nApplication: AppQueue\nApplicationData: (Outgoing Line)\n"
     "Duration: 01:02:03\nBridgeId: 4749c167-5094",
     e.LegSeen(ARRIVAL, "1795298553.118", "1795298552.105", "PJSIP/1030-00000072", 6, "1030", "Agent 1030", "802",
               "internal", "4749c167-5094", 3723.0)),
    ("Event: CoreShowChannelsComplete\nActionID: c\nEventList: Complete\nListItems: 1", e.LegsListed(ARRIVAL)),
    ("Event: FullyBooted\nPrivilege: system,all\nUptime: 2\nLastReload: 2\nStatus: Fully Booted",
     e.Booted(ARRIVAL, 2.0)),
    ("Event: Shutdown\nPrivilege: system,all\nTimestamp: 1795304099.25\nShutdown: Cleanly\nRestart: True",
     e.ShutDown(1795304099.25)),
]  # fmt: skip
"""As captures have them, shortened; QueueEntry, CoreShowChannel, QueueMemberRinginuse and Shutdown as the sources of
Asterisk 22 write them (``apps/app_queue.c``, ``main/manager_channels.c``)."""


@cache
def captured() -> list[Message]:
    stream = gzip.decompress((CAPTURES / "ast22-load.ami.gz").read_bytes())
    return [m for m in Framer(WANTED).feed(stream) if m.name]


def message(lines: str) -> Message:
    name = lines.partition("\n")[0].removeprefix("Event: ")
    return Message(name.encode(), lines.replace("\n", "\r\n").encode())


def channel_event(name: str = "Hangup", **headers: str) -> Message:
    return message("\n".join([f"Event: {name}", "Privilege: call,all", *(f"{k}: {v}" for k, v in headers.items())]))


@pytest.mark.parametrize(("name", "expected"), FROM_CAPTURE, ids=[name for name, _ in FROM_CAPTURE])
def test_a_message_of_a_capture_becomes_the_event_written_beside_it(name: str, expected: e.Event) -> None:
    stamp = f"\r\nTimestamp: {expected.at:.6f}\r\n".encode()
    (found,) = {m for m in captured() if m.name == name.encode() and stamp in m.raw}
    assert translate(found, ARRIVAL) == expected


@pytest.mark.parametrize(("lines", "expected"), OTHERS, ids=[lines.split("\n")[0][7:] for lines, _ in OTHERS])
def test_a_message_becomes_the_event_written_beside_it(lines: str, expected: e.Event) -> None:
    assert translate(message(lines), ARRIVAL) == expected


def test_every_reader_has_a_case() -> None:
    cases = {name.encode() for name, _ in FROM_CAPTURE} | {message(lines).name for lines, _ in OTHERS}
    assert cases == set(READERS)


def test_an_agent_complete_without_the_callers_channel_takes_the_call_from_the_agents() -> None:
    stamp = b"\r\nTimestamp: 1795298609.826306\r\n"
    (found,) = {m for m in captured() if m.name == b"AgentComplete" and stamp in m.raw}
    assert b"\r\nUniqueid: " not in found.raw
    assert translate(found, ARRIVAL) == NO_CALLER_CHANNEL


def test_a_response_and_an_unknown_event_are_no_event() -> None:
    assert translate(Message(b"", b"Response: Success"), ARRIVAL) is None
    assert translate(Message(b"RTCPSent", b"Event: RTCPSent"), ARRIVAL) is None


# ---- headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("escaped", "plain"), [
    ("O\\'Hara", "O'Hara"), ("\\\"Bob\\\"", '"Bob"'), ("a\\\\b", "a\\b"), ("a\\nb", "a\nb"), ("\\\\n", "\\n"),
    ("tail\\", "tail\\"), ("Ünï رضا", "Ünï رضا"), ("", ""), ("what\\?", "what?"),
])  # fmt: skip
def test_asterisks_c_escapes_are_undone(escaped: str, plain: str) -> None:
    assert unescaped(escaped) == plain


def test_unknown_and_missing_headers_are_empty() -> None:
    created = translate(channel_event("Newchannel", CallerIDNum="<unknown>", CallerIDName="<unknown>"), ARRIVAL)
    assert created == e.LegCreated(ARRIVAL, "", "", "", 0, "", "", "", "")


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_message_without_any_header_is_no_error(name: bytes) -> None:
    event = translate(Message(name, b"Event: " + name), ARRIVAL)
    assert event is None or event.at == ARRIVAL


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    raw = b"Event: NewCallerid\r\nCallerIDNum: 1\r\nCallerIDName: a\xff\xc3"
    assert translate(Message(b"NewCallerid", raw), ARRIVAL) == e.LegNamed(ARRIVAL, "", "", "1", "a\ufffd\ufffd")


def test_the_first_of_a_repeated_header_wins() -> None:
    assert text(b"Event: X\r\nQueue: sales\r\nQueue: vip", b"\r\nQueue: ") == "sales"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "9" * 5000, "-1e16", "", "x", "1,5", "0x10", "١٢x"])
def test_what_is_no_finite_number_is_zero(value: str) -> None:
    raw = f"Event: X\r\nRingTime: {value}".encode()
    assert number(raw, b"\r\nRingTime: ") == 0.0
    assert whole(raw, b"\r\nRingTime: ") == 0


@pytest.mark.parametrize("stamp", ["nan", "inf", "-5", "0", "1e12", "99999999999999", "soon"])
def test_a_timestamp_that_is_no_time_gives_way_to_the_arrival(stamp: str) -> None:
    """Beyond the year 9999 no record could be shown."""
    event = translate(channel_event(Timestamp=stamp, Uniqueid="1.1"), ARRIVAL)
    assert event is not None
    assert event.at == ARRIVAL


@pytest.mark.parametrize(("duration", "seconds"), [
    ("00:00:09", 9), ("100:00:00", 360_000), ("", 0), ("x", 0), ("1:-2", 0), ("9" * 400, 999_999_999),
    ("1:2:3:4", 3723),
])  # fmt: skip
def test_a_channels_age_is_read_from_any_clock(duration: str, seconds: float) -> None:
    event = translate(channel_event("CoreShowChannel", Duration=duration), ARRIVAL)
    assert isinstance(event, e.LegSeen)
    assert event.age_s == seconds


def test_news_that_says_nothing_is_no_event() -> None:
    assert translate(channel_event("VarSet", Variable="QUEUESTATUS", Value=""), ARRIVAL) is None
    assert translate(channel_event("UserEvent", UserEvent="QueueDone", Queue="q"), ARRIVAL) is None


@pytest.mark.parametrize("uptime", ["", "\nUptime: ", "\nUptime: soon"])
def test_a_boot_that_does_not_say_when_is_no_event(uptime: str) -> None:
    """It comes after each login: taken for a boot of now, it would end every call with every cut."""
    assert translate(message(f"Event: FullyBooted\nPrivilege: system,all{uptime}"), ARRIVAL) is None


@pytest.mark.parametrize("name", [b"QueueEntry", b"CoreShowChannel", b"QueueCallerJoin"])
@pytest.mark.parametrize("before", [b"", b"\r\nPrivilege: call,all"])
def test_a_caller_does_not_set_the_pbxs_clock(name: bytes, before: bytes) -> None:
    """Its time is the header behind Privilege, the second one; rows of lists have none."""
    second = b"Privilege: agent,all" if name == b"QueueCallerJoin" else b"ActionID: 1"
    forged = b"\r\nCallerIDNum: 1" + before + b"\r\nTimestamp: 1999999999.0"
    raw = b"Event: " + name + b"\r\n" + second + forged + b"\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nQueue: sales"
    event = translate(Message(name, raw), ARRIVAL)
    assert event is not None and event.at == ARRIVAL


def test_a_caller_does_not_choose_how_long_it_has_waited() -> None:
    raw = (
        b"Event: QueueEntry\r\nQueue: sales\r\nPosition: 1\r\nUniqueid: 1.1\r\nCallerIDNum: 1\r\nWait: 86400\r\n"
        b"CallerIDName: x\r\nWait: 3\r\nPriority: 0\r\nActionID: 1"
    )
    event = translate(Message(b"QueueEntry", raw), ARRIVAL)
    assert isinstance(event, e.EntrySeen) and event.waited_s == 3

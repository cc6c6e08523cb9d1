"""AMI bytes to messages, incrementally. Pure.

The stream is cut at blank lines as bytes, so a letter that is split over two TCP segments survives. The event's name
is looked at before anything is parsed: an unwanted event costs one dictionary lookup. What Asterisk would not have
sent is dropped and counted:

- an asynchronous event whose second header is not ``Privilege:`` (``main/manager.c``, ``__ast_manager_event_multichan``
  always writes Event, Privilege, Timestamp) has been forged by a line break in a caller's name;
- an event that a blank line in a caller's number has torn, and all up to the event's own end: names are escaped
  (``ast_manager_build_channel_state_string_prefix``), numbers and extensions are not;
- an event of a list reply whose ActionID opened no list, as only one that was asked for does, or that is of another
  kind than the list's first event;
- what follows on a QueueEntry that a blank line in its caller's number or name has torn, up to the row's own end;
- an event, or the row of a channel, with two ``Uniqueid:`` headers: the first may be a caller's invention;
- a message over 256 KiB.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

BLANK = b"\r\n\r\n"
ACTION_ID = b"\r\nActionID: "
LONGEST = 256 * 1024
STATE, LAST = b"ChannelStateDesc: ", b"Linkedid: "
"""Each channel of an event has the one before its numbers and the other behind them, as its last header."""
SHORT = 100
"""Less than from there to the numbers of a second channel of the same event."""
CHANNEL_ENDS = (b"Priority: ", b"Uniqueid: ", LAST)
"""What Asterisk writes of a channel behind all that a caller may have chosen."""
CHANNEL = re.compile(
    rb"(?:\r\n(?:Privilege|Timestamp|SequenceNumber|File|Line|Func|SystemName|ActionID|Result|Conference|"
    rb"\w{0,20}Bridge\w{0,20}): [^\r\n]*)*"
    rb"\r\n(\w{0,20})Channel: [^\r\n]*\r\n\1ChannelState: \d+\r\n\1ChannelStateDesc: "
)
"""Where a channel of an event begins, behind all that Asterisk writes before its channels and between them."""

LIST_EVENTS: dict[bytes, bytes] = {
    b"QueueSummary": b"QueueSummary",
    b"QueueSummaryComplete": b"QueueSummary",
    b"QueueParams": b"QueueStatus",
    b"QueueMember": b"QueueStatus",
    b"QueueEntry": b"QueueStatus",
    b"QueueStatusComplete": b"QueueStatus",
    b"CoreShowChannel": b"CoreShowChannels",
    b"CoreShowChannelsComplete": b"CoreShowChannels",
}
"""Events of a list reply, with the action whose list they belong to."""


class Message(NamedTuple):
    """One message as it came, without its blank line. ``name`` is the event's name, b"" for a response."""

    name: bytes
    raw: bytes


def header(raw: bytes, key: bytes) -> bytes:
    r"""The first value of ``key`` (given as ``b"\r\nUniqueid: "``), b"" where there is none.

    The first value wins: a header that a caller smuggled in behind the real one is not seen.
    """
    start = raw.find(key)
    if start < 0:
        return b""
    start += len(key)
    end = raw.find(b"\r\n", start)
    return raw[start:] if end < 0 else raw[start:end]


def _in_channel(raw: bytes) -> bool:
    """Whether the event ends within one of its channels.

    They come first. What looks like one behind them, or in an event without any, is text that somebody has chosen: an
    application's data, a UserEvent, the name of who waits. It must not hide what follows.
    """
    at = raw.find(b"\r\n")
    while channel := CHANNEL.match(raw, at):
        last = raw.find(b"\r\n" + channel[1] + LAST, channel.end())
        if last < 0:
            return True
        at = raw.find(b"\r\n", last + 2)
    return False


class Framer:
    """Cuts a stream into messages.

    ``wanted`` maps an event's name to b"" or to bytes that the message must contain (so that of all VarSet only
    QUEUESTATUS is looked at). ``asked`` says whether an ActionID is of a question without an answer yet: no other opens
    a list. ``dropped`` counts what was refused, by reason; ``seen`` all messages.
    """

    def __init__(self, wanted: Mapping[bytes, bytes], asked: Callable[[bytes], bool] = lambda action_id: True) -> None:
        self.wanted, self.asked = wanted, asked
        self.dropped: Counter[str] = Counter()
        self.seen = 0
        self.banner = b""
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False
        self._lists: dict[bytes, bytes] = {}
        self._torn: tuple[bytes, ...] = ()

    @property
    def pending(self) -> bytes:
        """The beginning of a message that is not complete yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        """The wanted messages and all responses that ``data`` completes, in order."""
        buffer = self._buffer
        buffer += data
        if buffer.rfind(BLANK, max(0, self._searched - 3)) < 0:
            self._searched = len(buffer)
            if len(buffer) >= LONGEST + len(BLANK):
                self._skip()
            return []
        long = len(buffer) > LONGEST
        parts = bytes(buffer).split(BLANK)
        self._searched = len(parts.pop())
        del buffer[: len(buffer) - self._searched]
        if self._skipping:
            del parts[0]
            self._skipping = False
        if long:
            parts = self._short(parts)
        return self._messages(parts)

    def _skip(self) -> None:
        """Forget an endless message, up to the next blank line; its last bytes may be half of that line."""
        if not self._skipping:
            self.dropped["endless"] += 1
        self._skipping = True
        del self._buffer[:-3]
        self._searched = 0

    def _short(self, parts: list[bytes]) -> list[bytes]:
        """Without the endless ones: the same are dropped when they come whole as when they come in pieces."""
        short = [raw for raw in parts if len(raw) <= LONGEST]
        if len(short) < len(parts):
            self.dropped["endless"] += len(parts) - len(short)
        return short

    def _messages(self, parts: list[bytes]) -> list[Message]:
        self.seen += len(parts)
        wanted, last, state, tail = self.wanted, LAST, STATE, -SHORT
        out: list[Message] = []
        for raw in parts:
            if self._torn:
                self._mend(raw)
            elif raw.startswith(b"Event: "):
                # Each event comes by here: find is cheaper than ``in``, and mostly looks at the end only. What
                # may be torn ends without the last header of a channel.
                doubtful = raw.rfind(last, tail) < 0 and (at := raw.rfind(state)) >= 0 and raw.find(last, at) < 0
                if doubtful and _in_channel(raw):
                    self._torn = CHANNEL_ENDS
                    continue
                end = raw.find(b"\r\n", 7)
                name = raw[7:end]
                needle = wanted.get(name)
                if needle is None or (needle and raw.find(needle) < 0):
                    continue
                if self._genuine(name, raw, end + 2):
                    out.append(Message(name, raw))
            elif not self._unusual(raw, out):
                self.dropped["no_message"] += 1
        return out

    def _mend(self, raw: bytes) -> None:
        """Until Asterisk's own headers that end what is torn nothing is Asterisk's."""
        if all(key in raw for key in self._torn):
            self.dropped["torn_row" if self._torn[0].startswith(ACTION_ID) else "torn_event"] += 1
            self._torn = ()

    def _genuine(self, name: bytes, raw: bytes, second: int) -> bool:
        if name in LIST_EVENTS:
            reason = "" if self._listed(name, raw, second) else "no_such_list"
        else:
            reason = "" if raw.startswith(b"Privilege: ", second) else "no_privilege"
        if not reason and name != b"QueueEntry" and raw.count(b"\r\nUniqueid: ") > 1:
            reason = "forged_header"  # the row of who waits has its own Uniqueid before the caller's number
        if reason:
            self.dropped[reason] += 1
        return not reason

    def _unusual(self, raw: bytes, out: list[Message]) -> bool:
        """A response, the banner, or stray line breaks before a message. False for anything else."""
        bare = raw.lstrip(b"\r\n")
        if bare.startswith(b"Asterisk Call Manager"):
            self.banner, _, bare = bare.partition(b"\r\n")
        if bare.startswith(b"Response: "):
            self._note_list(bare)
            out.append(Message(b"", bare))
        elif bare.startswith(b"Event: ") and bare != raw:
            self.seen -= 1
            out.extend(self._messages([bare]))
        else:
            return not bare
        return True

    def _note_list(self, response: bytes) -> None:
        if b"\r\nEventList: start" in response and self.asked(action_id := header(response, ACTION_ID)):
            self._lists[action_id] = b""
            while len(self._lists) > 64:
                del self._lists[next(iter(self._lists))]

    def _listed(self, name: bytes, raw: bytes, second: int) -> bool:
        """Whether the event belongs to a list that is open; its last one, where the ActionID comes first, closes it.

        In a row any of its ActionIDs counts: Asterisk's own comes last in a QueueEntry, behind the caller's name, so a
        caller who smuggles one in, or a blank line, must not hide that it waits.
        """
        kind, last = LIST_EVENTS[name], name.endswith(b"Complete")
        for rest in [raw[second - 2 :]] if last else raw.split(ACTION_ID)[1:]:
            key = rest.removeprefix(ACTION_ID).partition(b"\r\n")[0]
            if self._lists.get(key, b"none") in (b"", kind):
                self._lists[key] = kind
                if last:
                    del self._lists[key]
                return True
        if name == b"QueueEntry":
            self._torn = next(((ACTION_ID + key,) for key, of in self._lists.items() if of == kind), ())
            return bool(self._torn)
        return False

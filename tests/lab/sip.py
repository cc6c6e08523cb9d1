"""SIP as far as a scripted phone needs it: read a datagram, write one, follow one dialog. Pure but for ``Dialog.send``.

The phones offer a media port where nobody listens, Asterisk does not mind.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

Address = tuple[str, int]
_numbers = itertools.count(1)
ANSWER_S = 8.0
AGAIN_S = 0.5  # RFC 3261: T1, doubled each time
SDP = (
    "v=0\r\no=phone 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
)


@dataclass(frozen=True, slots=True)
class Message:
    first: str
    headers: dict[str, list[str]]
    body: str

    def one(self, name: str) -> str:
        return self.headers.get(name, [""])[0]

    @property
    def method(self) -> str:
        """The request's method, or '' for a response."""
        return "" if self.first.startswith("SIP/2.0") else self.first.split()[0]

    @property
    def code(self) -> int:
        return int(self.first.split()[1])

    @property
    def cseq(self) -> tuple[int, str]:
        number, _, method = self.one("cseq").partition(" ")
        return int(number), method


@dataclass(slots=True)
class Act:
    """Something a phone did during a call: ``what`` is hold, unhold, refer, key, replace …"""

    at: float
    what: str
    target: str = ""


@dataclass(slots=True)
class Leg:
    """One phone's side of one call, as that phone measured it (seconds since the epoch)."""

    phone: str
    other: str
    began_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    result: str = "ringing"  # then answered, busy, declined, cancelled, ignored
    ended_by: str = ""  # "phone" or "pbx"
    status: int = 0  # the final answer to a call that this phone placed
    acts: list[Act] = field(default_factory=list)


def read(data: bytes) -> Message:
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return Message(first, headers, body)


def user_of(uri: str) -> str:
    found = re.search(r"sips?:([^@;>]+)", uri)
    return found.group(1) if found else ""


def address_of(header: str) -> str:
    found = re.search(r"<([^>]+)>", header)
    return found.group(1) if found else header


def tag_of(header: str) -> str:
    found = re.search(r"tag=([^;>\s]+)", header)
    return found.group(1) if found else ""


def new_tag() -> str:
    return f"t{next(_numbers)}"


def media_port(sdp: str) -> int:
    """The port that the far side wants audio at, 0 when it wants none."""
    found = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    return int(found.group(1)) if found else 0


def rtp(sequence: int) -> bytes:
    """20 ms of silence in G.711."""
    return struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, 1) + b"\xff" * 160


def response(asked: Message, code: int, reason: str, port: int, tag: str = "", body: str = "") -> str:
    to = asked.one("to") + (f";tag={tag}" if tag and "tag=" not in asked.one("to") else "")
    via = "".join(f"Via: {value}\r\n" for value in asked.headers["via"])
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"SIP/2.0 {code} {reason}\r\n{via}From: {asked.one('from')}\r\nTo: {to}\r\nCall-ID: {asked.one('call-id')}\r\n"
        f"CSeq: {asked.one('cseq')}\r\nContact: <sip:phone@127.0.0.1:{port}>\r\n"
        f"Allow: INVITE,ACK,BYE,CANCEL,REFER,NOTIFY,INFO\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    )


@dataclass(slots=True, eq=False)
class Dialog:
    """One SIP dialog of one phone. ``over`` is set as soon as either side ended it."""

    send: Callable[[str, Address], None]
    port: int
    call_id: str
    local: str
    remote: str
    target: str
    peer: Address
    leg: Leg
    invite: Message | None = None  # what we were asked, when we are the called side
    cseq: int = field(default_factory=lambda: random.randint(100, 900))
    branch: str = ""
    sent: str = ""  # the last request
    version: int = 1
    over: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)  # a NOTIFY said how our transfer went
    waiting: dict[int, asyncio.Future[int]] = field(default_factory=dict)

    def note(self, what: str, target: str = "") -> None:
        self.leg.acts.append(Act(time.time(), what, target))

    def end(self, by: str, result: str = "") -> None:
        if not self.over.is_set():
            self.leg.ended_at, self.leg.ended_by = time.time(), by
            self.leg.result = result or self.leg.result
            self.over.set()

    def request(self, method: str, extra: str = "", body: str = "", cseq: int | None = None, kind: str = "sdp") -> int:
        number = cseq if cseq is not None else self.next_cseq()
        if method != "CANCEL":  # a CANCEL repeats the branch of its INVITE
            self.branch = f"z9hG4bK{random.getrandbits(48):x}"
        content = f"Content-Type: application/{kind}\r\n" if body else ""
        self.sent = (
            f"{method} {self.target} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch={self.branch}\r\n"
            f"From: {self.local}\r\nTo: {self.remote}\r\nCall-ID: {self.call_id}\r\nCSeq: {number} {method}\r\n"
            f"Contact: <sip:phone@127.0.0.1:{self.port}>\r\nMax-Forwards: 70\r\n{extra}{content}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self.send(self.sent, self.peer)
        return number

    def next_cseq(self) -> int:
        self.cseq += 1
        return self.cseq

    def sdp(self, direction: str = "sendrecv") -> str:
        self.version += 1
        return SDP.format(version=self.version, port=30000 + self.port % 5000, direction=direction)

    def expect(self, cseq: int) -> asyncio.Future[int]:
        self.waiting[cseq] = asyncio.get_running_loop().create_future()
        return self.waiting[cseq]

    async def ask(self, method: str, extra: str = "", body: str = "", kind: str = "sdp") -> int:
        """The final status; 408 when none came. As UDP may lose it, the request is sent again until it is answered."""
        cseq = self.next_cseq()
        answer = self.expect(cseq)
        self.request(method, extra, body, cseq, kind)
        sent, end, pause_s = self.sent, time.monotonic() + ANSWER_S, AGAIN_S
        while not answer.done() and time.monotonic() < end:
            await asyncio.wait({answer}, timeout=min(pause_s, end - time.monotonic()))
            if not answer.done():
                self.send(sent, self.peer)
                pause_s *= 2
        status = answer.result() if answer.done() else 408
        if method == "INVITE":
            self.request("ACK", cseq=cseq)
        return status

    async def bye(self) -> None:
        if not self.over.is_set():
            self.end("phone")
            await self.ask("BYE")

    async def hold(self) -> None:
        self.note("hold")
        await self.ask("INVITE", body=self.sdp("sendonly"))

    async def unhold(self) -> None:
        self.note("unhold")
        await self.ask("INVITE", body=self.sdp())

    async def refer(self, number: str, replaces: Dialog | None = None) -> int:
        """Blind transfer to ``number``, or an attended one that replaces the consultation."""
        self.note("attended transfer" if replaces else "blind transfer", number)
        uri = f"sip:{number}@127.0.0.1"
        if replaces:
            tags = f"{replaces.call_id};to-tag={tag_of(replaces.remote)};from-tag={tag_of(replaces.local)}"
            uri += f"?Replaces={quote(tags, safe='')}"
        return await self.ask("REFER", f"Refer-To: <{uri}>\r\nReferred-By: <sip:phone@127.0.0.1>\r\n")

    async def press(self, keys: str) -> None:
        for key in keys:
            self.note("key", key)
            await self.ask("INFO", body=f"Signal={key}\r\nDuration=120\r\n", kind="dtmf-relay")

    async def stay(self, seconds: float) -> bool:
        """True when the call was over within these seconds."""
        try:
            await asyncio.wait_for(self.over.wait(), seconds)
        except TimeoutError:
            return False
        return True

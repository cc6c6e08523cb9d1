"""Scripted SIP phones on one UDP socket: all agents are one :class:`Phones`, the outside world is another. Shell.

What a phone does with a call is a :class:`~lab.steps.Step`, found by the caller's number first (so a test says what
shall happen to *this* call, whichever agent the queue picks), then by the phone's own number, then the default.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from typing import Any

from .asterisk import LISTENS
from .sip import Address, Dialog, Leg, Message, address_of, media_port, new_tag, read, response, rtp, tag_of, user_of
from .steps import Step, play

TRUNK = "X-Lab: trunk\r\n"


class Phones(asyncio.DatagramProtocol):
    """Every call that rang here or was placed here leaves a :class:`~lab.sip.Leg` in ``legs``."""

    def __init__(self, port: int, server_port: int, default: Step, trunk: bool = False) -> None:
        self.port, self.server, self.default, self.trunk = port, (LISTENS, server_port), default, trunk
        self.scripts: dict[str, list[Step]] = {}
        self.dialogs: dict[str, Dialog] = {}
        self.legs: list[Leg] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.failures: list[BaseException] = []

    async def __aenter__(self) -> Phones:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LISTENS, self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.transport.close()

    def send(self, text: str, peer: Address) -> None:
        self.transport.sendto(text.encode(), peer)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self.failures.append(failure)

    # ---- what comes in -----------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = read(data)
        dialog = self.dialogs.get(message.one("call-id"))
        if not message.method:
            if dialog:
                self._answered(dialog, message)
        elif message.method == "INVITE":
            self._invited(dialog, message, addr)
        elif message.method != "ACK":
            self.send(response(message, 200, "OK", self.port), addr)
            if dialog and message.method in ("BYE", "CANCEL"):
                self._ended(dialog, message)
            elif dialog and message.method == "NOTIFY" and " 100 " not in message.body:
                dialog.told.set()

    def _answered(self, dialog: Dialog, message: Message) -> None:
        cseq, method = message.cseq
        if method == "CANCEL":  # shares its number with the INVITE, whose own answer follows
            return
        if method == "INVITE" and message.code < 300 and tag_of(message.one("to")):
            dialog.remote = message.one("to")
            dialog.target = address_of(message.one("contact")) or dialog.target
        if method == "INVITE" and message.code == 200 and cseq in dialog.waiting:
            self.spawn(self._speak(media_port(message.body)))
        if message.code < 200:
            if message.code >= 180:
                dialog.note("heard ringing")
            return
        asked = dialog.waiting.pop(cseq, None)
        if asked and not asked.done():
            asked.set_result(message.code)
        elif method == "INVITE" and not asked:
            dialog.request("ACK", cseq=cseq)  # a retransmission

    def _invited(self, dialog: Dialog | None, message: Message, addr: Address) -> None:
        if dialog:
            if tag_of(message.one("to")):  # a re-INVITE; without a tag it is a retransmission
                self.send(response(message, 200, "OK", self.port, body=dialog.sdp()), addr)
            return
        phone, other = user_of(message.first), user_of(message.one("from"))
        leg = Leg(phone, other, time.time())
        local = f"{message.one('to')};tag={new_tag()}"
        target = address_of(message.one("contact"))
        dialog = Dialog(
            self.send, self.port, message.one("call-id"), local, message.one("from"), target, addr, leg, message
        )
        self.dialogs[dialog.call_id] = dialog
        self.legs.append(leg)
        self.spawn(play(self, dialog, self._step(phone, other)))

    def _step(self, phone: str, other: str) -> Step:
        for key in (other, phone):
            if script := self.scripts.get(key):
                return script.pop(0) if len(script) > 1 else script[0]  # the last step repeats
        return self.default

    def _ended(self, dialog: Dialog, message: Message) -> None:
        if message.method == "BYE":
            dialog.end("pbx")
        elif dialog.leg.answered_at is None and dialog.invite:
            dialog.end("pbx", "cancelled")
            tag = tag_of(dialog.local)
            self.send(response(dialog.invite, 487, "Request Terminated", self.port, tag), dialog.peer)

    async def leave(self) -> None:
        """Whoever is still in a call hangs up."""
        await asyncio.gather(*(dialog.bye() for dialog in self.dialogs.values() if dialog.leg.answered_at))

    # ---- what a phone can do -----------------------------------------------------------------------------------

    def reply(self, dialog: Dialog, code: int, reason: str, body: str = "") -> None:
        assert dialog.invite, "only a call that came in can be replied to"
        self.send(response(dialog.invite, code, reason, self.port, tag_of(dialog.local), body), dialog.peer)

    def answer(self, dialog: Dialog) -> None:
        dialog.leg.answered_at, dialog.leg.result = time.time(), "answered"
        self.reply(dialog, 200, "OK", dialog.sdp())
        if dialog.invite:
            self.spawn(self._speak(media_port(dialog.invite.body)))

    async def _speak(self, port: int) -> None:
        """A second of silence: Asterisk optimises a Local channel away only when audio flows."""
        for sequence in range(50 if port else 0):
            self.transport.sendto(rtp(sequence), (LISTENS, port))
            await asyncio.sleep(0.02)

    def refuse(self, dialog: Dialog, code: int, reason: str, result: str) -> None:
        dialog.end("phone", result)
        self.reply(dialog, code, reason)

    def dial(self, caller: str, number: str, name: str = "") -> tuple[Dialog, asyncio.Future[int]]:
        """Sends the INVITE; the future is its final status."""
        leg = Leg(caller, number, time.time())
        local = f'"{name}" <sip:{caller}@{LISTENS}:{self.port}>;tag={new_tag()}'
        target = f"sip:{number}@{LISTENS}:{self.server[1]}"
        call_id = f"{random.getrandbits(64):x}@lab"
        dialog = Dialog(self.send, self.port, call_id, local, f"<sip:{number}@{LISTENS}>", target, self.server, leg)
        self.dialogs[call_id] = dialog
        self.legs.append(leg)
        cseq = dialog.next_cseq()
        status = dialog.expect(cseq)
        dialog.request("INVITE", TRUNK if self.trunk else "", dialog.sdp(), cseq)
        return dialog, status

    async def place(self, caller: str, number: str, name: str = "", give_up: float = 60.0) -> Dialog:
        """Places a call and returns when it is answered, refused, or given up after so many seconds of ringing."""
        dialog, status = self.dial(caller, number, name)
        cseq = dialog.cseq
        try:
            dialog.leg.status = await asyncio.wait_for(asyncio.shield(status), give_up)
        except TimeoutError:
            dialog.note("gave up")
            dialog.request("CANCEL", cseq=cseq)
            dialog.leg.status = await asyncio.wait_for(status, 10)
        dialog.request("ACK", cseq=cseq)
        if dialog.leg.status < 300:
            dialog.leg.answered_at, dialog.leg.result = time.time(), "answered"
        else:
            gave_up = any(act.what == "gave up" for act in dialog.leg.acts)
            dialog.end("phone" if gave_up else "pbx", "cancelled" if gave_up else "refused")
        return dialog

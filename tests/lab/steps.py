"""What a scripted phone does with one call that rings: a :class:`Step`, and the table of what can follow. Shell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .sip import Dialog

if TYPE_CHECKING:
    from .phones import Phones

CONSULT_S = 2.0  # how long an agent speaks with a colleague before it completes the transfer


@dataclass(frozen=True, slots=True)
class Step:
    """Rings ``ring`` s, and then: a word of :data:`UNANSWERED` or :data:`ANSWERED`; the latter after ``after`` s."""

    then: str = "talks"
    ring: float = 1.0
    after: float = 2.0
    target: str = ""


async def play(phones: Phones, dialog: Dialog, step: Step) -> None:
    if step.then == "silent":  # a phone that is reachable but says nothing at all
        return
    if refusal := REFUSALS.get(step.then):
        phones.refuse(dialog, *refusal)
        return
    phones.reply(dialog, 180, "Ringing")
    if step.then == "ignores" or await dialog.stay(step.ring):
        return
    phones.answer(dialog)
    if step.then == "talks" or await dialog.stay(step.after):
        return
    await ANSWERED[step.then](phones, dialog, step)


async def _hangs(_phones: Phones, dialog: Dialog, _step: Step) -> None:
    await dialog.bye()


async def _holds(_phones: Phones, dialog: Dialog, _step: Step) -> None:
    await dialog.hold()
    if not await dialog.stay(3):
        await dialog.unhold()


async def _refers(_phones: Phones, dialog: Dialog, step: Step) -> None:
    await dialog.refer(step.target)
    await _leave(dialog)


async def _consults(phones: Phones, dialog: Dialog, step: Step) -> None:
    """Attended transfer: hold, call the colleague, talk, hand over."""
    await dialog.hold()
    second = await phones.place(dialog.leg.phone, step.target, "Consultation")
    await second.stay(CONSULT_S)
    await dialog.refer(step.target, second)
    await _leave(dialog)
    await second.bye()


async def _consults_ringing(phones: Phones, dialog: Dialog, step: Step) -> None:
    """Semi-attended: hands over while the colleague's phone still rings."""
    await dialog.hold()
    phones.scripts[step.target] = [Step(ring=3)]
    second, status = phones.dial(dialog.leg.phone, step.target, "Consultation")
    await second.stay(0.7)
    await dialog.refer(step.target, second)
    await _leave(dialog)
    await _let_go(second, status)


async def _let_go(second: Dialog, status: asyncio.Future[int]) -> None:
    """Ends a call that was placed, however far it has come: the caller may have left before it was handed over."""
    cseq = second.cseq
    if not status.done():
        second.request("CANCEL", cseq=cseq)
        await asyncio.wait({status}, timeout=10)
    second.request("ACK", cseq=cseq)
    second.leg.status = status.result() if status.done() else 0
    if 200 <= second.leg.status < 300:
        await second.bye()
    second.end("pbx")


async def _returns(phones: Phones, dialog: Dialog, step: Step) -> None:
    """Asks a colleague and comes back to the caller without a transfer."""
    await dialog.hold()
    dialog.note("consultation", step.target)
    second = await phones.place(dialog.leg.phone, step.target, "Question")
    await second.stay(CONSULT_S)
    await second.bye()
    await dialog.unhold()


async def _presses(_phones: Phones, dialog: Dialog, step: Step) -> None:
    """Blind transfer by feature code: #1 and the number."""
    dialog.note("blind transfer", step.target)
    await dialog.press("#1" + step.target)
    await _leave(dialog)


async def _presses_attended(_phones: Phones, dialog: Dialog, step: Step) -> None:
    """Attended transfer by feature code: *2, the number, some words, and hang up."""
    dialog.note("attended transfer", step.target)
    await dialog.press("*2" + step.target)
    await dialog.stay(4 + CONSULT_S)
    await dialog.bye()


async def _leave(dialog: Dialog) -> None:
    """As a real phone does: hangs up when the PBX has told how the transfer went."""
    waits = asyncio.create_task(dialog.told.wait()), asyncio.create_task(dialog.over.wait())
    await asyncio.wait(waits, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await dialog.bye()


REFUSALS = {"busy": (486, "Busy Here", "busy"), "declines": (603, "Decline", "declined")}
ANSWERED: dict[str, Callable[[Phones, Dialog, Step], Awaitable[None]]] = {
    "hangs": _hangs,
    "holds": _holds,
    "refers": _refers,
    "consults": _consults,
    "consults ringing": _consults_ringing,
    "returns": _returns,
    "presses": _presses,
    "presses attended": _presses_attended,
}

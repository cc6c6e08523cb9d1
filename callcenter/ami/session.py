"""One session at a manager interface: connect, log in, ask, notice when the other side is no more. A shell.

Asterisk answers pings in order with a session's events: a Pong says up to when everything has been told, and makes
Asterisk send what it forgot to (an event may lie for minutes until something else wakes the session).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

from callcenter import clock
from callcenter.ami import commands
from callcenter.ami.headers import moment
from callcenter.ami.pbx_clock import PbxClock
from callcenter.ami.protocol import BANNER, Deliver, Protocol
from callcenter.config import Pbx
from callcenter.errors import ActionRefused, ActionTimeout, ConfigError, LinkError, LoginRefused

ANSWER_S = 5.0
CONNECT_S = 5.0
CLOSE_S = 0.5
PING_S = 5.0
SILENCE_S = 7.0
"""Nothing for so long after a Ping: the other side is no more. With the pause between pings that is 12 s at most."""

WRONG = "wrong secret, no such user in manager.conf, or its permit/deny (ACL) excludes this host"
WHY = {"Login Already In Use": "set allowmultiplelogin = yes in manager.conf [general]: two sessions are needed"}
"""What Asterisk says of a login that it refuses, and what is to be done; else it is :data:`WRONG`."""

Told = Callable[[float, float, float], None]
"""Takes the PBX's time from a Pong, and our moments of asking and of the answer."""


class Session:
    """A connection that is logged in. ``ponged``: (our moment, the PBX's time) of the newest Pong."""

    def __init__(self, where: str, protocol: Protocol) -> None:
        self.where, self.protocol = where, protocol
        self.ponged: tuple[float, float] | None = None

    async def ask(self, action: commands.Action, deadline: float | None = None) -> Any:
        """Send one action, once, and return Asterisk's answer (a panoramisk Message).

        Raises ActionRefused (Asterisk said no), ActionTimeout, or LinkError (the session was lost meanwhile: the action
        may or may not have been done; it is never repeated).
        """
        protocol, deadline = self.protocol, deadline or ANSWER_S
        if protocol.lost.done():
            raise LinkError(f"{self.where}: no link")
        future = protocol.send(action, as_list=False)
        try:
            async with asyncio.timeout(deadline):  # wait_for of Python 3.11 forgets a cancelling beside an answer
                answer = await asyncio.shield(future)
        except TimeoutError:
            for key in [k for k, waiting in protocol.responses.items() if waiting.future is future]:
                del protocol.responses[key]  # a late answer finds nobody
            raise ActionTimeout(f"{self.where}: no answer to {action['Action']} within {deadline:g} s") from None
        if not answer.success:
            raise ActionRefused(f"{self.where}: {action['Action']}: {answer.message or answer.response}")
        return answer

    async def ping(self, told: Told | None = None, deadline: float | None = None) -> None:
        """Raises what :meth:`ask` raises."""
        asked = clock.now()
        answer = await self.ask(commands.ping(), deadline)
        answered, at = clock.now(), seconds(answer.timestamp)
        if at is not None:
            self.ponged = answered, at
            if told:
                told(at, asked, answered)

    async def watch(self, told: Told | None = None) -> None:
        """Ping for ever. Raises LinkError when the session is lost, or silent for :data:`SILENCE_S` after a Ping.

        Silence is reckoned from the question: a process that was stopped for a while finds the answer behind it.
        """
        while True:
            began = clock.monotonic()
            with contextlib.suppress(LinkError):
                await self.ping(told, SILENCE_S)
            if self.protocol.heard_at < began and not self.protocol.lost.done():
                raise LinkError(f"{self.where}: nothing heard for {SILENCE_S:g} s")
            await asyncio.wait({self.protocol.lost}, timeout=max(0.0, began + PING_S - clock.monotonic()))
            if self.protocol.lost.done():
                raise LinkError(f"{self.where}: link lost: {self.protocol.lost.result()}")

    def known_until(self, pbx_clock: PbxClock) -> float:
        """Up to which time of the PBX, by its clock of now, this session told everything; 0 when it told nothing."""
        newest = self.protocol.newest
        if newest is None or (self.ponged and self.ponged[0] >= newest[1]):
            return pbx_clock.by_now(self.ponged[1], self.ponged[0]) if self.ponged else 0.0
        return pbx_clock.by_now(moment(newest[0].raw, newest[1] + pbx_clock.offset), newest[1])


def seconds(text: Any) -> float | None:
    """A time in seconds since the epoch; None when it is none."""
    with contextlib.suppress(TypeError, ValueError):
        value = float(text)
        if math.isfinite(value) and value > 0:
            return value
    return None


@contextlib.asynccontextmanager
async def opened(pbx: Pbx, deliver: Deliver, events: bool) -> AsyncIterator[Session]:
    """A logged-in session; closed whatever happens. Raises LinkError or ConfigError, each naming what is wrong."""
    where, secret = f"{pbx.host}:{pbx.port}", pbx.password()
    protocol = await _connect(pbx, where, deliver)
    session = Session(where, protocol)
    try:
        await _log_in(session, pbx, secret, events)
        yield session
    finally:
        await _close(protocol)


async def _close(protocol: Protocol) -> None:
    """Close, politely for a moment: a peer that does not take what was sent, or the end of TLS, keeps nothing open."""
    protocol.close()
    await asyncio.wait({protocol.lost}, timeout=CLOSE_S)
    protocol.transport.abort()


async def _connect(pbx: Pbx, where: str, deliver: Deliver) -> Protocol:
    """A connection that greeted like an Asterisk. Raises LinkError."""
    protocol = await _dialled(pbx, where, deliver)
    try:
        async with asyncio.timeout(CONNECT_S):
            await protocol.greeted.wait()
        problem = "" if protocol.greeting.startswith(BANNER) else f"it said {protocol.greeting[:60]!r}"
        if protocol.lost.done():
            problem = f"connection ended before a greeting: {protocol.lost.result()}"
    except TimeoutError:
        problem = f"no greeting within {CONNECT_S:g} s"
    except asyncio.CancelledError:
        await _close(protocol)
        raise
    if problem:
        await _close(protocol)
        raise LinkError(f"{where}: {problem} (is this an Asterisk manager port?)")
    return protocol


async def _dialled(pbx: Pbx, where: str, deliver: Deliver) -> Protocol:
    loop = asyncio.get_running_loop()
    context = tls_context(pbx) if pbx.tls else None
    try:
        async with asyncio.timeout(CONNECT_S):
            return (await loop.create_connection(lambda: Protocol(deliver), pbx.host, pbx.port, ssl=context))[1]
    except TimeoutError:
        raise LinkError(f"{where}: cannot connect within {CONNECT_S:g} s") from None
    except ssl.SSLError as problem:
        raise LinkError(f"{where}: TLS: {getattr(problem, 'verify_message', '') or problem.reason}") from None
    except (OSError, UnicodeError) as problem:
        raise LinkError(f"{where}: cannot connect: {_reason(problem)}") from None


def _reason(problem: OSError | UnicodeError) -> str:
    """asyncio words a refused connection by itself, and several at once as a list."""
    number = getattr(problem, "errno", None) or 0
    return os.strerror(number) if number > 0 else str(getattr(problem, "strerror", None) or problem)


def tls_context(pbx: Pbx) -> ssl.SSLContext:
    """Raises ConfigError when ``tls_ca`` cannot be read."""
    try:
        context = ssl.create_default_context(cafile=str(pbx.tls_ca) if pbx.tls_ca else None)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigError(f"pbx.tls_ca: cannot read {pbx.tls_ca}: {problem}") from None
    if not pbx.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _log_in(session: Session, pbx: Pbx, secret: str, events: bool) -> None:
    """By MD5 challenge, or with the plain secret. Raises LoginRefused, naming what Asterisk lets one know."""
    user = pbx.username
    try:
        if pbx.auth == "md5":
            answer = await session.ask(commands.challenge())
            key = hashlib.md5(f"{answer.challenge}{secret}".encode(), usedforsecurity=False).hexdigest()
            await session.ask(commands.login_md5(user, key, events))
        else:
            await session.ask(commands.login(user, secret, events))
    except ActionRefused as no:
        said = str(no).rpartition(": ")[2]
        raise LoginRefused(f"{session.where}: login of {user!r} refused ({said}): {WHY.get(said, WRONG)}") from None

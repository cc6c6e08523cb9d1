"""The link to one Asterisk: connect, log in, take a snapshot, watch, and again. A shell.

Reading never waits: what comes is put on a queue by :class:`~callcenter.ami.protocol.Protocol`. Every action has a
deadline. A peer that says nothing for :data:`SILENCE_S` in spite of pings is dropped. After a failure the next try
comes after a growing, jittered pause, after a refused login a long one: Asterisk may ban who asks too often.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import random
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog

from callcenter import clock
from callcenter.ami import commands
from callcenter.ami.framing import Message
from callcenter.ami.pbx_clock import PbxClock
from callcenter.ami.protocol import BANNER, Protocol
from callcenter.config import Pbx
from callcenter.errors import ActionRefused, ActionTimeout, ConfigError, LinkError, LoginRefused
from callcenter.floor import events as e

ANSWER_S = 5.0
CONNECT_S = 5.0
CLOSE_S = 0.5
PING_S = 5.0
SILENCE_S = 12.0
BACKOFF_S = (0.5, 30.0)
REFUSED_S = (50.0, 70.0)

Put = Callable[[list[Message] | e.Event, float], None]

log = structlog.get_logger()


class Link:
    """``put`` takes what happened, in order: lists of messages, and the link's own Events. It must not block.

    ``snapshot_wanted`` may be set by anyone: one follows with the next ping.
    ``clock`` knows how far the PBX's clock is ahead of ours.
    """

    def __init__(self, pbx: Pbx, put: Put) -> None:
        self.pbx, self.put = pbx, put
        self.where = f"{pbx.host}:{pbx.port}"
        self.protocol: Protocol | None = None
        self.dropped: Counter[str] = Counter()
        self.heard = 0
        self.failure = "not connected yet"
        self.refused: dict[str, str] = {}
        self.clock = PbxClock(pbx.clock_step_s)
        self.snapshot_wanted = False
        self.was_up = False

    # ---- asking ---------------------------------------------------------------------------------------------

    async def send(self, action: commands.Action, deadline: float = ANSWER_S) -> Any:
        """Send one action, once, and return Asterisk's answer (a panoramisk Message).

        Raises ActionRefused (Asterisk said no), ActionTimeout, or LinkError (no link, or lost meanwhile: the action
        may or may not have been done; it is never repeated).
        """
        protocol = self.protocol
        if protocol is None or protocol.lost.done():
            raise LinkError(f"{self.where}: no link")
        future = protocol.send(action, as_list=False)
        try:
            answer = await asyncio.wait_for(asyncio.shield(future), deadline)
        except TimeoutError:
            for key in [k for k, waiting in protocol.responses.items() if waiting.future is future]:
                del protocol.responses[key]  # a late answer finds nobody
            raise ActionTimeout(f"{self.where}: no answer to {action['Action']} within {deadline:g} s") from None
        if not answer.success:
            raise ActionRefused(f"{self.where}: {action['Action']}: {answer.message or answer.response}")
        return answer

    # ---- the link's life ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: connect, stay, and try again. Only cancelling ends it.

        It begins with a LinkDown: events may come in one segment with the answer to the login, before LinkUp.
        """
        self.put(e.LinkDown(clock.now(), self.failure), clock.now())
        tries = 0
        while True:
            began = clock.monotonic()
            try:
                await self._connected()
            except (LinkError, ConfigError) as problem:
                # A secret file that is gone while credentials rotate must not end a daemon that was up.
                if isinstance(problem, ConfigError) and not self.was_up:
                    raise
                self._failed(problem)
                tries = 0 if clock.monotonic() - began > 60 else tries + 1
                await asyncio.sleep(pause_before(tries, isinstance(problem, LoginRefused)))

    def _failed(self, problem: LinkError | ConfigError) -> None:
        if str(problem) != self.failure:
            log.warning("ami link down", pbx=self.pbx.name, reason=str(problem))
        self.failure = str(problem)
        self.put(e.LinkDown(clock.now(), self.failure), clock.now())

    async def _connected(self) -> None:
        async with self.open():
            log.info("ami link up", pbx=self.pbx.name, where=self.where)
            self.failure, self.was_up = "", True
            await self.look_at_clock()
            await self.snapshot()
            await self._watch()

    def open(self) -> contextlib.AbstractAsyncContextManager[Protocol]:
        return _opened(self)

    async def snapshot(self) -> None:
        """Ask for everything that is: the lists come as messages in the stream, in their place among the events."""
        self.put(e.SnapshotBegan(clock.now()), clock.now())
        for ask, end in ((commands.queue_status(), e.QueuesListed), (commands.core_show_channels(), e.LegsListed)):
            try:
                await self.send(ask, 15.0)
                self.refused.pop(ask["Action"], None)
            except ActionRefused as no:
                log.warning("ami action refused", pbx=self.pbx.name, reason=str(no))
                self.refused[ask["Action"]] = str(no)
                if end is e.LegsListed:
                    self.put(e.LegsListed(clock.now(), complete=False), clock.now())

    async def _watch(self) -> None:
        """Ping until the link is lost; raises LinkError."""
        protocol = self.protocol
        assert protocol is not None
        while True:
            done, _ = await asyncio.wait({protocol.lost}, timeout=PING_S)
            if done:
                raise LinkError(f"{self.where}: link lost: {protocol.lost.result()}")
            if clock.monotonic() - protocol.heard_at > SILENCE_S:
                raise LinkError(f"{self.where}: nothing heard for {SILENCE_S:g} s")
            with contextlib.suppress(ActionTimeout):
                await self.look_at_clock()
                if self.snapshot_wanted:
                    self.snapshot_wanted = False
                    await self.snapshot()

    async def look_at_clock(self) -> None:
        """Ping; Asterisk's answer tells its time."""
        asked = clock.now()
        answer = await self.send(commands.ping(), PING_S)
        with contextlib.suppress(TypeError, ValueError):
            told = float(answer.timestamp or "none")
            if math.isfinite(told):
                self.clock.told(told, asked, clock.now())


@contextlib.asynccontextmanager
async def _opened(link: Link) -> Any:
    """A logged-in connection; closed whatever happens."""
    secret = link.pbx.password()
    protocol = await _connect(link)
    link.protocol = protocol
    try:
        await _log_in(link, secret)
        link.put(e.LinkUp(clock.now()), clock.now())
        yield protocol
    finally:
        link.dropped += protocol.framer.dropped
        link.heard += protocol.framer.seen
        link.protocol = None
        await _close(protocol)


async def _close(protocol: Protocol) -> None:
    """Close, politely for a moment: a peer that does not take what was sent, or the end of TLS, keeps nothing open."""
    protocol.close()
    await asyncio.wait({protocol.lost}, timeout=CLOSE_S)
    protocol.transport.abort()


async def _connect(link: Link) -> Protocol:
    """A connection that greeted like an Asterisk. Raises LinkError."""
    protocol = await _dialled(link)
    try:
        await asyncio.wait_for(protocol.greeted.wait(), CONNECT_S)
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
        raise LinkError(f"{link.where}: {problem} (is this an Asterisk manager port?)")
    return protocol


async def _dialled(link: Link) -> Protocol:
    pbx = link.pbx
    loop = asyncio.get_running_loop()
    context = tls_context(pbx) if pbx.tls else None
    try:
        async with asyncio.timeout(CONNECT_S):
            return (await loop.create_connection(lambda: Protocol(link.put), pbx.host, pbx.port, ssl=context))[1]
    except TimeoutError:
        raise LinkError(f"{link.where}: cannot connect within {CONNECT_S:g} s") from None
    except ssl.SSLError as problem:
        raise LinkError(f"{link.where}: TLS: {getattr(problem, 'verify_message', '') or problem.reason}") from None
    except (OSError, UnicodeError) as problem:
        raise LinkError(f"{link.where}: cannot connect: {_reason(problem)}") from None


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


async def _log_in(link: Link, secret: str) -> None:
    """By MD5 challenge, or with the plain secret. Raises LoginRefused, naming what Asterisk lets one know."""
    user = link.pbx.username
    try:
        if link.pbx.auth == "md5":
            answer = await link.send(commands.challenge())
            key = hashlib.md5(f"{answer.challenge}{secret}".encode(), usedforsecurity=False).hexdigest()
            await link.send(commands.login_md5(user, key))
        else:
            await link.send(commands.login(user, secret))
    except ActionRefused as no:
        said = str(no).rpartition(": ")[2]
        raise LoginRefused(
            f"{link.where}: login of {user!r} refused ({said}): wrong secret, no such user in manager.conf, "
            f"or its permit/deny (ACL) excludes this host"
        ) from None


def pause_before(tries: int, refused: bool) -> float:
    """Seconds before try number ``tries`` + 1, with jitter so that many daemons do not come at once."""
    if refused:
        return random.uniform(*REFUSED_S)
    least, most = BACKOFF_S
    return random.uniform(0.5, 1.0) * min(most, least * 2.0 ** min(tries, 10))

"""The link to one Asterisk: two sessions, snapshots now and then, and again after each failure. A shell.

One session brings the events, the other carries all that is asked: Asterisk holds a session's events back while it
answers there, so a long list must not be asked for where the events come. Reading never waits: what comes is put on a
queue by :class:`~callcenter.ami.protocol.Protocol`. Every action has a deadline. When the session for actions is lost,
it is opened anew beside the events, which go on; when that of the events is lost, a hole begins. After a failure the
next try comes after a growing, jittered pause, after a refused login a long one: Asterisk may ban who asks too often.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import structlog

from callcenter import clock
from callcenter.ami import commands, session
from callcenter.ami.framing import Message
from callcenter.ami.lists import ENDS, LIST_S, Lists, Rows, only
from callcenter.ami.pbx_clock import PbxClock
from callcenter.ami.protocol import Protocol
from callcenter.ami.session import ANSWER_S, Session
from callcenter.ami.starts import Starts
from callcenter.config import Pbx
from callcenter.errors import ActionRefused, ActionTimeout, ConfigError, LinkError, LoginRefused
from callcenter.floor import events as e

BACKOFF_S = (0.5, 30.0)
REFUSED_S = (55.0, 70.0)
RECONCILE_S = 30.0
JITTER = 0.2
WANTED_S = 5.0
"""No snapshot follows another sooner: many who want one get one."""
LOADING_S = (1.0, 60.0)
"""Pause before QueueStatus is asked for again, and how long after a login Asterisk may still be loading app_queue."""

Item = list[Message] | e.Event
Put = Callable[[Item, float], None]

log = structlog.get_logger()


class Link:
    """``put`` takes what happened, in order: lists of messages, and the link's own Events. It must not block.

    ``clock`` knows how far the PBX's clock is ahead of ours. ``failure`` and ``actions_failure`` say why there is no
    session for events, for actions; '' where there is one. ``known_until``: up to which time of the PBX the sessions
    that ended had told everything.
    """

    def __init__(self, pbx: Pbx, put: Put) -> None:
        self.pbx, self.put = pbx, put
        self.where = f"{pbx.host}:{pbx.port}"
        self.events: Session | None = None
        self.actions: Session | None = None
        self.dropped: Counter[str] = Counter()
        self.heard = 0
        self.failure = self.actions_failure = "not connected yet"
        self.refused: dict[str, str] = {}
        self.clock = PbxClock(pbx.clock_step_s)
        self.was_up = False
        self.known_until = 0.0
        self._wanted = asyncio.Event()
        self._lists = Lists()
        self._up_at = 0.0
        self._early: Rows | None = None
        self._at_once = ""
        self._incomplete: set[str] = set()
        self._starts = Starts()
        self._boot_due = self._boot_told = False

    @property
    def protocol(self) -> Protocol | None:
        """The connection that brings the events."""
        return self.events.protocol if self.events else None

    @property
    def snapshot_wanted(self) -> bool:
        """May be set by anyone: one follows soon."""
        return self._wanted.is_set()

    @snapshot_wanted.setter
    def snapshot_wanted(self, wanted: bool) -> None:
        (self._wanted.set if wanted else self._wanted.clear)()

    # ---- asking ---------------------------------------------------------------------------------------------

    async def send(self, action: commands.Action, deadline: float = ANSWER_S) -> Any:
        """Send one action, once, and return Asterisk's answer (a panoramisk Message).

        Raises ActionRefused (Asterisk said no), ActionTimeout, or LinkError (no link, or lost meanwhile: the action
        may or may not have been done; it is never repeated).
        """
        if self.actions is None:
            raise LinkError(f"{self.where}: no link")
        return await self.actions.ask(action, deadline)

    async def look_at_clock(self) -> None:
        """Ping; Asterisk's answer tells its time. Raises LinkError."""
        one = self.actions or self.events
        if one is None:
            raise LinkError(f"{self.where}: no link")
        await one.ping(self.clock.told)

    async def all_told(self, deadline: float = ANSWER_S) -> None:
        """Returns when all that happened before the call has come as events. Raises LinkError."""
        if self.events is None:
            raise LinkError(f"{self.where}: no link")
        await self.events.ping(self.clock.told, deadline)

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
        self.put(e.LinkDown(clock.now(), self.failure, self.known_until), clock.now())

    async def _connected(self) -> None:
        """Raises LinkError when the events end."""
        async with self._hearing() as events:
            log.info("ami link up", pbx=self.pbx.name, where=self.where)
            self.failure, self.was_up = "", True
            await together(events.watch(self.clock.told), self._act())

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Protocol]:
        """Both sessions, once; the connection that brings the events."""
        async with self._hearing() as events, self._acting():
            yield events.protocol

    @contextlib.asynccontextmanager
    async def _hearing(self) -> AsyncIterator[Session]:
        self._early = []
        async with session.opened(self.pbx, self._deliver, events=True) as events:
            self.events, self._up_at, self._boot_due = events, clock.monotonic(), True
            try:
                await self._let_through(events)
                self.put(e.LinkUp(clock.now()), clock.now())
                yield events
            finally:
                if self._early is None:
                    self.known_until = events.known_until(self.clock) or self.known_until
                self.events = None
                self._count(events)

    def _deliver(self, messages: list[Message], arrival: float) -> None:
        if self._early is None:
            self.put(messages, arrival)
        else:
            self._early.append((messages, arrival))

    async def _let_through(self, events: Session) -> None:
        """Events go on when we know the PBX's time: FullyBooted has none, and its Uptime means nothing without.

        Raises LinkError when we do not learn it: what came till then is of the hole, which goes on.
        """
        await events.ping(self.clock.told)
        early, self._early = self._early or [], None
        self._boot_told = any(message.name == b"FullyBooted" for messages, _ in early for message in messages)
        for messages, arrival in early:
            self.put(messages, arrival)

    # ---- the session of the actions -------------------------------------------------------------------------

    async def _act(self) -> None:
        """Keep a session for actions, for as long as the events come."""
        tries = 0
        while True:
            began = clock.monotonic()
            try:
                async with self._acting() as actions:
                    await together(actions.watch(self.clock.told), self._reconcile())
            except (LinkError, ConfigError) as problem:
                if str(problem) != self.actions_failure:
                    log.warning("ami session for actions lost", pbx=self.pbx.name, reason=str(problem))
                self.actions_failure = str(problem)
                tries = 0 if clock.monotonic() - began > 60 else tries + 1
                await asyncio.sleep(pause_before(tries, isinstance(problem, LoginRefused)))

    @contextlib.asynccontextmanager
    async def _acting(self) -> AsyncIterator[Session]:
        self._lists = Lists()
        async with session.opened(self.pbx, self._lists.deliver, events=False) as actions:
            self.actions, self.actions_failure = actions, ""
            try:
                yield actions
            finally:
                self.actions = None
                self._count(actions)

    def counted(self) -> tuple[int, Counter[str]]:
        """Messages received since the process began, and those not taken by reason, of both sessions."""
        framers = [one.protocol.framer for one in (self.events, self.actions) if one]
        return self.heard + sum(f.seen for f in framers), sum((f.dropped for f in framers), self.dropped)

    def _count(self, ended: Session) -> None:
        self.dropped += ended.protocol.framer.dropped
        self.heard += ended.protocol.framer.seen

    async def _reconcile(self) -> None:
        """A snapshot at once, then now and then: some changes are told by no event. Raises LinkError."""
        with contextlib.suppress(ActionRefused):
            await self.look_at_clock()
        if self._boot_due:
            await self._look_at_boot()
        while True:
            pause = RECONCILE_S * random.uniform(1 - JITTER, 1 + JITTER)
            self._wanted.clear()
            try:
                await self.snapshot()
            except ActionRefused:
                pause = LOADING_S[0]
            except ActionTimeout as late:
                log.warning("ami events are late: no snapshot", pbx=self.pbx.name, reason=str(late))
            await asyncio.sleep(min(WANTED_S, pause))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause - WANTED_S):
                    await self._wanted.wait()

    async def _look_at_boot(self) -> None:
        """Tell a restart from a reconnect though the user lacks the class ``system``, or Asterisk is still loading.

        FullyBooted tells it whatever the hole: where that came there is nothing to add.
        """
        try:
            answer = await self.send(commands.core_status())
        except ActionRefused as no:
            self._refused("CoreStatus", no)
            return
        self._boot_due, now = False, clock.now()
        uptime_s = self._starts.uptime(answer.corestartupdate, answer.corestartuptime, now + self.clock.offset)
        if uptime_s is not None and not self._boot_told:
            self.put(e.Booted(now, uptime_s), now)

    # ---- snapshots ------------------------------------------------------------------------------------------

    async def snapshot(self) -> None:
        """Ask for everything that is. The lists are put when all events from before their end have been.

        Raises LinkError: ActionRefused while Asterisk has yet to load its queues, ActionTimeout when events are late.
        """
        asked = clock.now()
        self.put(e.SnapshotAsked(asked, self.clock.offset - self.clock.stepped_s), asked)
        rows = await self._rows("QueueStatus", self._lists.queues)
        self._say_at_once(self._lists.at_once)
        channels = await self._rows("CoreShowChannels", self._lists.channels)
        await self.all_told(LIST_S)
        self.put(e.SnapshotBegan(asked), asked)
        for messages, arrival in rows + channels:
            self.put(messages, arrival)
        if not only(channels, ENDS):
            self.put(e.LegsListed(clock.now(), complete=False), clock.now())

    async def _rows(self, name: str, fetch: Callable[[Session], Awaitable[Rows]]) -> Rows:
        """What Asterisk lists, without the end when rows are missing; nothing where the user has no right to it."""
        if self.actions is None:
            raise LinkError(f"{self.where}: no link")
        try:
            rows = await fetch(self.actions)
        except ActionRefused as no:
            self._refused(name, no)
            if name == "QueueStatus" and clock.monotonic() - self._up_at < LOADING_S[1]:
                raise
            return []
        self.refused.pop(name, None)
        self._say_incomplete(name, not only(rows, ENDS))
        return rows

    def _say_incomplete(self, name: str, incomplete: bool) -> None:
        """Once, until a list is whole again; each is counted."""
        if not incomplete:
            self._incomplete.discard(name)
            return
        self.dropped["incomplete_list"] += 1
        if name not in self._incomplete:
            log.warning("ami list incomplete: nobody is taken for gone", pbx=self.pbx.name, list=name)
        self._incomplete.add(name)

    def _say_at_once(self, why: str) -> None:
        if why not in ("", self._at_once):
            log.warning("ami queues asked for all at once, not one by one", pbx=self.pbx.name, reason=why)
        self._at_once = why

    def _refused(self, name: str, no: ActionRefused) -> None:
        if self.refused.get(name) != str(no):
            log.warning("ami action refused", pbx=self.pbx.name, reason=str(no))
        self.refused[name] = str(no)


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """All, until the first fails: what it raised is raised, the others are ended.

    No TaskGroup: Python 3.11's forgets that it was cancelled from outside when a part fails at the same moment.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


def pause_before(tries: int, refused: bool) -> float:
    """Seconds before try number ``tries`` + 1, with jitter so that many daemons do not come at once."""
    if refused:
        return random.uniform(*REFUSED_S)
    least, most = BACKOFF_S
    return random.uniform(0.5, 1.0) * min(most, least * 2.0 ** min(tries, 10))

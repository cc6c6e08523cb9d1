"""The connection to the broker: it publishes what changed, and after an outage all of it. A shell.

Nothing is kept for a broker that is away but the newest board and the newest state of the last ``CALLS`` calls: what a
reader finds when it is back is what is true then. What is retained of queues and agents that are no more is taken away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

import aiomqtt
import structlog

from callcenter import clock
from callcenter.config import Config, Mqtt, Site
from callcenter.errors import ConfigError
from callcenter.floor.changes import Change
from callcenter.floor.records import CallRecord
from callcenter.floor.wallboard import Wallboard
from callcenter.mqtt import home_assistant, messages
from callcenter.mqtt.messages import Message
from callcenter.mqtt.table import AGENT, KPI, QUEUE, STATUS, root
from callcenter.numbers import e164

PREFIX = Mqtt().prefix
BOARD_S, KPI_S = 1.0, 5.0
CALLS = 1000
"""Calls whose newest state waits for the broker; the one that changed longest ago is given up."""
AT_ONCE = 100
"""Messages on the way at a time."""
ANSWER_S = 5.0
SETTLE_S = 5.0
"""So long after a login the broker tells what it has retained."""
BACKOFF_S = (0.5, 30.0)
STEADY_S = 1.0
"""A connection that held for so long was none of two clients of one name that throw each other out."""
LAST_S = 1.0
"""At the end offline is said within this time; else the Last Will says it."""

log = structlog.get_logger()

unheard = logging.getLogger("callcenter.mqtt.client")
"""Of aiomqtt and paho: what they say comes as an exception too."""
unheard.disabled = True


class Boards(Protocol):
    """What the daemon gives."""

    def board(self) -> Wallboard: ...

    async def next_board(self, seq: int) -> Wallboard: ...


class Outlet:
    """``failure`` says where and why there is no connection, '' while there is one or where no broker is configured."""

    def __init__(self, config: Config, boards: Boards) -> None:
        self._mqtt, self._site, self._boards = config.mqtt, config.site, boards
        self._root = root(config.mqtt, config.site)
        self._started_at = clock.now()
        self.where = f"{self._mqtt.host}:{port_of(self._mqtt)}"
        self._reason = "not connected yet" if self._mqtt.host else ""
        self.published = self.logins = self.dropped_calls = 0
        self._calls: dict[str, CallRecord] = {}
        self._now: dict[str, bytes] = {}
        self._kpis: dict[str, bytes] = {}
        self._logged_in_at: float | None = None

    @property
    def failure(self) -> str:
        return self._reason and f"{self.where}: {self._reason}"

    @property
    def up(self) -> bool | None:
        """None: no broker is configured."""
        return not self._reason if self._mqtt.host else None

    def take(self, changes: Iterable[Change], records: Callable[[str], CallRecord | None]) -> None:
        """What happened to calls, as the pipeline takes it; never waits."""
        if not (self._mqtt.host and self._mqtt.calls):
            return
        for id in {change.call for change in changes if change.call}:
            if (record := records(id)) is not None:
                self._calls.pop(id, None)
                self._calls[id] = record
        while len(self._calls) > CALLS:
            del self._calls[next(iter(self._calls))]
            self.dropped_calls += 1

    async def run(self) -> None:
        """For ever: connect, tell, and try again. Raises ConfigError the first time."""
        tries, first, said = 0, True, False
        while self._mqtt.host:
            logins, self._logged_in_at = self.logins, None
            try:
                await self._connected()
            except (aiomqtt.MqttError, ConfigError, OSError) as problem:
                if isinstance(problem, ConfigError) and first:
                    raise
                self._reason = str(problem) or type(problem).__name__
            except Exception as bug:  # of ours or the library's: calls must go on being followed
                log.exception("mqtt: not told")
                self._reason = f"{type(bug).__name__}: the log says more"
            said = said and self.logins == logins
            if not said:
                log.warning("mqtt down", where=self.where, reason=self._reason)
            first, said = False, True
            tries = 0 if self._held() else tries + 1
            await asyncio.sleep(pause_before(tries))

    def _held(self) -> bool:
        return self._logged_in_at is not None and clock.monotonic() - self._logged_in_at > STEADY_S

    async def _connected(self) -> None:
        """Raises MqttError, OSError when the connection ends."""
        will = aiomqtt.Will(self._root + STATUS, messages.OFFLINE, 1, retain=True)
        async with opened(self._mqtt, client_id(self._mqtt, self._site), will) as client:
            self.logins += 1
            self._logged_in_at = clock.monotonic()
            self._now, self._kpis = {}, {}
            try:
                async with asyncio.TaskGroup() as tasks:
                    found: set[str] = set()
                    tasks.create_task(self._hear(client, found))
                    tasks.create_task(self._tell(client))
                    tasks.create_task(self._tidy(client, found))
            except* (aiomqtt.MqttError, OSError) as problems:
                raise problems.exceptions[0] from None
            finally:
                said = messages.offline(self._boards.board(), self._site)
                with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
                    async with asyncio.timeout(LAST_S):
                        await client.publish(self._root + STATUS, said, 1, retain=True)

    async def _hear(self, client: aiomqtt.Client, found: set[str]) -> None:
        """What is retained, as long as we listen to it; and that the connection ends though there is nothing to tell:
        then it raises MqttError."""
        async for message in client.messages:
            if message.retain and message.payload:
                found.add(message.topic.value)

    # ---- what is told ---------------------------------------------------------------------------------------

    async def _tell(self, client: aiomqtt.Client) -> None:
        """All at first, then what changed."""
        board, kpis_due = self._boards.board(), 0.0
        while True:
            await self._keep(client, self._now, await asyncio.to_thread(self._of_now, board), board.now.link)
            if clock.monotonic() >= kpis_due:
                kpis_due = clock.monotonic() + KPI_S
                await self._keep(client, self._kpis, await asyncio.to_thread(self._of_kpis, board), board.now.link)
            await self._tell_calls(client, board)
            if self._reason:
                self._reason = ""
                log.info("mqtt up", where=self.where)
            await asyncio.sleep(BOARD_S)
            board = await self._boards.next_board(board.seq)

    def _of_now(self, board: Wallboard) -> list[Message]:
        prefix = self._mqtt.home_assistant
        devices = home_assistant.devices(board, self._site, prefix, self._root) if prefix else ()
        return [*messages.now(board, self._site, self._root, self._started_at), *devices]

    def _of_kpis(self, board: Wallboard) -> list[Message]:
        return list(messages.kpis(board, self._site, self._root))

    async def _keep(
        self, client: aiomqtt.Client, told: dict[str, bytes], made: Sequence[Message], whole: bool
    ) -> None:
        """What is retained is what was made; ``told`` knows what it was. Unless it is ``whole`` nothing is taken away:
        without a link nobody knows what is no more."""
        changed = [one for one in made if told.get(one.topic) != one.told]
        gone = told.keys() - {one.topic for one in made} if whole else set()
        await self._publish(client, [*((one.topic, one.payload) for one in changed), *((one, b"") for one in gone)])
        told |= {one.topic: one.told for one in changed}
        for topic in gone:
            del told[topic]

    async def _tell_calls(self, client: aiomqtt.Client, board: Wallboard) -> None:
        calls, self._calls = self._calls, {}
        with_number = partial(e164, country=self._site.country) if self._mqtt.numbers else None
        made = [messages.call(record, board, self._site, self._root, with_number) for record in calls.values()]
        try:
            await self._publish(client, made, retain=False)
        except BaseException:
            self._calls = calls | self._calls  # some may come twice: better than never
            raise

    async def _publish(self, client: aiomqtt.Client, told: Sequence[tuple[str, bytes]], retain: bool = True) -> None:
        for first in range(0, len(told), AT_ONCE):
            some = told[first : first + AT_ONCE]
            await asyncio.gather(*(client.publish(to, payload, 1, retain) for to, payload in some))
            self.published += len(some)

    async def _tidy(self, client: aiomqtt.Client, found: set[str]) -> None:
        """Take away what an earlier process left of queues and agents that the PBX has no more.

        No message says that all retained ones have come (MQTT 3.1.1, 3.8.4), so they are waited for a while.
        """
        kinds, begins = [self._root + kind.partition("<")[0] + "+" for kind in (QUEUE, AGENT, KPI)], [self._root]
        if prefix := self._mqtt.home_assistant:
            kinds, begins = [*kinds, f"{prefix}/device/+/config"], [*begins, home_assistant.ours(self._site, prefix)]
        await client.subscribe([(kind, 0) for kind in kinds])
        await asyncio.sleep(SETTLE_S)
        await client.unsubscribe(kinds)
        board = self._boards.board()
        while not board.now.link:
            board = await self._boards.next_board(board.seq)
        made = await asyncio.to_thread(lambda: [*self._of_now(board), *self._of_kpis(board)])
        gone = {topic for topic in found if topic.startswith(tuple(begins))} - {one.topic for one in made}
        found.clear()
        await self._publish(client, [(topic, b"") for topic in sorted(gone)])


def pause_before(tries: int) -> float:
    """Seconds before the next one; after a connection that held ``tries`` is 0."""
    return random.uniform(0.5, 1) * min(BACKOFF_S[1], BACKOFF_S[0] * 2.0**tries)


def client_id(mqtt: Mqtt, site: Site) -> str:
    """As different as the topics are: of two clients of one name the broker throws the first out."""
    own_prefix = "" if mqtt.prefix == PREFIX else f"{mqtt.prefix}/"
    return mqtt.client_id or f"callcenter-{own_prefix}{site.name}"


def port_of(mqtt: Mqtt) -> int:
    return mqtt.port or (8883 if mqtt.tls else 1883)


@contextlib.asynccontextmanager
async def opened(mqtt: Mqtt, name: str, will: aiomqtt.Will | None = None) -> AsyncIterator[aiomqtt.Client]:
    """Logged in by this name. Raises MqttError, OSError, ConfigError."""
    client = aiomqtt.Client(
        mqtt.host, port_of(mqtt), identifier=name, username=mqtt.username or None, password=mqtt.secret(),
        tls_context=tls_context(mqtt) if mqtt.tls else None, keepalive=mqtt.keepalive_s, timeout=ANSWER_S, will=will,
        logger=unheard,
    )  # fmt: skip
    client.pending_calls_threshold = 2 * AT_ONCE
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(client)
        except ValueError as e:  # of a host's name that is none
            raise aiomqtt.MqttError(f"{mqtt.host}: {e}") from e
        yield client


async def check_broker(config: Config) -> tuple[list[str], list[str]]:
    """What is good to know of the configured broker, and what is wrong; a line each. Nothing is published."""
    mqtt = config.mqtt
    if not mqtt.host:
        return [], []
    where = f"{mqtt.host}:{port_of(mqtt)}"
    try:
        async with opened(mqtt, f"callcenter-check-{os.getpid()}"):
            return [f"mqtt: {where} lets us in"], []
    except (aiomqtt.MqttError, OSError) as problem:
        return [], [f"mqtt: {where}: {problem or type(problem).__name__}"]


def tls_context(mqtt: Mqtt) -> ssl.SSLContext:
    """Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=str(mqtt.tls_ca) if mqtt.tls_ca else None)
    except OSError as e:
        raise ConfigError(f"mqtt.tls_ca: cannot read {mqtt.tls_ca}: {e.strerror or e}") from e
    if not mqtt.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context

"""The shapes that the API answers with, for its OpenAPI document. Values only.

The answers themselves are encoded by msgspec from the plain dicts of :mod:`callcenter.shown`; the tests hold
every answer against these models, which allow no further key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from callcenter.crm.ticket import Kind, Stage
from callcenter.floor.records import AgentState, Direction, Outcome, Result
from kpi.table import Better

T = TypeVar("T")

Figures = dict[str, float | None]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageOf(Shape, Generic[T]):
    """``next`` is the cursor of the next page, null on the last one."""

    items: list[T]
    next: str | None


class Problem(Shape):
    """An error after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Targets(Shape):
    """The targets in force: threshold T in seconds, the aim of the service level, the short-abandon limit; ``figures``:
    what others aim at (from, to), where it is not that of ``/api/v1/figures``."""

    threshold_s: float | None = None
    service_level: float | None = None
    short_abandon_s: float | None = None
    figures: dict[str, tuple[float, float]] = {}


class QueueShape(Shape):
    """A queue as it is now."""

    name: str
    waiting: int
    oldest_at: datetime | None = Field(description="when the one who waits longest entered")
    longest_wait_s: float | None
    talking: int
    agents: dict[AgentState, int]
    targets: Targets


class AgentShape(Shape):
    """An agent as it is now. ``queue`` and ``call``: of the call it is busy with."""

    interface: str
    name: str
    state: AgentState
    since: datetime
    since_s: float
    reason: str
    queue: str | None
    call: str | None
    queues: list[str]
    paused_in: list[str]


class HoleShape(Shape):
    """A time in which nothing of the PBX was seen; ``to`` is null while it lasts.

    ``repaired``: the PBX's queue_log has since told what happened in queues meanwhile.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: datetime = Field(alias="from")
    to: datetime | None
    reason: str
    repaired: bool


class Seen(Shape):
    """How much of the window was seen."""

    link: bool
    link_since: datetime
    blind_s: float = Field(
        description="seconds of the window in which nothing was seen, repaired ones included: queue_log tells calls, "
        "not what agents did, so occupancy and utilisation may be wrong by so much"
    )
    holes: list[HoleShape] = Field(description="those that touch the window, oldest first")
    repaired: int = Field(description="visits of the window of which queue_log told what was not seen")
    unknown: int = Field(description="visits of the window whose outcome nobody knows")
    imported: int = Field(default=0, description="visits of the window that are known from an imported queue_log only")


class SeenShape(Shape):
    """How much of a window was seen, in short.

    ``whole``: all of it. ``repaired``: not all, and queue_log told the rest of the calls, not what agents did.
    ``partial``: figures may lack calls.
    """

    state: Literal["whole", "repaired", "partial"]
    blind_s: float = Field(description="seconds in which nothing was seen; of a partial window those not repaired")
    holes: int = Field(description="how many times without sight these seconds are")
    since: datetime | None = Field(description="when the first of them began, or the window if that was later")
    until: datetime | None = Field(description="when the last of them ended; null while it lasts")
    repaired: int
    unknown: int


class AlarmShape(Shape):
    """Something is wrong with the daemon or with what it lives on; ``ready``: it does its work all the same."""

    kind: Literal["link", "snapshot", "damaged", "store", "disk_full", "actions", "refused", "difference", "queue_log",
                  "backup", "old_backup", "mqtt"]
    detail: str
    since: datetime | None
    ready: bool


class AlertShape(Shape):
    """Something is wrong in a queue: ``value`` is beyond ``limit``.

    ``nobody_logged_in``: so many callers wait and nobody could answer. ``waits_too_long``: one waits for so many
    seconds. ``service_level_low`` and ``abandon_rate_high``: of the last 30 minutes, where enough calls came.
    """

    kind: Literal["nobody_logged_in", "waits_too_long", "service_level_low", "abandon_rate_high"]
    queue: str
    value: float
    limit: float


class Kpis(Shape):
    """Counts and figures by name; null where the denominator is empty."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    window: str
    from_: datetime = Field(alias="from")
    to: datetime
    seen: Seen
    queues: dict[str, Figures]
    all: Figures


class KpiIntervalShape(Shape):
    """One interval of the day; the last one is under way, ``to`` is then now.

    ``nothing``: nobody saw it, and no queue_log told of it. ``partial``: calls may be missing. ``repaired``: not all of
    it was seen, and queue_log told the rest of the calls.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: datetime = Field(alias="from")
    to: datetime
    seen: Literal["whole", "repaired", "partial", "nothing"]
    blind_s: float = Field(description="seconds of it in which nothing was seen")


Columns = dict[str, list[float | None]]


class KpiIntervals(Shape):
    """Counts, sums and figures of visits by name, each a list with one value for each of ``intervals``: null where the
    denominator is empty, and where nothing is known. A visit belongs to the interval in which it entered; the counts
    add up to those of ``/api/v1/kpis``. What agents' time tells (occupancy, utilisation) is not among them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    window: str
    every: str
    from_: datetime = Field(alias="from")
    to: datetime
    intervals: list[KpiIntervalShape]
    queues: dict[str, Columns]
    all: Columns


class FigureShape(Shape):
    """What a figure is called (en, fa, ar), its unit, which way is good, and what the field aims at, from and to."""

    name: str
    unit: Literal["ratio", "s", "count"]
    better: Better | None
    target: tuple[float, float] | None
    label: dict[str, str]


class SiteShape(Shape):
    name: str
    timezone: str


class BoardShape(Shape):
    """What each ``board`` event of the stream holds."""

    seq: int
    site: SiteShape
    at: datetime
    pbx: str
    link: bool
    link_since: datetime
    calls: int
    drift: int
    alarms: list[AlarmShape] = Field(description="the gravest first")
    alerts: list[AlertShape] = Field(description="the worst first; none while the link is down")
    seen: dict[str, SeenShape] = Field(description="by window")
    queues: list[QueueShape]
    agents: list[AgentShape]
    figures: dict[str, dict[str, Figures]] = Field(description='window, then queue ("" for all), then figure')


class Caller(Shape):
    number: str
    e164: str | None
    name: str


class AttemptShape(Shape):
    """One ring of one agent."""

    agent: str
    interface: str
    at: datetime
    rang_s: float | None
    result: Result | None
    unanswered: bool


class VisitShape(Shape):
    """One entry of the call into one queue; ``outcome`` is null while it waits."""

    queue: str
    entered_at: datetime
    position: int
    left_at: datetime | None
    wait_s: float | None
    outcome: Outcome | None
    agent: str | None
    interface: str | None
    talk_s: float | None
    hold_s: float | None
    wrap_up_s: float | None
    transferred: bool
    ended_by: str | None
    attempts: list[AttemptShape]
    repaired: bool = Field(description="what was not seen of it was taken from the PBX's queue_log")


class ConversationShape(Shape):
    interface: str
    agent: str | None
    peer: str
    queue: str | None
    from_: datetime = Field(alias="from")
    to: datetime | None
    talk_s: float | None
    hold_s: float
    ended_by: str | None


class TransferShape(Shape):
    kind: str
    from_: str = Field(alias="from")
    to: str
    at: datetime


class CallShape(Shape):
    """One call from its first channel to its last; open while ``ended_at`` is null."""

    id: str
    pbx: str
    linkedid: str
    direction: Direction
    caller: Caller
    called: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    visits: list[VisitShape]
    conversations: list[ConversationShape]
    transfers: list[TransferShape]
    ended_by: str | None
    hangup_cause: int | None
    ticket: int | None
    recording: str | None
    seen: str


class JournalShape(Shape):
    """What Asterisk said (``event``) or what it was taken for (``change``), in order.

    ``call``: the id of the call itself, or of one that was merged into it.
    """

    at: datetime
    call: str
    source: str
    name: str
    data: dict[str, Any]


class TicketShape(Shape):
    number: int | None
    call: str
    kind: Kind
    stage: Stage
    status: str
    direction: str
    caller: str
    e164: str | None
    name: str
    called: str
    queue: str | None
    agents: list[str]
    wait_s: float
    talk_s: float
    outcome: str | None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class Liveness(Shape):
    """``status`` is "alive", or says where the process is stuck."""

    status: str


class Readiness(Shape):
    """``reasons`` says why not; empty when ready. ``warnings``: what is wrong and does not keep it from its work."""

    ready: bool
    reasons: list[str]
    warnings: list[str]


# Pages by a name of their own: pydantic would call them PageOf_QueueShape_ in the documentation.


class QueuePage(PageOf[QueueShape]):
    """Queues as they are now."""


class AgentPage(PageOf[AgentShape]):
    """Agents as they are now."""


class FigurePage(PageOf[FigureShape]):
    """Names of figures and counts."""


class CallPage(PageOf[CallShape]):
    """Calls, the newest first. ``next`` is the cursor of the next page, null on the last one."""


class JournalPage(PageOf[JournalShape]):
    """The timeline of one call."""


class TicketPage(PageOf[TicketShape]):
    """Tickets, the newest first. ``next`` is the cursor of the next page, null on the last one."""

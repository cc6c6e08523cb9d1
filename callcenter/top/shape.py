"""What ``callcenter top`` needs of a board, with the types that it must have. Pure values; what else it has is let be.

The whole board is web/models.py's; another version of the daemon may have more, and words that are not known here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict

from msgspec import Meta

Number = Annotated[float, Meta(ge=-1e15, le=1e15)]
"""Beyond it nothing is a count, a share or seconds, and infinity is no number that could be written."""
Time = Annotated[datetime, Meta(tz=True)]


class Site(TypedDict):
    name: str
    timezone: str


class Alarm(TypedDict):
    detail: str
    ready: bool


class Alert(TypedDict):
    kind: str
    queue: str
    value: Number | None
    limit: Number | None


class Targets(TypedDict, total=False):
    threshold_s: Number | None
    service_level: Number | None
    figures: dict[str, Annotated[list[Number], Meta(min_length=1)]]


class Queue(TypedDict):
    name: str
    waiting: int
    longest_wait_s: Number | None
    talking: int
    agents: dict[str, int]
    targets: Targets


class Agent(TypedDict):
    interface: str
    name: str
    state: str
    since_s: Number
    reason: str
    queue: str | None
    queues: list[str]


class Board(TypedDict):
    site: Site
    at: Time
    link: bool
    link_since: Time
    calls: int
    alarms: list[Alarm]
    alerts: list[Alert]
    queues: list[Queue]
    agents: list[Agent]
    figures: dict[str, dict[str, dict[str, Number | None]]]

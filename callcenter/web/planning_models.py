"""The shapes that the API of forecast and staffing asks for and answers with. Values only; see :mod:`models`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from callcenter.web.answers import Day
from callcenter.web.models import SeenShape, Shape

Ratio = float | None
LocalTime = Annotated[
    str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="by the site's clock, 24:00 is the day's end")
]


class LearntShape(Shape):
    """The days that the model has learnt from; ``to`` is not one of them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: datetime = Field(alias="from")
    to: datetime


class IntervalShape(Shape):
    """A quarter of an hour of a queue; null: not known."""

    queue: str
    start: datetime
    calls: float | None = Field(description="calls offered, the mean to be expected")
    low: float | None = Field(description="tenth percentile of the calls")
    high: float | None = Field(description="ninetieth percentile of the calls")
    handle_time_s: float | None = Field(description="talk, hold and wrap-up of a call in the mean")
    required: int | None = Field(description="agents to be planned: Erlang C, occupancy capped, shrinkage included")
    actual: int | None = Field(description="calls offered, once the interval of today is over and all of it was seen")


class ForecastShape(Shape):
    """The newest forecast that was made before the day began."""

    day: date
    made_at: datetime
    model: str
    learnt: LearntShape
    intervals: list[IntervalShape] = Field(description="queue by queue, in order of time")


class QueueStaffingShape(Shape):
    """A queue now. Null: not known, or there is no forecast of it made before the business day began."""

    queue: str
    forecast: float | None = Field(description="calls forecast from the beginning of the business day until now")
    actual: int | None = Field(description="calls offered since the business day began")
    forecast_interval: float | None = Field(description="calls forecast for the whole quarter of an hour under way")
    handle_time_s: float | None = Field(description="handle time forecast for it")
    required: int | None = Field(description="agents on the phones that it asks for: without shrinkage")
    staffed: float = Field(
        description="agents on the phones: not logged out, unreachable or paused; one in several queues counts in each "
        "for a share"
    )
    paused: float = Field(description="agents who are paused, shared out alike")
    gap: float | None = Field(description="required - staffed: above 0 too few")


class StaffingShape(Shape):
    """All queues now, as the wallboard has them."""

    at: datetime
    made_at: datetime | None = Field(description="when the forecast of the business day was made; null: there is none")
    seen: SeenShape = Field(description="how much of the business day was seen")
    queues: list[QueueStaffingShape]


class ChangeAsked(Shape):
    """So many agents more (or fewer, below 0) in the intervals that begin within [from, to)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    queue: str = Field(min_length=1, max_length=256)
    from_: LocalTime = Field(alias="from")
    to: LocalTime
    agents: int = Field(ge=-9999, le=9999)


class WhatIfAsked(Shape):
    """What to compare. ``base`` are the agents before: as many as the forecast asks for on the phones (``required``),
    or those who are on the phones now (``staffed``)."""

    day: Day = Field(default=None, description="of the site's calendar; today by default")
    base: Literal["required", "staffed"] = "required"
    changes: list[ChangeAsked] = Field(min_length=1, max_length=100)


class ComparedShape(Shape):
    """An interval before and after the changes. Service level: null without calls; occupancy: 1 where the agents
    cannot carry the load, null without agents."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: datetime = Field(alias="from")
    to: datetime
    calls: float | None
    agents_before: float | None
    agents_after: float | None
    service_level_before: Ratio
    service_level_after: Ratio
    occupancy_before: Ratio
    occupancy_after: Ratio


class QueueComparedShape(Shape):
    """A queue that was changed: the service level of its whole day, and the intervals that changed."""

    queue: str
    service_level_before: Ratio
    service_level_after: Ratio
    intervals: list[ComparedShape]


class WhatIfShape(Shape):
    """What the changes would come to."""

    day: date
    made_at: datetime
    queues: list[QueueComparedShape]

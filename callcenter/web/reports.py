"""The API of reports: asked for, followed, fetched, stopped. Each is made in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from callcenter.config import Config
from callcenter.errors import InputError
from callcenter.floor.records import rfc3339
from callcenter.jobs import Busy, Job, State
from callcenter.report.formats import FORMATS
from callcenter.report.range_text import parse_range
from callcenter.report.values import By, Every
from callcenter.report.work import calendar_of
from callcenter.web.answers import ONLY_KNOWN, json, page
from callcenter.web.problems import bad, documented, missing
from callcenter.web.source import Source

Id = Annotated[str, Path(max_length=64, description="`id` of the report")]
FormatName = Literal["csv", "json", "parquet", "html", "table"]

MEDIA_TYPES = [kind.media_type.split(";")[0] for kind in FORMATS.values()]
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {media_type: {} for media_type in MEDIA_TYPES}}}


def _text(value: str) -> str:
    value.encode()  # half of a pair of surrogates is no letter
    return value


Name = Annotated[str, Field(max_length=256), AfterValidator(_text)]


class Asked(BaseModel):
    """What a report is to tell. ``since`` and ``until`` name a day ("2026-11-01", "1405-08-10"), a moment
    ("2026-11-01T08:00", with or without zone) or a span ("yesterday", "last-month", "7d"); without ``until`` it is the
    span of ``since``, or from that moment until now."""

    model_config = ConfigDict(extra="forbid")

    since: str = Field(default="yesterday", max_length=64)
    until: str | None = Field(default=None, max_length=64)
    every: Every = Every.DAY
    by: By = By.QUEUE
    names: tuple[Name, ...] = Field(default=(), max_length=1000, description="queues, agents or topics; empty: all")
    figures: tuple[Name, ...] = Field(default=(), max_length=200, description="names of /api/v1/figures; empty: all")
    threshold_s: float | None = Field(default=None, ge=0, le=86_400, description="instead of the configured ones")
    short_abandon_s: float | None = Field(default=None, ge=0, le=86_400, description="instead of the configured ones")
    format: FormatName = "json"
    language: Literal["en", "fa", "ar"] = "en"


class ReportShape(BaseModel):
    id: str
    state: State
    asked: dict[str, Any]
    done: int = Field(description="days that are read")
    total: int = Field(description="of so many; 0 when that is not known yet")
    problem: str = Field(description="why it failed, else empty")
    made_at: str = Field(description="RFC 3339")
    result: str | None = Field(description="where to fetch it, once it is done")


class ReportPage(BaseModel):
    items: list[ReportShape]
    next: str | None


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["reports"], dependencies=ONLY_KNOWN, responses=documented(400))

    @api.post("/reports", response_model=ReportShape, status_code=202, responses=documented(429))
    async def begin(asked: Asked) -> Response:
        """Begin a report. Follow it at its own address until its state is done, failed or stopped."""
        words = asked.model_dump(mode="json")
        try:
            parse_range(asked.since, asked.until, source.board().now.at, calendar_of(source.config))
            job = source.jobs.begin("report", words)
        except InputError as e:
            raise bad(str(e)) from None
        except Busy as e:
            raise HTTPException(429, str(e)) from None
        return json(shown(job, source.config), 202)

    @api.get("/reports", response_model=ReportPage)
    async def reports() -> Response:
        """The newest reports, the newest first; some are remembered, none beyond a restart."""
        jobs = [job for job in source.jobs.all.values() if job.work == "report"]
        return page([shown(job, source.config) for job in reversed(jobs)])

    @api.get("/reports/{id}", response_model=ReportShape, responses=documented(404))
    async def one(id: Id) -> Response:
        """How far a report is."""
        return json(shown(_known(source, id), source.config))

    @api.get("/reports/{id}/result", response_class=StreamingResponse, responses=FILE | documented(404, 409))
    async def result(id: Id) -> Response:
        """What it came to, in the format that was asked for."""
        job = _known(source, id)
        if job.state is not State.DONE or job.result is None:
            raise HTTPException(409, f"the report is {job.state}" + (f": {job.problem}" if job.problem else ""))
        format = FORMATS[job.words["format"]]
        name = f"callcenter-{source.config.site.name}-{job.id}{format.suffix}"
        try:
            file = job.result.open("rb")  # it stays readable when it is deleted meanwhile
        except OSError as e:
            raise missing(f"the result is gone: {e.strerror or e}") from e
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
                   "Content-Length": str(os.fstat(file.fileno()).st_size)}  # fmt: skip
        return StreamingResponse(_pieces(file), media_type=format.media_type, headers=headers)

    @api.delete("/reports/{id}", status_code=204, responses=documented(404))
    async def stop(id: Id) -> Response:
        """Stop a report, or forget it with its result."""
        job = _known(source, id)
        await source.jobs.forget(job)
        return Response(status_code=204)

    return api


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 16):
            yield piece


def shown(job: Job, config: Config) -> dict[str, Any]:
    return {
        "id": job.id, "state": job.state, "asked": msgspec.to_builtins(job.words), "done": job.done,
        "total": job.total, "problem": job.problem, "made_at": rfc3339(job.made_at, config.site.zone),
        "result": f"/api/v1/reports/{job.id}/result" if job.state is State.DONE else None,
    }  # fmt: skip


def _known(source: Source, id: str) -> Job:
    job = source.jobs.all.get(id)
    if job is None or job.work != "report":
        raise missing(f"no such report: {id}")
    return job

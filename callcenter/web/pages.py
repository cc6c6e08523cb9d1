"""Health, metrics, the wallboard page and the API's documentation page."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from callcenter import shown
from callcenter.metrics import health
from callcenter.metrics.table import METRICS
from callcenter.web.answers import json
from callcenter.web.docs import rendered
from callcenter.web.models import Liveness, Readiness
from callcenter.web.problems import bad, documented
from callcenter.web.source import Source

STATIC = Path(__file__).parent / "static"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


Names = Annotated[list[str], Query(alias="name[]", description="only these metrics; none named: all")]


def version() -> str:
    """Changes when any file changes that a page loads."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def install(app: FastAPI) -> None:
    """The pages that people open, and the files they load."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def wallboard() -> FileResponse:
        return FileResponse(STATIC / "wallboard.html", media_type="text/html; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(rendered(app.openapi()))


def router(source: Source) -> APIRouter:
    api = APIRouter(tags=["health"])

    @api.get("/healthz", response_model=Liveness, responses={503: {"model": Liveness}})
    async def healthz() -> Response:
        """The process lives and what the PBX says is applied; else 503 and where it is stuck."""
        stuck = health.stuck(source.health())
        return json({"status": stuck or "alive"}, 503 if stuck else 200)

    @api.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
    async def readyz() -> Response:
        """Link up, snapshot applied, store writable; else 503 and the reasons. Warnings alone are a 200."""
        told = shown.readiness(health.alarms(source.health()), source.config.site.zone)
        return json(told, 200 if told["ready"] else 503)

    @api.get("/metrics", responses=documented(400) | {200: {"content": {METRICS_TYPE: {}}}}, response_class=Response)
    async def metrics(names: Names = []) -> Response:  # noqa: B006
        """Prometheus text, of all metrics or of those named, as Prometheus' own libraries take it."""
        if unknown := [name for name in names if name not in METRICS]:
            raise bad(f"name[]: no such metric: {unknown[0]!r}")
        text = await source.metrics(names)
        return Response(text, headers={"Content-Type": METRICS_TYPE, "Cache-Control": "no-store"})

    return api

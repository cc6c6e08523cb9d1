"""The web application: all routes around one Source. Nothing is served that is not in this package."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from callcenter import __version__
from callcenter.web import history, live, pages, planning, problems, reports, stream
from callcenter.web.bodies import SmallBodies
from callcenter.web.head import HeadAsGet
from callcenter.web.headers import SecurityHeaders
from callcenter.web.source import Source

ABOUT = "Live figures, calls, timelines and tickets. Times are RFC 3339 with zone, durations are seconds."


def create_app(source: Source, heartbeat_s: float = stream.HEARTBEAT_S) -> FastAPI:
    """The ASGI application. ``heartbeat_s``: the silence after which the stream says that it lives."""
    app = FastAPI(title="callcenter", version=__version__, description=ABOUT, docs_url=None, redoc_url=None)
    app.add_middleware(SmallBodies)
    app.add_middleware(HeadAsGet)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.state.streams = stream.Streams(source, heartbeat_s, pages.version())
    for part in (live, history, reports, planning, pages):
        app.include_router(part.router(source))
    app.include_router(stream.router(app.state.streams))
    pages.install(app)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """The OpenAPI document says 400 where FastAPI would say 422."""
    generated = app.openapi
    made: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not made:
            made.append(problems.described(generated()))
        return made[0]

    app.openapi = openapi  # type: ignore[method-assign]

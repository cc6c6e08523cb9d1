"""Errors as application/problem+json (RFC 9457): FastAPI's exceptions, translated once. Pure but for the handlers."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response

from callcenter.errors import StoreError
from callcenter.web.models import BoardShape, Problem

MEDIA_TYPE = "application/problem+json"
REFERENCE = "#/components/schemas/{model}"


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may fail so."""
    schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": HTTPStatus(s).phrase, "content": schema} for s in statuses}


def bad(detail: str) -> HTTPException:
    return HTTPException(400, detail)


def missing(detail: str) -> HTTPException:
    return HTTPException(404, detail)


def failed(detail: str) -> HTTPException:
    """What is asked for is there and cannot be read."""
    return HTTPException(503, detail)


def install(app: FastAPI) -> None:
    """Every error of ``app`` is answered as a problem."""

    @app.exception_handler(StarletteHTTPException)
    async def _http(request: Request, error: StarletteHTTPException) -> Response:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return problem(400, said(error.errors()))

    @app.exception_handler(StoreError)
    async def _unreadable(request: Request, error: StoreError) -> Response:
        return problem(503, str(error))

    @app.exception_handler(Exception)
    async def _broken(request: Request, error: Exception) -> Response:
        return problem(500, "the daemon's log says more")


def said(errors: Sequence[Any]) -> str:
    """Which parameter is wrong and why, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'][1:] or e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in errors
    )


def described(openapi: dict[str, Any]) -> dict[str, Any]:
    """``openapi`` with the shapes of a Problem and of a board, and 400 (for a body 413 too) in place of 422."""
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    board = BoardShape.model_json_schema(ref_template=REFERENCE)
    schemas |= board.pop("$defs") | {"BoardShape": board, "Problem": Problem.model_json_schema()}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in openapi["paths"].values():
        for operation in path.values():
            if operation["responses"].pop("422", None):
                statuses = (400, 413) if "requestBody" in operation else (400,)  # see callcenter.web.bodies
                operation["responses"] |= {str(k): v for k, v in documented(*statuses).items()}
    return openapi

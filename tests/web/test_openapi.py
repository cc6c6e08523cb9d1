"""The OpenAPI document is valid, complete and true; the page made from it needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI

from callcenter.web import pages

PATHS = {
    "/metrics", "/healthz", "/readyz", "/api/v1/queues", "/api/v1/agents", "/api/v1/kpis", "/api/v1/kpis/intervals",
    "/api/v1/figures",
    "/api/v1/calls", "/api/v1/calls/{id}", "/api/v1/calls/{id}/timeline", "/api/v1/tickets", "/api/v1/events",
    "/api/v1/reports", "/api/v1/reports/{id}", "/api/v1/reports/{id}/result", "/api/v1/forecast", "/api/v1/staffing",
}
POSTS = {"/api/v1/staffing/what-if"}
WITHOUT_SHAPE = {"/metrics", "/api/v1/reports/{id}/result"}
"""What they answer is no JSON of ours."""
FOREIGN = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(|@import|from\s+["'](?!\./)|fetch\(["'](?!/)""")


@pytest.fixture
async def document(api: httpx.AsyncClient) -> dict[str, Any]:
    told: dict[str, Any] = (await api.get("/openapi.json")).json()
    return told


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (v for k, v in value.items() if k == "$ref")
        value = list(value.values())
    if isinstance(value, list):
        for v in value:
            yield from references(v)


async def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)
    for path, operations in document["paths"].items():
        declared = {p["name"] for op in operations.values() for p in op.get("parameters", ()) if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))
    ids = [op["operationId"] for operations in document["paths"].values() for op in operations.values()]
    assert len(ids) == len(set(ids))


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


async def test_every_route_is_documented_with_the_shape_of_its_answer(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == PATHS | POSTS
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("description"), path
            (good,) = (answer for status, answer in operation["responses"].items() if status < "300")
            assert good.get("content") or operation["operationId"].endswith("_delete"), path
            assert path in WITHOUT_SHAPE or all(content for content in good.get("content", {}).values()), path
            assert "422" not in operation["responses"], "this API answers 400"


async def test_every_parameter_says_what_it_means(document: dict[str, Any]) -> None:
    every = [(path, operation) for path, operations in document["paths"].items() for operation in operations.values()]
    told = [(path, p) for path, operation in every for p in operation.get("parameters", ())]
    assert len(told) > 10
    assert [(path, p["name"]) for path, p in told if not p.get("description")] == []


async def test_the_docs_page_tells_defaults_and_limits(api: httpx.AsyncClient) -> None:
    page = (await api.get("/docs")).text
    rows = [re.sub("<.*?>", " ", row).split() for row in page.split("<tr>")]
    window = next(row for row in rows if row[:2] == ["window", "query"])
    assert window[-1] == "today" and {"15m", "30m", "60m"} <= set(window)
    limit = next(row for row in rows if row[:2] == ["limit", "query"])
    assert limit[-6:] == ["integer", "50", "from", "1,", "to", "500"]


async def test_shapes_have_names_that_can_be_read(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])
    assert {"QueuePage", "AgentPage", "CallPage", "JournalPage", "TicketPage", "FigurePage"} <= names
    assert all(re.fullmatch("[A-Za-z]+", name) for name in names)


async def test_the_docs_page_tells_every_route(api: httpx.AsyncClient) -> None:
    page = (await api.get("/docs")).text
    assert all(f"GET {path}</code>" in page for path in PATHS)
    assert "POST /api/v1/reports</code>" in page and "DELETE /api/v1/reports/{id}</code>" in page
    assert all(f"POST {path}</code>" in page for path in POSTS)
    assert '<a href="#WhatIfAsked">' in page
    assert "<script" not in page and not FOREIGN.search(page)


@pytest.mark.parametrize("file", sorted(pages.STATIC.iterdir()), ids=lambda file: file.name)
def test_no_page_loads_anything_from_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not FOREIGN.search(text.replace("http://www.w3.org/2000/svg", ""))
    assert "innerHTML" not in text and "insertAdjacentHTML" not in text and "document.write" not in text


async def test_what_a_body_is_refused_with_is_documented_and_names_it(
    api: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    for path in ("/api/v1/reports", "/api/v1/staffing/what-if"):
        no_table, long = [await api.post(path, content=content) for content in (b"x", b" " * 70_000)]
        assert (no_table.status_code, long.status_code) == (400, 413)
        assert no_table.json()["detail"].startswith("body: ")
        assert {"400", "413"} <= document["paths"][path]["post"]["responses"].keys()

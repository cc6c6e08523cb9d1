"""Fixtures of the web's tests: a source in memory, its application, and a real server on a free port."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import httpx
import pytest
from fastapi import FastAPI
from memory_source import MemorySource, running
from sample_boards import board_of, config_of

from callcenter.web.app import create_app


@pytest.fixture
def source() -> MemorySource:
    return MemorySource(config_of("UTC"), board_of(queues=3, agents=12))


@pytest.fixture
def app(source: MemorySource) -> FastAPI:
    return create_app(source)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://callcenter.test") as client:
        yield client


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application on a real uvicorn."""
    async with running(app) as url:
        yield url

"""pytest fixtures of the lab: one running Asterisk a version and a test session, one browser a module, started on
first use. Shell."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from . import browser as browsers
from .asterisk import SUITES, Asterisk, running
from .debian import missing

__all__ = ["asterisk16", "asterisk22", "asterisk_of_any_version", "browser"]


@pytest.fixture(scope="session")
def asterisk22() -> Iterator[Asterisk]:
    with running(suite_or_skip(22)) as asterisk:
        yield asterisk


@pytest.fixture(scope="session")
def asterisk16() -> Iterator[Asterisk]:
    with running(suite_or_skip(16)) as asterisk:
        yield asterisk


@pytest.fixture(params=[16, 22])
def asterisk_of_any_version(request: pytest.FixtureRequest) -> Asterisk:
    """The same test against each version."""
    asterisk: Asterisk = request.getfixturevalue(f"asterisk{request.param}")
    return asterisk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module, which run in the module's loop: ``pytest.mark.asyncio(loop_scope="module")``."""
    async with browsers.started() as one:
        yield one


def suite_or_skip(major: int) -> str:
    """The Debian suite of this major version. Skips the test where no Asterisk can be had; with CI=true it fails."""
    suite = SUITES[major]
    if why := missing(suite):
        if os.environ.get("CI") == "true":
            pytest.fail(f"no Asterisk {major}: {why}")
        pytest.skip(f"no Asterisk {major}: {why}")
    return suite

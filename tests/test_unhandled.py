"""What fails in a callback of the loop: one line of the log that says what and where, and no traceback on stderr."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from callcenter import daemon
from callcenter.config import parse
from callcenter.unhandled import unhandled


def gone() -> None:
    try:
        raise KeyError(7)
    except KeyError:
        raise OSError(9, "Bad file descriptor")  # noqa: B904 (as selectors does)


async def test_a_failing_callback_is_one_line_with_its_place(capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.get_running_loop().set_exception_handler(unhandled)
    with capture_logs() as logged:
        asyncio.get_running_loop().call_soon(gone)
        await asyncio.sleep(0.01)
    (line,) = logged
    assert (line["log_level"], line["event"]) == ("error", "unhandled in the event loop")
    assert line["problem"] == "OSError(9, 'Bad file descriptor')" and line["while_handling"] == "KeyError(7)"
    assert "test_unhandled.py" in line["at"] and line["at"].endswith("in gone") and "gone" in line["what"] + line["of"]
    assert capfd.readouterr().err == ""


def test_what_has_no_exception_is_said_too() -> None:
    loop = asyncio.new_event_loop()
    try:
        with capture_logs() as logged:
            unhandled(loop, {"message": "Task was destroyed but it is pending!"})
    finally:
        loop.close()
    assert (logged[0]["what"], logged[0]["problem"], logged[0]["at"]) == (
        "Task was destroyed but it is pending!", "None", "",
    )  # fmt: skip


async def test_the_daemon_sets_it(tmp_path: object) -> None:
    stop = asyncio.Event()
    store = {"url": f"sqlite+aiosqlite:///{tmp_path}/callcenter.db"}
    config = parse({"pbx": [{"secret": "s", "port": 1}], "store": store, "web": {"port": 0}}, "test")
    await daemon.run(config, lambda port: stop.set(), stop)
    assert asyncio.get_running_loop().get_exception_handler() is unhandled

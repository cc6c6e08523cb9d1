"""What the event loop has nobody to give to: one line of the log with all that is known of it. A shell.

Mostly it is a callback of a library whose socket has gone meanwhile (aiomqtt's, when the process stood still and the
broker gave it up). asyncio would write a traceback on stderr, past the log.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import structlog

log = structlog.get_logger()


def unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception handler of a loop, as ``loop.set_exception_handler`` takes it."""
    problem: BaseException | None = context.get("exception")
    who = next((context[key] for key in ("handle", "task", "future", "transport") if key in context), None)
    log.error(
        "unhandled in the event loop", what=context["message"], problem=repr(problem), at=place(problem), of=repr(who),
        while_handling=repr(problem.__context__) if problem and problem.__context__ else None,
    )  # fmt: skip


def place(problem: BaseException | None) -> str:
    """The line that raised it, '' where none is known."""
    frames = traceback.extract_tb(problem.__traceback__) if problem else ()
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""

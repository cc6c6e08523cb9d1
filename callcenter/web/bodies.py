"""What is sent to us is read up to a size only: nothing that we ask for is longer. Pure ASGI."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 1 << 16
"""Bytes of a body."""


class SmallBodies:
    """413 for a body that is longer; not more of it than one piece is held."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST:
                raise HTTPException(413, f"the body is longer than {MOST} bytes")
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)

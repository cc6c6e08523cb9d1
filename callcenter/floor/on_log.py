"""What the PBX's queue_log tells of calls that are up. Pure handler of the Floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callcenter.floor import events as e

if TYPE_CHECKING:
    from callcenter.floor.floor import Floor


def logged(floor: Floor, event: e.VisitsLogged) -> None:
    """To come."""


HANDLERS: dict[type[e.Event], Callable[[Floor, Any], None]] = {e.VisitsLogged: logged}

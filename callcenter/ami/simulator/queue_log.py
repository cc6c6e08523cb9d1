"""The lines of Asterisk's ``queue_log``: ``seconds|uniqueid|queue|member|EVENT|data…``. Pure.

Source: ``ast_queue_log`` in ``main/logger.c`` and its calls in ``apps/app_queue.c`` of Asterisk 22.
"""

from __future__ import annotations


def line(at: float, call: str, queue: str, member: str, what: str, *data: object) -> str:
    """One line without its line feed. ``at`` is cut to whole seconds, as ``time(NULL)`` is."""
    return "|".join((str(int(at)), call, queue, member, what, *map(str, data))) + ("" if data else "|")


def started(at: float) -> str:
    return line(at, "NONE", "NONE", "NONE", "QUEUESTART")

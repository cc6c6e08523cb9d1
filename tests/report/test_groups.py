"""Names that are asked for, and those that there are."""

from __future__ import annotations

import pytest
from report_tables import columns, made

from callcenter.errors import InputError
from callcenter.report.values import Ask

DAY = 0.0, 86_400.0


def test_names_that_would_steer_a_terminal_are_shown_without_that() -> None:
    told = columns(DAY, queues=("a\x1b[2J", "b\u202e"))
    with pytest.raises(InputError) as error:
        made(told, Ask(DAY, names=("\x07" + "x" * 99,)))
    assert str(error.value) == f"unknown queue: \ufffd{'x' * 58}…; known are: a\ufffd[2J, b\ufffd"


def test_an_empty_name_is_seen_among_others() -> None:
    with pytest.raises(InputError, match=r"^unknown queue: '', x; known are: a$"):
        made(columns(DAY, queues=("a",)), Ask(DAY, names=("x", "")))

"""What is sent: no value can become a header or an action of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from callcenter.ami import commands
from callcenter.errors import ActionRefused

PLAIN: dict[str, dict[str, Any]] = {
    "challenge": {},
    "login": {"username": "u", "secret": "s", "events": False},
    "login_md5": {"username": "u", "key": "0f", "events": True},
    "ping": {},
    "logoff": {},
    "queue_summary": {},
    "queue_status": {"queue": "sales"},
    "core_show_channels": {},
    "core_status": {},
    "queue_pause": {"interface": "PJSIP/1001", "paused": True, "reason": "lunch", "queue": "sales"},
    "queue_add": {"queue": "sales", "interface": "PJSIP/1001", "member": "Ann", "penalty": 2},
    "queue_remove": {"queue": "sales", "interface": "PJSIP/1001"},
    "originate": {"channel": "PJSIP/1001", "exten": "0912", "context": "out", "channel_id": "c-1", "caller": "Ann"},
}


def every_command() -> dict[str, Callable[..., commands.Action]]:
    found = inspect.getmembers(commands, inspect.isfunction)
    return {name: f for name, f in found if f.__module__ == commands.__name__ and name != "action"}


VALUES = [(name, key) for name, values in PLAIN.items() for key, value in values.items() if isinstance(value, str)]


def test_every_command_is_tried_here_with_all_its_arguments() -> None:
    asked = {name: set(inspect.signature(f).parameters) for name, f in every_command().items()}
    assert asked == {name: set(values) for name, values in PLAIN.items()}


@pytest.mark.parametrize("name", PLAIN)
def test_a_command_carries_its_values_as_they_are(name: str) -> None:
    action = every_command()[name](**PLAIN[name])
    texts = {value for value in PLAIN[name].values() if isinstance(value, str)}
    assert texts <= set(action.values())
    assert next(iter(action)) == "Action"


@pytest.mark.parametrize("control", ["\r", "\n", "\0", "\r\nAction: Originate", "\x85", "\u2028", "\x7f", "\ud800"])
@pytest.mark.parametrize(("name", "key"), VALUES)
def test_a_control_character_in_any_value_of_any_command_is_refused(name: str, key: str, control: str) -> None:
    good = PLAIN[name][key]
    for bad in (control, good + control, control + good, good[:1] + control + good[1:]):
        with pytest.raises(ActionRefused, match="control character"):
            every_command()[name](**PLAIN[name] | {key: bad})


def test_a_control_character_in_a_header_name_is_refused() -> None:
    with pytest.raises(ActionRefused):
        commands.action("Ping", **{"X\r\nAction": "Logoff"})
    with pytest.raises(ActionRefused):
        commands.action("Ping\r\nAction: Logoff")


@pytest.mark.parametrize(("name", "key"), VALUES)
def test_a_line_that_asterisk_would_cut_is_refused(name: str, key: str) -> None:
    with pytest.raises(ActionRefused, match="longer than 1000 bytes"):
        every_command()[name](**PLAIN[name] | {key: "ö" * 500})


def test_a_refusal_does_not_tell_the_secret() -> None:
    with pytest.raises(ActionRefused) as refused:
        commands.login("u", "hunter2\n")
    assert "hunter2" not in str(refused.value)


def test_an_originate_is_always_asynchronous() -> None:
    assert commands.originate("PJSIP/1001", "0912", "out", "c-1")["Async"] == "true"


def test_only_a_session_that_wants_events_asks_for_them() -> None:
    assert [commands.login("u", "s", wanted)["Events"] for wanted in (True, False)] == ["on", "off"]
    assert [commands.login_md5("u", "0f", wanted)["Events"] for wanted in (True, False)] == ["on", "off"]


def test_a_pause_of_all_queues_names_none() -> None:
    assert "Queue" not in commands.queue_pause("PJSIP/1001", True)
    assert commands.queue_pause("PJSIP/1001", False)["Paused"] == "false"

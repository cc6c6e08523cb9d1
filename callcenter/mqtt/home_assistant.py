"""What Home Assistant is told so that it discovers the queues: one device each, with its sensors. Pure.

Source: home-assistant.io/integrations/mqtt, "MQTT Discovery", device discovery payload.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

import msgspec

from callcenter import __version__
from callcenter.config import Site
from callcenter.floor.wallboard import Wallboard
from callcenter.mqtt.messages import Message
from callcenter.mqtt.table import KPI, QUEUE, STATUS, topic
from callcenter.numbers import no_number


@dataclass(frozen=True, slots=True)
class Part:
    """A sensor of a queue: ``topic`` has it, ``template`` takes it out."""

    id: str
    name: str
    topic: str
    template: str
    unit: str = ""
    device_class: str = ""


def _percent(figure: str) -> str:
    value = f"value_json.windows.today.{figure}"
    return f"{{{{ ({value} * 100) | round(1) if {value} is not none else none }}}}"


PARTS = (
    Part("waiting", "Waiting", QUEUE, "{{ value_json.waiting }}", "callers"),
    Part("longest_wait", "Longest wait", QUEUE, "{{ value_json.longest_wait_s | default(0, true) | round(0) }}", "s",
         "duration"),
    Part("talking", "Talking", QUEUE, "{{ value_json.talking }}", "callers"),
    Part("available", "Available agents", QUEUE, "{{ value_json.agents.available }}", "agents"),
    Part("service_level", "Service level today", KPI, _percent("service_level"), "%"),
    Part("abandon_rate", "Abandon rate today", KPI, _percent("abandon_rate"), "%"),
    Part("offered", "Calls offered today", KPI, "{{ value_json.windows.today.offered }}", "calls"),
)  # fmt: skip


def devices(board: Wallboard, site: Site, prefix: str, root: str) -> Iterator[Message]:
    """One for each queue of the board."""
    for q in board.now.queues:
        told = msgspec.json.encode(_device(q.name, site, root))
        yield Message(f"{prefix}/device/{_id(site, q.name)}/config", told, told)


def ours(site: Site, prefix: str) -> str:
    """How the topics of this site's devices begin."""
    digest = blake2s(site.name.encode(), digest_size=4).hexdigest()  # its own name may have what is not allowed there
    return f"{prefix}/device/callcenter_{digest}_"


def _id(site: Site, queue: str) -> str:
    """Letters, digits, _ and - alone are allowed in it."""
    return ours(site, "").removeprefix("/device/") + blake2s(queue.encode(), digest_size=8).hexdigest()


def _device(queue: str, site: Site, root: str) -> dict[str, Any]:
    id, name = _id(site, queue), no_number(queue)
    return {
        "device": {"identifiers": [id], "name": f"{site.name} {name}", "manufacturer": "callcenter", "model": "queue",
                   "sw_version": __version__},
        "origin": {"name": "callcenter", "sw_version": __version__},
        "availability_topic": topic(root, STATUS),
        "availability_template": "{{ value_json.status }}",
        "qos": 1,
        "components": {part.id: _component(part, id, topic(root, part.topic, name)) for part in PARTS},
    }  # fmt: skip


def _component(part: Part, device: str, state_topic: str) -> dict[str, Any]:
    told = {
        "platform": "sensor", "name": part.name, "unique_id": f"{device}_{part.id}", "state_topic": state_topic,
        "value_template": part.template, "state_class": "measurement", "unit_of_measurement": part.unit,
        "device_class": part.device_class,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value}

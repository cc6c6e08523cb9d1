"""The table of topics: one row each. Pure values; docs/mqtt.md is made from it.

Below ``<prefix>/<site>``; no topic begins with a slash. Names of the PBX are one level: ``/ + # %`` and what a broker
may close the connection for are percent-encoded by their bytes (RFC 3986), so ``PJSIP/anna`` is ``PJSIP%2Fanna``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callcenter.config import Mqtt, Site


@dataclass(frozen=True, slots=True)
class Topic:
    """``name``: below the site, with what varies in angle brackets. ``fields``: of its JSON object, with meanings;
    ``more``: what else is in it, as the API has it."""

    name: str
    retained: bool
    when: str
    fields: tuple[tuple[str, str], ...]
    more: str = ""


STAMP = (
    ("seq", "grows from one message of a topic to the next, as long as the daemon runs (see `started_at` of `status`)"),
    ("at", "the PBX's time (RFC 3339)"),
)
AS_QUEUES, AS_AGENTS = "one of `/api/v1/queues`", "one of `/api/v1/agents`, but for `since_s`"

STATUS, QUEUE, AGENT, KPI, ALL, CALL = "status", "queue/<queue>", "agent/<agent>", "kpi/<queue>", "kpi", "call/<id>"

TOPICS: tuple[Topic, ...] = (
    Topic(STATUS, True, "at each login and whenever it changes; the broker says offline when we are gone (Last Will)", (
        ("status", "`online` or `offline`"),
        *STAMP,
        ("version", "of the daemon"),
        ("started_at", "when it started: `seq` begins anew with it"),
        ("link", "whether the manager link is up and its snapshot applied; else the topics below show the last known"),
        ("ready", "as `/readyz`"),
        ("reasons", "why it is not ready"),
        ("warnings", "alarms that do not hinder it"),
    )),
    Topic(QUEUE, True, "whenever it changes, once a second at most", STAMP, AS_QUEUES),
    Topic(AGENT, True, "whenever it changes, once a second at most", STAMP, AS_AGENTS),
    Topic(KPI, True, "whenever it changes, every five seconds at most", (
        *STAMP,
        ("queue", "its name"),
        ("windows", "`today`, `15m`, `30m`, `60m`: each the counts, sums and figures of `/api/v1/kpis`; null: none"),
        ("seen", "of each window how much was seen: `state` (`whole`, `repaired`, `partial`), `blind_s` and more"),
    )),
    Topic(ALL, True, "as kpi/<queue>", (
        *STAMP,
        ("windows", "the same over all queues"),
        ("seen", "the same"),
    )),
    Topic(CALL, False, "when something of the call changed, once a second at most, and when it ended (`mqtt.calls`)", (
        *STAMP,
        ("id", "of the call, as in the API"),
        ("direction", "`in`, `out` or `internal`"),
        ("started_at", "when it began"),
        ("answered_at", "when somebody answered, else null"),
        ("ended_at", "when it ended, null while it is up"),
        ("ended_by", "why it ended, else null"),
        ("visits", "in queues: `queue`, `entered_at`, `wait_s`, `outcome`, `agent`, `talk_s`, `transferred`"),
        ("caller", "only with `mqtt.numbers`: `number`, `e164`, `name`"),
        ("called", "only with `mqtt.numbers`"),
    )),
)  # fmt: skip

_NO_CHARACTERS = r"\ufdd0-\ufdef" + "".join(chr(end - 2) + chr(end - 1) for end in range(1 << 16, 0x110001, 1 << 16))
"""Of Unicode: 32 within the first plane, and the last two of each plane."""
_NOT_IN_A_LEVEL = re.compile(rf"[/+#%\x00-\x1f\x7f-\x9f\ud800-\udfff{_NO_CHARACTERS}]")
"""Besides what has a meaning in a topic: control characters, surrogates, no characters. A broker may close the
connection for one of them, and mosquitto does (MQTT 3.1.1, 1.5.3)."""


def root(mqtt: Mqtt, site: Site) -> str:
    """What stands before each topic, with its slash."""
    return f"{mqtt.prefix}/{site.name}/"


def level(name: str) -> str:
    """``name`` as one level of a topic, different for different names."""
    return _NOT_IN_A_LEVEL.sub(lambda found: _percent(found[0].encode(errors="surrogatepass")), name)


def _percent(encoded: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in encoded)


def topic(root: str, pattern: str, name: str = "") -> str:
    """``callcenter/hq/queue/sales`` of ``callcenter/hq/`` and ``queue/<queue>``."""
    return root + (pattern.partition("<")[0] + level(name) if name else pattern)

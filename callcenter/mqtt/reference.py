"""docs/mqtt.md, made from the table: ``python -m callcenter.mqtt.reference > docs/mqtt.md``."""

from __future__ import annotations

import sys

from callcenter.mqtt import home_assistant
from callcenter.mqtt.table import TOPICS, Topic

HEAD = """# MQTT

With a `[mqtt]` table in the configuration the daemon tells a broker what is on the board:

```toml
[mqtt]
host = "mqtt.example.net"
# port = 1883             # 8883 with TLS
# tls = true              # tls_ca = "/etc/…/ca.pem" for an authority of your own
# username = "callcenter" # with password_file = "/run/credentials/…" or password
# prefix = "callcenter"   # before all topics
# client_id = ""          # '': callcenter-<site>, with a prefix of your own callcenter-<prefix>/<site>
# keepalive_s = 15        # who was silent for one and a half of it is offline
# calls = true            # a message for each change of a call
# numbers = false         # with the customer's number and name
# home_assistant = ""     # "homeassistant": queues announce themselves there
```

Topics begin with `<prefix>/<site>/`. A name of the PBX is one level: `/`, `+`, `#`, `%`, control characters and what
Unicode has for no character are percent-encoded in it by their UTF-8 bytes (the agent `PJSIP/anna` is
`agent/PJSIP%2Fanna`). Messages are JSON, QoS 1, MQTT 3.1.1.

What is retained is the newest state. While the broker is away nothing is queued but the newest state of the last 1,000
calls; when it is back everything is published anew, and what is retained of queues and agents that the PBX has no more
is taken away. By default there is no customer in any message, and seven digits and more in names that come from the
PBX are shown as a short hash.

This page is made from `callcenter/mqtt/table.py` by `python -m callcenter.mqtt.reference > docs/mqtt.md`.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return HEAD + "".join(f"\n## `{topic.name}`\n\n{_said(topic)}" for topic in TOPICS) + "\n" + _home_assistant()


def _said(topic: Topic) -> str:
    kept = "Retained" if topic.retained else "Not retained"
    more = f" What else is in it: {topic.more}." if topic.more else ""
    lines = [f"| `{name}` | {meaning} |" for name, meaning in topic.fields]
    return "\n".join([f"{kept}; {topic.when}.{more}", "", "| field | meaning |", "|---|---|", *lines, ""])


def _home_assistant() -> str:
    lines = [f"| {part.name} | `{part.topic}` | {part.unit or ''} |" for part in home_assistant.PARTS]
    return "\n".join([
        "## Home Assistant", "",
        "With `home_assistant = \"homeassistant\"` each queue is a device there (retained, "
        "`homeassistant/device/callcenter_…/config`, Home Assistant 2024.12 or newer); it is unavailable while the "
        "daemon is offline.", "", "| sensor | of | unit |", "|---|---|---|", *lines, "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(page())

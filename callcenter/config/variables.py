"""The configuration's part in the environment: ``CALLCENTER_SECTION__KEY``, in letters of any case. A shell."""

from __future__ import annotations

import os
from collections.abc import Container
from typing import Any

PREFIX = "CALLCENTER_"


def ours() -> dict[str, str]:
    """The variables that are of the configuration, by name."""
    return {key: value for key, value in os.environ.items() if key.upper().startswith(PREFIX)}


def unknown(sections: Container[str]) -> list[str]:
    """Those of no section. What is unknown within one is refused with the file's own."""
    return sorted(key for key in ours() if key[len(PREFIX) :].split("__")[0].lower() not in sections)


def fitted(values: dict[str, Any], of_file: dict[str, Any]) -> dict[str, Any]:
    """What the environment says, so that it may be laid over what the file says.

    ``CALLCENTER_PBX__SECRET`` is a key of the one PBX, though the file has a list of them. A queue's name comes in
    small letters: it is the file's in whatever letters it stands there.
    """
    values, queues, pbxes = dict(values), of_file.get("queues"), of_file.get("pbx") or [{}]
    if isinstance(values.get("queues"), dict) and isinstance(queues, dict):
        named = {name.lower(): name for name in queues if name.lower() not in queues}
        laid: dict[str, Any] = {}
        for name, queue in values["queues"].items():
            laid = _over(laid, {named.get(name, name): queue})
        values["queues"] = laid
    if isinstance(values.get("pbx"), dict):
        of_first = values.pop("pbx")
        if isinstance(pbxes, list) and isinstance(pbxes[0], dict):  # else it is refused as it is
            values["pbx"] = [pbxes[0] | of_first, *pbxes[1:]]
    return values


def _over(below: Any, above: Any) -> Any:
    """``above``, and of a table also what stands in the one below it only."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _over(below.get(key), value) for key, value in above.items()}
    return above

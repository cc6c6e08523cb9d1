"""Makes the package ``lab`` (a real Asterisk, scripted phones) importable by its path, and its fixtures known.

By path and not by ``sys.path``: the folders beside it are named like the packages under test and would hide them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from hypothesis import settings

_LAB = Path(__file__).parent / "lab"


def _load_lab() -> None:
    spec = importlib.util.spec_from_file_location("lab", _LAB / "__init__.py", submodule_search_locations=[str(_LAB)])
    assert spec and spec.loader, _LAB
    package = importlib.util.module_from_spec(spec)
    sys.modules["lab"] = package
    spec.loader.exec_module(package)


if "lab" not in sys.modules:
    _load_lab()

from lab.fixtures import *  # noqa: E402, F403

# In CI the examples are the same each time; elsewhere they are new ones, and what they find is mended.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("free", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "free")

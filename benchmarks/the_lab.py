"""Makes the tests' lab (a real Asterisk, scripted phones) importable here: import this module before ``lab``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_LAB = Path(__file__).parent.parent / "tests" / "lab"

if "lab" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("lab", _LAB / "__init__.py", submodule_search_locations=[str(_LAB)])
    assert _spec and _spec.loader, _LAB
    sys.modules["lab"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["lab"])

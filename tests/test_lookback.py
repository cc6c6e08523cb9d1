"""The figures of past days in a daemon: computed by a worker from a real history, kept, shown by API and metrics."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from callcenter.config import Config, parse
from callcenter.history import importing, place
from callcenter.jobs import Jobs
from callcenter.lookback import LookBack
from callcenter.metrics import collector
from callcenter.metrics.counters import Counters
from callcenter.metrics.exposition import Exposition
from callcenter.metrics.health import Health
from callcenter.report.past import DAYS

DAY = 86_400


@pytest.fixture
def config(tmp_path: Path) -> Config:
    store = {"url": f"sqlite+aiosqlite:///{tmp_path}/calls.db"}
    return parse({"pbx": [{"secret": "-"}], "store": store, "site": {"timezone": "UTC"}}, "test")


def lines(today: int) -> list[str]:
    """Each noon of the last 30 days four calls to sales: two within 20 s, one later, one abandoned after 30 s. One
    customer calls every day, another once: the latter's matter was settled."""
    out = []
    for day in range(1, 31):
        noon = today - day * DAY + DAY // 2
        for n, (customer, waits) in enumerate((("09121111111", 5), (f"0912{day:07d}", 15), ("", 40), ("", 30))):
            call, at = f"{noon + n}.{day}", noon + n * 100
            out.append(f"{at}|{call}|sales|NONE|ENTERQUEUE||{customer}|1")
            if n == 3:
                out.append(f"{at + waits}|{call}|sales|NONE|ABANDON|1|1|{waits}")
            else:
                out.append(f"{at + waits}|{call}|sales|Sara|CONNECT|{waits}|{call}|2")
                out.append(f"{at + waits + 60}|{call}|sales|Sara|COMPLETECALLER|{waits}|60|1")
    return sorted(out)


async def test_they_come_to_what_one_computes_by_hand(config: Config, tmp_path: Path) -> None:
    log, today = tmp_path / "queue_log", int(time.time()) // DAY * DAY
    log.write_text("\n".join(lines(today)) + "\n")
    importing.import_file(place.archive_of(config), log, lambda what, done, total: None)
    jobs, back = Jobs(lambda: config), LookBack()
    assert await back.look(jobs) == ""
    assert jobs.all == {}
    await jobs.close()
    for window, days in DAYS.items():
        past = back.windows[window]
        assert past.range == (today - days * DAY, today)
        of_all, sales = past.figures[""], past.figures["sales"]
        assert (sales["offered"], sales["answered"], sales["abandoned"]) == (4 * days, 3 * days, days)
        assert sales["service_level"] == pytest.approx(2 / 4)
        assert sales["average_speed_of_answer"] == pytest.approx((5 + 15 + 40) / 3)
        assert of_all["abandon_rate"] == pytest.approx(1 / 4)
        assert past.imported == 4 * days
    # Followed are two calls a day; settled those of 7 days ago or more, by the log's end at noon of yesterday.
    month = back.windows["28d"].figures["sales"]
    assert month["first_call_resolution"] == pytest.approx(1 / 2)
    assert back.windows["7d"].figures["sales"]["first_call_resolution"] is None


async def test_metrics_and_api_have_a_label_of_their_own_for_them(config: Config) -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parent / "web"))
    from sample_boards import board_of

    figures = {"sales": {"service_level": 0.5, "first_call_resolution": 0.75, "offered": 8, "answered": 4},
               "": {"service_level": 0.5, "first_call_resolution": None}}  # fmt: skip
    told = collector.families(board_of(queues=2, agents=2), Counters(), Health(), None, {"28d": figures})
    text = Exposition().page(told).decode()
    assert 'callcenter_queue_service_level_ratio{queue="sales",window="28d"} 0.5' in text
    assert 'callcenter_queue_first_call_resolution_ratio{queue="sales",window="28d"} 0.75' in text
    assert "\ncallcenter_first_call_resolution_ratio{" not in text

"""The day by intervals: against counts of single visits, on days that the clocks make longer, and with blind times."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from callcenter.config import Site, parse
from callcenter.day_series import covered_s, day_series, plain
from callcenter.figures import Targets, Window
from callcenter.floor.records import Hole, Outcome, Visit
from callcenter.floor.wallboard import FloorNow, Wallboard

BERLIN = ZoneInfo("Europe/Berlin")
TARGETS = {"sales": Targets(20.0, 0.8, 5.0), "support": Targets(40.0, 0.8, 15.0)}
OUTCOMES = [Outcome.ANSWERED] * 8 + [Outcome.ABANDONED] * 3 + [Outcome.TIMED_OUT, Outcome.REFUSED_FULL]


def site(timezone: str, **more: str) -> Site:
    return parse({"site": {"name": "hq", "timezone": timezone, **more}, "pbx": [{"secret": "s"}]}, "test").site


def day_of(visits: list[Visit], zone: ZoneInfo, day_starts: str = "00:00") -> Window:
    window = Window(lambda queue: TARGETS.get(queue, Targets()), zone, day_starts)
    window.restore(visits, [])
    return window


def board_at(at: float, *holes: Hole) -> Wallboard:
    now = FloorNow(at, "main", True, at, 0, {}, (), ())
    return Wallboard(1, now, {}, {}, holes=holes)


def visits_between(start: float, end: float, count: int, seed: int = 3) -> list[Visit]:
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        at, wait_s = chance.uniform(start, end), chance.choice([0.0, 4.9, 5.0, 20.0, 20.1, 39.0, 70.0])
        outcome = chance.choice(OUTCOMES)
        talk_s = chance.uniform(5, 400) if outcome is Outcome.ANSWERED else None
        made.append(Visit(chance.choice(list(TARGETS)), at, 1, at + wait_s, wait_s, outcome, talk_s=talk_s))
    return made


# 00:00 to 12:00 by the clock: 13 hours when summer ends, 11 when it begins.
@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 13), ("2026-03-29", 11), ("2026-11-16", 12)])
@pytest.mark.parametrize("every_m", [15, 30, 60])
def test_each_visit_is_counted_in_the_interval_of_the_sites_clock_in_which_it_entered(
    day: str, hours: int, every_m: int
) -> None:
    began = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BERLIN).timestamp()
    at = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=BERLIN).timestamp()
    assert at - began == hours * 3600
    visits = visits_between(began, at, 400)
    told = plain(day_series(day_of(visits, BERLIN), board_at(at), 60.0 * every_m, site("Europe/Berlin")),
                 "x", TARGETS, None, [], site("Europe/Berlin"))  # fmt: skip
    assert len(told["intervals"]) == hours * 60 / every_m

    def label(moment: float) -> str:
        local = datetime.fromtimestamp(moment, BERLIN)
        return (local - timedelta(minutes=local.minute % every_m, seconds=local.second)).isoformat()[:16] + str(
            local.utcoffset()
        )

    truth = {
        "offered": [v for v in visits if v.outcome is not Outcome.REFUSED_FULL],
        "answered": [v for v in visits if v.outcome is Outcome.ANSWERED],
        "abandoned": [v for v in visits if v.outcome is Outcome.ABANDONED],
        "refused_full": [v for v in visits if v.outcome is Outcome.REFUSED_FULL],
    }
    labels = [label(datetime.fromisoformat(i["from"]).timestamp()) for i in told["intervals"]]
    assert len(set(labels)) == len(labels)
    for name, those in truth.items():
        counts = Counter((v.queue, label(v.entered_at)) for v in those)
        for queue in TARGETS:
            assert told["queues"][queue][name] == [counts[queue, at] for at in labels], (queue, name)
        together = Counter(label(v.entered_at) for v in those)
        assert told["all"][name] == [together[at] for at in labels]


def test_the_service_level_of_an_interval_is_of_its_own_visits() -> None:
    began = datetime(2026, 11, 16, tzinfo=BERLIN).timestamp()
    visits = visits_between(began, began + 4 * 3600, 300)
    told = plain(day_series(day_of(visits, BERLIN), board_at(began + 4 * 3600), 3600.0, site("Europe/Berlin")),
                 "60m", TARGETS, None, ["service_level"], site("Europe/Berlin"))  # fmt: skip
    for queue, of in TARGETS.items():
        assert set(told["queues"][queue]) == {"service_level"}
        for hour, level in enumerate(told["queues"][queue]["service_level"]):
            those = [v for v in visits if v.queue == queue and v.outcome is not Outcome.REFUSED_FULL]
            mine = [v for v in those if hour == (v.entered_at - began) // 3600]
            short = [v for v in mine if v.outcome is Outcome.ABANDONED and (v.wait_s or 0) < of.short_abandon_s]
            in_time = [v for v in mine if v.outcome is Outcome.ANSWERED and (v.wait_s or 0) <= of.threshold_s]
            assert level == pytest.approx(len(in_time) / (len(mine) - len(short)))


def test_the_intervals_add_up_to_the_day_also_with_what_the_pbxs_clock_put_after_now() -> None:
    began = datetime(2026, 11, 16, tzinfo=BERLIN).timestamp()
    at = began + 5 * 3600 + 100
    window = day_of(visits_between(began, at + 2, 300), BERLIN)
    today = window.figures(at)["today"]
    series = window.series(day_series(window, board_at(at), 900.0, site("Europe/Berlin")).borders, at)
    for queue in ("sales", "support", ""):
        for name in ("offered", "answered", "abandoned", "short_abandoned", "refused_full", "talk_s"):
            assert series[queue][name].sum() == pytest.approx(today[queue][name]), (queue, name)


def test_a_business_day_may_begin_in_the_evening() -> None:
    at = datetime(2026, 11, 16, 1, 40, tzinfo=BERLIN).timestamp()
    evening = site("Europe/Berlin", day_starts="18:00")
    told = plain(day_series(day_of([], BERLIN, "18:00"), board_at(at), 1800.0, evening), "30m", (), None, [], evening)
    times = [(i["from"][11:16], i["to"][11:16]) for i in told["intervals"]]
    assert (times[0], times[-1], len(times)) == (("18:00", "18:30"), ("01:30", "01:40"), 16)


def test_what_nobody_saw_is_not_zero() -> None:
    began = datetime(2026, 11, 16, tzinfo=BERLIN).timestamp()
    hour = 3600.0
    holes = (
        Hole("main", began - hour, began + hour, "not running"),
        Hole("main", began + hour + 60, began + hour + 120, "link lost", repaired=True),
        Hole("main", began + 3.5 * hour, began + 3.6 * hour, "link lost"),
        Hole("main", began + 4 * hour, None, "link lost"),
    )
    at = began + 5 * hour
    # Of a call that was still up when the link came back it was told when it had entered.
    revived = Visit("sales", began + 0.75 * hour, 1, began + 0.76 * hour, 36.0, Outcome.ANSWERED, talk_s=60.0)
    series = day_series(day_of([revived], BERLIN), board_at(at, *holes), 1800.0, site("Europe/Berlin"))
    told = plain(series, "30m", ["sales", "new"], None, [], site("Europe/Berlin"))
    nothing, partial = "nothing", "partial"
    assert [i["seen"] for i in told["intervals"]] == [
        nothing, nothing, "repaired", "whole", "whole", "whole", "whole", partial, nothing, nothing,
    ]
    assert [i["blind_s"] for i in told["intervals"]] == [1800, 1800, 60, 0, 0, 0, 0, pytest.approx(360), 1800, 1800]
    assert told["queues"]["sales"]["offered"] == [None, 1, 0, 0, 0, 0, 0, 0, None, None]
    assert told["queues"]["new"]["offered"] == [None, None, 0, 0, 0, 0, 0, 0, None, None]
    assert told["queues"]["new"]["service_level"] == [None] * 10
    assert told["queues"]["sales"]["service_level"] == [None, 0.0, *[None] * 8]


def test_seconds_in_holes_are_those_of_a_loop_over_seconds() -> None:
    chance = random.Random(5)
    for _ in range(50):
        edges = sorted(chance.sample(range(200), 7))
        marks = sorted(chance.sample(range(200), 6))
        holes = [Hole("m", float(a), float(b), "") for a, b in zip(marks[::2], marks[1::2], strict=True)]
        if chance.random() < 0.3:
            holes[-1] = msgspec.structs.replace(holes[-1], to=None)
        blind = [
            sum(any(h.from_ <= s and (h.to is None or s < h.to) for h in holes) for s in range(a, b))
            for a, b in pairwise(edges)
        ]
        assert covered_s(holes, np.array(edges, float)).tolist() == blind

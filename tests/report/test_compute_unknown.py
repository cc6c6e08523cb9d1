"""What a report tells of what was not seen, by hand."""

from __future__ import annotations

from typing import Any

from report_tables import columns, made, utc

from callcenter.report.values import Ask, Every


def at(clock: str) -> float:
    return utc(f"2026-11-01T{clock}")


DAY = at("08:00"), at("10:00")


def test_each_period_tells_how_much_of_it_that_is_over_nobody_saw() -> None:
    known = (at("07:00"), at("08:10")), (at("08:20"), at("09:00")), (at("09:30"), at("12:00"))

    def found(made_at: str, of: Any = known) -> tuple[tuple[float, ...], list[bool]]:
        of_hours = made(columns(DAY, known=of), Ask(DAY, Every.HOUR), made_at=at(made_at))
        assert sum(of_hours.unknown_s) == of_hours.trust.unknown_s
        return of_hours.unknown_s, [of_hours.partly_seen(p) for p in range(2)]

    assert found("11:00") == ((600, 1800), [True, True])
    assert found("09:10") == ((600, 600), [True, True])
    assert found("08:15") == ((300, 0), [True, False])
    assert found("07:00", ()) == ((0, 0), [False, False])
    assert found("11:00", ((at("08:01"), at("10:00")),)) == ((60, 0), [False, False])  # while the daemon restarted
    assert found("11:00", ((at("08:01:01"), at("10:00")),)) == ((61, 0), [True, False])

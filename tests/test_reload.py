"""A new configuration for a running daemon: what is taken up, and what is said to need a restart."""

from __future__ import annotations

from typing import Any

from callcenter.config import Config, parse
from callcenter.reload import reload

LEAST: dict[str, Any] = {"pbx": [{"secret": "s"}]}


def config(**more: Any) -> Config:
    return parse(LEAST | more, "test")


def test_the_same_configuration_changes_nothing() -> None:
    result = reload(config(), config())
    assert (result.at_once, result.after_restart) == ([], [])


def test_targets_wrap_up_and_tickets_are_taken_up_at_once() -> None:
    new = config(queues={"sales": {"service_level_s": 30, "wrap_up_s": 9}}, tickets={"internal": True})
    result = reload(config(queues={"vip": {}}), new)
    assert result.at_once == ["queues.sales", "queues.vip", "tickets.internal"]
    assert result.after_restart == []
    assert result.config.queue("sales").service_level_s == 30
    assert result.config.tickets.internal


def test_the_forecasts_rules_are_taken_up_at_once() -> None:
    result = reload(config(), config(forecast={"shrinkage": 0.3, "days_off": ["2026-03-21"]}))
    assert (result.at_once, result.after_restart) == (["forecast.days_off", "forecast.shrinkage"], [])
    assert result.config.forecast.shrinkage == 0.3


def test_where_it_listens_and_whom_it_listens_to_stay_until_a_restart() -> None:
    new = parse({"pbx": [{"secret": "other", "port": 5039}], "web": {"port": 81}, "site": {"timezone": "Asia/Tehran"},
                 "store": {"url": "sqlite+aiosqlite:///other.db", "journal_days": 3}}, "test")  # fmt: skip
    result = reload(config(), new)
    assert result.after_restart == ["pbx.port", "pbx.secret", "site.timezone", "store.url", "web.port"]
    assert result.at_once == ["store.journal_days"]
    assert result.config.pbx == config().pbx
    assert result.config.store.url == config().store.url
    assert result.config.store.journal_days == 3

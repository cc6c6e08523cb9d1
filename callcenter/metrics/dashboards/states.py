"""The states of an agent and the outcomes of a visit as dashboards name and colour them. Pure values."""

from __future__ import annotations

from callcenter.floor.records import AgentState, Outcome
from callcenter.metrics.dashboards.values import Words, words

STATES: dict[AgentState, tuple[Words, str]] = {
    AgentState.AVAILABLE: (words("Available", "آماده"), "green"),
    AgentState.RINGING: (words("Ringing", "در حال زنگ"), "yellow"),
    AgentState.TALKING: (words("Talking", "در گفت‌وگو"), "blue"),
    AgentState.HOLDING: (words("On hold", "نگه‌داشته"), "light-blue"),
    AgentState.WRAP_UP: (words("Wrap-up", "کار پس از تماس"), "purple"),
    AgentState.PAUSED: (words("Paused", "توقف"), "orange"),
    AgentState.UNREACHABLE: (words("Unreachable", "خارج از دسترس"), "red"),
    AgentState.LOGGED_OUT: (words("Logged out", "خارج‌شده"), "text"),
}
"""In the order in which they are counted: the number of a state is its place here, from 1 on."""

OUTCOMES: dict[Outcome, tuple[Words, str]] = {
    Outcome.ANSWERED: (words("Answered", "پاسخ‌داده‌شده"), "green"),
    Outcome.ABANDONED: (words("Abandoned", "رهاشده"), "red"),
    Outcome.TIMED_OUT: (words("Timed out", "پایان مهلت انتظار"), "orange"),
    Outcome.EXITED: (words("Left by key", "خروج با کلید"), "yellow"),
    Outcome.LEFT_EMPTY: (words("No agents left", "بدون کارشناس"), "dark-orange"),
    Outcome.WITHDRAWN: (words("Withdrawn", "برداشته‌شده"), "purple"),
    Outcome.REFUSED_FULL: (words("Refused: full", "نپذیرفته: صف پر"), "dark-red"),
    Outcome.REFUSED_EMPTY: (words("Refused: no agents", "نپذیرفته: نبود کارشناس"), "dark-red"),
    Outcome.PBX_LOST: (words("PBX died", "قطع مرکز تلفن"), "dark-purple"),
    Outcome.UNKNOWN: (words("Unknown", "نامعلوم"), "text"),
}

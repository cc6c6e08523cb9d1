"""Who calls and who answers: names as they come over trunks, numbers that libphonenumber holds for valid. Pure.

The names are chosen to hurt: Persian, combining letters, quotes, markup, formula signs, separators of other formats.
"""

from __future__ import annotations

import random

CALLERS = (
    "زهرا احمدی", "رضا کریمی", "مریم حسینی", "علی رضایی", "فاطمه موسوی", "محمد قاسمی", "سارا ابراهیمی", "Zahra Ahmadi",
    "Ünï Cödé", "O'Hara", '"Quoted" Name', "<b>x</b>", "<script>alert(1)</script>", "=cmd|calc", "+SUM(A1)", "@home",
    "-1+1", "Ali, Reza", "Bob; DROP TABLE", "back\\slash", "who?", "${CALLERID}", "a|b|c", "می‌خواهم", "Ⅷ 😀", "",
)
AGENTS = (
    "Sara Ahmadi", "Reza Karimi", "Maryam Hosseini", "Ali Rezaei", "نرگس محمدی", "Mina Kazemi", "Omid Rahimi",
    "Neda Jafari", "Hamid Moradi", "Leila Sadeghi", "حسین نوری", "Babak Amini",
)
MOBILE = ("0912", "0919", "0935", "0936", "0901", "0902", "0933", "0910")
"""Prefixes of Iranian mobile operators; seven more digits follow."""

PAUSES = ("Lunch", "Break", "Training", "ناهار", "نماز", "Back office", "")


def agent_name(n: int) -> str:
    """A name for the agent number ``n`` (from 0), never twice."""
    name = AGENTS[n % len(AGENTS)]
    return name if n < len(AGENTS) else f"{name} {n // len(AGENTS) + 1}"


def mobile(rng: random.Random) -> str:
    """A valid national number: 0912 and seven digits."""
    return rng.choice(MOBILE) + f"{rng.randrange(10_000_000):07d}"


class Public:
    """The people who call: a number has one name, and some call again."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._known: list[tuple[str, str]] = []

    def caller(self) -> tuple[str, str]:
        """(number, name) of the next caller: one in five has called before."""
        if self._known and self._rng.random() < 0.2:
            return self._rng.choice(self._known)
        person = (mobile(self._rng), self._rng.choice(CALLERS))
        if len(self._known) < 5000:
            self._known.append(person)
        return person

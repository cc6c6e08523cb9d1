"""Whose row is whose: the names of a report and where each row of the columns counts. Pure.

A row's *place* is 0 … names - 1 for a name, ``names`` when it counts for all together alone, -1 when it counts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from callcenter.errors import InputError
from callcenter.history.columns import Columns
from callcenter.report.formats.cells import shown
from callcenter.report.values import Ask, By
from kpi import Outcome, Spans
from kpi.columns import Bools, Integers

MOST_SHOWN = 20
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Groups:
    """``visits``, ``attempts`` and ``calls`` are places; ``calls`` None: not known.

    ``spans`` and ``memberships`` are those of the columns with names instead of queues (-1: none); ``memberships``
    None: each name has its own, of the same code.
    ``spans_of_all`` is None where all together are all spans; else of their ``memberships_of_all`` are the names.
    """

    names: tuple[str, ...]
    visits: Integers
    attempts: Integers
    calls: Integers | None
    spans: Spans
    memberships: Bools | None
    spans_of_all: Spans | None = None
    memberships_of_all: Bools | None = None


def groups(columns: Columns, ask: Ask, site: str, topics: Mapping[str, str]) -> Groups:
    """``topics``: of each queue. InputError for a name in ``ask`` that is not known. Names come in alphabetical
    order."""
    if ask.by is By.TOPIC:
        columns = _with_topics(columns, topics)
    if ask.by in (By.QUEUE, By.TOPIC):
        return _by_queue(columns, _chosen(ask, ask.by, columns.queues), everybody=not ask.names)
    if ask.by is By.AGENT:
        return _by_agent(columns, _chosen(ask, "agent", columns.agents))
    _chosen(ask, "site", (site,))
    return _by_site(columns, site)


def unknown(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """InputError when something is asked for that is not known."""
    if wrong := sorted(set(asked) - set(known)):
        raise InputError(f"unknown {what}: {_listed(wrong)}; known are: {_listed(known) or 'none'}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    short = (name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN - 1]}…" for name in names[:MOST_SHOWN])
    return ", ".join(shown(name) or "''" for name in short) + more  # else an empty one would be no word at all


def _chosen(ask: Ask, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    unknown(what, ask.names, sorted(known))
    return tuple(sorted(set(ask.names or known)))


def _places(names: Sequence[str], known: tuple[str, ...], nobody: int) -> Integers:
    """The place of each code of ``known``; the last, which is code -1, is ``nobody``."""
    place = {name: at for at, name in enumerate(names)}
    return np.array([*(place.get(name, -1) for name in known), nobody], np.intp)


def _with_topics(columns: Columns, topics: Mapping[str, str]) -> Columns:
    """Topics in the place of queues: who is a member of one of its queues is one of the topic."""
    names = tuple(sorted({topics[queue] for queue in columns.queues}))
    topic = np.array([*(names.index(topics[queue]) for queue in columns.queues), -1], np.intp)
    member = np.zeros((len(columns.memberships), len(names)), np.bool_)
    for queue, of in enumerate(topic[:-1]):
        member[:, of] |= columns.memberships[:, queue]
    return replace(
        columns, queues=names, memberships=member, visits=replace(columns.visits, queue=topic[columns.visits.queue]),
        attempts=replace(columns.attempts, queue=topic[columns.attempts.queue]),
        spans=replace(columns.spans, queue=topic[columns.spans.queue]),
        calls=replace(columns.calls, queue=topic[columns.calls.queue]),
    )  # fmt: skip


def _by_queue(columns: Columns, names: tuple[str, ...], everybody: bool) -> Groups:
    place = _places(names, columns.queues, len(names) if everybody else -1)
    memberships = columns.memberships[:, [columns.queues.index(name) for name in names]]
    queue = place[columns.spans.queue]
    spans = replace(columns.spans, queue=np.where(queue == len(names), -1, queue))
    found = Groups(
        names, place[columns.visits.queue], place[columns.attempts.queue], place[columns.calls.queue],
        spans, memberships,
    )  # fmt: skip
    if everybody:
        return found
    merged = replace(spans, queue=np.minimum(spans.queue, 0))
    of_any = np.logical_or.reduce(memberships, axis=1, keepdims=True)
    return replace(found, spans_of_all=merged, memberships_of_all=of_any)


def _by_agent(columns: Columns, names: tuple[str, ...]) -> Groups:
    """Each agent is its own queue, of which it is the one member; all together are those of the report."""
    place = _places(names, columns.agents, -1)
    answered = columns.visits.outcome == Outcome.ANSWERED
    agent = place[columns.spans.agent]
    rows = np.flatnonzero(agent >= 0)
    spans = columns.spans
    return Groups(
        names, np.where(answered, place[columns.answered_by], -1), place[columns.attempts.agent],
        None if columns.calls_answered_by is None else place[columns.calls_answered_by],
        Spans(agent[rows], agent[rows], agent[rows], spans.state[rows], spans.start[rows], spans.end[rows]),
        None,
    )  # fmt: skip


def _by_site(columns: Columns, site: str) -> Groups:
    """One queue of which everybody is a member, all calls its own."""
    spans = columns.spans
    everything = np.zeros(len(spans.queue), np.intp)
    return Groups(
        (site,), np.zeros(len(columns.visits.queue), np.intp), np.zeros(len(columns.attempts.queue), np.intp),
        np.zeros(len(columns.calls.queue), np.intp), replace(spans, queue=everything, membership=everything),
        np.ones((1, 1), np.bool_),
    )  # fmt: skip

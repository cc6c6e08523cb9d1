"""What several dashboards ask in the same way. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.states import STATES
from callcenter.metrics.dashboards.values import Kind, Mapped, Panel, Query, Steps, of_queue, site, words

GAP: Steps = ((None, "red"), (-0.1, "yellow"), (0.0, "green"))
"""A share less its target, as the wallboard judges it: near the target down to ten points below it."""
WAIT: Steps = ((None, "green"), (1.0, "yellow"), (3.0, "red"))
"""A wait as a share of its queue's T, as the wallboard judges it: beyond T it is late, beyond three times T bad."""
ANY_BAD: Steps = ((None, "green"), (1.0, "red"))
UNJUDGED: Steps = ((None, "transparent"),)
"""Of a value beside one that is judged."""
JUDGED: Mapped = {
    "0": (words("on target", "در حد هدف"), "green"), "1": (words("near", "نزدیک هدف"), "yellow"),
    "2": (words("missed", "دور از هدف"), "red"),
}  # fmt: skip
MISSED = words("queues that miss their target", "صف‌های دور از هدف")

ABSENT = "-1000000"
"""The value of what is known to be absent, and mapped to words: no metric of ours is so low."""
NOBODY_WAITS = {ABSENT: (words("nobody waits", "کسی منتظر نیست"), "green")}
ANSWERS = site("callcenter_build_info")
"""There as long as the daemon answers."""
LINK = f"({site('callcenter_link_up')} == 1)"


def seen(expr: str) -> str:
    """Only while the PBX is seen: without the link what is of now stands still, and would pass for the truth."""
    return f"({expr} and on (instance) {LINK})"


def level_gap(window: str) -> str:
    """The service level less what the queue aims at: two queues with two targets are on one scale."""
    level = of_queue("callcenter_queue_service_level_ratio", window=window)
    return f"{level} - on (instance, queue) group_left () {of_queue('callcenter_queue_service_level_target_ratio')}"


def of_t(wait: str) -> str:
    """Each queue's wait as a share of its own T."""
    threshold = of_queue("callcenter_queue_service_level_threshold_seconds")
    return f"{wait} / on (instance, queue) group_left () {threshold}"


def target(figure: str, end: str) -> str:
    return of_queue(f"callcenter_queue_target_{end}", figure=figure)


LONGEST = of_queue("callcenter_queue_longest_wait_seconds")


def longest_wait(width: int) -> Panel:
    """In seconds; and, for each queue has a T of its own, the worst as a share of it."""
    return Panel(
        Kind.STAT, words("Longest wait", "طولانی‌ترین انتظار"),
        words("Of who waits now; and the worst as a share of the queue's own threshold T: yellow beyond T, red beyond "
              "three times T.",
              "از میان منتظران اکنون؛ و بدترین آن‌ها نسبت به آستانهٔ T همان صف: بالاتر از T زرد، بالاتر از سه برابر T "
              "قرمز."),
        (Query(or_absent(f"max({seen(LONGEST)})", f"max({LINK})"), words("longest", "طولانی‌ترین"), steps=UNJUDGED,
               mapped=NOBODY_WAITS),
         Query(f"max({seen(of_t(LONGEST))})", words("of T", "از T"), "percentunit", WAIT)), "s", width, 5, 0,
    )  # fmt: skip


def or_absent(expr: str, known: str, on: str = "instance") -> str:
    """:data:`ABSENT` for each series of ``known`` (by ``on``) that ``expr`` lacks: were it there it would be told."""
    return f"{expr} or on ({on}) (0 * {known} - {-int(ABSENT)})"


def agents_in(state: str) -> str:
    """How many are in the state, each once. 0 is said only while the daemon is there and sees the PBX."""
    agents = f"count({seen(site('callcenter_agent_state', state=state))})"
    return f"{agents} or 0 * max({LINK})"


def link(width: int, height: int) -> Panel:
    """Whether the rest of the dashboard can know anything of now."""
    return Panel(
        Kind.STAT, words("PBX", "مرکز تلفن"),
        words("Whether the daemon sees the PBX. While it does not, nothing is known of now and nothing of it is shown.",
              "آیا برنامه مرکز تلفن را می‌بیند. تا وقتی نمی‌بیند از اکنون چیزی دانسته نیست و چیزی نشان داده نمی‌شود."),
        (Query(f"{site('callcenter_link_up')} or on (instance) ({site('up', job='callcenter')} == 0) - 1"),),
        width=width, height=height, mapped={
            "1": (words("seen", "دیده می‌شود"), "green"), "0": (words("not seen", "دیده نمی‌شود"), "red"),
            "-1": (words("daemon down", "برنامه پاسخ نمی‌دهد"), "red"),
        })  # fmt: skip


AGENTS_BY_STATE = Panel(
    Kind.STACKED, words("Agents by state", "کارشناسان به تفکیک وضعیت"),
    words("Each agent once, in however many queues.", "هر کارشناس یک بار، در هر چند صف که باشد."),
    tuple(Query(agents_in(state.value), name) for state, (name, _) in STATES.items()), decimals=0,
)  # fmt: skip

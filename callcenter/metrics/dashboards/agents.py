"""The dashboard of agents: who does what now, how the day was spent, how busy they are. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.figures import over_time
from callcenter.metrics.dashboards.shared import AGENTS_BY_STATE, agents_in, link, seen
from callcenter.metrics.dashboards.states import STATES
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Section, of_queue, site, words
from kpi.table import AGENT_FIGURES

NUMBERED = " or ".join(
    f"{n} * {site('callcenter_agent_state', state=state.value)}" for n, state in enumerate(STATES, 1)
)
LOOKS = "count_over_time({}[$__range:$__interval])"
"""At a look without the link the agent is not known: the time before and after it is shared out."""


def _share(state: str) -> str:
    """Of the time in which the agent was known at all; an agent that never was in it has a share of 0."""
    asked = (LOOKS.format(seen(site("callcenter_agent_state", **of))) for of in ({"state": state}, {}))
    part, whole = (f"sum by (agent, name) ({one})" for one in asked)
    return f"({part} or 0 * {whole}) / {whole}"


NOW = Section(words("Now", "اکنون"), (link(4, 4), *(
    Panel(Kind.STAT, name, words("Agents now, each once.", "کارشناسان اکنون، هر کدام یک بار."),
          (Query(agents_in(state.value)),), width=5 if n < 4 else 6, height=4, decimals=0, steps=((None, colour),))
    for n, (state, (name, colour)) in enumerate(STATES.items())
)))  # fmt: skip

WHO = Section(words("Each agent", "هر کارشناس"), (
    Panel(Kind.TIMELINE, words("What each agent did", "کار هر کارشناس"),
          words("A gap: the agent was not known, or nothing was seen.",
                "جای خالی: کارشناس شناخته نبود یا چیزی دیده نشد."),
          (Query(f"max by (agent, name) {seen(f'({NUMBERED})')}", "{{name}}"),), width=24, height=16,
          mapped={str(n): shown for n, shown in enumerate(STATES.values(), 1)}),
    Panel(Kind.TABLE, words("How the time was spent", "زمان چگونه گذشت"),
          words("Share of the chosen time range in which the agent was known and the PBX seen.",
                "سهم از بازهٔ انتخاب‌شده که کارشناس در آن شناخته بود و مرکز تلفن دیده می‌شد."),
          tuple(Query(_share(state.value), name, "percentunit") for state, (name, _) in STATES.items()),
          "none", 24, 12),
))  # fmt: skip

TOGETHER = Section(words("Together", "با هم"), (
    AGENTS_BY_STATE,
    Panel(Kind.LINES, words("On the phones", "پای تلفن"),
          words("Not logged out, unreachable or paused; who is in several queues is shared out.",
                "نه خارج‌شده، نه خارج از دسترس، نه در توقف؛ کارشناس چند صف میان آن‌ها تقسیم می‌شود."),
          (Query(seen(of_queue("callcenter_queue_agents_staffed")), "{{queue}}"),), width=6, height=8, decimals=1),
    Panel(Kind.LINES, words("Logged in", "واردشده"),
          words("Neither logged out nor unreachable, by queue; who is in several queues is in each.",
                "نه خارج‌شده و نه خارج از دسترس، به تفکیک صف؛ کارشناس چند صف در هر کدام شمرده می‌شود."),
          (Query(seen(of_queue("callcenter:queue_agents_logged_in")), "{{queue}}"),), width=6, height=8, decimals=0),
))  # fmt: skip

BUSY = Section(words("How busy, against the queue's target", "میزان اشتغال در برابر هدف صف"), tuple(
    over_time(figure, width=12, repeat=True) for figure in AGENT_FIGURES
))  # fmt: skip

AGENTS = Dashboard(
    "agents", words("Call centre: agents", "مرکز تماس: کارشناسان"),
    words("Who does what now, how the time was spent, how busy agents are.",
          "چه کسی اکنون چه می‌کند، زمان چگونه گذشت، و کارشناسان چه اندازه مشغول‌اند."),
    (NOW, WHO, TOGETHER, BUSY), Queues.SOME, "now-8h", "10s",
)  # fmt: skip

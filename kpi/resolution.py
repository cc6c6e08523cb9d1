"""Figures of whole calls: was the caller helped, at once, by whom, and how content. Pure; one number for each queue.

Each takes :class:`kpi.calls.CallSums`. First-call resolution is measured three ways side by side, because they
disagree and the disagreement informs; the headline joins them.

Decided here, where the definition leaves it open: resolution is a matter of *answered* calls (who gave up was not
helped, and is in the abandon rate); a call of an unknown customer cannot be followed and is in no figure that asks
for further calls; a call younger than the window is in no such figure either, even when the customer already called
again, and :func:`fcr_provisional_share` says how many those are.
"""

from __future__ import annotations

from kpi.calls import CallSums
from kpi.columns import Floats
from kpi.sums import ratio


def first_call_resolution(sums: CallSums) -> Floats:
    """Settled calls without a further call, marked unresolved by neither agent nor caller / settled calls.

    Ratio; NaN when no call is settled. Source: the field's definition; usual target 0.70 to 0.75. A call that nobody
    marked counts by its repeat alone. Provisional calls are in neither number: show :func:`fcr_provisional_share`
    beside it.
    """
    return ratio(sums.resolved_first, sums.settled)


def fcr_repeat(sums: CallSums) -> Floats:
    """Settled calls without a further call of the customer / settled calls. Ratio; NaN when no call is settled.

    Source: the field's definition; the window is 7 days by default. Settled: answered, of a known customer, as old as
    the window. A call that is itself a repeat counts too, by what came after it.
    """
    return ratio(sums.settled - sums.settled_repeated, sums.settled)


def fcr_agent(sums: CallSums) -> Floats:
    """Answered calls that the agent marked resolved / those marked either way. Ratio; NaN when none was marked.

    Source: the field's definition. Young calls and unknown customers are in it: it needs no waiting.
    """
    return ratio(sums.agent_resolved, sums.agent_said)


def fcr_survey(sums: CallSums) -> Floats:
    """Answered calls that the caller called resolved / those of which the caller said either. Ratio; NaN without any.

    Source: the field's definition. Those who answer a survey are few and not chosen at random: see
    :func:`survey_response_rate`.
    """
    return ratio(sums.survey_resolved, sums.survey_said)


def fcr_provisional_share(sums: CallSums) -> Floats:
    """Provisional calls / (provisional + settled calls): how much the headline does not know yet.

    Ratio; NaN without an answered call of a known customer. Source: the field's definition.
    """
    return ratio(sums.provisional, sums.provisional + sums.settled)


def repeat_call_rate(sums: CallSums) -> Floats:
    """Calls of a customer who had called within the window before / calls of known customers. Ratio; NaN without any.

    Source: the field's definition. It looks back, so nothing of it is provisional; answered or not, to whatever queue
    or none.
    """
    return ratio(sums.repeats, sums.known)


def self_service_rate(sums: CallSums) -> Floats:
    """Calls that the IVR finished by itself / calls that entered the IVR. Ratio; NaN when none entered.

    Source: the field's definition; a hang-up without a finished task is no self-service. A call finished there went to
    no queue, so by queue this is 0 of those that came through: read the last number, or group by site, hour or menu.
    """
    return ratio(sums.self_served, sums.in_ivr)


def self_service_rate_net(sums: CallSums) -> Floats:
    """Calls that the IVR finished and none followed within 24 h / calls that entered it, both at least that old.

    Ratio; NaN when no such call entered the IVR. Source: the field's definition. Younger calls are in neither number.
    Who is not known cannot be seen to call again and stays in, so it is the most that it may be.
    """
    return ratio(sums.self_served_kept, sums.in_ivr_settled)


def customer_satisfaction(sums: CallSums) -> Floats:
    """Survey answers 4 and 5 / answers given, 1 to 5. Ratio; NaN without an answer.

    Source: the field's definition; usual target 0.90. Show :func:`survey_response_rate` beside it.
    """
    return ratio(sums.satisfied, sums.rated)


def survey_response_rate(sums: CallSums) -> Floats:
    """Callers who gave an answer of 1 to 5 / callers who were asked. Ratio; NaN when none was asked.

    Source: the field's definition, the response rate shown beside customer satisfaction.
    """
    return ratio(sums.surveyed_rated, sums.surveyed)


def quality_score(sums: CallSums) -> Floats:
    """Points given / points possible, over the scored conversations. Ratio; NaN when none was scored.

    Source: the field's definition. A conversation with more points possible weighs more.
    """
    return ratio(sums.points, sums.points_possible)


def callback_completion_rate(sums: CallSums) -> Floats:
    """Callbacks done / callbacks requested. Ratio; NaN when none was requested.

    Source: the field's definition. One still to be made counts as not done.
    """
    return ratio(sums.callback_done, sums.callback_requested)

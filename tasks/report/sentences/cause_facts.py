"""The facts of a cause's sheet: amount, parts, money, circumstances, forecast, open questions."""

from __future__ import annotations

import re
from datetime import date

from tasks.model.causes import Cause
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences.cause import expected, graded_forecast, interval, money, number_id, observed, stock

LEAVES = 4
QUESTIONS = 3
_DUE_UNITS = {"h": "within_hours", "d": "within_working_days", "sd": "within_supplier_days"}


def is_statistical(cause: Cause) -> bool:
    """Whether a cause is an excess over expectation, which safety reports and claim clusters are not."""
    return cause.kind not in ("safety", "cluster") and cause.expected > 0


def facts(context: SectionContext, cause: Cause) -> tuple[Phrase, ...]:
    """Return the known facts of a cause, the amount first and its status last."""
    voice = context.voice
    lines: list[Phrase] = []
    if is_statistical(cause):
        lines += [_amount(context, cause), *_exposure(context, cause)]
    lines += _supplier(context, cause)
    if len(cause.leaves) > 1:
        leaves = [
            voice.part(
                "fact.leaf_count",
                leaf=voice.leaf(leaf),
                n=context.number(number_id(cause, f"leaf.{leaf}"), n, "cases", method="cases"),
            )
            for leaf, n in cause.leaves[:LEAVES]
        ]
        if others := sum(n for _, n in cause.leaves[LEAVES:]):
            n = context.number(number_id(cause, "leaf.other"), others, "cases", method="cases")
            leaves.append(voice.part("fact.leaf_other", n=n))
        lines.append(voice.say("fact.leaves", v=voice.listed(leaves)))
    if cause.stock:
        lines.append(voice.say("fact.stock", n=stock(context, cause)))
    if cause.money:
        lines.append(voice.say("fact.money", n=money(context, cause)))
    lines += _circumstances(context, cause)
    lines += [*_comparable(context, cause), *_graded(context, cause), *_forecast(context, cause)]
    status = voice.word(f"cause_status.{cause.status.value}")
    return (*lines, voice.say("fact.status", v=status, id=voice.data(cause.cause_id, 20)))


def _amount(context: SectionContext, cause: Cause) -> Phrase:
    low, high = interval(context, cause)
    amount = {"observed": observed(context, cause), "expected": expected(context, cause), "low": low, "high": high}
    if context.agenda.monthly and cause.window_weeks == round(context.review.period.days / 7):
        return context.voice.say("fact.amount_period", this=context.voice.this(), **amount)
    weeks = context.number(number_id(cause, "window_weeks"), max(cause.window_weeks, 1), "weeks", method="scan")
    return context.voice.say("fact.amount", weeks=weeks, **amount)


def _exposure(context: SectionContext, cause: Cause) -> list[Phrase]:
    voice, key = context.voice, f"exposure.{cause.exposure_kind}"
    if not cause.exposure or key not in voice.catalogue:
        return []
    n = context.number(number_id(cause, "exposure"), round(cause.exposure), "count", method="exposure")
    return [voice.say("fact.exposure", kind=voice.word(key), n=n)]


def _supplier(context: SectionContext, cause: Cause) -> list[Phrase]:
    voice = context.voice
    of_batch = {"component_supplier": cause.evidence.component_supplier, "supplier": cause.evidence.supplier}
    for name, supplier in of_batch.items():
        if value := cause.slice.get(name) or supplier:
            return [voice.say("fact.pair", name=voice.dimension(name), v=voice.value(name, value))]
    return []


def _circumstances(context: SectionContext, cause: Cause) -> list[Phrase]:
    """Say what coincided with a cause, and what was ruled out."""
    voice, evidence = context.voice, cause.evidence
    lines: list[Phrase] = []
    if evidence.change_point is not None:
        lines.append(voice.say("fact.change_point", day=voice.day(evidence.change_point)))
    for arrival in evidence.arrived:
        id_ = number_id(cause, f"arrived.{arrival.dimension}")
        lines.append(
            voice.say(
                "fact.arrived",
                name=voice.dimension(arrival.dimension),
                v=voice.value(arrival.dimension, arrival.value),
                before=context.number(f"{id_}.before", arrival.before, "share", method="share of units"),
                after=context.number(f"{id_}.after", arrival.after, "share", method="share of units"),
            )
        )
    alike = [
        voice.part(
            "fact.alike",
            name=voice.dimension(ruled_out.dimension),
            n=context.number(
                number_id(cause, f"ruled_out.{ruled_out.dimension}"),
                ruled_out.compared,
                "values",
                method="chi-square of homogeneity",
            ),
        )
        for ruled_out in evidence.ruled_out
    ]
    if alike:
        lines.append(voice.say("fact.ruled_out", alike=voice.listed(alike)))
    return lines


def _comparable(context: SectionContext, cause: Cause) -> list[Phrase]:
    """Say what was done against a similar cause, and how that turned out."""
    voice, found = context.voice, context.agenda.comparable.get(cause.cause_id)
    if found is None:
        return []
    action, verdict = found
    what = voice.data(voice.action(action).what, 60)
    return [voice.say("fact.comparable", what=what, verdict=voice.word(f"verdict.{verdict.value}"))]


def _graded(context: SectionContext, cause: Cause) -> list[Phrase]:
    if cause.evidence.graded is None:
        return []
    came = context.number(number_id(cause, "foretold_actual"), cause.evidence.graded.actual, "cases", method="arrivals")
    graded = graded_forecast(context, cause)
    return [context.voice.say("fact.forecast_graded", this=context.voice.this(), actual=came, **graded)]


def _forecast(context: SectionContext, cause: Cause) -> list[Phrase]:
    forecast = cause.evidence.forecast
    if forecast is None:
        return []
    method = "expected arrivals × ratio, 90%"
    return [
        context.voice.say(
            "fact.forecast",
            low=context.number(number_id(cause, "forecast_low"), forecast.low, "count", method=method),
            high=context.number(number_id(cause, "forecast_high"), forecast.high, "cases", method=method),
        )
    ]


def questions(context: SectionContext, cause: Cause) -> tuple[Phrase, ...]:
    """Return what people should still find out: the question, who, and within what time."""
    return tuple(_question(context, *question) for question in cause.to_confirm[:QUESTIONS])


def _question(context: SectionContext, question: str, owner: str, due: str) -> Phrase:
    voice, people = context.voice, context.voice.shop.people
    key = f"question.{question}"
    asked = voice.word(key) if key in voice.catalogue else voice.data(question, 80)
    code = voice.language.code
    who = voice.data(people.role_label(owner, code) if owner in people.roles else people.label(owner, code), 30)
    if due:
        return voice.say("fact.question", question=asked, owner=who, due=_due(context, due))
    return voice.say("fact.question_plain", question=asked, owner=who)


def _due(context: SectionContext, due: str) -> Phrase:
    """Return a term (`2h`, `5d`, `10sd`) or a day in words."""
    if match := re.fullmatch(r"(\d+)(h|d|sd)", due):
        return context.number(f"due.{due}", int(match[1]), _DUE_UNITS[match[2]])
    try:
        return context.voice.day(date.fromisoformat(due[:10]))
    except ValueError:
        return context.voice.data(due, 30)

"""Whether an earlier action worked, in words."""

from __future__ import annotations

from tasks.model.actions import ActionResult, ActionState, Verdict
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.sections.section import SectionContext

COUNT_UNITS = {
    "units_signed": "units",
    "parcels_shipped": "parcels",
    "orders_paid": "orders",
    "active_devices": "devices",
    "conversations": "conversations",
    "human_conversations": "conversations",
    "reviews": "records",
    "aftersales": "orders",
    "records": "records",
}
PLAIN_METHOD = "exact rate ratio"
METHODS = {
    "control": "exact rate ratio over untouched slices",
    "course": "exact rate ratio over the course before",
    "segmented": "segmented regression",
}
"""How the interval of a verdict came about, as numbers.json names it."""

ADJUSTED = ("control", "course", "segmented")
ALIKE = 0.015
"""A drop that differs by more from the drop of the printed rates is explained."""

STEADY = (0.8, 1.25)
"""Ratio of untouched slices within which they count as unchanged."""


def sentences(context: SectionContext) -> tuple[tuple[str, Phrase], ...]:
    """Return verdict and sentence of every judged earlier action; those about which nothing is known share a line."""
    voice, earlier = context.voice, context.agenda.earlier
    lines = [
        ((result.verdict or Verdict.UNDECIDED).value, _sentence(context, result) + _side_effect(context, result))
        for result in earlier.judged
    ]
    for why in sorted({result.reason for result in earlier.without_numbers}):
        alike = [result for result in earlier.without_numbers if result.reason == why]
        named = join((voice.data(voice.action(result.action).what, 60) for result in alike), voice.catalogue["word.clause_sep"])
        lines.append(("undecided", voice.say("verdict.text_undecided_plain", what=named, why=_why(context, why))))
    return tuple(lines)


def _why(context: SectionContext, reason: str) -> Phrase:
    """Say why an action's effect is not decided."""
    key = f"verdict.why_{reason}"
    return context.voice.word(key if key in context.voice.catalogue else "verdict.why")


def _state(context: SectionContext, result: ActionResult) -> Phrase:
    """Say what became of an action after its verdict: only what its events hold."""
    if result.state in (ActionState.CLOSED, ActionState.REOPENED):
        return context.voice.word(f"verdict.state_{result.state.value}")
    return context.voice.word("verdict.state_open") if result.verdict in (Verdict.EFFECTIVE, Verdict.NO_CHANGE) else EMPTY


def is_target_met(result: ActionResult) -> bool:
    """Whether the rate after the cut-in, which is printed, meets the target, whatever single weeks do."""
    target, before, after = result.action.target, result.rate_before, result.rate_after
    if target is None or before is None or after is None:
        return False
    return after <= target if after <= before else after >= target


def number_id(result: ActionResult, name: str) -> str:
    """Return the id of one of an earlier action's numbers."""
    return f"prior.{result.action.action_id}.{name}"


def method(result: ActionResult) -> str:
    """Return how a verdict's numbers came about, as numbers.json names it."""
    return f"{METHODS.get(result.method, PLAIN_METHOD)}, {result.action.cut_in_axis or 'done date'}"


def _rate_method(result: ActionResult) -> str:
    """Return how the printed rates were computed; if they did not decide the verdict, no method adjusted them."""
    return method(result) if _is_rated(result) else f"{PLAIN_METHOD}, {result.action.cut_in_axis or 'done date'}"


def _is_rated(result: ActionResult) -> bool:
    """Whether a verdict rests on the two rates."""
    rated = result.rate_before is not None and result.rate_after is not None and result.ratio is not None
    return rated and result.verdict not in (None, Verdict.UNDECIDED)


def rate_before(context: SectionContext, result: ActionResult) -> Phrase:
    """Return the rate before the cut-in."""
    id_ = number_id(result, "rate_before")
    return context.number(id_, result.rate_before, "share", n=result.n_before, method=_rate_method(result))


def rate_after(context: SectionContext, result: ActionResult) -> Phrase:
    """Return the rate after the cut-in."""
    id_ = number_id(result, "rate_after")
    return context.number(id_, result.rate_after, "share", n=result.n_after, method=_rate_method(result))


def _sentence(context: SectionContext, result: ActionResult) -> Phrase:
    voice, verdict = context.voice, result.verdict
    if not _is_rated(result):
        return _unrated(context, result)
    words = voice.action(result.action)
    values = {
        "what": voice.data(words.what, 80),
        "metric": voice.data(words.metric, 40),
        "before": rate_before(context, result),
        "after": rate_after(context, result),
    }
    ratio = 1.0 if result.ratio is None else result.ratio
    if verdict == Verdict.NO_CHANGE:
        return voice.say("verdict.text_no_change", **values) + _state(context, result)
    if verdict == Verdict.WORSE:
        times = context.number(number_id(result, "ratio"), ratio, "times", n=result.n_after, method=method(result))
        return voice.say("verdict.text_worse", times=times, **values)
    if verdict == Verdict.RELAPSED:
        id_ = number_id(result, "rate_later")
        later = context.number(id_, result.rate_later, "share", n=result.n_later, method=method(result))
        return voice.say("verdict.text_relapsed", later=later, **values)
    if ratio > 1:
        return voice.say("verdict.text_rising", **values) + _state(context, result)
    return _drop(context, result, ratio, values)


def _unrated(context: SectionContext, result: ActionResult) -> Phrase:
    """Say what is known about an action that its rates do not decide: what is still needed, or its name alone."""
    voice = context.voice
    what = voice.data(voice.action(result.action).what, 80)
    if result.needed is not None and result.n_after is not None:
        unit = COUNT_UNITS.get(result.action.exposure, "orders")
        values = {
            "what": what,
            "now": context.number(number_id(result, "n_after"), result.n_after, unit, method=method(result)),
            "needed": context.number(number_id(result, "needed"), result.needed, unit, method=method(result)),
        }
        if result.needed_by is not None:
            return voice.say("verdict.text_undecided", by=voice.day(result.needed_by), **values)
        return voice.say("verdict.text_undecided_n", **values)
    if result.verdict not in (None, Verdict.UNDECIDED):
        return voice.say("verdict.text_plain", word=voice.word(f"verdict.{result.verdict.value}"), what=what)
    return voice.say("verdict.text_undecided_plain", what=what, why=_why(context, result.reason))


def _drop(context: SectionContext, result: ActionResult, ratio: float, values: dict[str, Phrase]) -> Phrase:
    """Say how much a rate fell, with its interval, and why that differs from the change of the printed rates."""
    voice = context.voice
    least, most = (1 - (end if end is not None else ratio) for end in (result.high, result.low))
    gone = not result.rate_after
    if not gone:
        drop = context.number(number_id(result, "drop"), 1 - ratio, "tenths", n=result.n_after, method=method(result))
        values = values | {
            "drop": drop,
            "high": context.number(number_id(result, "drop_high"), max(0.0, most), "tenths", method="95%"),
        }
    low = context.number(number_id(result, "drop_low"), max(0.0, least), "tenths", method="95%")
    fall = voice.part("verdict.fell_to_none" if gone else "verdict.fell", low=low, **values)
    adjusted = EMPTY if gone else _adjusted(context, result)
    if result.verdict == Verdict.PARTLY:
        met = "verdict.text_partly_met" if is_target_met(result) else "verdict.text_partly"
        return voice.say(met, what=values["what"], fall=fall) + adjusted
    steady = result.control_ratio is not None and STEADY[0] <= result.control_ratio <= STEADY[1]
    key = "verdict.text_effective_control" if steady else "verdict.text_effective"
    return voice.say(key, what=values["what"], fall=fall) + adjusted + _state(context, result)


def _adjusted(context: SectionContext, result: ActionResult) -> Phrase:
    """Say why the printed change differs from that of the two printed rates, if it does."""
    if not result.rate_before or not result.rate_after or not result.ratio or result.method not in ADJUSTED:
        return EMPTY
    alike = abs(result.ratio - result.rate_after / result.rate_before) < ALIKE
    return EMPTY if alike else context.voice.word(f"verdict.adjusted_{result.method}")


def _side_effect(context: SectionContext, result: ActionResult) -> Phrase:
    """Say that the same units brought more cases of other kinds."""
    if result.side_before is None or result.side_after is None:
        return EMPTY
    before = context.number(number_id(result, "side_before"), result.side_before, "share", n=result.n_before, method="same units")
    after = context.number(number_id(result, "side_after"), result.side_after, "share", n=result.n_after, method="same units")
    return context.voice.say("verdict.side", before=before, after=after)

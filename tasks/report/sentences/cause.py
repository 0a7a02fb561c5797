"""A cause in words: what, where, since when, how much against what (docs/method.md, 11)."""

from __future__ import annotations

from tasks.model.causes import Cause
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.reading import enough
from tasks.report.reading import strength as rung
from tasks.report.sections.section import SectionContext

COUNTED = ("records", "reviews", "earlier_cases", "other_cases", "contacts", "cases", "none", "")
"""Exposures without shipments behind them: expectations come from the past level."""

RATED_PATTERNS = ("batch", "carrier", "slice_rate")
"""Patterns that print a rate per 100 beside the rate of others."""


def number_id(cause: Cause, name: str) -> str:
    """Return the id of one of a cause's numbers."""
    return f"cause.{cause.cause_id}.{name}"


def leaf(context: SectionContext, cause: Cause) -> Phrase:
    """Return the name of a cause's problem; a family made up of one symptom of the leaf is named after that symptom."""
    taxonomy = context.voice.shop.taxonomy
    symptom = cause.slice.get("symptom", "")
    known = taxonomy.every_leaf.get(cause.leaf)
    if not symptom and known is not None:
        symptoms = [code for code in known.symptoms if taxonomy.symptoms[code].family == cause.family]
        symptom = symptoms[0] if len(symptoms) == 1 else ""
    return context.voice.leaf(cause.leaf, symptom)


def observed(context: SectionContext, cause: Cause) -> Phrase:
    """Return the observed cases."""
    return context.number(
        number_id(cause, "observed"), cause.observed, "cases", n=cause.exposure, method="scan", rows=",".join(cause.rows)
    )


def counted(context: SectionContext, cause: Cause) -> Phrase:
    """Return the cases of the problem that is named, then those with related problems if the cause has any."""
    if cause.own_cases == cause.observed:
        return observed(context, cause)
    own = context.number(number_id(cause, "own"), cause.own_cases, "cases", method="cases of the leaf that is named")
    return context.voice.part("count.related", own=own, observed=observed(context, cause))


def expected(context: SectionContext, cause: Cause) -> Phrase:
    """Return the expected cases, with one decimal below ten."""
    value = cause.measure.expected
    return context.number(number_id(cause, "expected"), value, "cases", n=cause.exposure, method="expected arrivals")


def ratio(context: SectionContext, cause: Cause) -> Phrase:
    """Return how many times the expected cases came."""
    return context.number(number_id(cause, "ratio"), cause.measure.ratio, "times", n=cause.exposure, method="observed/expected")


def interval(context: SectionContext, cause: Cause) -> tuple[Phrase, Phrase]:
    """Return low and high end of observed ÷ expected."""
    measure = cause.measure
    return (
        context.number(number_id(cause, "low"), measure.low, "times", n=cause.exposure, method="95%"),
        context.number(number_id(cause, "high"), measure.high, "times", n=cause.exposure, method="95%"),
    )


def rate(context: SectionContext, cause: Cause) -> Phrase:
    """Return complaints per 100 units."""
    per_100 = (cause.rate or 0) * 100
    return context.number(number_id(cause, "rate"), per_100, "per_100", n=cause.exposure, method="same age")


def money(context: SectionContext, cause: Cause) -> Phrase:
    """Return what the excess costs a week."""
    return context.number(number_id(cause, "money"), cause.money, "money", method="excess per week")


def stock(context: SectionContext, cause: Cause) -> Phrase:
    """Return the units in stock of a cause's batch."""
    return context.number(number_id(cause, "stock"), cause.stock, "units", method="batch table")


def head(context: SectionContext, cause: Cause) -> Phrase:
    """Return the message title of a cause, without numbers."""
    voice = context.voice
    where, what = voice.where(cause.slice), leaf(context, cause)
    if cause.kind in ("cluster", "safety", "reputation", "fall"):
        return voice.part(f"finding.head_{cause.kind}", where=where, leaf=what)
    clear = rung(cause.observed, cause.low) == "clear"
    return voice.part("finding.head_clear" if clear else "finding.head_watch", where=where, leaf=what)


def short_finding(context: SectionContext, cause: Cause) -> Phrase:
    """Return a cause as a clause of the one-sentence conclusion."""
    if cause.expected > 0 and cause.kind not in ("cluster", "safety"):
        where = context.voice.where(cause.slice)
        key = "finding.rise_short" if cause.own_cases == cause.observed else "finding.rise_short_related"
        return context.voice.part(key, where=where, leaf=leaf(context, cause), times=ratio(context, cause))
    return head(context, cause)


def finding(context: SectionContext, cause: Cause) -> Phrase:
    """Describe a cause by its kind: where, what, since when, how much against what."""
    voice = context.voice
    where = voice.where(cause.slice)
    match cause.kind:
        case "cluster":
            return _cluster(context, cause, where)
        case "safety":
            return voice.say("finding.safety", where=where, observed=observed(context, cause), leaf=leaf(context, cause))
        case "reputation":
            values = {"observed": observed(context, cause), "expected": expected(context, cause), "times": ratio(context, cause)}
            return voice.say("finding.reputation", where=where, **values)
        case "fall":
            cases, usual = counted(context, cause), expected(context, cause)
            return voice.say("finding.fall", where=where, leaf=leaf(context, cause), counted=cases, expected=usual)
    sentence = _rise(context, cause, where)
    if cause.contribution is not None and context.agenda.excess_shared:
        share = context.number(number_id(cause, "contribution"), cause.contribution, "share", method="excess")
        sentence += voice.say("finding.contribution", this=voice.this(), share=share)
    together = cause.evidence.coincides
    if together and not {"batch_no", "listing_version"} & set(cause.slice):
        changes = voice.listed(voice.change(name, value) for name, value in together)
        sentence += voice.say("finding.coincides", changes=changes)
    return sentence


def _rise(context: SectionContext, cause: Cause, where: Phrase) -> Phrase:
    """Describe a statistical excess by its pattern."""
    voice, kind = context.voice, pattern(context, cause)
    values = {
        "where": where,
        "leaf": leaf(context, cause),
        "strength": voice.word(f"strength.{rung(cause.observed, cause.low)}"),
        "counted": counted(context, cause),
        "expected": expected(context, cause),
        "times": ratio(context, cause),
        "since": since(context, cause),
        "trend": voice.word(f"trend.{cause.trend}") if cause.trend else EMPTY,
    }
    if kind in RATED_PATTERNS:
        base = (cause.comparison_rate or 0) * 100
        values |= {
            "age": context.number(number_id(cause, "age"), cause.age_days or 0, "days", method="age"),
            "rate": rate(context, cause),
            "base": context.number(number_id(cause, "comparison_rate"), base, "per_100", method="same age"),
            "comparison": _comparison(context, cause),
        }
    return tidy(voice.say(f"finding.{kind}", **values))


def pattern(context: SectionContext, cause: Cause) -> str:
    """Choose the pattern of a statistical cause; a rate needs its comparison, an age and enough units."""
    rated = cause.rate is not None and bool(cause.comparison_rate) and enough(cause.exposure, context.agenda.minimum)
    get = cause.slice.get
    if cause.kind in ("session", "app", "service", "promotion"):
        return cause.kind
    if cause.exposure_kind == "other_cases":
        return "mixture"
    if cause.exposure_kind in COUNTED:
        return "records"
    if get("batch_no") and rated and cause.age_days:
        return "batch"
    if get("carrier") and rated:
        return "carrier"
    if get("listing_version"):
        return "listing"
    if get("ship_date") or (cause.since_axis in ("ship_date", "shipped_at") and not get("batch_no")):
        return "ship_date"
    return "slice_rate" if rated else "slice"


def _comparison(context: SectionContext, cause: Cause) -> Phrase:
    voice, key = context.voice, f"comparison.{cause.comparison}"
    if key in voice.catalogue:
        return voice.word(key)
    return voice.data(cause.comparison, 60) if cause.comparison else voice.word("comparison.default")


def since(context: SectionContext, cause: Cause) -> Phrase:
    """Say since when, on the axis on which the change began; a slice without an end already says it."""
    voice = context.voice
    if cause.since is None or any(value.endswith("..") for value in cause.slice.values()):
        return EMPTY
    axis = {"shipped_at": "ship_date", "paid_at": "pay_date"}.get(cause.since_axis, cause.since_axis)
    if axis in ("ship_date", "pay_date", "made_on"):
        return voice.part(f"since.{axis}", day=voice.day(cause.since))
    if context.review.period.grain == "week" and cause.since.weekday() == 0:
        return voice.part("since.week", week=voice.dated(str(cause.since.isocalendar().week)))
    return voice.part("since.day", day=voice.day(cause.since))


def _cluster(context: SectionContext, cause: Cause, where: Phrase) -> Phrase:
    inside, outside = cause.evidence.rate_with, cause.evidence.rate_without
    if inside is None or outside is None:
        return context.voice.say("finding.cluster", where=where, observed=observed(context, cause))
    rates = {
        "with": context.number(number_id(cause, "rate_with"), inside, "share", method="cluster counted"),
        "without": context.number(number_id(cause, "rate_without"), outside, "share", method="cluster left out"),
    }
    return context.voice.say("finding.cluster_both", where=where, observed=observed(context, cause), **rates)


def life(context: SectionContext, cause: Cause) -> Phrase:
    """Say whether a finding is new, how long it has lasted, or that it is back."""
    if cause.life != "continuing":
        return context.voice.word(f"life.{cause.life}")
    unit = {"week": "weeks", "month": "months"}.get(context.review.period.grain, "periods")
    periods = context.number(number_id(cause, "periods"), cause.periods, unit, method="ledger")
    return context.voice.part("life.continuing", n=periods)


def graded_forecast(context: SectionContext, cause: Cause) -> dict[str, Phrase]:
    """Return the last review's forecast of a cause and its outcome; empty if there was no forecast."""
    graded = cause.evidence.graded
    if graded is None:
        return {}
    word = "hit" if graded.low <= graded.actual <= graded.high else "over" if graded.actual > graded.high else "under"
    method = "forecast of the last edition"
    return {
        "low": context.number(number_id(cause, "foretold_low"), graded.low, "count", method=method),
        "high": context.number(number_id(cause, "foretold_high"), graded.high, "cases", method=method),
        "word": context.voice.word(f"fact.forecast_{word}"),
    }


def tidy(phrase: Phrase) -> Phrase:
    """Remove the separators that an empty placeholder leaves before a full stop: `；。` → `。`."""
    text = phrase.plain
    if not any(pair in text for pair in ("；。", "，。", "; .", ", .")):
        return phrase
    pieces = list(phrase.pieces)
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        if piece.kind != "word":
            continue
        fixed = piece.text.replace("；。", "。").replace("，。", "。").replace("; .", ".").replace(", .", ".")
        if fixed.startswith(("。", ".")) and index and pieces[index - 1].kind == "word":
            before = pieces[index - 1]
            pieces[index - 1] = type(before)(before.text.rstrip("；，;, "), before.kind, before.id)
        if fixed in ("。", ".") or fixed != piece.text:
            pieces[index] = type(piece)(fixed, piece.kind, piece.id)
    return Phrase(tuple(pieces))

"""Data and method: how far to trust the data, what each channel delivered, what a revision changed, how figures are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from expectations.channel import QUARANTINE_SHARE
from tasks.model.causes import Cause, SearchBasis
from tasks.model.foreign_amounts import ForeignAmounts
from tasks.model.report_sections import ReportSection
from tasks.model.review import ChannelQuality
from tasks.report.language.phrase import Phrase, join
from tasks.report.sections import figure_table
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence
from tasks.report.sentences import cause_search, data_state

STEM = ReportSection.DATA
REVISED = 10
"""Figures whose change a revision prints."""


@dataclass(frozen=True)
class ChannelRow:
    """What one channel delivered."""

    name: Phrase
    records: Phrase
    read: Phrase
    quarantined: Phrase
    remark: Phrase
    tone: str


@dataclass(frozen=True)
class DataView:
    """Trust in sentences, channels as a table, changes of a revision, definitions of a month's figures, the method."""

    trust: tuple[Phrase, ...]
    channels: tuple[ChannelRow, ...]
    revisions: tuple[Phrase, ...]
    definitions: tuple[tuple[Phrase, Phrase], ...]
    method: tuple[Phrase, ...]


def build(context: SectionContext) -> DataView:
    """Return the notes on data and method."""
    return DataView(
        trust=tuple(_trust(context)),
        channels=tuple(_channel(context, channel) for channel in context.agenda.channels),
        revisions=_revisions(context),
        definitions=_definitions(context),
        method=tuple(_method(context)),
    )


# ---- Trust -------------------------------------------------------------------------------------


def _trust(context: SectionContext) -> Iterator[Phrase]:
    """Say how far to trust the data: complete sources, gaps, excluded channels, lateness."""
    voice, review = context.voice, context.review
    channels = review.channels
    if not channels:
        yield voice.word("missing.channels")
        return
    yield _complete(context)
    if review.partial:
        yield voice.say("data.partial_sentence", why=data_state.covered(context))
    for channel in channels:
        if gap := _gap(context, channel):
            yield gap
    read, bad = sum(channel.read for channel in channels), sum(channel.quarantined for channel in channels)
    if read:
        yield voice.say(
            "data.quarantined",
            read=context.number("data.read", read, "records", method="pulls"),
            bad=context.number("data.quarantined", bad, "records", method="expectations"),
        )
    yield from _unmeasured(context)
    yield from _estimated_receipts(context)
    yield from _foreign_amounts(context)
    for note in voice.shop.identity.notes:
        yield voice.text(note.texts, 300)


def _complete(context: SectionContext) -> Phrase:
    voice, review = context.voice, context.review
    gaps = [channel for channel in review.channels if channel.error or channel.excluded or channel.missing_days]
    broken = any(channel.error or channel.excluded for channel in gaps)
    values = {
        "usable": voice.word("data.partly" if broken or review.partial else "data.usable"),
        "all": context.number("data.channels", len(review.channels), "sources", method="pulls"),
        "ok": context.number("data.channels_ok", len(review.channels) - len(gaps), "sources", method="pulls"),
    }
    if review.completeness is None or review.partial:
        return voice.say("data.sentence_plain", **values)
    done = context.number("data.completeness", review.completeness, "share", method="late arrivals")
    return voice.say("data.sentence", completeness=done, **values)


def _gap(context: SectionContext, channel: ChannelQuality) -> Phrase | None:
    voice, name = context.voice, context.voice.channel(channel, 40)
    if channel.error:
        key = "data.error_in_part" if channel.records else "data.error"
        return voice.say(key, channel=name, why=voice.part(f"channel_problem.{channel.problem.value}"))
    if channel.excluded:
        share = channel.quarantined / channel.read if channel.read else 0.0
        id_ = f"channel.{channel.channel}.quarantined_share"
        return voice.say("data.excluded", channel=name, share=context.number(id_, share, "share", n=channel.read))
    if channel.quarantined > QUARANTINE_SHARE * channel.read:
        bad = context.number(f"channel.{channel.channel}.doubtful", channel.quarantined, "records", method="expectations")
        return voice.say("data.doubtful", channel=name, bad=bad)
    if channel.missing_days:
        return voice.say("data.missing", channel=name, days=voice.days(channel.missing_days))
    return None


def _unmeasured(context: SectionContext) -> Iterator[Phrase]:
    """Say which clocks are not measured, and in which channels."""
    voice, review = context.voice, context.review
    quality = {channel.channel: channel for channel in review.channels}
    clocks = []
    for clock in review.unmeasured:
        channels = voice.listed(voice.channel(quality[name], 40) for name in clock.channels if name in quality)
        clocks.append(voice.part("data.unmeasured_clock", clock=voice.milestone(clock.milestone, 60), channels=channels))
    if clocks:
        yield voice.say("data.unmeasured", clocks=join(clocks, voice.catalogue["word.list_sep"]))


def _estimated_receipts(context: SectionContext) -> Iterator[Phrase]:
    """Say how many order lines count as delivered at an estimated time."""
    estimate = context.review.estimated_receipts
    if estimate is None:
        return
    yield context.voice.say(
        "data.receipts_measured" if estimate.measured else "data.receipts_assumed",
        lines=context.number("data.receipts", estimate.lines, "orders", method="shipping and usual transit"),
        days=context.number("data.transit", estimate.transit_days, "days", method="median transit"),
    )


def _foreign_amounts(context: SectionContext) -> Iterator[Phrase]:
    """Say how many amounts in other currencies are converted, by which rates, and how many are counted nowhere."""
    voice = context.voice
    home = voice.shop.identity.currency

    def rows(one: ForeignAmounts, name: str, count: int) -> Phrase:
        return context.number(f"data.foreign.{one.currency}.{name}", count, "records", method="exchange rates")

    for one in context.review.foreign_amounts:
        if one.by_table and one.first_noted and one.last_noted:
            yield voice.say(
                "data.foreign_by_table" if one.first_noted < one.last_noted else "data.foreign_by_one_rate",
                rows=rows(one, "by_table", one.by_table),
                currency=one.currency,
                home=home,
                first=voice.day(one.first_noted),
                last=voice.day(one.last_noted),
            )
        if one.by_source:
            yield voice.say(
                "data.foreign_by_source", rows=rows(one, "by_source", one.by_source), currency=one.currency, home=home
            )
        if one.stale:
            yield voice.say("data.foreign_stale", rows=rows(one, "stale", one.stale), currency=one.currency)
        if one.unrated:
            yield voice.say("data.foreign_unrated", rows=rows(one, "unrated", one.unrated), currency=one.currency, home=home)


def _channel(context: SectionContext, channel: ChannelQuality) -> ChannelRow:
    voice = context.voice
    id_ = f"channel.{channel.channel}"
    remark, tone = voice.word("channel.complete"), ""
    if channel.error:
        remark, tone = voice.word("channel.error_in_part" if channel.records else "channel.error"), "worse"
    elif channel.excluded:
        remark, tone = voice.say("channel.excluded", why=voice.text(channel.excluded, 160)), "worse"
    elif channel.missing_days:
        remark, tone = voice.say("channel.missing", days=voice.days(channel.missing_days)), "muted"
    return ChannelRow(
        name=voice.channel(channel, 40),
        records=context.number(f"{id_}.records", channel.records, "count", method="records of the period"),
        read=context.number(f"{id_}.read", channel.read, "count", method="pulls"),
        quarantined=context.number(f"{id_}.quarantined", channel.quarantined, "count", method="expectations"),
        remark=remark,
        tone=tone,
    )


# ---- Revisions and definitions -----------------------------------------------------------------


def _revisions(context: SectionContext) -> tuple[Phrase, ...]:
    """Say which figures of page 1 differ from the previous revision."""
    review, voice = context.review, context.voice
    if review.revision < 2:
        return ()
    lines: list[Phrase] = []
    for figure in context.agenda.revisable:
        old = review.previous_numbers.get(figure_table.number_id(figure, "value"))
        if old is None:
            continue
        id_ = f"revision.{figure_table.number_id(figure, 'old')}"
        was = context.number(id_, old, figure.unit, method="edition before")
        now = figure_table.value(context, figure, "value", figure.value)
        if was.plain != now.plain:
            lines.append(voice.say("revision.line", name=figure_table.name(context, figure), old=was, new=now))
    return tuple(lines[:REVISED]) or (voice.word("revision.none"),)


def _definitions(context: SectionContext) -> tuple[tuple[Phrase, Phrase], ...]:
    """Return the definition of each figure of a month, once."""
    if not context.agenda.monthly:
        return ()
    voice = context.voice
    codes = dict.fromkeys(figure.code for figure in context.review.figures if figure.kind.explained)
    return tuple((voice.figure(code), voice.word(f"figure.{code}.definition")) for code in codes)


# ---- Method ------------------------------------------------------------------------------------


def _method(context: SectionContext) -> Iterator[Phrase]:
    """Say how many places were checked, what nearly passed, and what the figures are based on."""
    voice, review, agenda = context.voice, context.review, context.agenda
    if review.tested and not review.partial:
        most = ceil(review.expected_false_alarms)
        alarms = context.number("review.expected_false_alarms", most, "places", method="scan, false discoveries")
        tested = context.number("review.tested", review.tested, "places", method="scan")
        yield voice.say("method.tested", tested=tested, alarms=alarms)
    if review.search.basis is not SearchBasis.HISTORY and not review.partial:
        yield cause_search.lacking(context)
    if review.strongest_rejected is not None and not review.partial:
        yield _rejected(context, review.strongest_rejected)
    base = voice.shop.base
    if base == "orders":
        yield voice.word("method.families")
    else:
        yield voice.word(f"method.base_{base}")
        yield voice.say("method.rates", n=context.number("shop.minimum_n", agenda.minimum, "cases"))
    yield voice.word("method.complaint")
    yield voice.word("method.confidence_month" if agenda.monthly else "method.confidence")
    if agenda.withheld:
        n = context.number("review.restricted", agenda.withheld, "items", method="ledger")
        audiences = voice.shop.audiences.of("monthly" if agenda.monthly else "weekly").values()
        is_read = any(audience.restricted for audience in audiences)
        yield voice.say("method.restricted" if is_read else "method.restricted_unread", n=n)


def _rejected(context: SectionContext, rejected: Cause) -> Phrase:
    """Say what came closest to being named, and why it was not."""
    voice, review = context.voice, context.review
    key = f"why.{review.rejected_why}"
    why = voice.word(key) if key in voice.catalogue else voice.data(review.rejected_why or voice.catalogue["why.default"], 160)
    return voice.say(
        "method.rejected",
        where=voice.where(rejected.slice),
        leaf=cause_sentence.leaf(context, rejected),
        observed=context.number("rejected.observed", rejected.observed, "cases", n=rejected.exposure, method="scan"),
        expected=context.number("rejected.expected", round(rejected.expected, 1), "cases", method="expected arrivals"),
        why=why,
    )

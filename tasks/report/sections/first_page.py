"""The head of page 1: title, period, state of the data, red lines, and the one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.causes import SearchBasis
from tasks.report.agenda import ConclusionKind, Overall, OverallKind
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections import figure_table
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence
from tasks.report.sentences import cause_search, data_state, mix, red_line

STEM = "first_page"

TELLING_TABLES = frozenset({"feedback", "regulator_case", "platform_metric", "aftersale"})
"""Tables whose rows can be complaints or red lines."""


@dataclass(frozen=True)
class FirstPageView:
    """The opening of every edition, whatever its sections."""

    title: Phrase
    report: Phrase
    running: Phrase
    period: Phrase
    status: Phrase
    as_of: Phrase
    data: Phrase
    red: tuple[Phrase, ...]
    calm: Phrase
    conclusion: Phrase


def build(context: SectionContext) -> FirstPageView:
    """Return the head of page 1."""
    voice, review = context.voice, context.review
    report = voice.word(f"report.{review.period.grain}")
    period, status, moment = voice.dated(voice.language.period(review.period)), _status(context), voice.clock(review.as_of)
    return FirstPageView(
        title=voice.say("head.title", shop=voice.shop_name(), report=report),
        report=report,
        running=voice.say("head.running", report=report, period=period, status=status, moment=moment),
        period=period,
        status=status,
        as_of=voice.say("head.as_of", moment=moment),
        data=voice.say("head.data", words=data_state.in_short(context)),
        red=red_line.lines(context),
        calm=_calm(context),
        conclusion=_conclusion(context),
    )


def _unread(context: SectionContext) -> Phrase:
    """Name the sources of records that could not be read, are left out or fell silent: what they hold, nobody knows."""
    voice = context.voice
    tables = {channel.name: channel.table for channel in voice.shop.channels.channels}
    unread = [
        channel
        for channel in context.review.channels
        if (channel.error or channel.excluded or len(channel.missing_days) == context.review.period.days)
        and tables.get(channel.channel, "feedback") in TELLING_TABLES
    ]
    return voice.listed(voice.channel(channel, 30) for channel in unread) if unread else EMPTY


def _calm(context: SectionContext) -> Phrase:
    """Say that there are no red lines, or that there are none in what could be read."""
    voice, unread = context.voice, _unread(context)
    if unread == EMPTY:
        return voice.say("red.none", this=voice.this())
    return voice.say("red.none_read", this=voice.this(), channels=unread)


def _status(context: SectionContext) -> Phrase:
    voice, review = context.voice, context.review
    parts = [voice.word(f"status.{review.status}")]
    if review.partial:
        parts = [voice.part("status.partial_until", until=data_state.until(context))]
    if review.revision > 1:
        n = context.number("review.revision", review.revision, "ordinal", method="ledger")
        parts.append(voice.part("status.revised", n=n))
    return voice.listed(parts)


def _conclusion(context: SectionContext) -> Phrase:
    """Say in one sentence whether things are better, the same or worse, and the one matter that counts."""
    voice, conclusion = context.voice, context.agenda.conclusion
    this = voice.this()
    overall = _overall(context, conclusion.overall) if conclusion.overall else EMPTY
    match conclusion.kind:
        case ConclusionKind.PARTIAL:
            return voice.say("conclusion.partial", this=this, until=data_state.until(context))
        case ConclusionKind.NO_COMPLAINTS:
            if (unread := _unread(context)) != EMPTY:
                return voice.say("conclusion.no_complaints_read", this=this, channels=unread)
            return voice.say("conclusion.no_complaints", this=this)
        case ConclusionKind.SMALL:
            n = context.number("review.cases", context.agenda.cases, "cases", method="cases counted once")
            listed = voice.say("small.note", this=this, n=n)
            return listed if context.review.search.basis is SearchBasis.HISTORY else listed + cause_search.lacking(context)
        case ConclusionKind.NOT_SOUGHT:
            return cause_search.nothing_found(context)
        case ConclusionKind.RED_LINE:
            return _red(context, overall)
        case ConclusionKind.CAUSE if conclusion.cause is not None:
            key = "conclusion.cause_one" if conclusion.only_matter else "conclusion.cause"
            return voice.say(key, overall=overall, cause=cause_sentence.short_finding(context, conclusion.cause), this=this)
        case ConclusionKind.MIX if conclusion.mix is not None:
            figure, change = voice.figure_inside(conclusion.mix.figure), mix.change(context, conclusion.mix)
            return voice.say("conclusion.mix", figure=figure, change=change, overall=overall)
        case ConclusionKind.FIGURE:
            return overall + voice.word("word.stop") + cause_search.lacking(context)
    tested = context.number("review.tested", context.review.tested, "places", method="scan")
    if conclusion.kind is ConclusionKind.QUIET_LATE:
        late = context.number("prior.late", len(context.agenda.earlier.late), "items", method="ledger")
        return voice.say("conclusion.quiet_late", this=this, tested=tested, late=late)
    return voice.say("conclusion.quiet", this=this, tested=tested)


def _red(context: SectionContext, overall: Phrase) -> Phrase:
    index = context.agenda.conclusion.red_line or 0
    line = context.review.red_lines[index]
    where = red_line.where(context, line)
    leaf, n = red_line.leaf(context, line), red_line.cases(context, index)
    return context.voice.say("conclusion.red", overall=overall, where=where, leaf=leaf, n=n)


def _overall(context: SectionContext, overall: Overall) -> Phrase:
    voice, key = context.voice, f"conclusion.overall_{overall.kind.value}"
    if overall.kind is OverallKind.UNJUDGED:
        return voice.say(key)
    if overall.figure is None:
        return voice.say(key, this=voice.this())
    if overall.kind is OverallKind.OFF_TARGET:
        unit = "weeks" if context.review.period.grain == "week" else "periods"
        n = context.number(figure_table.number_id(overall.figure, "streak"), overall.figure.streak, unit, method="target")
        return voice.say(key, figure=voice.figure_inside(overall.figure), n=n)
    return voice.say(key, this=voice.this(), figure=voice.figure_inside(overall.figure))

"""The state of the data in words: how far they reach, and which channels have gaps."""

from __future__ import annotations

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext


def until(context: SectionContext) -> Phrase:
    """Return the last day that a partial period covers, or the moment of the data if no channel reports one."""
    review, voice = context.review, context.voice
    last_covered = review.partial.partition("..")[2]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", last_covered):
        return voice.day(date.fromisoformat(last_covered))
    marks = [channel.complete_through for channel in review.channels if channel.complete_through is not None]
    if not marks:
        return voice.clock(review.as_of)
    last = max(marks) - timedelta(microseconds=1)  # complete up to, not including, the mark
    return voice.day(last.astimezone(ZoneInfo(review.period.zone)).date())


def covered(context: SectionContext) -> Phrase:
    """Return the days that a partial period covers."""
    first, _, last = context.review.partial.partition("..")
    try:
        return context.voice.span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return context.voice.data(context.review.partial, 120)


def in_short(context: SectionContext) -> Phrase:
    """Sum up the state of the data in the heading: the first gap, and how many more there are."""
    voice, review = context.voice, context.review
    gaps: list[Phrase] = []
    for channel in review.channels:
        name = voice.channel(channel, 24)
        if channel.error:
            gaps.append(voice.part("data.gap_error_in_part" if channel.records else "data.gap_error", channel=name))
        elif channel.excluded:
            gaps.append(voice.part("data.gap_excluded", channel=name))
        elif channel.missing_days:
            days = len(channel.missing_days)
            n = context.number(f"channel.{channel.channel}.missing_days", days, "days", method="pulls")
            gaps.append(voice.part("data.gap_days", channel=name, days=n))
    if review.partial:
        return voice.say("data.limited", gaps=voice.part("data.partial", until=until(context)))
    if not gaps:
        return voice.word("data.usable")
    broken = any(channel.error or channel.excluded for channel in review.channels)
    first = gaps[0]
    if len(gaps) > 1:
        first = voice.part("data.gap_more", gap=first, n=context.number("data.gaps", len(gaps) - 1, "count", method="pulls"))
    return voice.say("data.limited" if broken else "data.usable_gaps", gaps=first)

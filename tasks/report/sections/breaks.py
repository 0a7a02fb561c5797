"""Events that make before and after incomparable."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.model.review import Break
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.BREAKS
EVENTS = 8


@dataclass(frozen=True)
class BreaksView:
    """A line for each event."""

    lines: tuple[Phrase, ...]


def build(context: SectionContext) -> BreaksView | None:
    """Return the events, or None if there are none and the period has few cases."""
    lines = tuple(_line(context, index, event) for index, event in enumerate(context.review.breaks[:EVENTS]))
    return None if context.agenda.small and not lines else BreaksView(lines)


def _line(context: SectionContext, index: int, event: Break) -> Phrase:
    voice = context.voice
    when = voice.span(event.on, event.until) if event.until else voice.part("breaks.since", day=voice.day(event.on))
    key = f"breaks.line_{event.kind}"
    sentence = voice.say(key if key in voice.catalogue else "breaks.line", name=_name(context, event), when=when)
    bridges = [
        voice.part(
            "breaks.bridge",
            old=voice.leaf(old),
            new=voice.leaf(new),
            n=context.number(f"break.{index}.{old}.{new}", moved, "cases", method="bridge"),
        )
        for old, new, moved in event.bridge
    ]
    return sentence + voice.listed(bridges) + voice.word("word.stop") if bridges else sentence


def _name(context: SectionContext, event: Break) -> Phrase:
    """Return an event's name; missing data of one channel are named after the channel."""
    voice = context.voice
    name = voice.text(event.name, 80)
    if event.kind == "missing_data" and len(event.affects) == 1:
        channel = next((each for each in voice.shop.channels.channels if each.name == event.affects[0]), None)
        if channel is not None or not name:
            title = channel.title(voice.language.code) if channel else event.affects[0]
            return voice.part("breaks.no_data", channel=voice.data(title, 40))
    return name or voice.word(f"breaks.{event.kind}")

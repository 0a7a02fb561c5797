"""Changes of shop-level rates, split into composition and the slices' own change."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.figures import MixEffect
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import mix

STEM = ReportSection.MIX


@dataclass(frozen=True)
class MixTable:
    """A change split into four rows that add up."""

    message: Phrase
    rows: tuple[tuple[Phrase, Phrase], ...]
    caption: Phrase


@dataclass(frozen=True)
class MixView:
    """The changes."""

    tables: tuple[MixTable, ...]


def build(context: SectionContext) -> MixView | None:
    """Return the changes, or None if there are none and the period has few cases."""
    tables = tuple(_table(context, effect) for effect in context.agenda.mix)
    return None if context.agenda.small and not tables else MixView(tables)


def _table(context: SectionContext, effect: MixEffect) -> MixTable:
    voice = context.voice
    whole, part = mix.unit(context, effect), mix.fine_unit(context, effect)
    cells = (
        ("before", effect.before, whole),
        ("composition", effect.composition, part),
        ("own", effect.own, part),
        ("after", effect.after, whole),
    )
    rows = tuple(
        (
            voice.word(f"mixrow.{name}"),
            context.number(mix.number_id(effect, name), value, unit, method="decomposition"),
        )
        for name, value, unit in cells
    )
    dimension, figure = voice.dimension(effect.dimension), voice.figure(effect.figure)
    caption = context.caption(context.whole_shop(), voice.part("caption.mix", dimension=dimension, figure=figure))
    return MixTable(mix.sentence(context, effect), rows, caption)

"""The template context of one edition: the head, and the view and words of every printed section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.model.review import Review
from tasks.report import layout
from tasks.report.agenda import Agenda
from tasks.report.language.phrase import Phrase, word
from tasks.report.language.voice import Voice
from tasks.report.sections import first_page
from tasks.report.sections.first_page import FirstPageView
from tasks.report.sections.section import Section, SectionContext

Words = Mapping[str, Phrase]
"""Fixed words by their key in the message catalogue."""


@dataclass(frozen=True)
class PrintedSection:
    """A section with the data of its template: its view as `view`, its words as `w`."""

    stem: str
    view: object
    words: Words


@dataclass(frozen=True)
class Page:
    """The whole context of one edition; templates read its fields and nothing else."""

    language: str
    grain: str
    restricted: bool
    small: bool
    head: FirstPageView
    words: Words
    opening: tuple[PrintedSection, ...]
    later: tuple[PrintedSection, ...]
    drawn: frozenset[str]

    def view(self, stem: ReportSection) -> object | None:
        """Return the view of a printed section, or None if the edition does not print it."""
        return next((section.view for section in (*self.opening, *self.later) if section.stem == stem), None)


def page(review: Review, agenda: Agenda, voice: Voice, sections: tuple[Section, ...]) -> Page:
    """Build the context of one edition.

    Args:
        review: What may be said.
        agenda: The part of it that this edition covers.
        voice: Language, names and numbers of the edition.
        sections: What it prints, in order; those of page 1 appear there wherever they are listed.
    """
    context = SectionContext(review, agenda, voice)
    head = first_page.build(context)
    printed = {section.STEM: view for section in sections if (view := section.build(context)) is not None}
    on_page_one = {section.STEM for section in layout.FIRST_PAGE}
    built = [PrintedSection(stem.value, view, section_words(voice, stem.value)) for stem, view in printed.items()]
    return Page(
        language=voice.language.code,
        grain=review.period.grain,
        restricted=agenda.restricted,
        small=agenda.small,
        head=head,
        words=section_words(voice, first_page.STEM),
        opening=tuple(section for section in built if section.stem in on_page_one),
        later=tuple(section for section in built if section.stem not in on_page_one),
        drawn=frozenset(context.drawn),
    )


def section_words(voice: Voice, stem: str) -> Words:
    """Return the fixed words of a section's own messages and of the shared ones; patterns with placeholders are sentences."""
    keys = (*voice.catalogue.keys_of(stem), *voice.catalogue.keys_of("shared"))
    return {key: word(voice.catalogue[key]) for key in keys if "{" not in voice.catalogue[key]}

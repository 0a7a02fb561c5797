"""The interface of a report section, and the context it is built from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tasks.model.report_sections import ReportSection
from tasks.model.review import Review
from tasks.report.agenda import Agenda
from tasks.report.language.phrase import Phrase, join
from tasks.report.language.voice import Voice


@dataclass(frozen=True)
class SectionContext:
    """The context from which every section of one edition is built.

    `drawn` collects the ids of numbers that charts print: nothing in the page's HTML marks them.
    """

    review: Review
    agenda: Agenda
    voice: Voice
    drawn: set[str] = field(default_factory=set)

    def number(
        self,
        id_: str,
        value: float | int | None,
        unit: str = "count",
        *,
        n: float | None = None,
        method: str = "",
        rows: str = "",
    ) -> Phrase:
        """Register a number of the reviewed period and return it."""
        return self.voice.numbers.add(id_, value, unit, n=n, range=self.days, method=method, rows=rows)

    def days_late(self, moment: datetime) -> int | None:
        """Return how many days ago a deadline passed, 0 for earlier today; None if it has not."""
        if moment > self.review.as_of:
            return None
        zone = ZoneInfo(self.review.period.zone)
        return (self.review.as_of.astimezone(zone).date() - moment.astimezone(zone).date()).days

    def by(self, id_: str, moment: datetime) -> Phrase:
        """Say by when something is due; what an earlier edition asked for and is over is so many days late, and no date."""
        late = self.days_late(moment)
        if late is None:
            return self.voice.part("due.by", due=self.voice.due(moment))
        if not late:
            return self.voice.word("due.today")
        return self.voice.part("due.late", days=self.number(f"{id_}.days_late", late, "days", method="ledger"))

    @property
    def days(self) -> str:
        """Days of the reviewed period, as numbers.json names them."""
        return f"{self.review.period.first_day}..{self.review.period.last_day}"

    def draw(self, phrase: Phrase) -> Phrase:
        """Record the numbers that a chart prints, and return the phrase."""
        self.drawn.update(phrase.numbers)
        return phrase

    def caption(self, *parts: Phrase) -> Phrase:
        """Join the parts of a caption under a table or chart."""
        return join(parts, self.voice.catalogue["caption.sep"])

    def whole_shop(self, scope: str = "") -> Phrase:
        """Return the part of a caption that names a table's scope: the whole shop, or a part of it."""
        voice = self.voice
        return voice.part("caption.scope", scope=voice.data(scope, 30) if scope else voice.word("caption.all_shop"))


class Section(Protocol):
    """A module of `tasks.report.sections`; its template and its messages have the same stem."""

    STEM: ReportSection

    def build(self, context: SectionContext) -> object | None:
        """Return what the template prints as `view`, or None if the section is left out."""

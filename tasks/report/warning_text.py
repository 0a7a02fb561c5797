"""A warning in words: what, where, how many, chance or not, what to do, who and by when; and whether it was right."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from string import Formatter
from zoneinfo import ZoneInfo

from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, GradedWarning, KeptWarning, WarningEvent, WarningGrades, WarningWording
from tasks.report.language.phrase import EMPTY, Phrase, join, word
from tasks.report.language.voice import Voice
from tasks.shop.load import Shop
from tasks.shop.people import Person
from tasks.shop.warnings import WarningRule

RARE_DAYS = 3650.0
"""From here on chance is printed as ten years."""

USUAL_DAYS = 30.0
"""A day that occurs more often than this is usual."""

SHOWN = 4
"""Characters of a number that are printed."""
RECORD = re.compile("[0-9a-f]{8}|[0-9a-f]{16}")
"""Ids of this program's own records, whole or shortened: they lead to nobody."""
REFERENCES = 5
"""Orders that a mail lists by number."""

VERDICTS = {"real": "answered", "named": "named", "false": "false", "known": "known", "silent": "silent"}
"""Verdict on a warning → its message, in the order in which they are counted."""

ROWS = 8
"""Graded warnings that a monthly edition lists one by one."""


class WarningText:
    """Writes one warning in one language.

    Args:
        voice: Language, names, numbers and gate.
        warning: The warning.
        shop: Steps and milestones.
        name: The warning's number, under which its numbers are registered.
        wording: The messages of its kind.
    """

    def __init__(self, voice: Voice, warning: EarlyWarning, shop: Shop, name: str, wording: WarningWording) -> None:
        self.voice, self.warning, self.shop, self.name, self.wording = voice, warning, shop, name, wording
        self.unit = wording.unit

    def number(self, name: str, value: float, unit: str) -> Phrase:
        """Return a number of this warning."""
        since = f"{self.warning.since}.."
        return self.voice.numbers.add(f"warning.{self.name}.{name}", value, unit, range=since, method="early warning")

    def what(self) -> Phrase:
        """Return the warning in one line: what, where, how many."""
        # Observed and expected counts are registered with every warning, even if its sentence prints neither.
        n = self.number("observed", self.warning.observed, self.unit)
        expected = self.number("expected", self.warning.expected or 0.0, self.unit)
        key = f"warning.what_{self.wording.variant(self.warning) or self.wording.stem}"
        if self.wording.quotes_one and not self._quoted():
            key += "_plain"
        return self.voice.say(key, n=n, expected=expected, **self._values(key))

    def _values(self, key: str) -> dict[str, Phrase]:
        """Return the values that a pattern names; only those are computed."""
        warning, voice = self.warning, self.voice
        makers: dict[str, Callable[[], Phrase]] = {
            "where": self._where,
            "leaf": self._leaf,
            "words": self._words,
            "products": lambda: self.number("spread", warning.spread, "items"),
            "silent": lambda: self._hours(self.shop.warnings.silent_hours),
            "kind": lambda: voice.word(f"due.{warning.slice['deadline']}"),
            "due": lambda: voice.clock(warning.answer_by),
            "money": lambda: self.number("money", sum(warning.amounts), "money"),
            "milestone": self._milestone,
        }
        named = [name for _, name, _, _ in Formatter().parse(voice.catalogue[key]) if name in makers]
        return {name: makers[name]() for name in named if name}

    def _where(self) -> Phrase:
        hidden = ("sign", "deadline", "milestone")
        return self.voice.where({name: value for name, value in self.warning.slice.items() if name not in hidden})

    def _leaf(self) -> Phrase:
        symptom = self.warning.symptom if self.wording.names_symptom else ""
        return self.voice.leaf(self.warning.leaf, symptom) if self.warning.leaf else EMPTY

    def _quoted(self) -> str:
        """Return the customers' first words, if readers of this language can read them."""
        words = self.warning.words
        return words[0] if words and self.voice.readable(words[0]) else ""

    def _words(self) -> Phrase:
        if self.wording.quotes_one:
            quoted = self._quoted()
            return self.voice.data(quoted, 30) if quoted else self._leaf()
        return self.voice.listed(self.voice.data(each, 20) for each in self.warning.words)

    def _milestone(self) -> Phrase:
        code = self.warning.slice["milestone"]
        milestone = self.shop.service_levels.milestone(code)
        return self.voice.data(milestone.of(self.voice.language.code) if milestone else code, 40)

    def lines(self, kept: KeptWarning, event: WarningEvent, person: Person, rule: WarningRule) -> list[tuple[Phrase, Phrase]]:
        """Return the lines of the mail: label and words."""
        voice, warning = self.voice, self.warning
        day = voice.day(warning.since)
        if self.wording.tells_days and warning.days:
            day = voice.days(warning.days)
        first = self.wording.first
        by = warning.answer_by if event.kind != "escalated" else event.at + timedelta(hours=rule.answer_hours)
        due = voice.clock(max(by, warning.answer_by) if not warning.dues else warning.answer_by)
        lines = [
            ("observed", self._observed()),
            ("chance", self._chance()),
            (first, voice.clock(warning.answer_by) if first == "first_due" else day),
            ("step", self._step(rule)),
            ("owner", self._owner(kept, event, person)),
            ("clock", voice.part("warning.clock_done" if rule.reminder else "warning.clock_by", due=due)),
        ]
        if self.wording.lists_items:
            lines.append(("references", self._references()))
        lines.append(("number", voice.part("warning.number_how", id=event.warning_id)))
        return [(voice.word(f"warning.{name}"), text) for name, text in lines]

    def _observed(self) -> Phrase:
        voice, warning = self.voice, self.warning
        n = self.number("observed", warning.observed, self.unit)
        if warning.sold:
            return voice.part("warning.observed_sold", n=n, sold=self.number("sold", warning.sold, "units"))
        if self.wording.observed == "new":
            return voice.part("warning.observed_new", n=n)
        if warning.expected is None:
            return voice.part("warning.observed_plain", n=n)
        expected = self.number("expected", warning.expected, self.unit)
        if self.wording.observed == "usual":
            return voice.part("warning.observed_usual", n=n, expected=expected)
        times = self.number("times", warning.observed / max(warning.expected, 0.05), "times")
        return voice.part("warning.observed_expected", n=n, expected=expected, times=times)

    def _chance(self) -> Phrase:
        voice, warning = self.voice, self.warning
        if self.wording.chance == "safety":
            return voice.word("warning.chance_safety")
        if warning.every_days is None:
            return voice.word("warning.chance_due")
        if self.wording.chance == "usual" and warning.every_days < USUAL_DAYS:
            if warning.every_days < 2:
                return voice.word("warning.chance_often")
            return voice.part("warning.chance_usual", days=self.number("every", round(warning.every_days), "days"))
        if warning.every_days >= RARE_DAYS:
            return voice.word("warning.chance_rare")
        return voice.part("warning.chance_days", days=self.number("every", round(warning.every_days), "days"))

    def _step(self, rule: WarningRule) -> Phrase:
        key = f"warning.step_{self.wording.stem}"
        found = self.shop.playbook.step(self.warning.playbook) if self.wording.asks_playbook else None
        if self.wording.asks_playbook and found is None:
            return self.voice.word(f"{key}_plain")
        language = self.voice.language
        do = self.voice.data(language.inside(found[1].do.of(language.code)), 120) if found else EMPTY
        return self.voice.part(key, do=do, hours=self._hours(rule.answer_hours))

    def _hours(self, hours: float) -> Phrase:
        """Return a number of hours from the configuration, which is not a measured number."""
        return word(self.voice.catalogue["unit.hours"].replace("{v}", f"{hours:g}"))

    def _owner(self, kept: KeptWarning, event: WarningEvent, person: Person) -> Phrase:
        voice, warning = self.voice, self.warning
        role = voice.data(self.shop.people.role_label(warning.role, voice.language.code), 30)
        owner = voice.person(warning.owner)
        if event.kind != "escalated":
            return voice.part("warning.owner_role", person=owner, role=role)
        to = voice.person(person.name)
        if kept.warning.answer_by > event.at:
            return voice.part("warning.owner_passed_plain", person=owner, role=role, to=to)
        return voice.part("warning.owner_passed", person=owner, role=role, due=voice.clock(kept.warning.answer_by), to=to)

    def _references(self) -> Phrase:
        voice, items = self.voice, self.warning.items
        listed = voice.listed(voice.data(shown_reference(item), 40) for item in items[:REFERENCES])
        if len(items) <= REFERENCES:
            return listed
        return voice.part("warning.references_more", list=listed, n=self.number("items", len(items), self.unit))


def shown_reference(number: str) -> str:
    """Return the last four characters of the number of an order, a parcel or a thing: enough to find it in a list of what is open."""
    return number if len(number) <= SHOWN or RECORD.fullmatch(number) else f"…{number[-SHOWN:]}"


def grade_lines(grades: WarningGrades | None, voice: Voice, *, restricted: bool) -> list[Phrase]:
    """Return the lines of the monthly edition about the month's warnings: 「发 7，真 5」, how that is known, and each of them.

    Args:
        grades: The graded warnings; None if there is no daily watch.
        voice: The edition's voice.
        restricted: Whether restricted matters may be named.
    """
    if grades is None:
        return []

    def number(name: str, value: float, unit: str = "items") -> Phrase:
        return voice.numbers.add(f"warnings.{name}", value, unit, range=voice.period.id, method="warning ledger")

    graded = grades.warnings
    if graded:
        lines = [voice.say("warning.grade", sent=number("sent", len(graded), "count"), real=number("real", grades.real, "count"))]
        counts = {verdict: sum(each.verdict == verdict for each in graded) for verdict in VERDICTS}
        parts = [
            voice.part(f"warning.grade_{VERDICTS[verdict]}", n=number(f"verdict.{verdict}", count))
            for verdict, count in counts.items()
            if count
        ]
        lines.append(voice.say("warning.grade_parts", parts=join(parts, voice.catalogue["word.comma"])))
    else:
        lines = [voice.word("warning.grade_none")]
    shown = [each for each in graded if restricted or not each.warning.restricted]
    lines += [_grade_row(each, voice) for each in shown[:ROWS]]
    if len(shown) < len(graded):
        lines.append(voice.say("warning.grade_restricted", n=number("restricted", len(graded) - len(shown))))
    if len(shown) > ROWS:
        lines.append(voice.say("warning.grade_more", n=number("more", len(shown) - ROWS)))
    if grades.reminders:
        lines.append(voice.say("warning.grade_reminders", n=number("reminders", grades.reminders)))
    return lines


def _grade_row(graded: GradedWarning, voice: Voice) -> Phrase:
    """Describe one warning of the month and whether it was right."""
    zone = voice.period.zone
    verdict = voice.word(f"warning.verdict_{graded.verdict}")
    if graded.named_in:
        period = voice.dated(voice.language.period(Period.parse(graded.named_in, zone)))
        verdict = voice.part("warning.grade_row_named", verdict=verdict, period=period)
    day = voice.day(graded.opened_at.astimezone(ZoneInfo(zone)).date())
    what = WarningText(voice, graded.warning, voice.shop, graded.warning_id, graded.wording).what()
    return voice.say("warning.grade_row", day=day, what=what, verdict=verdict)

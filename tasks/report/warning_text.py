"""A warning in words: what, where, how many, by chance or not, what to do, who and until when; and whether it was right."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, GradedWarning, KeptWarning, WarningEvent, WarningGrades, WarningKind
from tasks.report.language.phrase import EMPTY, Phrase, join, word
from tasks.report.language.voice import Voice
from tasks.shop.load import Shop
from tasks.shop.people import Person

RARE_DAYS = 3650.0
"""From here on chance is told as ten years."""

USUAL_DAYS = 30.0
"""A day that comes more often is usual."""

REFERENCES = 5
"""Orders that a mail lists by number."""

VERDICTS = {"real": "answered", "named": "named", "false": "false", "known": "known", "silent": "silent"}
"""Verdict on a warning → its message, in the order in which they are counted."""

ROWS = 8
"""Graded warnings that a monthly edition lists one by one."""

UNITS = {WarningKind.PARCELS: "parcels", WarningKind.REPUTATION: "records", WarningKind.DEADLINE: "orders"}
"""What a kind of warning counts, where that is not cases."""


class WarningText:
    """Says one warning in one language.

    Args:
        voice: Language, names, numbers and gate.
        warning: What is told.
        shop: Steps and milestones.
        name: The warning's number, under which its numbers are registered.
    """

    def __init__(self, voice: Voice, warning: EarlyWarning, shop: Shop, name: str) -> None:
        self.voice, self.warning, self.shop, self.name = voice, warning, shop, name
        self.unit = UNITS.get(warning.kind, "cases")

    def number(self, name: str, value: float, unit: str) -> Phrase:
        """Return a number of this warning."""
        since = f"{self.warning.since}.."
        return self.voice.numbers.add(f"warning.{self.name}.{name}", value, unit, range=since, method="early warning")

    def what(self) -> Phrase:
        """Return the warning in one line: what, where, how many."""
        voice, warning = self.voice, self.warning
        n = self.number("observed", warning.observed, self.unit)
        where = voice.where(
            {name: value for name, value in warning.slice.items() if name not in ("sign", "deadline", "milestone")}
        )
        named = warning.kind in (WarningKind.SAFETY, WarningKind.CLUSTER)
        leaf = voice.leaf(warning.leaf, warning.symptom if named else "") if warning.leaf else EMPTY
        expected = self.number("expected", warning.expected or 0.0, self.unit)
        match warning.kind:
            case WarningKind.SAFETY:
                own = warning.words[0] if warning.words and voice.readable(warning.words[0]) else ""
                words = voice.data(own, 30) if own else leaf
                return voice.say("warning.what_safety" if own else "warning.what_safety_plain", where=where, n=n, words=words)
            case WarningKind.CLUSTER if warning.spread > 1:
                products = self.number("spread", warning.spread, "items")
                return voice.say("warning.what_cluster_spread", where=where, products=products, leaf=leaf, n=n, expected=expected)
            case WarningKind.CLUSTER:
                return voice.say("warning.what_cluster", where=where, leaf=leaf, n=n, expected=expected)
            case WarningKind.PARCELS:
                silent = self._hours(self.shop.warnings.silent_hours)
                if not warning.slice:
                    return voice.say("warning.what_parcels_unnamed", n=n, silent=silent)
                return voice.say("warning.what_parcels", where=where, n=n, silent=silent)
            case WarningKind.DEADLINE:
                kind, due = voice.word(f"due.{warning.slice['deadline']}"), voice.clock(warning.answer_by)
                if not warning.amounts:
                    return voice.say("warning.what_deadline", n=n, kind=kind, due=due)
                money = self.number("money", sum(warning.amounts), "money")
                return voice.say("warning.what_deadline_money", n=n, kind=kind, due=due, money=money)
            case WarningKind.REGULATOR:
                milestone = self.shop.service_levels.milestone(warning.slice["milestone"])
                name = voice.data(milestone.of(voice.language.code) if milestone else warning.slice["milestone"], 40)
                return voice.say("warning.what_regulator", n=n, milestone=name, due=voice.clock(warning.answer_by))
            case WarningKind.EMOTION:
                return voice.say("warning.what_emotion", where=where, n=n, expected=expected)
            case WarningKind.REPUTATION:
                key = "warning.what_legal" if warning.slice.get("sign") else "warning.what_reputation"
                return voice.say(key, where=where, n=n, expected=expected)
            case WarningKind.WORDS:
                words = voice.listed(voice.data(each, 20) for each in warning.words)
                return voice.say("warning.what_words", where=where, words=words, n=n)

    def lines(self, kept: KeptWarning, event: WarningEvent, person: Person) -> list[tuple[Phrase, Phrase]]:
        """Return the lines of the mail: label and words."""
        voice, warning = self.voice, self.warning
        rule = self.shop.warnings.kinds[warning.kind]
        day = voice.day(warning.since)
        if warning.kind is WarningKind.SAFETY and warning.days:
            day = voice.days(warning.days)
        first = "first_due" if warning.kind is WarningKind.DEADLINE else "first_seen"
        by = warning.answer_by if event.kind != "escalated" else event.at + timedelta(hours=rule.answer_hours)
        due = voice.clock(max(by, warning.answer_by) if not warning.dues else warning.answer_by)
        lines = [
            ("observed", self._observed()),
            ("chance", self._chance()),
            (first, voice.clock(warning.answer_by) if first == "first_due" else day),
            ("step", self._step()),
            ("owner", self._owner(kept, event, person)),
            ("clock", voice.part("warning.clock_done" if rule.reminder else "warning.clock_by", due=due)),
        ]
        if warning.kind in (WarningKind.DEADLINE, WarningKind.PARCELS):
            lines.append(("references", self._references()))
        lines.append(("number", voice.part("warning.number_how", id=event.warning_id)))
        return [(voice.word(f"warning.{name}"), said) for name, said in lines]

    def _observed(self) -> Phrase:
        voice, warning = self.voice, self.warning
        n = self.number("observed", warning.observed, self.unit)
        if warning.sold:
            return voice.part("warning.observed_sold", n=n, sold=self.number("sold", warning.sold, "units"))
        if warning.kind is WarningKind.WORDS:
            return voice.part("warning.observed_new", n=n)
        if warning.expected is None:
            return voice.part("warning.observed_plain", n=n)
        expected = self.number("expected", warning.expected, self.unit)
        if warning.kind is WarningKind.PARCELS:
            return voice.part("warning.observed_usual", n=n, expected=expected)
        times = self.number("times", warning.observed / max(warning.expected, 0.05), "times")
        return voice.part("warning.observed_expected", n=n, expected=expected, times=times)

    def _chance(self) -> Phrase:
        voice, warning = self.voice, self.warning
        if warning.kind is WarningKind.SAFETY:
            return voice.word("warning.chance_safety")
        if warning.every_days is None:
            return voice.word("warning.chance_due")
        if warning.kind is WarningKind.PARCELS and warning.every_days < USUAL_DAYS:
            if warning.every_days < 2:
                return voice.word("warning.chance_often")
            return voice.part("warning.chance_usual", days=self.number("every", round(warning.every_days), "days"))
        if warning.every_days >= RARE_DAYS:
            return voice.word("warning.chance_rare")
        return voice.part("warning.chance_days", days=self.number("every", round(warning.every_days), "days"))

    def _step(self) -> Phrase:
        voice, warning = self.voice, self.warning
        if warning.kind is WarningKind.SAFETY:
            return voice.part("warning.step_safety", hours=self._hours(self.shop.warnings.kinds[warning.kind].answer_hours))
        if warning.kind is WarningKind.CLUSTER:
            found = self.shop.playbook.step(warning.playbook)
            if found is None:
                return voice.word("warning.step_cluster_plain")
            return voice.part(
                "warning.step_cluster", do=voice.data(voice.language.inside(found[1].do.of(voice.language.code)), 120)
            )
        return voice.word(f"warning.step_{warning.kind.value}")

    def _hours(self, hours: float) -> Phrase:
        """Return a span of the configuration, which is no measured number."""
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
        listed = voice.listed(voice.data(item, 40) for item in items[:REFERENCES])
        if len(items) <= REFERENCES:
            return listed
        return voice.part("warning.references_more", list=listed, n=self.number("items", len(items), self.unit))


def grade_lines(grades: WarningGrades | None, voice: Voice, *, restricted: bool) -> list[Phrase]:
    """Return the lines of the monthly edition about the month's warnings: 「发 7，真 5」, how that is known, and each of them.

    Args:
        grades: The graded warnings, or nothing where there is no daily watch.
        voice: The edition's voice.
        restricted: Whether restricted matters may be named.
    """
    if grades is None:
        return []

    def number(name: str, value: float, unit: str = "items") -> Phrase:
        return voice.numbers.add(f"warnings.{name}", value, unit, range=voice.period.id, method="warning ledger")

    told = grades.warnings
    if told:
        lines = [voice.say("warning.grade", sent=number("sent", len(told), "count"), real=number("real", grades.real, "count"))]
        counts = {verdict: sum(each.verdict == verdict for each in told) for verdict in VERDICTS}
        parts = [
            voice.part(f"warning.grade_{VERDICTS[verdict]}", n=number(f"verdict.{verdict}", count))
            for verdict, count in counts.items()
            if count
        ]
        lines.append(voice.say("warning.grade_parts", parts=join(parts, voice.catalogue["word.comma"])))
    else:
        lines = [voice.word("warning.grade_none")]
    shown = [each for each in told if restricted or not each.warning.restricted]
    lines += [_grade_row(each, voice) for each in shown[:ROWS]]
    if len(shown) < len(told):
        lines.append(voice.say("warning.grade_restricted", n=number("restricted", len(told) - len(shown))))
    if len(shown) > ROWS:
        lines.append(voice.say("warning.grade_more", n=number("more", len(shown) - ROWS)))
    if grades.reminders:
        lines.append(voice.say("warning.grade_reminders", n=number("reminders", grades.reminders)))
    return lines


def _grade_row(graded: GradedWarning, voice: Voice) -> Phrase:
    """Say one warning of the month and whether it was right."""
    zone = voice.period.zone
    verdict = voice.word(f"warning.verdict_{graded.verdict}")
    if graded.named_in:
        period = voice.dated(voice.language.period(Period.parse(graded.named_in, zone)))
        verdict = voice.part("warning.grade_row_named", verdict=verdict, period=period)
    day = voice.day(graded.opened_at.astimezone(ZoneInfo(zone)).date())
    what = WarningText(voice, graded.warning, voice.shop, graded.warning_id).what()
    return voice.say("warning.grade_row", day=day, what=what, verdict=verdict)

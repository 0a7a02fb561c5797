"""A review as the context of its templates: everything is computed here, nothing in a template."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from markupsafe import Markup

from tasks.errors import UserError
from tasks.model.actions import Action, Verdict
from tasks.model.causes import Cause
from tasks.model.figure_kinds import PAGE_ONE, FigureFamily
from tasks.model.figures import Breakdown, Figure, ProblemRow, Projection, Ranking
from tasks.model.periods import Period
from tasks.model.review import Review
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.language.voice import Voice
from tasks.report.paper import charts
from tasks.report.reading import direction, strength
from tasks.report.sayings import CustomerWordsLines, CustomerWordsSection
from tasks.report.sentences import COUNTED, FINE, Decision, Sentences
from tasks.report.warning_text import grade_lines

PAGE_ONE_ROWS = 8
STEMS = "甲乙丙丁戊己庚辛壬癸"
MAXIMUM_ROWS = 40
"""Rows of one table in print; with all tables together far below the 300 rows that the renderer bears."""


SMALL_SHARE = 0.01
"""Shares below it are printed with two decimals, and so are their changes."""

MAXIMUM_BREAKDOWNS = 10
BREAKDOWN_ROWS = 20
MAXIMUM_RANKINGS = 3


@dataclass(frozen=True)
class ProjectionRow:
    """One signing week that is still too young to be compared."""

    week: Phrase
    units: Phrase
    so_far: Phrase
    reached: Phrase
    rate: Phrase
    low: Phrase
    high: Phrase


@dataclass(frozen=True)
class FigureRow:
    """One row of the table of figures."""

    name: Phrase
    note: Phrase
    current: Phrase
    previous: Phrase
    change: Phrase
    last_year: Phrase
    target: Phrase
    judgement: Phrase
    tone: str
    spark: Markup


@dataclass(frozen=True)
class CauseSheet:
    """One cause: message, sentence, facts, what is to be confirmed, and its chart."""

    head: Phrase
    tone: str
    sentence: Phrase
    facts: list[Phrase]
    confirm: list[Phrase]
    unit: Phrase
    chart: Markup
    caption: Phrase
    words: Phrase
    quote: Phrase


@dataclass(frozen=True)
class ActionRow:
    """One new action."""

    what: Phrase
    owner: Phrase
    due: Phrase
    goal: Phrase
    effect: Phrase
    kind: Phrase


@dataclass(frozen=True)
class PriorRow:
    """One prior action and how it stands."""

    what: Phrase
    owner: Phrase
    due: Phrase
    status: Phrase
    before: Phrase
    after: Phrase
    result: Phrase
    tone: str


@dataclass(frozen=True)
class MixTable:
    """A change split into four rows."""

    message: Phrase
    rows: list[tuple[Phrase, Phrase]]
    caption: Phrase


@dataclass(frozen=True)
class ProblemTable:
    """The labels of one lens."""

    rows: list[dict[str, Any]]
    chart: Markup
    caption: Phrase
    total: Phrase
    unit: Phrase
    expected: bool
    judged: bool


@dataclass(frozen=True)
class ChannelRow:
    """What one channel brought."""

    name: Phrase
    records: Phrase
    read: Phrase
    quarantined: Phrase
    remark: Phrase
    tone: str


@dataclass(frozen=True)
class BreakdownTable:
    """One measure by the values of one dimension."""

    title: Phrase
    message: Phrase
    rows: list[tuple[Phrase, Phrase, Phrase, Phrase]]
    chart: Markup
    caption: Phrase
    shares: bool
    intervals: bool
    head: Phrase


@dataclass(frozen=True)
class RankingRow:
    """One slice of a ranking; without a ratio where it is too small for one."""

    value: Phrase
    cases: Phrase
    expected: Phrase
    ratio: Phrase
    low: Phrase
    leaf: Phrase
    judgement: Phrase
    tone: str


@dataclass(frozen=True)
class RankingTable:
    """Slices of one dimension, adjusted for their size."""

    title: Phrase
    message: Phrase
    rows: list[RankingRow]
    caption: Phrase


@dataclass
class Page:
    """The whole context of one edition; templates read its fields and nothing else."""

    language: str
    grain: str
    title: Phrase
    report: Phrase
    running: Phrase
    period: Phrase
    status: Phrase
    as_of: Phrase
    data: Phrase
    restricted: bool
    quiet: bool
    partial: bool
    small: bool
    red: list[Phrase]
    red_rest: Phrase
    conclusion: Phrase
    figures: list[FigureRow]
    figures_caption: Phrase
    promises: list[Phrase]
    three: list[tuple[Phrase, Phrase]]
    decisions: list[Decision]
    causes: list[CauseSheet]
    falls: list[Phrase]
    verdicts: list[tuple[str, Phrase]]
    prior: list[PriorRow]
    actions: list[ActionRow]
    actions_missing: Phrase
    more_actions: Phrase
    mix: list[MixTable]
    problems: ProblemTable | None
    due: list[Phrase]
    warnings: list[Phrase]
    breaks: list[Phrase]
    trust: list[Phrase]
    channels: list[ChannelRow]
    method: list[Phrase]
    revision: list[Phrase]
    scorecard: list[tuple[Phrase, list[FigureRow]]]
    daily: Markup
    daily_caption: Phrase
    definitions: list[tuple[Phrase, Phrase]]
    lines: list[list[dict[str, Any]]]
    case: dict[str, Phrase] | None
    sayings: CustomerWordsSection | None
    breakdowns: list[BreakdownTable]
    projection: list[ProjectionRow]
    projection_message: Phrase
    projection_caption: Phrase
    rankings: list[RankingTable]
    words: dict[str, Phrase] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)


def page(review: Review, voice: Voice, *, restricted: bool = False) -> Page:
    """Build the context of one edition.

    Args:
        review: What may be said.
        voice: Language, names and numbers of the edition.
        restricted: Whether restricted actions may be named.
    """
    return _Builder(review, voice, restricted).build()


class _Builder:
    def __init__(self, review: Review, voice: Voice, restricted: bool) -> None:
        self.review = review
        self.voice = voice
        self.restricted = restricted
        self.sentences = Sentences(voice, review, restricted=restricted)
        self.number = self.sentences.number
        self.sayings = CustomerWordsLines(voice, self.sentences, restricted=restricted)
        self.minimum = voice.shop.identity.minimum_n
        self.drawn: set[str] = set()
        self.monthly = review.period.grain != "week"

    def build(self) -> Page:
        voice, review, said = self.voice, self.review, self.sentences
        grain = review.period.grain
        report = voice.word(f"report.{grain}")
        status = (
            voice.part("status.partial_until", until=said._until()) if review.partial else voice.word(f"status.{review.status}")
        )
        if review.revision > 1:
            revised = voice.part("status.revised", n=self.number("review.revision", review.revision, "ordinal", method="ledger"))
            status = join([status, revised], voice.catalogue["word.list_sep"])
        period = voice.dated(voice.language.period(review.period))
        as_of = voice.say("head.as_of", moment=voice.clock(review.as_of))
        shop = voice.shop_name()
        causes = [] if review.partial else said.causes
        return Page(
            language=voice.language.code,
            grain=grain,
            title=voice.say("head.title", shop=shop, report=report),
            report=report,
            running=voice.say("head.running", report=report, period=period, status=status, moment=voice.clock(review.as_of)),
            period=period,
            status=status,
            as_of=as_of,
            data=voice.say("head.data", words=said.data_short()),
            restricted=self.restricted,
            quiet=not causes and not review.red_lines,
            partial=bool(review.partial),
            small=said.small,
            red=said.red_lines(),
            red_rest=said.red_rest(),
            conclusion=said.conclusion(),
            figures=[self.figure_row(figure) for figure in self._page_one()],
            figures_caption=self._figures_caption(),
            promises=said.promises(),
            three=said.three(),
            decisions=said.decisions(),
            causes=[self.cause_sheet(cause) for cause in causes],
            falls=[] if review.partial else self._other_findings(),
            verdicts=said.verdicts(),
            prior=self.prior_rows(),
            actions=self.action_rows(),
            actions_missing=voice.word(f"missing.{self._why_no_action(causes)}"),
            more_actions=self._more("actions.more", len(said.proposals) - self.action_limit),
            mix=[] if review.partial else [self.mix_table(index) for index in range(min(len(review.mix), 3))],
            problems=self.problem_table(),
            due=said.due_items(),
            warnings=grade_lines(review.warnings, voice, restricted=self.restricted),
            breaks=[said.break_line(index, one) for index, one in enumerate(review.breaks[:8])],
            trust=said.data_trust(),
            channels=[self.channel_row(index) for index in self._channels()],
            method=said.method(),
            revision=self.revision_lines(),
            scorecard=self.scorecard(),
            daily=self.daily_chart(),
            daily_caption=self._daily_caption(),
            definitions=self.definitions(),
            lines=_pairs(self.figure_lines()) if self.monthly else [],
            case=self.case(),
            sayings=self.sayings.section() if self.monthly else None,
            breakdowns=[self.breakdown(index, one) for index, one in enumerate(self._breakdowns())],
            projection=[] if said.small else [self._projected(one) for one in review.projections],
            projection_message=self._projection_message(),
            projection_caption=self._projection_caption(),
            rankings=[self.ranking(one) for one in self._rankings()],
            words=self._words(),
            drawn=self.drawn,
        )

    def _words(self) -> dict[str, Phrase]:
        """Return the fixed words that templates print: headings, column heads, one-line excuses."""
        voice = self.voice
        prefixes = (
            "section.",
            "col.",
            "chart.unit_problems",
            "missing.",
            "mixrow.",
            "problem.",
            "fact.",
            "decision.none",
            "three.",
            "red.none",
            "verdict.",
            "head.",
            "case.",
            "word.",
            "breaks.none",
            "due.none",
        )
        words = {
            key: voice.word(key)
            for key in voice.catalogue.entries
            if key.startswith(prefixes) and "{" not in voice.catalogue[key]
        }
        this = voice.this()
        words["three.none"] = voice.say("three.none", this=this)
        words["three.quiet"] = voice.say("three.quiet", this=this)
        words["decision.none"] = voice.say("decision.none", this=this)
        words["section.promises"] = voice.say("section.promises", last=voice.this("last"))
        words["section.three"] = voice.say("section.three", this=this)
        words["red.none"] = voice.say("red.none", this=this)
        words["figure.of"] = EMPTY
        return words

    def draw(self, phrase: Phrase) -> Phrase:
        """Note the numbers that a chart prints, and return the phrase."""
        self.drawn.update(phrase.numbers)
        return phrase

    # ---- Figures -------------------------------------------------------------------------------

    def _page_one(self) -> list[Figure]:
        review = self.review
        rows: list[Figure] = []
        for group in PAGE_ONE:
            for code in group:
                found = [figure for figure in review.figures if figure.code == code]
                whole = [figure for figure in found if not figure.scope]
                if found and found[0].family is FigureFamily.PUBLISHED:
                    whole = sorted(found, key=lambda figure: _stems(figure.scope))
                if whole:
                    rows += whole[:4]
                    break
        if len(rows) < 4:
            more = [figure for figure in review.figures if not figure.scope and figure not in rows]
            rows += [figure for figure in more if figure.kind.printed][: PAGE_ONE_ROWS - len(rows)]
        return rows[:PAGE_ONE_ROWS]

    def _id(self, figure: Figure) -> str:
        return f"{figure.code}@{figure.scope}" if figure.scope else figure.code

    def _counts_only(self, figure: Figure) -> bool:
        return figure.unit in ("share", "per_100") and figure.n is not None and figure.n < self.minimum

    def figure_row(self, figure: Figure) -> FigureRow:
        """Return a figure as a row: this period, last period, change, last year, target, judgement."""
        voice, id_ = self.voice, self._id(figure)
        span = f"{figure.axis_from}..{figure.axis_to}" if figure.axis_from and figure.axis_to else self.sentences.range
        add = voice.numbers.add
        none = voice.word("word.none")
        few = self._counts_only(figure)

        def number(name: str, value: float | None, unit: str) -> Phrase:
            if value is None:
                return none
            return add(f"{id_}.{name}", value, unit, n=figure.n, range=span, method=figure.method, rows=figure.rows)

        if few:
            current = number("count", figure.numerator, "cases")
            previous = change = last_year = none
        else:
            current = number("value", figure.value, figure.unit)
            previous = none if self.review.partial else number("previous", figure.previous, figure.unit)
            last_year = none if self.review.partial else number("last_year", figure.last_year, figure.unit)
            change = self._change(figure, number)
        target = none
        if figure.target is not None:
            sign = {"<=": "≤", ">=": "≥"}.get(figure.target_op, "")
            target = voice.part("col.target_value", sign=voice.data(sign), v=number("target", figure.target, figure.unit))
        judgement, tone = self._judgement(figure, few)
        return FigureRow(
            name=self._name(figure),
            note=self._note(figure),
            current=current,
            previous=previous,
            change=change,
            last_year=last_year,
            target=target,
            judgement=judgement,
            tone=tone,
            spark=self._spark(figure) if not few else Markup(""),
        )

    def _change(self, figure: Figure, number: Any) -> Phrase:
        voice = self.voice
        if (
            figure.value is None
            or figure.previous is None
            or figure.judgement in ("incomplete", "level_break")
            or self.review.partial
        ):
            return voice.word("word.none")
        difference = figure.value - figure.previous
        unit = figure.unit.change
        if figure.unit == "share" and max(figure.value, figure.previous) < SMALL_SHARE:
            unit = FINE[unit]
        phrase: Phrase = number("change", difference, unit)
        if not any(digit in phrase.plain for digit in "123456789"):
            return voice.word("judge.unchanged")
        return phrase

    def _name(self, figure: Figure) -> Phrase:
        voice = self.voice
        name = voice.figure(figure)
        return voice.part("col.scoped", name=name, scope=voice.scope(figure)) if figure.scope else name

    def _note(self, figure: Figure) -> Phrase:
        """Say under a figure's name at which age and over which days it is read."""
        voice = self.voice
        parts: list[Phrase] = []
        if figure.age_days:
            days = voice.numbers.add(f"{self._id(figure)}.age", figure.age_days, "days", method="age")
            parts.append(voice.part("caption.age", age=days))
        if (
            figure.axis_from
            and figure.axis_to
            and (figure.axis_from, figure.axis_to) != (self.review.period.first_day, self.review.period.last_day)
        ):
            parts.append(voice.span(figure.axis_from, figure.axis_to))
        if figure.n is not None and figure.unit in ("share", "per_100"):
            n = voice.numbers.add(f"{self._id(figure)}.n", figure.n, "count", method=figure.method)
            parts.append(voice.part("caption.n", n=n))
        if figure.level_since and not self.review.partial:
            parts.append(voice.part("caption.level", day=voice.day(figure.level_since)))
        if figure.missing:
            parts.append(self._missing(figure.missing))
        return join(parts, voice.catalogue["word.comma"])

    def _missing(self, why: str) -> Phrase:
        items = [f"scope.{item}" for item in why.split(",")]
        if all(item in self.voice.catalogue for item in items):
            return self.voice.part("missing.items", items=self.voice.listed(self.voice.word(item) for item in items))
        key = f"missing.{why}"
        return self.voice.word(key) if key in self.voice.catalogue else self.voice.data(why, 60)

    def _judgement(self, figure: Figure, few: bool) -> tuple[Phrase, str]:
        voice = self.voice
        if figure.value is None:
            return voice.word("judge.missing"), "muted"
        if few:
            return voice.word("judge.insufficient"), "muted"
        judgement = "incomplete" if self.review.partial else direction(figure)
        key = f"judge.watch_{figure.good}" if judgement == "watch" else f"judge.{judgement}"
        first = voice.word(key) if key in voice.catalogue else voice.word("judge.normal")
        tone = {"worse": "worse", "better": "better"}.get(
            judgement, "muted" if judgement in ("incomplete", "insufficient", "level_break") else ""
        )
        second = EMPTY
        if judgement not in ("incomplete", "insufficient", "level_break", "slightly_over"):
            if figure.streak >= 2:
                unit = "weeks" if self.review.period.grain == "week" else "periods"
                second = voice.part(
                    "judge.streak_over", n=self.number(f"{self._id(figure)}.streak", figure.streak, unit, method="target")
                )
            elif figure.attainment:
                second = voice.word(f"judge.{figure.attainment}")
        if judgement == "untested" and second:
            first = EMPTY
        return join([first, second], voice.catalogue["word.comma"]), tone

    def _breaks(self, figure: Figure) -> list[int]:
        """Return the indices of a figure's series at which a break of level begins."""
        indices: list[int] = []
        for one in self.review.breaks:
            if one.kind not in ("formula", "taxonomy", "rule", "switch") or figure.code not in one.affects:
                continue
            platform = one.slice.get("platform")
            if platform and figure.scope and platform != figure.scope:
                continue
            for index, (label, _) in enumerate(figure.series):
                start = _start(label, self.review.period.zone)
                if start is not None and start >= one.on:
                    indices.append(index)
                    break
        return indices

    def _band(self, figure: Figure) -> tuple[float, float] | None:
        if figure.low is None or figure.high is None or figure.high <= figure.low:
            return None
        return figure.low, figure.high

    def _spark(self, figure: Figure) -> Markup:
        immature = figure.judgement == "incomplete" or bool(self.review.partial)
        values = [value for _, value in figure.series][-13:]
        shift = max(len(figure.series) - 13, 0)
        return charts.spark(
            values, band=self._band(figure), immature=immature, breaks=[i - shift for i in self._breaks(figure) if i > shift]
        )

    def _figures_caption(self) -> Phrase:
        voice = self.voice
        basis = voice.word(f"basis.{voice.shop.identity.base}")
        banded = any(figure.low is not None for figure in self.review.figures)
        pattern = ("caption.figures_month" if self.monthly else "caption.figures") if banded else "caption.figures_plain"
        aligned = [
            figure.last_year_basis for figure in self.review.figures if figure.last_year is not None and figure.last_year_basis
        ]
        said = voice.say(pattern, basis=basis)
        if aligned:
            key = f"last_year.{aligned[0].split()[0]}"
            said += voice.word(key) if key in voice.catalogue else EMPTY
        return said

    def scorecard(self) -> list[tuple[Phrase, list[FigureRow]]]:
        """Return all figures by family, for a monthly edition."""
        if not self.monthly:
            return []
        groups = []
        for family in FigureFamily:
            mine = [figure for figure in self.review.figures if figure.family is family and figure.kind.printed]
            chosen = [figure for figure in mine if figure.value is not None and (not figure.scope or self._telling(figure))][:10]
            rows = [self.figure_row(figure) for figure in chosen]
            if rows:
                named = f"family.{family}_{self.voice.shop.identity.base}"
                groups.append((self.voice.word(named if named in self.voice.catalogue else f"family.{family}"), rows))
        return groups

    @staticmethod
    def _telling(figure: Figure) -> bool:
        """Whether a figure of a part of the shop is worth a line: published or money ones, and what left its range."""
        if figure.family == "inflow":
            return False
        return figure.family in ("published", "money") or figure.judgement == "worse" or figure.attainment == "missed"

    def definitions(self) -> list[tuple[Phrase, Phrase]]:
        """Return what each printed figure means, once, for a monthly edition."""
        if not self.monthly:
            return []
        codes = dict.fromkeys(figure.code for figure in self.review.figures if figure.kind.explained)
        return [(self.voice.figure(code), self.voice.word(f"definition.{code}")) for code in codes]

    def figure_lines(self) -> list[dict[str, Any]]:
        """Return up to four lines of the shop's main figures over time."""
        voice = self.voice
        drawn: list[dict[str, Any]] = []
        for figure in self._page_one():
            known = [value for _, value in figure.series if value is not None]
            if len(known) < 4 or figure.value is None or self._counts_only(figure):
                continue
            breaks = self._breaks(figure)
            points = [
                charts.Point(
                    voice.language.short_label(label, self.review.period.grain),
                    value,
                    segment=sum(index >= at for at in breaks),
                    immature=index == len(figure.series) - 1 and (figure.judgement == "incomplete" or bool(self.review.partial)),
                )
                for index, (label, value) in enumerate(figure.series)
            ]
            judgement, tone = self._judgement(figure, False)
            drawn.append(
                {
                    "message": self._name(figure)
                    if figure.judgement in ("untested", "insufficient")
                    else voice.say("chart.line_message", figure=self._name(figure), judgement=judgement),
                    "tone": tone,
                    "unit": voice.word(f"chart.unit_{figure.unit}") if f"chart.unit_{figure.unit}" in voice.catalogue else EMPTY,
                    "chart": charts.line(
                        points,
                        name=f"line{len(drawn)}",
                        aria=voice.say("chart.aria_line", figure=self._name(figure)),
                        last=self.draw(voice.numbers.show(f"{self._id(figure)}.value")),
                        band=self._band(figure),
                        band_name=voice.word("chart.band") if self._band(figure) else None,
                        share=figure.unit == "share",
                        width=232,
                        height=100,
                    ),
                    "caption": join([self._scope(figure.scope), self._note(figure)], voice.catalogue["caption.sep"]),
                }
            )
            if len(drawn) == 6:
                break
        return drawn

    def _scope(self, scope: str = "") -> Phrase:
        voice = self.voice
        return voice.part("caption.scope", scope=voice.data(scope, 30) if scope else voice.word("caption.all_shop"))

    @staticmethod
    def _why_no_action(causes: list[Cause]) -> str:
        if not causes:
            return "actions"
        return "actions_running" if any(cause.life == "continuing" for cause in causes) else "actions_unfit"

    # ---- Young weeks ---------------------------------------------------------------------------

    def _projected(self, one: Projection) -> ProjectionRow:
        voice, id_, n = self.voice, f"projection.{one.first_day}", one.units

        def share(name: str, value: float, method: str) -> Phrase:
            return self.number(f"{id_}.{name}", value, "share", n=n, method=method)

        rows = f"signed_at in {one.first_day}..{one.last_day}"
        return ProjectionRow(
            week=voice.span(one.first_day, one.last_day),
            units=self.number(f"{id_}.units", n, "count", method="order lines signed", rows=rows),
            so_far=self.number(f"{id_}.so_far", one.so_far, "count", n=n, method="complaining units", rows=rows),
            reached=share("reached", one.reached, "lag curve"),
            rate=share("rate", one.rate, "chain ladder"),
            low=share("low", one.low, "negative binomial, 90%"),
            high=share("high", one.high, "negative binomial, 90%"),
        )

    def _projection_message(self) -> Phrase:
        """Say whether the young weeks head above, below or about what is usual: only an interval beside it says so."""
        voice, young = self.voice, self.review.projections
        if not young:
            return EMPTY
        usual = self.number("projection.usual", young[0].usual, "share", method="lag curve of half a year")
        above, below = any(one.low > one.usual for one in young), any(one.high < one.usual for one in young)
        word = "mixed" if above and below else "above" if above else "below" if below else "usual"
        return voice.say(f"projection.{word}", usual=usual)

    def _projection_caption(self) -> Phrase:
        young = self.review.projections
        if not young:
            return EMPTY
        return self.voice.say(
            "projection.caption", age=self.number("projection.age", young[0].age_days, "days", method="targets")
        )

    # ---- Causes --------------------------------------------------------------------------------

    def _other_findings(self) -> list[Phrase]:
        """Return a line each for what was left over, what has ended, and what has fallen."""
        said = self.sentences
        left = said.deferred()
        ended = {cause.cause_id for cause in self.review.ended}
        falls = [said.finding(cause) for cause in self.review.falls[:3] if cause.cause_id not in ended]
        return [*([left] if left else []), *said.ended(), *falls]

    def cause_sheet(self, cause: Cause) -> CauseSheet:
        """Return one cause as a sheet of facts beside its chart."""
        voice, said = self.voice, self.sentences
        id_ = f"cause.{cause.cause_id}"
        observed, expected, ratio = said._observed(cause), said._expected(cause), said._ratio(cause)
        low, high = said.interval(cause)
        statistical = cause.kind not in ("safety", "cluster") and cause.expected > 0
        facts: list[Phrase] = []
        if statistical:
            amount = {"observed": observed, "expected": expected, "low": low, "high": high}
            if self.monthly and cause.window_weeks == round(self.review.period.days / 7):
                facts.append(voice.say("fact.amount_period", this=voice.this(), **amount))
            else:
                weeks = self.number(f"{id_}.window_weeks", max(cause.window_weeks, 1), "weeks", method="scan")
                facts.append(voice.say("fact.amount", weeks=weeks, **amount))
        if cause.exposure and statistical:
            kind = (
                voice.word(f"exposure.{cause.exposure_kind}") if f"exposure.{cause.exposure_kind}" in voice.catalogue else EMPTY
            )
            if kind:
                facts.append(
                    voice.say(
                        "fact.exposure",
                        kind=kind,
                        n=self.number(f"{id_}.exposure", round(cause.exposure), "count", method="exposure"),
                    )
                )
        of_batch = {"component_supplier": cause.evidence.component_supplier, "supplier": cause.evidence.supplier}
        for name, supplier in of_batch.items():
            if value := cause.slice.get(name) or supplier:
                facts.append(voice.say("fact.pair", name=voice.dimension(name), v=voice.value(name, value)))
                break
        if len(cause.leaves) > 1:
            leaves = [
                voice.part(
                    "fact.leaf_count", leaf=voice.leaf(leaf), n=self.number(f"{id_}.leaf.{leaf}", n, "cases", method="cases")
                )
                for leaf, n in cause.leaves[:4]
            ]
            facts.append(voice.say("fact.leaves", v=voice.listed(leaves)))
        if cause.stock:
            facts.append(voice.say("fact.stock", n=self.number(f"{id_}.stock", cause.stock, "units", method="batch table")))
        if cause.money:
            facts.append(voice.say("fact.money", n=self.number(f"{id_}.money", cause.money, "money", method="excess per week")))
        facts += self._circumstances(cause)
        status = voice.word(f"cause_status.{cause.status.value}")
        facts.append(voice.say("fact.status", v=status, id=voice.data(cause.cause_id, 20)))
        confirm = [self._question(*item) for item in cause.to_confirm[:3]]
        return CauseSheet(
            head=said.head(cause),
            tone="worse" if cause.kind == "safety" or strength(cause.observed, cause.low) == "clear" else "",
            sentence=said.finding(cause),
            facts=facts,
            confirm=confirm,
            unit=voice.word("chart.unit_cause_series" if cause.evidence.weekly else "chart.unit_cause_bars"),
            chart=self._cause_chart(cause, observed, expected) if statistical else self._case_days(cause),
            caption=self._cause_caption(cause, ratio),
            words=self.sayings.words_of(cause),
            quote=self.sayings.quote_of(cause),
        )

    def _circumstances(self, cause: Cause) -> list[Phrase]:
        """Say what came with a cause, what it does not hang on, what was done against its like, and what is to come."""
        voice, said = self.voice, self.sentences
        id_ = f"cause.{cause.cause_id}"
        evidence = cause.evidence
        facts: list[Phrase] = []
        if evidence.change_point is not None:
            facts.append(voice.say("fact.change_point", day=voice.day(evidence.change_point)))
        for arrival in evidence.arrived:
            dim = arrival.dimension
            facts.append(
                voice.say(
                    "fact.arrived",
                    name=voice.dimension(dim),
                    v=voice.value(dim, arrival.value),
                    before=self.number(f"{id_}.arrived.{dim}.before", arrival.before, "share", method="share of units"),
                    after=self.number(f"{id_}.arrived.{dim}.after", arrival.after, "share", method="share of units"),
                )
            )
        alike = [
            voice.part(
                "fact.alike",
                name=voice.dimension(apart.dimension),
                n=self.number(f"{id_}.ruled_out.{apart.dimension}", apart.compared, "values", method="chi-square of homogeneity"),
            )
            for apart in evidence.ruled_out
        ]
        if alike:
            facts.append(voice.say("fact.ruled_out", alike=voice.listed(alike)))
        for action, verdict in self._comparable(cause):
            what = voice.data(voice.action(action).what, 60)
            facts.append(voice.say("fact.comparable", what=what, verdict=voice.word(f"verdict.{verdict.value}")))
        if evidence.graded is not None:
            graded = said.graded(cause)
            actual = self.number(f"{id_}.foretold_actual", evidence.graded.actual, "cases", method="arrivals")
            facts.append(voice.say("fact.forecast_graded", this=voice.this(), actual=actual, **graded))
        if evidence.forecast is not None:
            low, high = evidence.forecast.low, evidence.forecast.high
            method = "expected arrivals × ratio, 90%"
            facts.append(
                voice.say(
                    "fact.forecast",
                    low=self.number(f"{id_}.forecast_low", low, "count", method=method),
                    high=self.number(f"{id_}.forecast_high", high, "cases", method=method),
                )
            )
        return facts

    def _comparable(self, cause: Cause) -> list[tuple[Action, Verdict]]:
        """Return the judged earlier action against the same problem at the same kind of slice, an effective one first."""
        order = (Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.NO_CHANGE, Verdict.WORSE)
        fits = [
            (order.index(result.verdict), result.action.action_id, result.action, result.verdict)
            for result in self.sentences.prior
            if result.verdict in order
            and result.action.cause_id != cause.cause_id
            and result.action.leaf == cause.leaf
            and bool(set(result.action.slice) & set(cause.slice))
        ]
        return [(action, verdict) for _, _, action, verdict in sorted(fits, key=lambda one: one[:2])][:1]

    def _question(self, question: str, owner: str, due: str) -> Phrase:
        voice = self.voice
        key = f"question.{question}"
        asked = voice.word(key) if key in voice.catalogue else voice.data(question, 80)
        who = voice.data(
            voice.shop.people.role_label(owner, voice.language.code)
            if owner in voice.shop.people.roles
            else voice.shop.people.label(owner, voice.language.code),
            30,
        )
        if due:
            return voice.say("fact.question", question=asked, owner=who, due=self._due_text(due))
        return voice.say("fact.question_plain", question=asked, owner=who)

    def _due_text(self, due: str) -> Phrase:
        if match := re.fullmatch(r"(\d+)(h|d|sd)", due):
            return self.number(
                f"due.{due}",
                int(match[1]),
                {"h": "within_hours", "d": "within_working_days", "sd": "within_supplier_days"}[match[2]],
            )
        try:
            return self.voice.day(date.fromisoformat(due[:10]))
        except ValueError:
            return self.voice.data(due, 30)

    def _cause_chart(self, cause: Cause, observed: Phrase, expected: Phrase) -> Markup:
        voice = self.voice
        aria = voice.say("chart.aria_cause", where=voice.where(cause.slice), leaf=self.sentences._leaf(cause))
        name = f"cause{cause.cause_id}"
        series = cause.evidence.weekly
        if len(series) >= 3:
            points = [charts.Point(voice.language.short_label(label), o, e) for label, o, e in series[-13:]]
            last_o, last_e = series[-1][1], series[-1][2]
            id_ = f"cause.{cause.cause_id}.last"
            return charts.line(
                points,
                name=name,
                aria=aria,
                last=self.draw(
                    voice.part("chart.actual_n", n=self.number(f"{id_}.observed", last_o, "count", method="arrivals"))
                ),
                expected=self.draw(
                    voice.part(
                        "chart.expected_n",
                        n=self.number(
                            f"{id_}.expected",
                            round(last_e, 1) if last_e < 10 else round(last_e),
                            "count",
                            method="expected arrivals",
                        ),
                    )
                ),
                width=205,
                height=112 if self.monthly else 84,
            )
        self.draw(observed + expected)
        rows = [
            charts.Bar(voice.word("chart.actual"), cause.observed, observed, strong=True),
            charts.Bar(voice.word("chart.expected"), cause.expected, expected),
        ]
        return charts.bars(rows, name=name, aria=aria, width=190, step=24, label_width=50)

    def _case_days(self, cause: Cause) -> Markup:
        return Markup("")

    def _cause_caption(self, cause: Cause, ratio: Phrase) -> Phrase:
        voice = self.voice
        counted = cause.exposure_kind in COUNTED
        parts = [
            voice.part("caption.scope", scope=voice.where(cause.slice)),
            voice.part("caption.method", method=voice.word("caption.expected_records" if counted else "caption.expected")),
            voice.part(
                "caption.n", n=self.number(f"cause.{cause.cause_id}.n", cause.observed, "count", method="cases counted once")
            ),
        ]
        return join(parts, voice.catalogue["caption.sep"])

    # ---- Actions -------------------------------------------------------------------------------

    def action_row(self, action: Action) -> ActionRow:
        """Return a new action as a row of the table."""
        voice = self.voice
        words = voice.action(action)
        goal = voice.data(words.target, 140)
        if words.metric and words.metric not in words.target:
            goal = join([voice.data(words.metric, 40), goal], " → ")
        return ActionRow(
            what=voice.data(words.what, 120),
            owner=voice.owner(action),
            due=voice.due(action.due),
            goal=goal,
            effect=voice.data(words.effect, 80),
            kind=voice.word(f"kind.{action.kind.value}"),
        )

    @property
    def action_limit(self) -> int:
        """How many new actions are printed."""
        return 24 if self.monthly else 12

    def action_rows(self) -> list[ActionRow]:
        """Return the new actions; a target that is that of the row above is not repeated."""
        rows: list[ActionRow] = []
        above: tuple[str, str] = ("", "")
        order = {cause.cause_id: index for index, cause in enumerate(self.sentences.causes)}
        ranked = sorted(self.sentences.proposals, key=lambda one: order.get(one.cause_id, len(order)))
        for action in ranked[: self.action_limit]:
            row = self.action_row(action)
            here = (row.goal.plain, row.effect.plain)
            if here == above:
                row = replace(row, goal=self.voice.word("col.same"), effect=self.voice.word("col.same"))
            above = here
            rows.append(row)
        return rows

    def _more(self, key: str, n: int) -> Phrase:
        return self.voice.say(key, n=self.number(key, n, "items", method="ledger")) if n > 0 else EMPTY

    def prior_rows(self) -> list[PriorRow]:
        """Return prior actions with their state and measured rates, late ones first."""
        voice = self.voice
        order = {"late": 0, "due": 1, "done": 2, "not_due": 3, "proposed": 4, "cancelled": 5}
        rows: list[PriorRow] = []
        for result in sorted(self.sentences.prior, key=lambda one: (order.get(one.status, 9), one.due, one.action.action_id))[
            :MAXIMUM_ROWS
        ]:
            id_ = f"prior.{result.action.action_id}"
            none = voice.word("word.none")
            before = after = none
            if result.verdict is not None and result.rate_before is not None:
                before = self.number(
                    f"{id_}.rate_before", result.rate_before, "share", n=result.n_before, method=_method(result.action)
                )
            if result.verdict is not None and result.rate_after is not None:
                after = self.number(
                    f"{id_}.rate_after", result.rate_after, "share", n=result.n_after, method=_method(result.action)
                )
            if result.status == "late":
                days = self.number(f"{id_}.days_late", result.days_late, "days", method="ledger")
                status = voice.part("action_status.late_days", days=days)
            else:
                status = voice.word(f"action_status.{result.status}")
            tone = {"effective": "better", "worse": "worse", "no_change": "worse", "relapsed": "worse"}.get(
                result.verdict.value if result.verdict else "", ""
            )
            rows.append(
                PriorRow(
                    what=voice.data(voice.action(result.action).what, 100),
                    owner=voice.owner(result.action),
                    due=voice.due(result.due),
                    status=status,
                    before=before,
                    after=after,
                    result=voice.word(f"verdict.{result.verdict.value}") if result.verdict else none,
                    tone=tone,
                )
            )
        return rows

    # ---- Tables --------------------------------------------------------------------------------

    def mix_table(self, index: int) -> MixTable:
        """Return one change as four rows that add up."""
        voice, effect = self.voice, self.review.mix[index]
        unit = self.sentences.mix_unit(effect)
        change = {"share": "points", "per_100": "change_per_100", "money": "money_change"}.get(unit, "count_change")
        id_ = f"mix.{effect.figure}.{effect.dimension}"
        cells = (
            ("before", effect.before, unit),
            ("composition", effect.composition, FINE.get(change, change)),
            ("own", effect.own, FINE.get(change, change)),
            ("after", effect.after, unit),
        )
        rows = [
            (voice.word(f"mixrow.{name}"), self.number(f"{id_}.{name}", value, unit_, method="decomposition"))
            for name, value, unit_ in cells
        ]
        caption = join(
            [
                self._scope(),
                voice.part("caption.mix", dimension=voice.dimension(effect.dimension), figure=voice.figure(effect.figure)),
            ],
            voice.catalogue["caption.sep"],
        )
        return MixTable(self.sentences.mix(index, effect), rows, caption)

    def problem_table(self) -> ProblemTable | None:
        """Return the labels of the main lens with what was to be expected."""
        voice, review = self.voice, self.review
        if not review.problems:
            return None
        main = voice.shop.taxonomy.main_lens
        lens = main if any(row.lens == main for row in review.problems) else review.problems[0].lens
        chosen = sorted((row for row in review.problems if row.lens == lens), key=lambda row: (-row.cases, row.label))[
            :MAXIMUM_ROWS
        ]
        rows: list[dict[str, Any]] = []
        bars: list[charts.Bar] = []
        for index, row in enumerate(chosen):
            rows.append(self._problem_row(index, row))
            bars.append(
                charts.Bar(
                    rows[-1]["label"], row.cases, self.draw(rows[-1]["current"]), row.expected, strong=row.judgement == "worse"
                )
            )
        n = sum(row.cases for row in chosen)
        total = self.number("problems.total", n, "count", method="cases counted once")
        named = f"problem.caption_{voice.shop.identity.base}"
        method = named if named in voice.catalogue else "problem.caption"
        expected = any(row.expected is not None for row in chosen)
        caption = join(
            [self._scope(), voice.part("caption.method", method=voice.word(method)), voice.part("caption.n", n=total)],
            voice.catalogue["caption.sep"],
        )
        chart = Markup("")
        if self.monthly and bars:
            chart = charts.bars(
                bars[:14], name="problems", aria=voice.word("section.problems"), width=340, step=19, label_width=150
            )
        unit = voice.word("chart.unit_problems" if expected else "chart.unit_problems_plain")
        judged = expected or bool(review.partial)
        return ProblemTable(rows, chart, caption, total, unit, expected, judged)

    def _problem_row(self, index: int, row: ProblemRow) -> dict[str, Any]:
        voice = self.voice
        none = voice.word("word.none")
        id_ = f"problem.{row.lens}.{row.label}"
        label = voice.lens_label(row.lens, row.label)
        current = self.number(f"{id_}.cases", row.cases, "count", method="cases counted once")
        expected = none
        if row.expected is not None:
            value = round(row.expected) if row.expected >= 10 else round(row.expected, 1)
            expected = self.number(f"{id_}.expected", value, "count", method="expected arrivals")
        if row.incomplete or self.review.partial:
            judgement, tone = voice.word("judge.incomplete"), "muted"
        else:
            key = "judge.watch_down" if row.judgement == "watch" else f"judge.{row.judgement}"
            judgement = voice.word(key) if key in voice.catalogue else voice.word("judge.normal")
            tone = {"worse": "worse", "better": "better"}.get(row.judgement, "")
        share = none
        if row.share is not None and not self.sentences.small:
            share = self.number(f"{id_}.share", row.share, "share", method="cases counted once")
        return {
            "label": label,
            "current": current,
            "expected": expected,
            "previous": self.number(f"{id_}.previous", row.previous, "count", method="cases counted once"),
            "share": share,
            "judgement": judgement,
            "tone": tone,
        }

    def _channels(self) -> list[int]:
        """Return which channels the table lists: all in a monthly edition or where they are few, else those with a gap."""
        channels = self.review.channels
        if self.monthly or len(channels) <= 8:
            return list(range(min(len(channels), MAXIMUM_ROWS)))
        return [index for index, channel in enumerate(channels) if channel.error or channel.excluded or channel.missing_days][:12]

    def channel_row(self, index: int) -> ChannelRow:
        """Return what one channel brought."""
        voice, channel = self.voice, self.review.channels[index]
        id_ = f"channel.{channel.channel}"
        remark, tone = voice.word("channel.complete"), ""
        if channel.error:
            remark, tone = voice.word("channel.error"), "worse"
        elif channel.excluded:
            remark, tone = voice.say("channel.excluded", why=voice.text(channel.excluded, 80)), "worse"
        elif channel.missing_days:
            remark, tone = voice.say("channel.missing", days=voice.days(channel.missing_days)), "muted"
        return ChannelRow(
            name=voice.channel(channel, 40),
            records=self.number(f"{id_}.records", channel.records, "count", method="records of the period"),
            read=self.number(f"{id_}.read", channel.read, "count", method="pulls"),
            quarantined=self.number(f"{id_}.quarantined", channel.quarantined, "count", method="expectations"),
            remark=remark,
            tone=tone,
        )

    def _breakdowns(self) -> list[Breakdown]:
        """Return the breakdowns worth a table; beside orders only rates, and three of them."""
        mine = self.review.breakdowns
        if self.voice.shop.identity.base != "orders":
            return mine[:MAXIMUM_BREAKDOWNS] if self.monthly else mine[:2]
        rated = [one for one in mine if any(row[1] is not None for row in one.rows) and len(one.rows) > 2]
        return (rated or mine)[:3] if self.monthly else []

    def breakdown(self, index: int, one: Breakdown) -> BreakdownTable:
        """Return one measure by the values of a dimension, ranked; below the minimum only counts."""
        voice = self.voice
        shares = any(row[1] is not None for row in one.rows)
        # Shares stand in the order of their size-adjusted rank; bare counts by size.
        ranked = list(one.rows) if shares else sorted(one.rows, key=lambda row: (-row[2], row[0]))
        rows: list[tuple[Phrase, Phrase, Phrase, Phrase]] = []
        bars: list[charts.Bar] = []
        none = voice.word("word.none")
        for value, share, n, low, high in ranked[:BREAKDOWN_ROWS]:
            id_ = f"breakdown.{one.code}.{one.dimension}.{value}"
            label = voice.value(one.dimension, value)
            count = self.number(f"{id_}.n", n, "count", method=one.code)
            rate = span = none
            if share is not None and n >= one.minimum_n:
                rate = self.number(f"{id_}.share", share, "share", n=n, method=one.code)
                bars.append(charts.Bar(label, share, self.draw(rate)))
                if low is not None and high is not None:
                    span = voice.part(
                        "col.between",
                        low=self.number(f"{id_}.low", low, "share", n=n, method="95%"),
                        high=self.number(f"{id_}.high", high, "share", n=n, method="95%"),
                    )
            elif not shares:
                bars.append(charts.Bar(label, n, self.draw(count)))
            rows.append((label, rate, count, span))
        what, dimension = voice.figure(one.code), voice.dimension(one.dimension)
        title = voice.say("section.breakdown", what=what, dimension=dimension)
        message = EMPTY
        if not shares and bars:
            message = voice.say("breakdown.message_count", top=bars[0].label, n=bars[0].text)
        if shares and bars and one.total is not None:
            message = voice.say(
                "breakdown.message",
                what=what,
                top=bars[0].label,
                rate=bars[0].text,
                total=self.number(f"breakdown.{one.code}.{one.dimension}.total", one.total, "share", n=one.n, method=one.code),
            )
        parts = [
            self._scope(),
            voice.part("caption.n", n=self.number(f"breakdown.{one.code}.{one.dimension}.n", one.n, "count", method=one.code)),
        ]
        if one.axis_from and one.axis_to:
            parts.insert(1, voice.part("breakdown.signed", days=voice.span(one.axis_from, one.axis_to)))
        if one.age_days:
            age = self.number(f"breakdown.{one.code}.{one.dimension}.age", one.age_days, "days", method="age")
            parts.insert(2, voice.part("caption.age", age=age))
        if shares:
            parts.append(
                voice.part(
                    "breakdown.minimum", n=self.number(f"breakdown.{one.code}.{one.dimension}.minimum_n", one.minimum_n, "count")
                )
            )
        unlisted = one.left_out + max(len(ranked) - BREAKDOWN_ROWS, 0)
        if unlisted:
            left = self.number(f"breakdown.{one.code}.{one.dimension}.left_out", unlisted, "count")
            parts.append(voice.part("breakdown.left_out", n=left))
        chart = Markup("")
        if bars and self.monthly and max(len(bar.label.plain) for bar in bars) <= voice.language.longest_label:
            chart = charts.bars(bars[:12], name=f"breakdown{index}", aria=title, width=190, step=17, label_width=110)
        head = voice.word("col.share" if one.code == "complaints" else "col.rate")
        intervals = any(low is not None for _, _, _, low, _ in one.rows)
        return BreakdownTable(title, message, rows, chart, join(parts, voice.catalogue["caption.sep"]), shares, intervals, head)

    def _rankings(self) -> list[Ranking]:
        """Return the rankings worth a table: those in which something stands out first."""
        weight = {"worse": 0, "watch": 1}
        mine = [] if self.review.partial else self.review.rankings
        return sorted(mine, key=lambda one: min(weight.get(row.judgement, 2) for row in one.rows))[:MAXIMUM_RANKINGS]

    def ranking(self, one: Ranking) -> RankingTable:
        """Return one ranking: cases against what its kind lets expect, the shrunken ratio and its lower limit."""
        voice, none = self.voice, self.voice.word("word.none")
        unit = "cases" if one.unit == "orders" else "count"
        rows: list[RankingRow] = []
        for row in one.rows:
            id_ = f"ranking.{one.dimension}.{row.value}"
            ratio = low = leaf = none
            judgement, tone = voice.word("ranking.small"), "muted"
            if row.ratio is not None and row.low is not None:
                ratio = self.number(f"{id_}.ratio", row.ratio, "times", n=row.exposure, method="shrunken observed/expected")
                low = self.number(f"{id_}.low", row.low, "times", n=row.exposure, method="5 % of the posterior")
                judgement = voice.word(f"ranking.judge_{row.judgement}")
                tone = row.judgement if row.judgement in ("worse", "better") else ""
                leaf = voice.leaf(row.leaf) if row.leaf else none
            rows.append(
                RankingRow(
                    value=voice.value(one.dimension, row.value),
                    cases=self.number(f"{id_}.cases", row.cases, unit, n=row.exposure, method=one.unit),
                    expected=self.number(f"{id_}.expected", round(row.expected, 1), unit, n=row.exposure, method="rate of its kind"),
                    ratio=ratio, low=low, leaf=leaf, judgement=judgement, tone=tone,
                )
            )  # fmt: skip
        dimension = voice.dimension(one.dimension)
        title = voice.say("section.ranking" if one.unit == "orders" else "section.ranking_desk", dimension=dimension)
        parts = [self._scope()]
        if one.unit == "orders" and one.axis_from and one.axis_to:
            parts.append(voice.part("breakdown.signed", days=voice.span(one.axis_from, one.axis_to)))
        within = join([voice.dimension(name) for name in one.compared_with], voice.catalogue["ranking.and"])
        parts.append(voice.part("ranking.within", within=within))
        parts.append(voice.part("ranking.minimum", n=self.number(f"ranking.{one.dimension}.minimum_n", one.minimum_n, "cases")))
        if one.left_out:
            left = self.number(f"ranking.{one.dimension}.left_out", one.left_out, "count")
            parts.append(voice.part("breakdown.left_out", n=left))
        return RankingTable(title, self._ranking_message(one, rows), rows, join(parts, voice.catalogue["caption.sep"]))

    def _ranking_message(self, one: Ranking, rows: list[RankingRow]) -> Phrase:
        for word in ("worse", "watch"):
            for row, shown in zip(one.rows, rows, strict=True):
                if row.judgement == word:
                    return self.voice.say(
                        f"ranking.{word}", top=shown.value, cases=shown.cases, expected=shown.expected, ratio=shown.ratio
                    )
        return self.voice.word("ranking.none")

    # ---- Monthly extras ------------------------------------------------------------------------

    def daily_chart(self) -> Markup:
        """Return arrivals by day as a line."""
        review, voice = self.review, self.voice
        if len(review.daily) < 5 or not self.monthly:
            return Markup("")
        until = review.partial.partition("..")[2]
        ordered = sorted((day, n) for day, n in review.daily if not until or day.isoformat() <= until)
        if not ordered:
            return Markup("")
        last_day, last_count = ordered[-1]
        points = [
            charts.Point(f"{day.month}-{day.day}", float(n), immature=bool(review.partial) and day == last_day)
            for day, n in ordered
        ]
        last = self.draw(self.number("daily.last", last_count, "cases", method="arrivals"))
        return charts.line(points, name="daily", aria=voice.word("section.daily"), last=last, width=500, height=80)

    def _daily_caption(self) -> Phrase:
        voice = self.voice
        period = self.review.period
        inside = sum(n for day, n in self.review.daily if period.first_day <= day <= period.last_day)
        total = self.number("daily.total", inside, "count", method="arrivals")
        return join(
            [self._scope(), voice.word("caption.per_day"), voice.part("caption.n", n=total)], voice.catalogue["caption.sep"]
        )

    def case(self) -> dict[str, Phrase] | None:
        """Return the one case in words that hold no personal data."""
        story, voice = self.review.example_case, self.voice
        if story is None or not story.text.strip():
            return None
        line = voice.say("case.line", day=voice.day(story.on), where=voice.where(story.slice), leaf=voice.leaf(story.leaf))
        return {"line": line, "quote": voice.say("case.quote", text=voice.data(story.text, 240))}

    def revision_lines(self) -> list[Phrase]:
        """Say which printed numbers differ from the edition before."""
        review, voice = self.review, self.voice
        if review.revision < 2:
            return []
        lines: list[Phrase] = []
        for figure in review.figures:
            old = review.previous_numbers.get(f"{self._id(figure)}.value")
            if old is None or figure.value is None or f"{self._id(figure)}.value" not in voice.numbers:
                continue
            was = self.number(f"revision.{self._id(figure)}.old", old, figure.unit, method="edition before")
            now = voice.numbers.show(f"{self._id(figure)}.value")
            if was.plain != now.plain:
                lines.append(voice.say("revision.line", name=self._name(figure), old=was, new=now))
        return lines[:10] or [voice.word("revision.none")]


def _stems(scope: str) -> list[int]:
    """Order names by the Chinese stems in them: 甲 before 乙 before 丙, which code points do not."""
    return [STEMS.index(character) if character in STEMS else ord(character) for character in scope]


def _pairs(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Put two cells into each row, so that a page can end between rows."""
    return [cells[index : index + 2] for index in range(0, len(cells), 2)]


def _method(action: Action) -> str:
    return f"exact rate ratio, {action.cut_in_axis or 'done date'}"


def _start(label: str, zone: str) -> date | None:
    """Return the first day of a series label that is a period, or nothing."""
    try:
        return Period.parse(label, zone).first_day if not re.fullmatch(r"\d{4}-\d\d-\d\d", label) else date.fromisoformat(label)
    except UserError:
        return None

"""A review as sentences: what happened, what it means, who does what by when (docs/method.md, 11)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from tasks.model.actions import Action, ActionKind, ActionResult, ActionStatus, Verdict
from tasks.model.causes import Cause
from tasks.model.figure_kinds import HEADLINE
from tasks.model.figures import Figure, MixEffect
from tasks.model.review import Break, RedLine, Review
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.language.voice import Voice
from tasks.report.reading import direction, enough, strength

FINE = {"points": "points_fine"}
"""Units of the parts of a change: two decimals, so that the printed rows add up."""

RED_LINES = 3
"""Red lines that page 1 tells one by one; the others are counted there and named with the causes."""

RED_PLACES = 12
"""Red lines that are named beside the causes."""

COUNTED = ("records", "reviews", "earlier_cases", "contacts", "cases", "none", "")
"""Exposures without shipments behind them: expectations come from the past level."""

COUNT_UNITS = {
    "units_signed": "units",
    "parcels_shipped": "parcels",
    "orders_paid": "orders",
    "active_devices": "devices",
    "conversations": "conversations",
    "human_conversations": "conversations",
    "reviews": "records",
    "aftersales": "orders",
    "records": "records",
}


METHODS = {
    "control": "exact rate ratio over untouched slices",
    "course": "exact rate ratio over the course before",
    "segmented": "segmented regression",
}
"""How the interval of a verdict came about, as numbers.json names it."""

ADJUSTED = ("control", "course", "segmented")
ADJUSTED_FROM = 1.15
"""A ratio that differs by this factor from that of the printed rates is explained."""


@dataclass(frozen=True)
class Decision:
    """Something that a person must decide now: the whole sentence, and its first clause for short places."""

    sentence: Phrase
    short: Phrase


class Sentences:
    """Says what a review holds, in the order of the meeting.

    Args:
        voice: Language, names and numbers.
        review: What may be said.
        restricted: Whether the edition may name restricted actions.
    """

    def __init__(self, voice: Voice, review: Review, *, restricted: bool = False) -> None:
        self.voice = voice
        self.review = review
        self.restricted = restricted
        self.minimum = voice.shop.identity.minimum_n
        period = review.period
        self.range = f"{period.first_day}..{period.last_day}"
        self.causes = sorted(review.causes, key=_urgency)
        self.proposals = [action for action in review.proposals if restricted or not action.restricted]
        self.withheld = len(review.proposals) - len(self.proposals)
        self.prior = [result for result in review.prior if restricted or not result.action.restricted]
        self.late = sorted(
            (result for result in self.prior if result.status == "late"), key=lambda one: (-one.days_late, one.action.action_id)
        )

    # ---- Numbers -------------------------------------------------------------------------------

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
        return self.voice.numbers.add(id_, value, unit, n=n, range=self.range, method=method, rows=rows)

    @property
    def cases(self) -> float | None:
        """Counted complaints of the period, or nothing where the review does not say."""
        figure = self.review.figure("complaints")
        if figure is not None and figure.value is not None:
            return figure.value
        first = self.review.problems[0].lens if self.review.problems else ""
        rows = [row.cases for row in self.review.problems if row.lens == first]
        return float(sum(rows)) if rows else None

    @property
    def small(self) -> bool:
        """Whether the period has too few cases for any percentage."""
        return self.cases is not None and self.cases < self.minimum

    @property
    def tested(self) -> Phrase:
        """How many places were checked."""
        return self.number("review.tested", self.review.tested, "places", method="scan")

    # ---- Red lines -----------------------------------------------------------------------------

    def red_lines(self) -> list[Phrase]:
        """Say the gravest red lines and count the others; an empty list means that there is none.

        What is to be done stands once below several.
        """
        lines = self.review.red_lines
        many = sum(line.kind == "safety" for line in lines) > 1
        shown, rest = self._red_order()
        said = [self._red(index, lines[index], short=many) for index in shown]
        last = self.voice.say("red.rest", n=self._red_rest_count(rest)) if rest else EMPTY
        if many:
            last += self.voice.word("red.instruction")
        return [*said, last] if last else said

    def red_rest(self) -> Phrase:
        """Name the red lines that page 1 only counts: where, what, how many."""
        _, rest = self._red_order()
        if not rest:
            return EMPTY
        voice, lines = self.voice, self.review.red_lines
        places = []
        for index in rest[:RED_PLACES]:
            n = self.number(
                f"red.{index}.cases", lines[index].cases, "cases", method="case list", rows=",".join(lines[index].rows)
            )
            parts = [voice.where(lines[index].slice), self._red_leaf(lines[index]), n]
            places.append(join(parts, voice.catalogue["where.join"]))
        named = voice.listed(places) + (voice.word("word.and_more") if len(rest) > RED_PLACES else EMPTY)
        return voice.say("red.rest_places", n=self._red_rest_count(rest), places=named)

    def _red_order(self) -> tuple[list[int], list[int]]:
        """Return the indices of the red lines that page 1 tells, and of the others; safety first, then by cases."""
        lines = self.review.red_lines
        order = sorted(range(len(lines)), key=lambda index: (lines[index].kind != "safety", -lines[index].cases, index))
        return order[:RED_LINES], order[RED_LINES:]

    def _red_rest_count(self, rest: list[int]) -> Phrase:
        return self.number("red.rest", sum(self.review.red_lines[index].cases for index in rest), "cases", method="case list")

    def _red_leaf(self, line: RedLine) -> Phrase:
        return self.voice.leaf(line.leaf, line.slice.get("symptom", "")) if line.leaf else EMPTY

    def _red(self, index: int, line: RedLine, *, short: bool) -> Phrase:
        voice = self.voice
        n = self.number(f"red.{index}.cases", line.cases, "cases", method="case list", rows=",".join(line.rows))
        where, days, leaf = voice.where(line.slice), voice.days(line.days), self._red_leaf(line)
        if line.kind == "safety":
            values = {"where": where, "n": n, "days": days}
            own = line.words if voice.readable(line.words) else ""  # a buyer's words in another language are told by the problem
            values["words"] = voice.data(own, 30) if own else leaf
            quoted = "" if own else "_plain"
            said = voice.say(f"red.safety_short{quoted}" if short else f"red.safety{quoted}", **values)
            if line.sold:
                said += voice.say("red.sold", n=self.number(f"red.{index}.sold", line.sold, "units", method="units signed"))
            return said
        if line.kind == "regulator":
            return voice.say("red.regulator", n=n, days=days)
        if line.kind == "evidence_missed":
            return voice.say("red.evidence_missed", n=n, days=days)
        if line.kind == "platform_warn":
            return voice.say("red.platform_warn", where=where, days=days)
        return voice.say("red.other", where=where, leaf=leaf, n=n, days=days)

    # ---- The one sentence ----------------------------------------------------------------------

    def conclusion(self) -> Phrase:
        """Say in one sentence whether things are better, same or worse, and the one matter that counts."""
        voice, review = self.voice, self.review
        this = voice.this()
        if review.partial:
            return voice.say("conclusion.partial", this=this, until=self._until())
        if self.cases == 0:
            return voice.say("conclusion.no_complaints", this=this)
        if self.small and not review.red_lines:
            return self.small_note()
        overall = self._overall()
        if review.red_lines:
            first = min(
                range(len(review.red_lines)),
                key=lambda index: (review.red_lines[index].kind != "safety", -review.red_lines[index].cases, index),
            )
            line = review.red_lines[first]
            n = self.number(f"red.{first}.cases", line.cases, "cases", method="case list", rows=",".join(line.rows))
            where = voice.where(line.slice) if line.slice else EMPTY
            return voice.say("conclusion.red", overall=overall, where=where, leaf=self._red_leaf(line), n=n)
        if self.causes:
            cause = self.causes[0]
            if cause.expected > 0 and cause.kind not in ("cluster", "safety"):
                said = voice.part(
                    "finding.rise_short", where=voice.where(cause.slice), leaf=self._leaf(cause), times=self._ratio(cause)
                )
            else:
                said = self.head(cause)
            key = "conclusion.cause_one" if len(self.decisions()) == 1 else "conclusion.cause"
            return voice.say(key, overall=overall, cause=said, this=this)
        mix = next((effect for effect in review.mix if effect.verdict == "composition"), None)
        if mix is not None:
            return voice.say(
                "conclusion.mix", figure=voice.figure_inside(mix.figure), change=self._mix_change(mix), overall=overall
            )
        figure = self._headline_figure()
        if figure is not None and figure.judgement in ("worse", "watch"):
            return overall + voice.word("word.stop")
        if self.late:
            late = self.number("prior.late", len(self.late), "items", method="ledger")
            return voice.say("conclusion.quiet_late", this=this, tested=self.tested, late=late)
        return voice.say("conclusion.quiet", this=this, tested=self.tested)

    def small_note(self) -> Phrase:
        """Say that there are too few cases to judge."""
        return self.voice.say(
            "small.note", this=self.voice.this(), n=self.number("review.cases", self.cases, "cases", method="cases counted once")
        )

    def _covered(self) -> Phrase:
        """Return the days that a partial period covers."""
        first, _, last = self.review.partial.partition("..")
        try:
            return self.voice.span(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            return self.voice.data(self.review.partial, 120)

    def _until(self) -> Phrase:
        last_covered = self.review.partial.partition("..")[2]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", last_covered):
            return self.voice.day(date.fromisoformat(last_covered))
        marks = [channel.complete_through for channel in self.review.channels if channel.complete_through is not None]
        if not marks:
            return self.voice.clock(self.review.as_of)
        last = max(marks) - timedelta(microseconds=1)  # complete up to, not including, the mark
        return self.voice.day(last.astimezone(ZoneInfo(self.review.period.zone)).date())

    def _headline_figure(self) -> Figure | None:
        return next(
            (figure for code in HEADLINE if (figure := self.review.figure(code)) is not None and figure.value is not None),
            None,
        )

    def _overall(self) -> Phrase:
        voice = self.voice
        known = [figure for code in HEADLINE if (figure := self.review.figure(code)) is not None and figure.value is not None]
        for judgement in ("worse", "better"):
            for figure in known:
                if direction(figure) == judgement:
                    return voice.say(f"conclusion.overall_{judgement}", this=voice.this(), figure=voice.figure_inside(figure))
        if known and direction(known[0]) == "watch":
            return voice.say("conclusion.overall_watch", this=voice.this(), figure=voice.figure_inside(known[0]))
        if known and all(direction(figure) in ("normal", "slightly_over") for figure in known[:1]):
            return voice.say("conclusion.overall_normal", this=voice.this())
        if known and all(figure.judgement == "untested" for figure in known):
            return voice.say("conclusion.overall_unjudged")
        return voice.say("conclusion.overall_causes" if self.causes else "conclusion.overall_unknown", this=voice.this())

    # ---- Findings ------------------------------------------------------------------------------

    def _leaf(self, cause: Cause) -> Phrase:
        symptom = cause.slice.get("symptom", "")
        known = self.voice.shop.taxonomy.every_leaf.get(cause.leaf)
        if not symptom and known is not None:  # a family that one symptom of the leaf makes is named by that symptom
            own = [each for each in known.symptoms if self.voice.shop.taxonomy.symptoms[each].family == cause.family]
            symptom = own[0] if len(own) == 1 else ""
        return self.voice.leaf(cause.leaf, symptom)

    def _id(self, cause: Cause, name: str) -> str:
        return f"cause.{cause.cause_id}.{name}"

    def _observed(self, cause: Cause) -> Phrase:
        return self.number(
            self._id(cause, "observed"), cause.observed, "cases", n=cause.exposure, method="scan", rows=",".join(cause.rows)
        )

    def _expected(self, cause: Cause) -> Phrase:
        value = round(cause.expected) if cause.expected >= 10 else round(cause.expected, 1)
        return self.number(self._id(cause, "expected"), value, "cases", n=cause.exposure, method="expected arrivals")

    def _ratio(self, cause: Cause) -> Phrase:
        if cause.rate is not None and cause.comparison_rate:
            return self.number(
                self._id(cause, "rate_ratio"), cause.rate / cause.comparison_rate, "times", n=cause.exposure, method="same age"
            )
        return self.number(self._id(cause, "ratio"), cause.ratio, "times", n=cause.exposure, method="observed/expected")

    def strength(self, cause: Cause) -> Phrase:
        """Return the rung of the ladder for a cause."""
        return self.voice.word(f"strength.{strength(cause.observed, cause.low)}")

    def head(self, cause: Cause) -> Phrase:
        """Return the message title of a cause, without numbers."""
        voice = self.voice
        where, leaf = voice.where(cause.slice), self._leaf(cause)
        if cause.kind in ("cluster", "safety", "reputation", "fall"):
            return voice.part(f"finding.head_{cause.kind}", where=where, leaf=leaf)
        clear = strength(cause.observed, cause.low) == "clear"
        return voice.part("finding.head_clear" if clear else "finding.head_watch", where=where, leaf=leaf)

    def finding(self, cause: Cause) -> Phrase:
        """Say a cause by its kind: where, what, since when, how much against what."""
        voice = self.voice
        observed, expected = self._observed(cause), self._expected(cause)
        where, leaf = voice.where(cause.slice), self._leaf(cause)
        if cause.kind == "cluster":
            return self._cluster(cause, where, observed)
        if cause.kind == "safety":
            return voice.say("finding.safety", where=where, observed=observed, leaf=leaf)
        if cause.kind == "reputation":
            return voice.say("finding.reputation", where=where, observed=observed, times=self._ratio(cause))
        if cause.kind == "fall":
            return voice.say("finding.fall", where=where, leaf=leaf, observed=observed, expected=expected)
        values = {
            "where": where,
            "leaf": leaf,
            "strength": self.strength(cause),
            "observed": observed,
            "expected": expected,
            "times": self._ratio(cause),
            "since": self._since(cause),
            "trend": voice.word(f"trend.{cause.trend}") if cause.trend else EMPTY,
        }
        kind = self._pattern(cause)
        if kind in ("batch", "carrier", "slice_rate"):
            values |= {
                "age": self.number(self._id(cause, "age"), cause.age_days or 0, "days", method="age"),
                "rate": self.number(
                    self._id(cause, "rate"), (cause.rate or 0) * 100, "per_100", n=cause.exposure, method="same age"
                ),
                "base": self.number(
                    self._id(cause, "comparison_rate"), (cause.comparison_rate or 0) * 100, "per_100", method="same age"
                ),
                "comparison": self._comparison(cause),
            }
        said = _tidy(voice.say(f"finding.{kind}", **values))
        if cause.contribution is not None and self._changed():
            share = self.number(self._id(cause, "contribution"), cause.contribution, "share", method="excess")
            said += voice.say("finding.contribution", this=voice.this(), share=share)
        together = cause.evidence.coincides
        if together and not {"batch_no", "listing_version"} & set(cause.slice):
            said += voice.say("finding.coincides", changes=voice.listed(voice.change(name, value) for name, value in together))
        return said

    def _pattern(self, cause: Cause) -> str:
        """Choose the pattern of a statistical cause; a rate needs its comparison, an age and enough units."""
        rated = cause.rate is not None and bool(cause.comparison_rate) and enough(cause.exposure, self.minimum)
        get = cause.slice.get
        if cause.kind in ("session", "app", "service", "promotion"):
            return cause.kind
        if cause.exposure_kind in COUNTED:
            return "records"
        if get("batch_no") and rated and cause.age_days:
            return "batch"
        if get("carrier") and rated:
            return "carrier"
        if get("listing_version"):
            return "listing"
        if get("ship_date") or (cause.since_axis in ("ship_date", "shipped_at") and not get("batch_no")):
            return "ship_date"
        return "slice_rate" if rated else "slice"

    def _comparison(self, cause: Cause) -> Phrase:
        key = f"comparison.{cause.comparison}"
        if key in self.voice.catalogue:
            return self.voice.word(key)
        return self.voice.data(cause.comparison, 60) if cause.comparison else self.voice.word("comparison.default")

    def _since(self, cause: Cause) -> Phrase:
        voice = self.voice
        if cause.since is None or any(value.endswith("..") for value in cause.slice.values()):
            return EMPTY  # an open slice says itself since when
        axis = {"shipped_at": "ship_date", "paid_at": "pay_date"}.get(cause.since_axis, cause.since_axis)
        if axis in ("ship_date", "pay_date", "made_on"):
            return voice.part(f"since.{axis}", day=voice.day(cause.since))
        if self.review.period.grain == "week" and cause.since.weekday() == 0:
            week = cause.since.isocalendar().week
            return voice.part("since.week", week=voice.dated(str(week)))
        return voice.part("since.day", day=voice.day(cause.since))

    def _cluster(self, cause: Cause, where: Phrase, observed: Phrase) -> Phrase:
        inside, outside = cause.evidence.rate_with, cause.evidence.rate_without
        if inside is not None and outside is not None:
            return self.voice.say(
                "finding.cluster_both",
                where=where,
                observed=observed,
                **{
                    "with": self.number(self._id(cause, "rate_with"), inside, "share", method="cluster counted"),
                    "without": self.number(self._id(cause, "rate_without"), outside, "share", method="cluster left out"),
                },
            )
        return self.voice.say("finding.cluster", where=where, observed=observed)

    def _changed(self) -> bool:
        """Whether the shop's own figure left its normal range: only then has an excess a share (docs/method.md, 5)."""
        return any(
            figure.kind.shows_excess and not figure.scope and figure.judgement == "worse" for figure in self.review.figures
        )

    def interval(self, cause: Cause) -> tuple[Phrase, Phrase]:
        """Return low and high end of observed ÷ expected."""
        return (
            self.number(self._id(cause, "low"), cause.low, "times", n=cause.exposure, method="95%"),
            self.number(self._id(cause, "high"), cause.high, "times", n=cause.exposure, method="95%"),
        )

    # ---- Three things, decisions ---------------------------------------------------------------

    def three(self) -> list[tuple[Phrase, Phrase]]:
        """Return at most three matters: what, where, since when, how much; and who does what next."""
        if self.review.partial:
            return []
        things: list[tuple[Phrase, Phrase]] = []
        for cause in self.causes[:3]:
            things.append((self._thing(cause), self._next(cause)))
        mix = next((effect for effect in self.review.mix if effect.verdict == "composition"), None)
        if mix is not None and len(things) < 3:
            things.append((self.mix(0 if self.review.mix[0] is mix else self.review.mix.index(mix), mix), EMPTY))
        return things

    def _thing(self, cause: Cause) -> Phrase:
        """Say a cause in one line: what, where, since when, how much; its sheet has the rest."""
        voice = self.voice
        values = {"head": self.head(cause), "since": self._since(cause), "life": self.life(cause)}
        if cause.expected <= 0 or cause.kind in ("cluster", "safety", "reputation"):
            said = voice.say("three.count", head=values["head"], life=values["life"], observed=self._observed(cause))
        elif self._pattern(cause) in ("batch", "carrier", "slice_rate"):
            rate = self.number(self._id(cause, "rate"), (cause.rate or 0) * 100, "per_100", n=cause.exposure, method="same age")
            said = voice.say("three.rate", rate=rate, times=self._ratio(cause), **values)
        else:
            said = voice.say("three.amount", observed=self._observed(cause), times=self._ratio(cause), **values)
        if not cause.money:
            return said + voice.word("word.stop")
        money = self.number(self._id(cause, "money"), cause.money, "money", method="excess per week")
        return voice.part("three.loss", said=said, money=money)

    def life(self, cause: Cause) -> Phrase:
        """Say whether a finding is new, for how long it has gone on, or that it is back."""
        if cause.life != "continuing":
            return self.voice.word(f"life.{cause.life}")
        unit = {"week": "weeks", "month": "months"}.get(self.review.period.grain, "periods")
        return self.voice.part("life.continuing", n=self.number(self._id(cause, "periods"), cause.periods, unit, method="ledger"))

    def ended(self) -> list[Phrase]:
        """Say what became of the findings of the last review that this one does not name, beside what it had foretold."""
        voice = self.voice
        out = []
        for cause in self.review.ended:
            said = voice.say(
                f"life.{cause.life}",
                where=voice.where(cause.slice),
                leaf=self._leaf(cause),
                this=voice.this(),
                observed=self._observed(cause),
                expected=self._expected(cause),
            )
            graded = self.graded(cause)
            out.append(voice.say("life.graded", said=said, **graded) if graded else said)
        return out

    def graded(self, cause: Cause) -> dict[str, Phrase]:
        """Return what the last review foretold of a cause and how it came out; nothing where it foretold nothing."""
        foretold = cause.evidence.graded
        if foretold is None:
            return {}
        low, high, actual = foretold.low, foretold.high, foretold.actual
        word = "hit" if low <= actual <= high else "over" if actual > high else "under"
        id_ = f"cause.{cause.cause_id}.foretold"
        return {
            "low": self.number(f"{id_}_low", low, "count", method="forecast of the last edition"),
            "high": self.number(f"{id_}_high", high, "cases", method="forecast of the last edition"),
            "word": self.voice.word(f"fact.forecast_{word}"),
        }

    def deferred(self) -> Phrase:
        """Name the findings for which there was no room this time."""
        left = self.review.deferred
        if not left:
            return EMPTY
        return self.voice.say(
            "life.deferred",
            n=self.number("review.deferred", len(left), "places", method="scan"),
            places=self.voice.listed([self.head(cause) for cause in left[:5]]),
        )

    def _next(self, cause: Cause) -> Phrase:
        voice = self.voice
        order = {ActionKind.CONTAIN: 0, ActionKind.CORRECT: 1, ActionKind.PREVENT: 2}
        mine = sorted(
            (action for action in self.proposals if action.cause_id == cause.cause_id),
            key=lambda one: (order[one.kind], one.due, one.action_id),
        )
        if not mine:
            return EMPTY
        action = mine[0]
        return voice.say(
            "three.next", owner=voice.owner(action), due=voice.due(action.due), what=voice.data(voice.action(action).what, 120)
        )

    def decisions(self) -> list[Decision]:
        """Return at most three decisions: stop-sale of stock in hand first, then what needs resources."""
        if self.review.partial:
            return []
        made: list[Decision] = self._red_decisions()
        seen: set[str] = set()
        by_cause = {cause.cause_id: cause for cause in self.causes}
        contain = sorted(
            (action for action in self.proposals if action.kind == ActionKind.CONTAIN), key=lambda one: (one.due, one.action_id)
        )
        for cause in self.causes:
            action = next((one for one in contain if one.cause_id == cause.cause_id), None)
            if action is None or not (cause.stock or cause.kind == "safety" or action.resources):
                continue
            made.append(self._decision(cause, action))
            seen.add(cause.cause_id)
        for action in self.proposals:
            if action.resources and action.cause_id not in seen:
                seen.add(action.cause_id)
                made.append(self._decision(by_cause.get(action.cause_id), action))
        return made[:3]

    def _red_decisions(self) -> list[Decision]:
        """Ask for the stop-sale decision of the gravest safety reports: nobody waits for a sample."""
        voice = self.voice
        lines = [line for line in self.review.red_lines if line.kind == "safety" and line.slice.get("sku")]
        grave = (
            sorted((line for line in lines if line.cases > 1), key=lambda line: (-line.cases, line.slice["sku"]))[:2] or lines[:1]
        )
        made: list[Decision] = []
        for line in grave:
            steps = [
                action
                for action in self.review.proposals
                if action.kind == ActionKind.CONTAIN and action.slice.get("sku") == line.slice["sku"] and action.restricted
            ]
            what = voice.part("decision.safety", where=voice.where(line.slice))
            owner = self._decider()
            if not steps or not owner:
                continue
            due = voice.due(min(action.due for action in steps))
            sentence = voice.say("decision.full", what=what, owner=owner, due=due, cost=voice.word("decision.cost_safety"))
            made.append(Decision(sentence, what))
        return made

    def _decider(self) -> Phrase:
        """Return who decides on a stop of sales: the general manager, where the shop has one."""
        people = self.voice.shop.people
        role = next((code for code, name in people.roles.items() if "总经理" in (code, *name.texts.values())), "")
        return self.voice.person(people.owner(role).name) if role else self.voice.person(people.default_owner)

    def _decision(self, cause: Cause | None, action: Action) -> Decision:
        voice = self.voice
        stock = cause.stock if cause else None
        batch = cause.slice.get("batch_no", "") if cause else ""
        if cause is not None and stock and batch:
            n = self.number(self._id(cause, "stock"), stock, "units", method="batch table")
            what = voice.part("decision.stock", batch=voice.data(batch), stock=n)
        else:
            what = voice.part("decision.action", what=voice.data(voice.action(action).what, 80))
        cost = EMPTY
        if cause is not None and cause.kind == "safety":
            cost = voice.word("decision.cost_safety")
        elif cause is not None and cause.observed > cause.expected:
            weeks = max(cause.window_weeks, 1)
            cases = self.number(
                self._id(cause, "excess_per_week"),
                round((cause.observed - cause.expected) / weeks),
                "cases",
                method="excess per week",
            )
            if cause.money:
                money = self.number(self._id(cause, "money"), cause.money, "money", method="excess per week")
                cost = voice.say("decision.cost_money", cases=cases, money=money)
            else:
                cost = voice.say("decision.cost", cases=cases)
        sentence = voice.say("decision.full", what=what, owner=voice.owner(action), due=voice.due(action.due), cost=cost)
        return Decision(_tidy(sentence), what)

    # ---- Prior actions -------------------------------------------------------------------------

    def promises(self) -> list[Phrase]:
        """Say what was promised: due, done, late, proven; then the late ones by owner."""
        voice = self.voice
        if not self.prior:
            return [voice.word("promise.none_made")]
        counts = Counter(result.status for result in self.prior)
        due = counts[ActionStatus.DONE] + counts[ActionStatus.LATE] + counts[ActionStatus.DUE]
        said: list[Phrase] = []
        if due:
            line = voice.say(
                "promise.line",
                due=self.number("prior.due", due, "items", method="ledger"),
                done=self.number("prior.done", counts[ActionStatus.DONE], "items", method="ledger"),
                late=self.number("prior.late", counts[ActionStatus.LATE], "items", method="ledger"),
            )
        else:
            line = voice.word("promise.none")
        verdicts = Counter(result.verdict for result in self.prior if result.verdict is not None)
        parts = [
            voice.part(
                "promise.part",
                word=voice.word(f"verdict.{verdict.value}"),
                n=self.number(f"prior.verdict.{verdict.value}", verdicts[verdict], "items", method="effect check"),
            )
            for verdict in Verdict
            if verdicts[verdict]
        ]
        if parts:
            line += voice.say("promise.verified", parts=voice.listed(parts))
        said.append(line)
        said += [self._late(result) for result in self.late[:3]]
        if len(self.late) > 3:
            said.append(
                voice.say("promise.more_late", n=self.number("prior.more_late", len(self.late) - 3, "items", method="ledger"))
            )
        return said

    def _late(self, result: ActionResult) -> Phrase:
        voice = self.voice
        id_ = f"prior.{result.action.action_id}"
        days = self.number(f"{id_}.days_late", result.days_late, "days", method="ledger")
        values = {"owner": voice.owner(result.action), "what": voice.data(voice.action(result.action).what, 60), "days": days}
        if not result.days_late:
            return voice.say("promise.late_today", owner=values["owner"], what=values["what"])
        if result.postponed:
            return voice.say(
                "promise.late_postponed",
                times=self.number(f"{id_}.postponed", result.postponed, "count", method="ledger"),
                **values,
            )
        return voice.say("promise.late", **values)

    def verdicts(self) -> list[tuple[str, Phrase]]:
        """Return verdict and sentence of every prior action that was judged, the sure ones first."""
        order = {
            verdict: index
            for index, verdict in enumerate(
                (Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.RELAPSED, Verdict.WORSE, Verdict.NO_CHANGE, Verdict.UNDECIDED)
            )
        }
        judged = [result for result in self.prior if result.verdict is not None]
        judged.sort(key=lambda result: (order[result.verdict or Verdict.UNDECIDED], result.action.action_id))
        bare = [
            result
            for result in judged
            if result.verdict == Verdict.UNDECIDED and (result.needed is None or result.n_after is None)
        ]
        if len(bare) > 1:  # nothing can be said about these but their names: one line
            named = join(
                (self.voice.data(self.voice.action(result.action).what, 60) for result in bare),
                self.voice.catalogue["word.clause_sep"],
            )
            judged = [result for result in judged if result not in bare]
            return [*self._judged(judged), ("undecided", self.voice.say("verdict.text_undecided_plain", what=named))]
        return self._judged(judged)

    def _judged(self, judged: list[ActionResult]) -> list[tuple[str, Phrase]]:
        return [
            ((result.verdict or Verdict.UNDECIDED).value, self._verdict(result) + self._side_effect(result)) for result in judged
        ]

    def _side_effect(self, result: ActionResult) -> Phrase:
        """Say that the same units brought more cases of other kinds."""
        if result.side_before is None or result.side_after is None:
            return EMPTY
        id_ = f"prior.{result.action.action_id}"
        return self.voice.say(
            "verdict.side",
            before=self.number(f"{id_}.side_before", result.side_before, "share", n=result.n_before, method="same units"),
            after=self.number(f"{id_}.side_after", result.side_after, "share", n=result.n_after, method="same units"),
        )

    def _verdict(self, result: ActionResult) -> Phrase:
        voice, action, verdict = self.voice, result.action, result.verdict
        id_ = f"prior.{action.action_id}"
        what = voice.data(voice.action(action).what, 80)
        method = f"{METHODS.get(result.method, 'exact rate ratio')}, {action.cut_in_axis or 'done date'}"
        rated = result.rate_before is not None and result.rate_after is not None and result.ratio is not None
        if verdict == Verdict.UNDECIDED or not rated:
            if result.needed is not None and result.n_after is not None:
                unit = COUNT_UNITS.get(action.exposure, "orders")
                values = {
                    "what": what,
                    "now": self.number(f"{id_}.n_after", result.n_after, unit, method=method),
                    "needed": self.number(f"{id_}.needed", result.needed, unit, method=method),
                }
                if result.needed_by is not None:
                    return voice.say("verdict.text_undecided", by=voice.day(result.needed_by), **values)
                return voice.say("verdict.text_undecided_n", **values)
            if verdict not in (None, Verdict.UNDECIDED):
                return voice.say("verdict.text_plain", word=voice.word(f"verdict.{verdict.value}"), what=what)
            return voice.say("verdict.text_undecided_plain", what=what)
        before = self.number(f"{id_}.rate_before", result.rate_before, "share", n=result.n_before, method=method)
        after = self.number(f"{id_}.rate_after", result.rate_after, "share", n=result.n_after, method=method)
        metric = voice.data(voice.action(action).metric, 40)
        if verdict == Verdict.NO_CHANGE:
            return voice.say("verdict.text_no_change", what=what, metric=metric, before=before, after=after)
        ratio = 1.0 if result.ratio is None else result.ratio
        if verdict == Verdict.WORSE:
            times = self.number(f"{id_}.ratio", ratio, "times", n=result.n_after, method=method)
            return voice.say("verdict.text_worse", what=what, metric=metric, before=before, after=after, times=times)
        if verdict == Verdict.RELAPSED:
            later = self.number(f"{id_}.rate_later", result.rate_later, "share", n=result.n_later, method=method)
            return voice.say("verdict.text_relapsed", what=what, metric=metric, before=before, after=after, later=later)
        if ratio > 1:
            return voice.say("verdict.text_rising", what=what, metric=metric, before=before, after=after)
        values = {
            "what": what,
            "metric": metric,
            "before": before,
            "after": after,
            "drop": self.number(f"{id_}.drop", 1 - ratio, "tenths", n=result.n_after, method=method),
            "low": self.number(
                f"{id_}.drop_low", max(0.0, 1 - (result.high if result.high is not None else ratio)), "tenths", method="95%"
            ),
            "high": self.number(
                f"{id_}.drop_high", max(0.0, 1 - (result.low if result.low is not None else ratio)), "tenths", method="95%"
            ),
        }
        adjusted = self._adjusted(result)
        if verdict == Verdict.PARTLY:
            return voice.say("verdict.text_partly", **values) + adjusted
        steady = result.control_ratio is not None and 0.8 <= result.control_ratio <= 1.25
        return voice.say("verdict.text_effective_control" if steady else "verdict.text_effective", **values) + adjusted

    def _adjusted(self, result: ActionResult) -> Phrase:
        """Say why the printed change is not that of the two printed rates, where it is not."""
        if not result.rate_before or not result.rate_after or not result.ratio or result.method not in ADJUSTED:
            return EMPTY
        plain = result.rate_after / result.rate_before
        alike = 1 / ADJUSTED_FROM < result.ratio / plain < ADJUSTED_FROM
        return EMPTY if alike else self.voice.word(f"verdict.adjusted_{result.method}")

    # ---- Mix effects, breaks, data -------------------------------------------------------------

    def mix_unit(self, effect: MixEffect) -> str:
        """Return the unit of the figure that a mix effect splits."""
        figure = self.review.figure(effect.figure)
        return figure.unit if figure is not None else "share"

    def _mix_change(self, effect: MixEffect) -> Phrase:
        unit = {"share": "points", "per_100": "change_per_100", "money": "money_change"}.get(
            self.mix_unit(effect), "count_change"
        )
        return self.number(
            f"mix.{effect.figure}.{effect.dimension}.change", effect.after - effect.before, unit, method="decomposition"
        )

    def mix(self, index: int, effect: MixEffect) -> Phrase:
        """Say what a change of a shop-level rate came from."""
        voice = self.voice
        id_ = f"mix.{effect.figure}.{effect.dimension}"
        unit = {"share": "points", "per_100": "change_per_100", "money": "money_change"}.get(
            self.mix_unit(effect), "count_change"
        )
        figure, change = voice.figure_inside(effect.figure), self._mix_change(effect)
        if effect.verdict == "none":
            return voice.say("finding.mix_none", figure=figure)
        own = self.number(f"{id_}.own", effect.own, FINE.get(unit, unit), method="decomposition")
        if effect.verdict == "own":
            return voice.say("finding.mix_own", figure=figure, change=change, own=own)
        values = {
            "figure": figure,
            "change": change,
            "leading": voice.value(effect.dimension, effect.leading),
            "before": self.number(f"{id_}.share_before", effect.share_before, "share", method="share of orders"),
            "after": self.number(f"{id_}.share_after", effect.share_after, "share", method="share of orders"),
        }
        if effect.verdict == "composition":
            return voice.say("finding.mix", **values)
        return voice.say(
            "finding.mix_both",
            composition=self.number(f"{id_}.composition", effect.composition, FINE.get(unit, unit), method="decomposition"),
            own=own,
            **values,
        )

    def break_line(self, index: int, one: Break) -> Phrase:
        """Say an event that makes before and after incomparable."""
        voice = self.voice
        name = voice.text(one.name, 80)
        known = {channel.name: channel for channel in voice.shop.channels.channels}
        if one.kind == "missing_data" and len(one.affects) == 1 and (one.affects[0] in known or not name):
            channel = known.get(one.affects[0])
            title = channel.title(voice.language.code) if channel else one.affects[0]
            name = voice.part("breaks.no_data", channel=voice.data(title, 40))
        name = name or voice.word(f"breaks.{one.kind}")
        when = voice.span(one.on, one.until) if one.until else voice.part("breaks.since", day=voice.day(one.on))
        key = f"breaks.line_{one.kind}"
        said = voice.say(key if key in voice.catalogue else "breaks.line", name=name, when=when)
        bridges = [
            voice.part(
                "breaks.bridge",
                old=voice.leaf(old),
                new=voice.leaf(new),
                n=self.number(f"break.{index}.{old}.{new}", moved, "cases", method="bridge"),
            )
            for old, new, moved in one.bridge
        ]
        return said + voice.listed(bridges) + voice.word("word.stop") if bridges else said

    def data_trust(self) -> list[Phrase]:
        """Say how far the data may be trusted: complete sources, gaps, excluded channels, lateness."""
        voice, review = self.voice, self.review
        channels = review.channels
        if not channels:
            return [voice.word("missing.channels")]
        good = [channel for channel in channels if not channel.error and not channel.excluded and not channel.missing_days]
        broken = any(channel.error or channel.excluded for channel in channels)
        values = {
            "usable": voice.word("data.partly" if broken or review.partial else "data.usable"),
            "all": self.number("data.channels", len(channels), "sources", method="pulls"),
            "ok": self.number("data.channels_ok", len(good), "sources", method="pulls"),
        }
        if review.completeness is not None and not review.partial:
            done = self.number("data.completeness", review.completeness, "share", method="late arrivals")
            said = [voice.say("data.sentence", completeness=done, **values)]
        else:
            said = [voice.say("data.sentence_plain", **values)]
        if review.partial:
            said.append(voice.say("data.partial_sentence", why=self._covered()))
        for channel in channels:
            name = voice.channel(channel, 40)
            if channel.error:
                said.append(voice.say("data.error", channel=name, why=voice.part(f"channel_problem.{channel.problem.value}")))
            elif channel.excluded:
                share = channel.quarantined / channel.read if channel.read else 0.0
                said.append(
                    voice.say(
                        "data.excluded",
                        channel=name,
                        share=self.number(f"channel.{channel.channel}.quarantined_share", share, "share", n=channel.read),
                    )
                )
            elif channel.missing_days:
                said.append(voice.say("data.missing", channel=name, days=voice.days(channel.missing_days)))
        read, bad = sum(channel.read for channel in channels), sum(channel.quarantined for channel in channels)
        if read:
            said.append(
                voice.say(
                    "data.quarantined",
                    read=self.number("data.read", read, "records", method="pulls"),
                    bad=self.number("data.quarantined", bad, "records", method="expectations"),
                )
            )
        for note in voice.shop.identity.notes:
            said.append(voice.text(note.texts, 300))
        return said

    def data_short(self) -> Phrase:
        """Say the state of the data in the head line."""
        voice, review = self.voice, self.review
        gaps: list[Phrase] = []
        for channel in review.channels:
            name = voice.channel(channel, 24)
            if channel.error:
                gaps.append(voice.part("data.gap_error", channel=name))
            elif channel.excluded:
                gaps.append(voice.part("data.gap_excluded", channel=name))
            elif channel.missing_days:
                n = self.number(f"channel.{channel.channel}.missing_days", len(channel.missing_days), "days", method="pulls")
                gaps.append(voice.part("data.gap_days", channel=name, days=n))
        if review.partial:
            return voice.say("data.limited", gaps=voice.part("data.partial", until=self._until()))
        if not gaps:
            return voice.word("data.usable")
        broken = any(channel.error or channel.excluded for channel in review.channels)
        said = gaps[0]
        if len(gaps) > 1:
            said = voice.part("data.gap_more", gap=said, n=self.number("data.gaps", len(gaps) - 1, "count", method="pulls"))
        return voice.say("data.limited" if broken else "data.usable_gaps", gaps=said)

    def method(self) -> list[Phrase]:
        """Say how many places were checked, what nearly passed, and what the figures rest on."""
        voice, review = self.voice, self.review
        said: list[Phrase] = []
        if review.tested and not review.partial:
            alarms = self.number(
                "review.expected_false_alarms", ceil(review.expected_false_alarms), "places", method="scan, false discoveries"
            )
            said.append(voice.say("method.tested", tested=self.tested, alarms=alarms))
        rejected = review.strongest_rejected
        if rejected is not None and not review.partial:
            said.append(
                voice.say(
                    "method.rejected",
                    where=voice.where(rejected.slice),
                    leaf=self._leaf(rejected),
                    observed=self.number("rejected.observed", rejected.observed, "cases", n=rejected.exposure, method="scan"),
                    expected=self.number("rejected.expected", round(rejected.expected, 1), "cases", method="expected arrivals"),
                    why=self._why(review.rejected_why),
                )
            )
        base = voice.shop.identity.base
        if base != "orders":
            said.append(voice.word(f"method.base_{base}"))
        said.append(
            voice.word("method.families")
            if base == "orders"
            else voice.say("method.rates", n=self.number("shop.minimum_n", self.minimum, "cases"))
        )
        said.append(voice.word("method.complaint"))
        said.append(voice.word("method.confidence" if review.period.grain == "week" else "method.confidence_month"))
        if self.withheld and not self.restricted:
            said.append(
                voice.say("method.restricted", n=self.number("review.restricted", self.withheld, "items", method="ledger"))
            )
        return said

    def _why(self, why: str) -> Phrase:
        key = f"why.{why}"
        return (
            self.voice.word(key)
            if key in self.voice.catalogue
            else self.voice.data(why or self.voice.catalogue["why.default"], 160)
        )

    def due_items(self) -> list[Phrase]:
        """Say given deadlines by kind: what is close, what was missed."""
        voice = self.voice
        said: list[Phrase] = []
        for kind in sorted({item.kind for item in self.review.due_items}):
            items = [item for item in self.review.due_items if item.kind == kind]
            open_items = [item for item in items if not item.missed]
            if open_items:
                until = max(item.must_act_by for item in open_items)
                n = self.number(f"due.{kind}.open", len(open_items), "items", method="given deadline")
                money = sum(item.amount or 0 for item in open_items)
                if money and kind == "evidence":
                    amount = self.number(f"due.{kind}.amount", money, "money", method="given deadline")
                    said.append(
                        voice.say("due.line", until=voice.clock(until), n=n, kind=voice.word(f"due.{kind}"), money=amount)
                    )
                else:
                    said.append(voice.say("due.line_plain", until=voice.clock(until), n=n, kind=voice.word(f"due.{kind}")))
            missed = len(items) - len(open_items)
            if missed:
                n = self.number(f"due.{kind}.missed", missed, "items", method="given deadline")
                said.append(voice.say("due.missed", kind=voice.word(f"due.{kind}"), n=n))
        return said


def _urgency(cause: Cause) -> tuple[int, float, float, str]:
    """Order causes: safety first, then money, then excess cases."""
    return (
        0 if cause.kind == "safety" or cause.track == "safety" else 1,
        -(cause.money or 0.0),
        -(cause.observed - cause.expected),
        cause.cause_id,
    )


def _tidy(phrase: Phrase) -> Phrase:
    """Remove the separators that an empty place leaves before a full stop: `；。` → `。`."""
    text = phrase.plain
    if not any(pair in text for pair in ("；。", "，。", "; .", ", .")):
        return phrase
    pieces = list(phrase.pieces)
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        if piece.kind != "word":
            continue
        fixed = piece.text.replace("；。", "。").replace("，。", "。").replace("; .", ".").replace(", .", ".")
        if fixed.startswith(("。", ".")) and index and pieces[index - 1].kind == "word":
            before = pieces[index - 1]
            pieces[index - 1] = type(before)(before.text.rstrip("；，;, "), before.kind, before.id)
        if fixed in ("。", ".") or fixed != piece.text:
            pieces[index] = type(piece)(fixed, piece.kind, piece.id)
    return Phrase(tuple(pieces))

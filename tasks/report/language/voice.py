"""The wording of one edition: its language, catalogue, numbers, gate and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from string import Formatter
from zoneinfo import ZoneInfo

from tasks.model.actions import Action, ActionWords
from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.model.review import ChannelQuality
from tasks.report.language.action_words import action_words
from tasks.report.language.legal_words import Gate
from tasks.report.language.masks import with_own_masks
from tasks.report.language.numbers import Numbers
from tasks.report.language.phrase import EMPTY, Phrase, Piece, clean, join, word
from tasks.report.language.registry import language as language_of
from tasks.shop.load import Shop
from tasks.shop.names import text_in
from tasks.shop.taxonomy import COARSE

_FORMATTER = Formatter()
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
NOT_PLACES = ("symptom", "leaf", "family", "metric", "claim_cluster", "body")
"""Keys of a slice that describe what, not where."""


class Voice:
    """Fills message patterns with numbers, dates and data.

    Args:
        shop: Names of leaves, people and dimensions.
        language: Code of a registered language.
        numbers: Registry of the edition.
        gate: Gate through which every word from data or configuration passes.
        period: The reviewed period; its zone is the business zone.
    """

    def __init__(self, shop: Shop, language: str, numbers: Numbers, gate: Gate, period: Period) -> None:
        self.shop = shop
        self.language = language_of(language)
        self.catalogue = self.language.messages
        self.numbers = numbers
        self.gate = gate
        self.period = period

    # ---- Words ---------------------------------------------------------------------------------

    def word(self, key: str) -> Phrase:
        """Return a fixed word of the catalogue."""
        return word(self.catalogue[key])

    def say(self, key: str, **values: Phrase | str) -> Phrase:
        """Fill a pattern that is a sentence: it begins with a capital letter."""
        return self._begun(self.part(key, **values))

    def _begun(self, phrase: Phrase) -> Phrase:
        """Begin a sentence as the language does; a leading number or code stays as it is."""
        if not phrase.pieces:
            return phrase
        first, *others = phrase.pieces
        if first.kind == "number" or (first.kind == "datum" and any(character.isdigit() for character in first.text)):
            return phrase
        return Phrase((Piece(self.language.begin(first.text), first.kind, first.id), *others))

    def part(self, key: str, **values: Phrase | str) -> Phrase:
        """Fill a pattern; a plain string counts as data: it is cleaned, gated and marked."""
        pieces: list[Piece] = []
        for literal, name, _, _ in _FORMATTER.parse(self.catalogue[key]):
            if literal:
                pieces.append(Piece(literal))
            if name is not None:
                value = values[name]
                pieces.extend((value if isinstance(value, Phrase) else self.data(value)).pieces)
        return Phrase(tuple(pieces))

    def data(self, text: str, limit: int = 500) -> Phrase:
        """Return words that came from data or configuration: cleaned, gated, marked, what is masked in them in this language."""
        passed = self.gate.pass_text(clean(with_own_masks(str(text), self.language.code), limit))
        return Phrase((Piece(passed, "datum"),)) if passed else EMPTY

    def text(self, texts: Mapping[str, str], limit: int = 500) -> Phrase:
        """Choose from texts by language: the one in this edition's language, else in the shop's first."""
        return self.data(text_in(texts, self.language.code, self.shop.identity.languages[0]), limit)

    def listed(self, phrases: Iterable[Phrase]) -> Phrase:
        """Join the members of a list."""
        return join(phrases, self.catalogue["word.list_sep"])

    def this(self, which: str = "this") -> Phrase:
        """Return «this week», «last month», … for the reviewed period."""
        return self.word(f"{which}.{self.period.grain}")

    # ---- Dates ---------------------------------------------------------------------------------

    def dated(self, text: str) -> Phrase:
        """Mark a text as a date."""
        return Phrase((Piece(text, "date"),))

    def day(self, day: date) -> Phrase:
        """Return a day."""
        return self.dated(self.language.day(day))

    def span(self, first: date, last: date) -> Phrase:
        """Return the days from first to last."""
        return self.dated(self.language.span(first, last))

    def short_span(self, first: date, last: date) -> Phrase:
        """Return the days from first to last for small print; of another year, with their year."""
        if {first.year, last.year} != {self.period.last_day.year}:
            return self.span(first, last)
        return self.dated(self.language.short_span(first, last))

    def days(self, days: Iterable[date]) -> Phrase:
        """Return several days: a run as a span, others one by one (at most five)."""
        ordered = sorted(set(days))
        if len(ordered) > 2 and (ordered[-1] - ordered[0]).days == len(ordered) - 1:
            return self.span(ordered[0], ordered[-1])
        phrase = self.listed(self.day(day) for day in ordered[:5])
        return phrase + self.word("word.and_more") if len(ordered) > 5 else phrase

    def due(self, moment: datetime) -> Phrase:
        """Return a deadline."""
        return self.dated(self.language.due(moment, self.period.zone))

    def clock(self, moment: datetime) -> Phrase:
        """Return a moment with its time of day."""
        year = moment.astimezone(ZoneInfo(self.period.zone)).year != self.period.last_day.year
        return self.dated(self.language.clock(moment, self.period.zone, year=year))

    # ---- Names ---------------------------------------------------------------------------------

    def leaf(self, code: str, symptom: str = "") -> Phrase:
        """Return the name of a leaf, or of its symptom where one is given (`PRD.FAULT:battery` is both)."""
        code, _, named = code.partition(":")
        symptom = symptom or named
        taxonomy = self.shop.taxonomy
        name = taxonomy.symptom_name(symptom, self.language.code) if symptom else taxonomy.name(code, self.language.code)
        return self.data(self.language.inside(name), 60)

    def lens_label(self, lens: str, label: str) -> Phrase:
        """Return the name of a label under a lens."""
        if label == COARSE:
            return self.word("word.coarse")
        known = self.shop.taxonomy.lenses.get(lens)
        return self.data(known.label_of(label, self.language.code) if known else label, 40)

    def figure(self, figure: Figure | str) -> Phrase:
        """Return the name of a figure; one unknown to the catalogue keeps its code."""
        code = figure if isinstance(figure, str) else figure.code
        key = f"figure.{code}.name"
        return self.word(key) if key in self.catalogue else self.data(code.replace("_", " "))

    def figure_inside(self, figure: Figure | str) -> Phrase:
        """Return the name of a figure as written inside a sentence."""
        return Phrase(tuple(Piece(self.language.inside(piece.text), piece.kind) for piece in self.figure(figure).pieces))

    def scope(self, figure: Figure) -> Phrase:
        """Return the name of the part of the shop that a figure is about: a platform, line, milestone or loss item."""
        key = f"scope.{figure.scope}"
        if key in self.catalogue:
            return self.word(key)
        return self.milestone(figure.scope, 30)

    def milestone(self, code: str, limit: int) -> Phrase:
        """Return the name of a milestone; an unknown one keeps its code."""
        known = self.shop.service_levels.milestone(code)
        return self.data(known.of(self.language.code) if known else code, limit)

    def dimension(self, name: str) -> Phrase:
        """Return the name of a dimension."""
        declared = self.shop.dimensions.get(name)
        if declared is not None and declared.domain == "records":
            return self.data(declared.of(self.language.code))
        if f"dim.{name}" in self.catalogue:
            return self.word(f"dim.{name}")
        return self.data(declared.of(self.language.code) if declared else name.replace("_", " "))

    def value(self, dimension: str, value: str, limit: int = 60) -> Phrase:
        """Return the name of a dimension's value; a code in small letters is written as words."""
        key = f"value.{value}"
        if dimension == "delivery" and f"delivery.{value}" in self.catalogue:
            return self.word(f"delivery.{value}")
        if dimension in ("traffic_source", "shift", "os", "queue", "buyer_group") and key in self.catalogue:
            return self.word(key)
        if dimension.endswith("_date") and (span := _span(value)) is not None:
            return self.span(*span)
        return self.data(value.replace("_", " ") if _CODE.fullmatch(value) else value, limit)

    def change(self, dimension: str, value: str) -> Phrase:
        """Return something that changed by dimension and value: `批次 SM04-2610A`."""
        name = value.partition("@")[2] or value
        return join([self.dimension(dimension), self.value(dimension, name)], " ")

    def channel(self, channel: ChannelQuality, limit: int) -> Phrase:
        """Return a channel's name in this language."""
        declared = next((known for known in self.shop.channels.channels if known.name == channel.channel), None)
        name = declared.title(self.language.code) if declared else channel.label or channel.channel
        return self.data(name, limit)

    def readable(self, text: str) -> bool:
        """Whether readers of this language can read quoted words; what is masked in them they can."""
        return self.language.reads(with_own_masks(text, self.language.code))

    def action(self, action: Action) -> ActionWords:
        """Return an action's wording in this language."""
        return action_words(action, self.shop.playbook, self.language)

    def owner(self, action: Action) -> Phrase:
        """Return the person who owns an action."""
        return self.person(action.owner)

    def shop_name(self, limit: int = 40) -> Phrase:
        """Return the shop's name."""
        return self.data(self.shop.identity.title(self.language.code), limit)

    def person(self, owner: str) -> Phrase:
        """Return a person's name as this language writes it."""
        return self.data(self.shop.people.label(owner, self.language.code), 40)

    def where(self, slice_: dict[str, str]) -> Phrase:
        """Return a slice as a place: the words that a reader would use for it."""
        slice_ = {name: each for name, each in slice_.items() if each and name not in NOT_PLACES}
        get = slice_.get

        def value(name: str) -> Phrase:
            return self.value(name, get(name, ""))

        dates = [name for name in ("ship_date", "pay_date") if get(name)]
        if dates and len(slice_) > len(dates):
            rest = {name: each for name, each in slice_.items() if name not in dates}
            if get(dates[0], "").endswith(".."):
                first = _span(get(dates[0], ""))
                days = self.day(first[0]) if first else value(dates[0])
                return self.part(f"where.{dates[0]}_open", where=self.where(rest), days=days)
            return self.part(f"where.{dates[0]}", where=self.where(rest), days=value(dates[0]))
        rest = slice_
        if get("batch_no"):
            key = "where.batch" if get("sku") else "where.batch_only"
            return (
                self.part(key, sku=value("sku"), batch=value("batch_no"))
                if get("sku")
                else self.part(key, batch=value("batch_no"))
            )
        region = "region" if get("region") else "dest_province"
        if get("carrier") and get(region):
            if get("line"):
                return self.part("where.carrier_region_line", region=value(region), carrier=value("carrier"), line=value("line"))
            return self.part("where.carrier_region", region=value(region), carrier=value("carrier"))
        if "@" in get("listing_version", ""):
            sku, _, version = get("listing_version", "").partition("@")
            return self.part("where.listing", sku=self.data(sku, 40), version=self.data(version, 20))
        if get("listing_version") and get("sku"):
            return self.part("where.listing", sku=value("sku"), version=value("listing_version"))
        if get("app_version"):
            return self.part("where.app", line=value("line"), os=value("os"), version=value("app_version"))
        if get("queue") or get("shift"):
            return self.part("where.queue", platform=value("platform"), queue=value("queue"), shift=value("shift"))
        if get("session_id"):
            return self.part("where.session", session=value("session_id"))
        if not rest:
            return self.word("where.shop")
        ordered = sorted(rest, key=lambda name: (name not in ("region", "platform", "warehouse", "line"), name))
        return join((self.value(name, rest[name]) for name in ordered), self.catalogue["where.join"])


def _span(text: str) -> tuple[date, date] | None:
    """Read `2026-10-12..2026-10-25` or one day."""
    first, _, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        return None

"""A proposed declaration: the table that a sample feeds, the column that each canonical column comes from, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from tasks.connect.evidence import ORDERS, ColumnEvidence, column_evidence
from tasks.connect.feedback_sources import source_of
from tasks.connect.headings import KnownHeadings, plain
from tasks.connect.return_reasons import reasons_mapped
from tasks.connect.samples import Note, Sample
from tasks.connect.unit_prices import is_unit_price
from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.tables import TABLES

LEAST = 0.35
"""A column less certain than this is not proposed."""
SURE, LIKELY = 0.8, 0.55
FITTING = 0.6
"""Share of the cells that must be of a column's kind."""
SOME = 0.3
"""The same where the heading leaves no doubt: what cannot be read then shows."""
EXTRA = {"source_id": pl.String, "stamp": UTC_TIME}
"""Keys of a channel beside its columns."""
_NEEDED = {
    "feedback": ("submitted_at",),
    "order_line": ("tid", "sku", "qty", "paid_at"),
    "aftersale": ("aftersale_id", "oid", "applied_at"),
    "product": ("sku",),
}
_ONE_OF = {
    "feedback": ("text", "title", "rating", "source_code"),
    "order_line": ("sku", "qty"),
    "aftersale": ("type", "reason_buyer_first", "refund_amount"),
    "product": ("line", "name", "price", "cost"),
}
"""Table → columns by which it is recognised: all of the first, and at least one of the second."""
_LINE_NUMBERS = frozenset(
    {"line", "line no", "line number", "line nr", "pos", "position", "item position", "行号", "行次", "项次", "明细行号"}
)
"""Headings of a line's number within its order."""
_WORDS = 0.1
"""What a text column adds for a table of what customers say."""


@dataclass(frozen=True)
class ProposedColumn:
    """One canonical column of a proposal.

    spec: As under `columns` of a channel.
    confidence: 0 to 1.
    reasons: Why, most important first.
    """

    name: str
    spec: Any
    confidence: float
    reasons: tuple[Note, ...]


@dataclass(frozen=True)
class Proposal:
    """A proposed channel.

    confidence: How well the sample fits the table, 0 to 1.
    others: Further tables that it might feed, with how well it fits them.
    constants: Keys of the channel that hold one value for all rows.
    columns: What feeds the table, in its order; `source_id` and `stamp` are among them.
    unused: Headings that feed nothing.
    doubts: What somebody must look at.
    """

    table: str
    confidence: float
    others: tuple[tuple[str, float], ...]
    constants: dict[str, str]
    columns: tuple[ProposedColumn, ...]
    unused: tuple[str, ...]
    doubts: tuple[Note, ...] = ()

    def has(self, name: str) -> bool:
        """Return whether a canonical column comes from the source itself."""
        return any(column.name == name and not _is_constant(column.spec) for column in self.columns)


@dataclass
class _Draft:
    """What is matched so far: canonical column → heading, certainty and reason."""

    table: str
    matched: dict[str, tuple[str, float, Note]] = field(default_factory=dict)
    made: dict[str, ProposedColumn] = field(default_factory=dict)


def propose(sample: Sample, words: KnownHeadings, *, zone: str, now: datetime, table: str = "") -> Proposal:
    """Propose the channel that a sample would be.

    Args:
        sample: A file as its reader reads it.
        words: Known headings.
        zone: Zone of times without one.
        now: The moment, aware UTC.
        table: The table, where the user names it.

    Raises:
        UserError: If the sample fits no table, or lacks what the named one needs.
    """
    seen = {name: column_evidence(name, sample.rows[name], zone=zone, now=now) for name in sample.rows.columns}
    drafts = [_matched(name, seen, words) for name in words.headings if not table or name == table]
    fits = {draft.table: _fit(draft, seen) for draft in drafts}
    ranked = sorted(drafts, key=lambda draft: -fits[draft.table])
    best = ranked[0] if ranked else None
    if best is None or (fits[best.table] <= 0 and not table):
        raise UserError(
            f"The columns of {sample.file.name} fit no table: {', '.join(sample.rows.columns[:12])}.",
            hint="Name the table by --table, or map the columns by hand (the comments of channels.yaml show how).",
        )
    others = tuple((draft.table, fits[draft.table]) for draft in ranked[1:] if fits[draft.table] > 0)
    return _completed(best, sample, seen, words, fits[best.table], others)


def _matched(table: str, seen: Mapping[str, ColumnEvidence], words: KnownHeadings) -> _Draft:
    """Give each canonical column the best heading whose cells are of its kind; one heading feeds one column."""
    draft = _Draft(table)
    kinds = {**TABLES[table].columns, **EXTRA}
    candidates = []
    for column in words.headings[table]:
        for heading, evidence in seen.items():
            score, known = words.score(table, column, heading)
            if score and evidence.filled:
                fitting = _fitting(column, kinds[column], evidence)
                certain = score * (0.6 + 0.4 * fitting)
                if fitting >= (SOME if score > LIKELY else FITTING) and certain >= LEAST:
                    candidates.append((certain, column, heading, Note("connect.by_heading", {"known": known})))
    used: set[str] = set()
    for certain, column, heading, note in sorted(
        candidates, key=lambda one: (-one[0], list(words.headings[table]).index(one[1]))
    ):
        if column not in draft.matched and heading not in used:
            draft.matched[column] = (heading, certain, note)
            used.add(heading)
    _by_content(draft, seen, used)
    return draft


def _by_content(draft: _Draft, seen: Mapping[str, ColumnEvidence], used: set[str]) -> None:
    """Find by their cells what no heading names: the text, the time, the customer."""
    free = {name: one for name, one in seen.items() if name not in used and one.filled}
    table = TABLES[draft.table]
    if draft.table == "feedback" and "text" not in draft.matched:
        long = {name: one for name, one in free.items() if one.spaced >= FITTING and one.length >= 12 and one.numbers < 0.5}
        if long:
            name = max(long, key=lambda name: (long[name].length, name))
            draft.matched["text"] = (free.pop(name).heading, 0.6, Note("connect.by_longest"))
    if table.time not in draft.matched and table.columns[table.time] == UTC_TIME:
        times = [name for name, one in free.items() if one.moments.read >= 0.9 and one.numbers < FITTING]
        if times:
            draft.matched[table.time] = (free.pop(times[0]).heading, 0.5, Note("connect.by_moments"))
    if draft.table == "feedback" and "customer_ref" not in draft.matched:
        mails = [name for name, one in free.items() if one.mails >= FITTING]
        if mails:
            draft.matched["customer_ref"] = (mails[0], 0.6, Note("connect.by_mails"))


def _fitting(column: str, kind: Any, evidence: ColumnEvidence) -> float:
    """Return the share of a column's cells that are of a canonical column's kind."""
    if kind in (UTC_TIME, pl.Date):
        return evidence.moments.read
    if kind in (pl.Float64, pl.Int64):
        return evidence.numbers
    if column in ("text", "title"):
        return 1.0 if evidence.moments.read < FITTING and evidence.numbers < 0.9 else 0.0
    if column == "source_id":
        return 1.0 if evidence.unique and evidence.moments.read < FITTING else 0.0
    return 1.0 if evidence.moments.read < FITTING or evidence.whole > 0.9 else 0.3


def _fit(draft: _Draft, seen: Mapping[str, ColumnEvidence]) -> float:
    """Return how well a sample fits a table, 0 to 1: what the table cannot do without counts most."""
    table = TABLES[draft.table]
    sure = {name: certain for name, (_, certain, _) in draft.matched.items()}
    one = max((sure.get(name, 0.0) for name in _ONE_OF[draft.table]), default=0.0)
    timeless = table.columns[table.time] == UTC_TIME and table.time not in sure
    doubled = draft.table == "product" and not ("sku" in sure and seen[draft.matched["sku"][0]].unique)
    if timeless or doubled or not one:
        return 0.0
    core = [*(sure.get(name, 0.0) for name in _NEEDED[draft.table]), one]
    share = sum(core) / len(core) + (_WORDS if draft.table == "feedback" and sure.get("text", 0.0) >= LIKELY else 0.0)
    used = len({heading for heading, _, _ in draft.matched.values()}) / max(1, sum(each.filled > 0 for each in seen.values()))
    return round(min(1.0, 0.65 * share + 0.35 * used), 3)


# ---- What the table needs and the source does not name ------------------------------------------------------------------


def _completed(
    draft: _Draft,
    sample: Sample,
    seen: Mapping[str, ColumnEvidence],
    words: KnownHeadings,
    fit: float,
    others: tuple[tuple[str, float], ...],
) -> Proposal:
    doubts: list[Note] = []
    kinds = {**TABLES[draft.table].columns, **EXTRA}
    for column, (heading, certain, note) in draft.matched.items():
        made = _column(column, kinds[column], seen[heading], certain, note, sample, words, draft.table, doubts)
        if made is not None:
            draft.made[column] = made
    constants: dict[str, str] = {}
    if draft.table == "feedback":
        constants["source"] = source_of(sample.file.name, draft.made)
        doubts.append(Note("connect.source_guessed", {"source": constants["source"]}))
    _complete_clock(draft, seen)
    if draft.table == "order_line":
        _complete_order(draft, seen)
        _complete_amount(draft, sample, doubts)
    if draft.table == "aftersale":
        _complete_aftersale(draft, doubts)
    if draft.table == "product" and "line" not in draft.made:
        draft.made["line"] = ProposedColumn("line", "=all", 0.3, (Note("connect.one_line"),))
    missing = [
        name for name in TABLES[draft.table].required if name not in draft.made and name not in constants and name != "record_id"
    ]
    if missing:
        raise UserError(
            f"{sample.file.name} has no column for {', '.join(missing)}, without which it cannot feed {draft.table}.",
            hint="Export it with this column, or map it by hand (`aftersales channels try` shows what comes of it).",
        )
    order = [*(name for name in ("source_id", "stamp")), *TABLES[draft.table].columns]
    columns = tuple(draft.made[name] for name in order if name in draft.made)
    used = {name for column in columns for name in _headings(column.spec)}
    unused = tuple(name for name in sample.rows.columns if name not in used and seen[name].filled)
    return Proposal(draft.table, fit, others, constants, columns, unused, tuple(doubts))


def _column(
    name: str,
    kind: Any,
    evidence: ColumnEvidence,
    certain: float,
    why: Note,
    sample: Sample,
    words: KnownHeadings,
    table: str,
    doubts: list[Note],
) -> ProposedColumn | None:
    """Make one column of a proposal, with the forms of its times and the codes of its values."""
    heading = evidence.heading
    reasons = [why]
    spec: Any = heading if not heading.startswith("=") else {"from": heading}
    described = TABLES[table].described.get(name)
    if kind in (UTC_TIME, pl.Date):
        moments = evidence.moments
        if moments.forms:
            spec = {"from": heading, "dates": list(moments.forms)}
        reasons.append(Note("connect.is_moments", {"share": f"{moments.read:.0%}"}))
        if moments.read < 1:
            doubts.append(Note("connect.some_no_moments", {"column": heading, "share": f"{1 - moments.read:.0%}"}))
        if moments.order:
            reasons.append(Note("connect.day_first" if moments.order == ORDERS[0] else "connect.month_first"))
        if moments.doubtful:
            doubts.append(Note("connect.order_doubtful", {"column": heading, "cell": moments.doubtful}))
            certain = min(certain, 0.5)
    elif kind in (pl.Float64, pl.Int64):
        reasons.append(Note("connect.is_numbers", {"share": f"{evidence.numbers:.0%}"}))
    elif described is not None and described.values:
        return _coded(name, evidence, certain, reasons, sample, words, table, described.values, doubts)
    elif f"{table}.{name}" in words.values:
        spec = reasons_mapped(sample.rows[heading], table, name, words, reasons, doubts) or spec
    elif evidence.unique and name in ("source_id", "oid", "aftersale_id", "sku"):
        reasons.append(Note("connect.is_unique"))
    if name == "sku" and evidence.zeros[0]:
        short, whole = evidence.zeros
        told = {"column": heading, "short": short, "whole": whole, "digits": str(len(whole)), "zeros": "0" * len(whole)}
        doubts.append(Note("connect.zeros_lost", told))
    if evidence.filled < evidence.rows:
        reasons.append(Note("connect.has_gaps", {"share": f"{1 - evidence.filled / evidence.rows:.0%}"}))
    return ProposedColumn(name, spec, certain, tuple(reasons))


def _coded(
    name: str,
    evidence: ColumnEvidence,
    certain: float,
    reasons: list[Note],
    sample: Sample,
    words: KnownHeadings,
    table: str,
    codes: tuple[str, ...],
    doubts: list[Note],
) -> ProposedColumn | None:
    """Map a source's words to our codes; words that are not known are named. Without any known word there is no column."""
    cells = sample.rows[evidence.heading].cast(pl.String, strict=False).str.strip_chars().drop_nulls()
    counted = cells.filter(cells != "").value_counts(name="count").sort(["count", cells.name], descending=[True, False]).head(30)
    known = {
        value: code for value, _ in counted.iter_rows() if (code := value if value in codes else words.code(table, name, value))
    }
    if not known:
        return None
    strange = [value for value, _ in counted.iter_rows() if value not in known]
    if strange:
        doubts.append(Note("connect.values_unknown", {"column": evidence.heading, "values": ", ".join(strange[:6])}))
    reasons.append(Note("connect.is_codes", {"known": str(len(known)), "all": str(counted.height)}))
    spec: dict[str, Any] = {"from": evidence.heading}
    if any(value != code for value, code in known.items()):
        spec["map"] = dict(sorted(known.items()))
    return ProposedColumn(name, spec, certain * len(known) / counted.height, tuple(reasons))


def _complete_clock(draft: _Draft, seen: Mapping[str, ColumnEvidence]) -> None:
    """Put the day of the table's moment and the time of day together where the source has a column for each."""
    name = TABLES[draft.table].time
    day = draft.made.get(name)
    if day is None or len(_headings(day.spec)) != 1 or not seen[_headings(day.spec)[0]].days:
        return
    taken = {heading for heading, _, _ in draft.matched.values()}
    clock = next((heading for heading, one in seen.items() if one.clocks and heading not in taken), "")
    if clock:
        form = {"dates": day.spec["dates"]} if isinstance(day.spec, dict) and "dates" in day.spec else {}
        spec = {"concat": [*_headings(day.spec), clock], **form}
        draft.made[name] = replace(day, spec=spec, reasons=(*day.reasons, Note("connect.with_clock", {"column": clock})))


def _complete_order(draft: _Draft, seen: Mapping[str, ColumnEvidence]) -> None:
    made = draft.made
    order, article = made.get("tid"), made.get("sku")
    if order is None and "oid" in made:
        made["tid"] = order = ProposedColumn("tid", made["oid"].spec, 0.5, (Note("connect.order_is_line"),))
    if article is None:
        made["sku"] = ProposedColumn("sku", "=unknown", 0.2, (Note("connect.no_sku"),))
    line = next((name for name, one in seen.items() if plain(name) in _LINE_NUMBERS and one.whole > FITTING), "")
    if "oid" not in made and order is not None and line:
        both = {"concat": [*_headings(order.spec), line], "separator": "/"}
        made["oid"] = ProposedColumn("oid", both, 0.7, (Note("connect.line_numbered"),))
    elif "oid" not in made and order is not None:
        parts = [name for column in (order, article) if column is not None for name in _headings(column.spec)]
        named = {"concat": parts, "separator": "/"} if len(parts) > 1 else {"from": parts[0]}
        spec = {**named, "numbered": True}  # an order may hold an article on two lines
        made["oid"] = ProposedColumn("oid", spec, 0.45, (Note("connect.line_from_order"),))
    if "qty" not in made:
        made["qty"] = ProposedColumn("qty", 1, 0.4, (Note("connect.one_piece"),))


def _complete_amount(draft: _Draft, sample: Sample, doubts: list[Note]) -> None:
    """Multiply a price of one piece by the pieces."""
    amount, pieces = draft.made.get("paid_amount"), draft.made.get("qty")
    if amount is None or pieces is None or _is_constant(pieces.spec):
        return
    [price], [quantity] = _headings(amount.spec), _headings(pieces.spec)
    article = next(iter(_headings(draft.made["sku"].spec)), "")
    unit = is_unit_price(sample.rows, price, quantity, article)
    if unit:
        spec = {**(amount.spec if isinstance(amount.spec, dict) else {"from": price}), "times": quantity}
        draft.made["paid_amount"] = replace(amount, spec=spec, reasons=(*amount.reasons, Note("connect.unit_price")))
    elif unit is None:
        doubts.append(Note("connect.price_of_what", {"column": price, "quantity": quantity}))


def _complete_aftersale(draft: _Draft, doubts: list[Note]) -> None:
    made = draft.made
    if "type" not in made:
        made["type"] = ProposedColumn("type", "=return_refund", 0.3, (Note("connect.one_type"),))
        doubts.append(Note("connect.one_type"))
    if "phase" not in made:
        made["phase"] = ProposedColumn("phase", "=after_sign", 0.3, (Note("connect.one_phase"),))
        doubts.append(Note("connect.one_phase"))
    if "aftersale_id" not in made and "oid" in made:
        parts = [name for column in ("oid", "sku", "applied_at") if column in made for name in _headings(made[column].spec)]
        spec = {"concat": parts, "separator": "/"} if len(parts) > 1 else parts[0]
        made["aftersale_id"] = ProposedColumn("aftersale_id", spec, 0.4, (Note("connect.return_from_order"),))


def _headings(spec: Any) -> list[str]:
    if isinstance(spec, list):
        return list(spec)
    if isinstance(spec, dict):
        given: str | list[str] = spec.get("from") or spec.get("concat") or []
        return [given] if isinstance(given, str) else list(given)
    return [spec] if isinstance(spec, str) and not spec.startswith("=") else []


def _is_constant(spec: Any) -> bool:
    return not _headings(spec)

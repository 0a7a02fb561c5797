"""What a Monday's review said and kept, held against the truth about the invented shop."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.strangers.exports import HEADINGS, RENAMED, ShopExports
from benchmarks.strangers.mondays import MondayReview
from benchmarks.strangers.world import PlantedPlace
from tasks.model.causes import Cause, CauseKind, CauseLife
from tasks.run import Stores
from tasks.settings import load_settings

NAMED_FROM_NATS = 12.0
UNDENIABLE_NATS = 30.0
"""A fault beyond this makes it false to call the week calm; below, it is missed and counted as such."""

SHOP_LEVEL = {CauseKind.CLUSTER, CauseKind.REPUTATION, CauseKind.SAFETY, CauseKind.FALL}
DIMENSIONS = {"lot": "batch_no", "region": "dest_province", "listing": "listing_version", "release": "app_version"}

_HIDDEN = re.compile(r"<(style|script|svg|head)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?: [a-z]{2,}){3,}")
_RAISED = re.compile(
    r"clearly high.{0,160}?about (\d+(?:\.\d+)?) times|明显偏高.{0,80}?约(?:为)?(?:平时的)?\s*(\d+(?:\.\d+)?)\s*倍"
)
_QUIET = re.compile(r"all within their normal range|carry on as planned|均在正常范围内|没有新的异常，按原计划推进")
_NO_RED = re.compile(r"No red lines|红线：无")
_NO_COMPLAINTS = re.compile(r"no complaints this week|没有收到投诉", re.IGNORECASE)


@dataclass
class ShopJudgement:
    """The outcome of one shop.

    planted, named: Faults that reached 12 nats, and those named within two weeks of it. missed: what was not named.
    false, lost, doubled: Examples by kind, each with its week.
    """

    seed: int
    weeks: int = 0
    planted: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    alarmed: list[str] = field(default_factory=list)
    quiet_weeks: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    error: str = ""


def printed_text(page: str) -> str:
    """Return what a reader sees of a page: no styles, drawings or tags, one space between words."""
    return " ".join(unescape(_TAG.sub(" ", _HIDDEN.sub(" ", page))).split())


def false_sentences(monday: MondayReview, delivery: ShopExports, *, unnamed: list[PlantedPlace]) -> list[str]:
    """Return every printed sentence of one review that the truth contradicts, as `kind: detail`."""
    period = monday.period
    text = " ".join(printed_text(page) for page in monday.pages.values())
    known = [row for row in delivery.rows if row["ref"] in delivery.records and period.start <= row["when"] < period.end]
    found = _calm(text, monday, delivery, known, unnamed)
    found += [f"raised_below_one: «{match[0][:160]}»" for match in _RAISED.finditer(text) if float(match[1] or match[2]) <= 1.0]
    places = Counter((tuple(sorted(cause.slice.items())), cause.leaf) for cause in monday.review.causes)
    found += [f"named_twice: {dict(slice_)} {leaf}, {n} times" for (slice_, leaf), n in places.items() if n > 1]
    found += _foreign_words(text, delivery)
    found += _sources(monday, delivery, known)
    found += [
        f"past_deadline: «{action.what[:60]}» is due {action.due:%Y-%m-%d}, before the review"
        for action in monday.review.proposals
        if action.due < monday.moment
    ]
    completeness = monday.review.completeness
    waiting = len(delivery.held.get(-1, ()))
    if completeness is not None and known and completeness < 0.8 and waiting <= 0.05 * len(known):
        found.append(f"arrived: «about {completeness:.0%} has arrived», all {len(known)} records had")
    return found


def _calm(
    text: str, monday: MondayReview, delivery: ShopExports, known: list[dict[str, Any]], unnamed: list[PlantedPlace]
) -> list[str]:
    """Return sentences that call a week calm which was not, or of which nothing is known."""
    shop = delivery.shop
    refs = {row["ref"] for row in known}
    told = [case for case in shop.cases.iter_rows(named=True) if case["ref"] in refs]
    dangers = [case["text"] for case in told if case["danger"]]
    complaints = sum(bool(case["grievance"]) for case in told)
    found = []
    if dangers and (sentence := _NO_RED.search(text)):
        found.append(f"no_red_lines: «{sentence[0]}», but «{dangers[0]}» was delivered")
    if complaints and (sentence := _NO_COMPLAINTS.search(text)):
        found.append(f"no_complaints: «{sentence[0]}», but {complaints} were delivered")
    quiet = _QUIET.search(text)
    if quiet and monday.review.tested == 0:
        found.append(f"calm_without_search: «{quiet[0]}» although nothing was searched ({shop.weeks} weeks of history)")
    for fault in unnamed if quiet else ():
        if (nats := shop.nats(fault, monday.period.end)) >= UNDENIABLE_NATS:
            place = f"{fault.dimension} {fault.value} {fault.grievance}"
            found.append(f"calm_under_fault: «{quiet[0] if quiet else ''}» while {place} has {nats:.0f} nats")
    return found


def _foreign_words(text: str, delivery: ShopExports) -> list[str]:
    """Return Chinese on the pages of an English shop, and the reverse; a shop whose customers write both is not judged."""
    shop = delivery.shop
    if shop.mixed:
        return []
    if shop.language == "en":
        return [f"foreign: «{words}» on an English page" for words in sorted(set(_HAN.findall(text)))[:5]]
    return [f"foreign: «{words}» on a Chinese page" for words in sorted(set(_ENGLISH.findall(text)))[:5]]


def _sources(monday: MondayReview, delivery: ShopExports, known: list[dict[str, Any]]) -> list[str]:
    """Return totals and remarks of sources that the truth contradicts."""
    found = []
    by_channel = Counter(row["channel"] for row in known)
    told = " ".join([*monday.pages.values(), *(f"{pull.error} {pull.hint}" for pull in monday.pulls)])
    for channel in monday.review.channels:
        if channel.channel not in ("tickets", "mail") or channel.error or channel.excluded:
            continue
        truth = by_channel[channel.channel]
        if channel.records != truth and channel.records + channel.quarantined < truth:
            found.append(f"total: {channel.channel} says {channel.records} in the period and «complete», {truth} were delivered")
        elif channel.records > truth:
            found.append(f"total: {channel.channel} says {channel.records} in the period, {truth} were delivered")
    week = [period.id for period in delivery.shop.periods].index(monday.period.id)
    names = (HEADINGS[delivery.shop.language]["sku"], RENAMED[delivery.shop.language], f"tickets-{monday.period.id}")
    failed = any(pull.error for pull in monday.pulls)
    if (
        delivery.renamed_since == week
        and delivery.shop.trade.physical
        and not failed
        and not any(f"{name}" in told for name in names[1:])
    ):
        found.append(f"renamed_silently: the column {names[0]} is {names[1]} in this week's file, and nothing says so")
    return found


def names_fault(cause: Cause, fault: PlantedPlace, monday: MondayReview, faults: dict[str, int], text: str) -> bool:
    """Whether a cause is a planted fault: its value on paper, or at least six in ten of its cases from the fault.

    Args:
        cause: A named or deferred cause.
        fault: The fault.
        monday: The review that named it.
        faults: Source's id → number of the fault that made the record, or -1.
        text: What the editions print.
    """
    if cause.kind in (CauseKind.SAFETY, CauseKind.FALL):
        return False
    if cause.slice.get(DIMENSIONS.get(fault.dimension, fault.dimension)) == fault.value and fault.value in text:
        return True
    refs = [monday.cases.get(row, "") for row in cause.rows]
    own = sum(faults.get(ref, -1) == fault.number for ref in refs)
    return len(refs) >= 5 and own >= 0.6 * len(refs) and any(str(value) in text for value in cause.slice.values())


def alarms(monday: MondayReview, delivery: ShopExports, faults: dict[str, int]) -> list[str]:
    """Return the new causes of a review that no planted fault explains."""
    begun = [fault for fault in delivery.shop.faults if fault.since < monday.period.end]
    text = " ".join(printed_text(page) for page in monday.pages.values())
    return [
        f"{cause.slice} {cause.leaf} {cause.observed:.0f} against {cause.expected:.1f}"
        for cause in monday.review.causes
        if cause.kind not in SHOP_LEVEL
        and cause.life == CauseLife.NEW
        and not any(names_fault(cause, fault, monday, faults, text) for fault in begun)
    ]


def kept_records(
    home: Path, delivery: ShopExports, moment: datetime, errors: dict[str, str]
) -> tuple[list[str], list[str], list[str]]:
    """Return what is lost, doubled and wrong in the lake, against everything that was delivered.

    A record is lost if neither the lake nor the quarantine holds it as it was last delivered, and its source's pull named no error.

    Args:
        home: The shop's folder.
        delivery: What was delivered.
        moment: The moment of the last review.
        errors: Errors by channel of the last pulls.
    """
    stores = Stores.open(load_settings(home))
    try:
        feedback = stores.lake.as_of("feedback", moment)
        lines = stores.lake.as_of("order_line", moment)
        quarantine = stores.lake.quarantine_as_of(moment)
    finally:
        stores.ledger.close()
    waiting = Counter(quarantine["channel"].to_list()) if quarantine.height else Counter()
    lost: list[str] = []
    doubled: list[str] = []
    wrong: list[str] = []
    for channel in ("tickets", "mail"):
        mine = feedback.filter(pl.col("channel") == channel)
        wanted = Counter((text, when.timestamp()) for place, text, when, _ in delivery.records.values() if place == channel)
        got = Counter(zip(mine["text"].to_list(), [moment.timestamp() for moment in mine["submitted_at"]], strict=True))
        missing, extra = wanted - got, got - wanted
        gone = missing.total() - extra.total() - waiting[channel]
        if gone > 0 and not errors.get(channel):
            text, when = next(iter(missing))
            lost += [f"{channel}: {gone} of {wanted.total()}, as «{text[:60]}» at {when:.0f}"] * gone
        if missing and extra:
            wrong.append(f"value: {channel}: kept otherwise than delivered, «{next(iter(missing))}», «{next(iter(extra))}»")
        surplus = extra.total() - missing.total()
        doubled += [f"{channel}: kept twice or never delivered: «{next(iter(extra), ('',))[0][:60]}»"] * max(0, surplus)
    oids = Counter(lines["oid"].to_list())
    gone = len(delivery.lines - set(oids)) - waiting["orders"]
    if gone > 0 and not errors.get("orders"):
        lost += [f"orders: {gone} of {len(delivery.lines)} lines"] * gone
    doubled += [f"orders: {oid} is kept {n} times" for oid, n in oids.items() if n > 1]
    paid = sum(amount for place, _, _, amount in delivery.records.values() if amount and place == "tickets")
    kept = float(feedback.filter(pl.col("channel") == "tickets")["refund_amount"].sum() or 0)
    if not lost and not doubled and not waiting["tickets"] and not errors.get("tickets") and abs(kept - paid) > 0.5:
        wrong.append(f"value: refunds sum to {kept:,.2f}, delivered were {paid:,.2f}")
    return lost, doubled, wrong

"""After-sales orders, inspections of what came back, and the cases about refunds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.cases import Cases, arrivals, cases_of, joined
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, NEVER, Floats, Ints, local, pick, utc
from examples.sample_shop.nouns import LINES, SALES_CHANNELS
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import PROBLEMS, line_rates

REASONS = ("quality", "no_reason", "wrong_item", "missing", "damage", "not_as_described", "size", "late", "other")
TYPES = ("refund_only", "return_refund", "exchange", "resend", "repair", "price_protect")
PHASES = ("before_ship", "in_transit", "after_sign")
APPLIES_AFTER_COMPLAINT = 0.45
AFTER_FAMILIES = ("transit", "fit", "function", "wear", "use")
CONFIRMED_SHARE = 0.50
"""Applications for a quality reason that end as a refund whose final internal reason is still quality."""
MEAN_CHANNEL = float(sum(one.share * one.applied for one in SALES_CHANNELS))
FREIGHT_INSURANCE = date(2026, 4, 15)
T8_MORE = 0.04
S4_MORE = 0.12
QUIET, NO_REASON, WRONG, MISSING, DAMAGED, NOT_AS, SIZE, LATE, OTHER = range(9)


@dataclass
class Applications:
    """After-sales orders as arrays; times in local seconds, NEVER where it did not happen."""

    row: Ints
    at: Ints
    kind: Ints
    phase: Ints
    reason: Ints
    claim: Ints

    def __len__(self) -> int:
        return len(self.row)


def silent_rates(goods: Products, bought: Orders, version_seven: int) -> tuple[Floats, Floats]:
    """Return the rates of after-sales orders that no complaint preceded.

    Args:
        goods: The products.
        bought: The order lines.
        version_seven: Index of HW-12.

    Returns:
        Two arrays over order lines: rate of quality reasons, rate of all other reasons.
    """
    rates = line_rates()
    after = [number for number, problem in enumerate(PROBLEMS) if problem.family in AFTER_FAMILIES]
    good = [number for number in after if PROBLEMS[number].reason in ("quality", "damage", "wrong_item", "not_as_described")]
    quality = np.zeros(len(LINES))
    rest = np.zeros(len(LINES))
    for number, line in enumerate(LINES):
        told = rates[number, after].sum() * APPLIES_AFTER_COMPLAINT
        told_quality = rates[number, good].sum() * APPLIES_AFTER_COMPLAINT
        quality[number] = max(line.quality / 100 / CONFIRMED_SHARE - told_quality, 0.1 * line.quality / 100)
        rest[number] = max(line.applied / 100 - told - quality[number], 0.005)
    factor = np.array([one.applied for one in SALES_CHANNELS]) / MEAN_CHANNEL
    channel = factor[bought.channel]
    other = rest[bought.line] * channel
    hw = nouns.LINE_CODES.index("HW")
    insured = (bought.line == hw) & (bought.paid >= local(FREIGHT_INSURANCE))
    other = np.where(insured, other + T8_MORE * channel, other)
    wrong_table = (bought.sku == version_seven) & (bought.version == 7)
    other = np.where(wrong_table, other + S4_MORE * channel, other)
    return quality[bought.line] * channel, other


def applications(rng: np.random.Generator, goods: Products, bought: Orders, cases: Cases, claims: Ints, end: int) -> Applications:
    """Draw after-sales orders: before shipping, in transit, after complaints, and without any word.

    Args:
        rng: Source of chance.
        goods: The products.
        bought: The order lines.
        cases: Cases so far.
        claims: Order lines of the suspected claim cluster (T3).
        end: Local seconds of the world's end.

    Returns:
        Applications before the end, sorted by time; `claim` marks rows of the cluster.
    """
    parts: list[tuple[Ints, Ints, Ints, Ints, Ints, Ints]] = []

    def add(row: Ints, at: Ints, kind: Ints, phase: int, reason: Ints, claim: int = 0) -> None:
        parts.append((row, at, kind, np.full(len(row), phase), reason, np.full(len(row), claim)))

    rows = np.flatnonzero(bought.cancelled)
    add(
        rows,
        bought.cancelled_at[rows],
        np.zeros(len(rows), dtype=np.int64),
        0,
        rng.choice([NO_REASON, LATE, OTHER], len(rows), p=[0.82, 0.05, 0.13]),
    )
    moving = (bought.shipped < NEVER) & (bought.channel != nouns.STORE) & (rng.random(len(bought)) < 0.004)
    rows = np.flatnonzero(moving)
    at = bought.shipped[rows] + (rng.random(len(rows)) * 2 * DAY).astype(np.int64) + 3600
    add(rows, at, np.zeros(len(rows), dtype=np.int64), 1, rng.choice([NO_REASON, LATE, OTHER], len(rows), p=[0.6, 0.3, 0.1]))

    family = np.array([problem.family in AFTER_FAMILIES for problem in PROBLEMS])
    lost = np.array([problem.leaf == "LOG.LOST" for problem in PROBLEMS])
    reason_of = np.array([REASONS.index(problem.reason) for problem in PROBLEMS])
    told = (cases.row >= 0) & (
        (family[cases.problem] & (rng.random(len(cases)) < APPLIES_AFTER_COMPLAINT))
        | (lost[cases.problem] & (rng.random(len(cases)) < 0.8))
    )
    chosen = np.flatnonzero(told)
    row, reason = cases.row[chosen], reason_of[cases.problem[chosen]]
    at = cases.at[chosen] + (rng.normal(0.3, 0.4, len(chosen)) * DAY).astype(np.int64)
    axis = np.where(bought.signed[row] < NEVER, bought.signed[row], np.minimum(bought.shipped[row], bought.paid[row] + 3 * DAY))
    at = np.maximum(at, axis + 1800)
    kinds = np.array([_kind_chances(index) for index in range(len(REASONS))])
    kind = (np.cumsum(kinds[reason], axis=1) < rng.random(len(row))[:, None]).sum(axis=1).clip(0, 5)
    add(row, at, kind, 2, reason)

    quality, other = silent_rates(goods, bought, goods.index["HW-12"])
    signed = bought.signed < NEVER
    rows = np.flatnonzero(signed & (rng.random(len(bought)) < quality))
    reason = rng.choice([QUIET, DAMAGED, NOT_AS, WRONG], len(rows), p=[0.66, 0.16, 0.12, 0.06])
    kind = (np.cumsum(kinds[reason], axis=1) < rng.random(len(rows))[:, None]).sum(axis=1).clip(0, 5)
    add(rows, bought.signed[rows] + ((0.2 + 12 * rng.beta(1.1, 2.6, len(rows))) * DAY).astype(np.int64), kind, 2, reason)
    rows = np.flatnonzero(signed & (rng.random(len(bought)) < other))
    seven = (bought.sku[rows] == goods.index["HW-12"]) & (bought.version[rows] == 7)
    hw = bought.line[rows] == nouns.LINE_CODES.index("HW")
    reason = rng.choice([NO_REASON, OTHER, NOT_AS, SIZE], len(rows), p=[0.86, 0.12, 0.02, 0.0])
    reason = np.where(hw & (rng.random(len(rows)) < np.where(seven, 0.5, 0.14)), SIZE, reason)
    kind = np.where(rng.random(len(rows)) < 0.93, 1, 2)
    add(rows, bought.signed[rows] + ((0.1 + 9 * rng.beta(1.2, 2.2, len(rows))) * DAY).astype(np.int64), kind, 2, reason)
    if len(claims):
        at = np.maximum(bought.signed[claims], local(date(2026, 8, 31), 9)) + (rng.random(len(claims)) * 240 + 30).astype(
            np.int64
        )
        add(claims, at, np.zeros(len(claims), dtype=np.int64), 2, np.full(len(claims), DAMAGED), 1)
    columns = [np.concatenate([part[index] for part in parts]).astype(np.int64) for index in range(6)]
    keep = columns[1] < end
    columns = [column[keep] for column in columns]
    # One order line has one after-sales order of a phase: the first.
    order = np.lexsort((columns[0], columns[1], -columns[5]))
    columns = [column[order] for column in columns]
    _, first = np.unique(columns[0] * 3 + columns[3], return_index=True)
    columns = [column[first] for column in columns]
    order = np.lexsort((columns[0], columns[1]))
    return Applications(*(column[order] for column in columns))


def _kind_chances(reason: int) -> tuple[float, ...]:
    if reason in (QUIET, NOT_AS):
        return (0.16, 0.62, 0.14, 0.02, 0.06, 0.0)
    if reason == DAMAGED:
        return (0.40, 0.20, 0.10, 0.30, 0.0, 0.0)
    if reason in (WRONG, MISSING):
        return (0.15, 0.15, 0.20, 0.50, 0.0, 0.0)
    if reason == SIZE:
        return (0.02, 0.78, 0.20, 0.0, 0.0, 0.0)
    if reason == LATE:
        return (0.90, 0.10, 0.0, 0.0, 0.0, 0.0)
    return (0.10, 0.70, 0.05, 0.05, 0.05, 0.05)


def refund_cases(rng: np.random.Generator, bought: Orders, applied: Applications) -> Cases:
    """Draw complaints about refunds: exposure is the after-sales order, axis its application.

    Args:
        rng: Source of chance.
        bought: The order lines.
        applied: After-sales orders.

    Returns:
        Cases of the family refund.
    """
    parts: list[Cases] = []
    for number, rate in refund_rates().items():
        hit = np.flatnonzero(rng.random(len(applied)) < rate)
        parts.append(cases_of(applied.row[hit], np.full(len(hit), number), arrivals(rng, applied.at[hit], "refund"), -1))
    return joined(parts)


def refund_rates() -> dict[int, float]:
    """Return the true rate per after-sales order of each refund problem (index in PROBLEMS)."""
    mean = np.average(line_rates(), axis=0, weights=[line.share for line in LINES])
    return {number: float(mean[number]) * 7.55 for number, problem in enumerate(PROBLEMS) if problem.family == "refund"}


def aftersale_frames(
    rng: np.random.Generator, goods: Products, lots: Batches, bought: Orders, applied: Applications, oid: pl.Series, end: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the canonical tables `aftersale` and `return_inspection`.

    Args:
        rng: Source of chance.
        goods: The products.
        lots: The batches.
        bought: The order lines.
        applied: After-sales orders.
        oid: Ids of the order lines.
        end: Local seconds of the world's end; later steps have not happened.

    Returns:
        Frames sorted by id, each with `stamp` and `source_id`. A row is stamped when it was applied for; its later
        times stand in the same row.
    """
    size = len(applied)
    row, at, kind, phase = applied.row, applied.at, applied.kind, applied.phase
    chance = rng.random((size, 16))
    reason = applied.reason
    # The buyer's word: some without a fault choose quality so that the shop pays the freight.
    after = phase == 2
    first = np.where((reason == NO_REASON) & after & (chance[:, 0] < 0.04), QUIET, reason)
    first = np.where((reason == QUIET) & (chance[:, 0] < 0.10), NO_REASON, first)
    last = np.where((first != reason) & (chance[:, 1] < 0.4), reason, first)
    agent = np.where(chance[:, 2] < 0.75, reason, last)
    amount = np.round(goods.price[bought.sku[row]] * bought.qty[row] * 0.97, 2)
    refunds = np.isin(kind, (0, 1))
    amount = np.where(refunds, amount, np.where(kind == 5, np.round(amount * 0.12, 2), 0.0))
    platform_of = np.array([one.platform for one in SALES_CHANNELS])[bought.channel[row]]
    platforms = np.isin(platform_of, ("平台甲", "平台乙", "平台丙"))
    involved = platforms & after & (chance[:, 3] < 0.012) & (applied.claim == 0)
    must = at + np.where(phase == 0, 2 * DAY, 3 * DAY)
    timeout = (chance[:, 4] < 0.008) & refunds & ~involved
    delay = np.where(
        phase == 0, -np.log(np.maximum(chance[:, 5], 1e-6)) * 5400, -np.log(np.maximum(chance[:, 5], 1e-6)) * 9 * 3600
    )
    agreed = np.where(timeout, must, np.minimum(at + 300 + delay.astype(np.int64), must - 600))
    withdrawn = after & (chance[:, 6] < 0.12) & ~involved & (applied.claim == 0)
    back = np.isin(kind, (1, 2, 4)) & ~withdrawn
    returned = np.where(back, agreed + ((0.5 + 4.5 * chance[:, 7]) * DAY).astype(np.int64), NEVER)
    received = np.where(back, returned + ((1.5 + 3.0 * chance[:, 8]) * DAY).astype(np.int64), NEVER)
    pay_from = np.where(kind == 1, received, agreed)
    refunded = np.where(
        refunds & ~withdrawn, pay_from + 1200 + (-np.log(np.maximum(chance[:, 9], 1e-6)) * 16 * 3600).astype(np.int64), NEVER
    )
    refunded = np.where((phase == 0) & refunds, agreed + 600, refunded)
    closed = np.where(withdrawn, at + 2 * DAY, np.where(refunds, refunded, np.where(back, received + DAY, agreed + 2 * DAY)))
    involved_at = np.where(involved, agreed + DAY, NEVER)
    evidence_due = involved_at + 3 * DAY
    evidence = np.where(
        involved & (chance[:, 10] < 0.996), evidence_due - ((0.1 + 2.0 * chance[:, 11]) * DAY).astype(np.int64), NEVER
    )
    must = np.where(involved, evidence_due, must)
    closed = np.where(involved, np.maximum(closed, evidence_due + 2 * DAY), closed)
    inspected = np.where(back, received + ((0.2 + 1.5 * chance[:, 12]) * DAY).astype(np.int64), NEVER)
    quality = np.isin(reason, (QUIET,))
    confirmed = quality & (chance[:, 13] < 0.58)
    found = np.where(reason == QUIET, np.where(confirmed, QUIET, NO_REASON), reason)
    liable = np.isin(reason, (QUIET, WRONG, MISSING, NOT_AS))
    liability = np.where(reason == DAMAGED, 2, np.where(liable, 0, np.where(reason == NO_REASON, 1, 3)))
    liability = np.where(involved & (evidence == NEVER), 0, liability)

    def known(times: Ints) -> Ints:
        return np.where(times < end, times, NEVER)

    open_case = known(closed) == NEVER
    liability = np.where(open_case & involved, 4, liability)
    ids = pl.select(pl.format("AS{}", pl.Series(np.arange(size) + 5_000_000))).to_series()
    insured = (bought.line[row] == nouns.LINE_CODES.index("HW")) & (bought.paid[row] >= local(FREIGHT_INSURANCE))
    freight = np.where(back, np.where(bought.line[row] == 0, 26.0, 9.0), 0.0)
    borne = np.where(liable | (reason == DAMAGED), 0, np.where(insured, 2, 1))
    pays = np.isin(reason, (DAMAGED, MISSING)) & (chance[:, 14] < 0.2)
    result = np.select(
        [reason == WRONG, confirmed, chance[:, 15] < 0.012, chance[:, 15] < 0.03, chance[:, 15] < 0.10],
        [3, np.where(chance[:, 15] < 0.5, 2, 1), 6, 4, 5],
        np.where(chance[:, 15] < 0.85, 0, 1),
    )
    stamp = at + (120 + chance[:, 11] * 1800).astype(np.int64)
    frame = pl.DataFrame(
        {
            "aftersale_id": ids,
            "oid": oid.gather(pl.Series(row)),
            "platform": pick([one.platform for one in SALES_CHANNELS], bought.channel[row]),
            "sku": pick(goods.sku, bought.sku[row]),
            "qty": bought.qty[row],
            "type": pick(TYPES, kind),
            "phase": pick(PHASES, phase),
            "goods_status": pick(("not_shipped", "in_transit", "received"), phase),
            "applied_at": utc(at),
            "must_act_by": utc(must),
            "agreed_at": utc(known(agreed), ~withdrawn & (agreed < end)),
            "returned_at": utc(known(returned)),
            "received_at": utc(known(received)),
            "refunded_at": utc(known(refunded)),
            "closed_at": utc(known(closed)),
            "refund_amount": amount,
            "freight_amount": freight,
            "freight_borne_by": pick(("merchant", "buyer", "insurer"), borne),
            "freight_insurance": insured,
            "compensation_amount": np.where(pays, np.round(5 + 15 * chance[:, 15], 0), 0.0),
            "reason_buyer_first": pick(REASONS, first),
            "reason_buyer_last": pick(REASONS, last),
            "reason_agent": pick(REASONS, agent, after),
            "reason_inspection": pick(REASONS, found, known(inspected) < NEVER),
            "decided_by": pick(
                ("merchant", "auto_timeout", "platform", "insurer"),
                np.where(involved, 2, np.where(timeout, 1, 0)),
                ~withdrawn & ~open_case,
            ),
            "platform_involved": involved,
            "involved_at": utc(known(involved_at)),
            "evidence_at": utc(known(evidence)),
            "liability": pick(("merchant", "buyer", "carrier", "none", "pending"), liability),
            "auto_refund": timeout,
            "stamp": utc(stamp),
            "source_id": ids,
        }
    )
    seen = np.flatnonzero(inspected < end)
    loss = (
        np.where(np.isin(result, (2, 6)), 1.0, np.where(np.isin(result, (1, 4, 5)), 0.35, 0.0))
        * goods.cost[bought.sku[row]]
        * bought.qty[row]
    )
    codes = np.where(confirmed, 1 + (at % 3), 0)
    checked = pl.DataFrame(
        {
            "aftersale_id": ids.gather(pl.Series(seen)),
            "inspected_at": utc(inspected[seen]),
            "result": pick(("ok_resell", "ok_refurb", "scrap", "wrong_item", "missing_parts", "used", "empty"), result[seen]),
            "fault_confirmed": confirmed[seen],
            "fault_code": pick(("", "F01", "F02", "F03"), codes[seen], confirmed[seen]),
            "batch_no": pick(lots.number, np.maximum(bought.batch[row[seen]], 0), bought.batch_known[row[seen]]),
            "serial_no": pl.repeat(None, len(seen), dtype=pl.String, eager=True),
            "photo_count": (1 + (at[seen] % 4)).astype(np.int64),
            "loss_amount": np.round(loss[seen], 2),
            "stamp": utc(inspected[seen] + 3600),
            "source_id": ids.gather(pl.Series(seen)),
        }
    )
    return frame.sort("aftersale_id"), checked.sort("aftersale_id")

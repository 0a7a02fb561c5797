"""The canonical tables of after-sales orders and of inspections of what came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.aftersales import (
    DAMAGED,
    FREIGHT_INSURANCE,
    MISSING,
    NO_REASON,
    NOT_AS,
    QUIET,
    REASONS,
    WRONG,
    Applications,
)
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, NEVER, Bools, Floats, Ints, local, pick, utc
from examples.sample_shop.nouns import SALES_CHANNELS
from examples.sample_shop.orders import Orders

TYPES = ("refund_only", "return_refund", "exchange", "resend", "repair", "price_protect")
PHASES = ("before_ship", "in_transit", "after_sign")


@dataclass
class _Course:
    """The course of each after-sales order; local seconds, NEVER for what does not happen."""

    must: Ints
    agreed: Ints
    returned: Ints
    received: Ints
    refunded: Ints
    closed: Ints
    inspected: Ints
    involved_at: Ints
    evidence: Ints
    involved: Bools
    timeout: Bools
    withdrawn: Bools
    back: Bools


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
    chance = rng.random((len(applied), 16))
    ids = pl.select(pl.format("AS{}", pl.Series(np.arange(len(applied)) + 5_000_000))).to_series()
    course = _course(bought, applied, chance)
    confirmed = np.isin(applied.reason, (QUIET,)) & (chance[:, 13] < 0.58)
    frame = pl.DataFrame(
        {
            "aftersale_id": ids,
            "oid": oid.gather(pl.Series(applied.row)),
            "platform": pick([one.platform for one in SALES_CHANNELS], bought.channel[applied.row]),
            "sku": pick(goods.sku, bought.sku[applied.row]),
            "qty": bought.qty[applied.row],
            **_steps(applied, course, end),
            **_money(goods, bought, applied, course, chance),
            **_reasons(applied, course, chance, confirmed, end),
            **_decision(applied, course, end),
            "stamp": utc(applied.at + (120 + chance[:, 11] * 1800).astype(np.int64)),
            "source_id": ids,
        }
    )
    checked = _inspections(goods, lots, bought, applied, course, chance, confirmed, ids, end)
    return frame.sort("aftersale_id"), checked.sort("aftersale_id")


def _known(times: Ints, end: int) -> Ints:
    return np.where(times < end, times, NEVER)


def _course(bought: Orders, applied: Applications, chance: Floats) -> _Course:
    """Let each after-sales order run its course, past the world's end too."""
    at, kind, phase = applied.at, applied.kind, applied.phase
    after, refunds = phase == 2, np.isin(kind, (0, 1))
    platform_of = np.array([one.platform for one in SALES_CHANNELS])[bought.channel[applied.row]]
    platforms = np.isin(platform_of, ("平台甲", "平台乙", "平台丙"))
    involved = platforms & after & (chance[:, 3] < 0.012) & (applied.claim == 0)
    must = at + np.where(phase == 0, 2 * DAY, 3 * DAY)
    timeout = (chance[:, 4] < 0.008) & refunds & ~involved
    patience = -np.log(np.maximum(chance[:, 5], 1e-6))
    delay = np.where(phase == 0, patience * 5400, patience * 9 * 3600)
    agreed = np.where(timeout, must, np.minimum(at + 300 + delay.astype(np.int64), must - 600))
    withdrawn = after & (chance[:, 6] < 0.12) & ~involved & (applied.claim == 0)
    back = np.isin(kind, (1, 2, 4)) & ~withdrawn
    returned = np.where(back, agreed + ((0.5 + 4.5 * chance[:, 7]) * DAY).astype(np.int64), NEVER)
    received = np.where(back, returned + ((1.5 + 3.0 * chance[:, 8]) * DAY).astype(np.int64), NEVER)
    pay_from = np.where(kind == 1, received, agreed)
    pays_after = (-np.log(np.maximum(chance[:, 9], 1e-6)) * 16 * 3600).astype(np.int64)
    refunded = np.where(refunds & ~withdrawn, pay_from + 1200 + pays_after, NEVER)
    refunded = np.where((phase == 0) & refunds, agreed + 600, refunded)
    closed = np.where(withdrawn, at + 2 * DAY, np.where(refunds, refunded, np.where(back, received + DAY, agreed + 2 * DAY)))
    involved_at = np.where(involved, agreed + DAY, NEVER)
    evidence_due = involved_at + 3 * DAY
    sent = evidence_due - ((0.1 + 2.0 * chance[:, 11]) * DAY).astype(np.int64)
    return _Course(
        must=np.where(involved, evidence_due, must),
        agreed=agreed,
        returned=returned,
        received=received,
        refunded=refunded,
        closed=np.where(involved, np.maximum(closed, evidence_due + 2 * DAY), closed),
        inspected=np.where(back, received + ((0.2 + 1.5 * chance[:, 12]) * DAY).astype(np.int64), NEVER),
        involved_at=involved_at,
        evidence=np.where(involved & (chance[:, 10] < 0.996), sent, NEVER),
        involved=involved,
        timeout=timeout,
        withdrawn=withdrawn,
        back=back,
    )


def _steps(applied: Applications, course: _Course, end: int) -> dict[str, pl.Series]:
    return {
        "type": pick(TYPES, applied.kind),
        "phase": pick(PHASES, applied.phase),
        "goods_status": pick(("not_shipped", "in_transit", "received"), applied.phase),
        "applied_at": utc(applied.at),
        "must_act_by": utc(course.must),
        "agreed_at": utc(_known(course.agreed, end), ~course.withdrawn & (course.agreed < end)),
        "returned_at": utc(_known(course.returned, end)),
        "received_at": utc(_known(course.received, end)),
        "refunded_at": utc(_known(course.refunded, end)),
        "closed_at": utc(_known(course.closed, end)),
    }


def _money(
    goods: Products, bought: Orders, applied: Applications, course: _Course, chance: Floats
) -> dict[str, Floats | Bools | pl.Series]:
    row, kind, reason = applied.row, applied.kind, applied.reason
    amount = np.round(goods.price[bought.sku[row]] * bought.qty[row] * 0.97, 2)
    insured = (bought.line[row] == nouns.LINE_CODES.index("HW")) & (bought.paid[row] >= local(FREIGHT_INSURANCE))
    liable = np.isin(reason, (QUIET, WRONG, MISSING, NOT_AS))
    borne = np.where(liable | (reason == DAMAGED), 0, np.where(insured, 2, 1))
    pays = np.isin(reason, (DAMAGED, MISSING)) & (chance[:, 14] < 0.2)
    return {
        "refund_amount": np.where(np.isin(kind, (0, 1)), amount, np.where(kind == 5, np.round(amount * 0.12, 2), 0.0)),
        "freight_amount": np.where(course.back, np.where(bought.line[row] == 0, 26.0, 9.0), 0.0),
        "freight_borne_by": pick(("merchant", "buyer", "insurer"), borne),
        "freight_insurance": insured,
        "compensation_amount": np.where(pays, np.round(5 + 15 * chance[:, 15], 0), 0.0),
    }


def _reasons(applied: Applications, course: _Course, chance: Floats, confirmed: Bools, end: int) -> dict[str, pl.Series]:
    """Return the reasons as each side sees them: some buyers choose quality so that the shop pays the freight."""
    reason, after = applied.reason, applied.phase == 2
    first = np.where((reason == NO_REASON) & after & (chance[:, 0] < 0.04), QUIET, reason)
    first = np.where((reason == QUIET) & (chance[:, 0] < 0.10), NO_REASON, first)
    last = np.where((first != reason) & (chance[:, 1] < 0.4), reason, first)
    agent = np.where(chance[:, 2] < 0.75, reason, last)
    found = np.where(reason == QUIET, np.where(confirmed, QUIET, NO_REASON), reason)
    return {
        "reason_buyer_first": pick(REASONS, first),
        "reason_buyer_last": pick(REASONS, last),
        "reason_agent": pick(REASONS, agent, after),
        "reason_inspection": pick(REASONS, found, _known(course.inspected, end) < NEVER),
    }


def _decision(applied: Applications, course: _Course, end: int) -> dict[str, Bools | pl.Series]:
    reason = applied.reason
    open_case = _known(course.closed, end) == NEVER
    liable = np.isin(reason, (QUIET, WRONG, MISSING, NOT_AS))
    liability = np.where(reason == DAMAGED, 2, np.where(liable, 0, np.where(reason == NO_REASON, 1, 3)))
    liability = np.where(course.involved & (course.evidence == NEVER), 0, liability)
    liability = np.where(open_case & course.involved, 4, liability)
    return {
        "decided_by": pick(
            ("merchant", "auto_timeout", "platform", "insurer"),
            np.where(course.involved, 2, np.where(course.timeout, 1, 0)),
            ~course.withdrawn & ~open_case,
        ),
        "platform_involved": course.involved,
        "involved_at": utc(_known(course.involved_at, end)),
        "evidence_at": utc(_known(course.evidence, end)),
        "liability": pick(("merchant", "buyer", "carrier", "none", "pending"), liability),
        "auto_refund": course.timeout,
    }


def _inspections(
    goods: Products,
    lots: Batches,
    bought: Orders,
    applied: Applications,
    course: _Course,
    chance: Floats,
    confirmed: Bools,
    ids: pl.Series,
    end: int,
) -> pl.DataFrame:
    """Return what the warehouse found in the parcels that came back before the world's end."""
    row, at = applied.row, applied.at
    result = np.select(
        [applied.reason == WRONG, confirmed, chance[:, 15] < 0.012, chance[:, 15] < 0.03, chance[:, 15] < 0.10],
        [3, np.where(chance[:, 15] < 0.5, 2, 1), 6, 4, 5],
        np.where(chance[:, 15] < 0.85, 0, 1),
    )
    seen = np.flatnonzero(course.inspected < end)
    share_lost = np.where(np.isin(result, (2, 6)), 1.0, np.where(np.isin(result, (1, 4, 5)), 0.35, 0.0))
    loss = share_lost * goods.cost[bought.sku[row]] * bought.qty[row]
    codes = np.where(confirmed, 1 + (at % 3), 0)
    return pl.DataFrame(
        {
            "aftersale_id": ids.gather(pl.Series(seen)),
            "inspected_at": utc(course.inspected[seen]),
            "result": pick(("ok_resell", "ok_refurb", "scrap", "wrong_item", "missing_parts", "used", "empty"), result[seen]),
            "fault_confirmed": confirmed[seen],
            "fault_code": pick(("", "F01", "F02", "F03"), codes[seen], confirmed[seen]),
            "batch_no": pick(lots.number, np.maximum(bought.batch[row[seen]], 0), bought.batch_known[row[seen]]),
            "serial_no": pl.repeat(None, len(seen), dtype=pl.String, eager=True),
            "photo_count": (1 + (at[seen] % 4)).astype(np.int64),
            "loss_amount": np.round(loss[seen], 2),
            "stamp": utc(course.inspected[seen] + 3600),
            "source_id": ids.gather(pl.Series(seen)),
        }
    )

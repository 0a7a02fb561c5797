"""Given deadlines that are near or were missed (快到期): platform evidence, regulator, refunds, call-backs."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from tasks.analyse.observed_moments import records_any
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.review import DueItem, DueKind
from tasks.shop.load import Shop

HIDDEN = 8
"""Characters of a hashed case number that are shown."""


def due_items(facts: CodedFacts, period: Period, shop: Shop) -> list[DueItem]:
    """Return the deadlines that fall due soon after the review's moment, and those missed in the period.

    Close means within `due_soon_hours` after the moment of knowledge: what was due before it can only have been missed.

    Args:
        facts: Tables as of the review's moment.
        period: The period in which missed ones were due.
        shop: Configuration.

    Returns:
        Missed first, then by deadline; the reference is an order or a shortened case hash, never a person.
    """
    now = facts.as_of
    until = now + timedelta(hours=shop.targets.due_soon_hours)
    found = _aftersales(facts, shop, period, now, until)
    found += _regulator(facts, shop, period, now, until) + _promises(facts, period, now, until)
    return sorted(found, key=lambda item: (not item.missed, item.must_act_by, item.kind, item.reference))


def _state(act_by: pl.Expr, done: pl.Expr, recorded: pl.Expr, period: Period, now: datetime, until: datetime) -> pl.Expr:
    """Mark rows: true missed in the period, false close and still open, null neither; what is not recorded is never missed."""
    missed = recorded & (act_by >= period.start) & (act_by < period.end) & (done.is_null() | (done > act_by))
    close = (act_by >= now) & (act_by < until) & (done.is_null() | (done > now))
    return pl.when(missed).then(pl.lit(value=True)).when(close).then(pl.lit(value=False))


def _aftersales(facts: CodedFacts, shop: Shop, period: Period, now: datetime, until: datetime) -> list[DueItem]:
    orders = facts["aftersale"].filter(pl.col("must_act_by").is_not_null() & (pl.col("applied_at") < now))
    involved = pl.col("platform_involved").fill_null(value=False) & (
        pl.col("involved_at").is_null() | (pl.col("involved_at") < now)
    )
    done = pl.when(involved).then(pl.col("evidence_at")).otherwise(pl.min_horizontal("agreed_at", "closed_at"))
    whole = facts["aftersale"]
    answers, evidence = records_any(whole, ("agreed_at", "closed_at")), records_any(whole, ("evidence_at",), shop.channels)
    recorded = pl.when(involved).then(evidence).otherwise(answers)
    orders = orders.with_columns(
        missed=_state(pl.col("must_act_by"), done, recorded, period, now, until),
        kind=pl.when(involved).then(pl.lit(DueKind.EVIDENCE.value)).otherwise(pl.lit(DueKind.REFUND.value)),
    ).filter(pl.col("missed").is_not_null())
    return [
        DueItem(DueKind(row["kind"]), row["must_act_by"], row["aftersale_id"], row["refund_amount"], row["missed"])
        for row in orders.select("kind", "must_act_by", "aftersale_id", "refund_amount", "missed").iter_rows(named=True)
    ]


def _regulator(facts: CodedFacts, shop: Shop, period: Period, now: datetime, until: datetime) -> list[DueItem]:
    cases = facts["regulator_case"].filter(pl.col("must_act_by").is_not_null() & (pl.col("received_at") < now))
    acted = pl.min_horizontal("first_contact_at", "answered_at")
    recorded = records_any(facts["regulator_case"], ("first_contact_at", "answered_at"), shop.channels)
    cases = cases.with_columns(missed=_state(pl.col("must_act_by"), acted, recorded, period, now, until)).filter(
        pl.col("missed").is_not_null()
    )
    return [
        DueItem(DueKind.REGULATOR, row["must_act_by"], row["case_no_hash"][:HIDDEN], row["amount"], row["missed"])
        for row in cases.select("must_act_by", "case_no_hash", "amount", "missed").iter_rows(named=True)
    ]


def _promises(facts: CodedFacts, period: Period, now: datetime, until: datetime) -> list[DueItem]:
    records = facts["feedback"].filter(pl.col("promised_at").is_not_null() & (pl.col("submitted_at") < now))
    kept = pl.min_horizontal("solution_at", "closed_at")
    recorded = records_any(facts["feedback"], ("solution_at", "closed_at"))
    records = records.with_columns(missed=_state(pl.col("promised_at"), kept, recorded, period, now, until)).filter(
        pl.col("missed").is_not_null()
    )
    return [
        DueItem(DueKind.CALLBACK, row["promised_at"], row["order_ref"] or row["record_id"][:HIDDEN], None, row["missed"])
        for row in records.select("promised_at", "order_ref", "record_id", "missed").iter_rows(named=True)
    ]

"""Reputation: more talk of law and press than usual, and products that many people write about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from math import exp

import polars as pl

from tasks.analyse.causes.public_talk import reputation
from tasks.methods.chance import LONGEST_DAYS
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.kind import WarningKind, Watch
from tasks.warn.kinds.unusual_share import today_of, unusual_shares

LEGAL = "legal"
"""Rule of `service_levels` that fires if a text cites law, a regulator or the press."""


def reputations(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return talk of law and press above the usual, and products that many without an order write about (docs/method.md, 6).

    Args:
        facts: Coded facts at their moment; days that were over then count.
        shop: Configuration.
    """
    legal = pl.col("severity_why").list.contains(LEGAL)
    return unusual_shares(facts, shop, "reputation", legal, {"sign": LEGAL}) + _products(facts, shop)


def _products(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    today = today_of(facts, shop)
    week = Period.parse(f"{today - timedelta(days=7)}..{today - timedelta(days=1)}", shop.identity.zone)
    products = max(facts["feedback"]["sku"].n_unique(), 1)
    rule = rule_of("reputation", shop)
    return [
        EarlyWarning(
            kind="reputation",
            slice=cause.slice,
            leaf=cause.leaf,
            observed=cause.observed,
            expected=cause.expected,
            every_days=round(min(exp(min(cause.llr, 40.0)) / products, LONGEST_DAYS), 1),
            since=_first(cause.days, week),
            days=cause.days,
            answer_by=facts.as_of + timedelta(hours=rule.answer_hours),
            items=cause.rows,
        )
        for cause in reputation(facts, week)
    ]


def _first(days: Iterable[date], week: Period) -> date:
    return min(days, default=week.first_day)


def _variant(warning: EarlyWarning) -> str:
    return "legal" if warning.slice.get("sign") else ""


KIND = WarningKind(
    code="reputation",
    watch=Watch.TEXTS,
    look=reputations,
    wording=WarningWording("reputation", unit="records", variant=_variant),
    default=WarningRule(owner="电商运营", ladder=["总经理"], answer_hours=24, escalate_hours=20),
)

"""Emotion: more furious customers than usual."""

from __future__ import annotations

import polars as pl

from tasks.model.facts import CodedFacts
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.kind import WarningKind, Watch
from tasks.warn.kinds.unusual_share import unusual_shares

FURIOUS = 5
"""Emotion of a record that counts as furious."""


def emotion(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return where the share of furious complaints exceeds the usual: the whole shop, else single platforms.

    Args:
        facts: Coded facts at their moment; days that were over then count.
        shop: Configuration.
    """
    return unusual_shares(facts, shop, "emotion", pl.col("emotion") >= FURIOUS, {})


KIND = WarningKind(
    code="emotion",
    watch=Watch.TEXTS,
    look=emotion,
    wording=WarningWording("emotion"),
    default=WarningRule(owner="客服", ladder=["总经理"], answer_hours=24, escalate_hours=20),
)

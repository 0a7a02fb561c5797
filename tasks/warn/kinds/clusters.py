"""Clusters of one problem in a SKU, a batch, or a carrier's parcels to a region: a Poisson CUSUM each, rarely wrong by design.

A slice's cases of a day are compared with those expected from its units (tasks/expected/lag_curves.py), so promotions,
holidays and young batches need no further treatment. All sums together signal by chance no more often than the shop allows.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tasks.expected.lag_curves import RAKED
from tasks.expected.unit_history import UnitHistory, as_of_day, build_history, day_number, day_of
from tasks.model.facts import CodedFacts
from tasks.model.warnings import CLUSTER, EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.cluster_contrast import contrast_signals
from tasks.warn.kinds.cluster_matters import merged_by_problem, narrowest
from tasks.warn.kinds.cluster_signals import curves_until, signals_of
from tasks.warn.kinds.kind import WarningKind, Watch

DIMENSIONS = tuple(dict.fromkeys(("line", "sku", "batch_no", "session_id", "region", *RAKED)))


def clusters(facts: CodedFacts, shop: Shop, *, history: UnitHistory | None = None) -> list[EarlyWarning]:
    """Return the clusters above their limits on the morning of the day, least likely by chance first.

    Of a batch and its SKU, or of several problems of one slice, the strongest is reported; a problem that many products
    have at once is reported once, for their product line or the whole shop.

    Args:
        facts: Coded facts; only days that were over at their moment count.
        shop: Configuration; `warnings.clusters` designs the sums.
        history: The arrays of `facts` with the dimensions of `DIMENSIONS`, if the caller has them already.
    """
    today = facts.as_of.astimezone(ZoneInfo(shop.identity.zone)).date()
    history = as_of_day(history, today) if history else build_history(facts, DIMENSIONS, shop.identity.zone, today)
    if "sku" not in history.codes:
        return []
    settings = shop.warnings.clusters
    last = day_number(today) - 1
    fitted = curves_until(history, last)
    signals = [*signals_of(history, fitted, shop, last), *contrast_signals(history, fitted, shop, last)]
    answer_by = facts.as_of + timedelta(hours=rule_of(CLUSTER, shop).answer_hours)
    return [
        EarlyWarning(
            kind=CLUSTER,
            slice=signal.slice,
            leaf=signal.leaf,
            symptom=_symptom(facts, signal.records),
            observed=signal.observed,
            expected=round(signal.expected, 2),
            every_days=round(signal.every_days, 1),
            since=day_of(signal.days[0]),
            days=tuple(day_of(day) for day in sorted(set(signal.days))),
            answer_by=answer_by,
            items=signal.records,
            spread=spread,
        )
        for signal, spread in merged_by_problem(narrowest(signals, history), history, settings.spread)
    ]


def _symptom(facts: CodedFacts, records: tuple[str, ...]) -> str:
    """Return the symptom that most of the cases name; empty if there is none."""
    named = facts["feedback"].filter(pl.col("record_id").is_in(list(records)))["symptom"].drop_nulls()
    commonest = named.value_counts().sort(["count", "symptom"], descending=[True, False])
    return str(commonest["symptom"][0]) if len(commonest) and 2 * commonest["count"][0] > len(records) else ""


def _look(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Look for clusters if orders are known: without them nothing can be expected."""
    return clusters(facts, shop) if facts.has("order_line") else []


def _variant(warning: EarlyWarning) -> str:
    return "cluster_spread" if warning.spread > 1 else ""


KIND = WarningKind(
    code=CLUSTER,
    watch=Watch.CLUSTERS,
    look=_look,
    wording=WarningWording("cluster", variant=_variant, asks_playbook=True, names_symptom=True),
    default=WarningRule(ladder=["供应链", "总经理"], answer_hours=24, escalate_hours=20),
)

"""All printed figures of a period, in one fixed order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from tasks.analyse.figures.comparison import with_target
from tasks.analyse.figures.inflow import inflow
from tasks.analyse.figures.money import money
from tasks.analyse.figures.published import published
from tasks.analyse.figures.quality import negative_share, quality, review_shares
from tasks.analyse.figures.service import service
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FigureFamily
from tasks.model.figures import Attainment, Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop

ORDER = {family: place for place, family in enumerate(FigureFamily)}


def figures(
    facts: CodedFacts,
    period: Period,
    shop: Shop,
    *,
    milestones: Callable[[Period], pl.DataFrame] | pl.DataFrame | None = None,
    expected_total: float | None = None,
    partial: str = "",
) -> list[Figure]:
    """Return every figure of a period; each belongs to exactly one family (docs/method.md, 2) and says what it rests on.

    Args:
        facts: Coded tables.
        period: The period; later events have not happened.
        shop: Configuration; `base` says what a quality rate is measured on.
        milestones: Promises due in a period (`tasks.analyse.clocks.milestones`), as a frame or as a function of the
            period, which also gives the comparison with the period before.
        expected_total: Complaint cases expected from exposure.
        partial: The days that an incomplete period covers; if given, nothing is judged.

    Returns:
        Figures by family; a figure without value says why in `missing`.
    """
    due = milestones(period) if callable(milestones) else milestones
    due_before = milestones(period.previous()) if callable(milestones) else None
    made = money(facts, period, shop)
    if shop.base == "orders":
        made += quality(facts, period, shop)
    elif shop.base == "reviews":
        made += review_shares(facts, period, shop)
    if not _same_limit(shop):
        made += negative_share(facts, period, shop)
    made += published(facts, period, shop)
    made += service(facts, period, shop, due, due_before)
    made += inflow(facts, period, shop, expected_total=expected_total)
    made = [with_target(figure, shop) if figure.target is None else figure for figure in made]
    if partial:
        made = [
            replace(figure, judgement=Judgement.INCOMPLETE, attainment=Attainment.NONE, streak=0, low=None, high=None, p=None)
            for figure in made
        ]
    return sorted(made, key=lambda figure: ORDER[figure.family])


def _same_limit(shop: Shop) -> bool:
    """Whether complaints and negative reviews are the same thing, so that one figure covers both."""
    identity = shop.identity
    return identity.base == "reviews" and identity.complaint_max_rating == identity.negative_max_rating

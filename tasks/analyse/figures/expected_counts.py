"""Counts against their expectation: the cases it leaves out, the range around it, and the judgement of a count."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt

import polars as pl
from scipy.stats import norm

from tasks.expected.unit_history import AXES
from tasks.model.facts import CodedFacts
from tasks.model.figures import Judgement
from tasks.model.periods import Period

EXTRA_VARIANCE = 1.5

MODEL_ERROR = 0.06
"""Expected counts are estimates: a count varies by a Poisson law widened by half, and the estimate itself by six percent."""

LINK_WEEKS = 16
"""Weeks before a period from which to estimate how many cases its expectations leave out."""

EXPOSED = ("app", "service")
"""Families whose cases are expected from devices and conversations; all others from the orders that they belong to."""


def unlinked_factor(facts: CodedFacts, period: Period) -> dict[str, float]:
    """Return the ratio of all cases to those an expectation covers, by leaf and, under the empty name, overall.

    Expectations rest on orders, devices and conversations. A case without a known order or problem is counted
    as well; the weeks before show how many of these to expect.
    """
    cases = facts["feedback"]
    start = period.start - timedelta(weeks=LINK_WEEKS)
    ordered = pl.col("family").is_in(list(AXES)) & pl.col("oid").is_not_null()
    covered = (ordered | pl.col("family").is_in(EXPOSED)).fill_null(value=False)
    before = cases.filter(pl.col("counted") & (pl.col("submitted_at") >= start) & (pl.col("submitted_at") < period.start))
    counts = before.group_by("leaf").agg(every=pl.len(), linked=covered.sum()).sort("leaf", nulls_last=True)
    found = {leaf: every / linked for leaf, every, linked in counts.iter_rows() if leaf is not None and linked}
    linked = int(counts["linked"].sum())
    return found | ({"": before.height / linked} if linked else {})


def against_expected(observed: float, expected: float) -> tuple[float, float, Judgement, float]:
    """Return the range of a count around its expectation, its judgement, and the probability of such a distance by chance."""
    sigma = sqrt(EXTRA_VARIANCE * max(expected, 1.0) + (MODEL_ERROR * expected) ** 2)
    z = (observed - expected) / sigma
    said = Judgement.WORSE if z > 3 else Judgement.BETTER if z < -3 else Judgement.SLIGHTLY_OVER if z > 2 else Judgement.NORMAL
    return max(expected - 3 * sigma, 0.0), expected + 3 * sigma, said, 2 * float(norm.sf(abs(z)))

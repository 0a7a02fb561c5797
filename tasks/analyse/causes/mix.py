"""Mix effects: how much of a change of a shop-level rate is composition, and how much the slices themselves changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.expected.arrivals import excess_nats, expected_by
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import UnitHistory, day_number
from tasks.model.figures import MixEffect, MixVerdict
from tasks.model.periods import Period

FIGURES = {"return": "refund_rate_after_sign"}


def mix_effects(history: UnitHistory, fitted: dict[str, Curve], period: Period) -> list[MixEffect]:
    """Split the change of the after-sign refund rate by source of traffic into composition and own change.

    With shares s and rates r of the slices before (0) and now (1): Σ s₁r₁ − Σ s₀r₀ = Σ (s₁−s₀)(r₀+r₁)/2 + Σ (r₁−r₀)(s₀+s₁)/2,
    exactly (Kitagawa 1955). r₀ is a slice's mature rate on the baseline; r₁ is r₀ times its observed over expected of the
    period, so that both have the same age whatever the promotion calendar does. s are shares of the orders paid.
    """
    out: list[MixEffect] = []
    for family, figure in FIGURES.items():
        curve = fitted.get(family)
        dim = "traffic_source"
        if curve is None or dim not in history.codes:
            continue
        effect = mix_of(history, curve, dim, figure, period)
        if effect is not None:
            out.append(effect)
    return out


def mix_of(history: UnitHistory, curve: Curve, dim: str, figure: str, period: Period) -> MixEffect | None:
    """Return the split of one figure by one dimension, or None if a side has no orders."""
    first, last = day_number(period.first_day), day_number(period.last_day)
    paid = history.days["paid_at"]
    code = history.codes[dim]
    count = len(history.values[dim])
    now = (paid >= first) & (paid <= last) & (code >= 0)
    before = (paid >= curve.baseline_first) & (paid <= curve.baseline_last) & (code >= 0)
    if not now.any() or not before.any():
        return None
    share_now = np.bincount(code[now], minlength=count) / now.sum()
    share_before = np.bincount(code[before], minlength=count) / before.sum()
    observed_past, expected_past = expected_by(history, curve, dim, curve.baseline_first, curve.baseline_last)
    signed = history.days["signed_at"]
    mature = before & (signed >= 0)
    # units of the baseline, each with its whole hazard: the mature rate of a slice
    weight = curve.cumulative(len(curve.hazard)) * curve.multiplier(history.codes, np.flatnonzero(mature))
    per_value = np.bincount(code[mature], weight, count) / np.maximum(np.bincount(code[before], minlength=count), 1)
    calibration = np.divide(observed_past, expected_past, out=np.ones(count), where=expected_past > 5)
    rate_before = per_value * calibration
    observed, expected = expected_by(history, curve, dim, first, last, without=_raised(history, curve, first, last))
    # few cases say little about a slice's own change: shrink it towards none
    own_ratio = (observed + 20.0) / (expected * np.where(expected > 0, calibration, 1.0) + 20.0)
    rate_now = rate_before * own_ratio
    composition = float(((share_now - share_before) * (rate_before + rate_now) / 2).sum())
    own = float(((rate_now - rate_before) * (share_before + share_now) / 2).sum())
    before_rate, now_rate = float((share_before * rate_before).sum()), float((share_now * rate_now).sum())
    moved = (share_now - share_before) * (rate_before - before_rate)
    leading = int(np.argmax(np.abs(moved)))
    return MixEffect(
        figure=figure,
        dimension=dim,
        before=before_rate,
        after=now_rate,
        composition=composition,
        own=own,
        leading=history.values[dim][leading],
        share_before=float(share_before[leading]),
        share_after=float(share_now[leading]),
        verdict=_verdict(before_rate, composition, own),
    )


def _raised(history: UnitHistory, curve: Curve, first: int, last: int) -> NDArray[np.int64]:
    """Return the SKUs whose own returns stand out: they are separate causes, not a change of a traffic source."""
    observed, expected = expected_by(history, curve, "sku", first, last)
    level = observed.sum() / max(expected.sum(), 1e-9)  # what all slices share is not a cause of any one
    nats = [excess_nats(o, e) for o, e in zip(observed.tolist(), (expected * level).tolist(), strict=True)]
    return np.flatnonzero(np.array(nats) > 5)


def _verdict(before: float, composition: float, own: float) -> MixVerdict:
    """Name what moved the rate; a change of less than a twentieth of it counts as no change."""
    small = 0.05 * before
    moved_mix, moved_own = abs(composition) >= max(small, 0.002), abs(own) >= max(1.5 * small, 0.004)
    if moved_mix and moved_own:
        return MixVerdict.BOTH if abs(own) > 0.5 * abs(composition) else MixVerdict.COMPOSITION
    return MixVerdict.COMPOSITION if moved_mix else MixVerdict.OWN if moved_own else MixVerdict.NONE

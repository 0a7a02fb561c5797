"""The service desk's conversations and the app's devices by day: exposures that do not follow one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from examples.sample_shop import nouns
from examples.sample_shop.moments import DAY, NEVER, Floats, Ints, local
from examples.sample_shop.orders import Orders

HUMAN_SHARE = 0.45
CONVERSATIONS_PER_ORDER = 0.36
PLATFORM_SHARES = {"平台甲": 0.30, "平台乙": 0.16, "平台丙": 0.42, "小程序": 0.12}
QUEUE_SHARES = {"平台丙自营": 0.20, "平台丙外包": 0.80}
SHIFT_SHARES = (0.27, 0.36, 0.25, 0.12)
SHIFT_SHARES_LIVE = (0.17, 0.26, 0.27, 0.30)
REPLIED = 0.91
REPLIED_S6 = 0.52
OUTSOURCED = 3
NIGHT = 3
S6_FROM = date(2026, 10, 26)
NIGHT_SLOWNESS = 1.5
"""Complaints about slow replies per human conversation at night, relative to the day."""


@dataclass
class ServiceDesk:
    """Conversations by day × queue × shift; `human` is the exposure of the service family."""

    conversations: Ints
    human: Ints
    replied: Ints


def desk(rng: np.random.Generator, bought: Orders, days: list[date], understaffed: bool) -> ServiceDesk:
    """Draw the conversations of each day, queue and shift.

    Args:
        rng: Source of chance.
        bought: The order lines.
        days: The world's days.
        understaffed: Whether S6 happens.

    Returns:
        Three arrays days × 5 queues × 4 shifts.
    """
    first = local(days[0])
    paid = np.bincount((bought.paid - first) // DAY, minlength=len(days)).astype(np.float64)
    signed = np.bincount((bought.signed[bought.signed < NEVER] - first) // DAY, minlength=len(days)).astype(np.float64)
    kernel = np.exp(-np.arange(14) / 4.0)
    flow = 0.4 * paid + 0.6 * np.convolve(signed, kernel / kernel.sum())[: len(days)]
    shares = np.zeros((len(nouns.QUEUES), len(nouns.SHIFTS)))
    for number, (queue, platform) in enumerate(nouns.QUEUES):
        shifts = SHIFT_SHARES_LIVE if platform == "平台丙" else SHIFT_SHARES
        shares[number] = PLATFORM_SHARES[platform] * QUEUE_SHARES.get(queue, 1.0) * np.array(shifts)
    weekday = np.array([nouns.WEEKDAY_OF_ARRIVAL[day.weekday()] for day in days])
    conversations = rng.poisson((flow * CONVERSATIONS_PER_ORDER * weekday)[:, None, None] * shares)
    human = rng.binomial(conversations, HUMAN_SHARE)
    rate = np.full(human.shape, REPLIED)
    rate[np.array([understaffed and day >= S6_FROM for day in days]), OUTSOURCED, NIGHT] = REPLIED_S6
    return ServiceDesk(conversations, human, rng.binomial(human, rate))


def slowness() -> Floats:
    """Return relative rates of SVC.SLOW by shift, day shifts = 1."""
    return np.array([1.0, 1.0, 1.0, NIGHT_SLOWNESS])


VERSIONS = ("4.4.2", "4.5.3", "4.6.0", "4.6.1")
SYSTEMS = ("Android", "iOS")
ANDROID_SHARE = 0.62
BROKEN = VERSIONS.index("4.6.0")
RELEASED = date(2026, 10, 14)
WITHDRAWN = date(2026, 10, 24)
RAMP = (0.06, 0.18, 0.32, 0.45, 0.55, 0.65, 0.72, 0.76, 0.78, 0.80)


def devices(days: list[date], scale: float) -> Floats:
    """Return active devices by day × version × system.

    Args:
        days: The world's days.
        scale: The shop's size.

    Returns:
        Array days × 4 versions × 2 systems; 68,000 in all at scale 1, every day. 4.6.0 is released to Android step
        by step from 2026-10-14 and replaced by 4.6.1 on 10-24.
    """
    active = np.zeros((len(days), len(VERSIONS), len(SYSTEMS)))
    for number, day in enumerate(days):
        old = 1.0 if day < date(2026, 4, 20) else max(0.08, 1.0 - 0.06 * (day - date(2026, 4, 20)).days)
        new = 0.0
        step = (day - RELEASED).days
        if day >= WITHDRAWN:
            new = min(0.95, 0.62 + 0.05 * (day - WITHDRAWN).days)
            active[number, 3, 0] = new
        elif step >= 0:
            new = RAMP[min(step, len(RAMP) - 1)]
            active[number, BROKEN, 0] = new
        for system in range(2):
            rest = 1.0 - active[number, :, system].sum()
            active[number, 0, system] = rest * old
            active[number, 1, system] = rest * (1.0 - old)
        active[number, :, 0] *= ANDROID_SHARE
        active[number, :, 1] *= 1.0 - ANDROID_SHARE
    return np.asarray(np.round(active * nouns.DEVICES * scale), dtype=np.float64)

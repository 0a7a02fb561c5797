"""How the sample shop's parcels travel: from which warehouse, by whom, when they leave and when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from examples.sample_shop import nouns
from examples.sample_shop.moments import DAY, NEVER, Bools, Ints, local, local_moment
from examples.sample_shop.nouns import LINE_CODES
from examples.sample_shop.places import Places
from examples.sample_shop.purchases import Purchases, drawn


@dataclass
class Shipments:
    """What happens to each order line; local seconds, NEVER where it does not happen."""

    presale: Bools
    promised: Ints
    cancelled_at: Ints
    shipped: Ints
    carrier: Ints
    signed: Ints


def shipments(rng: np.random.Generator, bought: Purchases, places: Places, cancelled: Bools, days: list[date]) -> Shipments:
    """Draw when each order line leaves and arrives.

    Args:
        rng: Source of chance.
        bought: What was bought.
        places: Where it goes, and from which warehouse.
        cancelled: Lines that the buyer cancels before they are shipped.
        days: Days of the world.

    Returns:
        Shipments, beyond the world's end too.
    """
    paid, tid, at_store = bought.paid, bought.tid, bought.channel == nouns.STORE
    first_row = np.flatnonzero(bought.part == 0)
    # Most parcels leave within a day; 48 hours are promised, presale has ten days.
    delay = rng.gamma(3.0, 7.0 * 3600, bought.orders)[tid]
    stage = np.array([_promotion_stage(one) for one in days])[bought.day]
    presale = (rng.random(bought.orders)[tid] < 0.12) & stage & (bought.part == 0)
    presale = presale[first_row][tid]
    delay = delay + np.where(presale, rng.gamma(6.0, 0.7 * DAY, bought.orders)[tid], 0.0)
    spring = (paid >= local(date(2026, 2, 8))) & (paid < local(date(2026, 2, 26)))
    delay = np.where(spring, delay * 2.2, delay)
    jam = (places.warehouse == 0) & (paid >= local_moment("2025-11-10T20:00")) & (paid < local(date(2025, 11, 13)))
    delay = delay + np.where(jam, rng.gamma(2.0, 1.1 * DAY, bought.orders)[tid], 0.0)
    shipped = paid + 1800 + delay.astype(np.int64)
    shipped = np.where(at_store, paid, shipped)
    promised = paid + np.where(presale, 10 * DAY, 2 * DAY)
    cancelled_at = np.where(cancelled, paid + (rng.beta(1.0, 3.0, len(tid)) * 20 * 3600).astype(np.int64) + 300, NEVER)
    shipped = np.where(cancelled, NEVER, shipped)
    carrier = _carriers(rng, bought, places, shipped)
    signed = _signed(rng, bought, places, shipped, carrier, cancelled)
    return Shipments(presale, promised, cancelled_at, shipped, carrier, signed)


def _carriers(rng: np.random.Generator, bought: Purchases, places: Places, shipped: Ints) -> Ints:
    """Draw each order's carrier; fragile parcels to the southwest leave carrier C on 26 October (S3)."""
    first_row = np.flatnonzero(bought.part == 0)
    carrier = np.where(
        (places.region == nouns.SOUTHWEST)[first_row],
        drawn(rng, nouns.CARRIER_SHARES_SOUTHWEST, bought.orders),
        drawn(rng, nouns.CARRIER_SHARES, bought.orders),
    )[bought.tid]
    fragile = np.isin(bought.line, (LINE_CODES.index("CP"), LINE_CODES.index("KT")))
    southwest = fragile & (places.region == nouns.SOUTHWEST)
    carrier[southwest & (carrier == nouns.CARRIER_C) & (shipped >= local(date(2026, 10, 26)))] = 0
    return carrier


def _signed(rng: np.random.Generator, bought: Purchases, places: Places, shipped: Ints, carrier: Ints, cancelled: Bools) -> Ints:
    """Draw when each parcel truly arrives: between nine and nine, slower in the southwest and around the Spring Festival."""
    total = len(bought.tid)
    at_store = bought.channel == nouns.STORE
    pace = np.array([2.3, 2.6, 3.0, 2.7])[carrier] * np.where(places.region == nouns.SOUTHWEST, 1.25, 1.0)
    holiday = (shipped >= local(date(2026, 2, 8))) & (shipped < local(date(2026, 2, 26)))
    pace = pace * np.where(holiday, 1.8, 1.0)
    transit = (0.6 + rng.gamma(6.0, 1.0 / 6.0, bought.orders)[bought.tid] * (pace - 0.6)) * DAY
    lost = (rng.random(total) < 0.0005) & ~at_store
    signed = np.where(cancelled | lost, NEVER, shipped + transit.astype(np.int64))
    sign_day = signed // DAY * DAY
    signed = np.where(signed < NEVER, sign_day + 9 * 3600 + (rng.random(total) * 12 * 3600).astype(np.int64), NEVER)
    signed = np.where((signed < NEVER) & (signed <= shipped), shipped + 5 * 3600, signed)
    signed = np.where(at_store & ~cancelled, bought.paid + 60, signed)
    claimed = places.city == places.claim_city
    return np.where(claimed, np.minimum(signed, shipped + 3 * DAY), signed)


def _promotion_stage(day: date) -> bool:
    return (10, 20) <= (day.month, day.day) <= (11, 9) or (5, 25) <= (day.month, day.day) <= (6, 16)

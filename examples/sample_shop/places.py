"""Where the sample shop's parcels go: region, province, city, and the warehouse that serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.sample_shop import nouns
from examples.sample_shop.moments import Ints
from examples.sample_shop.purchases import Purchases, drawn

CLAIM_CITY = "临江市澄湖区"
"""Where the suspected claim cluster lives (T3); the last of the cities."""


@dataclass
class Places:
    """Place of each order line as positions in REGIONS, `provinces`, `cities` and WAREHOUSES."""

    region: Ints
    province: Ints
    city: Ints
    warehouse: Ints
    provinces: list[str]
    cities: list[str]

    @property
    def claim_city(self) -> int:
        """Position of CLAIM_CITY."""
        return len(self.cities) - 1


def places(rng: np.random.Generator, bought: Purchases) -> Places:
    """Draw where each order goes; its lines go together. Warehouses are chosen later (`choose_warehouses`).

    Args:
        rng: Source of chance.
        bought: What was bought.

    Returns:
        Places; no order goes to CLAIM_CITY yet.
    """
    size = bought.orders
    region = drawn(rng, nouns.REGION_SHARES, size)
    province = np.empty(size, dtype=np.int64)
    city = np.empty(size, dtype=np.int64)
    provinces: list[str] = []
    cities: list[str] = []
    for number, name in enumerate(nouns.REGIONS):
        parts = nouns.PROVINCES[name]
        rows = np.flatnonzero(region == number)
        chosen = drawn(rng, [entry[1] for entry in parts], len(rows))
        base = len(provinces)
        province[rows] = base + chosen
        for position, entry in enumerate(parts):
            provinces.append(entry[0])
            province_rows = rows[chosen == position]
            city[province_rows] = len(cities) + rng.integers(0, len(entry[2]), len(province_rows))
            cities.extend(entry[2])
    cities.append(CLAIM_CITY)
    tid = bought.tid
    return Places(region[tid], province[tid], city[tid], np.zeros(len(tid), dtype=np.int64), provinces, cities)


def choose_warehouses(rng: np.random.Generator, bought: Purchases, found: Places) -> None:
    """Draw the warehouse of each order by the region of its first line, and write it into `found`."""
    warehouse = np.zeros(bought.orders, dtype=np.int64)
    lead_region = found.region[np.flatnonzero(bought.part == 0)]
    for number in range(len(nouns.REGIONS)):
        rows = np.flatnonzero(lead_region == number)
        warehouse[rows] = drawn(rng, nouns.WAREHOUSE_BY_REGION[number], len(rows))
    found.warehouse = warehouse[bought.tid]

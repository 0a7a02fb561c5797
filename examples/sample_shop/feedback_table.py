"""The canonical feedback table of the sample shop, without texts."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from examples.sample_shop import nouns, service
from examples.sample_shop.answers import Answers, answers
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, NEVER, Bools, Floats, Ints, local, pick, utc
from examples.sample_shop.nouns import LINE_CODES, PLATFORMS, SALES_CHANNELS
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import PROBLEMS
from examples.sample_shop.records import (
    AFTERSALE,
    CALL,
    CHAT,
    COMPLAINT,
    FORM,
    MAIL,
    PRAISE,
    QUESTION,
    REGULATOR,
    REVIEW,
    SOCIAL,
    SOURCES,
    STORE,
    TICKET,
    Records,
    choose,
    platform_index,
)
from examples.sample_shop.stories import CODES
from tasks.model.tables import TABLES

PREFIXES = ("TK", "CH", "RV", "AR", "FM", "SO", "ML", "ST", "CL", "RG")
ORDER_KNOWN = (0.92, 0.88, 1.0, 1.0, 0.82, 0.10, 0.62, 0.50, 0.72, 0.80)
VAGUE = 0.075
SCORES_GIVEN = 0.09
REQUESTS = ("refund", "exchange", "repair", "reship", "compensate", "improve", "other")
TAXONOMY_SPLIT = date(2026, 3, 2)
FAMILIES = np.array([one.family for one in PROBLEMS])
LEAVES = np.array([one.leaf for one in PROBLEMS])


class Drawing:
    """The records with their order lines, products and uniform draws: what every column is drawn from.

    Args:
        rng: Source of chance.
        goods: The products.
        lots: The batches.
        bought: The order lines.
        part: The records.
        end: Local seconds of the world's end.
    """

    def __init__(self, rng: np.random.Generator, goods: Products, lots: Batches, bought: Orders, part: Records, end: int) -> None:
        self.goods, self.lots, self.bought, self.part, self.end = goods, lots, bought, part, end
        self.size = len(part)
        self.chance: Floats = rng.random((self.size, 24))
        self.linked: Bools = part.row >= 0
        self.row: Ints = np.maximum(part.row, 0)
        self.complaint: Bools = part.nature == COMPLAINT
        self.safety: Bools = FAMILIES[part.problem] == "safety"
        self.cluster: Bools = part.story == CODES.index("T3")
        self.app: Bools = FAMILIES[part.problem] == "app"
        self.viral: Bools = part.story == CODES.index("T10")
        known = self.linked & (self.chance[:, 0] < np.array(ORDER_KNOWN)[part.source])
        self.known_order: Bools = known & (~self.app | (self.chance[:, 0] < 0.35))
        self.sku = self._products()
        self.line: Ints = np.where(self.sku >= 0, goods.line[np.maximum(self.sku, 0)], -1)
        calm = ~self.safety & (part.story < 0) & (part.source != AFTERSALE) & (part.source != REGULATOR)
        self.vague: Bools = self.complaint & (self.chance[:, 17] < VAGUE) & calm
        self.clock: Answers = answers(rng, part, self.safety, self.chance)
        self.request: Ints = choose(rng, _requests(part.problem))

    def _products(self) -> Ints:
        """Return the product of each record, −1 where nobody knows it; an app is that of some smart device."""
        smart = np.flatnonzero(self.goods.line == LINE_CODES.index("SM"))
        drawn = np.minimum(np.searchsorted(np.cumsum(self.goods.share[smart]), self.chance[:, 1]), len(smart) - 1)
        unlinked = np.where(self.app, smart[drawn], np.where(self.viral, self.goods.index["FN-02"], -1))
        return np.where(self.linked, self.bought.sku[self.row], unlinked)

    @property
    def ids(self) -> pl.Series:
        """Ids of the sources, such as `TK2000000`."""
        named = pl.DataFrame({"prefix": pick(PREFIXES, self.part.source), "no": np.arange(self.size) + 2_000_000})
        return named.select(pl.format("{}{}", "prefix", "no")).to_series()

    def of_order(self, values: pl.Series, known: Bools) -> pl.Series:
        """Look a value up by order line, null where it is not known."""
        return values.gather(pl.Series(self.row)).set(pl.Series(~known), None) if self.size else values.head(0)


def feedback_frame(drawing: Drawing, orders: pl.DataFrame) -> pl.DataFrame:
    """Return the canonical `feedback` table, texts empty.

    Args:
        drawing: The records and what was drawn for them.
        orders: The canonical order lines.

    Returns:
        One row a record, in their order, with `stamp` and `source_id`.
    """
    columns = _who_and_what(drawing, orders) | _words(drawing) | _handling(drawing)
    schema = TABLES["feedback"].columns
    frame = pl.DataFrame(columns)
    return frame.select(
        *(
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
            for name, kind in schema.items()
            if name != "record_id"
        ),
        "stamp",
        "source_id",
    )


def emotion(drawing: Drawing) -> Ints:
    """Return the strength of feeling, 1 to 5."""
    chance, complaint = drawing.chance, drawing.complaint
    found = np.where(
        complaint,
        2 + (np.array([0.22, 0.68, 0.92])[:, None] <= chance[:, 16]).sum(axis=0),
        np.where(drawing.part.nature == PRAISE, 1, 1 + (chance[:, 16] < 0.3)),
    )
    return np.where(drawing.safety & complaint, np.maximum(found, 3), found)


def _who_and_what(drawing: Drawing, orders: pl.DataFrame) -> dict[str, Any]:
    """Return the columns for who writes about which order and product."""
    part, bought, goods, chance, row = drawing.part, drawing.bought, drawing.goods, drawing.chance, drawing.row
    source, known_order = part.source, drawing.known_order
    shown_platform = np.where(source == STORE, PLATFORMS.index("门店"), platform_index(part, bought))
    has_platform = ~np.isin(source, (SOCIAL, MAIL, REGULATOR, CALL))
    region = np.where(drawing.linked, bought.region[row], -1)
    says_sku = (drawing.sku >= 0) & (known_order | drawing.app | drawing.viral | (chance[:, 2] < 0.55))
    serial_line = np.isin(drawing.line, (LINE_CODES.index("FW"), LINE_CODES.index("SM")))
    says_serial = drawing.linked & serial_line & (chance[:, 3] < 0.3) & (bought.serial[row] > 0)
    says_serial &= np.isin(source, (TICKET, CHAT, FORM, MAIL))
    says_batch = drawing.linked & (bought.batch[row] >= 0) & (chance[:, 4] < 0.06)
    says_batch &= np.isin(source, (FORM, TICKET, STORE, REGULATOR))
    lot = pick(drawing.lots.number, np.maximum(bought.batch[row], 0))
    serial = pl.DataFrame({"lot": lot, "no": bought.serial[row]}).select(
        pl.format("{}{}", pl.col("lot").str.replace("-", "", literal=True), "no")
    )
    destination = pl.DataFrame(
        {"province": pick(bought.provinces, bought.province[row]), "city": pick(bought.cities, bought.city[row])}
    )
    customer = _customers(drawing)
    return {
        "origin": pick(("online", "offline"), np.isin(source, (STORE, CALL)).astype(np.int64)),
        "source": pick(SOURCES, source),
        "platform": pick(PLATFORMS, shown_platform, has_platform),
        "shop": pl.repeat(nouns.SHOP, drawing.size, eager=True),
        "submitted_at": utc(part.at),
        "customer_ref": pl.DataFrame({"no": customer}).select(pl.format("U{}", "no")).to_series(),
        "customer_tier": pick(
            ("new", "returning", "vip", "unknown"),
            np.select([customer % 100 < 6, customer % 100 < 38, customer % 100 < 94], [2, 1, 0], 3),
        ),
        "region": pick(nouns.REGIONS, np.maximum(region, 0), region >= 0),
        "order_ref": drawing.of_order(orders["oid"], known_order),
        "sku": pick(goods.sku, np.maximum(drawing.sku, 0), says_sku),
        "batch_no": pick(drawing.lots.number, np.maximum(bought.batch[row], 0), says_batch),
        "serial_no": serial.to_series().set(pl.Series(~says_serial), None),
        "purchase_channel": pick([one.traffic for one in SALES_CHANNELS], bought.channel[row], known_order),
        "purchased_at": utc(bought.paid[row], known_order),
        "unit_price": pl.Series(np.where(known_order, goods.price[bought.sku[row]], np.nan)).fill_nan(None),
        "currency": pl.repeat("CNY", drawing.size, eager=True),
        "traffic_source": pick([one.traffic for one in SALES_CHANNELS], bought.channel[row], known_order),
        "destination": destination.select(pl.format("{}{}", "province", "city")).to_series().set(pl.Series(~known_order), None),
        "agent_ref": pick(
            [f"坐席{number:02d}" for number in range(1, 41)], (customer * 31 + part.at // DAY) % 40, drawing.clock.answered
        ),
        **_parcel(drawing, orders["waybill"]),
    }


def _parcel(drawing: Drawing, waybill: pl.Series) -> dict[str, Any]:
    """Return the columns about the parcel that a record is about."""
    part, bought, chance, row = drawing.part, drawing.bought, drawing.chance, drawing.row
    moving = np.char.startswith(LEAVES[part.problem].astype(str), "LOG.") & (bought.shipped[row] < part.at)
    says_waybill = drawing.linked & moving & drawing.complaint & (chance[:, 4] < 0.4)
    says_waybill &= np.isin(part.source, (TICKET, CHAT, MAIL, SOCIAL, CALL))
    scanned = np.maximum(part.at - (DAY * (0.5 + 3.5 * chance[:, 5])).astype(np.int64), bought.shipped[row])
    on_its_way = drawing.known_order & (bought.shipped[row] < NEVER)
    return {
        "waybill": waybill.gather(pl.Series(row)).set(pl.Series(~says_waybill), None),
        "carrier": pick(nouns.CARRIERS, bought.carrier[row], on_its_way & np.isin(part.source, (TICKET, CHAT))),
        "warehouse": pick(nouns.WAREHOUSES, bought.warehouse[row], drawing.known_order & np.isin(part.source, (TICKET,))),
        "last_scan_at": utc(np.where(says_waybill & (chance[:, 3] < 0.6), scanned, NEVER)),
    }


def _words(drawing: Drawing) -> dict[str, Any]:
    """Return the columns that the writer fills in: stars, impact, request, code, pictures."""
    part, chance, complaint, source = drawing.part, drawing.chance, drawing.complaint, drawing.part.source
    rating = np.where(
        complaint,
        1 + (np.array([0.45, 0.70, 0.88, 0.95])[:, None] <= chance[:, 15]).sum(axis=0),
        np.where(
            part.nature == PRAISE,
            np.where(chance[:, 15] < 0.03, 1, np.where(chance[:, 15] < 0.10, 4, 5)),
            4 + (chance[:, 15] < 0.5),
        ),
    )
    impact = np.where(drawing.safety, 1 + (chance[:, 18] < 0.15), np.where(complaint & (chance[:, 18] < 0.12), 1, 0))
    says_impact = complaint & np.isin(source, (TICKET, FORM, REGULATOR, CALL))
    pictured = complaint & np.isin(source, (TICKET, REVIEW, AFTERSALE, FORM)) & (chance[:, 20] < 0.35)
    attached = np.where(drawing.cluster, 3, np.where(pictured, 1 + (chance[:, 21] * 4).astype(np.int64), 0))
    cluster_rank = np.cumsum(drawing.cluster) - 1
    hashes = pl.DataFrame({"no": np.where(drawing.cluster, 900 + cluster_rank % 3, 10_000 + np.arange(drawing.size))}).select(
        pl.format("ph{}", pl.col("no") * 7919 + 100_003)
    )
    codes, said_code, coded = _source_codes(drawing)
    return {
        "attachments": attached,
        "image_hash": hashes.to_series().set(pl.Series(attached == 0), None),
        "rating": pl.Series(np.where(source == REVIEW, rating.astype(np.float64), np.nan)).fill_nan(None),
        "frequency": pick(("occasional", "often"), (chance[:, 6] < 0.4).astype(np.int64), says_impact & (chance[:, 7] < 0.5)),
        "impact": pick(("minor", "severe", "critical"), impact, says_impact),
        "request": pick(REQUESTS, drawing.request, complaint & (chance[:, 19] < 0.6)),
        "source_code": pick(codes, said_code, coded),
        "app_version": pick(service.VERSIONS, np.maximum(part.version, 0), part.version >= 0),
        "os": pick(service.SYSTEMS, np.maximum(part.system, 0), part.system >= 0),
    }


def _source_codes(drawing: Drawing) -> tuple[list[str], Ints, Bools]:
    """Return the source's codes, which one each record has, and whether it has one; some are wrong, some say only 其他."""
    part, chance = drawing.part, drawing.chance
    codes = [one.code for one in PROBLEMS]
    coded = drawing.complaint & np.isin(part.source, (TICKET, CHAT, AFTERSALE, FORM, CALL)) & (chance[:, 22] < 0.72)
    coded |= (part.nature == QUESTION) & (chance[:, 22] < 0.25)
    said_code = np.where(coded & (chance[:, 23] < 0.07), (part.problem + 7) % len(PROBLEMS), part.problem)
    old_missing = (LEAVES[said_code] == "PKG.MISSING") & (part.at < local(TAXONOMY_SPLIT))
    return [*codes, "其他"], np.where(drawing.vague | old_missing, len(codes), said_code), coded


def _handling(drawing: Drawing) -> dict[str, Any]:
    """Return the columns for the handling of the record."""
    part, chance, clock, end, size = drawing.part, drawing.chance, drawing.clock, drawing.end, drawing.size
    source, at, complaint = part.source, part.at, drawing.complaint

    def before_end(times: Ints) -> Ints:
        return np.where(times < end, times, NEVER)

    rated = np.isin(source, (TICKET, CHAT)) & (clock.closed < end) & (chance[:, 13] < SCORES_GIVEN * 2.05)
    stars = (np.array([0.16, 0.27, 0.47, 0.74])[:, None] <= chance[:, 14]).sum(axis=0) + 1
    stars = np.where(complaint, stars, np.minimum(stars + 2, 5))
    has_second = np.zeros(size, dtype=bool)
    has_second[part.parent[part.parent >= 0]] = True
    comes_back = (chance[:, 12] < 0.12) & np.isin(source, (TICKET, CHAT)) & complaint
    stamp = at + np.where(chance[:, 10] > 0.96, ((1 + 2 * chance[:, 9]) * DAY), 60 + chance[:, 9] * 1500).astype(np.int64)
    ids = drawing.ids
    return {
        "status": pick(("open", "in_progress", "closed"), np.where(clock.closed < end, 2, np.where(clock.human < end, 1, 0))),
        "queue": pick([name for name, _ in nouns.QUEUES], np.maximum(part.queue, 0), (part.queue >= 0) & (source == CHAT)),
        "shift": pick(nouns.SHIFTS, np.maximum(part.shift, 0), (part.shift >= 0) & (source == CHAT)),
        "first_bot_at": utc(before_end(clock.bot)),
        "first_human_at": utc(before_end(clock.human)),
        "solution_at": utc(before_end(clock.solution)),
        "closed_at": utc(before_end(clock.closed)),
        "promised_at": utc(np.where(clock.human < end, clock.promised, NEVER)),
        "must_act_by": utc(clock.must),
        "reopened_at": utc(before_end(clock.reopened)),
        "csat": pl.Series(np.where(rated, stars, -1)).replace(-1, None),
        "contact_count": np.where(has_second | comes_back, 2 + (chance[:, 11] < 0.2), 1),
        "thread_ref": ids.gather(pl.Series(np.maximum(part.parent, 0))).set(pl.Series(part.again != 3), None) if size else ids,
        "stamp": utc(stamp),
        "source_id": ids,
    }


def _customers(drawing: Drawing) -> npt.NDArray[np.signedinteger[Any]]:
    """Return each writer's number; repeat records have the same writer."""
    part = drawing.part
    customer = np.where(drawing.linked, drawing.bought.customer[drawing.row], 9_000_000 + np.arange(drawing.size))
    return np.where(part.parent >= 0, customer[np.maximum(part.parent, 0)], customer)


def _requests(problem: Ints) -> Floats:
    table = []
    for one in PROBLEMS:
        if one.leaf in ("LOG.LATE", "LOG.STALL", "LOG.SHIP", "ORD.STOCK", "SVC.SLOW", "SVC.TONE", "SVC.BUCK", "SVC.INSTALL"):
            table.append((0.15, 0.0, 0.0, 0.05, 0.25, 0.35, 0.20))
        elif one.leaf in ("PKG.MISSING", "PKG.GIFT", "PRD.PARTS", "LOG.LOST"):
            table.append((0.15, 0.05, 0.0, 0.60, 0.15, 0.0, 0.05))
        elif one.family == "app" or one.leaf.startswith("USE."):
            table.append((0.15, 0.05, 0.25, 0.0, 0.05, 0.35, 0.15))
        elif one.family in ("function", "wear"):
            table.append((0.40, 0.28, 0.15, 0.02, 0.10, 0.03, 0.02))
        else:
            table.append((0.45, 0.18, 0.0, 0.10, 0.20, 0.02, 0.05))
    return np.array(table)[problem]

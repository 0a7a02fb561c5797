"""The invented shop's nouns: lines, products, places, carriers, channels, and its order index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

SHOP = "朴岸生活"
ZONE_OFFSET = 8 * 3600  # Asia/Shanghai has no summer time, so local seconds are UTC seconds plus eight hours


@dataclass(frozen=True)
class Line:
    """A product line: rates are cases per 100 signed orders at mature age."""

    code: str
    name: str
    skus: int
    price: float
    share: float
    applied: float
    quality: float
    complaints: float
    maturity_days: int
    supplier: str
    component: str


LINES = (
    Line("FW", "无线洗地机", 12, 1499.0, 0.05, 9.0, 3.2, 7.5, 60, "S01", "S02"),
    Line("AF", "空气炸锅", 18, 299.0, 0.18, 5.5, 1.6, 3.8, 30, "S03", ""),
    Line("KT", "养生壶", 16, 139.0, 0.17, 5.0, 1.8, 3.6, 30, "S04", ""),
    Line("FN", "风扇", 14, 129.0, 0.14, 6.0, 1.7, 3.4, 30, "S05", ""),
    Line("CP", "保温杯", 20, 79.0, 0.18, 5.5, 2.4, 3.9, 14, "S06", ""),
    Line("HW", "家居服", 20, 99.0, 0.14, 22.0, 1.5, 4.2, 14, "S07", ""),
    Line("SM", "智能灯", 10, 89.0, 0.08, 7.0, 2.2, 5.6, 30, "S08", "S08"),
    Line("BB", "儿童餐具", 10, 59.0, 0.06, 4.0, 1.0, 2.4, 30, "S09", ""),
)
LINE_CODES = tuple(line.code for line in LINES)

SKU_KINDS: dict[str, tuple[str, ...]] = {
    "FW": ("无线洗地机", "无线吸尘器"),
    "AF": ("空气炸锅", "多士炉", "电煮锅"),
    "KT": ("养生壶", "电热水壶", "玻璃壶"),
    "FN": ("循环扇", "落地扇", "桌面扇"),
    "CP": ("保温杯", "玻璃杯", "玻璃碗"),
    "HW": ("家居服", "家居拖鞋", "睡衣"),
    "SM": ("智能灯", "智能插座", "体脂秤"),
    "BB": ("儿童餐盘", "儿童碗", "儿童勺"),
}
HEATER_SKUS = tuple(f"FN-{number:02d}" for number in range(9, 15))
"""暖风机: they sell from November, while the other FN products sell in July and August."""

PINNED_SHARES: dict[str, float] = {
    "FW-03": 0.24,
    "SM-04": 0.22,
    "HW-12": 0.25,
    "KT-05": 0.27,
    "KT-11": 0.11,
    "AF-09": 0.18,
    "CP-02": 0.06,
    "FN-02": 0.08,
}
"""Share of a line's orders of the products that carry stories; the rest is drawn by seed."""


@dataclass(frozen=True)
class SalesChannel:
    """A way to sell: shares of orders, refunds before shipping and after-sales applications after signing."""

    platform: str
    traffic: str
    share: float
    cancelled: float
    applied: float


SALES_CHANNELS = (
    SalesChannel("平台甲", "shelf", 0.38, 0.040, 6.5),
    SalesChannel("平台乙", "shelf", 0.22, 0.025, 5.0),
    SalesChannel("平台丙", "self_live", 0.12, 0.080, 11.0),
    SalesChannel("平台丙", "talent_live", 0.10, 0.140, 23.0),
    SalesChannel("平台丙", "short_video", 0.06, 0.060, 8.0),
    SalesChannel("小程序", "private", 0.07, 0.020, 4.0),
    SalesChannel("门店", "store", 0.05, 0.0, 2.0),
)
SELF_LIVE, TALENT_LIVE, STORE = 2, 3, 6
PLATFORMS = ("平台甲", "平台乙", "平台丙", "小程序", "门店")
STORES = tuple(f"门店{number:02d}" for number in range(1, 13))

PROVINCES: dict[str, tuple[tuple[str, float, tuple[str, ...]], ...]] = {
    "华东": (
        ("上海", 0.16, ("上海",)),
        ("江苏", 0.22, ("南京", "苏州", "无锡")),
        ("浙江", 0.24, ("杭州", "宁波", "温州")),
        ("安徽", 0.10, ("合肥", "芜湖")),
        ("福建", 0.09, ("福州", "厦门")),
        ("江西", 0.06, ("南昌", "赣州")),
        ("山东", 0.13, ("济南", "青岛")),
    ),
    "华南": (("广东", 0.80, ("广州", "深圳", "佛山", "东莞")), ("广西", 0.14, ("南宁", "桂林")), ("海南", 0.06, ("海口",))),
    "华北": (
        ("北京", 0.34, ("北京",)),
        ("天津", 0.14, ("天津",)),
        ("河北", 0.28, ("石家庄", "唐山")),
        ("山西", 0.14, ("太原",)),
        ("内蒙古", 0.10, ("呼和浩特",)),
    ),
    "华中": (("河南", 0.38, ("郑州", "洛阳")), ("湖北", 0.32, ("武汉", "宜昌")), ("湖南", 0.30, ("长沙", "株洲"))),
    "西南": (
        ("四川", 0.42, ("成都", "绵阳")),
        ("重庆", 0.24, ("重庆",)),
        ("云南", 0.18, ("昆明", "大理")),
        ("贵州", 0.16, ("贵阳", "遵义")),
    ),
    "西北": (("陕西", 0.60, ("西安",)), ("甘肃", 0.25, ("兰州",)), ("宁夏", 0.15, ("银川",))),
    "东北": (("辽宁", 0.45, ("沈阳", "大连")), ("吉林", 0.25, ("长春",)), ("黑龙江", 0.30, ("哈尔滨",))),
}
REGIONS = tuple(PROVINCES)
REGION_SHARES = (0.36, 0.17, 0.13, 0.10, 0.18, 0.03, 0.03)
SOUTHWEST = REGIONS.index("西南")
WAREHOUSES = ("华东仓", "华南仓", "西南仓")
WAREHOUSE_BY_REGION = (
    (0.95, 0.05, 0.00),
    (0.10, 0.90, 0.00),
    (0.85, 0.15, 0.00),
    (0.50, 0.40, 0.10),
    (0.30, 0.14, 0.56),
    (0.50, 0.10, 0.40),
    (0.95, 0.05, 0.00),
)
CARRIERS = ("承运商甲", "承运商乙", "承运商丙", "承运商丁")
CARRIER_C = 2
CARRIER_SHARES = (0.38, 0.30, 0.17, 0.15)
CARRIER_SHARES_SOUTHWEST = (0.17, 0.13, 0.58, 0.12)

WEEK_INDEX: dict[date, float] = {
    date(2025, 9, 15) + timedelta(weeks=number): value
    for number, value in enumerate(
        (
            1.0, 1.0, 0.95, 0.85, 1.0, 1.6, 2.1, 1.5, 2.6, 0.8, 0.9, 1.0, 1.25, 1.0, 1.0, 1.0,
            1.0, 1.2, 1.2, 1.2, 0.7, 0.4, 0.25, 0.75, 1.2, 0.95, 1.0, 0.95, 1.0, 1.0, 0.95, 1.0,
            1.0, 1.0, 1.3, 1.5, 1.5, 1.4, 1.4, 2.1, 0.75, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9,
            0.9, 0.9, 1.0, 1.0, 1.0, 1.0, 0.9, 0.85, 1.0, 1.7, 2.2, 1.6, 2.8, 0.85,
        )
    )
}  # fmt: skip
"""Orders of the week that begins on a Monday, relative to a normal week."""

FIRST_MONDAY = date(2025, 9, 15)
ORDERS_PER_WEEK = 24_000
YEARLY_GROWTH = 0.08
PROMOTION_PEAKS = (date(2025, 11, 11), date(2026, 6, 18), date(2026, 11, 11))

WEEKDAY_OF_ARRIVAL = (1.18, 1.10, 1.02, 0.98, 0.97, 0.88, 0.87)
HOUR_OF_ARRIVAL = (
    2.2, 1.2, 0.5, 0.3, 0.2, 0.3, 0.6, 1.3, 3.2, 5.0, 7.2, 7.0,
    4.6, 4.4, 6.4, 6.8, 6.4, 4.6, 4.2, 4.8, 7.0, 7.6, 6.6, 4.0,
)  # fmt: skip
HOUR_OF_ORDER = (
    2.5, 1.0, 0.5, 0.3, 0.2, 0.3, 0.8, 1.8, 3.2, 4.8, 6.2, 5.6,
    5.0, 4.6, 4.6, 4.8, 4.6, 4.4, 4.6, 5.8, 8.6, 9.8, 9.0, 6.0,
)  # fmt: skip
WEEKDAY_OF_ORDER = (0.98, 0.97, 0.97, 0.98, 1.02, 1.04, 1.04)
SHIFTS = ("08-12", "12-18", "18-22", "22-02")
QUEUES = (
    ("平台甲自营", "平台甲"),
    ("平台乙自营", "平台乙"),
    ("平台丙自营", "平台丙"),
    ("平台丙外包", "平台丙"),
    ("小程序自营", "小程序"),
)
DEVICES = 68_000

"""Texts drawn by chance, and the words by which some stand out from others."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.analyse.words.keywords import WordComparison, standing_out
from tasks.analyse.words.lexicon import Lexicon
from tasks.model.words import Keyword
from tests.makers.shops import default_shop

SHOP = default_shop()
LEXICON = Lexicon(SHOP.words, ["陈立新"])
VOCABULARY = [
    "底座",
    "盖子",
    "电池",
    "屏幕",
    "按键",
    "遥控器",
    "说明书",
    "包装",
    "盒子",
    "箱子",
    "玻璃",
    "塑料",
    "金属",
    "颜色",
    "尺码",
    "袖子",
    "腰围",
    "鞋底",
    "拉链",
    "纽扣",
    "口袋",
    "面料",
    "气味",
    "声音",
    "噪音",
    "震动",
    "温度",
    "开关",
    "插头",
    "电线",
    "充电",
    "指示灯",
    "滤网",
    "水箱",
    "刷头",
    "轮子",
    "支架",
    "螺丝",
    "赠品",
    "发票",
    "运费",
    "快递",
    "物流",
    "驿站",
    "仓库",
    "地址",
    "退款",
    "换货",
    "维修",
    "师傅",
    "安装",
    "预约",
    "电话",
    "回访",
    "价格",
    "优惠券",
    "活动",
    "直播间",
    "主播",
    "页面",
    "图片",
    "参数",
    "功率",
    "容量",
    "重量",
    "厚度",
    "长度",
    "宽度",
    "材质",
    "品牌",
]


def corpus(seed: int, n: int, words: int = 5) -> list[str]:
    """Return texts of words drawn by chance, some words common and most rare."""
    rng = np.random.default_rng(seed)
    weight = 1 / np.arange(1, len(VOCABULARY) + 1)
    return ["，".join(rng.choice(VOCABULARY, words, replace=False, p=weight / weight.sum())) for _ in range(n)]


def compared(
    inside: list[str], outside: list[str], customers: list[str | None] | None = None, at_most: int = 5
) -> tuple[Keyword, ...]:
    """Return the words by which the first texts stand out from the second."""
    texts = [*inside, *outside]
    known = [*customers, *[None] * len(outside)] if customers else [None] * len(texts)
    records = pl.DataFrame(
        {"record_id": [f"r{n:05d}" for n in range(len(texts))], "customer_ref": known, "leaf": ["PRD.FAULT"] * len(texts)},
        schema_overrides={"customer_ref": pl.String},
    )
    rows = pl.Series(range(len(texts)), dtype=pl.Int32)
    group = WordComparison("PRD.FAULT", rows[: len(inside)], rows[len(inside) :])
    found = standing_out([group], LEXICON.words_of(pl.Series(texts)), records, LEXICON, at_most=at_most)
    return found.words.get("PRD.FAULT", ())

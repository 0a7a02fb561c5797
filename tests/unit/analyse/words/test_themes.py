"""Themes of the unclassified: planted ones found with their size and growth, none where words meet by chance."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.analyse.words.lexicon import Lexicon
from tasks.analyse.words.themes import MIN_SIZE, themes
from tasks.model.words import Theme
from tests.makers.shops import default_shop

LEXICON = Lexicon(default_shop().words)
NOISE = [
    "窗帘",
    "地毯",
    "书架",
    "台阶",
    "花瓶",
    "雨伞",
    "钢笔",
    "皮带",
    "围巾",
    "手套",
    "帽子",
    "眼镜",
    "手表",
    "戒指",
    "项链",
    "相机",
    "耳机",
    "键盘",
    "鼠标",
    "打印机",
    "冰箱",
    "空调",
    "洗衣机",
    "微波炉",
    "烤箱",
    "菜刀",
    "筷子",
    "盘子",
    "毛巾",
    "牙刷",
    "肥皂",
    "洗发水",
    "香水",
    "口红",
    "面膜",
    "饼干",
    "牛奶",
    "面包",
    "咖啡",
    "茶叶",
    "大米",
    "面条",
    "酱油",
    "花生",
    "苹果",
    "香蕉",
    "西瓜",
    "葡萄",
    "足球",
    "篮球",
    "羽毛球",
    "游泳",
    "跑步",
    "登山",
    "帐篷",
    "睡袋",
    "自行车",
    "汽车",
    "轮胎",
    "机油",
    "火车",
    "飞机",
    "轮船",
    "地铁",
]


def noise(seed: int, n: int, words: int = 4) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["，".join(rng.choice(NOISE, words, replace=False)) for _ in range(n)]


def frame(texts: list[str], prefix: str, customers: int = 1000) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "record_id": [f"{prefix}{n:05d}" for n in range(len(texts))],
            "text": texts,
            "customer_ref": [f"c{n % customers}" for n in range(len(texts))],
            "track": ["standard"] * len(texts),
            "claim_cluster": pl.Series([None] * len(texts), dtype=pl.String),
        }
    )


def found(now: list[str], past: list[str], customers: int = 1000) -> tuple[Theme, ...]:
    return themes(frame(now, "n", customers), frame(past, "p"), LEXICON, exposure=1000.0, past_exposure=6000.0)


ADAPTER = ["出国旅行要不要转换插头", "旅行的时候转换插头配不配", "转换插头旅行能用的有没有", "想带去旅行，转换插头怎么选"]
PARKING = ["仓库自提停车位在什么地方", "自提的停车位要预约么", "停车位离自提点多远"]


def test_two_planted_themes_are_found_with_their_sizes_and_a_typical_text() -> None:
    now = [*(ADAPTER[n % 4] for n in range(24)), *(PARKING[n % 3] for n in range(12)), *noise(1, 60)]
    first, second = found(now, noise(2, 300))
    assert {"转换", "插头", "旅行"} & set(first.words) and first.records == 24
    assert "停车位" in second.words and second.records == 12
    assert first.quote is not None and first.quote.text in ADAPTER
    assert second.quote is not None and second.quote.text in PARKING
    assert first.rows == tuple(f"n{n:05d}" for n in range(24))


def test_growth_is_told_against_equally_many_records_of_the_weeks_before() -> None:
    now = [*(ADAPTER[n % 4] for n in range(24)), *noise(3, 60)]
    (new,) = found(now, noise(4, 300))
    (steady,) = found(now, [*noise(4, 300), *(ADAPTER[n % 4] for n in range(144))])
    assert new.grown and new.expected == 0
    assert not steady.grown and steady.expected == 24


def test_fewer_than_the_least_size_are_no_theme() -> None:
    assert found([ADAPTER[n % 4] for n in range(MIN_SIZE - 1)] + noise(5, 60), []) == ()
    assert len(found([ADAPTER[n % 4] for n in range(MIN_SIZE)] + noise(5, 60), [])) == 1


def test_two_customers_make_no_theme() -> None:
    assert found([ADAPTER[n % 4] for n in range(24)], [], customers=2) == ()


def test_words_that_meet_by_chance_are_no_theme() -> None:
    assert sum(bool(found(noise(100 + draw, 120), noise(200 + draw, 300))) for draw in range(50)) <= 2


def test_names_lead_no_theme() -> None:
    now = [f"李伟什么时候上班，{text}" for text in noise(6, 40)]
    assert not any("李伟" in word for theme in found(now, []) for word in theme.words)


def test_nothing_is_said_of_nothing() -> None:
    assert found([], []) == ()
    assert found(["", "？？", "[电话]"] * 10, []) == ()


def test_the_same_records_give_the_same_themes() -> None:
    now = [*(ADAPTER[n % 4] for n in range(24)), *noise(7, 60)]
    assert found(now, noise(8, 300)) == found(now, noise(8, 300))

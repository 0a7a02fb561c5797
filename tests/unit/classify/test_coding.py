from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from tasks.classify.coding import code
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

SHOP = default_shop()
NOW = datetime(2026, 11, 5, 4, tzinfo=UTC)


def coded(shop: Shop = SHOP, **row: Any) -> dict[str, Any]:
    columns = TABLES["feedback"].columns
    given = {"record_id": "r", "submitted_at": NOW, "source": "ticket", **row}
    frame = pl.DataFrame([{c: given.get(c) for c in columns}], schema=columns, orient="row")
    return code(Facts({"feedback": frame}, NOW), shop)["feedback"].row(0, named=True)


@pytest.mark.parametrize(
    ("issue", "text", "leaf", "source"),
    [
        ("LOG.DAMAGE", "颜色比图片黄", "LOG.DAMAGE", "mapped"),  # the source's leaf comes before the rules
        ("PRD", "一股塑料味", "PRD.SMELL", "mapped"),  # a node is refined inside itself …
        ("PRD", "客服半天不回", "PRD", "mapped"),  # … and never outside
        ("PRD", None, "PRD", "mapped"),
        ("UNK", "一股塑料味", "PRD.SMELL", "rule"),
        (None, "一股塑料味", "PRD.SMELL", "rule"),
        (None, "不好用", "UNK", "none"),
        (None, None, "UNK", "none"),
        ("DSC.COLOR", "底座漏电", "PRD.SAFETY", "rule"),  # danger overrules the source
        ("NO.SUCH", "一股塑料味", "PRD.SMELL", "rule"),
    ],
)
def test_where_a_leaf_comes_from(issue: str | None, text: str | None, leaf: str, source: str) -> None:
    row = coded(issue=issue, text=text)
    assert (row["leaf"], row["leaf_source"]) == (leaf, source)
    assert row["leaves"][0] == leaf


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("没有破损，也没有异味，就是尺码偏小", "DSC.SIZE"),
        ("不是质量问题，颜色比图片深", "DSC.COLOR"),
        ("是不是漏电？", "PRD.SAFETY"),  # asked, and not denied
        ("会不会漏电啊", "PRD.SAFETY"),
        ("不漏电，不烫手，挺好", "UNK"),
        ("没有破损，但是壶嘴碎了", "LOG.DAMAGE"),
        ("没有赠品", "PKG.GIFT"),  # absence is the complaint itself
        ("The app keeps crashing", "PRD.FAULT"),  # no rash in crashing
        ("isn't broken, just the wrong colour sent", "PKG.WRONG"),
        ("No smell, no scratches. Lost suction after a week", "PRD.FAULT"),
    ],
)
def test_negation(text: str, leaf: str) -> None:
    assert coded(text=text)["leaf"] == leaf


@pytest.mark.parametrize(
    "text",
    [
        "充电到80%就不动了",
        "还有电就关机了",
        "孩子睡着了才敢开",
        "按计划到货了",
        "油烟机旁边用的",
        "密密麻麻的说明",
        "用它炸了鸡翅，不错",
        "点了打火机闻不出味",
        "给住院的老人买的",
    ],
)
def test_words_that_only_contain_a_danger_are_no_danger(text: str) -> None:
    assert coded(text=text)["track"] != "safety"


@pytest.mark.parametrize(
    ("row", "nature"),
    [
        ({"text": "很好用，老人特别喜欢", "rating": 1.0, "source": "review"}, "praise"),  # praise with one star
        ({"text": "五星好评！前提是它能开机", "rating": 5.0, "source": "review"}, "complaint"),  # complaint with five
        ({"text": "很好，就是插头烫得不敢碰", "rating": 5.0}, "complaint"),
        ({"text": "建议多出几个颜色"}, "suggestion"),
        ({"text": "请问怎么清洗？"}, "question"),
        ({"text": "七天无理由退货", "source": "aftersale"}, "question"),  # no complaint in the sense of ISO 10002
        ({"text": None, "rating": 2.0, "source": "review"}, "complaint"),
        ({"text": None, "rating": 5.0, "source": "review"}, "praise"),
        ({"text": None, "issue": "LOG.LATE"}, "complaint"),
        ({"text": "很好用", "nature": "question"}, "question"),  # the source's own word
        ({"text": "请问什么时候处理", "source": "regulator"}, "complaint"),
    ],
)
def test_natures_of_single_records(row: dict[str, Any], nature: str) -> None:
    assert coded(**row)["nature"] == nature


def test_a_shop_that_counts_by_stars_uses_its_own_line() -> None:
    files = dict(SHOP.files)
    files["shop.yaml"] += b"complaint_max_rating: 3\n"
    shop = Shop(files)
    assert coded(shop, rating=3.0, text=None)["nature"] == "complaint"
    assert coded(shop, rating=4.0, text=None, issue="LOG.LATE")["nature"] == "praise"


def test_the_sources_emotion_wins_over_the_text() -> None:
    assert coded(text="垃圾！！气死了", emotion=2)["emotion"] == 2
    assert coded(text="垃圾！！气死了，坏了")["emotion"] == 5
    assert coded(text="很好用")["emotion"] == 1


def test_requests_are_read_where_the_source_has_none() -> None:
    assert coded(text="坏了，给我换一个")["request"] == "exchange"
    assert coded(text="坏了，给我换一个", request="refund")["request"] == "refund"


def test_an_empty_lake_is_coded_to_empty_tables_with_all_columns() -> None:
    facts = code(Facts({}, NOW), SHOP)
    assert {"leaf", "family", "nature", "case_id", "counted", "claim_cluster", "severity_why", "line"} <= set(
        facts["feedback"].columns
    )
    assert {"line", "supplier", "region"} <= set(facts["order_line"].columns)
    assert facts["feedback"].is_empty()


def test_coding_again_changes_nothing() -> None:
    columns = TABLES["feedback"].columns
    rows = [
        {"record_id": f"r{n}", "submitted_at": NOW, "source": "ticket", "text": t}
        for n, t in enumerate(["坏了", "不好用", "漏电"])
    ]
    frame = pl.DataFrame([{c: row.get(c) for c in columns} for row in rows], schema=columns, orient="row")
    once = code(Facts({"feedback": frame}, NOW), SHOP)["feedback"]
    other_order = code(Facts({"feedback": frame.reverse()}, NOW), SHOP)["feedback"]
    assert once.equals(other_order)


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("電鍋漏電", "PRD.SAFETY"),
        ("電池膨脹", "PRD.SAFETY"),
        ("沒有破損，就是尺碼不準", "DSC.SIZE"),  # negations too
        ("顏色跟照片差很多", "DSC.COLOR"),
        ("客服已讀不回", "SVC.SLOW"),
        ("少寄一件", "PKG.MISSING"),
    ],
)
def test_traditional_characters_are_read_as_simplified_ones(text: str, leaf: str) -> None:
    """A Taiwanese or Hong Kong buyer writes 漏電; the words of the shop are 漏电. A red line is not lost over it."""
    assert coded(text=text)["leaf"] == leaf


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("There is mould on the bread", "PRD.SAFETY"),
        ("Green spots of mold on the loaf", "PRD.SAFETY"),
        ("收到发霉的面包", "PRD.SAFETY"),
        ("I nearly broke a tooth", "PRD.SAFETY"),
        ("My son got food poisoning", "PRD.HEALTH"),
        ("Rolls tasted stale, not fresh at all", "PRD.EXPIRY"),
        ("Only crumbs in the box", "LOG.DAMAGE"),
        ("All my saved drawings are gone!", "PRD.FAULT"),
        ("You charged me after I cancelled the subscription", "SYS.PLAT"),
        ("第一次洗，密封圈抠不下来，发霉了都没法洗", "PRD.DEFECT"),  # no food: no red line
        ("The alarm had gone off", "UNK"),
        ("It was charged for eight hours", "UNK"),  # no money
    ],
)
def test_words_of_food_and_software(text: str, leaf: str) -> None:
    assert coded(text=text)["leaf"] == leaf

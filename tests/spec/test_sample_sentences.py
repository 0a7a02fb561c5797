"""Thirty sentences of buyers, in own short wordings of the expectation: leaves any of which is right, nature, emotion."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.classify.coding import code
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tests.makers.shops import default_shop

SAFETY = {"PRD.SAFETY", "PRD.HEALTH"}

SENTENCES = [
    ("用了不到两个月，以前能拖完全屋，现在客厅没拖完就没电了，充一晚上也这样。", {"PRD.FAULT"}, "complaint", 3),
    ("说好的3.2A适配器，给我发的是个2A的，灯一闪一闪，这能不能用啊？？", {"DSC.SPEC", "PRD.PARTS"}, "complaint", 4),
    (
        "杯子到手碎成三瓣儿，盒子外面一点事没有，里面就薄薄一层泡沫，你们是觉得玻璃会飞？",
        {"PRD.PACK", "LOG.DAMAGE"},
        "complaint",
        4,
    ),
    ("没有破损，包装也挺好，就是颜色比图片黄不少", {"DSC.COLOR"}, "complaint", 2),
    ("不好用。", {"UNK"}, "complaint", 3),
    ("东西有问题 给我处理", {"UNK"}, "complaint", 4),
    ("平时穿L的，这个L我老公肩都套不进去😅 洗都不敢洗，退了", {"DSC.SIZE"}, "complaint", 3),
    ('客服呢？？？半小时了就一个机器人在那"亲亲稍等" 🙃', {"SVC.SLOW"}, "complaint", 5),
    ('可真行，双十一0点付的钱，今天20号了还"待揽收"，等过年一起送是吧', {"LOG.SHIP"}, "complaint", 4),
    ("快递直接扔驿站，我82岁老妈自己去背的洗地机，你们详情页写的送货上门呢", {"LOG.LASTMILE", "DSC.PROMISE"}, "complaint", 5),
    ("壶底座摸着麻手，我拿电笔一测亮了！！孩子差点碰到！", {"PRD.SAFETY"}, "complaint", 5),
    ("宝宝用了这个碗嘴周起红疹，医生说可能接触过敏，不确定是不是你们的，先问问材质报告有没有", {"PRD.HEALTH"}, "complaint", 3),
    ("直播间说拍两件送保温袋，收到俩杯子，袋子影儿都没有。主播的嘴……", {"PKG.GIFT", "DSC.PROMISE"}, "complaint", 4),
    ("买的白色发来灰的，算了懒得换，补我十块钱行不行", {"PKG.WRONG"}, "complaint", 2),
    ("更新完4.6.0就闪退，卸了重装也不行，灯现在只能当装饰品", {"PRD.FAULT"}, "complaint", 4),
    ("不是质量问题，是我买大了，但你们退货地址那么远运费谁出", {"REF.FREIGHT"}, "complaint", 2),
    ("炸篮味道大的很，空烧了三遍按说明书来的还是塑料味，是不是图层有问题", {"PRD.SMELL"}, "complaint", 3),
    ("刚买三天降了60，申请价保说不在范围，规则谁写的？", {"ORD.PRICE"}, "complaint", 4),
    ("退款说3个工作日，今天第6天，钱呢", {"REF.SLOW"}, "complaint", 4),
    ("打开一看滚刷上有头发！！这是别人退的吧🤮", {"PRD.USED"}, "complaint", 5),
    ("物流卡在分拨中心四天没动，问客服让我问快递，问快递让我问客服，踢皮球冠军", {"LOG.STALL", "SVC.BUCK"}, "complaint", 4),
    (
        '依据《广告法》，你店页面使用"最"字，要求退一赔三，三日内未处理将向监管部门举报。',
        {"DSC.AUTH", "SPC.ABNORMAL"},
        "complaint",
        3,
    ),
    ("挺好的，就是说明书看不懂联网那步，5G的wifi连不上是我的问题吗", {"USE.SETUP"}, "question", 1),
    ("上次反映过异响，换了一台，还是响，比上一台还响。。。", {"PRD.FAULT"}, "complaint", 4),
    ("五星好评！前提是它能开机 ⭐⭐⭐⭐⭐", {"PRD.FAULT"}, "complaint", 4),
    (
        "Bought it as a gift, arrived two days late and the lid was cracked. Birthday was yesterday.",
        {"LOG.LATE", "LOG.DAMAGE"},
        "complaint",
        4,
    ),
    ("Not broken, just way smaller than the chart says. L fits like S.", {"DSC.SIZE"}, "complaint", 2),
    ("App keeps crashing since last update, tried reinstall, android 15.", {"PRD.FAULT"}, "complaint", 3),
    ("Great product, shame the charger gets too hot to touch. Is that normal?", {"PRD.SAFETY"}, "complaint", 3),
    ("Still waiting on my refund... 'within 3 days' they said, 9 days ago lol", {"REF.SLOW"}, "complaint", 4),
]


@pytest.fixture(scope="module")
def coded() -> pl.DataFrame:
    texts = [sentence[0] for sentence in SENTENCES]
    frame = pl.DataFrame(
        {
            "record_id": [f"r{n:02d}" for n in range(len(texts))],
            "submitted_at": datetime(2026, 11, 5, 8, tzinfo=UTC),
            "source": "ticket",
            "text": texts,
            "rating": [5.0 if "五星" in text else None for text in texts],
        }
    )
    columns = TABLES["feedback"].columns
    frame = frame.select([pl.col(c).cast(t) if c in frame.columns else pl.lit(None, t).alias(c) for c, t in columns.items()])
    return code(Facts({"feedback": frame}, datetime(2026, 11, 10, tzinfo=UTC)), default_shop())["feedback"].sort("record_id")


def test_at_least_27_of_30_leaves_are_right(coded: pl.DataFrame) -> None:
    wrong = [(text, leaf) for (text, leaves, *_), leaf in zip(SENTENCES, coded["leaf"], strict=True) if leaf not in leaves]
    assert len(wrong) <= 3, wrong


def test_every_safety_text_is_right_and_nothing_else_is_safety(coded: pl.DataFrame) -> None:
    for (text, leaves, *_), leaf, severity, track in zip(
        SENTENCES, coded["leaf"], coded["severity"], coded["track"], strict=True
    ):
        assert (leaf in SAFETY) == bool(leaves & SAFETY), (text, leaf)
        if leaves & SAFETY:
            assert (leaf, severity, track) == (next(iter(leaves)), "P0", "safety"), text


def test_natures(coded: pl.DataFrame) -> None:
    wrong = [(text, got) for (text, _, nature, _), got in zip(SENTENCES, coded["nature"], strict=True) if got != nature]
    assert len(wrong) <= 1, wrong


def test_emotions_are_within_one_step_mostly(coded: pl.DataFrame) -> None:
    far = [(text, got) for (text, _, _, emotion), got in zip(SENTENCES, coded["emotion"], strict=True) if abs(got - emotion) > 1]
    assert len(far) <= 3, far


def test_vague_texts_are_flagged(coded: pl.DataFrame) -> None:
    vague = [text for (text, *_), flag in zip(SENTENCES, coded["vague"], strict=True) if flag]
    assert vague == ["不好用。", "东西有问题 给我处理"]


def test_a_hedged_danger_is_kept_as_a_lead(coded: pl.DataFrame) -> None:
    row = coded.filter(pl.col("text").str.contains("红疹")).row(0, named=True)
    assert (row["leaf"], row["hedged"], row["severity"]) == ("PRD.HEALTH", True, "P0")


def test_the_app_crash_belongs_to_the_app_family_and_the_battery_to_wear(coded: pl.DataFrame) -> None:
    assert coded.filter(pl.col("text").str.contains("4.6.0"))["family"].to_list() == ["app"]
    assert coded.filter(pl.col("text").str.contains("充一晚上"))["family"].to_list() == ["wear"]

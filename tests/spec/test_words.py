import pytest

from tasks.errors import ConfigurationError
from tasks.shop.load import parse_section
from tasks.shop.words import Words
from tests.makers.shops import default_shop

WORDS = default_shop().words


@pytest.mark.parametrize(
    "word", ["召回", "缺陷", "假货", "三无", "致癌", "中毒", "爆炸", "恶意", "骗子", "职业打假人", "欺诈", "退一赔三"]
)
def test_no_word_with_legal_effect_passes_the_gate(word: str) -> None:
    printed = WORDS.gated(f"请处理{word}一事")
    assert word not in printed
    assert WORDS.gate_hits(printed) == []
    assert WORDS.gated(printed) == printed


@pytest.mark.parametrize("text", ["Recall the batch", "a defective lid", "counterfeit goods"])
def test_the_gate_reads_english(text: str) -> None:
    assert WORDS.gate_hits(text)
    assert WORDS.gate_hits(WORDS.gated(text)) == []


def test_the_gate_leaves_a_lens_label_alone() -> None:
    assert WORDS.gated("功能缺陷 12 起") == "功能缺陷 12 起"


@pytest.mark.parametrize(
    ("text", "practice"),
    [
        ("给好评返现5元", "paid_reviews"),
        ("联系买家修改差评并补偿", "deleted_reviews"),
        ("引导买家选择不想要了作为退款原因", "steered_reason"),
        ("让客服添加买家个人微信", "private_wechat"),
        ("用订单手机号群发短信营销", "sms_marketing"),
        ("拆封后一律不退", "refused_returns"),
        ("暂缓答复12315，先不处理", "delayed_regulator"),
        ("Offer a voucher for a positive review", "paid_reviews"),
        ("Ask the buyer to choose another refund reason", "steered_reason"),
    ],
)
def test_forbidden_practices_are_recognised(text: str, practice: str) -> None:
    found = WORDS.forbidden_practice(text)
    assert found is not None
    assert found.id == practice


@pytest.mark.parametrize(
    "text",
    ["封存该批次在库并拦截未发出包裹", "启用该问题专用回复与换新方案", "24小时内补寄", "Send the missing part within a day"],
)
def test_plain_measures_are_allowed(text: str) -> None:
    assert WORDS.forbidden_practice(text) is None


def test_a_negation_that_ends_with_another_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="drop the longer one"):
        parse_section(Words, "cues: {negation: [没有, 并没有]}".encode(), "words.yaml")


GATE = """
gate:
  - {en: recall, instead_en: stop sale, fr: rappel, instead_fr: arrêt de vente}
  - {zh: 缺陷, instead_zh: 批次问题, unless_after: [功能]}
  - {fr: défaut, instead_fr: écart}
"""


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Recall them", "stop sale them"),
        ("recalling", "recalling"),
        ("Défaut de série", "écart de série"),
        ("défauts", "défauts"),
        ("rappel du lot", "arrêt de vente du lot"),
        ("属recall批次", "属stop sale批次"),
        ("批次缺陷", "批次批次问题"),
        ("功能缺陷", "功能缺陷"),
    ],
)
def test_a_word_with_legal_effect_is_replaced_in_every_language(text: str, printed: str) -> None:
    assert parse_section(Words, GATE.encode(), "words.yaml").gated(text) == printed


@pytest.mark.parametrize("mistake", ["{fr: rappel, instead_en: stop sale}", "{fr: rappel}", "{instead_fr: arrêt}"])
def test_a_word_with_legal_effect_needs_its_replacement_in_the_same_language(mistake: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_section(Words, f"gate: [{mistake}]".encode(), "words.yaml")


def test_phrases_of_every_language_code_a_text() -> None:
    words = parse_section(Words, "leaves: {PRD.FAULT: [{zh: [坏了], en: [Broken], fr: [Cassé]}]}".encode(), "words.yaml")
    assert words.leaves["PRD.FAULT"][0].phrases == ["坏了", "broken", "cassé"]

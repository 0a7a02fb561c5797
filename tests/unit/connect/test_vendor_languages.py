"""Ready-made declarations speak the shop's language, and say the same in each."""

import re

import pytest
import yaml

from tasks.connect.declaration import channel_of
from tasks.connect.vendors import spoken, vendor_blocks, vendor_names

HAN = re.compile(r"[\u4e00-\u9fff]")
BLOCKS = [(vendor, block) for vendor in vendor_names() for block in vendor_blocks(vendor)]


def _remarks(lines: list[str]) -> list[str]:
    """Return comments, remarks and labels."""
    return [line.partition("# ")[2] for line in lines if re.search(r"(^| )# ", line)] + [
        line for line in lines if line.startswith("    label:")
    ]


@pytest.mark.parametrize(("vendor", "block"), BLOCKS, ids=[f"{vendor}-{number}" for number, (vendor, _) in enumerate(BLOCKS)])
def test_comments_and_labels_are_in_one_language(vendor: str, block: list[str]) -> None:
    english, chinese = spoken(block, ["en"]), spoken(block, ["zh-CN"])
    assert _remarks(english) and not any(
        HAN.search(text) or " | " in text.replace("' | base64", "") for text in _remarks(english)
    )
    assert all(HAN.search(text) or "docs/vendors" in text or "base64" in text for text in _remarks(chinese))
    assert len(_remarks(english)) > 1 and english[0].startswith("  # ") and chinese[0].startswith("  # ")
    one, other = channel_of(english), channel_of(chinese)
    assert one.model_copy(update={"label": other.label, "platform": other.platform}) == other
    assert not HAN.search(one.platform)
    assert one.title("en") and other.title("zh-CN") and not HAN.search(one.title("en"))


def test_a_shop_of_two_languages_has_labels_in_both() -> None:
    [label] = [line for line in spoken(vendor_blocks("zendesk")[0], ["zh-CN", "en"]) if line.startswith("    label:")]
    assert yaml.safe_load(label)["label"] == {"zh": "Zendesk 工单", "en": "Zendesk tickets"}


def test_a_chinese_shops_reports_call_a_platform_by_its_chinese_name() -> None:
    block = vendor_blocks("douyin")[0]
    assert channel_of(spoken(block, ["zh-CN", "en"])).platform == "抖店"
    assert channel_of(spoken(block, ["en"])).platform == channel_of(block).platform == "douyin"

"""What an edition takes from data and configuration is said in its reader's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from expectations.channel import MOSTLY_READABLE
from tasks.model.review import Break
from tasks.report.edition import draft
from tests.makers.reviews import make_channels, make_context, make_review, make_shop


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_channel_that_is_left_out_says_why(language: str) -> None:
    first, *others = make_channels()
    review = make_review(channels=[replace(first, excluded=dict(MOSTLY_READABLE.reason)), *others])
    html = draft(review, make_shop(), "executive", language).html
    reasons = MOSTLY_READABLE.reason
    (other,) = set(reasons) - {language}
    assert reasons[language][:20] in html and reasons[other][:20] not in html


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "缺数据"), ("en", ": no data")])
def test_a_channel_that_nobody_declares_any_more_is_named_by_itself(language: str, said: str) -> None:
    gap = Break("missing_data", date(2026, 11, 3), date(2026, 11, 4), {}, ("desk-2",))
    html = draft(make_review(breaks=[gap]), make_shop(), "executive", language).html
    assert f"desk-2</span>{said}" in html


@pytest.mark.parametrize(("language", "said"), [("en", "Call me at [phone] please"), ("zh-CN", "Call me at [电话] please")])
def test_what_is_masked_in_a_quote_is_named_in_the_reader_s_language(language: str, said: str) -> None:
    voice = make_context(make_review(), language).voice
    quote = "Call me at [电话] please"
    assert voice.readable(quote)
    assert voice.data(quote).plain == said

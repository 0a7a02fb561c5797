"""A column is searched at once, and nothing is passed over that a rule would find in one of its texts."""

import re
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.privacy import HALVES, sentences
from tasks.privacy.column_search import FEW, loosened, masked_texts, may_hold
from tasks.privacy.detector import RULES, findings, hidden

MARKS = "0123456789零一二三幺０９＠． .-()+@#:：微信QQvxwx号路栋室区市省Aa°'\"/\n\tKſ"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from(MARKS), max_size=40), max_size=80))
def test_what_has_a_finding_is_not_passed_over(texts: list[str]):
    held = may_hold(pl.Series(texts, dtype=pl.String)).to_list()
    assert [text for text, may in zip(texts, held, strict=True) if not may and findings(text)] == []


def test_labelled_sentences_become_the_same_in_a_column_as_one_by_one():
    texts = [sentence.text for half in HALVES for sentence in sentences(half)]
    assert len(set(texts)) > FEW
    changed = masked_texts(pl.Series([*texts, None, *texts]))
    assert {text for text in texts if text in changed} == {text for text in texts if findings(text)}
    assert all(not findings(clean) or hidden(clean) == clean for clean in changed.values())


def test_numbers_of_orders_parcels_and_things_are_not_looked_at_one_by_one():
    """A shop has millions of them; the rules cost a thousand times as much as the search of the column."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(300)]
    codes = [
        *(f"T{day:%Y%m%d}00000{n:04d}" for n, day in enumerate(days)),
        *(f"SM0825{n:02d}A{114908 + n}" for n in range(300)),
        *(f"SF{1234567890123 + 7 * n}" for n in range(300)),
        *(f"{day:%Y-%m-%d}|replied_3min|平台乙|||{day:%m-%d}|||" for day in days),
        *(f"{day:%Y-%m-%d} 01:05:00.000000+00:00|score" for day in days),
    ]
    assert may_hold(pl.Series(codes)).sum() == 0


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        (r"(?<!\d)1\d{2}(?!\d)", "(?:^|[^0-9])1[0-9]{2}(?:$|[^0-9])"),
        (r"(?<![\w.-])a(?![\w-]|\.\d)|(?<!x)b", "(?:^|[^0-9A-Za-z_.-])a(?:$|[^0-9A-Za-z_-])|b"),
        (r"(?i)(?<![a-z])line(?=x)", "(?i)line"),
        (r"(?<![A-Z] )(?<![A-Z])(?P<it>[\[{]\s)", r"(?:^|[^A-Z])(?:[\[{][\t-\r ])"),
        (r"(?:a(?!b)|c)\b", r"(?:a|c)(?-u:\b)"),
    ],
)
def test_conditions_at_the_border_are_kept_and_others_left_out(pattern: str, expression: str):
    assert loosened(pattern) == expression
    assert re.compile(pattern)


def test_a_pattern_that_cannot_be_searched_in_columns_is_refused():
    with pytest.raises(ValueError, match="cannot be searched"):
        loosened(r"\Aa")


def test_no_rule_has_a_pattern_that_means_something_else_in_polars():
    """An end before a line break, sets that are subtracted or united, and groups that refer to others."""
    for rule in RULES:
        for pattern in (rule.pattern.pattern, rule.needs.pattern):
            assert not re.search(
                r"(?<!\\)\$|--|&&|~~|\(\?\(|\(\?P=|\\[1-9]|\(\?>|[*+?}]\+", re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "[]", pattern)
            )

"""Whatever a rule's pattern can match, the search of a whole column sees."""

import re

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.privacy.column_search import loosened, may_hold
from tasks.privacy.detector import RULES, WIDE
from tasks.privacy.personal_kind import PersonalRule

BESIDE = st.text(alphabet=st.sampled_from("a9.是-@ \u212a\uff19"), max_size=2)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind.name}-{RULES.index(rule)}")
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_what_a_rule_matches_is_not_passed_over(rule: PersonalRule, data: st.DataObject):
    """Texts are made by the rule's pattern without its conditions, with other characters around them, and those that meet them count."""
    matching = st.from_regex(re.compile(loosened(rule.pattern.pattern).replace(r"(?-u:\b)", ""), re.ASCII))
    made = data.draw(st.lists(st.tuples(BESIDE, matching, BESIDE).map("".join), min_size=4, max_size=6))
    searched = [text.translate(WIDE) for text in made]
    matched = [rule.needs.search(text) is not None and rule.pattern.search(text) is not None for text in searched]
    held = may_hold(pl.Series(made)).to_list()
    assert [text for text, match, may in zip(made, matched, held, strict=True) if match and not may] == []

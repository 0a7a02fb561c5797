"""Personal data are told from what only looks like it, and only they are masked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.privacy import HALVES, score, sentences
from tasks.privacy.detector import RULES, WIDE, findings, hidden, masked, placeholder
from tasks.privacy.personal_kind import PersonalKind


def test_there_are_enough_sentences_and_no_kind_is_missing():
    every = [sentence for half in HALVES for sentence in sentences(half)]
    plain = [sentence for sentence in every if sentence.kind == "none"]
    assert len(every) >= 800
    assert len(plain) >= 0.48 * len(every)
    names = {"none", *(kind.name.lower() for kind in PersonalKind)}
    for half in HALVES:
        kinds = {sentence.kind for sentence in sentences(half)}
        assert kinds <= names
        assert half.startswith("second") or kinds == names


@pytest.mark.parametrize("half", HALVES)
def test_recall_and_precision_on_labelled_sentences(half: str):
    found = score(half)
    assert found.recall >= 0.98, found.wrong
    assert found.precision >= 0.95, found.wrong


def test_a_group_of_sentences_cannot_be_read_past_by_the_needs_of_a_rule():
    """`needs` only saves time: what a rule matches, it must let through."""
    for sentence in (one for half in HALVES for one in sentences(half)):
        for rule in RULES:
            text = sentence.text.translate(WIDE)
            matched = any(rule.holds is None or rule.holds(match) for match in rule.pattern.finditer(text))
            assert not matched or rule.needs.search(text), (rule.kind, sentence.text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("0123456789零一二三幺 .-()+@#:：微信QQvxwx号路栋室区市省Aa°'\"/\n"), max_size=60))
def test_findings_lie_inside_the_text_and_apart(text: str):
    last = 0
    for one in findings(text):
        assert last <= one.start < one.end <= len(text)
        last = one.end
    assert hidden(hidden(text)) == hidden(text)


def test_what_the_shop_itself_has_written_is_spared():
    text = "Call 199 0000 1234, or our desk at 199 0000 5678."
    assert masked(text, placeholder, frozenset({"199 0000 5678"})) == (
        "Call [电话], or our desk at 199 0000 5678.",
        {PersonalKind.PHONE: 1},
    )

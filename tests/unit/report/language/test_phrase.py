"""Foreign text is cleaned, escaped and marked."""

from __future__ import annotations

import pytest

from tasks.report.language.phrase import Phrase, Piece, clean


@pytest.mark.parametrize(
    ("hostile", "printed"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\u202eb\u200fc\x00d\x1be", "abcde"),
        ("客服呢🙃🤮", "客服呢"),
        ("z\u0351\u0322a\u0338lgo", "zalgo"),
        ("Привет 你好 ไทย", "Привет 你好 〓"),
        ("多 \n\t 行", "多 行"),
        ("", ""),
    ],
)
def test_unprintable_characters_go(hostile: str, printed: str) -> None:
    assert clean(hostile) == printed


def test_a_word_without_end_is_opened_and_cut() -> None:
    text = clean("x" * 1_000_000, 200)
    assert len(text) <= 200
    assert text.endswith("…")
    assert max(len(word) for word in text.split(" ")) <= 41


def test_data_is_escaped_in_html() -> None:
    phrase = Phrase((Piece("<b>", "datum"), Piece("&"), Piece("3", "number", 'x"y')))
    assert phrase.__html__() == '<span data-c="">&lt;b&gt;</span>&amp;<span data-n="x&#34;y">3</span>'
    assert phrase.plain == "<b>&3"

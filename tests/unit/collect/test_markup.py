"""Pages become words in linear time."""

import time

import pytest

from tasks.collect.markup import plain_text

BIG = 400_000


@pytest.mark.parametrize(
    "piece",
    [
        "<script ",
        "<style>",
        "<!--",
        "<",
        "<a",
        "<br ",
        "</script",
        "<script>x</script ",
        "&#",
        "&#9",
        "<!-- x -- >",
        "<p",
        "</",
        "< ",
    ],
)
def test_nothing_left_open_is_slow(piece: str) -> None:
    """400 KB of one open thing take less than a second of work."""
    markup = piece * (BIG // len(piece))
    started = time.process_time()
    plain_text(markup)
    plain_text(markup + "-->" + "</script>")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<style>p{}</style><p>Leaks<br>badly &amp; smells</p><script>x()</script>", "Leaks\nbadly & smells"),
        ("<!-- a --->kept<!-- > b -->", "kept"),
        ("<SCRIPT src='x'>1 < 2</SCRIPT >after", "after"),
        ("before<!-- never closed, but a customer's words", "before  never closed, but a customer's words"),
        ("before<script>never closed", "before never closed"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("&#" + "9" * 5_000 + ";x", "\ufffdx"),
        ("&#x" + "f" * 5_000 + ";x", "\ufffdx"),
    ],
)
def test_what_is_kept(markup: str, text: str) -> None:
    assert plain_text(markup) == text

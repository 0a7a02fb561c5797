"""Many tests judged together."""

from __future__ import annotations

from tasks.methods.discoveries import discoveries


def test_benjamini_and_hochbergs_own_example() -> None:
    """Published: their fifteen p values (1995, section 3.2); four are found at .05, where Bonferroni finds three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert discoveries(p) == [True] * 4 + [False] * 11
    assert discoveries(p[::-1]) == [False] * 11 + [True] * 4
    assert discoveries([]) == []

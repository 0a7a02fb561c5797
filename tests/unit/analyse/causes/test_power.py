"""What a search could have seen decides whether finding nothing means that all is normal."""

import pytest

from tasks.analyse.causes.power import with_power
from tasks.model.causes import CauseSearch, SearchBasis

ASKED = {"alpha": 0.006, "weeks": 4, "best": None}


@pytest.mark.parametrize(("cases", "tells"), [(10, False), (24, False), (200, True), (2000, True)])
def test_a_search_tells_where_a_fault_of_a_quarter_of_all_complaints_is_seen(cases: int, tells: bool) -> None:
    search = with_power(CauseSearch(), tested=40, cases=cases, **ASKED)
    assert (search.able, search.tells) == (tells, tells)
    assert (search.visible <= cases / 4) == tells


def test_the_more_there_is_the_smaller_the_part_that_is_seen() -> None:
    parts = [with_power(CauseSearch(), tested=40, cases=cases, **ASKED).visible / cases for cases in (40, 160, 640, 2560)]
    assert parts == sorted(parts, reverse=True)


def test_nothing_searched_and_nothing_to_compare_with_tell_nothing() -> None:
    assert not with_power(CauseSearch(), tested=0, cases=500, **ASKED).tells
    assert not with_power(CauseSearch(SearchBasis.SAME_WEEKS), tested=40, cases=500, **ASKED).tells


def test_what_only_just_fell_short_is_no_calm() -> None:
    near = with_power(CauseSearch(), tested=40, cases=500, **ASKED | {"best": -0.4})
    far = with_power(CauseSearch(), tested=40, cases=500, **ASKED | {"best": -6.0})
    assert (near.near, near.tells, far.tells) == (True, False, True)

"""A window in the parts that a server allows: none too long, none left out."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.http_spans import placed, spans
from tasks.collect.source_rows import Window
from tasks.shop.sources.http_api import HttpApi

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda one: one.replace(tzinfo=UTC, microsecond=0))


def _spec(times: str, hours: float, first_days: float = 10) -> HttpApi:
    read = {"kind": "http_api", "url": "https://desk.example", "since": "from", "until": "to", "times": times}
    return HttpApi.model_validate({**read, "span_hours": hours, "first_days": first_days})


@given(MOMENTS, st.integers(0, 3_000), st.integers(1, 200), st.booleans())
def test_spans_follow_each_other_from_the_windows_beginning_to_its_end(end: datetime, hours: int, step: int, first: bool) -> None:
    start = end - (timedelta(days=10) if first else timedelta(hours=hours))
    parts = list(spans(_spec("epoch_s", step), Window(None if first else start, end, end)))
    seconds = [(int(part["from"]), int(part["to"])) for part in parts]
    assert seconds[0][0] == start.timestamp() and seconds[-1][1] == end.timestamp()
    assert all(one[1] == other[0] for one, other in pairwise(seconds))
    assert all(since <= until <= since + step * 3_600 for since, until in seconds)


@given(MOMENTS, st.integers(0, 3_000), st.integers(1, 40), st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]))
def test_days_belong_to_one_span_each(end: datetime, hours: int, days: int, zone: str) -> None:
    start = end - timedelta(hours=hours)
    parts = list(spans(_spec("%Y-%m-%d", days * 24), Window(start, end, end, zone)))
    ends = [(date.fromisoformat(str(part["from"])), date.fromisoformat(str(part["to"]))) for part in parts]
    named = [since + timedelta(days=n) for since, until in ends for n in range((until - since).days + 1)]
    assert named == sorted(set(named)) and all((until - since).days < days for since, until in ends)
    assert (named[0], named[-1]) == tuple(moment.astimezone(ZoneInfo(zone)).date() for moment in (start, end))
    assert len(named) == (named[-1] - named[0]).days + 1


def test_a_window_without_a_limit_is_asked_for_at_once() -> None:
    spec = HttpApi.model_validate({"kind": "http_api", "url": "https://desk.example", "since": "from"})
    window = Window(None, datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC))
    assert list(spans(spec, window)) == [{}]


def test_names_with_dots_are_nested_and_leave_what_stands_beside_them() -> None:
    params = {"range": {"kind": "update"}, "size": 1}
    assert placed(params, {"range.from": 1, "range.to": 2, "a.b.c": 3}, nested=True) == {
        "range": {"kind": "update", "from": 1, "to": 2}, "size": 1, "a": {"b": {"c": 3}},
    }  # fmt: skip
    assert params == {"range": {"kind": "update"}, "size": 1}
    assert placed({}, {"range.from": 1}, nested=False) == {"range.from": 1}

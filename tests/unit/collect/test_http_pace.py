"""How long a server is left alone, by what it says and what is declared."""

from datetime import UTC, datetime

import httpx
import pytest

from tasks.collect.http_pace import Pace, over_the_limit

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
DATE = "Mon, 09 Nov 2026 02:00:02 GMT"


class Clock:
    """A steady clock that only waiting moves."""

    def __init__(self) -> None:
        self.now, self.waits = 1_000.0, list[float]()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds

    def pace(self, calls_a_minute: float = 0, longest_s: float = 60) -> Pace:
        """Return a pace on this clock."""
        return Pace(lambda: self.now, self.wait, NOW, calls_a_minute=calls_a_minute, longest_s=longest_s)


def test_no_more_calls_a_minute_than_declared() -> None:
    clock = Clock()
    pace = clock.pace(calls_a_minute=120)
    for _ in range(4):
        pace.keep()
    assert clock.waits == [0.5, 0.5, 0.5]
    clock.now += 10
    pace.keep()
    assert clock.waits == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, [12.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 9), "Date": DATE}, [7.0]),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "5"}, [5.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4000"}, [60.0]),
        ({"X-RateLimit-Remaining": "0"}, []),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "12"}, []),
        ({"X-RateLimit-Remaining": "\xb2", "X-RateLimit-Reset": "12"}, []),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-12"}, []),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) - 9)}, []),
        ({}, []),
    ],
)
def test_a_used_up_allowance_is_waited_for_once(headers: dict[str, str], seconds: list[float]) -> None:
    clock = Clock()
    pace = clock.pace()
    pace.heard(httpx.Response(200, headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()]))
    pace.keep()
    pace.keep()
    assert clock.waits == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "2.0"}, 2.0),
        ({"Retry-After": "Mon, 09 Nov 2026 02:00:09 GMT", "Date": DATE}, 7.0),
        ({"Retry-After": "4000"}, 60.0),
        ({"Retry-After": "soon"}, 0.5),
        ({"X-RateLimit-Reset": "20"}, 20.0),
        ({"x-amzn-RateLimit-Limit": "0.0625"}, 16.0),
        ({"x-amzn-RateLimit-Limit": "0.0"}, 0.5),
        ({}, 0.5),
    ],
)
def test_after_a_refusal_it_waits_as_told(headers: dict[str, str], seconds: float) -> None:
    assert Clock().pace().pause_after(httpx.Response(429, headers=headers), 0.5) == seconds


def test_asking_too_often_is_no_wrong_password() -> None:
    assert over_the_limit(httpx.Response(429))
    assert over_the_limit(httpx.Response(403, headers={"X-RateLimit-Remaining": "0"}))
    assert over_the_limit(httpx.Response(403, headers={"Retry-After": "3"}))
    assert not over_the_limit(httpx.Response(403))
    assert not over_the_limit(httpx.Response(401, headers={"Retry-After": "3"}))

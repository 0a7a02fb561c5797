"""How fast a server is asked: as often as it is declared to allow, and no sooner than it says itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

_REMAINING = ("X-RateLimit-Remaining", "RateLimit-Remaining", "X-Rate-Limit-Remaining")
_RESET = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_EPOCH = 1e9
"""From here on a reset is a moment in seconds since 1970; below, the seconds until then."""


class Pace:
    """Spaces the requests of one pull.

    Args:
        elapsed: Seconds on a steady clock.
        wait: Sleeps for some seconds.
        now: The moment of the pull, for servers that name moments and not their own time.
        calls_a_minute: No more requests than this; 0 means as many as the server takes.
        longest_s: No single pause is longer.
    """

    def __init__(
        self,
        elapsed: Callable[[], float],
        wait: Callable[[float], None],
        now: datetime,
        *,
        calls_a_minute: float,
        longest_s: float,
    ) -> None:
        self._elapsed, self._wait, self._now, self._longest_s = elapsed, wait, now, longest_s
        self._apart = 60 / calls_a_minute if calls_a_minute else 0.0
        self._next = 0.0
        self._used_up = 0.0

    def keep(self) -> None:
        """Wait until the next request may be sent."""
        pause = max(self._next - self._elapsed(), self._used_up)
        self._used_up = 0.0
        if pause > 0:
            self._wait(min(pause, self._longest_s))
        self._next = max(self._next, self._elapsed()) + self._apart

    def heard(self, response: httpx.Response) -> None:
        """Note that a server has nothing left for us until some moment."""
        if _header(response, _REMAINING) == 0:
            self._used_up = self._until_reset(response) or 0.0

    def pause_after(self, response: httpx.Response, otherwise: float) -> float:
        """Return how long the server wants us to wait, given in seconds or as a date, or until its allowance is renewed."""
        text = response.headers.get("Retry-After", "")
        told: float | None
        if _NUMBER.fullmatch(text):
            told = float(text)
        elif (until := _http_date(text)) is not None:
            told = (until - self._sent(response)).total_seconds()
        else:
            told = self._until_reset(response) or _seconds_between(response)
        self._used_up = 0.0
        return min(max(otherwise if told is None else told, 0.0), self._longest_s)

    def _until_reset(self, response: httpx.Response) -> float | None:
        reset = _header(response, _RESET)
        if reset is None:
            return None
        return max(reset - self._sent(response).timestamp(), 0.0) if reset >= _EPOCH else reset

    def _sent(self, response: httpx.Response) -> datetime:
        return _http_date(response.headers.get("Date", "")) or self._now


def over_the_limit(response: httpx.Response) -> bool:
    """Return whether a refusal means only that we asked too often, and not that our credentials are wrong."""
    told = "Retry-After" in response.headers or _header(response, _REMAINING) == 0
    return response.status_code == 429 or (response.status_code == 403 and told)


def _seconds_between(response: httpx.Response) -> float | None:
    """Return the seconds between two requests where a server names only its rate a second, as Amazon does."""
    rate = _header(response, ("x-amzn-RateLimit-Limit",))
    return 1 / rate if rate else None


def _header(response: httpx.Response, names: tuple[str, ...]) -> float | None:
    """Return the first of some headers that is a number."""
    texts = (response.headers.get(name, "").strip() for name in names)
    return next((float(text) for text in texts if _NUMBER.fullmatch(text)), None)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

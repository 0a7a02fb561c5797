"""The ends of a window as a server wants them named, in parts no longer than it allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.collect.source_rows import Window, moment_text
from tasks.shop.sources.http_api import HttpApi

Ends = dict[str, str | int]
"""The parameters that name the ends of a window."""
A_DAY = timedelta(days=1)


def spans(spec: HttpApi, window: Window) -> Iterator[Ends]:
    """Yield the ends of a window, or of its parts where the server limits the span of a request, the earliest first.

    Where ends are named as days, both belong to the span: a part ends on the day before the next one begins.
    """
    start, end = window.start, window.end
    if start is None and spec.since and spec.first_days:
        start = end - timedelta(days=spec.first_days)
    step = timedelta(hours=spec.span_hours) if spec.span_hours else None
    if start is not None and step is not None and _names_days(spec.times):
        yield from _days(spec, window.zone, start, end, max(step // A_DAY, 1))
        return
    while start is not None and step is not None and end - start > step:
        yield _ends(spec, window.zone, start, start + step)
        start += step
    yield _ends(spec, window.zone, start, end)


def _days(spec: HttpApi, zone: str, start: datetime, end: datetime, most: int) -> Iterator[Ends]:
    day, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (start, end))
    while day <= last:
        until = min(day + timedelta(days=most - 1), last)
        yield {spec.since: f"{day:{spec.times}}", spec.until: f"{until:{spec.times}}"}
        day = until + A_DAY


def placed(params: dict[str, Any], more: dict[str, Any], *, nested: bool) -> dict[str, Any]:
    """Return parameters with more of them, the ends of a window or the mark of a page.

    Args:
        nested: Whether a name with dots stands for a place inside a JSON object.
    """
    placed = dict(params)
    for name, value in more.items():
        *above, last = name.split(".") if nested else [name]
        inner = placed
        for part in above:
            inner[part] = dict(inner.get(part) or {})
            inner = inner[part]
        inner[last] = value
    return placed


def _ends(spec: HttpApi, zone: str, start: datetime | None, end: datetime) -> Ends:
    ends: Ends = {}
    for name, moment in ((spec.since, start), (spec.until, end)):
        if name and moment is not None:
            text = moment_text(moment, spec.times, zone)
            ends[name] = int(text) if spec.method == "POST" and spec.times.startswith("epoch") else text
    return ends


def _names_days(times: str) -> bool:
    return "%d" in times and not any(part in times for part in ("%H", "%I", "%T", "%X", "%c", "%s"))

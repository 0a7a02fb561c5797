"""Time zones by their IANA names, and what somebody meant who wrote another one."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

_MEANT = {
    "cst": "Asia/Shanghai",
    "beijing": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "prc": "Asia/Shanghai",
    "bst": "Europe/London",
    "uk": "Europe/London",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "est": "America/New_York",
    "edt": "America/New_York",
    "cdt": "America/Chicago",
    "mst": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "gmt+8": "Asia/Shanghai",
    "utc+8": "Asia/Shanghai",
}


@cache
def _zones() -> dict[str, str]:
    return {zone.lower(): zone for zone in sorted(available_timezones())}


def known_zone(name: str) -> str:
    """Return the name of a time zone if it is one; an empty name stays empty.

    Raises:
        ValueError: If it is none; the sentence names the zone that was probably meant.
    """
    zones = _zones()
    if not name or (zones.get(name.lower()) == name and not name.startswith(("posix/", "right/"))):
        return name
    low = name.strip().lower().replace(" ", "_")
    ends = [
        zone
        for key, zone in zones.items()
        if key.rpartition("/")[2] == low and "/" in key and not key.startswith(("posix", "right"))
    ]
    close = difflib.get_close_matches(low, [*zones, *(key.rpartition("/")[2] for key in zones)], 1, 0.75)
    meant = zones.get(low) or _MEANT.get(low) or next(iter(ends), "")
    if not meant and close:
        meant = zones.get(close[0]) or next(zone for key, zone in zones.items() if key.rpartition("/")[2] == close[0])
    advice = f"write {meant}" if meant else "write one like Europe/London or Asia/Shanghai"
    raise ValueError(f"{name!r} is not a time zone: {advice}")


Zone = Annotated[str, AfterValidator(known_zone)]

"""The forms in which a source may write its times, checked where they are declared."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

NAMED = ("auto", "iso", "epoch_s", "epoch_ms", "half_day", "minguo", "month_day", "day_first", "month_first", "serial")
_MARKS = set("YyCmBbhdejUWuwaAHIkljMSfpPzZTRDFsGgVvnt%")
_WORDS = (
    ("yyyy", "%Y"),
    ("yy", "%y"),
    ("mmmm", "%B"),
    ("mmm", "%b"),
    ("dd", "%d"),
    ("hh", "%H"),
    ("ss", "%S"),
    ("am/pm", "%p"),
    ("a", "%p"),
    ("d", "%d"),
    ("h", "%H"),
)


def known_form(form: str) -> str:
    """Return a form of a time if it is one.

    Raises:
        ValueError: If it names nothing of a time; the sentence suggests what was probably meant.
    """
    if form in NAMED:
        return form
    unknown = [mark for mark in re.findall(r"%[-_0^#.:]*\d?(.)", form) if mark not in _MARKS]
    if "%" in form and not unknown:
        return form
    names = ", ".join(NAMED)
    if unknown:
        raise ValueError(
            f"{form!r} is not a form of a time: %{unknown[0]} means nothing; use marks such as %d/%m/%Y, or one of {names}"
        )
    meant = strptime_form(form)
    advice = f"write {meant!r}" if meant else "use marks such as '%d/%m/%Y'"
    raise ValueError(f"{form!r} is not a form of a time: {advice}, or one of {names}")


def strptime_form(form: str) -> str:
    """Return `dd/mm/yyyy hh:mm` as `%d/%m/%Y %H:%M`; empty if it has no day and year."""
    low = re.sub(r"(?<=[h:])(:?)mm", r"\1%M", form.strip().lower())
    done = ""
    while low:
        if low.startswith("%"):
            done, low = done + low[:2], low[2:]
            continue
        for word, mark in _WORDS:
            if low.startswith(word):
                done, low = done + mark, low[len(word) :]
                break
        else:
            match = re.match("m+", low)
            done, low = (done + "%m", low[match.end() :]) if match else (done + low[0], low[1:])
    if "%I" not in done and "%p" in done:
        done = done.replace("%H", "%I")
    return done if "%d" in done and ("%Y" in done or "%y" in done) and not re.search(r"(?<!%)[a-z]", done) else ""


TimeForm = Annotated[str, AfterValidator(known_form)]

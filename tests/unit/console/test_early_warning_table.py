"""What the console shows of a daily watch: every matter, whether it is mailed or not, and no traceback for a mistake."""

import io
import logging
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.console.early_warning import show_notices
from flows.console.local_prefect import _told_at_the_end
from flows.console.plain_console import PlainConsole
from tasks.errors import UserError
from tasks.model.warnings import EarlyWarning, KeptWarning, WarningEvent, WarningEventKind
from tasks.shop.load import Shop
from tasks.warn.lifecycle import Notice, WatchResult
from tests.makers.shops import default_shop
from tests.makers.warnings import MOMENT

Make = Callable[..., EarlyWarning]
ENGLISH = Shop({**default_shop().files, "shop.yaml": b"name: Dusk\nzone: Europe/London\ncurrency: GBP\nlanguages: [en]\n"})


def shown(due: WatchResult, shop: Shop = ENGLISH) -> str:
    out = io.StringIO()
    show_notices(due, shop, PlainConsole(file=out, width=220))
    return out.getvalue()


def notice(warning: EarlyWarning) -> Notice:
    event = WarningEvent("W261109-abcde", 1, MOMENT, WarningEventKind.OPENED, to=warning.owner)
    return Notice(KeptWarning("W261109-abcde", warning, MOMENT, MOMENT), warning, event, None)


def test_each_matter_is_shown_with_place_counts_and_the_person_it_would_go_to(warning: Make) -> None:
    line = shown(WatchResult((notice(warning(symptom="battery")),), ()))
    for part in ("W261109-abcde", "cluster", "sku=FW-03, batch_no=FW03-2608B", "6", "1.2", "Head of quality", "2026-11-10 00:00"):
        assert part in line
    assert not any("\u4e00" <= character <= "\u9fff" for character in line)


def test_a_restricted_matter_is_shown_without_its_place(warning: Make) -> None:
    line = shown(WatchResult((notice(warning("safety", restricted=True)),), ()))
    assert "safety" in line and "(restricted)" in line and "FW-03" not in line


def test_a_place_cannot_change_how_it_is_printed(warning: Make) -> None:
    made = warning(slice={"sku": "A[/red]9"})
    assert "sku=A[/red]9" in shown(WatchResult((notice(replace(made, owner="Nobody [b]")),), ()))


def test_nothing_new_is_not_nothing() -> None:
    assert "nothing to warn of" in shown(WatchResult((), ()))
    still = shown(WatchResult((), ("W261108-aaaaa",)))
    assert "W261108-aaaaa" in still and "nothing to warn of" not in still


@pytest.mark.parametrize(("error", "kept"), [(UserError("A mistake.", hint="Mend it."), False), (ValueError("a fault"), True)])
def test_a_users_mistake_is_not_logged_with_a_traceback(error: Exception, kept: bool) -> None:
    try:
        raise error
    except (UserError, ValueError):
        record = logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, "Encountered exception", (), sys.exc_info())
    assert _told_at_the_end(record) is kept

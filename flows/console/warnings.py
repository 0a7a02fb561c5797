"""`aftersales warnings`: list the warnings that were sent, and record the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.model.warnings import KeptWarning, WarningAnswer, WarningState
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.voice import Voice
from tasks.report.warning_text import WarningText
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.warn.kinds.catalogue import kinds


def list_warnings(settings: Settings, state: str, owner: str, console: Console) -> None:
    """Print the matching warnings; what a restricted one is about stays with the people who were mailed."""
    stores, shop = Stores.open(settings), Shop.load(settings.home)
    if state and state not in [known.value for known in WarningState]:
        raise UserError(f"There is no state {state!r}.", hint=f"Write one of {', '.join(known.value for known in WarningState)}.")
    zone = ZoneInfo(shop.identity.zone)
    table = Table("number", "state", "answer", "sent to", "answer by", "what", box=None)
    for kept in stores.ledger.warnings():
        if (state and kept.state.value != state) or (owner and owner not in kept.people):
            continue
        table.add_row(
            kept.warning_id,
            kept.state.value,
            kept.answer.value if kept.answer else "",
            ", ".join(kept.people),
            f"{kept.warning.answer_by.astimezone(zone):%Y-%m-%d %H:%M}",
            "(restricted)" if kept.warning.restricted else told_line(kept, shop),
        )
    console.print(table if table.row_count else "No warning matches.")


def told_line(kept: KeptWarning, shop: Shop) -> str:
    """Return a warning as one line in the shop's first language."""
    language = shop.identity.languages[0]
    period = Period.containing(kept.opened_at, "week", shop.identity.zone)
    voice = Voice(shop, language, Numbers(language, shop.identity.currency), Gate(shop.words), period)
    return WarningText(voice, kept.warning, shop, kept.warning_id, kinds()[kept.warning.kind].wording).what().plain


def answer_warning(settings: Settings, warning_id: str, answer: str, by: str, why: str, console: Console) -> None:
    """Record an answer; the person must be in people.yaml."""
    stores, shop = Stores.open(settings), Shop.load(settings.home)
    if shop.people.find(by) is None:
        raise UserError(f"people.yaml has nobody called {by}.", hint="Name a person in people.yaml, or add this one there.")
    event = stores.ledger.answer_warning(warning_id, WarningAnswer(answer), at=datetime.now(UTC), by=by, why=why)
    console.print(f"{warning_id} is answered: {event.answer.value if event.answer else ''}, by {event.by}.")

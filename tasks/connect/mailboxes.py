"""Mailboxes as samples: an mbox file, a Maildir, or mails saved one by one; and the channel that is proposed for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from tasks.collect.pull import read_one
from tasks.collect.source_rows import ReadContext
from tasks.connect.declaration import pattern_of
from tasks.connect.proposal import Proposal, ProposedColumn
from tasks.connect.samples import KINDS, Note, Sample
from tasks.errors import UserError
from tasks.shop.sources.mailbox import Mailbox

ORDER_WORDS = ("order", "bestellung", "bestellnummer", "commande", "pedido", "ordine", "订单", "訂單")
"""Words behind which customers write the number of an order."""
OWN = 0.5
"""Share of the mails that go to one address from which on it is the shop's own."""
ORDERS = 0.1
"""Share of the mails that must name an order for its number to be looked for."""
_ADDRESS = r"([\w.+-]+@[\w.-]+)"


def is_mailbox(file: Path) -> bool:
    """Return whether a path is a mailbox of a form that is read."""
    return bool(_form(file))


def mail_sample(file: Path, place: ReadContext) -> Sample:
    """Read a mailbox with its reader.

    Args:
        file: An mbox file, a Maildir, a saved mail (its folder is read), or a folder of saved mails.

    Raises:
        UserError: If it holds no mail of a customer, or its reader refuses it.
    """
    form = _form(file)
    found: dict[str, str] = {form: _place_of(file, form, place.settings.home)}
    spec: Mailbox = TypeAdapter(Mailbox).validate_python({"kind": "mailbox", "leave_out": [], **found})
    native = read_one(spec, place)
    every = native.rows.take()
    rows = every.filter(pl.col("kind").fill_null("") == "") if every.height else every
    if not rows.height:
        raise UserError(f"{file.name} holds no mail that a customer wrote.", hint="Give a mailbox that customers write to.")
    notes = [Note("connect.mails", {"mails": f"{rows.height:,}"})]
    if every.height > rows.height:
        notes.append(Note("connect.mails_left_out", {"mails": f"{every.height - rows.height:,}"}))
    if native.refused:
        notes.append(Note("connect.mails_refused", {"mails": f"{len(native.refused):,}"}))
    return Sample(file, {"kind": "mailbox", **found}, rows, tuple(notes))


def mail_proposal(sample: Sample) -> Proposal:
    """Propose a channel of mails: what every mail has, the order numbers that they name, and without the shop's own answers."""
    why = (Note("connect.of_mails"),)
    columns: dict[str, Any] = {
        "source_id": "id",
        "stamp": "date",
        "submitted_at": "date",
        "customer_ref": {"from": "from", "extract": _ADDRESS},
        "title": "subject",
        "text": "text",
        "attachments": "attachments",
        "thread_ref": "thread",
    }
    made = [ProposedColumn(name, spec, 0.95, why) for name, spec in columns.items()]
    words = sample.rows.select(pl.concat_str("subject", "text", separator="\n", ignore_nulls=True)).to_series()
    used = [word for word in ORDER_WORDS if words.str.contains(_order_after((word,))).any()]
    pattern = _order_after(used)
    named = int(words.str.contains(pattern).sum()) if used else 0
    if used and named >= ORDERS * words.len():
        spec = {"concat": ["subject", "text"], "separator": " | ", "extract": pattern}
        share = {"share": f"{named / words.len():.0%}"}
        made.append(ProposedColumn("order_ref", spec, 0.5, (Note("connect.order_in_words", share),)))
    own = _own_address(sample.rows)
    sent = int(sample.rows["from"].str.to_lowercase().str.contains(own, literal=True).sum()) if own else 0
    constants = {"source": "mail"}
    doubts: list[Note] = []
    if sent:
        constants["where"] = f"LOWER(\"from\") NOT LIKE '%{own}%'"
        doubts.append(Note("connect.own_mails", {"mails": f"{sent:,}", "address": own}))
    return Proposal("feedback", 1.0, (), constants, tuple(made), (), tuple(doubts))


def _order_after(words: Sequence[str]) -> str:
    """Return a pattern for an order number behind one of some words."""
    return rf"(?i)(?:{'|'.join(words)})[^0-9]{{0,16}}?([A-Z]{{0,4}}-?[0-9][0-9-]{{3,24}})"


def _form(file: Path) -> str:
    """Return the key of `mailbox` under which a path is declared, or nothing."""
    if file.is_dir():
        if (file / "cur").is_dir() or (file / "new").is_dir():
            return "maildir"
        return "eml" if any(file.glob("*.eml")) else ""
    if file.suffix.lower() == ".eml":
        return "eml"
    if file.suffix.lower() in KINDS or file.suffix.lower() == ".gz":
        return ""
    with file.open("rb") as opened:
        return "mbox" if opened.read(5) == b"From " else ""


def _place_of(file: Path, form: str, home: Path) -> str:
    """Return a mailbox's place for the declaration: later files of the same kind are read too."""
    if form == "mbox":
        return pattern_of(file, home)
    folder = (file if file.is_dir() else file.parent).resolve()
    near = folder.relative_to(home.resolve()).as_posix() if folder.is_relative_to(home.resolve()) else folder.as_posix()
    return near if form == "maildir" else f"{near}/*.eml"


def _own_address(rows: pl.DataFrame) -> str:
    """Return the address to which most of the mails go, or nothing."""
    found = Counter(address for text in rows["to"].drop_nulls().to_list() for address in set(re.findall(_ADDRESS, text.lower())))
    [(address, count)] = found.most_common(1) or [("", 0)]
    return address if count >= OWN * rows.height and "%" not in address and "'" not in address else ""

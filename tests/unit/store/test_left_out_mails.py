"""Mails that nobody wrote are kept where a review searches for words of safety, and count nowhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flows.console.init import make_home
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.pulled_homes import NOW, pulled_and_stored

MAIL = """
channels:
  - name: mail
    table: feedback
    source: mail
    zone: UTC
    read: {kind: mailbox, maildir: inbox/mail}
    source_id: message_id
    columns: {submitted_at: date, title: subject, text: text, customer_ref: from}
"""
HEAD = "From: p@x.example\nDate: Wed, 04 Nov 2026 09:07:00 +0000\n"


def test_an_automatic_reply_about_a_fire_is_kept_and_not_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_home(home)
    (home / "config" / "channels.yaml").write_text(MAIL, "utf-8")
    (home / "inbox" / "mail" / "new").mkdir(parents=True)
    for number, (headers, text) in enumerate(
        (("", "the lid leaks"), ("Auto-Submitted: auto-replied\n", "out of office: it caught fire"))
    ):
        mail = f"{HEAD}Subject: s\nMessage-ID: <m{number}@x.example>\n{headers}\n{text}\n"
        (home / "inbox" / "mail" / "new" / str(number)).write_text(mail, "utf-8")
    for hour in range(2):
        pulled_and_stored(home, NOW + timedelta(hours=hour))
    stores = Stores.open(load_settings(home))
    kept = stores.lake.quarantine_as_of(NOW + timedelta(days=1))
    first = stores.ledger.pulls()[0]
    stores.ledger.close()
    assert (first.read, first.new, first.quarantined) == (1, 1, 0)
    assert kept["rule"].to_list() == ["left_out.auto_reply"] and "it caught fire" in kept["record"][0]

"""A channel that breaks is named in the report and in `status`, and stops no other."""

import mailbox
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from examples.sample_shop.server import serve
from flows.review import review
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import AS_OF, WEEK, copied, inside, shown_status

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="200000"><c r="SZ200000"><v>1</v></c></row></sheetData></worksheet>'
)
BROKEN = {"tickets", "chats", "disputes", "aftersales", "store_forms"}


@contextmanager
def failing_server() -> Iterator[str]:
    """A server that answers everything with 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def broken_home(sample_home: Path, prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review with HTTP 500, bad credentials, a workbook that unpacks to gigabytes, and a mail of 50 MB."""
    home = copied(sample_home, tmp_path_factory.mktemp("broken") / "home")
    with zipfile.ZipFile(home / "sources" / "store" / "far.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        bomb.writestr("xl/worksheets/sheet1.xml", SHEET)
    huge = EmailMessage()
    huge["Message-ID"], huge["Date"], huge["Subject"] = "<huge@example.com>", "Wed, 04 Nov 2026 10:00:00 +0800", "视频"
    huge["From"], huge["To"] = "buyer@example.com", "service-jia@example.com"
    huge.set_content("见附件")
    huge.add_attachment(b"\0" * (50 * 1024 * 1024), maintype="video", subtype="mp4", filename="../../evil.mp4")
    mailbox.Maildir(home / "sources" / "mail").add(huge.as_bytes())
    with failing_server() as failing, serve(home / "sources", token="another token than the shop knows") as desk:
        secrets = home / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "desk_token").write_text("an old token")
        for name in ("tickets", "chats", "disputes", "aftersales"):
            (secrets / f"desk_{name}").write_text(f"{failing if name == 'tickets' else desk.url}/v2/{name}")
        with inside(home):
            review(period=WEEK, as_of=AS_OF)
    return home


def test_the_review_completes_and_is_preliminary(broken_home: Path) -> None:
    editions = Stores.open(load_settings(broken_home)).ledger.editions()
    assert [(edition.period, edition.status) for edition in editions] == [(WEEK, "provisional")]


def test_only_the_broken_channels_failed(broken_home: Path) -> None:
    pulls = Stores.open(load_settings(broken_home)).ledger.last_pulls()
    assert {name for name, pull in pulls.items() if pull.error} == BROKEN
    assert all(pull.hint for pull in pulls.values() if pull.error)
    assert all(pull.read for name, pull in pulls.items() if name not in BROKEN)


def test_the_mail_of_50_mb_is_refused_alone(broken_home: Path) -> None:
    stores = Stores.open(load_settings(broken_home))
    pull = stores.ledger.last_pulls()["mails"]
    assert pull.read > 10 and not pull.error and pull.quarantined >= 1


def test_status_has_a_line_for_each(broken_home: Path) -> None:
    shown = shown_status(broken_home)
    lines = {name: next(line for line in shown.splitlines() if f" {name} " in line) for name in sorted(BROKEN)}
    assert "500" in lines["tickets"]
    assert "401" in lines["chats"]
    assert "far.xlsx" in lines["store_forms"]
    assert "MB is larger than" in shown


def test_the_report_names_them(broken_home: Path) -> None:
    stores = Stores.open(load_settings(broken_home))
    html = stores.archive.read(stores.ledger.editions()[0], "report.html").decode()
    for label in ("客服工单", "在线会话", "售后单", "门店登记表"):
        assert label in html
    assert "快报" in html

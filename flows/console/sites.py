"""Two small read-only sites on loopback: the archive of reports, and the mails in the outbox."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flows.console.server_app import hosts_of

TYPES = {
    ".pdf": "application/pdf",
    ".json": "application/json; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".eml": "message/rfc822",
}
PAGE = "text/html; charset=utf-8"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox allow-popups allow-downloads"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-site",
    "Cache-Control": "no-cache",
}
STYLE = "body{font:15px/1.6 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}td{padding:.1em 1.5em .1em 0}pre{white-space:pre-wrap}"
Answer = tuple[str, bytes]
"""Content type and body."""


class Site:
    """A site that answers GET on 127.0.0.1 in a thread of its own.

    url: Its address, with a slash at the end.

    Args:
        answer: Path → what is there.
        port: Its port.
        address: Another address under which it is shown, as a proxy does; every other name in a request's Host is refused, for
            a name that was rebound to this machine is another site's.
    """

    def __init__(self, answer: Callable[[str], Answer | None], port: int, address: str = "") -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                own = self.headers.get_all("Host") in hosts
                found = answer(unquote(urlsplit(self.path).path)) if own else None
                kind, body = found or (PAGE, _page("Not found", "<p>There is nothing here.</p>"))
                self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND if own else HTTPStatus.FORBIDDEN)
                for name, value in HEADERS.items():
                    # a PDF is shown by the browser's own viewer, which a sandbox would keep from working
                    if not (name == "Content-Security-Policy" and kind == TYPES[".pdf"]):
                        self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        bound = self._server.server_port
        hosts = [[host] for host in sorted({*hosts_of(bound), urlsplit(address).netloc} - {""})]
        self.url = f"http://127.0.0.1:{bound}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def stop(self) -> None:
        """Stop the site and free the port."""
        self._server.shutdown()
        self._server.server_close()


def archive_site(root: Path) -> Callable[[str], Answer | None]:
    """Return the archive's answer function: a list of editions by period, and their files unchanged."""

    def answer(path: str) -> Answer | None:
        if path == "/":
            return PAGE, _archive_page(root)
        file = inside(root, path)
        return (TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes()) if file else None

    return answer


def outbox_site(folder: Path) -> Callable[[str], Answer | None]:
    """Return the outbox's answer function: a list of the mails, each mail with its text, and the `.eml` files."""

    def answer(path: str) -> Answer | None:
        if path == "/":
            return PAGE, _outbox_page(folder)
        if path.startswith("/mail/"):
            file = inside(folder, path.removeprefix("/mail"))
            return (PAGE, _mail_page(file)) if file else None
        file = inside(folder, path)
        return (TYPES[".eml"], file.read_bytes()) if file and file.suffix == ".eml" else None

    return answer


def inside(root: Path, path: str) -> Path | None:
    """Return the file in a folder that a request's path names; None for hidden names, links out of it and missing files."""
    parts = PurePosixPath(path.lstrip("/")).parts
    if not parts or "\0" in path or any(part.startswith(".") for part in parts):
        return None
    file = (root / Path(*parts)).resolve()
    return file if file.is_relative_to(root.resolve()) and file.is_file() else None


def _archive_page(root: Path) -> bytes:
    rows = []
    for pdf in sorted(
        root.glob("*/*/r*/*/*.pdf"), key=lambda file: (file.parts[-4], file.parts[-5], file.parts[-3]), reverse=True
    ):
        report, period, revision, edition, name = pdf.parts[-5:]
        link = quote(pdf.relative_to(root).as_posix())
        numbers = quote((pdf.parent / "numbers.json").relative_to(root).as_posix())
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in (period, report, revision, edition))
        rows.append(
            f'<tr>{cells}<td><a href="/{link}">{html.escape(name)}</a></td><td><a href="/{numbers}">numbers</a></td></tr>'
        )
    return _page("Archive", f"<table>{''.join(rows)}</table>" if rows else "<p>No report has been made yet.</p>")


def _outbox_page(folder: Path) -> bytes:
    rows = []
    for file in sorted(folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime, path.name), reverse=True):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        cells = "".join(f"<td>{html.escape(str(mail[name]))}</td>" for name in ("To", "Date"))
        rows.append(
            f'<tr><td><a href="/mail/{quote(file.name)}">{html.escape(str(mail["Subject"]))}</a></td>{cells}'
            f'<td><a href="/{quote(file.name)}">.eml</a></td></tr>'
        )
    return _page("Mails", f"<table>{''.join(rows)}</table>" if rows else "<p>Nobody has been mailed yet.</p>")


def _mail_page(file: Path) -> bytes:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    text = mail.get_body(("plain",))
    heads = "".join(
        f"<tr><td>{name}</td><td>{html.escape(str(mail[name]))}</td></tr>" for name in ("From", "To", "Date", "Subject")
    )
    names = ", ".join(html.escape(part.get_filename() or "") for part in mail.iter_attachments())
    return _page(
        str(mail["Subject"]),
        f"<table>{heads}<tr><td>Attached</td><td>{names}</td></tr></table><pre>{html.escape(text.get_content() if text else '')}</pre>",
    )


def _page(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body><h1>{html.escape(title)}</h1>{body}</body></html>".encode()

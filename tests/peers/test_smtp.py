"""Mail over a real SMTP server with STARTTLS and login; and over servers that break every promise."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.deliver.delivery import LEASE_SECONDS, deliver
from tasks.deliver.message import Mail
from tasks.deliver.smtp import Server, Smtp
from tasks.errors import UserError
from tasks.model.editions import Delivery, DeliveryState
from tasks.store.ledger import Ledger

pytestmark = pytest.mark.peer

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
USER, PASSWORD = "review", "a pass-word"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


class Sink:
    """Keeps what arrives; refuses `gone@`, puts off `full@`, and rejects a message that says so."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("gone@"):
            return "550 5.1.1 no such user"
        if address.startswith("full@"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if b"BUSY" in envelope.content:
            return "451 4.3.0 try again"
        if b"SPAM" in envelope.content:
            return "554 5.7.1 rejected"
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 queued"


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@pytest.fixture
def sink(certificate: tuple[Path, Path]) -> Iterator[tuple[Sink, Server]]:
    """A server that wants STARTTLS and a login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    handler = Sink()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=_login,
        auth_required=True,
    )
    controller.start()
    try:
        yield handler, Server("127.0.0.1", controller.port, USER, PASSWORD, "starttls", certificate[0], 10.0)
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def letter(recipient: str, text: str = "hello") -> Mail:
    delivery = Delivery(
        "weekly", "2026-W45", "executive", "en", 1, recipient, DeliveryState.QUEUED, f"<{recipient.partition('@')[0]}@x>", text
    )
    return Mail(
        delivery,
        "review@aftersales.example",
        recipient,
        f"Message-ID: {delivery.message_id}\r\nSubject: x\r\n\r\n{text}\r\n".encode(),
    )


def test_each_recipient_gets_an_own_message_and_result(sink: tuple[Sink, Server], tmp_path: Path) -> None:
    handler, server = sink
    mails = [letter(f"{name}@example.com") for name in ("boss", "gone", "full", "ops")]
    with Ledger(f"sqlite:///{tmp_path}/l.sqlite") as ledger, Smtp(server) as smtp:
        ledger.migrate()
        standing = deliver(ledger, mails, smtp, now=NOW, holder="w")
        assert [(one.state.value, one.detail[:3]) for one in standing] == [
            ("sent", "250"),
            ("failed", "550"),
            ("queued", "452"),
            ("sent", "250"),
        ]
        again = deliver(ledger, mails, smtp, now=NOW, holder="w")
    assert [one.state.value for one in again] == ["sent", "failed", "queued", "sent"]
    assert [(sender, recipients) for sender, recipients, _ in handler.received] == [
        ("review@aftersales.example", ["boss@example.com"]),
        ("review@aftersales.example", ["ops@example.com"]),
    ]
    assert handler.received[0][2] == mails[0].content


def test_a_line_that_begins_with_a_period_arrives_whole(sink: tuple[Sink, Server]) -> None:
    handler, server = sink
    mail = letter("boss@example.com", ".\r\n..two\r\nend.")
    with Smtp(server) as smtp:
        assert smtp.send(mail).result == "accepted"
    assert handler.received[0][2] == mail.content


@pytest.mark.parametrize(("text", "result"), [("BUSY", "later"), ("SPAM", "refused"), ("fine", "accepted")])
def test_the_answer_to_the_message_counts(sink: tuple[Sink, Server], text: str, result: str) -> None:
    with Smtp(sink[1]) as smtp:
        assert smtp.send(letter("boss@example.com", text)).result == result
        assert smtp.send(letter("ops@example.com")).result == "accepted"


def test_a_wrong_password_is_told_and_nothing_is_sent(sink: tuple[Sink, Server]) -> None:
    handler, server = sink
    with (
        Smtp(Server(**{**vars(server), "password": "wrong"})) as smtp,
        pytest.raises(UserError, match="refused the login") as refusal,
    ):
        smtp.send(letter("boss@example.com"))
    assert "wrong" not in str(refusal.value)
    assert handler.received == []


def test_an_unknown_certificate_is_not_trusted(sink: tuple[Sink, Server]) -> None:
    handler, server = sink
    with Smtp(Server(**{**vars(server), "ca_file": None})) as smtp:
        outcome = smtp.send(letter("boss@example.com"))
    assert outcome.result == "later"
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
    assert handler.received == []


def test_a_server_without_starttls_gets_nothing() -> None:
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=_free_port())
    controller.start()
    try:
        with (
            Smtp(Server("127.0.0.1", controller.port, timeout_s=10)) as smtp,
            pytest.raises(UserError, match="offers no STARTTLS"),
        ):
            smtp.send(letter("boss@example.com"))
        assert handler.received == []
        with Smtp(Server("127.0.0.1", controller.port, security="none", timeout_s=10)) as smtp:
            assert smtp.send(letter("boss@example.com")).result == "accepted"
    finally:
        controller.stop()


def test_tls_from_the_start(certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    handler = Sink()
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    port = _free_port()
    controller = _TlsController(handler, trust, hostname="127.0.0.1", port=port, ssl_context=context)
    controller.start()
    try:
        with Smtp(Server("127.0.0.1", port, security="tls", ca_file=certificate[0], timeout_s=10)) as smtp:
            assert smtp.send(letter("boss@example.com")).result == "accepted"
    finally:
        controller.stop()
    assert len(handler.received) == 1


class _TlsController(Controller):
    """Checks that its server is up with a context that trusts the certificate of the test."""

    def __init__(self, handler: Sink, trust: ssl.SSLContext, **options: Any) -> None:
        super().__init__(handler, **options)
        self.trust = trust

    def _trigger_server(self) -> None:
        with (
            socket.create_connection((self.hostname, self.port), 5) as plain,
            self.trust.wrap_socket(plain, server_hostname="127.0.0.1") as safe,
        ):
            safe.recv(1024)


def test_unprotected_mail_stays_on_this_machine() -> None:
    with pytest.raises(UserError, match="would be sent unencrypted"):
        Smtp(Server("mail.example.com", 25, security="none"))


# ---- Servers that break off --------------------------------------------------------------------


@contextmanager
def _server(talk: Callable[[Any], None]) -> Iterator[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            talk(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("break_at", "result"),
    [
        ("connect", "later"),
        ("EHLO", "later"),
        ("MAIL", "later"),
        ("RCPT", "later"),
        ("DATA", "later"),
        ("content", "unknown"),
        ("none", "accepted"),
    ],
)
def test_a_connection_that_breaks_off(break_at: str, result: str) -> None:
    """Before DATA nothing can have gone out; after it nobody knows."""

    def talk(peer: Any) -> None:
        if break_at == "connect":
            return
        peer.wfile.write(b"220 hello\r\n")
        for line in iter(peer.rfile.readline, b""):
            verb = line[:4].decode().upper().strip()
            if verb == break_at:
                return
            if verb == "DATA":
                peer.wfile.write(b"354 go\r\n")
                while peer.rfile.readline() not in (b".\r\n", b""):
                    pass
                if break_at == "content":
                    return
            peer.wfile.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")
            if verb == "QUIT":
                return

    with _server(talk) as port, Smtp(Server("127.0.0.1", port, security="none", timeout_s=5)) as smtp:
        assert smtp.send(letter("boss@example.com")).result == result


@pytest.mark.parametrize(
    ("drip_at", "result"),
    [
        ("connect", "later"),
        ("EHLO", "later"),
        ("MAIL", "later"),
        ("RCPT", "later"),
        ("DATA", "later"),
        ("content", "unknown"),
        ("QUIT", "accepted"),
    ],
)
def test_a_server_that_drips_its_answer_is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch, drip_at: str, result: str) -> None:
    """It is never silent, so only the limit of the whole exchange ends it, long before the claim's lease; `250` without its end is no answer."""
    monkeypatch.setattr("tasks.deliver.smtp.GOODBYE_S", 0.5)
    end = threading.Event()

    def drip(peer: Any, text: bytes) -> None:
        for letter_ in text + b" " * 10_000:
            if end.wait(0.05):
                return
            peer.wfile.write(bytes([letter_]))

    def talk(peer: Any) -> None:
        if drip_at == "connect":
            return drip(peer, b"220 hello")
        peer.wfile.write(b"220 hello\r\n")
        for line in iter(peer.rfile.readline, b""):
            verb = line[:4].decode().upper().strip()
            if verb == drip_at:
                return drip(peer, b"250 ok")
            if verb == "DATA":
                peer.wfile.write(b"354 go\r\n")
                while peer.rfile.readline() not in (b".\r\n", b""):
                    pass
                if drip_at == "content":
                    return drip(peer, b"250 ok")
            peer.wfile.write(b"250 ok\r\n")
        return None

    began = time.monotonic()
    with _server(talk) as port:
        try:
            with Smtp(Server("127.0.0.1", port, security="none", timeout_s=5, exchange_s=1)) as smtp:
                assert smtp.send(letter("boss@example.com")).result == result
        finally:
            end.set()
    assert time.monotonic() - began < 4


def test_an_exchange_ends_before_its_claim() -> None:
    """Otherwise a second process would take over, and send again, what is still being sent."""
    server = Server("127.0.0.1", 25)
    assert server.exchange_s + 2 * server.timeout_s < LEASE_SECONDS


def test_a_server_that_says_nothing_is_given_up() -> None:
    stop = threading.Event()
    with _server(lambda _: stop.wait(20)) as port, Smtp(Server("127.0.0.1", port, security="none", timeout_s=0.3)) as smtp:
        assert smtp.send(letter("boss@example.com")).result == "later"
        stop.set()


def test_a_server_that_is_not_there_leaves_the_mail_queued(tmp_path: Path) -> None:
    with (
        Ledger(f"sqlite:///{tmp_path}/l.sqlite") as ledger,
        Smtp(Server("127.0.0.1", _free_port(), security="none", timeout_s=2)) as smtp,
    ):
        ledger.migrate()
        (standing,) = deliver(ledger, [letter("boss@example.com")], smtp, now=NOW, holder="w")
    assert (standing.state, "refused" in standing.detail) == (DeliveryState.QUEUED, True)

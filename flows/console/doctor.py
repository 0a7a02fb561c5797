"""`aftersales doctor`: what works and what does not, in plain words with what to do."""

from __future__ import annotations

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Literal

import httpx
import polars as pl

from flows.console.sample_desk import desk_beside
from flows.console.serve import server_login
from tasks.errors import UserError
from tasks.model.editions import DeliveryState
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.run import Stores
from tasks.settings import Settings, environment, put_environment
from tasks.shop.channels import Channel
from tasks.shop.load import Shop

Level = Literal["ok", "warn", "bad"]
PATIENCE_S = 10


@dataclass(frozen=True)
class Finding:
    """One line of the check-up: `what` was looked at, `text` is how it stands, `advice` what to do."""

    level: Level
    what: str
    text: str
    advice: str = ""


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Look at everything a review needs; a fault in one place does not hide the others.

    Args:
        settings: The installation.
        now: Aware UTC.
    """
    findings: list[Finding] = []
    shop = _configuration(settings, findings)
    for look in (_key, _fonts, _renderer):
        _looked(findings, look.__name__.strip("_"), lambda look=look: look(settings))
    stores = _stores(settings, now, findings)
    if shop is not None:
        with desk_beside(settings.home):
            for channel in shop.channels.channels:
                _looked(findings, f"channel {channel.name}", lambda channel=channel: _channel(channel, shop, settings, now))
        if not shop.channels.channels:
            findings.append(Finding("bad", "channels", "channels.yaml lists no source.", "List one; its comments show how."))
    _looked(findings, "mail", lambda: _mail(settings))
    if stores is not None and shop is not None:
        _looked(findings, "severity", lambda: _severity(stores, shop, now))
    if stores is not None:
        _looked(findings, "mails", lambda: _deliveries(stores))
        _looked(findings, "leases", lambda: _leases(stores, now))
    findings += _prefect(now)
    return findings


def _looked(findings: list[Finding], what: str, look: Callable[[], Finding]) -> None:
    try:
        findings.append(look())
    except UserError as error:
        findings.append(Finding("bad", what, error.what, error.hint))
    except (OSError, ValueError, RuntimeError) as error:
        findings.append(
            Finding("bad", what, f"{type(error).__name__}: {error}", "Look at the sentence on the left; the manual says more.")
        )


# ---- The shop ----------------------------------------------------------------------------------


def _configuration(settings: Settings, findings: list[Finding]) -> Shop | None:
    if not (settings.home / "config").is_dir():
        findings.append(
            Finding(
                "bad",
                "configuration",
                f"{settings.home} is no shop's folder.",
                f"Make one: aftersales --home {settings.home} init",
            )
        )
        return None
    try:
        shop = Shop.load(settings.home)
        shop.check()
    except UserError as error:
        findings.append(Finding("bad", "configuration", error.what, error.hint))
        return None
    own = len([path for path in (settings.home / "config").rglob("*") if path.is_file()])
    findings.append(
        Finding("ok", "configuration", f"{shop.identity.name}: {own} files of its own, all valid; the rest are the defaults.")
    )
    return shop


def _key(settings: Settings) -> Finding:
    from tasks.collect.privacy import KEY_FILE, customer_key

    file = settings.home / "secrets" / KEY_FILE
    if not settings.secret.get_secret_value() and not file.is_file():
        return Finding(
            "warn",
            "key",
            "There is no key of the customer references yet.",
            "The first pull makes one; `aftersales init` does too.",
        )
    key = customer_key(settings)
    if file.is_file() and file.stat().st_mode & 0o077:
        return Finding("warn", "key", f"Other users of this machine can read {file}.", f"Type: chmod 600 {file}")
    return Finding("ok", "key", f"The key of the customer references has version {key.version}.")


# ---- The machine -------------------------------------------------------------------------------


def _fonts(settings: Settings) -> Finding:
    if shutil.which("fc-list") is None:
        return Finding("bad", "fonts", "fontconfig is not installed.", "Type: sudo apt-get install -y fontconfig fonts-noto-cjk")
    shown = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    ).stdout
    if "Noto Sans CJK" not in shown:
        return Finding(
            "bad",
            "fonts",
            "Noto CJK is not installed: Chinese would be printed as boxes.",
            "Type: sudo apt-get install -y fonts-noto-cjk",
        )
    return Finding("ok", "fonts", "Noto Sans CJK is there.")


def _renderer(settings: Settings) -> Finding:
    try:
        import weasyprint
    except OSError as error:
        return Finding(
            "bad",
            "renderer",
            f"Pango cannot be loaded ({str(error).splitlines()[0][:80]}).",
            "Type: sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    return Finding("ok", "renderer", f"WeasyPrint {weasyprint.__version__} finds Pango.")


# ---- The stores --------------------------------------------------------------------------------


def _stores(settings: Settings, now: datetime, findings: list[Finding]) -> Stores | None:
    try:
        stores = Stores.open(settings)
        editions = stores.ledger.editions()
        findings.append(Finding("ok", "ledger", f"Reachable, at revision {stores.ledger.revision()}; {len(editions)} editions."))
        known = stores.lake.known_from()
        findings.append(
            Finding("ok", "lake", f"Holds records known since {known:%Y-%m-%d}." if known else "Empty until the first review.")
        )
    except (UserError, OSError) as error:
        findings.append(Finding("bad", "stores", str(error), "Check AFTERSALES_LEDGER_URL and AFTERSALES_LAKE_URL."))
        return None
    problems = stores.archive.check(editions)
    lost = [problem for problem in problems if problem.kind != "unknown"]
    if lost:
        findings.append(
            Finding(
                "bad",
                "archive",
                f"{len(lost)} files are missing or changed, the first is {lost[0].path}.",
                "Restore them from the backup.",
            )
        )
    else:
        apart = f"; {len(problems)} further files belong to no edition" if problems else ""
        findings.append(Finding("ok", "archive", f"Every file is the one that was archived{apart}."))
    return stores


def _channel(channel: Channel, shop: Shop, settings: Settings, now: datetime) -> Finding:
    """Read only the last hours of a source; a source without stamps is read whole."""
    from tasks.collect.pull import pull_channel

    narrow = channel.model_copy(update={"overlap_hours": 0.0})
    batch = pull_channel(
        narrow,
        window_start=now - timedelta(hours=24),
        window_end=now,
        shop=shop,
        settings=settings,
        now=now,
        wait=lambda seconds: None,
    )
    what = f"channel {channel.name}"
    if batch.error:
        return Finding("bad", what, batch.error, batch.hint)
    return Finding("ok", what, f"Reachable; {batch.read} rows of the last day.")


def _severity(stores: Stores, shop: Shop, now: datetime) -> Finding:
    """Code the last four weeks of records: where too many are P0, nobody hurries for any."""
    from tasks.classify.coding import code
    from tasks.classify.severity import p0_share

    facts = Facts({name: stores.lake.as_of(name, now) for name in TABLES}, now, [])
    newest = facts["feedback"]["submitted_at"].max()
    if not isinstance(newest, datetime):
        return Finding("ok", "severity", "No record yet.")
    facts.tables["feedback"] = facts["feedback"].filter(pl.col("submitted_at") > newest - timedelta(weeks=4))
    share, budget = p0_share(code(facts, shop)["feedback"]), shop.service_levels.p0_budget
    text = f"{share:.1%} of the complaints of the newest four weeks are P0; at most {budget:.0%} is meant."
    if share > budget:
        return Finding("warn", "severity", text, "The P0 rules in service_levels.yaml are too wide: narrow them.")
    return Finding("ok", "severity", text)


# ---- Mail --------------------------------------------------------------------------------------


def _mail(settings: Settings) -> Finding:
    if settings.mail == "outbox":
        settings.outbox_root.mkdir(parents=True, exist_ok=True)
        probe = settings.outbox_root / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
        return Finding("ok", "mail", f"Mails become files in {settings.outbox_root}; set AFTERSALES_MAIL=smtp to send them.")
    with _greeted(settings) as connection:
        if settings.smtp_user:
            connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        connection.noop()
    everyone = f" Every mail goes to {settings.mail_all_to} (AFTERSALES_MAIL_ALL_TO)." if settings.mail_all_to else ""
    return Finding(
        "warn" if everyone else "ok",
        "mail",
        f"{settings.smtp_host}:{settings.smtp_port} answers by {settings.smtp_security}.{everyone}",
    )


@contextmanager
def _greeted(settings: Settings) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(settings.smtp_ca_file) if settings.smtp_ca_file else None)
    try:
        connection: smtplib.SMTP
        if settings.smtp_security == "tls":
            connection = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S, context=context)
        else:
            connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S)
        with connection:
            if settings.smtp_security == "starttls":
                connection.starttls(context=context)
            yield connection
    except (smtplib.SMTPException, OSError) as error:
        raise UserError(
            f"The mail server {settings.smtp_host}:{settings.smtp_port} does not work: {error}.",
            hint="Check AFTERSALES_SMTP_HOST, _PORT, _USER, _PASSWORD and _SECURITY.",
        ) from error


def _deliveries(stores: Stores) -> Finding:
    open_mails = stores.ledger.deliveries(states=[DeliveryState.UNCERTAIN, DeliveryState.SENDING, DeliveryState.FAILED])
    if not open_mails:
        return Finding("ok", "mails", "None is uncertain or failed.")
    counts = ", ".join(
        f"{sum(mail.state is state for mail in open_mails)} {state.value}"
        for state in DeliveryState
        if any(mail.state is state for mail in open_mails)
    )
    return Finding(
        "warn",
        "mails",
        f"{counts}; the first is {open_mails[0].period} to {open_mails[0].recipient}.",
        "Type: aftersales redeliver",
    )


def _leases(stores: Stores, now: datetime) -> Finding:
    from tasks.store.processes import is_gone

    held = stores.ledger.leases(now)
    dead = [lease for lease in held if is_gone(lease.holder)]
    if dead:
        return Finding(
            "warn", "leases", f"{dead[0].name} is held by a process that has ended.", "Nothing to do: the next run takes it over."
        )
    return Finding("ok", "leases", f"At work: {', '.join(lease.name for lease in held)}." if held else "Nobody is at work.")


# ---- Prefect -----------------------------------------------------------------------------------


def _prefect(now: datetime) -> list[Finding]:
    """Look at the server that PREFECT_API_URL names; without one, reviews run in the console's own process."""
    address = environment().get("PREFECT_API_URL", "")
    if not address:
        return [
            Finding(
                "warn",
                "Prefect",
                "PREFECT_API_URL names no server: nothing runs by schedule.",
                "`make serve` starts one and prints its address.",
            )
        ]
    put_environment(**server_login())
    try:
        return [_server(address), *_registered(now)]
    except UserError as error:
        return [Finding("bad", "Prefect server", error.what, error.hint)]
    except httpx.HTTPError as error:
        return [
            Finding(
                "bad",
                "Prefect server",
                f"{address} does not answer: {error}.",
                "Start it with `make serve`, or correct PREFECT_API_URL.",
            )
        ]


def _server(address: str) -> Finding:
    login = environment().get("PREFECT_API_AUTH_STRING", "")
    auth = tuple(login.split(":", 1)) if ":" in login else None
    answer = httpx.get(f"{address.rstrip('/')}/admin/version", timeout=PATIENCE_S, auth=auth)  # type: ignore[arg-type]
    if answer.status_code == 401:
        raise UserError(f"{address} asks for a login.", hint="Set PREFECT_API_AUTH_STRING=user:password.")
    server, client = answer.json(), version("prefect")
    if server != client:
        return Finding(
            "bad",
            "Prefect server",
            f"The server is {server}, this installation {client}; runs break at the border.",
            f"Run the server in version {client}.",
        )
    return Finding("ok", "Prefect server", f"{address} answers; server and client are {client}.")


def _registered(now: datetime) -> list[Finding]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.objects import WorkerStatus
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

    from flows.console import zombie_rule
    from flows.console.deploy import POOL, declared, drift

    findings = []
    with get_client(sync_client=True) as client:
        try:
            found = client.request("POST", f"/work_pools/{POOL}/workers/filter", json={"limit": 50, "offset": 0}).json()
            online = [worker["name"] for worker in found if worker["status"] == WorkerStatus.ONLINE.value]
            findings.append(
                Finding("ok", "worker", f"{', '.join(online)} works on the pool {POOL}.")
                if online
                else Finding(
                    "bad",
                    "worker",
                    f"No worker works on the pool {POOL}: runs stay Late.",
                    f"Type: prefect worker start --pool {POOL}",
                )
            )
        except (ObjectNotFound, PrefectHTTPStatusError):
            findings.append(Finding("bad", "worker", f"There is no work pool {POOL}.", "Type: aftersales deploy"))
        different = drift(client)
        findings.append(
            Finding("bad", "deployments", "; ".join(different), "Type: aftersales deploy")
            if different
            else Finding("ok", "deployments", f"{len(declared())} deployments stand as prefect.yaml says.")
        )
        rules = zombie_rule.existing(client)
        findings.append(
            Finding("ok", "zombie rule", f"«{zombie_rule.NAME}» is on.")
            if len(rules) == 1 and zombie_rule.same(rules[0])
            else Finding("bad", "zombie rule", "A run whose worker dies would stay Running for ever.", "Type: aftersales deploy")
        )
    return findings

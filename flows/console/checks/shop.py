"""Check-up of the shop's own files: its configuration and its key."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.console.checks.finding import Finding
from tasks.collect.privacy import KEY_FILE, customer_key
from tasks.errors import UserError
from tasks.report.language.registry import check_languages
from tasks.settings import Settings
from tasks.shop.load import DEFAULTS, Shop


def config_folder(settings: Settings) -> Path:
    """Return the folder of a shop's configuration; a misspelt home is none, and nothing is to be written there.

    Raises:
        UserError: If the home is not a shop's folder.
    """
    folder = settings.home / "config"
    if not folder.is_dir():
        raise UserError(f"{settings.home} is not a shop's folder.", hint=f"Make one: aftersales --home {settings.home} init")
    return folder


def configuration(settings: Settings) -> tuple[Shop | None, Finding]:
    """Read every configuration file; return no shop if one is invalid."""
    what = "configuration"
    try:
        folder = config_folder(settings)
        shop = Shop.load(settings.home)
        shop.check()
        check_languages(shop)
    except UserError as error:
        return None, Finding("bad", what, error.what, error.hint)
    count = sum(path.is_file() for path in folder.rglob("*"))
    return shop, Finding("ok", what, f"{shop.identity.name}: {count} files of its own, all valid; the rest are defaults.")


def sources(shop: Shop) -> Finding:
    """Count the sources."""
    count = len(shop.channels.channels)
    if not count:
        return Finding("bad", "channels", "channels.yaml lists no source.", "Add one; its comments show how.")
    counted = "; none brings orders, so counts are compared, as `base: records` says" if shop.base != shop.identity.base else ""
    return Finding("ok", "channels", f"channels.yaml lists {count}{counted}.")


def people(shop: Shop) -> Finding:
    """Check that actions and warnings go to people of this shop, and not to those whom the defaults invent."""
    invented = _invented_mails("people.yaml")
    strangers = [person for person in shop.people.people if person.mail.lower() in invented]
    unreachable = [person for person in shop.people.people if not person.mail]
    language = shop.identity.languages[0]
    if strangers:
        names = ", ".join(f"{person.title(language)} <{person.mail}>" for person in strangers)
        return Finding(
            "warn",
            "people",
            f"{len(strangers)} of {len(shop.people.people)} owners are invented by the defaults: {names}. Actions and warnings go to nobody.",
            "Write your own people into people.yaml.",
        )
    if unreachable:
        names = ", ".join(person.title(language) for person in unreachable)
        return Finding("warn", "people", f"No mail address: {names}.", "Add it in people.yaml, or nobody is warned there.")
    return Finding("ok", "people", f"people.yaml names {len(shop.people.people)} people, each with a mail address.")


def readers(shop: Shop) -> Finding:
    """Check that editions go to readers of this shop, and that somebody may read what is restricted."""
    audiences = shop.audiences.audiences.values()
    mails = sorted({reader.mail for audience in audiences for reader in audience.recipients})
    if not mails:
        return Finding("warn", "readers", "audiences.yaml names no reader: nobody is mailed.", "Add recipients to an audience.")
    if strangers := [mail for mail in mails if mail.lower() in _invented_mails("audiences.yaml")]:
        text = f"{', '.join(strangers)} is invented by the defaults: that report goes to nobody."
        return Finding("warn", "readers", text, "Write your own readers into audiences.yaml.")
    if not any(audience.restricted and audience.recipients for audience in audiences):
        text = (
            "Nobody reads a restricted edition: stops of sales, regulators and suspected claims are counted, but nowhere named."
        )
        return Finding("warn", "readers", text, "Add an audience with `restricted: true`, for instance counsel.")
    return Finding("ok", "readers", f"audiences.yaml names {len(mails)} readers.")


def _invented_mails(file: str) -> frozenset[str]:
    """Return the addresses of a default configuration file, which belong to nobody."""
    return frozenset(re.findall(r"[\w.+-]+@[\w.-]+", (DEFAULTS / file).read_text("utf-8").lower()))


def calendar(shop: Shop, now: datetime) -> Finding:
    """Check whether this year's working days are published; deadlines in working days depend on them."""
    today = now.astimezone(ZoneInfo(shop.identity.zone)).date()
    if shop.calendar.is_assumed(today):
        advice = "Add the published holidays and make-up days of the year to calendar.yaml."
        return Finding("warn", "calendar", f"The working days of {today.year} are only assumed.", advice)
    return Finding("ok", "calendar", f"The working days of {today.year} are published.")


def key(settings: Settings) -> Finding:
    """Check that the key for customer references exists and that only its owner can read it."""
    file = settings.home / "secrets" / KEY_FILE
    if not settings.secret.get_secret_value() and not file.is_file():
        return Finding(
            "warn",
            "key",
            "There is no key for customer references yet.",
            "The first pull creates one, and so does `aftersales init`.",
        )
    version = customer_key(settings).version
    if file.is_file() and file.stat().st_mode & 0o077:
        return Finding("warn", "key", f"Other users of this machine can read {file}.", f"Run: chmod 600 {file}")
    return Finding("ok", "key", f"The key for customer references has version {version}.")

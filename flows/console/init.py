"""`aftersales init`: create a new shop's folder with a commented configuration."""

from __future__ import annotations

from pathlib import Path

from flows.console.new_shop import HOUSE, Beginning, files
from tasks.collect.privacy import customer_key
from tasks.report.language.registry import check_languages
from tasks.settings import Settings, load_settings
from tasks.shop.load import DEFAULTS, Shop

ENVIRONMENT = "\n".join(
    [
        "# Settings of this installation; environment variables override them. docs/settings.md lists all of them.",
        "# Mails are written to the folder outbox/ until a server is named here.",
        "# AFTERSALES_MAIL=smtp",
        "# AFTERSALES_SMTP_HOST=mail.shop.example",
        "# AFTERSALES_SMTP_PORT=587",
        "# AFTERSALES_SMTP_USER=review",
        "# AFTERSALES_SMTP_PASSWORD=",
        "# AFTERSALES_MAIL_FROM=review@shop.example",
        "# AFTERSALES_MAIL_DOMAIN=shop.example",
        "# While you try things out, every mail goes to one address:",
        "# AFTERSALES_MAIL_ALL_TO=you@shop.example",
        "# If several machines share the work: AFTERSALES_LEDGER_URL=postgresql://aftersales@db.shop.example/aftersales",
        "",
    ]
)


def make_home(home: Path, shop: Beginning = HOUSE, year: int = 2026) -> list[str]:
    """Create a shop's folder: commented configuration, folders for sources and secrets, and its key. Nothing is overwritten.

    Args:
        home: The folder.
        shop: What the shop begins with.
        year: The present year, for the public holidays.

    Returns:
        Sentences: what was created, what was there already, and what to do next.
    """
    for folder, mode in ((home / "config", 0o700), (home / "secrets", 0o700), (home / "inbox", 0o700)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
    own = files(shop, year)
    kept = (home / "config" / "shop.yaml").exists()
    sentences = [_placed(home / "config" / name, content) for name, content in own.items()]
    sentences.append(_placed(home / ".env", ENVIRONMENT.encode(), mode=0o600))
    settings: Settings = load_settings(home)
    version = customer_key(settings).version
    sentences.append(
        f"The key for customer references (version {version}) is in {home / 'secrets'}: back it up, it cannot be recreated."
    )
    made = Shop.load(home)
    made.check()
    check_languages(made)
    others = ", ".join(sorted(path.name for path in DEFAULTS.glob("*.yaml") if not (home / "config" / path.name).exists()))
    identity, why = made.identity, "as before" if kept else shop.why
    sentences += [
        f"Language {', '.join(identity.languages)}, zone {identity.zone}, currency {identity.currency} ({why}): change them in shop.yaml.",
        f"Everything else ({others}) comes from the defaults in {DEFAULTS}; to change a file, copy it into {home / 'config'}.",
        "Next:",
        f"  1. Write your name into {home / 'config' / 'shop.yaml'}, your people into people.yaml, your readers into audiences.yaml.",
        f"  2. aftersales --home {home} connect FILE…        proposes your sources from exports; --write adds them to channels.yaml",
        f"     What is no file is listed by hand (comments in {home / 'config' / 'channels.yaml'}), its password in {home / 'secrets'}.",
        f"  3. aftersales --home {home} channels try NAME    shows what it delivers",
        f"  4. aftersales --home {home} doctor               lists what is still missing",
        f"  5. aftersales --home {home} review               reviews last week",
    ]
    return sentences


def _placed(path: Path, content: bytes, mode: int = 0o600) -> str:
    try:
        with path.open("xb") as file:
            path.chmod(mode)
            file.write(content)
    except FileExistsError:
        return f"{path} already exists and was left unchanged."
    return f"{path} created."

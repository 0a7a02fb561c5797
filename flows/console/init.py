"""`aftersales init`: a new shop's folder, with configuration that explains itself."""

from __future__ import annotations

from pathlib import Path

from tasks.collect.privacy import customer_key
from tasks.report.language.registry import check_languages
from tasks.settings import Settings, load_settings
from tasks.shop.load import DEFAULTS, Shop

OWN = ("shop.yaml", "channels.yaml", "people.yaml", "audiences.yaml", "targets.yaml")
"""What every shop has of its own; the other files are taken from the defaults until one is put beside these."""

ENVIRONMENT = "\n".join(
    [
        "# Settings of this installation; variables of the same name win over this file. docs/settings.md lists all of them.",
        "# Mail goes to the folder outbox/ until a server is named here.",
        "# AFTERSALES_MAIL=smtp",
        "# AFTERSALES_SMTP_HOST=mail.shop.example",
        "# AFTERSALES_SMTP_PORT=587",
        "# AFTERSALES_SMTP_USER=review",
        "# AFTERSALES_SMTP_PASSWORD=",
        "# AFTERSALES_MAIL_FROM=review@shop.example",
        "# AFTERSALES_MAIL_DOMAIN=shop.example",
        "# While you try things out, every mail goes to one address:",
        "# AFTERSALES_MAIL_ALL_TO=you@shop.example",
        "# Where several machines work: AFTERSALES_LEDGER_URL=postgresql://aftersales@db.shop.example/aftersales",
        "",
    ]
)


def make_home(home: Path) -> list[str]:
    """Make a shop's folder: commented configuration, folders for sources and secrets, and its key. Nothing is overwritten.

    Returns:
        Sentences: what was made, what was there, and what to do next.
    """
    for folder, mode in ((home / "config", 0o755), (home / "secrets", 0o700), (home / "inbox", 0o755)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
    said = [_placed(home / "config" / name, (DEFAULTS / name).read_bytes()) for name in OWN]
    said.append(_placed(home / ".env", ENVIRONMENT.encode(), mode=0o600))
    settings: Settings = load_settings(home)
    version = customer_key(settings).version
    said.append(
        f"The key for customer references (version {version}) is kept in {home / 'secrets'}: back it up, it cannot be made again."
    )
    shop = Shop.load(home)
    shop.check()
    check_languages(shop)
    others = ", ".join(sorted(path.name for path in DEFAULTS.glob("*.yaml") if path.name not in OWN))
    said += [
        f"Everything else ({others}) follows the defaults in {DEFAULTS}; copy a file into {home / 'config'} to change it.",
        "Next:",
        f"  1. Write your name and zone into {home / 'config' / 'shop.yaml'}, your people into people.yaml, your readers into audiences.yaml.",
        f"  2. List your first source in {home / 'config' / 'channels.yaml'} (its comments show how), its password in {home / 'secrets'}.",
        f"  3. aftersales --home {home} channels try NAME    shows what it brings",
        f"  4. aftersales --home {home} doctor               lists what is still missing",
        f"  5. aftersales --home {home} review               reviews last week",
    ]
    return said


def _placed(path: Path, content: bytes, mode: int = 0o644) -> str:
    try:
        with path.open("xb") as file:
            path.chmod(mode)
            file.write(content)
    except FileExistsError:
        return f"{path} exists already and was left as it is."
    return f"{path} made."

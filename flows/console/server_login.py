"""The login of the Prefect server on this machine: made at its first start, read by the worker and the console."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from tasks.settings import Settings, environment, load_settings

FILE = "prefect_login"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def login_file(settings: Settings) -> Path:
    """Return where the login is kept, as `user:password`."""
    return settings.home / "secrets" / FILE


def new_login() -> str:
    """Return a login that nobody can guess."""
    return f"aftersales:{secrets.token_urlsafe(24)}"


def own_login(settings: Settings) -> str:
    """Return the login of this home's server: that of PREFECT_SERVER_API_AUTH_STRING, else the kept one, made at the first call."""
    if given := environment().get("PREFECT_SERVER_API_AUTH_STRING", ""):
        return given
    file = login_file(settings)
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(new_login() + "\n")
    return file.read_text("utf-8").strip()


def server_login() -> dict[str, str]:
    """Return the variables that clients need for the server in PREFECT_API_URL.

    A login that the environment names wins. The one kept in the home is sent to this machine only.
    """
    given = environment()
    if given.get("PREFECT_API_AUTH_STRING"):
        return {}
    login = given.get("PREFECT_SERVER_API_AUTH_STRING", "")
    if not login and urlsplit(given.get("PREFECT_API_URL", "")).hostname in LOOPBACK:
        file = login_file(load_settings())
        login = file.read_text("utf-8").strip() if file.is_file() else ""
    return {"PREFECT_API_AUTH_STRING": login} if login else {}

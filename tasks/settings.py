"""Settings of one installation: the only reader of the environment."""

import ctypes
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read `AFTERSALES_*` variables, then `HOME/.env`, then these defaults."""

    model_config = SettingsConfigDict(env_prefix="AFTERSALES_", extra="ignore")

    home: Path = Field(Path("home"), description="The shop's folder: its own configuration, stores, archive and outbox.")
    ledger_url: str = Field("", description="SQLAlchemy URL of the ledger; empty means SQLite inside the home.")
    lake_url: str = Field("", description="Folder or object-store URL of the Delta tables; empty means inside the home.")
    shared: Path | None = Field(None, description="Folder of the shared data sets that tests, benchmarks and examples read.")
    secret: SecretStr = Field(
        SecretStr(""), description="Key of the customer references; empty means the key file inside the home."
    )
    mail: Literal["outbox", "smtp"] = Field(
        "outbox", description="Where mail goes: .eml files inside the home, or to an SMTP server."
    )
    mail_domain: str = Field("aftersales.example", description="Right-hand side of every Message-ID.")
    mail_from: str = Field("review@aftersales.example", description="Sender of the reports.")
    mail_all_to: str = Field("", description="Trial mode: send every mail to this address instead.")
    smtp_host: str = Field("127.0.0.1", description="SMTP server.")
    smtp_port: int = Field(587, description="SMTP port.")
    smtp_user: str = Field("", description="SMTP user; empty means no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Transport security; `none` is for loopback only."
    )
    smtp_ca_file: Path | None = Field(None, description="Extra CA certificate for the SMTP server.")
    probe_imap_url: str = Field(
        "", description="imaps://user:password@host/Sent that settles uncertain mails; empty means they stay uncertain."
    )
    archive_url: str = Field(
        "http://127.0.0.1:8765", description="Address at which `aftersales serve` shows the archive; artifacts link to it."
    )
    archive_shared: bool = Field(
        False, description="Whether users of the same group may read the archive; all else in the home is its owner's alone."
    )
    render_memory_mb: int = Field(3000, description="Address-space limit of the rendering process, MB.")
    render_timeout_s: int = Field(120, description="Wall-clock limit of the rendering process, seconds.")
    run_name: str = Field("", description="Name of this worker in leases and claims; empty means host and process id.")

    @property
    def lake_root(self) -> str:
        """Folder or URL of the Delta tables."""
        return self.lake_url or str(self.home / "lake")

    @property
    def ledger_address(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.sqlite'}"

    @property
    def archive_root(self) -> Path:
        """Folder of the archived editions."""
        return self.home / "archive"

    @property
    def outbox_root(self) -> Path:
        """Folder of the `.eml` files."""
        return self.home / "outbox"

    def channel_secret(self, name: str) -> str:
        """Return a channel's secret: `AFTERSALES_SECRET_<NAME>`, else the file `HOME/secrets/<name>`, else an empty text."""
        file = self.home / "secrets" / Path(name).name
        return os.environ.get(f"AFTERSALES_SECRET_{name.upper()}") or (file.read_text("utf-8").strip() if file.is_file() else "")


def load_settings(home: Path | str | None = None) -> Settings:
    """Load the settings of one home; an explicit home wins over the environment."""
    first = Settings() if home is None else Settings(home=Path(home))
    return Settings(_env_file=first.home / ".env", home=first.home)


def machine_language() -> str:
    """Return the language of this machine's user as the locale writes it (`en_GB.UTF-8`); empty if it says none."""
    found = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "" if found.partition(".")[0] in ("C", "POSIX") else found


def machine_zone() -> str:
    """Return the zone of this machine (`Europe/London`); empty if it is UTC or cannot be told."""
    link = Path("/etc/localtime")
    found = os.environ.get("TZ", "").removeprefix(":") or str(link.resolve()).partition("zoneinfo/")[2]
    return "" if found.rpartition("/")[2] in ("UTC", "UCT", "GMT", "Universal", "Zulu", "") else found


def choose_home(home: Path | str) -> None:
    """Set the home for the flows of this process and the processes that it starts."""
    os.environ["AFTERSALES_HOME"] = str(Path(home).resolve())


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, for a child process."""
    return {**os.environ, **changes}


def put_environment(**changes: str) -> None:
    """Change this process's environment before a library reads it."""
    os.environ.update(changes)


os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:true,dirty_decay_ms:20,muzzy_decay_ms:0,narenas:2")
"""Polars' allocator returns freed memory to the system at once, even while idle (the PDF renderers work
then), and has two heaps instead of four for a core. Polars reads this when it is loaded, so it is set as soon as this module is."""

_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2
_LIBC = ctypes.CDLL(None)
if hasattr(_LIBC, "mallopt"):
    _LIBC.mallopt(_M_ARENA_MAX, _ARENAS)
"""glibc would give each of a review's fifty threads a heap of its own, up to eight for a core, and what is freed in one
serves no other. Two suffice because Polars has its own allocator; they are set before the threads start."""


def return_freed_memory() -> None:
    """Return to the system what the C library holds of freed memory, which it keeps as long as anything above it is in use.

    Takes some milliseconds; does nothing where the library is not glibc.
    """
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


def own_prefect(settings: Settings) -> dict[str, str]:
    """Return the variables that keep Prefect's files inside the home, unless PREFECT_HOME is set."""
    return {} if os.environ.get("PREFECT_HOME") else {"PREFECT_HOME": str(settings.home.resolve() / "prefect")}

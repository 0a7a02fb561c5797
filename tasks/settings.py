"""Settings of one installation: the only reader of the environment."""

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
    shared: Path | None = Field(None, description="Folder of the shared real data sets that tests, benchmarks and examples read.")
    secret: SecretStr = Field(
        SecretStr(""), description="Key of the customer references; empty means the key file inside the home."
    )
    mail: Literal["outbox", "smtp"] = Field(
        "outbox", description="Where mail goes: .eml files inside the home, or an SMTP server."
    )
    mail_domain: str = Field("aftersales.example", description="Right-hand side of every Message-ID.")
    mail_from: str = Field("review@aftersales.example", description="Sender of the reports.")
    mail_all_to: str = Field("", description="Trial switch: send every mail to this one address instead.")
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
        "http://127.0.0.1:8765", description="Address under which `make serve` shows the archive; artifacts link to it."
    )
    render_memory_mb: int = Field(3000, description="Address-space limit of the rendering process, MB.")
    render_timeout_s: int = Field(120, description="Wall-clock limit of the rendering process, seconds.")
    run_name: str = Field("", description="Name of this worker in leases and claims; empty means host and process id.")

    @property
    def lake_root(self) -> str:
        """Where the Delta tables live."""
        return self.lake_url or str(self.home / "lake")

    @property
    def ledger_address(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.sqlite'}"

    @property
    def archive_root(self) -> Path:
        """Where editions are kept."""
        return self.home / "archive"

    @property
    def outbox_root(self) -> Path:
        """Where `.eml` files go."""
        return self.home / "outbox"

    def channel_secret(self, name: str) -> str:
        """Return the secret that a channel names: `AFTERSALES_SECRET_<NAME>`, else the file `HOME/secrets/<name>`; empty if neither is there."""
        file = self.home / "secrets" / Path(name).name
        return os.environ.get(f"AFTERSALES_SECRET_{name.upper()}") or (file.read_text("utf-8").strip() if file.is_file() else "")


def load_settings(home: Path | str | None = None) -> Settings:
    """Load the settings of one home; an explicit home wins over the environment."""
    first = Settings() if home is None else Settings(home=Path(home))
    return Settings(_env_file=first.home / ".env", home=first.home)


def choose_home(home: Path | str) -> None:
    """Make a home the one that flows of this process, and processes started by it, work in."""
    os.environ["AFTERSALES_HOME"] = str(Path(home).resolve())


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, for a process that we start."""
    return {**os.environ, **changes}


def put_environment(**changes: str) -> None:
    """Change this process's environment before a library reads it."""
    os.environ.update(changes)


os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:500,muzzy_decay_ms:0")
"""Polars' allocator gives freed memory back to the system at once; read when Polars is loaded, so set as soon as this is."""


def own_prefect(settings: Settings) -> dict[str, str]:
    """Return the variables that keep Prefect's files inside the home; a person who set PREFECT_HOME keeps their own."""
    return {} if os.environ.get("PREFECT_HOME") else {"PREFECT_HOME": str(settings.home.resolve() / "prefect")}

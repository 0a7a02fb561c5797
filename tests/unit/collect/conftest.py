"""A shop of one channel, pulled at a fixed moment."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.privacy import SCOPE, CustomerKey
from tasks.collect.pull import pull_channel
from tasks.model.rows import KnownFiles, PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)


@pytest.fixture
def pull(tmp_path: Path) -> Callable[..., PulledRows]:
    """Write `channels.yaml` (and side files) into a home, and pull its first channel."""

    def run(
        channels: str, *, start: datetime | None = None, end: datetime = NOW, known: frozenset[str] = frozenset(), **files: str
    ) -> PulledRows:
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "channels.yaml").write_text(channels, "utf-8")
        for name, text in files.items():
            (tmp_path / "config" / name.replace("__", ".")).write_text(text, "utf-8")
        shop = Shop.load(tmp_path)
        settings = Settings(home=tmp_path, secret="a key for tests only")  # type: ignore[arg-type]
        return pull_channel(
            shop.channels.channels[0],
            window_start=start,
            window_end=end,
            shop=shop,
            settings=settings,
            now=NOW,
            known=KnownFiles(known),
            wait=lambda seconds: None,
        )

    return run


@pytest.fixture
def reference() -> Callable[[str], str]:
    """Return what stands in the lake in place of an identifier that leads to a person."""
    key = CustomerKey(b"a key for tests only")
    return lambda text: str(key.references(pl.Series([text]), SCOPE)[0])

"""One small sample shop and one Prefect server for the whole session; both are made only when a test asks for them."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.makers.homes import AS_OF, READERS, WEEK, copied, inside

hypothesis.settings.register_profile("suite", deadline=None)  # on a shared machine the time of one example says nothing
hypothesis.settings.load_profile("suite")

SCALE = 0.03
WEEKS = 14


def pytest_collection_finish() -> None:
    """Take what collecting made out of the collector's sight: all of it lives to the end, and is not looked through again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample shop as written, not reviewed yet; copy it before changing anything."""
    from rich.console import Console

    from examples.sample_shop.home import write_home
    from flows.console.actions import import_actions
    from tasks.settings import load_settings

    home = tmp_path_factory.mktemp("shop") / "home"
    write_home(home, seed=7, weeks=WEEKS, scale=SCALE)
    (home / "config" / "audiences.yaml").write_text(READERS, "utf-8")
    import_actions(load_settings(home), home / "sources" / "actions.jsonl", Console(quiet=True))
    return home


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """A Prefect server with a database of its own; returns its address."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    logging.getLogger("prefect").setLevel(logging.WARNING)
    with prefect_test_harness(server_startup_timeout=90):
        yield PREFECT_API_URL.value()


@pytest.fixture(scope="session")
def reviewed_home(sample_home: Path, prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample shop with its last full week reviewed and mailed; copy it before changing anything."""
    from flows.review import review

    home = copied(sample_home, tmp_path_factory.mktemp("reviewed") / "home")
    with inside(home):
        review(period=WEEK, as_of=AS_OF, send=True)
    return home

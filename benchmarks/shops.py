"""The sample shop in memory for benchmarks: its configuration, its tables as of a moment, and its promises."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import polars as pl

from examples.sample_shop.home import write_configuration
from examples.sample_shop.sources import told_feedback
from examples.sample_shop.world import World
from tasks.model.actions import Action, ActionEvent
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.load import Shop


def sample_shop() -> Shop:
    """Return the sample shop's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        write_configuration(Path(folder))
        return Shop.load(folder)


def world_facts(world: World, as_of: datetime, seed: int) -> Facts:
    """Return a world's tables as collect would bring them: texts instead of labels, ids of its own."""
    feedback, gold = told_feedback(world, seed)
    feedback = feedback.join(gold.select("source_id", "record_id"), on="source_id", how="left", maintain_order="left")
    tables = {**world.tables, "feedback": feedback}
    for name, frame in tables.items():
        missing = [
            pl.lit(None, kind).alias(column) for column, kind in TABLES[name].columns.items() if column not in frame.columns
        ]
        tables[name] = frame.with_columns(missing)
    return Facts(tables, as_of)


def action_histories(world: World, as_of: datetime) -> list[tuple[Action, list[ActionEvent]]]:
    """Return the world's earlier promises as the ledger knows them at a moment."""
    with tempfile.TemporaryDirectory() as folder:
        stores = Stores.open(Settings(home=Path(folder)))
        stores.ledger.import_actions(world.actions)
        histories = stores.ledger.actions_as_of(as_of)
        stores.ledger.close()
    return histories

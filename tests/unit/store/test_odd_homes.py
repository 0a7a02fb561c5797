"""A home may stand in any folder that people name: with spaces, Chinese letters, a percent sign."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.errors import UserError
from tasks.run import Stores
from tasks.settings import Settings

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)


def rows(*numbers: int, **more: str) -> pl.DataFrame:
    """Products."""
    names = [f"P{number}" for number in numbers]
    frame = pl.DataFrame({"source_id": names, "sku": names, "name": [f"product {number}" for number in numbers]})
    stamps = {"source_version": pl.lit("1"), "stamp": pl.lit(NOW), "flags": pl.lit([], dtype=pl.List(pl.String))}
    return frame.with_columns(**stamps, **{name: pl.lit(value) for name, value in more.items()})


@pytest.mark.parametrize(
    "name", ["my shop", "我的店", "100%", "100 % 我的", "a#b", "Größe+ä", "it's & co", "(x) {y} !$~;,=@", "a*b"]
)
def test_a_home_of_any_name(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path / name / "home")
    for number in range(2):  # opened again, with a column more: files with and without it
        stores = Stores.open(settings)
        stores.lake.append(
            "product",
            rows(number, number + 1, **({"category": "cups"} if number else {})),
            pull_id=f"p{number}",
            channel="goods",
            ingested_at=NOW,
        )
    known = Stores.open(settings).lake.as_of("product", NOW).sort("sku")
    assert known["sku"].to_list() == ["P0", "P1", "P2"]
    assert Path(settings.home / "ledger.sqlite").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("name", ["a%20b", "[shop]", "a|b", "a\\b", "a^b", "a?b"])
def test_a_name_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="Rename the folder"):
        Stores.open(Settings(home=tmp_path / name / "home"))
    assert list(tmp_path.iterdir()) == []

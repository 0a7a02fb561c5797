"""The whole sample shop at small scale: written in one call, the same again."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from examples.sample_shop.home import write_home


def test_a_home_is_written_in_one_call_and_tells_its_steps(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    summary = write_home(tmp_path / "a", seed=3, weeks=8, scale=0.05, progress=lambda step, share: steps.append((step, share)))
    assert (summary["period"], summary["month"]) == ("2026-W45", "2026-10")
    gold = pl.read_parquet(tmp_path / "a" / "truth" / "gold.parquet")
    assert summary["records"] == gold.height > 300
    assert summary["quarantined"] > 0
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    assert steps[-1] == ("done", 1.0)
    truth = json.loads((tmp_path / "a" / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert set(truth["stories"]) >= {"S1", "S10"}
    assert truth["sources"]["tickets"]["rows"] == summary["rows"]["tickets"]
    actions = [
        json.loads(line) for line in (tmp_path / "a" / "sources" / "actions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert {"A-2026-W26-KT05", "A-2026-W24-AF09"} <= {action["action_id"] for action in actions}

    write_home(tmp_path / "b", seed=3, weeks=8, scale=0.05)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert [name for name in files if (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()] == []

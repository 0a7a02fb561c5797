"""A command that needs no Prefect server starts none, and one that only reads stores does not even load Prefect."""

from pathlib import Path

from flows.console.init import make_home
from tests.makers.servers import watched

READING = [
    ["status"],
    ["doctor"],
    ["actions", "list"],
    ["causes", "list"],
    ["warnings", "list"],
    ["redeliver"],
    ["channels", "try", "returns"],
    ["settle", "a@shop.example", "--period", "2026-W45", "--lost", "--by", "Li"],
]
CHANNELS = "channels: [{name: desk, table: feedback, source: ticket, read: {kind: delimited, files: [t.csv]}, columns: {submitted_at: at, text: text}}]\n"
PLANNING = [["backfill", "2026-W40..2026-W42", "--dry-run"]]


def test_commands_that_need_no_server_start_none(tmp_path: Path) -> None:
    make_home(tmp_path / "shop")
    (tmp_path / "shop/config/channels.yaml").write_text(CHANNELS, "utf-8")  # without a source there is nothing to plan
    told = watched(tmp_path / "shop", READING + PLANNING)
    assert [seen["servers"] for seen in told] == [[]] * (len(READING) + len(PLANNING))
    assert [seen["prefect"] for seen in told[: len(READING)]] == [False] * len(READING)
    assert told[-1]["code"] == 0

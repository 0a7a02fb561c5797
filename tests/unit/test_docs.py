"""The pages say what is true: commands, targets, links, generated tables and examples."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import yaml

from docs import figures as figures_page
from docs import settings as settings_page
from expectations import catalogue
from flows.console.cli import main
from tasks.collect.pull import pull_channel
from tasks.settings import Settings
from tasks.shop.channels import Channels
from tasks.shop.load import Shop, parse_section
from tasks.store.ledger import Ledger
from tasks.store.tables import Base

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text("utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
WORDS = README + RUNBOOK
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TICKETS = """\
工单号,提交时间,更新时间,订单号,商品编码,平台,买家账号,状态,诉求,内容
T1001,2026-11-03 10:21,2026-11-03 11:02,D77001,CUP-01,甲,buyer-1,处理中,退款,杯盖一拧就漏水，包里全湿了
T1002,2026/11/3 下午3:05,2026-11-04 09:10,D77002,CUP-02,乙,buyer-2,已关闭,换货,收到就碎了，换一个
"""
ORDERS = """\
子订单号,订单号,商品编码,件数,付款时间,发货时间,签收时间,平台,快递,批次
D77001-1,D77001,CUP-01,1,2026-10-28 10:21,2026-10-28 18:00,2026-10-31 11:02,甲,承运商甲,C1
"""


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands(group: click.Group, before: str = "") -> list[str]:
    """Return every command, as it is typed after `aftersales`."""
    found = []
    for name, command in group.commands.items():
        full = f"{before} {name}".strip()
        found += commands(command, full) if isinstance(command, click.Group) else [full]
    return found


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))


def typed(text: str) -> list[list[str]]:
    """Return the words of every `aftersales` command that a page tells to type, options first taken off."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)
    found = []
    for line in lines:
        if match := re.match(r"(?:\.venv/bin/)?aftersales\s+(?:--home\s+\S+\s+)?(.*)", line.split("#")[0]):
            found.append(match[1].split())
    return found


@pytest.mark.parametrize("command", commands(main))
def test_every_command_is_told(command):
    assert re.search(rf"aftersales (--home \S+ )?{command}\b", WORDS), (
        f"say in README.md or docs/runbook.md what `{command}` is for"
    )


def test_no_command_is_told_that_does_not_exist():
    wrong = []
    for page in PAGES:
        for words in typed(page.read_text("utf-8")):
            command: click.Command = main
            while isinstance(command, click.Group) and words and words[0] in command.commands:
                command, words = command.commands[words[0]], words[1:]
            known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            unknown = [word for word in words if word.startswith("--") and word not in known]
            if isinstance(command, click.Group) or unknown:
                wrong.append((page.name, command.name, words))
    assert wrong == []


def test_every_make_target_that_is_told_exists():
    told = {name for page in PAGES for name in re.findall(r"`make ([a-z]+)`", page.read_text("utf-8"))}
    assert {"demo", "test"} <= told
    assert told - make_targets() == set()


def test_the_readme_tells_every_make_target():
    told = set(re.findall(r"`make ([a-z]+)`", README))
    assert make_targets() - told == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    lost = []
    for target in LINK.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)):
        path, _, _ = target.partition("#")
        if "://" not in target and path and not (page.parent / unquote(path)).exists():
            lost.append(target)
    assert lost == []


def test_every_decision_has_its_parts_and_its_number():
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for number, record in enumerate(records, 1):
        text = record.read_text("utf-8")
        assert text.startswith(f"# {number}. ")
        assert all(f"**{part}" in text for part in ("Status", "Context", "Decision", "Consequences")), record.name


@pytest.mark.parametrize("module", [settings_page, figures_page, catalogue], ids=["settings", "figures", "rules"])
def test_generated_pages_have_not_drifted(module):
    assert module.main(["--check"]) == 0, module.__doc__


def test_drift_of_the_settings_is_seen(tmp_path, monkeypatch, capsys):
    stale = tmp_path / "settings.md"
    stale.write_text(settings_page.page().replace("AFTERSALES_HOME", "AFTERSALES_HOUSE"), "utf-8")
    monkeypatch.setattr(settings_page, "PAGE", stale)
    assert settings_page.main(["--check"]) == 1
    assert "python -m docs.settings" in capsys.readouterr().err
    assert settings_page.main([]) == 0
    assert settings_page.main(["--check"]) == 0


def test_every_variable_that_is_told_is_a_setting():
    known = {f"AFTERSALES_{name.upper()}" for name in Settings.model_fields}
    told = {name for page in PAGES for name in re.findall(r"AFTERSALES_[A-Z_]+[A-Z]", page.read_text("utf-8"))}
    assert {name for name in told - known if not name.startswith("AFTERSALES_SECRET_")} == set()


def test_the_channels_of_the_readme_are_valid_and_read_what_they_say(tmp_path):
    [example] = [block for block in blocks(README, "yaml") if block.startswith("channels:")]
    channels = parse_section(Channels, example.encode(), "README.md")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "tickets-2026-11.csv").write_text(TICKETS, "utf-8")
    (inbox / "orders-2026-10.csv").write_text(ORDERS, "utf-8")
    settings = Settings(home=tmp_path, secret="a key for this test only")
    now = datetime(2026, 11, 10, tzinfo=UTC)
    found = {}
    for channel in channels:
        batch = pull_channel(channel, window_start=None, window_end=now, shop=Shop.load(tmp_path), settings=settings, now=now)
        assert (batch.error, batch.unreadable.height) == ("", 0)
        mapped = batch.frame.select(list(channel.columns))
        assert [name for name in mapped.columns if mapped[name].null_count()] == []
        found[channel.name] = batch.frame
    assert found["desk"]["submitted_at"].to_list() == [
        datetime(2026, 11, 3, 2, 21, tzinfo=UTC),
        datetime(2026, 11, 3, 7, 5, tzinfo=UTC),
    ]
    assert found["desk"]["request"].to_list() == ["refund", "exchange"]
    assert "buyer-1" not in str(found["desk"].rows())
    assert found["orders"]["qty"].to_list() == [1]


def test_every_shown_yaml_can_be_read():
    for page in PAGES:
        for block in blocks(page.read_text("utf-8"), "yaml"):
            assert yaml.safe_load(block)


def test_the_runbook_moves_a_ledger_whole(tmp_path, monkeypatch, capsys):
    [program] = [block for block in blocks(RUNBOOK, "python") if "Ledger(sys.argv[2])" in block]
    urls = [f"sqlite:///{tmp_path / name}.sqlite" for name in ("old", "new")]
    now = datetime(2026, 11, 10, tzinfo=UTC)
    with Ledger(urls[0]) as old:
        old.migrate()
        plan = old.plan_backfill(
            span="2026-W44..2026-W45",
            grain="week",
            which="missing",
            send=False,
            periods=["2026-W44", "2026-W45"],
            as_of=now,
            now=now,
        )
    monkeypatch.setattr(sys, "argv", ["move_ledger.py", *urls])
    exec(compile(program, "move_ledger.py", "exec"), {})
    told = capsys.readouterr().out
    assert all(table.name in told for table in Base.metadata.sorted_tables)
    with Ledger(urls[1]) as new:
        assert [moved.periods for moved in new.backfills()] == [plan.periods]


@pytest.mark.parametrize("name", ["report-page1.png", "report-page1-en.png"])
def test_pictures_are_small(name):
    from PIL import Image

    picture = ROOT / "docs" / name
    assert picture.stat().st_size < 300_000
    with Image.open(picture) as opened:
        assert opened.width <= 900


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_paths_that_a_page_names_exist(page):
    """A page names modules and tests by their path from the root; placeholders in <brackets> and {braces} are passed over."""
    named = set(
        re.findall(
            r"`((?:tasks|flows|expectations|examples|benchmarks|tests|config|docs|report_templates)/[\w./-]+)`",
            page.read_text("utf-8"),
        )
    )
    assert sorted(path for path in named if not (ROOT / path).exists()) == []

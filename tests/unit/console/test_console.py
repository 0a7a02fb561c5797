"""The console command: help that a clerk understands, mistakes in two sentences, exit codes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from flows.console.cli import main
from flows.console.doctor import examine
from flows.console.init import make_home
from flows.console.new_shop import OWN
from flows.console.sites import Site, archive_site, inside, outbox_site
from tasks.model.editions import Delivery, DeliveryState
from tasks.run import Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop
from tests.makers.homes import copied
from tests.makers.ledger_suite import WEEK, cause, edition

WANTED = {
    "init", "connect", "channels try", "review", "backfill", "redeliver", "settle", "causes list", "causes show", "causes decide", "actions list", "actions show", "actions accept", "actions update",
    "actions import", "early-warning", "warnings list", "warnings answer", "status", "sample", "demo", "serve", "deploy", "doctor",
}  # fmt: skip


def _commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")  # --home writes it; the fixture takes it back


@pytest.fixture(scope="module")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newcomer's home, made once."""
    home = tmp_path_factory.mktemp("new") / "shop"
    make_home(home)
    return home


@pytest.fixture
def home(new_home: Path, tmp_path: Path) -> Path:
    """A newcomer's home of a test's own."""
    return copied(new_home, tmp_path / "shop")


def test_there_is_every_promised_command() -> None:
    assert {name for name, _ in _commands()} == WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_help_says_what_a_command_does_and_what_each_option_means(name: str, tmp_path: Path) -> None:
    command = dict(_commands())[name]
    shown = _run(tmp_path, *name.split(), "--help")
    assert shown.exit_code == 0
    assert command.help and command.help[0].isupper() and command.help.rstrip().endswith(".")
    assert "Traceback" not in shown.output
    unexplained = [
        option.name
        for option in command.params
        if isinstance(option, click.Option) and not option.help and not isinstance(option.type, click.Choice)
    ]
    assert unexplained == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["review", "--period", "2026-W60"], "There is no period '2026-W60'"),
        (["review", "--period", "yesterday"], "'yesterday' is not a period."),
        (["review", "--period", "2026-45"], "Write 2026-W45 if the week is meant."),
        (["review", "--period", "2099-W01"], "2099-W01 has not begun."),
        (["review", "--period", "2026-W40", "--verify"], "has no finished edition to compare with"),
        (["review", "--period", "2026-W40", "--as-of", "noon"], "'noon' is not a moment."),
        (["channels", "try", "nothing"], "channels.yaml has no channel 'nothing'."),
        (["causes", "list", "--status", "somehow"], "There is no status 'somehow'."),
        (["causes", "show", "c-1"], "No review names a cause c-1."),
        (["causes", "decide", "c-1", "rejected", "--by", "x", "--why", "y"], "No review names a cause c-1."),
        (
            ["causes", "decide", "c-1", "rejected", "--by", "x", "--why", "y", "--at", "2999-01-01T00:00"],
            "cannot lie in the future",
        ),
        (["actions", "show", "A-1"], "There is no action A-1."),
        (["actions", "list", "--state", "somehow"], "There is no state 'somehow'."),
        (["actions", "accept", "A-1", "--by", "x", "--owner", "Nobody"], "people.yaml has nobody called Nobody."),
        (["actions", "update", "A-1", "postponed", "--by", "x", "--due", "soon"], "'soon' is not a day."),
        (["sample"], "already holds another shop"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_two_sentences_and_exit_code_one(home: Path, arguments: list[str], sentence: str) -> None:
    shown = _run(home, *arguments)
    assert shown.exit_code == 1
    assert sentence in shown.output
    assert "→" in shown.output
    assert "Traceback" not in shown.output


@pytest.mark.parametrize("command", [["review", "--period", "2026-W45"], ["early-warning"], ["doctor"], ["doctor", "--mend"]])
def test_a_misspelt_home_is_no_shop_and_stays_empty(tmp_path: Path, command: list[str]) -> None:
    """Without this, an empty report of nobody's shop would be written there."""
    result = _run(tmp_path / "myshpo", *command)
    assert result.exit_code == 1 and "is not a shop's folder" in result.output and "init" in result.output
    assert not (tmp_path / "myshpo").exists()


def test_an_unknown_option_is_exit_code_two(home: Path) -> None:
    assert _run(home, "review", "--perod", "2026-W40").exit_code == 2


def test_a_home_after_the_command_is_told_where_it_belongs(home: Path) -> None:
    shown = _run(home, "status", "--home", "shop")
    assert shown.exit_code == 2 and "--home stands before the command: aftersales --home … status …" in shown.output


def test_ctrl_c_says_that_nothing_is_half_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.console.status.show_status", interrupted)
    shown = _run(home, "status")
    assert shown.exit_code == 130
    assert "Nothing was left half-written" in shown.output


def test_a_broken_configuration_is_told_with_file_and_line(home: Path) -> None:
    (home / "config" / "people.yaml").write_text("roles: {}\npeople:\n  - {nam: x}\n", "utf-8")
    first = examine(load_settings(home), datetime.now(UTC))[0]
    assert (first.level, first.what) == ("bad", "configuration")
    assert "people.yaml, line 3" in first.text and first.advice
    assert _run(home, "doctor").exit_code == 1


def test_status_of_a_new_home_has_no_editions(home: Path) -> None:
    shown = _run(home, "status", "--last", "2")
    assert shown.exit_code == 0
    assert shown.output.count("— none —") == 2
    assert "No channel has been pulled yet." in shown.output


@pytest.mark.parametrize(("word", "state"), [("--arrived", "sent"), ("--lost", "queued")])
def test_an_uncertain_mail_is_settled_by_a_person_once(home: Path, word: str, state: str) -> None:
    ledger = Stores.open(load_settings(home)).ledger
    mail = Delivery(
        "weekly", "2026-W45", "executive", "en", 1, "boss@shop.example", DeliveryState.QUEUED, "<1@shop.example>", "0" * 64
    )
    begun = datetime.now(UTC) - timedelta(hours=1)
    ledger.queue_deliveries([mail], now=begun)
    ledger.claim_delivery(mail, holder="gone", now=begun)
    asked = ("settle", "Boss@shop.example", "--period", "2026-W45", word, "--by", "Li")
    assert _run(home, *asked).exit_code == 0
    assert [known.state.value for known in ledger.deliveries()] == [state]
    again = _run(home, *asked)
    assert again.exit_code == 1
    assert "There is no uncertain mail" in again.output


def test_init_makes_a_valid_home_with_a_private_key_and_says_what_is_next(tmp_path: Path) -> None:
    said = make_home(tmp_path / "shop")
    Shop.load(tmp_path / "shop").check()
    assert all(
        (tmp_path / "shop" / "config" / name).read_text("utf-8").lstrip().startswith("#") for name in OWN if name != "shop.yaml"
    )
    assert (tmp_path / "shop" / "secrets" / "customer.key").stat().st_mode & 0o077 == 0
    assert "doctor" in " ".join(said)


def test_init_again_overwrites_nothing(home: Path) -> None:
    key = (home / "secrets" / "customer.key").read_bytes()
    (home / "config" / "shop.yaml").write_text("name: 我们的店\n", "utf-8")
    said = make_home(home)
    assert (home / "config" / "shop.yaml").read_text("utf-8") == "name: 我们的店\n"
    assert (home / "secrets" / "customer.key").read_bytes() == key
    assert sum("was left unchanged" in line for line in said) == len(OWN) + 1


def test_init_again_says_what_stands_there_and_not_what_it_would_have_written(home: Path) -> None:
    (home / "config" / "words.yaml").write_text("{}\n", "utf-8")
    said = " ".join(make_home(home))
    assert "currency CNY (as before)" in said and "from the locale" not in said
    assert "words.yaml" not in said.partition("Everything else")[2].partition("comes from")[0]
    assert "connect FILE" in said


def test_an_owner_decides_on_a_cause_and_both_words_are_counted(home: Path) -> None:
    stores = Stores.open(load_settings(home))
    stores.ledger.save_edition(edition(), config_files={}, period=WEEK, causes=[cause()])
    stores.ledger.close()
    assert "C-1" in _run(home, "causes", "list", "--status", "suspected").output
    for word, why in (("rejected", "同期其他批次也高"), ("confirmed", "报告 FA-118")):
        assert f"C-1 is {word}" in _run(home, "causes", "decide", "C-1", word, "--by", "周品控", "--why", why).output
    listed = _run(home, "causes", "list").output
    assert "confirmed 1, rejected 1" in listed
    shown = _run(home, "causes", "show", "C-1").output
    assert "同期其他批次也高" in shown and shown.index("rejected  周品控") < shown.index("confirmed  周品控")


def test_actions_are_taken_over_once_and_a_bad_line_is_named(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "actions.jsonl"
    file.write_text("{}\nnot json\n", "utf-8")
    shown = _run(home, "actions", "import", str(file))
    assert shown.exit_code == 1
    assert "line 2" in shown.output


def test_a_forbidden_practice_cannot_be_stored_by_any_command(home: Path, tmp_path: Path) -> None:
    action = {
        "action_id": "A-1", "period": "2026-W40", "cause_id": "", "kind": "correct", "what": "引导买家修改退款原因", "owner": "客服主管", "department": "客服",
        "due": "2026-10-20T10:00:00+00:00", "slice": {}, "leaf": "REF.SLOW", "metric": "complaints", "exposure": "units_signed", "age_days": 14,
        "target": 0.01, "target_text": "1 %", "expected_effect": "x", "proposed_at": "2026-10-06T02:00:00+00:00",
    }  # fmt: skip
    file = tmp_path / "actions.jsonl"
    file.write_text(json.dumps(action, ensure_ascii=False), "utf-8")
    shown = _run(home, "actions", "import", str(file))
    assert shown.exit_code == 1
    assert "cannot be stored: 引导买家改退款原因" in shown.output
    file.write_text(json.dumps({**action, "what": "提交退款积压清单并逐单处理"}, ensure_ascii=False), "utf-8")
    assert "1 new" in _run(home, "actions", "import", str(file)).output


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/a/../../secret.txt", "//secret.txt", "/.hidden", "/a/.hidden", "/link/secret.txt", "/a\0b", "/a", "/"],
)
def test_a_site_serves_nothing_outside_its_folder(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    for file in (tmp_path / "secret.txt", root / ".hidden", root / "a" / ".hidden"):
        file.write_text("secret")
    (root / "link").symlink_to(tmp_path)
    assert inside(root, path) is None


def test_the_archive_site_lists_editions_and_serves_their_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "weekly" / "2026-W45" / "r1" / "executive.zh-CN"
    folder.mkdir(parents=True)
    (folder / "周报.pdf").write_bytes(b"%PDF-1")
    site = Site(archive_site(tmp_path), 0)
    try:
        index = httpx.get(site.url)
        pdf = httpx.get(f"{site.url}weekly/2026-W45/r1/executive.zh-CN/周报.pdf")
        lost = httpx.get(f"{site.url}weekly/none.pdf")
        refused = httpx.post(site.url)
    finally:
        site.stop()
    assert "2026-W45" in index.text and "default-src 'none'" in index.headers["content-security-policy"]
    assert (pdf.headers["content-type"], pdf.content) == ("application/pdf", b"%PDF-1")
    assert (lost.status_code, refused.status_code) == (404, 501)


def test_the_outbox_site_escapes_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(b"From: a@example.com\nTo: b@example.com\nSubject: <script>1</script>\n\n<b>text</b>\n")
    answer = outbox_site(tmp_path)
    for path in ("/", "/mail/m.eml"):
        found = answer(path)
        assert found is not None and b"<script>" not in found[1] and b"&lt;script&gt;" in found[1]
    assert answer("/other.txt") is None

"""An earlier moment gives that moment's edition again, byte for byte."""

from pathlib import Path

from flows.console.review import answer
from flows.console.verify import differing_files
from flows.review import review
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import AS_OF, WEEK, copied, hashes, inside


def test_a_kept_edition_is_the_same_after_a_revision_and_another_configuration(reviewed_home: Path, tmp_path: Path) -> None:
    home = copied(reviewed_home, tmp_path / "home")
    first = hashes(home)
    people = home / "config" / "shop.yaml"
    people.write_text(people.read_text("utf-8").replace("朴岸生活", "另一家店"), "utf-8")
    settings = load_settings(home)
    with inside(home):
        review(period=WEEK, revise=True)

    now = hashes(home)
    revised = {name: sha for name, sha in now.items() if "/r2/" in name}
    assert {name: sha for name, sha in now.items() if "/r1/" in name} == first
    assert revised and not set(revised.values()) & {sha for name, sha in first.items() if name.endswith(".pdf")}

    then = answer(settings, WEEK, "week", AS_OF, revise=False, send=False)
    assert [edition.revision for edition in then.answered] == [1]
    assert differing_files(then) == []
    assert [edition.revision for edition in answer(settings, WEEK, "week", "", revise=False, send=False).answered] == [2]


def test_a_verification_can_fail(reviewed_home: Path, tmp_path: Path) -> None:
    home = copied(reviewed_home, tmp_path / "home")
    run = answer(load_settings(home), WEEK, "week", "", revise=False, send=False)
    run.answered[0].files["mail.txt"] = "0" * 64
    assert differing_files(run) == ["executive.zh-CN/mail.txt"]


def test_an_edition_before_the_first_is_shown_apart(reviewed_home: Path, tmp_path: Path) -> None:
    home = copied(reviewed_home, tmp_path / "home")
    with inside(home):
        review(period=WEEK, as_of="2026-11-09T10:00", send=True)
    stores = Stores.open(load_settings(home))
    assert [edition.revision for edition in stores.ledger.editions()] == [1]
    assert any(name.startswith("weekly-as-of/2026-W45/") for name in hashes(home))
    assert len(stores.ledger.deliveries()) == 2

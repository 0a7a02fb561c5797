"""Every kind of warning has its rule, its words and its row; a further one touches its module, its messages and its row, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tasks.errors import ConfigurationError
from tasks.model.facts import Facts
from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, WarningEvent, WarningEventKind
from tasks.report.language.messages import catalogue
from tasks.report.language.registry import LANGUAGES
from tasks.report.warning_letter import letter
from tasks.shop.load import Shop
from tasks.store.plain_values import from_plain, to_plain
from tasks.warn import kinds as folder
from tasks.warn.grades import grades
from tasks.warn.kinds.catalogue import check_names, kinds, rule_of
from tasks.warn.kinds.kind import Watch
from tasks.warn.lifecycle import due_round
from tasks.warn.owners import assigned
from tests.makers.warnings import MOMENT, kept_after

Make = Callable[..., EarlyWarning]
PAGE = (Path(__file__).resolve().parents[4] / "docs" / "early-warning.md").read_text("utf-8")
NOTHING = Facts({}, MOMENT)
OUTAGE = '''
"""The shop's app does not answer."""

from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.kind import Watch, WarningKind


def outage(facts, shop):
    by = facts.as_of + __import__("datetime").timedelta(hours=rule_of("outage", shop).answer_hours)
    return [EarlyWarning("outage", {"platform": "app"}, "", 7.0, facts.as_of.date(), by, ("a", "b"), expected=1.0, every_days=400.0)]


KIND = WarningKind(
    code="outage", watch=Watch.CLOCKS, look=outage, wording=WarningWording("outage", unit="records"),
    default=WarningRule(owner="产品研发", ladder=["供应链"], answer_hours=3, escalate_hours=6),
)
'''


def without(shop: Shop, *codes: str, **more: object) -> Shop:
    """Return a shop whose own warnings.yaml was written before some kinds were there."""
    own = yaml.safe_load(shop.text("warnings.yaml"))
    own["kinds"] = {code: rule for code, rule in own["kinds"].items() if code not in codes} | more
    return Shop({**shop.files, "warnings.yaml": yaml.safe_dump(own, allow_unicode=True).encode()})


@pytest.fixture
def outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a kind as a contributor would: a module and two messages in every language."""
    (tmp_path / "outage.py").write_text(OUTAGE, "utf-8")
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    kinds.cache_clear()
    for language in LANGUAGES:
        monkeypatch.setitem(catalogue(language).entries, "warning.what_outage", "OUT {where} {n}, {expected}")
        monkeypatch.setitem(catalogue(language).entries, "warning.step_outage", "RESTART within {hours}")
    yield
    kinds.cache_clear()


def test_a_kind_that_a_shops_own_file_does_not_name_has_its_default(shop: Shop) -> None:
    old = without(shop, "parcels", "words")
    old.check()
    assert rule_of("parcels", old) == kinds()["parcels"].default
    assert rule_of("safety", old) == shop.warnings.kinds["safety"]


def test_a_month_archived_before_a_kind_was_there_can_be_graded(shop: Shop, warning: Make) -> None:
    old = without(shop, "deadline")
    kept = [kept_after(warning()), kept_after(warning("deadline", slice={"deadline": "evidence"}))]
    graded = grades(kept, [], Period.parse("2026-11"), old)
    assert graded is not None and (len(graded.warnings), graded.reminders) == (1, 1)


def test_a_default_names_only_roles_that_the_shop_has(shop: Shop) -> None:
    people = b"roles: {owner: {zh: \xe5\xba\x97\xe4\xb8\xbb, en: Owner}}\npeople:\n  - {name: O, mail: o@shop.example, roles: [owner]}\ndefault_owner: O\n"
    small = Shop({**without(shop, *shop.warnings.kinds).files, "people.yaml": people})
    small = Shop({**small.files, "warnings.yaml": small.files["warnings.yaml"].replace("品控".encode(), b"owner")})
    assert (rule_of("emotion", small).owner, rule_of("emotion", small).ladder) == ("", ["owner"])
    assert (rule_of("safety", small).owner, rule_of("safety", small).ladder) == ("owner", ["owner"])


def test_what_the_default_configuration_says_of_a_kind_is_its_default(shop: Shop) -> None:
    for code, rule in shop.warnings.kinds.items():
        assert rule == kinds()[code].default, code


def test_a_misspelt_kind_is_refused(shop: Shop) -> None:
    rule = {"ladder": ["总经理"], "answer_hours": 4, "escalate_hours": 4}
    check_names(shop)
    with pytest.raises(ConfigurationError, match="has a rule for emotions"):
        check_names(without(shop, emotions=rule))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_kind_has_its_words(language: str) -> None:
    for kind in kinds().values():
        assert f"warning.what_{kind.wording.stem}" in catalogue(language)
        assert f"warning.step_{kind.wording.stem}" in catalogue(language)
    assert {kind.watch for kind in kinds().values()} == set(Watch)


def test_the_page_has_a_row_for_every_kind_and_none_for_another() -> None:
    """A module that looks for trouble and declares no `KIND` is no kind: its row is one too many."""
    (table,) = re.findall(r"^\| kind \|.*?\n\n", PAGE, flags=re.M | re.S)
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:] if line]
    assert sorted(rows) == sorted(kinds())


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_message_tells_of_a_kind_that_is_not_there(language: str) -> None:
    stems = {kind.wording.stem for kind in kinds().values()}
    steps = {key.removeprefix("warning.step_") for key in catalogue(language).entries if key.startswith("warning.step_")}
    assert {step.removesuffix("_plain") for step in steps} == stems


@pytest.mark.usefixtures("outage")
def test_a_further_kind_is_looked_for_told_kept_and_graded(shop: Shop) -> None:
    shop.check()
    kind = kinds()["outage"]
    [found] = [assigned(warning, NOTHING, shop) for warning in kind.look(NOTHING, shop)]
    assert (found.role, rule_of("outage", shop).ladder) == ("产品研发", ["供应链"])
    [notice] = due_round([found], [], shop, MOMENT).notices
    assert notice.person is not None
    event = WarningEvent("W1", 1, MOMENT, WarningEventKind.OPENED, to=notice.person.name)
    for language in LANGUAGES:
        person = notice.person.model_copy(update={"language": language})
        mail = letter(notice.kept, found, event, person, shop, wording=kind.wording, rule=rule_of("outage", shop))
        assert "OUT" in mail.subject and "RESTART within 3" in mail.text
    assert from_plain(EarlyWarning, to_plain(found)) == found
    graded = grades([replace(notice.kept, events=(notice.event,))], [], Period.parse("2026-11"), shop)
    assert graded is not None and [each.verdict for each in graded.warnings] == ["silent"]

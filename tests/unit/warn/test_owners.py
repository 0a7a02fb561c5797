"""Who owns a warning, and what the playbook would do first."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from tasks.model.warnings import EarlyWarning
from tasks.shop.load import Shop
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.owners import assigned, ladder
from tests.makers.shops import coded_facts
from tests.makers.warnings import MOMENT

Make = Callable[..., EarlyWarning]
NOTHING = coded_facts({}, MOMENT)


@pytest.mark.parametrize(
    ("kind", "slice_", "leaf", "role", "step"),
    [
        ("cluster", {"sku": "FW-03", "batch_no": "B"}, "PRD.FAULT", "品控", "PB01/block"),
        ("cluster", {"carrier": "C", "region": "西南"}, "LOG.DAMAGE", "仓配", "PB04/"),
        ("cluster", {"sku": "X"}, "ORD.INVOICE", "财务", ""),
        ("safety", {"sku": "KT-11"}, "PRD.SAFETY", "品控", "PB15/"),
        ("deadline", {"deadline": "evidence"}, "", "客服", ""),
    ],
)
def test_the_playbooks_first_step_names_the_owner_else_the_problem_does(
    shop: Shop, warning: Make, kind: str, slice_: dict[str, str], leaf: str, role: str, step: str
) -> None:
    found = assigned(warning(kind, slice=slice_, leaf=leaf, owner="", role=""), NOTHING, shop)
    assert (found.role, found.restricted) == (role, rule_of(kind, shop).restricted)
    assert found.playbook.startswith(step) and bool(found.playbook) == bool(step)
    assert found.owner == shop.people.owner(role).name


def test_the_person_who_answers_for_the_line_is_told(shop: Shop, warning: Make) -> None:
    text = shop.text("people.yaml").replace(
        "people:\n", "people:\n  - {name: 壶品控, mail: kt@shop.example, roles: [品控], lines: [KT]}\n"
    )
    other = Shop({**shop.files, "people.yaml": text.encode()})
    facts = coded_facts({"product": pl.DataFrame({"sku": ["KT-11", "FW-03"], "line": ["KT", "FW"]})}, MOMENT)
    owners = [assigned(warning("safety", slice={"sku": sku}), facts, other).owner for sku in ("KT-11", "FW-03")]
    assert owners == ["壶品控", "品控主管"]


def test_who_cannot_be_reached_is_passed_over_at_once(shop: Shop, warning: Make) -> None:
    text = shop.text("people.yaml").replace("mail: quality@shop.example, ", "")
    other = Shop({**shop.files, "people.yaml": text.encode()})
    assert [person.name for person in ladder(warning(), other)] == ["供应链主管", "店长"]

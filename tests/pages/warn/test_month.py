"""The monthly edition as paper: the month's warnings stand in it, graded, with numbers that can be looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tasks.model.periods import Period
from tasks.model.warnings import EarlyWarning, WarningAnswer, WarningEvent, WarningEventKind
from tasks.report.edition import make
from tasks.settings import Settings
from tasks.warn.grades import grades
from tests.makers.reviews import make_review, make_shop
from tests.makers.warnings import MOMENT, kept_after


def test_the_monthly_edition_prints_the_grades(warning: Callable[..., EarlyWarning], tmp_path: Path) -> None:
    shop, review = make_shop(), make_review("month")
    month = Period.parse(review.period.id)
    opened = month.start + timedelta(hours=4)
    real = WarningEvent("W1", 2, MOMENT, WarningEventKind.ANSWERED, by="x", answer=WarningAnswer.REAL)
    kept = [
        replace(kept_after(warning(), real, opened=opened), warning_id="Wa"),
        replace(
            kept_after(warning("safety", slice={"sku": "KT-77"}, items=("s",), restricted=True), opened=opened),
            warning_id="Wb",
        ),
    ]
    review = replace(review, warnings=grades(kept, [], month, shop))
    made = make(review, shop, "executive", "zh-CN", Settings(home=tmp_path))
    paper = re.sub("<[^>]*>", "", made.files["report.html"].decode())
    assert "本月预警：发2，真1。" in paper and "负责人答复属实1项" in paper and "KT-77" not in paper
    numbers = {number["id"]: number["value"] for number in json.loads(made.files["numbers.json"])}
    assert (numbers["warnings.sent"], numbers["warnings.real"]) == (2, 1)

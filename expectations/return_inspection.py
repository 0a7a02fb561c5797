"""Rules for inspections of returned goods."""

from expectations.checks import Between
from expectations.rules import (
    Given,
    Rule,
    batch_readable,
    coded,
    convertible,
    identified,
    money,
    one_version,
    required,
    rule,
    sane_time,
)

WAREHOUSE = "仓配"


def rules(given: Given) -> list[Rule]:
    """List the rules of inspections."""
    return [
        *identified("return_inspection", "aftersale_id", WAREHOUSE, ("售后单号", "after-sales id")),
        required("return_inspection", "inspected_at", WAREHOUSE, ("质检时间", "time of inspection")),
        sane_time(
            "return_inspection.inspected_at_sane", "row", WAREHOUSE, "inspected_at", given,
            ("质检时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("inspected before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        required("return_inspection", "result", WAREHOUSE, ("质检结果", "result")),
        coded("return_inspection", "result", "row", WAREHOUSE),
        rule(
            "return_inspection.photo_count_sane", "flag", WAREHOUSE, Between("photo_count", 0, 10_000),
            ("照片数为负或大得离谱", "检查这一列的映射"),
            ("the number of photos is negative or absurd", "Check this column's mapping."),
        ),
        convertible("return_inspection", given),
        money("return_inspection", "loss_amount", "row", "财务", ("损失金额", "the loss"), given),
        *batch_readable("return_inspection", WAREHOUSE),
        one_version("return_inspection", ("aftersale_id",), WAREHOUSE),
    ]  # fmt: skip

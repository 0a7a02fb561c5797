"""Rules for exposure: the denominators of every rate."""

from expectations.checks import Between
from expectations.rules import Given, Rule, coded, known_sku, one_version, required, rule, sane_time
from tasks.model.tables import TABLES

DATA = "数据"


def rules(given: Given) -> list[Rule]:
    """List the rules of exposure."""
    return [
        required("exposure", "day", DATA, ("日期", "day")),
        sane_time(
            "exposure.day_sane", "row", DATA, "day", given,
            ("日期早于 2000 年或在未来", "检查日期写法和年份"),
            ("a day before 2000 or in the future", "Check how the date is written and its year."),
        ),
        required("exposure", "kind", DATA, ("基数类别", "kind")),
        coded("exposure", "kind", "row", DATA),
        required("exposure", "n", DATA, ("基数", "number")),
        rule(
            "exposure.n_sane", "row", DATA, Between("n", 0, 1e9),
            ("基数为负或大得离谱", "核对是否导出了差额或金额"),
            ("the number is negative or absurd", "Check whether differences or amounts were exported."),
        ),
        *known_sku("exposure", DATA, given),
        one_version("exposure", TABLES["exposure"].key, DATA),
    ]  # fmt: skip

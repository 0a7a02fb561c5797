"""Rules for cost rates: what freight, inspection, service minutes and the like cost."""

from expectations.rules import Given, Rule, identified, money, one_version, required, sane_time
from tasks.model.tables import TABLES

FINANCE = "财务"


def rules(given: Given) -> list[Rule]:
    """List the rules of cost rates."""
    return [
        *identified("cost_rate", "item", FINANCE, ("费用项目", "item")),
        required("cost_rate", "valid_from", FINANCE, ("生效日期", "first day")),
        sane_time(
            "cost_rate.valid_from_sane", "flag", FINANCE, "valid_from", given,
            ("生效日期早于 2000 年或在未来", "尚未生效的费率可提前登记；年份写错请更正"),
            ("valid from before 2000 or from a day to come", "A coming rate may be entered early; correct a wrong year."),
        ),
        required("cost_rate", "amount", FINANCE, ("单价", "amount")),
        money("cost_rate", "amount", "row", FINANCE, ("单价", "the amount"), given),
        one_version("cost_rate", TABLES["cost_rate"].key, FINANCE),
    ]  # fmt: skip

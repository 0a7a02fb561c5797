"""Rules for products."""

from expectations.checks import Between
from expectations.rules import Given, Rule, identified, money, one_version, rule, sane_time

SALES = "电商运营"


def rules(given: Given) -> list[Rule]:
    """List the rules of products."""
    return [
        *identified("product", "sku", SALES, ("SKU", "SKU")),
        *identified("product", "line", SALES, ("产品线", "line")),
        sane_time(
            "product.listed_on_sane", "flag", SALES, "listed_on", given,
            ("上架日期早于 2000 年或在未来", "检查日期写法和年份"),
            ("listed before 2000 or on a day to come", "Check how the date is written and its year."),
        ),
        rule(
            "product.maturity_days_sane", "flag", SALES, Between("maturity_days", 0, 3_650),
            ("成熟期为负或超过十年", "按天填写"),
            ("the time to maturity is negative or above ten years", "Write it in days."),
        ),
        money("product", "price", "row", SALES, ("售价", "the price"), given),
        money("product", "cost", "flag", "财务", ("成本", "the cost"), given),
        one_version("product", ("sku",), SALES),
    ]  # fmt: skip

"""Rules for platforms' published figures, which are kept as published and never recomputed."""

from expectations.checks import Between
from expectations.rules import Given, Rule, identified, one_version, required, rule, sane_time
from tasks.model.tables import TABLES

SALES = "电商运营"


def rules(given: Given) -> list[Rule]:
    """List the rules of published figures."""
    return [
        *identified("platform_metric", "platform", SALES, ("平台", "platform")),
        *identified("platform_metric", "metric_code", SALES, ("指标代码", "metric code")),
        required("platform_metric", "value", SALES, ("数值", "value")),
        rule(
            "platform_metric.value_sane", "row", SALES, Between("value", -1e9, 1e9),
            ("数值大得离谱", "检查小数点和单位"),
            ("the value is absurd", "Check decimal point and unit."),
        ),
        rule(
            "platform_metric.window_days_sane", "flag", SALES, Between("window_days", 1, 366),
            ("统计窗口不在 1–366 天之间", "按平台页面填写窗口天数"),
            ("the window lies outside 1–366 days", "Write the window as the platform shows it."),
        ),
        required("platform_metric", "as_published_at", SALES, ("发布时间", "time of publication")),
        sane_time(
            "platform_metric.as_published_at_sane", "row", SALES, "as_published_at", given,
            ("发布时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("published before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        one_version("platform_metric", TABLES["platform_metric"].key, SALES),
    ]  # fmt: skip

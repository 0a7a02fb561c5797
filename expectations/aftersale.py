"""Rules for after-sales orders: refunds, returns, exchanges and repairs."""

from expectations.checks import Between
from expectations.rules import (
    Given,
    Rule,
    coded,
    convertible,
    identified,
    known_sku,
    money,
    not_long_before,
    one_version,
    required,
    rule,
    sane_time,
    sane_times,
)

SERVICE = "客服"
TIMES = ("agreed_at", "returned_at", "received_at", "refunded_at", "closed_at", "involved_at", "evidence_at")


def rules(given: Given) -> list[Rule]:
    """List the rules of after-sales orders."""
    return [
        *identified("aftersale", "aftersale_id", SERVICE, ("售后单号", "after-sales id")),
        required("aftersale", "type", SERVICE, ("售后类型", "type")),
        coded("aftersale", "type", "row", SERVICE),
        required("aftersale", "phase", SERVICE, ("所处阶段", "phase")),
        coded("aftersale", "phase", "row", SERVICE),
        required("aftersale", "applied_at", SERVICE, ("申请时间", "time of application")),
        sane_time(
            "aftersale.applied_at_sane", "row", SERVICE, "applied_at", given,
            ("申请时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("applied before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        rule(
            "aftersale.qty_sane", "row", SERVICE, Between("qty", 1, 100_000),
            ("件数小于 1 或大得离谱", "检查这一列的映射"),
            ("the quantity is below 1 or absurd", "Check this column's mapping."),
        ),
        convertible("aftersale", given),
        money("aftersale", "refund_amount", "row", "财务", ("退款金额", "the refund"), given),
        money("aftersale", "freight_amount", "flag", "财务", ("运费", "the freight"), given),
        money("aftersale", "compensation_amount", "flag", "财务", ("补偿金额", "the compensation"), given),
        *not_long_before(
            "aftersale.refunded_after_applied", "财务", "refunded_at", "applied_at",
            ("退款比申请早一天以上", "检查两列时间是否映射反了"),
            ("refunded a day and more before the application", "Check whether the two times are swapped in the mapping."),
        ),
        *not_long_before(
            "aftersale.deadline_after_applied", SERVICE, "must_act_by", "applied_at",
            ("平台时限早于申请一天以上", "核对时限一列；时限以平台页面为准"),
            ("the deadline lies a day and more before the application", "Check the deadline's column against the platform."),
        ),
        coded("aftersale", "liability", "flag", SERVICE),
        coded("aftersale", "decided_by", "flag", SERVICE),
        *known_sku("aftersale", "电商运营", given),
        *sane_times(
            "aftersale.times", SERVICE, TIMES, given,
            ("有时间早于 2000 年或在未来一天以后", "检查日期写法和空值的占位（如 1970-01-01）"),
            ("a time lies before 2000 or more than a day ahead", "Check how dates and missing dates (1970-01-01) are written."),
        ),
        one_version("aftersale", ("aftersale_id",), SERVICE),
    ]  # fmt: skip

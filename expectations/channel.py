"""Rules for a whole pull of a channel."""

from expectations.rules import Rule

QUARANTINE_SHARE = 0.10
"""A channel is left out of the edition if more than this share of its period's rows is certainly bad."""
CERTAINTY = 0.95
FEWEST_ROWS = 30
"""A channel with fewer rows in the period is never left out: a few bad rows say nothing of the others."""
EXPORT_CUTS = (1_000, 5_000, 10_000, 50_000, 65_535, 100_000, 1_048_575)
"""Row counts at which common exports silently stop."""

MOSTLY_READABLE = Rule(
    "channel.mostly_readable", "batch", "数据", None,
    {
        "zh-CN": "被隔离的记录超过 10%，剩下的不能代表这个渠道",
        "en": "more than 10 % of its rows are quarantined; the rest does not stand for the channel",
    },
    {
        "zh-CN": "看隔离表里最多的规则，改来源或映射后重跑；本期按名列为缺席渠道",
        "en": "Look at the most frequent rule in the quarantine, correct source or mapping and run again.",
    },
    (),
)  # fmt: skip
NOT_CUT_OFF = Rule(
    "channel.not_cut_off", "batch", "数据", None,
    {
        "zh-CN": "行数正好等于常见的导出上限，可能被截断",
        "en": "the number of rows is exactly a common limit of exports; it may be cut off",
    },
    {
        "zh-CN": "把导出区间分成更短的几段再导",
        "en": "Export shorter spans one after another.",
    },
    (),
)  # fmt: skip


def rules() -> list[Rule]:
    """List the rules of a pull."""
    return [MOSTLY_READABLE, NOT_CUT_OFF]

"""Rules for regulators' cases; an unknown body is only flagged, since losing a case would cost more."""

from expectations.rules import (
    Given,
    Rule,
    coded,
    convertible,
    identified,
    money,
    not_long_before,
    one_version,
    required,
    sane_time,
)

LEGAL = "法务"


def rules(given: Given) -> list[Rule]:
    """List the rules of regulators' cases."""
    return [
        *identified("regulator_case", "case_no_hash", LEGAL, ("案件号", "case number")),
        required("regulator_case", "body", LEGAL, ("受理单位", "body")),
        coded("regulator_case", "body", "flag", LEGAL),
        coded("regulator_case", "kind", "flag", LEGAL),
        required("regulator_case", "received_at", LEGAL, ("收到时间", "time of receipt")),
        sane_time(
            "regulator_case.received_at_sane", "row", LEGAL, "received_at", given,
            ("收到时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("received before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        convertible("regulator_case", given),
        money("regulator_case", "amount", "row", LEGAL, ("涉案金额", "the amount"), given),
        *not_long_before(
            "regulator_case.deadline_after_received", LEGAL, "must_act_by", "received_at",
            ("答复时限早于收到一天以上", "核对时限；当日按收件单改正"),
            ("the deadline lies a day and more before receipt", "Check the deadline against the letter the same day."),
        ),
        *not_long_before(
            "regulator_case.answered_after_received", LEGAL, "answered_at", "received_at",
            ("答复比收到早一天以上", "检查两列时间是否填反"),
            ("answered a day and more before receipt", "Check whether the two times are swapped."),
        ),
        one_version("regulator_case", ("case_no_hash",), LEGAL),
    ]  # fmt: skip

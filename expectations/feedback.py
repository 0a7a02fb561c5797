"""Rules for feedback: complaints, questions, suggestions and praise from every channel."""

from expectations.checks import Between, Lacks, Length, OneOf
from expectations.rules import (
    TEXT_CAP,
    Given,
    Rule,
    batch_readable,
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
DATA = "数据"

TIMES = (
    "occurred_at", "purchased_at", "first_bot_at", "first_human_at", "solution_at", "flagged_at", "reviewed_at",
    "closed_at", "reopened_at", "last_scan_at",
)  # fmt: skip
WAYBILL = r"^\s*(?i:[a-z]{2,4})[0-9]{10,15}\s*$"
MASK = r"\[(?:邮箱|证件号|卡号|电话|账号|姓名|地址)\]"


def rules(given: Given) -> list[Rule]:
    """List the rules of feedback."""
    return [
        *identified("feedback", "record_id", DATA, ("记录号", "record id")),
        required("feedback", "source", DATA, ("来源类别", "kind of source")),
        coded("feedback", "source", "row", DATA),
        required("feedback", "submitted_at", SERVICE, ("提交时间", "time of submission")),
        sane_time(
            "feedback.submitted_at_sane", "row", SERVICE, "submitted_at", given,
            ("提交时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("submitted before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        *not_long_before(
            "feedback.first_human_after_submitted", SERVICE, "first_human_at", "submitted_at",
            ("人工首响比提交早一天以上", "检查是否把机器人回复或上一单的时间当成了首响"),
            ("the first human reply lies a day and more before the submission", "Check whether a robot's or an older reply was taken."),
        ),
        *not_long_before(
            "feedback.closed_after_submitted", SERVICE, "closed_at", "submitted_at",
            ("关闭时间比提交早一天以上", "检查两列时间是否映射反了"),
            ("closed a day and more before it was submitted", "Check whether the two times are swapped in the mapping."),
        ),
        *_amounts(given),
        *_codes(),
        *_mapped_issue(given),
        *_references_and_times(given),
    ]  # fmt: skip


def _amounts(given: Given) -> list[Rule]:
    """List the rules of scores, lengths, money and counts."""
    return [
        rule(
            "feedback.rating_in_stars", "row", SERVICE, Between("rating", 0, 5),
            ("评分不在 0–5 之间", "换算成五分制；百分制除以 20"),
            ("the rating lies outside 0–5", "Convert it to five stars; divide per cents by 20."),
        ),
        rule(
            "feedback.csat_in_points", "flag", SERVICE, Between("csat", 1, 5),
            ("满意度不在 1–5 之间", "换算成五分制；此条不计入满意度"),
            ("the satisfaction score lies outside 1–5", "Convert it to five points; it is left out of the score."),
        ),
        rule(
            "feedback.emotion_in_grades", "flag", SERVICE, Between("emotion", 1, 5),
            ("来源给的情绪不在 1–5 之间", "按文本重新判断"),
            ("the source's emotion lies outside 1–5", "It is judged from the text again."),
        ),
        rule(
            "feedback.text_short_enough", "row", DATA, Length("text", 0, TEXT_CAP),
            (f"正文超过 {TEXT_CAP:,} 字", "检查是否把整个文件或附件编码放进了正文"),
            (f"the text is longer than {TEXT_CAP:,} characters", "Check whether a whole file or attachment was put into it."),
        ),
        rule(
            "feedback.title_short_enough", "flag", DATA, Length("title", 0, 500),
            ("标题超过 500 字", "检查标题和正文是否映射反了"),
            ("the title is longer than 500 characters", "Check whether title and text are swapped."),
        ),
        money("feedback", "unit_price", "row", SERVICE, ("单价", "the unit price"), given),
        money("feedback", "refund_amount", "flag", SERVICE, ("退款金额", "the refund"), given),
        rule(
            "feedback.attachments_counted", "flag", DATA, Between("attachments", 0, 10_000),
            ("附件数为负或大得离谱", "检查这一列的映射"),
            ("the number of attachments is negative or absurd", "Check this column's mapping."),
        ),
        rule(
            "feedback.contact_count_sane", "flag", DATA, Between("contact_count", 1, 1_000),
            ("联系次数小于 1 或大得离谱", "检查这一列的映射"),
            ("the number of contacts is below 1 or absurd", "Check this column's mapping."),
        ),
        convertible("feedback", given),
    ]  # fmt: skip


def _codes() -> list[Rule]:
    """List the rules of columns that hold one of a few codes."""
    return [
        coded("feedback", "origin", "flag", DATA),
        coded("feedback", "customer_tier", "flag", DATA),
        coded("feedback", "impact", "flag", DATA),
        coded("feedback", "frequency", "flag", DATA),
        coded("feedback", "request", "flag", DATA),
        coded("feedback", "nature", "flag", DATA),
        coded("feedback", "traffic_source", "flag", "电商运营"),
    ]


def _references_and_times(given: Given) -> list[Rule]:
    """List the rules of references, masked data, deadlines and other times."""
    return [
        *known_sku("feedback", "电商运营", given),
        rule(
            "feedback.order_ref_of_order", "flag", SERVICE, Lacks("order_ref", WAYBILL),
            ("订单号一栏填的像是运单号", "按运单号反查订单；提醒填写人"),
            ("the order number looks like a waybill", "Find the order by its waybill; tell whoever fills it in."),
        ),
        *batch_readable("feedback", SERVICE),
        rule(
            "feedback.text_whole", "flag", DATA, Lacks("text", MASK),
            ("正文里有个人信息，已遮盖", "无需处理；如影响理解，在来源系统里查看原文"),
            ("personal data in the text was masked", "Nothing to do; read the original at the source where it matters."),
        ),
        *not_long_before(
            "feedback.deadline_after_submitted", "法务", "must_act_by", "submitted_at",
            ("法定或平台时限早于提交一天以上", "核对时限一列；时限以平台页面为准"),
            ("the deadline lies a day and more before the submission", "Check the deadline's column against the platform."),
        ),
        *sane_times(
            "feedback.times", SERVICE, TIMES, given,
            ("有时间早于 2000 年或在未来一天以后", "检查日期写法和空值的占位（如 1970-01-01）"),
            ("a time lies before 2000 or more than a day ahead", "Check how dates and missing dates (1970-01-01) are written."),
        ),
        one_version("feedback", ("record_id",), DATA),
    ]  # fmt: skip


def _mapped_issue(given: Given) -> list[Rule]:
    if "issue" not in given.known:
        return []
    return [
        rule(
            "feedback.issue_in_taxonomy", "flag", DATA, OneOf("issue", tuple(sorted(given.known["issue"]))),
            ("来源原因映射到了分类表里没有的节点", "改 channels.yaml 的值映射，或把节点加进 taxonomy.yaml"),
            ("the source's reason maps to no node of the taxonomy", "Correct the value map, or add the node to taxonomy.yaml."),
        )
    ]  # fmt: skip

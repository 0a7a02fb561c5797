"""Hand-made reviews: what the report is tested on without any other stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from tasks.model.actions import Action, ActionKind, ActionResult, ActionState, Verdict
from tasks.model.causes import Cause, CauseEvidence
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Breakdown, Figure, MixEffect, ProblemRow, Projection, RankedSlice, Ranking
from tasks.model.periods import Period
from tasks.model.review import Break, ChannelQuality, DueItem, ExampleCase, RedLine, Review
from tasks.report.agenda import agenda
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.voice import Voice
from tasks.report.sections.section import SectionContext
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

ZONE = ZoneInfo("Asia/Shanghai")


def local(year: int, month: int, day: int, hour: int = 18, minute: int = 0) -> datetime:
    """Return a moment of the business zone as aware UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@cache
def make_shop(base: str = "orders", languages: tuple[str, ...] = ("zh-CN", "en")) -> Shop:
    """Return the default configuration under an invented shop, read once in a process."""
    files = dict(default_shop().files)
    content = {
        "name": "朴岸生活",
        "name_en": "Puan Living",
        "zone": "Asia/Shanghai",
        "currency": "CNY",
        "base": base,
        "languages": list(languages),
        "minimum_n": 30,
    }
    files["shop.yaml"] = yaml.safe_dump(content, allow_unicode=True).encode()
    files["people.yaml"] = PEOPLE.encode()
    files["audiences.yaml"] = AUDIENCES.encode()
    return Shop(files)


PEOPLE = """
roles:
  客服: {zh: 客服, en: Customer service}
  品控: {zh: 品控, en: Quality}
  供应链: {zh: 供应链, en: Supply chain}
  仓配: {zh: 仓配, en: Warehouse and delivery}
  电商运营: {zh: 电商运营, en: Shop operations}
  直播运营: {zh: 直播运营, en: Live streaming}
  产品研发: {zh: 产品研发, en: Product development}
  法务: {zh: 法务, en: Legal}
  财务: {zh: 财务, en: Finance}
  总经理: {zh: 总经理, en: General manager}
people:
  - {name: 张衡, name_en: Zhang Heng, mail: zhang@shop.example, roles: [供应链]}
  - {name: 李陶, name_en: Li Tao, mail: li@shop.example, roles: [品控, 产品研发]}
  - {name: 王岚, name_en: Wang Lan, mail: wang@shop.example, roles: [客服]}
  - {name: 赵闻, name_en: Zhao Wen, mail: zhao@shop.example, roles: [仓配]}
  - {name: 周默, name_en: Zhou Mo, mail: zhou@shop.example, roles: [电商运营, 直播运营]}
  - {name: 陈立, name_en: Chen Li, mail: chen@shop.example, roles: [总经理, 财务, 法务]}
default_owner: 陈立
"""

AUDIENCES = """
audiences:
  executive:
    name: {zh: 管理层, en: Management}
    recipients: [{mail: manager@shop.example, name: 陈立, language: zh-CN}]
  counsel:
    name: {zh: 限阅, en: Restricted}
    restricted: true
    recipients: [{mail: counsel@shop.example, name: 法务, language: zh-CN}]
"""


def weeks(last: str, count: int) -> list[str]:
    """Return the ids of `count` weeks up to `last`."""
    period = Period.parse(last)
    ids = [period.id]
    while len(ids) < count:
        period = period.previous()
        ids.insert(0, period.id)
    return ids


def series(values: list[float | None], last: str = "2026-W45") -> tuple[tuple[str, float | None], ...]:
    """Return values with the labels of the weeks that end at `last`."""
    return tuple(zip(weeks(last, len(values)), values, strict=True))


def make_figures() -> list[Figure]:
    """Return the figures of page 1 and some more."""
    return [
        Figure(
            FIGURES["net_loss"],
            86_400.0,
            previous=79_300.0,
            target=80_000,
            target_op="<=",
            judgement="slightly_over",
            attainment="missed",
            low=71_000,
            high=93_000,
            method="D21 at cost price",
            n=24_000,
            series=series([81e3, 79e3, 83e3, 88e3, 76e3, 80e3, 82e3, 85e3, 90e3, 84e3, 81e3, 79.3e3, 86.4e3]),
        ),
        Figure(
            FIGURES["quality_refund_rate"],
            0.0191,
            numerator=441,
            n=23_100,
            low=0.0166,
            high=0.0204,
            previous=0.0189,
            last_year=0.0172,
            last_year_basis="promotion",
            target=0.018,
            target_op="<=",
            judgement="normal",
            attainment="missed",
            streak=6,
            axis_from=date(2026, 9, 28),
            axis_to=date(2026, 10, 4),
            age_days=30,
            method="D08 sign-week cohort",
            series=series(
                [0.0178, 0.0176, 0.0181, 0.0179, 0.0185, 0.0184, 0.0187, 0.0186, 0.0188, 0.0187, 0.019, 0.0189, 0.0191]
            ),
        ),
        *(
            Figure(
                FIGURES["platform_score"],
                value,
                previous=before,
                target=warn,
                target_op=">=",
                judgement="normal",
                attainment="met",
                scope=name,
                method="as published",
                series=series([value - 0.02 * (i % 3) for i in range(12)] + [value]),
            )
            for name, value, before, warn in (
                ("平台甲", 4.72, 4.73, 4.5),
                ("平台乙", 9.1, 9.1, 8.8),
                ("平台丙", 92.0, 92.5, 85.0),
            )
        ),
        Figure(
            FIGURES["reply_3min_rate"],
            0.782,
            numerator=9_930,
            n=12_700,
            low=0.88,
            high=0.94,
            previous=0.912,
            last_year=0.905,
            target=0.9,
            target_op=">=",
            judgement="worse",
            attainment="missed",
            streak=1,
            method="D12 human replies within 3 minutes",
            series=series([0.91, 0.915, 0.92, 0.905, 0.91, 0.912, 0.908, 0.913, 0.91, 0.915, 0.91, 0.912, 0.782]),
        ),
        Figure(
            FIGURES["complaint_rate_signed"],
            0.0412,
            numerator=952,
            n=23_100,
            low=0.037,
            high=0.044,
            previous=0.0402,
            last_year=0.0398,
            judgement="normal",
            axis_from=date(2026, 10, 19),
            axis_to=date(2026, 10, 25),
            age_days=14,
            method="D01 sign-week cohort",
            series=series([0.0402, 0.0405, 0.0399, 0.041, 0.0404, 0.0401, 0.0409, 0.0407, 0.0403, 0.0406, 0.04, 0.0402, 0.0412]),
        ),
        Figure(
            FIGURES["complaints"],
            1_512.0,
            previous=1_204.0,
            judgement="normal",
            method="cases by arrival",
            series=series([967.0, 950, 980, 990, 1010, 970, 960, 985, 1005, 1090, 1150, 1204, 1512]),
        ),
        Figure(
            FIGURES["refund_minutes_median"],
            1_510.0,
            previous=1_440.0,
            target=2_880,
            target_op="<=",
            judgement="normal",
            attainment="met",
            n=1_830,
            method="D13",
        ),
        Figure(
            FIGURES["damage_rate"],
            0.0089,
            numerator=206,
            n=23_100,
            previous=0.0093,
            judgement="normal",
            age_days=7,
            method="D25",
        ),
    ]


def make_projections() -> list[Projection]:
    """Return two signing weeks on their way: one nearly there, one just begun."""
    return [
        Projection(date(2026, 10, 12), date(2026, 10, 18), 30, 30_120, 1_150, 0.91, 0.0418, 0.0404, 0.0432, 0.0405),
        Projection(date(2026, 11, 2), date(2026, 11, 8), 30, 29_800, 310, 0.26, 0.0402, 0.0361, 0.0446, 0.0405),
    ]


def make_causes() -> list[Cause]:
    """Return five causes of five kinds."""
    ids = weeks("2026-W45", 10)
    return [
        Cause(
            "c-battery", "slice", {"sku": "FW-03", "batch_no": "FW03-2608B", "component_supplier": "S02"}, "wear", "PRD.FAULT",
            (("PRD.FAULT", 26),), 26, 4.3, 6.0, 4.1, 8.6, None, 24.9, 2, "units_signed", 1450, since=date(2026, 9, 14), since_axis="arrival",
            trend="rising", rate=0.065, comparison_rate=0.011, comparison="other_batches", age_days=60,
            to_confirm=(("reproduce_fault", "品控", "5d"), ("supplier_change", "供应链", "2d")), money=22_600.0, stock=312, first_period="2026-W38",
            periods=8, rows=("a1", "a2"),
            evidence=CauseEvidence(weekly=tuple(zip(ids, (2, 3, 5, 6, 8, 9, 10, 11, 12, 14), (1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.1, 2.1, 2.2), strict=True))),
        ),
        Cause(
            "c-night", "service", {"platform": "平台丙", "queue": "外包", "shift": "night"}, "service", "SVC.SLOW", (("SVC.SLOW", 62),), 62, 12.4,
            5.0, 3.8, 6.5, None, 50.0, 2, "human_conversations", 5_210, since=date(2026, 10, 26), since_axis="arrival", trend="steady",
            to_confirm=(("staffing_of_shift", "客服", "2d"),), money=8_800.0, periods=2,
            evidence=CauseEvidence(weekly=tuple(zip(ids, (6, 5, 7, 6, 6, 5, 7, 6, 31, 31), (6.0, 6, 6, 6.1, 6.1, 6.2, 6.2, 6.2, 6.2, 6.2), strict=True))),
        ),
        Cause(
            "c-adapter", "slice", {"sku": "SM-04"}, "fit", "DSC.SPEC", (("DSC.SPEC", 58), ("PRD.PARTS", 14)), 72, 15.2, 4.7, 3.7, 6.0, None, 60.0, 2,
            "units_signed", 2_340, since=date(2026, 10, 12), since_axis="ship_date", trend="rising", money=6_900.0, periods=3,
            to_confirm=(("reproduce_fault", "品控", "5d"),),
            evidence=CauseEvidence(weekly=tuple(zip(ids, (7, 8, 7, 6, 8, 7, 12, 24, 36, 36), (7.5, 7.5, 7.6, 7.6, 7.6, 7.6, 7.6, 7.6, 7.6, 7.6), strict=True))),
        ),
        Cause(
            "c-carrier", "slice", {"carrier": "承运商丙", "region": "西南", "line": "CP"}, "transit", "LOG.DAMAGE",
            (("LOG.DAMAGE", 44), ("LOG.STALL", 20)), 64, 20.0, 3.2, 2.5, 4.1, None, 30.0, 2, "parcels_shipped", 940, since=date(2026, 9, 28),
            since_axis="ship_date", trend="falling", rate=0.068, comparison_rate=0.02, comparison="other_carriers", age_days=7, money=4_200.0,
            to_confirm=(("hub_or_carrier", "仓配", "3d"),),
        ),
    ]  # fmt: skip


def make_action(action_id: str, what: str, kind: ActionKind, owner: str, due: datetime, **more: Any) -> Action:
    """Return an action with every field that an action must have."""
    values: dict[str, Any] = {
        "cause_id": "c-battery", "department": "供应链", "metric": "电池投诉", "exposure": "units_signed", "age_days": 60,
        "slice": {"batch_no": "FW03-2608B"}, "leaf": "PRD.FAULT", "target": 0.011, "target_text": "≤1.1%", "expected_effect": "每周少约10起",
        "period": "2026-W45",
    }  # fmt: skip
    return Action(action_id=action_id, what=what, kind=kind, owner=owner, due=due, **{**values, **more})


def make_proposals() -> list[Action]:
    """Return new actions for the causes."""
    contain, correct, prevent = ActionKind.CONTAIN, ActionKind.CORRECT, ActionKind.PREVENT
    return [
        make_action("n1", "封存该批次在库并拦截未发出包裹", contain, "李陶", local(2026, 11, 10, 18), resources="库存占用"),
        make_action("n2", "向供应商发8D要求并寄回不少于10台故障样机", correct, "张衡", local(2026, 11, 11)),
        make_action("n3", "同供应商同零件其他批次加严抽检三批", prevent, "李陶", local(2026, 11, 23)),
        make_action("n4", "该时段加2席并开溢出转接", contain, "王岚", local(2026, 11, 11), cause_id="c-night", metric="3分钟人工回复率", target_text="≥90%", expected_effect="回到90%以上", department="客服"),
        make_action("n5", "按半小时进线重排班", correct, "王岚", local(2026, 11, 18), cause_id="c-night", metric="3分钟人工回复率", target_text="≥90%", expected_effect="回到90%以上"),
        make_action("n6", "停发现配适配器并补寄正确型号给已签收买家", contain, "赵闻", local(2026, 11, 11), cause_id="c-adapter", metric="规格不符投诉", target_text="≤1.8%", expected_effect="每周少约28起"),
        make_action("n7", "更正物料清单并锁定替代料审批", correct, "张衡", local(2026, 11, 16), cause_id="c-adapter", metric="规格不符投诉", target_text="≤1.8%", expected_effect="每周少约28起"),
        make_action("n8", "提交破损理赔并要求分拨中心整改回函", correct, "赵闻", local(2026, 11, 12), cause_id="c-carrier", metric="破损率", target_text="≤2.0%", expected_effect="每周少约20起"),
        make_action("n9", "判断报告义务并留书面意见", contain, "陈立", local(2026, 11, 10), cause_id="c-safety", restricted=True),
    ]  # fmt: skip


def make_prior() -> list[ActionResult]:
    """Return prior actions: done, late, due, and judged with every verdict."""
    contain, correct = ActionKind.CONTAIN, ActionKind.CORRECT

    def result(action: Action, state: ActionState, status: str, **more: Any) -> ActionResult:
        values = {"done_at": action.due if status == "done" else None, "days_late": 0, "postponed": 0, **more}
        return ActionResult(action=action, state=state, due=action.due, status=status, state_since=local(2026, 11, 3), **values)

    return [
        result(
            make_action("p1", "KT-05新包装（7月20日起切换）", correct, "李陶", local(2026, 7, 6), metric="破损率", cut_in_axis="batch", exposure="parcels_shipped"),
            ActionState.CLOSED, "done", verdict=Verdict.EFFECTIVE, rate_before=0.034, rate_after=0.013, n_before=3_200, n_after=2_140,
            ratio=0.38, low=0.29, high=0.5, control_ratio=1.02,
        ),
        result(
            make_action("p2", "AF-09加页面提示与话术", contain, "周默", local(2026, 6, 22), metric="异味投诉", cut_in_axis="pay_date"),
            ActionState.REOPENED, "done", verdict=Verdict.NO_CHANGE, rate_before=0.019, rate_after=0.0185, n_before=4_400, n_after=3_950, ratio=0.97, low=0.78, high=1.21,
        ),
        result(
            make_action("p3", "SM-04更换适配器", correct, "张衡", local(2026, 11, 2), metric="规格不符投诉", cut_in_axis="ship_date"),
            ActionState.TO_VERIFY, "done", verdict=Verdict.UNDECIDED, n_after=210, needed=400, needed_by=date(2026, 11, 24),
        ),
        result(make_action("p4", "电芯批次容量与内阻复测", correct, "张衡", local(2026, 11, 3)), ActionState.IN_PROGRESS, "late", days_late=5, postponed=2),
        result(make_action("p5", "客服夜班话术更新", contain, "王岚", local(2026, 11, 5)), ActionState.IN_PROGRESS, "late", days_late=3),
        result(make_action("p6", "川渝云贵玻璃类改走备选承运商", contain, "赵闻", local(2026, 10, 26)), ActionState.TO_VERIFY, "done"),
        result(make_action("p7", "外包合同增加回复率条款", ActionKind.PREVENT, "王岚", local(2026, 11, 20)), ActionState.OPEN, "not_due"),
    ]  # fmt: skip


def make_channels() -> list[ChannelQuality]:
    """Return eight channels, one with a gap."""
    names = (
        ("tickets", "工单", 690),
        ("chats", "会话记录", 212),
        ("reviews_c", "平台丙评价", 180),
        ("reviews", "平台评价", 176),
        ("app_form", "应用内表单", 104),
        ("social", "社媒私信", 77),
        ("mail", "邮件", 61),
        ("stores", "门店登记", 45),
    )
    missing = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1))
    return [
        ChannelQuality(name, label, n, n + 40, n // 40, missing_days=missing if name == "reviews_c" else (), complete_through=local(2026, 11, 9, 0))
        for name, label, n in names
    ]  # fmt: skip


def make_problems() -> list[ProblemRow]:
    """Return the labels of the main lens and of another one."""
    rows = (
        ("产品", 598, 420, 560.0, 512, 610, "normal"),
        ("流程", 452, 395, 440.0, 398, 486, "normal"),
        ("服务", 341, 250, 268.0, 236, 301, "worse"),
        ("系统", 12, 11, 11.0, 5, 18, "normal"),
        ("环境", 9, 8, 8.5, 3, 15, "normal"),
    )
    total = sum(row[1] for row in rows)
    main = [ProblemRow("A", label, n, p, e, lo, hi, n / total, judgement) for label, n, p, e, lo, hi, judgement in rows]
    return [*main, ProblemRow("D", "产品质量", total, 1_084, None, None, None, 1.0, "normal")]  # fmt: skip


def make_review(kind: str = "week", **changes: Any) -> Review:
    """Return a hand-made review.

    Args:
        kind: `week` (full), `quiet`, `small`, `month`, `reviews` (a shop without orders) or `partial`.
        changes: Fields of the review that are replaced.
    """
    values: dict[str, Any] = {
        "period": Period.parse("2026-W45"), "as_of": local(2026, 11, 10, 12), "status": "final", "figures": make_figures(), "red_lines": [],
        "causes": make_causes(), "falls": [], "ended": [], "deferred": [], "tested": 312, "expected_false_alarms": 0.4, "strongest_rejected": None, "rejected_why": "",
        "mix": [], "prior": make_prior(), "proposals": make_proposals(), "problems": make_problems(), "channels": make_channels(),
        "due_items": [DueItem("evidence", local(2026, 11, 10, 16), f"AS-{index}", amount) for index, amount in enumerate((400.0, 260.0, 350.0, 250.0))],
        "breaks": [Break("promotion", date(2026, 10, 20), date(2026, 11, 11), {"zh": "双11大促", "en": "Double 11"}, ())],
        "example_case": ExampleCase("用了不到两个月，以前能拖完全屋，现在客厅没拖完就没电了，充一晚上也这样。", "PRD.FAULT:battery", {"sku": "FW-03"}, date(2026, 11, 4), "r1"),
        "breakdowns": [], "projections": make_projections(), "daily": [], "completeness": 0.962,
    }  # fmt: skip
    if kind == "quiet":
        values |= {
            "causes": [], "proposals": [], "due_items": [],
            "figures": [replace(figure, judgement="normal", streak=0) for figure in make_figures()],
            "strongest_rejected": replace(make_causes()[1], observed=9, expected=4.1, ratio=2.2, low=0.98, high=4.2), "rejected_why": "threshold",
        }  # fmt: skip
    if kind == "small":
        problems = [
            ProblemRow("A", "产品", 12, 9, None, None, None, None, "insufficient"),
            ProblemRow("A", "流程", 8, 10, None, None, None, None, "insufficient"),
            ProblemRow("A", "服务", 3, 2, None, None, None, None, "insufficient"),
        ]
        figures = [
            replace(figure, n=23, numerator=3, judgement="insufficient") if figure.unit == "share" else figure
            for figure in make_figures()[1:2]
        ]
        figures.append(Figure(FIGURES["complaints"], 23.0, previous=21.0, judgement="insufficient"))
        values |= {"causes": [], "proposals": make_proposals()[:2], "figures": figures, "problems": problems, "prior": make_prior()[3:4], "due_items": [], "tested": 0, "channels": make_channels()[:2]}  # fmt: skip
    if kind == "month":
        month = Period.parse("2026-10")
        days = [month.first_day + timedelta(days=index) for index in range(month.days)]
        values |= {
            "period": month, "as_of": local(2026, 11, 3, 12),
            "daily": [(day, 120 + (index * 37) % 45 + (40 if index > 19 else 0)) for index, day in enumerate(days)],
            "mix": [MixEffect("refund_rate_after_sign", "traffic_source", 0.080, 0.100, 0.0195, 0.0005, "talent_live", 0.10, 0.22, "composition")],
            "red_lines": [],
            "falls": [replace(make_causes()[3], cause_id="c-fall", kind="fall", observed=11, expected=24.0, ratio=0.46, low=0.3, high=0.7)],
            "breakdowns": [
                Breakdown("complaint_rate_signed", "line", (("FW", 0.075, 1_250, 0.062, 0.091), ("SM", 0.056, 2_010, 0.047, 0.067), ("HW", 0.042, 3_500, 0.036, 0.049), ("CP", 0.039, 4_480, 0.034, 0.045), ("AF", 0.038, 4_490, 0.033, 0.044), ("KT", 0.036, 4_240, 0.031, 0.042), ("FN", 0.034, 3_480, 0.028, 0.040), ("BB", 0.024, 1_500, 0.017, 0.033)), 30, 0.0412, 24_950),
                Breakdown("complaints", "platform", (("平台甲", None, 2_310, None, None), ("平台丙", None, 1_870, None, None), ("平台乙", None, 760, None, None), ("小程序", None, 322, None, None), ("门店", None, 121, None, None)), 30, None, 5_383),
            ],
            "rankings": [
                Ranking("sku", (RankedSlice("KT-05", 92, 2_410, 51.3, 1.7, 1.42, "worse", "LOG.DAMAGE", 1e-6), RankedSlice("AF-09", 61, 1_820, 49.2, 1.21, 0.98, "watch", "PRD.SMELL", 0.03), RankedSlice("FN-07", 48, 1_990, 50.1, 0.97, 0.8, "normal", "", 0.8), RankedSlice("HW-12", 31, 1_400, 52.9, 0.66, 0.51, "better", "", 1e-4), RankedSlice("CP-02", 9, 210, 4.1)), "orders", ("line",), 31, 72, 30, 1.3, date(2026, 8, 2), date(2026, 10, 17)),
                Ranking("queue", (RankedSlice("平台丙外包", 719, 7_632, 688.5, 1.04, 0.98, "normal", "", 0.2), RankedSlice("平台甲自营", 589, 6_753, 605.0, 0.98, 0.92, "normal", "", 0.5)), "conversations", ("shift",), 5, 3, 30, 1.0, month.first_day, month.last_day),
            ],
            "breaks": [*values["breaks"], Break("formula", date(2026, 7, 1), None, {"zh": "平台丙更换体验分算法", "en": "Platform C changed its score"}, ("platform_score",), {"platform": "平台丙"})],
            "strongest_rejected": replace(make_causes()[1], observed=9, expected=4.1, ratio=2.2, low=0.98, high=4.2), "rejected_why": "threshold",
        }  # fmt: skip
    if kind == "reviews":
        figures = [
            Figure(
                FIGURES["negative_rate"],
                0.0621,
                numerator=1_015,
                n=16_340,
                previous=0.058,
                judgement="worse",
                low=0.05,
                high=0.061,
                method="reviews scoring 2 or less",
            ),
            Figure(FIGURES["complaints"], 1_015.0, previous=930.0, judgement="normal"),
            Figure(FIGURES["records"], 16_340.0, previous=15_900.0, judgement="normal"),
        ]
        cause = Cause(
            "c-r",
            "slice",
            {"region": "RJ"},
            "delivery",
            "LOG.LATE",
            (("LOG.LATE", 120),),
            120,
            61.0,
            1.97,
            1.6,
            2.4,
            None,
            22.0,
            4,
            "reviews",
            1_800,
            since=date(2018, 3, 5),
            trend="rising",
        )
        states = (
            ("RJ", 0.112, 1_800, 0.098, 0.128),
            ("BA", 0.091, 420, 0.067, 0.123),
            ("SP", 0.051, 7_040, 0.046, 0.056),
            ("MG", 0.049, 1_930, 0.04, 0.06),
            ("AC", None, 12, None, None),
        )
        values |= {
            "period": Period.parse("2018-03", "America/Sao_Paulo"), "as_of": datetime(2018, 4, 3, 12, tzinfo=UTC), "figures": figures, "causes": [cause],
            "prior": [], "proposals": [], "channels": [ChannelQuality("reviews", "Olist reviews", 16_340, 16_340, 0)], "due_items": [], "breaks": [],
            "example_case": ExampleCase("Comprei dois e só recebi um, a transportadora não responde. Quero meu dinheiro de volta!", "PKG.MISSING", {"region": "RJ"}, date(2018, 3, 14), "r2"),
            "breakdowns": [Breakdown("negative_rate", "region", states, 30, 0.0621, 16_340, left_out=9)], "completeness": None,
        }  # fmt: skip
    if kind == "partial":
        values |= {
            "partial": "cut off on 2026-11-06", "causes": make_causes()[:1], "channels": [replace(channel, complete_through=local(2026, 11, 6, 0)) for channel in make_channels()],
            "figures": [replace(figure, judgement="incomplete") for figure in make_figures()],
        }  # fmt: skip
    values |= changes
    return Review(**values)


def red_line() -> RedLine:
    """Return three reports of a tingling hand among 900 sold."""
    return RedLine(
        "safety",
        {"sku": "KT-11"},
        "PRD.SAFETY",
        3,
        (date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 6)),
        "麻手",
        900,
        ("k1", "k2", "k3"),
    )


def make_context(
    review: Review, language: str = "zh-CN", *, restricted: bool = False, shop: Shop | None = None
) -> SectionContext:
    """Return what the sections of an edition are built from."""
    shop = shop or make_shop()
    numbers = Numbers(language, shop.identity.currency)
    voice = Voice(shop, language, numbers, Gate(shop.words, open_=restricted), review.period)
    return SectionContext(review, agenda(review, shop, restricted=restricted), voice)

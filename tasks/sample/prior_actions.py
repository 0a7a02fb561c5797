"""The actions of earlier editions, with what happened to them since, each event with its own time."""

from __future__ import annotations

from typing import Any

Event = tuple[str, str, str, str, dict[str, str]]


def _action(
    action_id: str,
    period: str,
    what: str,
    kind: str,
    owner: str,
    department: str,
    due: str,
    cause: str,
    slice_: dict[str, str],
    leaf: str,
    metric: str,
    exposure: str,
    target: float | None,
    target_text: str,
    events: list[Event],
    **more: Any,
) -> dict[str, Any]:
    numbered = [
        {
            "action_id": action_id,
            "seq": number + 1,
            "at": at,
            "by": by,
            "kind": event,
            "state": state or None,
            "owner": extra.get("owner", ""),
            "due": extra.get("due"),
            "cut_in_actual": extra.get("cut_in_actual", ""),
            "evidence": extra.get("evidence", ""),
            "why": extra.get("why", ""),
        }
        for number, (at, by, event, state, extra) in enumerate(events)
    ]
    record: dict[str, Any] = {
        "action_id": action_id,
        "what": what,
        "kind": kind,
        "cause_id": cause,
        "owner": owner,
        "department": department,
        "due": due,
        "metric": metric,
        "exposure": exposure,
        "age_days": 14,
        "slice": slice_,
        "leaf": leaf,
        "target": target,
        "target_text": target_text,
        "expected_effect": target_text,
        "period": period,
        "playbook": "",
        "cut_in_axis": "",
        "cut_in_planned": "",
        "cut_in_actual": "",
        "evidence_required": [],
        "side_effect_metric": "",
        "baseline_from": None,
        "baseline_to": None,
        "trigger_from": None,
        "trigger_to": None,
        "control": {},
        "verify_weeks": 4,
        "min_units": 0,
        "state": "proposed",
        "postponed": 0,
        "restricted": False,
        "events": numbered,
    }
    record.update(more)
    return record


def prior_actions(t9_sku: str, until: str) -> list[dict[str, Any]]:
    """Return the actions that earlier editions made, as plain dicts for `actions.jsonl`.

    Args:
        t9_sku: The product whose chance spike got an action (T9).
        until: ISO moment (UTC) of the world's end; later actions and events are left out.

    Returns:
        Fields of model.Action, with `events` (fields of model.ActionEvent); moments are ISO texts in UTC.
    """
    actions = [
        _action(
            "A-2026-W26-KT05", "2026-W26", "KT-05 换用加厚内托新包装", "correct", "王*", "仓配", "2026-07-06T10:00:00Z", "C-KT05-PACK",
            {"sku": "KT-05"}, "LOG.DAMAGE", "破损包裹", "units_signed", 0.017, "KT-05 签收7天内破损由3.4%降到1.7%以下",
            [
                ("2026-06-29T03:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-06-30T02:00:00Z", "王*", "started", "in_progress", {}),
                ("2026-07-06T08:00:00Z", "王*", "done", "to_verify", {"evidence": "跌落试验报告 PK-0706"}),
                ("2026-07-20T01:30:00Z", "王*", "cut_in", "to_verify", {"cut_in_actual": "KT05-2607C", "evidence": "旧包装库存用完"}),
            ],
            playbook="PB05", cut_in_axis="batch", cut_in_planned="KT05-2607C", age_days=7, baseline_from="2026-04-20", baseline_to="2026-06-21",
            trigger_from="2026-06-22", trigger_to="2026-06-28", control={"line": "KT", "not_sku": "KT-05"}, verify_weeks=6, min_units=2000,
            evidence_required=["跌落试验报告"], side_effect_metric="单均包材成本",
        ),
        _action(
            "A-2026-W24-AF09", "2026-W24", "AF-09 详情页加首次空烧提示并更新客服话术", "correct", "李*", "电商运营", "2026-06-22T10:00:00Z", "C-AF09-SMELL",
            {"sku": "AF-09"}, "PRD.SMELL", "异味投诉", "units_signed", 0.010, "AF-09 签收14天内异味投诉由1.9%降到1.0%以下",
            [
                ("2026-06-15T03:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-06-16T02:00:00Z", "李*", "started", "in_progress", {}),
                ("2026-06-22T07:00:00Z", "李*", "done", "to_verify", {"evidence": "页面版本 AF-09@v7", "cut_in_actual": "2026-06-22"}),
            ],
            cut_in_axis="pay_date", cut_in_planned="2026-06-22", baseline_from="2026-04-06", baseline_to="2026-06-07",
            trigger_from="2026-06-08", trigger_to="2026-06-14", control={"line": "AF", "not_sku": "AF-09"}, verify_weeks=6, min_units=2000,
            evidence_required=["页面版本号"],
        ),
        _action(
            "A-2026-W21-T9", "2026-W21", f"{t9_sku} 出库加做外观抽检", "contain", "赵*", "品控", "2026-05-29T10:00:00Z", "C-T9",
            {"sku": t9_sku}, "PRD.COSMETIC", "外观投诉", "units_signed", None, "外观投诉回到同类中位数",
            [
                ("2026-05-25T03:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-05-28T08:00:00Z", "赵*", "done", "to_verify", {"evidence": "抽检表 QC-0528", "cut_in_actual": "2026-05-28"}),
            ],
            cut_in_axis="ship_date", cut_in_planned="2026-05-28", baseline_from="2026-03-16", baseline_to="2026-05-17",
            trigger_from="2026-05-18", trigger_to="2026-05-24", control={"line": "same", "not_sku": t9_sku}, verify_weeks=4, min_units=800,
        ),
        _action(
            "A-2026-W42-S3", "2026-W42", "川渝云贵 CP、KT 易碎品由承运商丙改走承运商甲", "contain", "王*", "仓配", "2026-10-26T10:00:00Z", "C-S3",
            {"carrier": "承运商丙", "region": "西南"}, "LOG.DAMAGE", "破损与停滞投诉", "units_signed", 0.014, "破损与停滞回到1.4%以下",
            [
                ("2026-10-20T02:30:00Z", "售后经理", "accepted", "open", {}),
                ("2026-10-21T02:00:00Z", "王*", "started", "in_progress", {}),
                ("2026-10-26T06:00:00Z", "王*", "done", "to_verify", {"evidence": "承运商切换单 WL-1026", "cut_in_actual": "2026-10-26"}),
            ],
            playbook="PB04", cut_in_axis="ship_date", cut_in_planned="2026-10-26", age_days=7, baseline_from="2026-07-27", baseline_to="2026-09-27",
            trigger_from="2026-09-28", trigger_to="2026-10-25", control={"region": "西南", "not_carrier": "承运商丙"}, min_units=1500,
            side_effect_metric="单均运费",
        ),
        _action(
            "A-2026-W43-S5", "2026-W43", "停止 4.6.0 安卓灰度并发布 4.6.1", "contain", "陈*", "产品研发", "2026-10-24T10:00:00Z", "C-S5",
            {"line": "SM", "app_version": "4.6.0", "os": "Android"}, "PRD.FAULT", "版本相关投诉", "active_devices", None, "回到4.5.3水平",
            [
                ("2026-10-22T02:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-10-23T14:00:00Z", "陈*", "done", "to_verify", {"evidence": "发布单 4.6.1", "cut_in_actual": "2026-10-24"}),
            ],
            playbook="PB12", cut_in_axis="release", cut_in_planned="2026-10-24", baseline_from="2026-08-17", baseline_to="2026-10-11",
            trigger_from="2026-10-12", trigger_to="2026-10-23", verify_weeks=2,
        ),
        _action(
            "A-2026-W38-S10", "2026-W38", "导出9月5日场次应发未发赠品并统一补寄", "contain", "孙*", "直播运营", "2026-09-23T10:00:00Z", "C-S10",
            {"session_id": "T20260905-1"}, "PKG.GIFT", "赠品投诉", "units_signed", 0.008, "同类场次赠品投诉0.8%以下",
            [
                ("2026-09-21T02:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-09-23T09:00:00Z", "孙*", "done", "to_verify", {"evidence": "补寄单 1,760 件"}),
                ("2026-10-12T02:00:00Z", "售后经理", "closed", "closed", {"why": "后续八场赠品投诉正常"}),
            ],
            playbook="PB09", cut_in_axis="session", cut_in_planned="2026-09-24",
        ),
        _action(
            "A-2026-W39-FW1", "2026-W39", "FW-03 8月B批电芯容量复测并向供应商发8D要求", "correct", "张*", "供应链", "2026-10-16T10:00:00Z", "C-S1",
            {"sku": "FW-03", "batch_no": "FW03-2608B"}, "PRD.FAULT", "电池投诉", "units_signed", 0.011, "后续批次签收60天内1.1%以下",
            [
                ("2026-09-29T02:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-10-09T02:00:00Z", "张*", "started", "in_progress", {}),
                ("2026-10-16T08:00:00Z", "张*", "postponed", "in_progress", {"due": "2026-10-28T10:00:00Z", "why": "供应商实验室排期"}),
                ("2026-10-28T08:00:00Z", "张*", "postponed", "in_progress", {"due": "2026-11-03T10:00:00Z", "why": "样机未寄到"}),
            ],
            playbook="PB02", cut_in_axis="batch", age_days=60, verify_weeks=10, min_units=1000, evidence_required=["失效分析报告"],
        ),
        _action(
            "A-2026-W43-S4", "2026-W43", "复测 HW-12 各码实物并更正尺码表", "correct", "李*", "电商运营", "2026-10-23T10:00:00Z", "C-S4",
            {"sku": "HW-12"}, "DSC.SIZE", "尺码投诉", "units_signed", 0.020, "更正后付款的订单尺码投诉2.0%以下",
            [
                ("2026-10-19T01:30:00Z", "售后经理", "accepted", "open", {}),
                ("2026-10-19T03:00:00Z", "李*", "done", "to_verify", {"evidence": "页面版本 HW-12@v8", "cut_in_actual": "2026-10-19"}),
            ],
            playbook="PB06", cut_in_axis="pay_date", cut_in_planned="2026-10-19", age_days=10, baseline_from="2026-07-13", baseline_to="2026-09-20",
            trigger_from="2026-09-21", trigger_to="2026-10-18", control={"line": "HW", "not_sku": "HW-12"}, verify_weeks=3, min_units=500,
        ),
        _action(
            "A-2026-W44-FRT", "2026-W44", "核对10月承运商破损理赔并提交", "correct", "周*", "财务", "2026-11-04T10:00:00Z", "", {"carrier": "承运商丙"}, "LOG.DAMAGE",
            "理赔到账金额", "", None, "10月破损理赔全部提交",
            [
                ("2026-11-02T02:00:00Z", "售后经理", "accepted", "open", {}),
                ("2026-11-04T07:00:00Z", "周*", "done", "to_verify", {"evidence": "理赔单 CL-1104"}),
            ],
        ),
        _action(
            "A-2026-W44-GIFT", "2026-W44", "赠品规则上架前用10单试跑到仓", "prevent", "孙*", "直播运营", "2026-11-06T10:00:00Z", "", {"traffic_source": "talent_live"},
            "PKG.GIFT", "赠品投诉", "units_signed", 0.008, "达人场次赠品投诉0.8%以下",
            [("2026-11-02T02:10:00Z", "售后经理", "accepted", "open", {}), ("2026-11-05T09:00:00Z", "孙*", "done", "to_verify", {"evidence": "试跑记录"})],
            playbook="PB09",
        ),
        _action(
            "A-2026-W43-WH", "2026-W43", "华东仓双11产能与揽收车次确认书", "prevent", "王*", "仓配", "2026-10-30T10:00:00Z", "", {"warehouse": "华东仓"}, "LOG.SHIP",
            "超承诺未揽收", "parcels_shipped", None, "比上年双11同阶段减半",
            [("2026-10-26T02:00:00Z", "售后经理", "accepted", "open", {}), ("2026-11-02T08:00:00Z", "王*", "done", "to_verify", {"evidence": "确认书扫描件"})],
            playbook="PB10",
        ),
        _action(
            "A-2026-W44-INV", "2026-W44", "电子发票自动开具上线", "prevent", "周*", "财务", "2026-11-20T10:00:00Z", "", {}, "ORD.INVOICE", "发票投诉",
            "orders_paid", None, "发票投诉减半", [("2026-11-02T02:20:00Z", "售后经理", "accepted", "open", {})],
        ),
        _action(
            "A-2026-W45-SHIFT", "2026-W44", "平台丙外包夜班按半小时进线重排班", "correct", "吴*", "客服", "2026-11-13T10:00:00Z", "C-S6",
            {"queue": "平台丙外包", "shift": "22-02"}, "SVC.SLOW", "3分钟内人工回复", "human_conversations", 0.90, "夜班3分钟回复率90%以上",
            [("2026-11-03T02:00:00Z", "售后经理", "accepted", "open", {}), ("2026-11-04T03:00:00Z", "吴*", "started", "in_progress", {})],
            playbook="PB13", cut_in_axis="shift", verify_weeks=2, min_units=1500,
        ),
        _action(
            "A-2026-W40-MAN", "2026-W40", "FW 系列说明书联网步骤改图示", "prevent", "陈*", "产品研发", "2026-10-30T10:00:00Z", "", {"line": "FW"}, "USE.SETUP",
            "安装设置投诉", "units_signed", 0.009, "安装设置投诉0.9%以下",
            [("2026-10-05T02:00:00Z", "售后经理", "accepted", "open", {}), ("2026-10-15T02:00:00Z", "售后经理", "cancelled", "cancelled", {"why": "并入新版App引导"})],
        ),
    ]  # fmt: skip
    kept: list[dict[str, Any]] = []
    for action in actions:
        action["events"] = [event for event in action["events"] if event["at"] < until]
        if action["events"]:
            kept.append(action)
    return sorted(kept, key=lambda action: str(action["action_id"]))

"""Tables and columns proposed for exports in Chinese and English, and what is said about them."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tasks.collect.source_rows import ReadContext, Window
from tasks.connect.costs import costs_of, costs_together
from tasks.connect.declaration import channel_name, channel_of, declared, label_of, pattern_of, with_channels
from tasks.connect.evidence import REST
from tasks.connect.headings import FILE, known_headings, plain
from tasks.connect.proposal import Proposal, propose
from tasks.connect.samples import Sample, sample_of
from tasks.connect.wording import speaker
from tasks.errors import UserError
from tasks.model.tables import TABLES
from tasks.settings import Settings
from tasks.shop.load import DEFAULTS

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ZONE = "Europe/London"

TICKETS = """\
客服工单导出
导出时间：2026-11-09
工单号,提交时间,更新时间,订单号,商品编码,买家账号,状态,诉求,内容
T1,2026-11-03 10:21,2026-11-03 11:02,D1,CUP-01,b1,处理中,退款,杯盖一拧就漏水，包里全湿了
T2,2026/11/3 下午3:05,2026-11-04 09:10,D2,CUP-02,b2,已关闭,换货,收到就碎了，换一个
"""
SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfilled at,Created at,Lineitem quantity,Lineitem name,Lineitem sku,Lineitem price,Shipping Province
#1001,a@shop.example,paid,2026-11-02 10:00:00 +0000,2026-11-03 09:00:00 +0000,2026-11-02 09:59:00 +0000,1,Lamp,LMP,29.90,LND
#1002,b@shop.example,paid,2026-11-03 10:00:00 +0000,2026-11-04 09:00:00 +0000,2026-11-03 09:59:00 +0000,2,Mug,MUG,9.90,SCT
"""
RETURNS = """\
return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tlicense-plate-number\tcustomer-comments
2026-11-10T08:00:00+00:00\t111-1\tLMP\tB0\tX0\tLamp\t1\tPHX3\tDEFECTIVE\tDEFECTIVE\tLPN01\tdead
2026-11-11T08:00:00+00:00\t111-2\tLMP\tB0\tX0\tLamp\t1\tPHX3\tSELLABLE\tUNWANTED_ITEM\tLPN02\t
"""
FRESHDESK = """\
Ticket ID;Subject;Status;Type;Agent;Created time;Closed time;Initial response time;Customer ID;Order number;Description
1;Lamp dead;Closed;Defect;ann;15/11/2026 09:30;16/11/2026 10:00;15/11/2026 09:40;c1;1001;The lamp does not light up any more
2;Mug broken;Open;Damage;bob;16/11/2026 12:00;;16/11/2026 12:30;c2;1002;It arrived in pieces, the box was fine
"""
GERMAN_DATES = "id;date;text\n1;03/11/2026;Lampe flackert seit gestern\n2;05/11/2026;Der Deckel ist undicht\n"
PRODUCTS = "SKU,Title,Category,Price\nLMP,Lamp,Light,29.90\nMUG,Mug,Kitchen,9.90\n"
AFTERSALES = """\
售后单号,子订单号,商品编码,售后类型,申请时间,售后原因,退款金额
A1,D1-1,CUP-01,仅退款,2026-11-03 10:21,漏水,12.5
A2,D2-1,CUP-01,上门取件,2026-11-04 10:21,不想要了,22.5
"""


@pytest.fixture
def place(tmp_path: Path) -> ReadContext:
    return ReadContext(Settings(home=tmp_path), Window(None, NOW, NOW, ZONE))


def _sample(place: ReadContext, name: str, text: str) -> Sample:
    file = place.settings.home / name
    file.write_text(text, "utf-8")
    return sample_of(file, place, known_headings())


def _proposed(place: ReadContext, name: str, text: str, table: str = "") -> Proposal:
    return propose(_sample(place, name, text), known_headings(), zone=ZONE, now=NOW, table=table)


def _specs(proposal: Proposal) -> dict[str, object]:
    return {column.name: column.spec for column in proposal.columns}


def test_known_headings_name_columns_that_exist() -> None:
    for table, columns in known_headings().headings.items():
        assert set(columns) - {"source_id", "stamp"} <= set(TABLES[table].columns), f"{FILE.name}: {table}"
    for column, codes in known_headings().values.items():
        table, _, name = column.partition(".")
        described = TABLES[table].described.get(name)
        assert described is None or set(codes.values()) <= set(described.values or codes.values()), column


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Created_At (UTC)", "created at"),
        ("return-date", "return date"),
        ("  工单号 ", "工单号"),
        ("orderId", "order id"),
        ("（备注）", "备注"),
        ("訂單編號", "订单编号"),
    ],
)
def test_headings_are_compared_as_plain_words(heading: str, words: str) -> None:
    assert plain(heading) == words


@pytest.mark.parametrize(
    ("name", "text", "table", "columns"),
    [
        ("tickets.csv", TICKETS, "feedback", {"source_id": "工单号", "stamp": "更新时间", "order_ref": "订单号", "text": "内容", "customer_ref": "买家账号", "sku": "商品编码"}),
        ("tickets.csv", FRESHDESK, "feedback", {"source_id": "Ticket ID", "title": "Subject", "text": "Description", "order_ref": "Order number", "source_code": "Type"}),
        ("orders.csv", SHOPIFY, "order_line", {"tid": "Name", "sku": "Lineitem sku", "qty": "Lineitem quantity", "paid_at": "Paid at", "shipped_at": "Fulfilled at", "paid_amount": {"from": "Lineitem price", "times": "Lineitem quantity"}}),
        ("returns.txt", RETURNS, "aftersale", {"aftersale_id": "license-plate-number", "oid": "order-id", "applied_at": "return-date", "reason_buyer_first": {"from": "reason", "map": {"DEFECTIVE": "quality", "UNWANTED_ITEM": "changed_mind"}, "unmapped": "keep"}}),
        ("products.csv", PRODUCTS, "product", {"sku": "SKU", "name": "Title", "line": "Category", "price": "Price"}),
        ("售后.csv", AFTERSALES, "aftersale", {"aftersale_id": "售后单号", "oid": "子订单号", "refund_amount": "退款金额"}),
    ],
)  # fmt: skip
def test_a_table_and_its_columns_are_proposed(
    place: ReadContext, name: str, text: str, table: str, columns: dict[str, object]
) -> None:
    proposal = _proposed(place, name, text)
    assert proposal.table == table
    assert {name: spec for name, spec in _specs(proposal).items() if name in columns} == columns
    assert all(0 < column.confidence <= 1 and column.reasons for column in proposal.columns)


def test_a_preamble_is_left_out_and_later_files_are_known_by_their_heading(place: ReadContext) -> None:
    sample = _sample(place, "t.csv", TICKETS)
    assert sample.read == {"kind": "delimited", "skip_rows": "auto", "heading": ["工单号", "提交时间", "更新时间"]}
    assert sample.rows.height == 2


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_found(place: ReadContext, sign: str) -> None:
    text = f'id{sign}date{sign}text\n1{sign}2026-11-03{sign}"dead, after two; days"\n2{sign}2026-11-04{sign}leaks and drips\n'
    sample = _sample(place, "t.csv", f"sep={sign}\n{text}")
    assert sample.rows.columns == ["id", "date", "text"]
    assert sample.rows["text"][0] == "dead, after two; days"


def test_a_workbooks_sheet_and_heading_are_found(place: ReadContext) -> None:
    file = place.settings.home / "门店.xlsx"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("说明").write_row(0, 0, ["本表由门店填写"])
        sheet = book.add_worksheet("登记")
        for row, cells in enumerate([["门店登记表"], ["日期", "门店", "问题描述"], ["2026-11-03", "一店", "杯盖漏水，换了也漏"]]):
            sheet.write_row(row, 0, cells)
    sample = sample_of(file, place, known_headings())
    assert sample.read == {"kind": "workbook", "sheet": "登记", "heading": ["日期", "门店", "问题描述"]}
    proposal = propose(sample, known_headings(), zone=ZONE, now=NOW)
    assert (proposal.table, proposal.constants) == ("feedback", {"source": "store"})


def test_a_text_without_a_known_heading_is_found_by_its_cells(place: ReadContext) -> None:
    text = "Nr,When,Wort\n1,2026-11-03,The lamp went dark after two days\n2,2026-11-04,Water leaks out of the lid each morning\n"
    specs = _specs(_proposed(place, "x.csv", text, table="feedback"))
    assert (specs["text"], specs["submitted_at"]) == ("Wort", "When")


def test_a_doubtful_order_of_day_and_month_is_said(place: ReadContext) -> None:
    proposal = _proposed(place, "t.csv", GERMAN_DATES)
    assert _specs(proposal)["submitted_at"] == {"from": "date", "dates": ["day_first", *REST]}
    [doubt] = [note for note in proposal.doubts if note.key == "connect.order_doubtful"]
    assert doubt.values == {"column": "date", "cell": "03/11/2026"}


def test_values_that_are_not_known_are_named(place: ReadContext) -> None:
    proposal = _proposed(place, "售后.csv", AFTERSALES)
    assert _specs(proposal)["type"] == {"from": "售后类型", "map": {"仅退款": "refund_only"}}
    [doubt] = [note for note in proposal.doubts if note.key == "connect.values_unknown"]
    assert doubt.values["values"] == "上门取件"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Item defective or doesn't work", "quality"),
        ("Arrived broken", "damage"),
        ("DAMAGED_BY_CARRIER", "damage"),
        ("Wrong item was sent", "wrong_item"),
        ("七天无理由退货", "no_reason"),
        ("质量问题", "quality"),
        ("与商品描述不符", "not_as_described"),
        ("收到商品少件/破损", "damage"),
        ("Better price available", "price"),
        ("Elephants", ""),
        ("Latest model wanted", ""),
    ],
)
def test_reasons_of_returns_become_codes(reason: str, code: str) -> None:
    assert known_headings().code_within("aftersale", "reason_buyer_first", reason) == code


def test_reasons_that_are_not_known_are_named_and_kept(place: ReadContext) -> None:
    proposal = _proposed(place, "售后.csv", AFTERSALES)
    assert _specs(proposal)["reason_buyer_first"] == {"from": "售后原因", "map": {"不想要了": "changed_mind"}, "unmapped": "keep"}
    [doubt] = [note for note in proposal.doubts if note.key == "connect.reasons_unknown"]
    assert doubt.values["values"] == "漏水"
    assert "connect.no_refund_time" in {note.key for note in costs_of(proposal)}


def test_an_order_export_without_line_numbers_makes_them_of_order_and_article(place: ReadContext) -> None:
    [oid] = [column for column in _proposed(place, "orders.csv", SHOPIFY).columns if column.name == "oid"]
    assert oid.spec == {"concat": ["Name", "Lineitem sku"], "separator": "/", "numbered": True}
    assert oid.confidence < 0.55


def test_what_is_missing_is_said_with_its_cost(place: ReadContext) -> None:
    orders, tickets = _proposed(place, "orders.csv", SHOPIFY), _proposed(place, "t.csv", TICKETS)
    assert {"connect.no_signing", "connect.no_batch"} <= {note.key for note in costs_of(orders)}
    assert "connect.no_order_ref" not in {note.key for note in costs_of(tickets)}
    assert {note.key for note in costs_together([tickets], set())} == {
        "connect.no_orders",
        "connect.no_products",
        "connect.no_aftersales",
    }
    assert costs_together([tickets, orders], {"product", "aftersale"}) == []


def test_a_file_that_fits_nothing_is_refused_by_its_columns(place: ReadContext) -> None:
    with pytest.raises(UserError, match="fit no table: colour, size"):
        _proposed(place, "x.csv", "colour,size\nred,1\nblue,2\n")
    with pytest.raises(UserError, match="no column for"):
        _proposed(place, "x.csv", PRODUCTS, table="aftersale")
    with pytest.raises(UserError, match="of no kind"):
        _sample(place, "x.pdf", "")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("text", [TICKETS, SHOPIFY, RETURNS, FRESHDESK, PRODUCTS, AFTERSALES, GERMAN_DATES])
def test_the_declaration_is_valid_yaml_that_keeps_every_guess(place: ReadContext, language: str, text: str) -> None:
    sample = _sample(place, "sample.txt", text)
    proposal = propose(sample, known_headings(), zone=ZONE, now=NOW)
    lines = declared("sample", proposal, sample, ["inbox/sample-*.txt"], ZONE, speaker(language))
    channel = channel_of(lines)
    assert channel.table == proposal.table
    made = {*channel.columns, *(name for name in ("source_id", "stamp") if getattr(channel, name))}
    assert made == {column.name for column in proposal.columns}
    assert all("#" in line for line in lines if line.startswith("      "))
    for note in (*proposal.doubts, *costs_of(proposal)):
        assert speaker(language)(note)


def test_a_heading_with_signs_of_yaml_stays_a_heading(place: ReadContext) -> None:
    text = 'id,date,"text: [what?] # ""x"""\n1,2026-11-03,The lamp went dark at once\n2,2026-11-04,The lid leaks all day long\n'
    sample = _sample(place, "t.csv", text)
    lines = declared("desk", propose(sample, known_headings(), zone=ZONE, now=NOW), sample, ["t.csv"], ZONE, speaker("en"))
    assert channel_of(lines).columns["text"].from_ == [sample.rows.columns[2]]


def _lines(place: ReadContext, name: str) -> list[str]:
    sample = _sample(place, "products.csv", PRODUCTS)
    return declared(name, propose(sample, known_headings(), zone=ZONE, now=NOW), sample, ["a.csv"], ZONE, speaker("en"))


def test_channels_are_added_and_comments_stay(place: ReadContext) -> None:
    default = (DEFAULTS / "channels.yaml").read_text("utf-8")
    once = with_channels(default, [_lines(place, "first")], "channels.yaml")
    twice = with_channels(once, [_lines(place, "second"), _lines(place, "third")], "channels.yaml")
    assert [line for line in twice.splitlines() if line.startswith("#")] == [
        line for line in default.splitlines() if line.startswith("#")
    ]
    assert [line[10:] for line in twice.splitlines() if line.startswith("  - name: ")] == ["first", "second", "third"]
    with pytest.raises(UserError, match="has a channel second already"):
        with_channels(twice, [_lines(place, "second")], "channels.yaml")
    flat = "channels:\n- name: one\n  table: product\n  read: {kind: delimited, files: [x]}\n  columns: {sku: S, line: L}\n"
    assert with_channels(flat, [_lines(place, "other")], "channels.yaml").count("\n- name: ") == 2


def test_names_and_patterns_outlive_a_file(tmp_path: Path) -> None:
    assert channel_name(Path("Tickets-2026-11.csv"), "feedback", []) == "tickets"
    assert channel_name(Path("Tickets-2026-11.csv"), "feedback", ["tickets"]) == "tickets_2"
    assert channel_name(Path("工单.csv"), "feedback", []) == "feedback"
    inbox = tmp_path / "inbox"
    assert pattern_of(inbox / "tickets-2026-11-09.csv", tmp_path) == "inbox/tickets-*.csv"
    assert pattern_of(inbox / "20261109.csv", tmp_path) == "inbox/20261109.csv"
    assert pattern_of(inbox / "returns.txt", tmp_path) == "inbox/returns.txt"
    assert pattern_of(Path("/elsewhere/a.csv"), tmp_path) == "/elsewhere/a.csv"


def test_evidence_of_all_files_of_one_form_counts(place: ReadContext) -> None:
    sample = _sample(place, "t.csv", GERMAN_DATES)
    more = pl.concat([sample.rows, pl.DataFrame({"id": ["3"], "date": ["25/11/2026"], "text": ["Der Deckel ist undicht"]})])
    proposal = propose(Sample(sample.file, sample.read, more, ()), known_headings(), zone=ZONE, now=NOW)
    assert not [note for note in proposal.doubts if note.key == "connect.order_doubtful"]


@pytest.mark.parametrize(
    ("encoding", "declared_as"), [("utf-8", None), ("utf-8-sig", None), ("gb18030", "gb18030"), ("utf-16", "utf-16")]
)
def test_an_encoding_is_found_and_declared(place: ReadContext, encoding: str, declared_as: str | None) -> None:
    file = place.settings.home / "t.csv"
    file.write_bytes(TICKETS.encode(encoding))
    sample = sample_of(file, place, known_headings())
    assert sample.read.get("encoding") == declared_as
    assert "杯盖一拧就漏水，包里全湿了" in sample.rows["内容"].to_list()


def test_a_line_number_makes_the_id_of_an_order_line(place: ReadContext) -> None:
    text = (
        "Order no.,Line,Item no.,Item,Pieces,Ordered on,Dispatched,Delivered\nB1,1,007,Rye,1,2026-11-02,2026-11-03,2026-11-04\n"
    )
    specs = _specs(_proposed(place, "o.csv", text + "B1,2,008,Tin,2,2026-11-02,2026-11-03,2026-11-04\n"))
    assert specs["oid"] == {"concat": ["Order no.", "Line"], "separator": "/"}
    assert (specs["sku"], specs["shipped_at"], specs["signed_at"]) == ("Item no.", "Dispatched", "Delivered")


def test_a_day_and_a_time_of_day_in_two_columns_are_put_together(place: ReadContext) -> None:
    """As Taiwanese shops export: traditional headings, years of Taiwan's calendar, the time in a column of its own."""
    text = "案件編號,日期,時間,訂單編號,貨號,問題描述\nC1,115.11.2,09:54,D1,P1,縫線裂開，穿一次就破\nC2,115.11.3,22:10,D2,P2,退貨兩週還沒退款\n"
    proposal = _proposed(place, "客服.csv", text)
    assert proposal.table == "feedback" and proposal.constants["source"] == "ticket"
    assert _specs(proposal)["submitted_at"] == {"concat": ["日期", "時間"]}


@pytest.mark.parametrize(
    ("name", "language", "label"),
    [
        ("tickets-2026-11.csv", "en", {"en": "Tickets"}),
        ("蝦皮訂單_202605.xlsx", "zh-CN", {"zh": "蝦皮訂單"}),
        ("订单.csv", "en", {}),
        ("1.csv", "en", {}),
        ("pchome_2.csv", "en", {"en": "Pchome 2"}),
        ("orders_2026_04-08.csv", "en", {"en": "Orders"}),
    ],
)
def test_a_file_names_its_channel_for_readers(name: str, language: str, label: dict[str, str]) -> None:
    assert label_of(Path(name), language) == label


def test_codes_that_lost_their_leading_zeros_are_told(place: ReadContext) -> None:
    """Excel turned 007 into 7 in every third row: one article would be two."""
    text = "Order no.,Line,Item no.,Pieces,Ordered on\n" + "".join(
        f"B{n},1,{'7' if n % 3 else '007'},1,2026-11-0{n}\n" for n in range(1, 7)
    )
    [told] = [note for note in _proposed(place, "o.csv", text).doubts if note.key == "connect.zeros_lost"]
    assert told.values == {"column": "Item no.", "short": "7", "whole": "007", "digits": "3", "zeros": "000"}
    whole = text.replace(",7,", ",008,")
    assert not [note for note in _proposed(place, "o.csv", whole).doubts if note.key == "connect.zeros_lost"]

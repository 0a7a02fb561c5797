"""`aftersales connect` on the exports of vendors: recognised by their headings, fitted to the columns that are there, and read whole."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from flows.console.cli import main
from flows.console.init import make_home
from tasks.collect.pull import pull_channel
from tasks.connect.exports import vendor_exports
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping City,Shipping Province,Shipping Country,Cancelled at,Id,Lineitem discount
#1001,ann@mail.example,paid,2026-11-02 10:00:00 -0500,fulfilled,2026-11-03 09:00:00 -0500,USD,69.70,69.70,2026-11-02 09:59:00 -0500,2,Lamp,29.90,LMP,Austin,TX,US,,8001,3.00
#1001,ann@mail.example,,,,,,,,2026-11-02 09:59:00 -0500,1,Lamp engraved,9.90,LMP,,,,,,0.00
#1001,ann@mail.example,,,,,,,,2026-11-02 09:59:00 -0500,1,Gift wrap,3.00,,,,,,,0.00
#1002,bob@mail.example,paid,2026-11-03 10:00:00 -0500,unfulfilled,,USD,29.90,29.90,2026-11-03 09:59:00 -0500,1,Lamp,29.90,LMP,Reno,NV,US,2026-11-03 11:00:00 -0500,8002,0.00
#1003,cem@mail.example,pending,,unfulfilled,,USD,29.90,29.90,2026-11-04 09:59:00 -0500,1,Lamp,29.90,LMP,Reno,NV,US,,8003,0.00
"""
OLD_SHOPIFY = """\
Name,Financial Status,Paid at,Fulfilled at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku
#1001,paid,2026-11-02 10:00:00 +0000,2026-11-03 09:00:00 +0000,2,Lamp,29.90,LMP
#1001,,,,1,Mug,9.90,MUG
"""
ZENDESK = """\
Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Solved at,Satisfaction Score,First reply time in minutes
1,71,Ann,901,,ann@mail.example,mail.example,Ann,Dora,Support,The lamp smells of smoke,lamp,Solved,High,Mail,Problem,2026-11-03 10:21,2026-11-04 09:00,2026-11-04 09:00,Good,12
1,72,Bob,902,,bob@mail.example,mail.example,Bob,,Support,Where is my parcel,,Open,Normal,Web form,Question,2026-11-04 10:21,2026-11-04 10:30,,Offered,
1,73,Spam,903,,x@mail.example,mail.example,Spam,,Support,Cheap watches,,Deleted,Normal,Mail,,2026-11-05 10:21,2026-11-05 10:30,,,
"""
FRESHDESK = """\
Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,Last update time,Initial response time,Agent interactions,Customer interactions,Resolution status,Tags,Product,Full name,Email,Contact ID
501,Lamp is dead,Closed,Medium,Email,Problem,Dora,Support,2026-11-03 10:21:00,2026-11-05 10:21:00,2026-11-04 09:00:00,2026-11-06 09:00:00,2026-11-06 09:00:00,2026-11-03 10:40:00,2,3,Within SLA,,Lamp,Ann A,ann@mail.example,7001
502,Mug arrived broken,Open,Medium,Email,Problem,,Support,2026-11-04 10:21:00,2026-11-06 10:21:00,,,2026-11-04 10:21:00,,0,1,,,Mug,Bob B,bob@mail.example,7002
"""
FBA = """\
return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tlicense-plate-number\tcustomer-comments
2026-11-10T08:00:00+00:00\t111-1\tLMP\tB0\tX0\tLamp\t1\tPHX3\tDEFECTIVE\tDEFECTIVE\tLPN01\tsparks came out of the plug
2026-11-11T08:00:00+00:00\t111-2\tLMP\tB0\tX0\tLamp\t1\tPHX3\tSELLABLE\tUNWANTED_ITEM\tLPN02\t
2026-11-12T08:00:00+00:00\t111-3\tLMP\tB0\tX0\tLamp\t1\tPHX3\tCUSTOMER_DAMAGED\tSWITCHEROO\tLPN03\t
"""
FBA_WITH_STATUS = """\
return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tstatus\tlicense-plate-number\tcustomer-comments
2026-11-13T08:00:00+00:00\t111-1\tLMP\tB0\tX0\tLamp\t1\tPHX3\tDEFECTIVE\tDEFECTIVE\tReimbursed\tLPN01\tsparks came out of the plug
"""
MFN = """\
Order ID\tOrder date\tReturn request date\tReturn request status\tAmazon RMA ID\tMerchant RMA ID\tLabel cost\tCurrency code\tASIN\tMerchant SKU\tItem Name\tReturn quantity\tReturn Reason\tReturn type\tResolution\tReturn delivery date\tRefunded Amount
113-1\t10-Oct-2026\t14-Nov-2026\tApproved\tDfqRRMA\t\t4.14\tUSD\tB0\tLMP\tLamp\t1\tCR-DEFECTIVE\tC-Returns\tStandardRefund\t\t29.90
113-2\t11-Oct-2026\t15-Nov-2026\tApproved\tDfrRRMA\t\t4.14\tUSD\tB0\tLMP\tLamp\t1\tAMZ-PG-BAD-DESC\tC-Returns\tReplacement\t20-Nov-2026\t
"""
FEEDBACK = """\
Date\tRating\tComments\tYour Response\tOrder ID\tRater Email
11/14/26\t1\tThe plug got hot and it smelled of smoke\t\t113-1\tabc@marketplace.example
11/15/26\t5\tFine\t\t113-2\tdef@marketplace.example
"""


PRODUCTS = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Barcode,Image Src,Cost per item,Status
lamp,Lamp,<p>x</p>,Lumen,Home,Lamps,,true,Colour,red,LMP-R,29.90,400,https://shop.example/1.jpg,12.00,active
lamp,,,,,,,,,blue,LMP-B,29.90,401,https://shop.example/2.jpg,12.00,
lamp,,,,,,,,,,,,,https://shop.example/3.jpg,,
mug,Mug,,Lumen,Home,,,true,Title,Default Title,MUG,9.90,,,,active
old,Old,,Lumen,Home,,,false,Title,Default Title,OLD,1.00,,,,draft
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")
    make_home(tmp_path / "shop")
    return tmp_path / "shop"


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def _connected(home: Path, texts: dict[str, str], *arguments: str) -> dict[str, PulledRows]:
    """Put files into the inbox, connect them, and pull every channel that came of it."""
    for name, text in texts.items():
        (home / "inbox" / name).write_text(text, "utf-8")
    done = _run(home, "connect", *(str(home / "inbox" / name) for name in texts), "--write", "--language", "en", *arguments)
    assert done.exit_code == 0, done.output
    assert "ready-made declaration" in done.output
    shop = Shop.load(home)
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    pulled = {
        channel.name: pull_channel(channel, window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)
        for channel in shop.channels.channels
    }
    assert all(batch.error == "" and batch.unreadable.is_empty() for batch in pulled.values()), pulled
    return pulled


def test_shopifys_orders(home: Path) -> None:
    """Cells are carried down, two lines of one article stay two, unpaid orders are none, discounts are taken off."""
    rows = _connected(home, {"orders_export_1.csv": SHOPIFY})["shopify_orders_csv"].frame
    assert rows.select("oid", "tid", "sku", "qty", "paid_amount", "cancelled_before_ship").rows() == [
        ("#1001/LMP", "1001", "LMP", 2, 56.8, False),
        ("#1001/LMP/2", "1001", "LMP", 1, 9.9, False),
        ("#1001", "1001", "Gift wrap", 1, 3.0, False),
        ("#1002/LMP", "1002", "LMP", 1, 29.9, True),
    ]
    assert rows["shipped_at"].to_list()[:3] == [datetime(2026, 11, 3, 14, tzinfo=UTC)] * 3
    assert rows["dest_province"].to_list() == ["TX", "TX", "TX", "NV"]


def test_an_older_export_lacks_columns_and_is_read_without_them(home: Path) -> None:
    rows = _connected(home, {"orders.csv": OLD_SHOPIFY}, "--name", "shop")["shop"].frame
    assert rows.select("oid", "paid_amount", "dest_province").rows() == [("#1001/LMP", 59.8, None), ("#1001/MUG", 9.9, None)]


def test_the_same_orders_in_two_exports_are_the_same_lines(home: Path) -> None:
    rows = _connected(home, {"orders-2026-11-09.csv": SHOPIFY, "orders-2026-11-16.csv": SHOPIFY})["shopify_orders_csv"].frame
    assert rows.height == 8 and rows["oid"].n_unique() == 4


def test_shopifys_products(home: Path) -> None:
    rows = _connected(home, {"products_export_1.csv": PRODUCTS})["shopify_products_csv"].frame
    assert rows.select("sku", "name", "line", "price", "cost").rows() == [
        ("LMP-R", "Lamp / red", "Lamps", 29.9, 12.0),
        ("LMP-B", "Lamp / blue", "Lamps", 29.9, 12.0),
        ("MUG", "Mug", "Home", 9.9, None),
    ]


@pytest.mark.parametrize("later", ["orders_export_2.csv", "orders_export_1 (1).csv", "orders_export.csv"])
def test_later_exports_of_a_vendor_are_read_by_their_names(home: Path, later: str) -> None:
    _connected(home, {"orders_export_1.csv": SHOPIFY})
    (home / "inbox" / later).write_text(SHOPIFY.replace("#100", "#200"), "utf-8")
    tried = _run(home, "channels", "try", "shopify_orders_csv")
    assert tried.exit_code == 0 and "8 rows" in tried.output


def test_zendesks_tickets(home: Path) -> None:
    rows = _connected(home, {"export-2026.csv": ZENDESK})["zendesk_tickets_csv"].frame.sort("source_id")
    assert rows.select("source_id", "title", "status", "csat", "queue").rows() == [
        ("71", "The lamp smells of smoke", "solved", 5, "Support"),
        ("72", "Where is my parcel", "open", None, "Support"),
    ]
    assert rows["closed_at"].null_count() == 1 and rows["customer_ref"].n_unique() == 2
    replied = (rows["first_human_at"] - rows["submitted_at"]).dt.total_minutes()
    assert replied.to_list() == [12, None]
    assert rows["flags"].list.len().sum() == 0


def test_freshdesks_tickets(home: Path) -> None:
    rows = _connected(home, {"tickets.csv": FRESHDESK})["freshdesk_tickets_csv"].frame.sort("source_id")
    assert rows.select("source_id", "title", "status", "contact_count", "product_model").rows() == [
        ("501", "Lamp is dead", "closed", 3, "Lamp"),
        ("502", "Mug arrived broken", "open", 1, "Mug"),
    ]
    assert rows["first_human_at"].null_count() == 1 and rows["text"].null_count() == 2


def test_amazons_returns_are_returns_and_what_customers_say(home: Path) -> None:
    """Every unit is a return; a mere change of mind is no complaint; a report with one column more is the same channel."""
    pulled = _connected(home, {"returns-1.txt": FBA, "returns-2.txt": FBA_WITH_STATUS})
    returns, words = pulled["amazon_returns_csv"].frame, pulled["amazon_return_words_csv"].frame
    assert sorted(set(returns["aftersale_id"])) == ["LPN01/111-1/LMP", "LPN02/111-2/LMP", "LPN03/111-3/LMP"]
    assert returns["oid"].to_list()[0] == "111-1/LMP"
    assert returns["reason_buyer_first"].to_list() == ["quality", "changed_mind", "wrong_item", "quality"]
    assert returns["returned_at"].null_count() == returns["refunded_at"].null_count() == 0
    said = words.unique("source_id").sort("source_id")
    assert said.select("order_ref", "text", "issue").rows() == [
        ("111-1/LMP", "sparks came out of the plug", "PRD.FAULT"),
        ("111-3/LMP", None, "PKG.WRONG"),
    ]


def test_amazons_returns_to_the_seller(home: Path) -> None:
    rows = _connected(home, {"returns.txt": MFN})["amazon_seller_returns_csv"].frame
    assert rows.select("aftersale_id", "oid", "type", "refund_amount").rows() == [
        ("DfqRRMA/113-1/LMP", "113-1/LMP", "return_refund", 29.9),
        ("DfrRRMA/113-2/LMP", "113-2/LMP", "exchange", None),
    ]
    assert rows["reason_buyer_first"].to_list() == ["quality", "not_as_described"]
    assert rows["refunded_at"].null_count() == 1 and rows["returned_at"].null_count() == 1
    assert rows["applied_at"].dt.date().to_list()[0].isoformat() in ("2026-11-13", "2026-11-14")


def test_amazons_seller_feedback(home: Path) -> None:
    rows = _connected(home, {"feedback.txt": FEEDBACK})["amazon_feedback_csv"].frame
    assert rows.select("source_id", "rating", "order_ref").rows() == [("113-1", 1.0, "113-1"), ("113-2", 5.0, "113-2")]
    assert (rows["submitted_at"].max() - rows["submitted_at"].min()).days == 1  # type: ignore[operator]
    assert "abc@marketplace.example" not in str(rows.rows())


def test_a_table_or_another_file_ends_the_recognition(home: Path) -> None:
    (home / "inbox" / "o.csv").write_text(SHOPIFY, "utf-8")
    (home / "inbox" / "t.csv").write_text("id,date,text\n1,2026-11-03,The lamp went dark after two days\n", "utf-8")
    proposed = _run(home, "connect", str(home / "inbox" / "o.csv"), "--table", "order_line", "--language", "en")
    assert proposed.exit_code == 0 and "ready-made declaration" not in proposed.output
    other = _run(home, "connect", str(home / "inbox" / "t.csv"), "--vendor", "shopify-csv")
    assert other.exit_code == 1 and "not the export that shopify-csv describes" in other.output
    without = _run(home, "connect", "--vendor", "shopify-csv")
    assert without.exit_code == 1 and "Name the exported files" in without.output


def test_each_export_is_known_by_a_heading_of_its_own() -> None:
    headings = [export.heading for export in vendor_exports()]
    assert len(headings) >= 6
    assert not any(one < other for one in headings for other in headings)


def test_lines_are_numbered_by_file(home: Path) -> None:
    """Proposed declarations number them too: an order with an article on two lines loses none."""
    text = "Order number,SKU,Quantity,Order date\n7,LMP,1,2026-11-02\n7,LMP,2,2026-11-02\n8,LMP,1,2026-11-03\n"
    (home / "inbox" / "o.csv").write_text(text, "utf-8")
    assert _run(home, "connect", str(home / "inbox" / "o.csv"), "--write", "--name", "own").exit_code == 0
    shop = Shop.load(home)
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    batch = pull_channel(shop.channels.channels[0], window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)
    assert batch.frame.select("oid", "qty").sort(pl.all()).rows() == [("7/LMP", 1), ("7/LMP/2", 2), ("8/LMP", 1)]

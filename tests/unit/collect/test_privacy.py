"""Personal data do not leave collect; what only looks like it stays."""

import random
import re
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import polars as pl
import pytest

from tasks.collect.privacy import (
    SCOPE,
    CustomerKey,
    cleared,
    customer_key,
    scrub,
    scrubbed_records,
    without_personal_data,
    without_telling_cells,
)
from tasks.errors import UserError
from tasks.settings import Settings


def clean(text: str) -> str:
    """Scrub one text."""
    frame, _ = scrub(pl.DataFrame({"text": [text]}), ["text"])
    return str(frame["text"][0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打19900001234找我", "打[电话]找我"),
        ("打199-0000-1234,或199 0000 5678", "打[电话],或[电话]"),
        ("+86 19900001234", "[电话]"),
        ("19900001234,19900005678", "[电话],[电话]"),
        ("电话1 9 9 0 0 0 0 1 2 3 4", "电话[电话]"),
        ("１９９００００１２３４", "[电话]"),
        ("座机 0571-12345678转12", "座机 [电话]"),
        ("call +1-555-0100", "call [电话]"),
        ("call (555) 555-0100.", "call [电话]."),
        ("写到wang.wu@mail.example吧", "写到[邮箱]吧"),
        ("身份证110101199001011234", "身份证[证件号]"),
        ("尾号11010119900101123X。", "尾号[证件号]。"),
        ("卡6222020000000000000退", "卡[卡号]退"),
        ("加微信：wx_12345退差价", "加微信：[账号]退差价"),
        ("收货人：张三，要换", "收货人：[姓名]，要换"),
        ("寄浙江省杭州市西湖区文三路100号2幢301室", "[地址]"),
        ("我住幸福路12号3单元501室", "[地址]"),
        ("ship to 12 Maple Street please", "ship to [地址] please"),
    ],
)
def test_it_is_taken_out(text: str, expected: str) -> None:
    """Phones, mails, cards, accounts, names after a label and addresses, in the ways people write them."""
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02 15:05:09 下单,订单T202611020000012345",
        "充一晚上只能用20分钟,3.2A适配器变2A",
        "版本4.6.0.12闪退,5G的wifi连不上",
        "批次2608-B,价格1,499元,100条里3条坏",
        "订单号20261102000001234567",
        "2.5米,1.8升,1200W,220V",
        "12号才发货,第3号仓",
    ],
)
def test_it_stays(text: str) -> None:
    """Orders, dates, versions, prices and measures are no personal data."""
    assert clean(text) == text


def test_a_thousand_contacts_leave_no_trace() -> None:
    """Of 1,000 invented phone numbers in running text none is left."""
    chance = random.Random(7)
    phones = [f"199{chance.randrange(10**8):08d}" for _ in range(1_000)]
    frame, changed = scrub(pl.DataFrame({"text": [f"请回电{phone}谢谢" for phone in phones]}), ["text"])
    assert changed.all()
    assert not any(phone in text for phone, text in zip(phones, frame["text"], strict=True))


def test_references_are_keyed_and_scoped() -> None:
    """Same key and scope: same reference; another key or scope: another. The key's version stands in front."""
    values = pl.Series(["u1", "u2", None, "u1"])
    one, other = CustomerKey(b"first key of this test"), CustomerKey(b"second key of this test")
    references = one.references(values, "甲").to_list()
    assert references[0] == references[3] != references[1]
    assert references[2] is None
    assert references[0].startswith(f"{one.version}-")
    assert not set(references[:2]) & set(one.references(values, "乙").to_list())
    assert not set(references[:2]) & set(other.references(values, "甲").to_list())


def test_the_key_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    """Without a setting a key file is made, readable by us alone, and used from then on."""
    settings = Settings(home=tmp_path)
    first = customer_key(settings)
    assert customer_key(settings) == first
    assert stat.S_IMODE((tmp_path / "secrets" / "customer.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["customer.key"]


def test_channels_pulled_side_by_side_make_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several channels of a first pull find no key at the same moment: all end with the one that was kept."""
    together, made = Barrier(4), secrets.token_hex

    def at_once(digits: int) -> str:
        together.wait(10)
        return made(digits)

    monkeypatch.setattr(secrets, "token_hex", at_once)
    with ThreadPoolExecutor(4) as pool:
        keys = {pulled.result() for pulled in [pool.submit(customer_key, Settings(home=tmp_path)) for _ in range(4)]}
    assert keys == {customer_key(Settings(home=tmp_path))}
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["customer.key"]


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """A key that protects nothing is no key."""
    with pytest.raises(UserError, match="16 characters"):
        customer_key(Settings(home=tmp_path, secret="short"))  # type: ignore[arg-type]


def test_an_identifier_that_leads_to_a_person_becomes_a_reference() -> None:
    """The number of a complaint still meets that of its order, in whatever column and channel each of them is."""
    key = CustomerKey(b"a key for tests only")
    complaints = pl.DataFrame({"order_ref": ["19900001234", "T2026110200001", None], "platform": ["甲", "打199-0000-1234", "乙"]})
    orders = pl.DataFrame(
        {"oid": pl.Series(["19900001234", "T2026110200001"]), "sku": pl.Series(["K1", "joe@mail.example"], dtype=pl.Categorical)}
    )
    clean_complaints = without_personal_data(complaints, key)
    clean_orders = without_personal_data(orders, key)
    assert clean_complaints["order_ref"][0] == clean_orders["oid"][0] == key.references(pl.Series(["19900001234"]), SCOPE)[0]
    assert clean_complaints["order_ref"].to_list()[1:] == ["T2026110200001", None]
    assert clean_complaints["platform"].to_list() == ["甲", "打[电话]", "乙"]
    assert clean_orders.schema["sku"] == pl.Categorical
    assert clean_orders["sku"].to_list()[0] == "K1"
    assert "joe" not in str(clean_orders["sku"].to_list()[1])


@pytest.mark.parametrize(
    "code",
    [
        "T202611020000012345", "2026110200001234567", "SF1234567890123", "408-1234567-1234567", "2608-B", "KT-1500W-WH", "1Z999AA10123456784",
        "690123456789", "m0001", "2026-W45", "R-2026-11-02-001", "4.6.0.12", "A123456789", "112233445566", "78123456789012", "S24:01",
    ],
)  # fmt: skip
def test_ordinary_codes_stay_themselves(code: str) -> None:
    """Orders, parcels, goods and versions lead to nobody without the shop's own books."""
    values = pl.Series([code])
    assert cleared(values, CustomerKey(b"a key for tests only"), whole=True) is values


@pytest.mark.parametrize(
    "code",
    [
        "19900001234", "tel:19900001234", "+8619900001234", "199-0000-1234", "wang@mail.example", "<CAF.19900001234@mail.example>", "(555) 555-0100",
        "0571-81230000", "110101190001010014", "6222020000000000000", "4111111111111111", "4111 1111 1111 1111", "000-12-3456", "000.000.001-91",
        "DE97500105170000000001", "QQ123456C", "QQ12345678", "wxid_0a1b2c3d4e5f", "微信号wx_12345", "浙江省杭州市西湖区文三路100号", "12 Maple Street",
        "京A00001", "203.0.113.7", "１９９００００１２３４", "一九九零零零零一二三四",
    ],
)  # fmt: skip
def test_codes_that_are_personal_do_not(code: str) -> None:
    """Every kind, as it is found in a column of numbers."""
    after = cleared(pl.Series([code]), CustomerKey(b"a key for tests only"), whole=True)[0]
    assert after != code
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{16}", after)


def test_a_record_is_kept_without_cells_that_name_somebody() -> None:
    """A quarantined row is kept as its source wrote it; columns of names, and numbers stored as numbers, are no way round."""
    row = {
        "姓名": "张三",
        "订单": "T1",
        "联系": 19900001234,
        "ok": True,
        "备注": "打19900001234",
        "Shipping Phone": "n/a",
        "19900001234": 1,
    }
    kept = scrubbed_records([row], ["会员"])
    assert kept == [
        {
            "姓名": "[…]",
            "订单": "T1",
            "联系": "[电话]",
            "ok": True,
            "备注": "打[电话]",
            "Shipping Phone": "[…]",
            "[电话]": 1,
        }
    ]


def test_lists_are_searched_too() -> None:
    """A cause that names a person is scrubbed like a text."""
    frame = pl.DataFrame({"causes": [["漏水", "找19900001234"], None, []]})
    assert without_personal_data(frame, CustomerKey(b"a key for tests only"))["causes"].to_list() == [
        ["漏水", "找[电话]"],
        None,
        [],
    ]


def test_a_phone_number_is_no_price() -> None:
    """In a column of numbers what leads to a person cannot be read; amounts and counts stay."""
    cells = pl.Series(["19900001234", "QQ10000383", "12.50", "1,299", None, "打199-0000-1234", "3"])
    assert without_telling_cells(cells, CustomerKey(b"a key for tests only")).to_list() == [
        None,
        None,
        "12.50",
        "1,299",
        None,
        None,
        "3",
    ]


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("2026-03-13T16:29:05.000000Z", "2026-03-13T16:29:05.000000Z"),
        ("2026-07-20|replied|平台乙|08-12", "2026-07-20|replied|平台乙|08-12"),
        ("FW072606A297781", "FW072606A297781"),
        ("2026-11-02|19900001234", "2026-11-02|[电话]"),
        ("desk-2026-11-02-19900001234", "desk-2026-11-02-[电话]"),
        ("2026-11-02 19900001234 平台", "2026-11-02 [电话] 平台"),
        ("GB82WEST12345698765432", "[卡号]"),
    ],
)
def test_days_moments_and_serials_hide_no_number_beside_them(code: str, left: str) -> None:
    assert cleared(pl.Series([code]), CustomerKey(b"a key for tests only"), whole=False).to_list() == [left]

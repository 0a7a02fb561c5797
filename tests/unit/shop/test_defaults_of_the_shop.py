"""What a person, reader or source leaves out is the shop's: its first language, its zone."""

from pathlib import Path

import pytest

from tasks.shop.load import DEFAULTS, Shop

CHANNEL = "channels: [{name: desk, table: feedback, source: ticket, read: {kind: delimited, files: [t.csv]}, columns: {submitted_at: at, text: text}}]\n"


def shop_of(languages: str, zone: str, **files: str) -> Shop:
    own = {"shop.yaml": f"name: S\nzone: {zone}\nlanguages: [{languages}]\n", "channels.yaml": CHANNEL, **files}
    defaults = {path.name: path.read_bytes() for path in Path(DEFAULTS).glob("*.yaml")}
    return Shop({**defaults, **{name: text.encode() for name, text in own.items()}})


@pytest.mark.parametrize(("language", "zone"), [("en", "America/New_York"), ("zh-CN", "Asia/Shanghai"), ("en", "Europe/London")])
def test_people_readers_and_sources_follow_the_shop(language: str, zone: str) -> None:
    shop = shop_of(language, zone)
    assert {person.language for person in shop.people.people} == {language}
    assert [audience.languages for audience in shop.audiences.audiences.values()] == [[language]]
    assert [channel.zone for channel in shop.channels.channels] == [zone]


def test_what_is_written_stands() -> None:
    own = CHANNEL.replace("source: ticket", "source: ticket, zone: Asia/Tokyo")
    readers = "audiences: {lead: {name: {en: Lead}, recipients: [{mail: a@b.example, language: zh-CN}]}}"
    shop = shop_of("en", "Europe/London", **{"channels.yaml": own, "audiences.yaml": readers})
    assert shop.channels.channels[0].zone == "Asia/Tokyo" and shop.audiences.audiences["lead"].languages == ["zh-CN"]


def test_a_shop_whose_channels_bring_no_orders_compares_counts() -> None:
    """`init` writes `base: orders`; a publisher with tickets alone had «per signed order» printed under its figures."""
    tickets = shop_of("en", "Europe/London")
    orders = (
        "  - {name: orders, table: order_line, read: {kind: delimited, files: [o.csv]}, "
        "columns: {oid: a, tid: a, sku: b, qty: c, paid_at: d}}\n"
    )
    listed = CHANNEL.replace("channels: [", "channels:\n  - ").replace("}]\n", "}\n")
    assert (tickets.identity.base, tickets.base) == ("orders", "records")
    assert shop_of("en", "Europe/London", **{"channels.yaml": listed + orders}).base == "orders"
    assert shop_of("en", "Europe/London", **{"channels.yaml": "channels: []\n"}).base == "orders"  # nothing is known of it yet

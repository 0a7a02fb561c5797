"""The order of a shop's platforms is that in which its channels name them."""

from __future__ import annotations

from tasks.shop.channels import Channel, Channels


def _channel(name: str, **fields: object) -> Channel:
    columns = fields.pop("columns", {})
    return Channel.model_validate(
        {
            "name": name,
            "table": "feedback",
            "read": {"kind": "delimited", "files": ["x.csv"]},
            "columns": {"text": "t", "submitted_at": "at", "source": "=review", **columns},  # type: ignore[dict-item]
            **fields,
        }
    )


def test_platforms_stand_in_the_order_in_which_channels_first_name_them() -> None:
    mapped = {"platform": {"from": "mall", "map": {"2": "Shopee", "1": "Etsy"}}}
    channels = [_channel("first", columns=mapped), _channel("second", platform="Amazon"), _channel("third", platform="Etsy")]
    constant = _channel("fourth", columns={"platform": {"const": "Zalando"}})
    assert Channels(channels=[*channels, constant]).platforms == ("Shopee", "Etsy", "Amazon", "Zalando")


def test_a_shop_without_channels_names_no_platform() -> None:
    assert Channels().platforms == ()

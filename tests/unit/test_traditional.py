import polars as pl

from tasks.traditional import simplified, simplified_characters, simplified_texts


def test_traditional_characters_become_simplified_ones() -> None:
    assert simplified("訂單編號、尺碼、發貨與退款 Größe") == "订单编号、尺码、发货与退款 Größe"
    assert pl.Series("text", ["漏電", None, "plain"]).to_frame().select(simplified_texts(pl.col("text")))["text"].to_list() == [
        "漏电", None, "plain",
    ]  # fmt: skip


def test_what_is_written_once_stays_as_it_is() -> None:
    """Folding twice changes nothing, so words and texts may both be folded."""
    assert [one for one in simplified_characters().values() if simplified(simplified(one)) != simplified(one)] == []

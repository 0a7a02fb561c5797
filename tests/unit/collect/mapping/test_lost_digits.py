"""An order number that Excel has cut is flagged, wherever it comes from."""

from collections.abc import Callable
from pathlib import Path

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    source_id: id
    read: {kind: delimited, files: [t.csv]}
    columns: {submitted_at: date, text: text, order_ref: order, waybill: parcel}
"""


def test_lost_digits_are_flagged(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Powers of ten and numbers rounded to fifteen digits are flagged; whole long numbers and formulas for Excel are not."""
    rows = [
        "1,2026-11-01,a,2.81475E+17,281474976710655000",
        "2,2026-11-02,b,281474976710655123,281474976710656000",
        '3,2026-11-03,c,"=""0281474976710655123""",',
        "4,2026-11-04,1.5E+10 is no word,1E10,",
    ]
    (tmp_path / "t.csv").write_text("id,date,text,order,parcel\n" + "\n".join(rows), "utf-8")
    batch = pull(CHANNEL)
    assert batch.frame["flags"].to_list() == [
        ["digits_lost:order_ref", "digits_lost:waybill"],
        ["digits_lost:waybill"],
        [],
        [],
    ]
    assert batch.frame["order_ref"][2] == "0281474976710655123"
    assert "order_ref: «2.81475E+17» (t.csv, row 2) has lost digits" in batch.notes[0]

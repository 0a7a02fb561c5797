"""Files joined by SQL; a join that would multiply rows is refused."""

from collections.abc import Callable
from pathlib import Path

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: survey
    table: feedback
    source: survey
    read:
      kind: selection
      sql: survey.sql
      empty: [nan]
      tables:
        answers: {kind: delimited, files: [answers.csv]}
        orders: {kind: delimited, files: [orders.csv]}
      joins:
        - {left: answers, right: orders, by: order, cardinality: many_to_one}
    columns: {submitted_at: time, text: text, sku: sku}
"""
SQL = "SELECT answers.time, answers.text, orders.sku FROM answers LEFT JOIN orders ON answers.order = orders.order"


def test_a_join_and_its_broken_promise(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Each answer has its order's SKU; a second row of one order stops the channel with the order in question."""
    (tmp_path / "answers.csv").write_text("order,time,text\n1,2026-11-01,a\n1,2026-11-02,nan\n3,2026-11-02,c\n")
    (tmp_path / "orders.csv").write_text("order,sku\n1,KT-01\n2,KT-02\n")
    sql = SQL.replace("answers.order", 'answers."order"').replace("orders.order", 'orders."order"')
    batch = pull(CHANNEL, survey__sql=sql)
    assert batch.error == ""
    assert sorted(batch.frame.select("text", "sku").rows(), key=str) == [("a", "KT-01"), ("c", None), (None, "KT-01")]
    (tmp_path / "orders.csv").write_text("order,sku\n1,KT-01\n1,KT-09\n2,KT-02\n")
    batch = pull(CHANNEL, survey__sql=sql)
    assert "more than once" in batch.error
    assert "order = 1" in batch.error


def test_wrong_sql_names_the_tables(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """SQL that cannot run is told with the tables it may use."""
    (tmp_path / "answers.csv").write_text("order,time\n1,2026-11-01\n")
    (tmp_path / "orders.csv").write_text("order,sku\n1,KT-01\n")
    batch = pull(CHANNEL, survey__sql="SELECT * FROM nowhere")
    assert "survey.sql cannot be run" in batch.error
    assert "answers, orders" in batch.hint

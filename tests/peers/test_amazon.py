"""Amazon's ready-made declarations against a server that makes reports as the Selling Partner API does: asked for, waited for, fetched.

A token that expires in the middle (403), a rate limit that names only its rate, a 500, and files on another server, packed and plain.
"""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest

from tasks.collect.pull import pull_channel
from tasks.connect.declaration import channel_of
from tasks.connect.vendors import vendor_blocks
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tests.makers.shops import default_shop
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
MODELS = (Settings().shared or ROOT.parent / "shared") / "data" / "api_fixtures" / "amazon_spapi" / "models" / "reports-api-model"
RETURNS = """\
return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tstatus\tlicense-plate-number\tcustomer-comments
2026-11-03T08:00:00+00:00\t111-1\tLMP\tB0\tX0\tLamp für zwei\t1\tPHX3\tDEFECTIVE\tDEFECTIVE\tReimbursed\tLPN01\tsparks came out of the plug
2026-11-04T08:00:00+00:00\t111-2\tLMP\tB0\tX0\tLamp\t1\tPHX3\tSELLABLE\tUNWANTED_ITEM\tUnit returned to inventory\tLPN02\t
"""
SHIPMENTS = """\
amazon-order-id\tmerchant-order-id\tshipment-id\tpurchase-date\tpayments-date\tshipment-date\treporting-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-shipped\tcurrency\titem-price\tship-city\tship-state\tship-country\tcarrier\ttracking-number\testimated-arrival-date\tfulfillment-center-id
111-1\t\tD1\t2026-11-01T10:00:00+00:00\t2026-11-01T10:05:00+00:00\t2026-11-02T04:00:00+00:00\t2026-11-02T06:00:00+00:00\tann@marketplace.example\tAnn\tLMP\tLamp\t2\tUSD\t59.80\tAustin\tTX\tUS\tUPS\t1Z9\t2026-11-05T04:00:00+00:00\tPHX3
"""
FEEDBACK = "Date\tRating\tComments\tYour Response\tOrder ID\tRater Email\n11/4/26\t1\tThe plug got hot\t\t111-1\tabc@marketplace.example\n"
REPORTS = {
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": RETURNS,
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL": SHIPMENTS,
    "GET_SELLER_FEEDBACK_DATA": FEEDBACK,
}


class Amazon:
    """The vendor's side: tokens, jobs that take two looks, and a store of files that wants no credentials."""

    def __init__(self) -> None:
        self.store = ""
        self.tokens, self.lives = 0, 99
        self.jobs: list[dict[str, Any]] = []
        self.looks: dict[str, int] = {}
        self.final = "DONE"
        self.packed = True

    def __call__(self, asked: Asked) -> Told:
        if asked.path == "/auth/o2/token":
            form = {name: values[0] for name, values in parse_qs(asked.body).items()}
            assert form == {
                "client_id": "amzn1.application-oa2-client.1", "client_secret": "app-secret", "grant_type": "refresh_token", "refresh_token": "Atzr|right",
            }  # fmt: skip
            self.tokens += 1
            return Told({"access_token": f"Atza|{self.tokens}", "token_type": "bearer", "expires_in": 3600})
        if asked.headers.get("x-amz-access-token") != f"Atza|{self.tokens}" or self.lives <= 0:
            self.lives = 99
            return Told({"errors": [{"code": "Unauthorized", "message": "The access token you provided has expired."}]}, 403)
        self.lives -= 1
        if asked.method == "POST":
            self.jobs.append(json.loads(asked.body))
            return Told({"reportId": f"R{len(self.jobs)}"}, 202)
        name = asked.path.rpartition("/")[2]
        if "/documents/" in asked.path:
            return Told(
                {"reportDocumentId": name, "url": f"{self.store}/{name}?X-Amz-Signature=seekrit", "compressionAlgorithm": "GZIP"}
            )
        self.looks[name] = self.looks.get(name, 0) + 1
        state = self.final if self.looks[name] > 2 else "IN_QUEUE" if self.looks[name] == 1 else "IN_PROGRESS"
        done = {"reportDocumentId": f"D{name[1:]}"} if state == "DONE" else {}
        return Told({"reportId": name, "processingStatus": state, **done})

    def kept(self, asked: Asked) -> Told:
        """Give a file out of the store."""
        assert not {"authorization", "x-amz-access-token"} & set(asked.headers)
        job = self.jobs[int(asked.path[2:]) - 1]
        heading, _, rows = REPORTS[job["reportType"]].partition("\n")
        text = f"{heading}\n{rows if job['dataStartTime'] < '2026-11-05' and job['dataEndTime'] > '2026-11-05' else ''}"
        data = text.encode("cp1252")
        return Told(gzip.compress(data) if self.packed else data, headers={"Content-Type": "text/plain;charset=Cp1252"})


@pytest.fixture
def amazon() -> Amazon:
    return Amazon()


Pull = Callable[..., PulledRows]


@pytest.fixture
def pull(tmp_path: Path, amazon: Amazon) -> Pull:
    """A puller of one channel; the store of files has an address of its own."""

    def run(
        name: str,
        start: datetime | None = datetime(2026, 11, 8, tzinfo=UTC),
        failures: list[Told | None] | None = None,
        waits: list[float] | None = None,
        **job: Any,
    ) -> PulledRows:
        (tmp_path / "secrets").mkdir(exist_ok=True)
        (tmp_path / "secrets" / "amazon_secret").write_text("app-secret")
        (tmp_path / "secrets" / "amazon_refresh").write_text("Atzr|right")
        [block] = [block for block in vendor_blocks("amazon") if channel_of(block).name == name]
        with serving(amazon, failures) as api, serving(amazon.kept) as store:
            amazon.store = store.address
            text = (
                "\n".join(block)
                .replace("https://sellingpartnerapi-na.amazon.com", api.address)
                .replace("https://api.amazon.com", api.address)
                .replace("YOUR-CLIENT-ID", "amzn1.application-oa2-client.1")
            )
            channel = channel_of(text.splitlines())
            report = channel.read.report.model_copy(update=job)  # type: ignore[attr-defined]
            return pull_channel(
                channel.model_copy(update={"read": channel.read.model_copy(update={"report": report})}),
                window_start=start, window_end=NOW, shop=default_shop(), settings=Settings(home=tmp_path, secret="a key for tests only"),  # type: ignore[arg-type]
                now=NOW, wait=(waits if waits is not None else []).append,
            )  # fmt: skip

    return run


@pytest.mark.parametrize("packed", [True, False])
def test_returns(pull: Pull, amazon: Amazon, packed: bool) -> None:
    """Asked for 35 days back, in Windows-1252, packed or not; the file's server gets no credentials."""
    amazon.packed = packed
    waits: list[float] = []
    batch = pull("amazon_returns", waits=waits)
    assert batch.error == "" and batch.unreadable.is_empty()
    assert [(job["dataStartTime"], job["dataEndTime"], job["marketplaceIds"]) for job in amazon.jobs] == [
        ("2026-10-04T00:00:00Z", "2026-11-09T02:00:00Z", ["ATVPDKIKX0DER"])
    ]
    assert batch.frame.select("aftersale_id", "oid", "qty", "goods_status").rows() == [
        ("LPN01/111-1/LMP", "111-1/LMP", 1, "Reimbursed"),
        ("LPN02/111-2/LMP", "111-2/LMP", 1, "Unit returned to inventory"),
    ]
    assert batch.frame["reason_buyer_first"].to_list() == ["quality", "changed_mind"]
    assert batch.frame.select(pl.col("returned_at", "refunded_at").null_count()).row(0) == (0, 0)
    assert waits == [15.0, 15.0]
    assert batch.complete_through == NOW


def test_what_customers_say_and_feedback_and_orders(pull: Pull, amazon: Amazon) -> None:
    """The same report gives the comments and the reasons that name a fault; the others are read by their own columns."""
    words = pull("amazon_return_words")
    assert words.error == "" and words.frame.select("source_id", "text", "issue").rows() == [
        ("LPN01/111-1/LMP", "sparks came out of the plug", "PRD.FAULT")
    ]
    feedback = pull("amazon_feedback", datetime(2026, 11, 4, tzinfo=UTC))
    assert feedback.error == "" and feedback.frame.select("rating", "order_ref").rows() == [(1.0, "111-1")]
    assert feedback.frame["submitted_at"].to_list() == [datetime(2026, 11, 4, 8, tzinfo=UTC)]
    orders = pull("amazon_orders", datetime(2026, 11, 4, tzinfo=UTC))
    assert orders.error == "" and orders.frame.select("oid", "tid", "qty", "paid_amount", "carrier").rows() == [
        ("111-1/LMP", "111-1", 2, 59.8, "UPS")
    ]
    assert "ann@marketplace.example" not in str(orders.frame.rows())


def test_a_first_load_is_asked_for_in_parts(pull: Pull, amazon: Amazon) -> None:
    """A year in reports of 60 days; those without rows are no error, and no row comes twice."""
    batch = pull("amazon_returns", start=None)
    assert batch.error == "" and batch.frame.height == 2
    ends = [(job["dataStartTime"], job["dataEndTime"]) for job in amazon.jobs]
    assert len(ends) == 7 and ends[0][0] == "2025-11-09T02:00:00Z" and ends[-1][1] == "2026-11-09T02:00:00Z"
    assert all(one[1] == other[0] for one, other in pairwise(ends))


def test_an_expired_token_a_limit_and_a_500_are_overcome(pull: Pull, amazon: Amazon) -> None:
    """The token is fetched anew once; a 429 that names only its rate is waited for as long as that rate says."""
    amazon.lives = 2
    waits: list[float] = []
    slow = Told({"errors": [{"code": "QuotaExceeded"}]}, 429, {"x-amzn-RateLimit-Limit": "0.0625"})
    batch = pull("amazon_returns", failures=[None, slow, None, Told({}, 500)], waits=waits)
    assert batch.error == "" and batch.frame.height == 2
    assert amazon.tokens == 2 and waits[:2] == [16.0, 0.5]


@pytest.mark.parametrize(
    ("final", "job", "error"),
    [
        ("FATAL", {}, "could not make the report (FATAL)"),
        ("IN_PROGRESS", {}, "has not finished the report within 120 minutes"),
        ("DONE", {"id": "report.id"}, "names no report at `report.id`"),
        ("DONE", {"status": "state"}, "says nothing about the report at `state`"),
        ("DONE", {"file_id": "document"}, "names no file at `document`"),
        ("DONE", {"file_at": "compressionAlgorithm"}, "names no address of the file at `compressionAlgorithm`"),
        ("DONE", {"file_at": "link"}, "names no address of the file at `link`"),
    ],
)
def test_what_goes_wrong_is_told(pull: Pull, amazon: Amazon, final: str, job: dict[str, Any], error: str) -> None:
    amazon.final = final
    batch = pull("amazon_returns", **job)
    assert error in batch.error and batch.hint and batch.frame.is_empty()


def test_nothing_to_report_is_said(pull: Pull, amazon: Amazon) -> None:
    amazon.final = "CANCELLED"
    batch = pull("amazon_returns")
    assert (batch.error, batch.read) == ("", 0)
    assert any("nothing to report for the report 2026-10-04 2026-11-09" in note for note in batch.notes)


def test_a_file_that_cannot_be_fetched_is_told_without_its_address(
    pull: Pull, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Amazon, "kept", lambda self, asked: Told(b"<Error>AccessDenied</Error>", 403))
    batch = pull("amazon_returns")
    assert "answered 403 instead of the report" in batch.error
    assert "seekrit" not in batch.error + batch.hint


def test_a_file_that_unpacks_to_too_much_is_refused(pull: Pull, amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"\0" * 1_100_000_000, 1)
    monkeypatch.setattr(Amazon, "kept", lambda self, asked: Told(bomb))
    assert "larger than 1,000 MB" in pull("amazon_returns").error


@pytest.mark.skipif(not MODELS.is_dir(), reason="the shared data sets with the vendors' published bodies are not there")
def test_amazons_published_answers_have_what_the_declaration_names() -> None:
    """The states, ids and addresses of the model's examples lie where the declaration looks for them."""
    model = json.loads((MODELS / "reports_2021-06-30.json").read_text("utf-8"))
    report = channel_of(vendor_blocks("amazon")[0]).read.report  # type: ignore[attr-defined]
    paths = model["paths"]
    assert (
        report.status_url.replace("{id}", "{reportId}") in paths
        and report.file_url.replace("{id}", "{reportDocumentId}") in paths
    )
    fields = model["definitions"]
    assert report.id in fields["CreateReportResponse"]["properties"]
    assert {report.status, report.file_id} <= set(fields["Report"]["properties"])
    assert {*report.done, *report.nothing, *report.failed} < set(fields["Report"]["properties"][report.status]["enum"])
    assert report.file_at in fields["ReportDocument"]["properties"]

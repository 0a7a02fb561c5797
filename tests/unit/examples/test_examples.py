"""The three example shops from raw file to PDF, each total counted again from the raw file by a few lines of Polars."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pypdf import PdfReader

from tasks.act.proposals import propose
from tasks.analyse.breaks import breaks
from tasks.analyse.causes.search import root_causes
from tasks.analyse.clocks import milestones
from tasks.analyse.coverage import coverage, partial
from tasks.analyse.deadlines import due_items
from tasks.analyse.example_case import example_case
from tasks.analyse.figures.all_figures import figures
from tasks.analyse.figures.inflow import daily
from tasks.analyse.late_arrivals import completeness
from tasks.analyse.red_lines import red_lines
from tasks.analyse.tables.breakdowns import breakdowns
from tasks.analyse.tables.problems import problems
from tasks.classify.coding import code
from tasks.collect.pull import pull_channel
from tasks.collect.source_rows import REPOSITORY
from tasks.model.facts import Facts, Pull
from tasks.model.periods import Period
from tasks.model.review import Review
from tasks.model.tables import TABLES
from tasks.report.edition import make
from tasks.report.language.action_words import action_words
from tasks.report.language.registry import language
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.store.lake import Lake
from tasks.validate.quarantine import judge

SHARED = Settings().shared or REPOSITORY.parent / "shared"
DATA = SHARED / "data"
NOW = datetime(2026, 11, 9, tzinfo=UTC)
HAN = re.compile(r"[\u4e00-\u9fff]")
ORDER_WORDS = ("发货", "签收", "每百单", "shipment", "of signing", "per 100", "signed for")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="The shared data sets are not there: set AFTERSALES_SHARED to their folder"),
]


@dataclass(frozen=True)
class Paper:
    """One made edition: what may be said, its numbers by id, and the words of its pages."""

    review: Review
    numbers: dict[str, Any]
    printed: dict[str, str]
    pages: list[str]

    @property
    def text(self) -> str:
        """All pages, with every white space taken out."""
        return re.sub(r"\s+", "", "".join(self.pages))

    def shares(self, code_: str, dimension: str) -> dict[str, tuple[float, int]]:
        """Return value → (share, n) of a breakdown as numbers.json holds it."""
        start = f"breakdown.{code_}.{dimension}."
        return {
            id_[len(start) : -len(".share")]: (share, self.numbers[id_[: -len("share")] + "n"])
            for id_, share in self.numbers.items()
            if id_.startswith(start) and id_.endswith(".share")
        }

    def counts(self, code_: str, dimension: str) -> dict[str, int]:
        """Return value → n of a breakdown as numbers.json holds it."""
        start = f"breakdown.{code_}.{dimension}."
        return {
            id_[len(start) : -len(".n")]: n
            for id_, n in self.numbers.items()
            if id_.startswith(start) and id_.endswith(".n") and id_ != start + "n"
        }


class Example:
    """An example shop, collected, validated, stored and coded."""

    def __init__(self, name: str, home: Path) -> None:
        shutil.copytree(REPOSITORY / "examples" / name, home)
        self.settings = Settings(home=home, shared=SHARED, secret="a key for tests only")
        self.shop = Shop.load(home)
        self.shop.check()
        lake = Lake(self.settings.lake_root)
        known = {"issue": frozenset(self.shop.taxonomy.every_leaf) | frozenset(self.shop.taxonomy.nodes)}
        pulls = []
        for channel in self.shop.channels:
            batch = pull_channel(channel, window_start=None, window_end=NOW, shop=self.shop, settings=self.settings, now=NOW)
            judged = judge(
                batch.table, batch.frame, self.shop, now=NOW, known=known, channel=batch.channel, pull_id=batch.pull_id
            )
            stamped = channel.ingested_from == "stamp"
            added = lake.append(
                batch.table, judged.good, pull_id=batch.pull_id, channel=batch.channel, ingested_at=NOW, use_stamp=stamped
            )
            rejected = judged.quarantine.height + batch.unreadable.height
            assert batch.error == ""
            assert batch.read == added.new + added.changed + added.unchanged + rejected
            pulls.append(
                Pull(
                    pull_id=batch.pull_id,
                    channel=batch.channel,
                    table=batch.table,
                    window_start=NOW,
                    window_end=NOW,
                    started_at=NOW,
                    read=batch.read,
                    new=added.new,
                    changed=added.changed,
                    unchanged=added.unchanged,
                    quarantined=rejected,
                    complete_through=batch.complete_through,
                )
            )
        self.facts = code(Facts({table: lake.as_of(table, NOW) for table in TABLES}, NOW, pulls), self.shop)

    def paper(self, period_id: str) -> Paper:
        """Review a month and make its edition."""
        facts, shop = self.facts, self.shop
        period = Period.parse(period_id, shop.identity.zone)
        cut = partial(facts, period)
        found = root_causes(facts, period, shop, partial=cut)
        red = red_lines(facts, period, shop)
        first = language(shop.identity.languages[0])
        channels = coverage(facts, period, shop)
        review = Review(
            period=period,
            as_of=NOW,
            status="final",
            figures=figures(
                facts,
                period,
                shop,
                milestones=lambda each: milestones(facts, shop, each),
                expected_total=found.expected_total,
                partial=cut,
            ),
            red_lines=red,
            causes=found.causes,
            falls=found.falls,
            ended=found.ended,
            deferred=found.deferred,
            tested=found.tested,
            expected_false_alarms=found.expected_false_alarms,
            strongest_rejected=found.strongest_rejected,
            rejected_why=found.rejected_why,
            mix=found.mix,
            prior=[],
            proposals=propose(
                found.causes, red, period, shop, [], lambda action: action_words(action, shop.playbook, first), as_of=NOW
            ),
            problems=problems(facts, period, shop, expected_leaves=found.expected_leaves, incomplete=cut),
            channels=channels,
            due_items=due_items(facts, period, shop),
            breaks=breaks(facts, period, shop, channels),
            example_case=example_case(facts, period, found.causes),
            breakdowns=breakdowns(facts, period, shop),
            projections=[],
            daily=daily(facts, period),
            partial=cut,
            completeness=completeness(facts, period),
        )
        edition = make(review, shop, "executive", shop.identity.languages[0], self.settings)
        numbers = json.loads(edition.files["numbers.json"])
        return Paper(
            review,
            {number["id"]: number["value"] for number in numbers},
            {number["id"]: number["text"][shop.identity.languages[0]] for number in numbers},
            [page.extract_text() for page in PdfReader(io.BytesIO(edition.files[edition.pdf_name])).pages],
        )


def _raw(path: str) -> pl.DataFrame:
    return pl.read_csv(DATA / path, infer_schema=False)


def _shares_from(rows: pl.DataFrame, by: str, bad: pl.Expr) -> dict[str, tuple[float, int]]:
    """Count again: value → (share of bad, n) where n reaches 30."""
    groups = rows.filter(pl.col(by).is_not_null()).group_by(by).agg(bad=bad.sum(), n=pl.len()).filter(pl.col("n") >= 30)
    return {value: (bad_ones / n, n) for value, bad_ones, n in groups.iter_rows()}


def _same(found: dict[str, tuple[float, int]], counted: dict[str, tuple[float, int]]) -> None:
    assert {value: n for value, (_, n) in found.items()} == {value: n for value, (_, n) in counted.items()}
    for value, (share, _) in found.items():
        assert share == pytest.approx(counted[value][0], abs=1e-9)


# ---- Appliance reviews -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def appliances(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return Example("zh_jd_haier_aspects", tmp_path_factory.mktemp("appliances") / "home").paper("2016-11")


@pytest.fixture(scope="module")
def november() -> pl.DataFrame:
    with zipfile.ZipFile(DATA / "zh_jd_haier_aspects" / "combine_result_7_utf8.zip") as archive:
        rows = pl.read_csv(archive.read("combine_result.csv"), infer_schema=False)
    return rows.filter(pl.col("Comment_time").str.starts_with("2016-11")).with_columns(
        stars=pl.col("Customer satisfaction").cast(pl.Int64),
        day=pl.col("Comment_time").str.slice(8, 2).cast(pl.Int64),
        region=pl.col("User_region").replace("/", None),
    )


def test_the_appliances_month_counts_what_the_raw_file_holds(appliances: Paper, november: pl.DataFrame) -> None:
    bad = november.filter(pl.col("stars") <= 3).height
    assert appliances.numbers["records.value"] == november.height == 4457
    assert appliances.numbers["complaints.value"] == bad == 290
    assert appliances.numbers["complaint_share_reviews.value"] == pytest.approx(bad / november.height)
    for printed in ("4,457", "290", "6.5%"):
        assert printed in appliances.text


def test_shares_by_region_stand_where_thirty_reviews_carry_them(appliances: Paper, november: pl.DataFrame) -> None:
    counted = _shares_from(november, "region", pl.col("stars") <= 3)
    assert len(counted) == 19
    _same(appliances.shares("negative_rate", "region"), counted)
    for value in counted:
        assert appliances.printed[f"breakdown.negative_rate.region.{value}.share"] in appliances.text


def test_what_came_before_the_promotion_is_not_laid_to_it(appliances: Paper, november: pl.DataFrame) -> None:
    assert november.filter(pl.col("day") < 11).height == 1602
    promotions = [one for one in appliances.review.breaks if one.kind == "promotion"]
    assert [(one.on, one.until) for one in promotions] == [(date(2016, 11, 11), date(2016, 11, 12))]
    said = [sentence for sentence in re.split("[。；]", appliances.text) if "双11" in sentence]
    assert all("与上次大促同阶段比较" in sentence for sentence in said)
    assert len(said) == 1
    assert not [cause for cause in appliances.review.causes if cause.kind == "promotion"]


def test_no_cause_is_named_and_the_nearest_is_told_with_its_numbers(appliances: Paper, november: pl.DataFrame) -> None:
    nearest = appliances.review.strongest_rejected
    assert appliances.review.causes == []
    assert nearest is not None
    assert nearest.slice == {"category": "热水器", "order_client": "来自网页购物"}
    mine = november.filter(
        pl.col("Product model").str.contains("热水器") & (pl.col("Order_from") == "来自网页购物") & (pl.col("stars") <= 3)
    )
    assert nearest.observed == mine.height
    assert re.search(rf"{mine.height}起对应有1[23](\.\d)?起", appliances.text)


def test_a_shop_of_reviews_uses_no_words_of_orders(appliances: Paper) -> None:
    assert [word for word in ORDER_WORDS if word in appliances.text.replace("不是每百单", "")] == []
    assert not re.search(r"按[a-z ]+看", "".join(appliances.pages))


# ---- Complaints to an authority ----------------------------------------------------------------


@pytest.fixture(scope="module")
def finance(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example("en_cfpb", tmp_path_factory.mktemp("finance") / "home")


@pytest.fixture(scope="module")
def february(finance: Example) -> Paper:
    return finance.paper("2015-02")


@pytest.fixture(scope="module")
def filings() -> pl.DataFrame:
    return _raw("en_cfpb/cfpb_2015q1_28156.csv.gz").with_columns(
        day=pl.col("Date received").str.to_date("%m/%d/%Y"), state=pl.col("State").replace("nan", None)
    )


def test_february_counts_what_the_raw_file_holds(february: Paper, filings: pl.DataFrame) -> None:
    months = dict(filings.group_by(pl.col("day").dt.month()).len().iter_rows())
    assert (
        (february.numbers["complaints.value"], february.numbers["complaints.previous"])
        == (months[2], months[1])
        == (12258, 12600)
    )
    states = filings.filter((pl.col("day").dt.month() == 2) & pl.col("state").is_not_null()).group_by("state").len()
    top = dict(states.sort("len", "state", descending=[True, False]).head(12).iter_rows())
    found = february.counts("complaints", "region")
    assert {state: n for state, n in found.items() if state in top} == top
    for printed in ("12,258", "12,600", "1,692"):
        assert printed in february.text


def test_every_row_of_a_table_stands_in_the_numbers(february: Paper) -> None:
    assert february.numbers["breakdown.complaints.complaint_issue.Cont'd attempts collect debt not owed.n"] == 1488


def test_the_one_cause_of_february_is_in_the_raw_file(february: Paper, filings: pl.DataFrame) -> None:
    assert [cause.slice for cause in february.review.causes] == [{"complaint_issue": "Closing/Cancelling account"}]
    closing = filings.filter(pl.col("Issue") == "Closing/Cancelling account")
    months = dict(closing.group_by(pl.col("day").dt.month()).len().iter_rows())
    (cause,) = february.review.causes
    assert (cause.observed, cause.exposure) == (months[2], months[1]) == (224, 68)
    busiest = closing.filter(pl.col("day").dt.month() == 2).group_by("day").len()["len"].max()
    assert isinstance(busiest, int) and busiest <= 0.1 * cause.observed  # spread over the month, no single burst


def test_an_english_edition_holds_no_chinese_and_no_words_of_orders(february: Paper) -> None:
    assert HAN.findall(february.text) == []
    assert [word for word in ORDER_WORDS if word in "".join(february.pages).replace("per order", "")] == []


def test_a_month_cut_off_is_partial_and_names_no_cause(finance: Example, filings: pl.DataFrame) -> None:
    march = finance.paper("2015-03")
    assert filings["day"].max() == date(2015, 3, 19)
    assert march.review.partial == "2015-03-01..2015-03-19"
    assert march.review.causes == []
    assert march.numbers["complaints.value"] == filings.filter(pl.col("day").dt.month() == 3).height == 3298
    assert "through19Mar" in march.text
    assert "nocausesarenamed" in march.text
    assert not [id_ for id_ in march.numbers if id_.startswith("cause.")]
    assert "complaints.previous" not in march.numbers


# ---- A marketplace -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def marketplace(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return Example("pt_olist_subset", tmp_path_factory.mktemp("marketplace") / "home").paper("2018-03")


def _olist(name: str) -> pl.DataFrame:
    return _raw(f"pt_olist_subset/olist_{name}_dataset.csv.gz").with_columns(pl.all().replace("nan", None))


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    english = _raw("pt_olist_subset/product_category_name_translation.csv.gz")
    return (
        _olist("order_reviews")
        .join(_olist("orders"), on="order_id")
        .join(_olist("customers"), on="customer_id")
        .join(_olist("order_items").filter(pl.col("order_item_id") == "1"), on="order_id", how="left")
        .join(_olist("products"), on="product_id", how="left")
        .join(english, on="product_category_name", how="left")
        .with_columns(
            bad=pl.col("review_score").cast(pl.Int64) <= 2,
            category=pl.coalesce("product_category_name_english", "product_category_name"),
            seller=pl.col("seller_id").str.slice(0, 8),
            answered=pl.col("review_answer_timestamp").str.to_datetime(),
            paid=pl.coalesce("order_approved_at", "order_purchase_timestamp").str.to_datetime(),
            delivered=pl.col("order_delivered_customer_date").str.to_datetime(),
            promised=pl.col("order_estimated_delivery_date").str.to_datetime(),
        )
    )


@pytest.fixture(scope="module")
def march(answers: pl.DataFrame) -> pl.DataFrame:
    return answers.filter(pl.col("answered").dt.strftime("%Y-%m") == "2018-03")


def test_the_marketplace_month_counts_what_the_raw_files_hold(marketplace: Paper, march: pl.DataFrame) -> None:
    assert marketplace.numbers["records.value"] == march.height == 659
    assert marketplace.numbers["breakdown.negative_rate.region.total"] == pytest.approx(march["bad"].sum() / march.height)
    assert march["bad"].sum() == 259
    assert march.filter("bad").unique("order_id").height == marketplace.numbers["complaints.value"] + 1  # two reviews, one matter
    for printed in ("659", "257", "39.3%"):
        assert printed in marketplace.text


@pytest.mark.parametrize(("dimension", "column"), [("region", "customer_state"), ("category", "category")])
def test_shares_of_two_stars_or_fewer_by_state_and_category(
    marketplace: Paper, march: pl.DataFrame, dimension: str, column: str
) -> None:
    counted = _shares_from(march, column, pl.col("bad"))
    assert len(counted) >= 5
    _same(marketplace.shares("negative_rate", dimension), counted)
    for value in counted:
        assert marketplace.printed[f"breakdown.negative_rate.{dimension}.{value}.share"] in marketplace.text


def test_sellers_are_counted_and_get_no_share(marketplace: Paper, march: pl.DataFrame) -> None:
    counted = march.filter(pl.col("bad") & pl.col("seller").is_not_null()).group_by("seller").len()
    found = marketplace.counts("negative_count", "seller")
    assert found == {seller: n for seller, n in counted.iter_rows() if seller in found}
    assert max(found.values()) == counted["len"].max() == 9
    assert marketplace.shares("negative_count", "seller") == {}
    assert marketplace.shares("negative_rate", "seller") == {}


def test_late_and_punctual_deliveries_are_compared_at_one_age(marketplace: Paper, answers: pl.DataFrame) -> None:
    first, last, age = datetime(2018, 2, 15), datetime(2018, 3, 18), timedelta(days=14)
    within = (pl.col("delivered") >= first) & (pl.col("delivered") < last) & pl.col("seller").is_not_null()
    # Handed over a day or more before it was paid: the checks set such a row aside.
    possible = pl.col("order_delivered_carrier_date").str.to_datetime() >= pl.col("paid") - timedelta(days=1)
    cohort = answers.filter(within & possible)
    orders = cohort.group_by("order_id").agg(
        late=(pl.col("delivered") > pl.col("promised")).any(),
        bad=(pl.col("bad") & (pl.col("answered") < pl.col("delivered") + age)).any(),
    )
    counted = {
        "late" if late else "on_time": (bad / n, n)
        for late, bad, n in orders.group_by("late").agg(bad=pl.col("bad").sum(), n=pl.len()).iter_rows()
    }
    found = marketplace.shares("complaint_rate_signed", "delivery")
    assert {name: n for name, (_, n) in found.items()} == {name: n for name, (_, n) in counted.items()}
    assert found["late"][0] == pytest.approx(counted["late"][0])
    assert found["late"][0] > 3 * found["on_time"][0]
    assert "15Feb–17Mar2018" in marketplace.text


def test_the_bias_of_the_sample_is_printed(marketplace: Paper) -> None:
    assert "all2,963ordersthatwereneverdelivered" in marketplace.text
    assert HAN.findall(marketplace.text) == []
    assert not re.search(r"[0-9a-f]{16,}|[a-z]+_[a-z]+", "".join(marketplace.pages))  # neither keys nor raw codes


def test_the_strongest_slice_of_the_marketplace_is_in_the_raw_files(marketplace: Paper, march: pl.DataFrame) -> None:
    (nearest,) = marketplace.review.causes or [marketplace.review.strongest_rejected]
    assert nearest is not None
    assert nearest.slice == {"region": "RJ"}
    rio = march.filter(pl.col("customer_state") == "RJ")
    assert (rio.height, nearest.exposure) == (98, 98)
    assert nearest.observed == rio.filter("bad").unique("order_id").height

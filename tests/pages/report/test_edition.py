"""Whole editions: numbers, words, pages, bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from functools import lru_cache
from html import unescape
from pathlib import Path

import pypdf
import pytest

from tasks.errors import ChannelProblem
from tasks.model.actions import ActionKind
from tasks.model.causes import CauseEvidence, CauseSearch, SearchBasis, SearchLack
from tasks.model.review import ChannelQuality, ExampleCase, Review
from tasks.report.edition import EditionFiles, draft, make
from tasks.report.language.messages import catalogue
from tasks.settings import Settings
from tests.makers.reviews import local, make_action, make_causes, make_review, make_shop, red_line

KINDS = (
    ("week", "zh-CN"),
    ("week", "en"),
    ("quiet", "zh-CN"),
    ("small", "zh-CN"),
    ("month", "zh-CN"),
    ("reviews", "en"),
    ("partial", "en"),
)


@lru_cache(maxsize=16)
def edition(kind: str, language: str) -> EditionFiles:
    """Make an edition once for all tests."""
    return _make(make_review(kind), language, "reviews" if kind == "reviews" else "orders")


def _make(review: Review, language: str = "zh-CN", base: str = "orders", audience: str = "executive") -> EditionFiles:
    return make(review, make_shop(base), audience, language, Settings())


def _pages(made: EditionFiles) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made.files[made.pdf_name])).pages]


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_every_printed_number_is_in_numbers_json(kind: str, language: str) -> None:
    made = edition(kind, language)
    known = {line["id"]: line["text"][language] for line in json.loads(made.files["numbers.json"])}
    html = made.files["report.html"].decode()
    spans = re.findall(r'<span data-n="([^"]*)">([^<]*)</span>', html)
    assert len(spans) > 15
    for id_, text in spans:
        assert unescape(text) == known[unescape(id_)]
    printed = _squeezed("".join(_pages(made)))
    for id_, text in spans:
        assert _squeezed(unescape(text)) in printed, id_
    bare = re.sub(r'<span data-(?:n|d|c)="[^"]*">[^<]*</span>', "", html)
    bare = re.sub(r"<svg.*?</svg>|<head>.*?</head>|<[^>]*>", " ", bare, flags=re.S)
    fixed = "\n".join(catalogue(language).entries.values())
    for near in re.findall(r"[^\W\d]?\d+[^\W\d]?", unescape(bare)):
        assert near in fixed, near
    charted = [
        unescape(text)
        for svg in re.findall(r"<svg.*?</svg>", html, flags=re.S)
        for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    ]
    endings = [text for text in charted if re.search(r"\d(起|%|万元)$|\d cases?$", text)]
    for text in endings:
        assert any(text.endswith(each) for each in known.values()), text


def test_both_languages_print_the_same_numbers() -> None:
    assert edition("week", "zh-CN").files["numbers.json"] == edition("week", "en").files["numbers.json"]


@pytest.mark.parametrize(
    ("kind", "language", "low", "high"),
    [
        ("week", "zh-CN", 2, 4),
        ("week", "en", 2, 4),
        ("quiet", "zh-CN", 1, 4),
        ("small", "zh-CN", 1, 1),
        ("month", "zh-CN", 6, 12),
    ],
)
def test_page_budgets(kind: str, language: str, low: int, high: int) -> None:
    assert low <= len(_pages(edition(kind, language))) <= high


def test_page_one_answers_in_the_order_of_the_meeting() -> None:
    text = _squeezed(_pages(edition("week", "zh-CN"))[0])
    order = [
        "11月2日—11月8日（第45周）",
        "正式版",
        "数据截至",
        "数据：可用",
        "本周红线：无",
        "3分钟人工回复率变差",
        "净损失",
        "品质退款率",
        "平台分",
        "78.2%",
        "上周承诺",
        "本周三件事",
        "请拍板",
    ]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "请决定：是否暂停销售并封存FW03-2608B在库312件。由李陶在11月10日18:00前答复。" in text


def test_a_red_line_opens_page_one_and_says_no_percentage() -> None:
    made = _make(make_review("week", red_lines=[red_line()]))
    first = _squeezed(_pages(made)[0])
    assert first.index("【红线】KT-11出现3起用电与人身安全反馈（11月3日、11月5日、11月6日）") < first.index("指标")
    assert "0.33%" not in first


def test_several_red_lines_say_once_what_is_to_be_done() -> None:
    burn = replace(red_line(), slice={"sku": "HW-13", "symptom": "burn"}, leaf="PRD.HEALTH", words="")
    text = _squeezed(_pages(_make(make_review("week", red_lines=[red_line(), burn])))[0])
    assert text.count("法务当日给出意见") == 1
    assert "HW-13出现3起烫伤反馈" in text


@pytest.mark.parametrize(("language", "asked"), [("zh-CN", "请决定"), ("en", "Todecide")])
def test_page_one_of_a_full_week_holds_all_decisions(language: str, asked: str) -> None:
    lines = [replace(red_line(), slice={"sku": f"HW-{index}"}, cases=4 - index % 2) for index in range(11, 19)]
    steps = [
        make_action(
            f"r{line.slice['sku']}", "先封存", ActionKind.CONTAIN, "陈立", local(2026, 11, 10), slice=line.slice, restricted=True
        )
        for line in lines
    ]
    made = _make(make_review("week", red_lines=lines, proposals=[*make_review().proposals, *steps]), language)
    pages = [_squeezed(page) for page in _pages(made)]
    assert pages[0].count(asked) == 3
    assert not any(asked in page for page in pages[1:])
    assert "HW-18" not in pages[0]  # page 1 tells three and counts the others, the causes name them
    assert "HW-18" in pages[1]
    assert len(pages) <= 4


def test_two_changes_that_reached_the_same_parcels_are_both_named() -> None:
    adapter = next(cause for cause in make_causes() if cause.cause_id == "c-adapter")
    together = (("batch_no", "SM04-2610A"), ("listing_version", "SM-04@v13"))
    cause = replace(
        adapter, slice={"sku": "SM-04", "ship_date": "2026-10-12.."}, evidence=replace(adapter.evidence, coincides=together)
    )
    text = _squeezed("".join(_pages(_make(make_review("week", causes=[cause])))))
    assert "自10月12日起发货的SM-04" in text
    assert "同时更换了：批次SM04-2610A、页面版本v13；原因待拆分。" in text
    assert "不跟批次走" not in text


def test_a_steady_trend_is_not_mentioned() -> None:
    night = next(cause for cause in make_causes() if cause.trend == "steady")
    text = _squeezed("".join(_pages(_make(make_review("week", causes=[night])))))
    assert "自第44周起。" in text
    assert "没有继续增加" not in text


def test_a_quiet_week_says_so() -> None:
    made = edition("quiet", "zh-CN")
    assert made.headline == "本周没有新的异常。共检查312处，均在正常范围内。请把时间用在2项逾期事项上。"
    assert "本周没有需要拍板的事" in made.mail_text


NOT_SOUGHT = {
    "weeks": CauseSearch(SearchBasis.NOTHING, SearchLack.WEEKS, 3, 5),
    "kinds": CauseSearch(SearchBasis.NOTHING, SearchLack.KINDS, 12, 30),
    "cases": CauseSearch(SearchBasis.NOTHING, SearchLack.CASES, 12, 30),
    "dimensions": CauseSearch(SearchBasis.NOTHING, SearchLack.DIMENSIONS),
    "compared": CauseSearch(SearchBasis.SAME_WEEKS, SearchLack.WEEKS, 3, 5, 40),
}


@pytest.mark.parametrize("search", NOT_SOUGHT.values(), ids=NOT_SOUGHT.keys())
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_causes_that_were_not_sought_are_never_sold_as_calm(search: CauseSearch, language: str) -> None:
    made = _make(make_review("quiet", search=search, tested=0), language)
    text = f"{made.headline} {made.mail_text} {' '.join(_pages(made))}"
    for calm in (
        "all within their normal",
        "carry on as planned",
        "things are normal",
        "Nothing outside",
        "均在正常",
        "按原计划",
        "整体正常",
        "没有新的异常",
    ):
        assert _squeezed(calm) not in _squeezed(text)
    assert made.headline.startswith(("Causes were not sought", "原因没有与过去比较", "没有查找原因"))


UNTOLD = {
    "little": (CauseSearch(searched=11, visible=9, weeks=4, able=False), "about 9 cases more in 4 weeks", "在4周内多出约9起以上"),
    "near": (CauseSearch(near=True), "the closest: ", "最接近的一处："),
}


@pytest.mark.parametrize(("search", "en", "zh"), UNTOLD.values(), ids=UNTOLD.keys())
def test_a_week_in_which_little_could_be_seen_is_not_called_normal(search: CauseSearch, en: str, zh: str) -> None:
    for language, said in (("en", en), ("zh-CN", zh)):
        made = _make(make_review("quiet", search=search), language)
        text = _squeezed(f"{made.headline} {' '.join(_pages(made))}")
        assert said in made.headline
        for calm in ("all within their normal", "carry on as planned", "Nothing outside", "均在正常", "按原计划", "没有新的异常"):
            assert _squeezed(calm) not in text


def test_the_headline_says_how_many_weeks_are_known_and_needed() -> None:
    review = make_review("quiet", search=NOT_SOUGHT["compared"])
    assert _make(review, "en").headline.strip() == (
        "Causes were not sought against the past: 3 weeks of orders and complaints from before this week are known, 5 weeks are needed. "
        "The parts of the latest weeks were compared with each other, 40 places in all; none stands out."
    )
    assert _make(review, "zh-CN").headline == (
        "原因没有与过去比较：本周之前只有3周同时有订单和投诉记录，需要5周。只把最近几周之内的各处互相比较，共40处，没有突出的。"
    )


def test_a_partial_period_names_no_cause() -> None:
    text = "".join(_pages(edition("partial", "en")))
    assert "partial period" in text
    assert "battery" not in text
    assert "clearly high" not in text


def test_a_small_shop_gets_no_percentage_of_few_cases() -> None:
    text = _squeezed("".join(_pages(edition("small", "zh-CN"))))
    assert "本周仅23起，只列明细，不算比例，也不判断升降" in text
    assert "明显" not in text


def test_files_are_named_by_period_and_audience() -> None:
    assert edition("week", "zh-CN").pdf_name == "售后周报_2026-W45_v1_管理层.pdf"
    assert edition("week", "en").pdf_name == "Aftersales-Weekly_2026-W45_v1_Management.pdf"
    assert set(edition("week", "en").files) == {
        "Aftersales-Weekly_2026-W45_v1_Management.pdf",
        "numbers.json",
        "page1.png",
        "main_points.txt",
        "mail.txt",
        "mail.html",
        "report.html",
    }


def test_words_with_legal_effect_pass_only_into_the_restricted_edition() -> None:
    action = make_action("x", "向客户说明产品缺陷并召回", ActionKind.CONTAIN, "李陶", local(2026, 11, 10))
    story = ExampleCase("你们卖假货，骗子，我要退一赔三", "PRD.FAULT", {"sku": "FW-03"}, date(2026, 11, 4), "r")
    review = make_review("week", proposals=[action], example_case=story, rejected_why="恶意")
    general = _make(review)
    whole = _squeezed("".join(_pages(general)) + general.mail_text + general.mail_html + general.subject)
    assert not make_shop().words.gate_hits(whole)
    assert "暂停销售并封存" in whole
    restricted = _make(review, audience="counsel")
    assert "召回" in _squeezed("".join(_pages(restricted)))
    assert "律师参阅" in _squeezed("".join(_pages(restricted)))


def test_a_code_that_nobody_reads_is_no_word_with_legal_effect() -> None:
    first = make_causes()[0]
    named = replace(first, leaves=(*first.leaves[:2], ("PRD.DEFECT", 5)))
    written = draft(make_review("week", causes=[named]), make_shop(), "executive", "en")
    assert 'leaf.PRD.DEFECT"' in written.html and not make_shop().words.gate_hits(re.sub("<[^>]*>", "", written.html))


def test_restricted_actions_are_left_out_with_one_line() -> None:
    general = _squeezed("".join(_pages(edition("week", "zh-CN"))))
    assert "另有1项受限事项" in general
    assert "报告义务" not in general
    assert "报告义务" in _squeezed("".join(_pages(_make(make_review("week"), audience="counsel"))))


HOSTILE = (
    '<img src="file:///etc/passwd"><script>x</script>',
    "</style><style>*{background:url(http://canary.example/x)}</style>",
    "{{ page }} {% for x in y %} {{ n('a') }}",
    "\u202egnissim \u2066x\u2069 \ufeff",
    "w" * 1_000_000,
    "🙃🤮👨‍👩‍👧‍👦🇨🇳",
    "Z\u0351\u0322\u0338a\u0351\u0322\u0338l\u0351g\u0322o\u0338" * 40,
    "\U0010fffd\ue000\uffff\u0e01",
    "Subject: x\r\nBcc: evil@example.com",
)


def test_hostile_text_is_printed_or_cut_but_never_obeyed() -> None:
    causes = [
        replace(make_causes()[0], cause_id=f"h{i}", slice={"sku": text}, leaf=text, evidence=CauseEvidence(), stock=None)
        for i, text in enumerate(HOSTILE[:5])
    ]
    actions = [
        make_action(
            f"h{i}",
            text or "x",
            ActionKind.CONTAIN,
            text,
            local(2026, 11, 10),
            metric=text,
            target_text=text,
            expected_effect=text,
            cause_id=f"h{i}",
        )
        for i, text in enumerate(HOSTILE)
    ]
    channels = [ChannelQuality(f"c{i}", text, 5, 5, 0, error=text) for i, text in enumerate(HOSTILE)]
    story = ExampleCase(" ".join(HOSTILE[:4]), "PRD.FAULT", {"sku": HOSTILE[8]}, date(2026, 11, 4), "r")
    made = _make(
        make_review("month", causes=causes, proposals=actions, channels=channels, example_case=story, rejected_why=HOSTILE[0])
    )
    html = made.files["report.html"].decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "<style" not in html
    assert "\u202e" not in html + made.mail_text + made.mail_html
    assert "&lt;img src=" in html
    assert "{{ page }}" in unescape(html)
    assert "\n" not in made.subject
    assert "\r" not in made.subject
    assert len(made.subject) <= 150
    assert len(made.mail_text) < 20_000


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("problem", list(ChannelProblem))
def test_a_channel_that_failed_is_explained_in_the_language_of_the_page(language: str, problem: ChannelProblem) -> None:
    channels = [ChannelQuality("desk", "", 5, 5, 0, error="There is no database x.", problem=problem)]
    html = draft(make_review("month", channels=channels), make_shop(), "executive", language).html
    assert catalogue(language)[f"channel_problem.{problem.value}"] in unescape(re.sub(r"<[^>]+>", "", html))
    assert "There is no database" not in html


def test_bytes_are_the_same_in_another_process_with_another_seed(tmp_path: Path) -> None:
    code = (
        "import hashlib, sys; from tests.makers.reviews import make_review, make_shop; from tasks.report.edition import make; from tasks.settings import Settings;"
        "made = make(make_review('week'), make_shop(), 'executive', 'zh-CN', Settings());"
        "print(hashlib.sha256(b''.join(made.files[k] for k in sorted(made.files))).hexdigest())"
    )
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(root), "TZ": "America/New_York", "LC_ALL": "C"}
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    made = edition("week", "zh-CN")
    assert other.stdout.strip() == hashlib.sha256(b"".join(made.files[name] for name in sorted(made.files))).hexdigest()


def test_the_picture_is_page_one_for_the_group_chat() -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(edition("week", "zh-CN").files["page1.png"]))
    assert picture.width == 1080
    assert 1500 < picture.height < 1550
    dark = sum(picture.convert("L").histogram()[:100])
    assert dark > 10_000


def test_a_revision_says_what_changed() -> None:
    made = _make(
        make_review("week", revision=2, previous_numbers={"quality_refund_rate.value": 0.018, "net_loss.value": 86_400.0})
    )
    text = _squeezed("".join(_pages(made)))
    assert "第2次修订" in text
    assert "品质退款率由1.8%改为1.9%。" in text
    assert "净损失由" not in text


def test_prior_actions_come_before_new_ones() -> None:
    text = _squeezed("".join(_pages(edition("month", "zh-CN"))))
    assert text.index("上月承诺兑现") < text.index("新行动：谁")


def test_no_heading_is_the_last_line_of_a_page() -> None:
    for kind, language in KINDS:
        html = edition(kind, language).files["report.html"].decode()
        headings = {
            _squeezed(re.sub(r"<[^>]*>", "", unescape(one))) for one in re.findall(r"<h[23][^>]*>(.*?)</h[23]>", html, flags=re.S)
        }
        for page in _pages(edition(kind, language)):
            lines = [_squeezed(line) for line in page.splitlines() if line.strip()]
            lines = [
                line
                for line in lines
                if "内部资料" not in line and "Internal," not in line and not re.fullmatch(r"\d+/\d+", line)
            ]
            assert lines[-1] not in headings, (kind, lines[-1])

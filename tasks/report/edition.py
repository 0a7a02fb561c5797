"""One edition: a review as PDF, picture, numbers and mail, for one audience in one language."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.model.editions import Number
from tasks.model.periods import Period
from tasks.model.report_sections import ReportSection
from tasks.model.review import Review
from tasks.privacy.second_net import SecondNet
from tasks.report.agenda import agenda
from tasks.report.language.legal_words import Gate
from tasks.report.language.messages import FOLDER
from tasks.report.language.numbers import Numbers
from tasks.report.language.phrase import clean, word
from tasks.report.language.registry import language as language_of
from tasks.report.language.voice import Voice
from tasks.report.layout import sections
from tasks.report.page import Page, page, section_words
from tasks.report.paper import first_page_png
from tasks.report.paper.chart_renderer import ChartRenderer
from tasks.report.paper.pdf_renderer import PdfRenderer
from tasks.report.sections.action_progress import ActionProgressView
from tasks.report.sections.matters import MattersView
from tasks.settings import Settings
from tasks.shop.load import Shop

_LAST_SPACE = re.compile(r" +(?=</(?:p|li)>)")
"""A space after the last word: if only this space does not fit the line, the renderer breaks the line after its first word."""

_PRINTED = re.compile(r'data-n="([^"]*)"')
_MARK = re.compile(r' data-[ncd]="[^"]*"')
"""The marks around a word or number until it is rendered; they hold leaf codes, which nobody reads."""


@dataclass(frozen=True)
class EditionFiles:
    """The parts of one edition: its files, its numbers, the text of its mail, and what the second net had to mask in them."""

    files: dict[str, bytes]
    numbers: list[Number]
    headline: str
    subject: str
    main_points: list[str]
    mail_text: str
    mail_html: str
    pdf_name: str
    masked: str = ""


@dataclass(frozen=True)
class Draft:
    """An edition whose pages are written but not yet rendered; `draft` leaves its charts undrawn."""

    html: str
    identifier: str
    stem: str
    period: Period
    sheet: Page
    numbers: Numbers
    gate: Gate
    voice: Voice
    net: SecondNet


def make(review: Review, shop: Shop, audience: str, language: str, settings: Settings) -> EditionFiles:
    """Make one edition; the same review, shop, audience and language give the same bytes.

    Args:
        review: Everything that may be said.
        shop: Names, people, audiences and words; as of the edition.
        audience: Code of audiences.yaml; an unknown one is a general edition.
        language: Code of a registered language.
        settings: Memory and time limits of the renderer.

    Raises:
        RenderError: If the PDF could not be made without a warning, or a gated word was left.
    """
    with pdf_renderer(review.period, settings) as painter:
        with ChartRenderer(settings.render_timeout_s) as renderer:
            written = drawn(draft(review, shop, audience, language), renderer)
        return finished(written, painted(written, painter))


def pdf_renderer(period: Period, settings: Settings) -> PdfRenderer:
    """Start the renderer of a period's editions."""
    return PdfRenderer(period, memory_mb=settings.render_memory_mb, timeout_s=settings.render_timeout_s)


def draft(review: Review, shop: Shop, audience: str, language: str) -> Draft:
    """Write an edition's pages; arguments and errors as in `make`."""
    known = shop.audiences.audiences.get(audience)
    restricted = known.restricted if known else False
    audience_name = known.name.of(language) if known else audience
    gate = Gate(shop.words, open_=restricted)
    numbers = Numbers(language, shop.identity.currency)
    voice = Voice(shop, language, numbers, gate, review.period)
    wanted = known.sections if known else ()
    sheet = page(review, agenda(review, shop, restricted=restricted), voice, sections(review.period.grain, wanted))
    html = templates().get_template("layouts/edition.html.j2").render(page=sheet)
    net = SecondNet(shop.own_words)
    html = _LAST_SPACE.sub("", html)
    gate.check(_MARK.sub("", html))
    identifier = f"after-sales-review:{review.period.id}:{audience}:{language}:r{review.revision}"
    stem = file_stem(review, net.words(audience_name), language)
    return Draft(html, identifier, stem, review.period, sheet, numbers, gate, voice, net)


def drawn(written: Draft, renderer: ChartRenderer) -> Draft:
    """Draw the charts of an edition's pages, and draw the second net through what is now whole."""
    return replace(written, html=written.net.page(renderer.drawn(written.html)))


def painted(written: Draft, renderer: PdfRenderer) -> bytes:
    """Render an edition's PDF."""
    return renderer.rendered(written.html, written.identifier)


def finished(written: Draft, document: bytes) -> EditionFiles:
    """Add the picture, the mail and the numbers to an edition's PDF."""
    sheet, numbers, stem, net = written.sheet, written.numbers, written.stem, written.net
    words = written.voice.catalogue
    points = [net.words(point) for point in main_points(sheet)]
    head, headline = sheet.head, net.words(sheet.head.conclusion.plain)
    subject = net.words(
        clean(
            words["mail.subject"].format(
                report=head.report.plain, period=head.period.plain, status=head.status.plain, headline=headline
            ),
            150,
        )
    )
    mail = {
        "page": sheet,
        "matters": sheet.view(ReportSection.MATTERS),
        "progress": sheet.view(ReportSection.ACTION_PROGRESS),
        "decisions": sheet.view(ReportSection.DECISIONS),
        "w": section_words(written.voice, "mail"),
        "points": points,
        "say": written.voice.say,
        "file": word(f"{stem}.pdf"),
    }
    mail_text = net.words(templates().get_template("mail/summary.txt.j2").render(**mail).strip() + "\n")
    mail_html = net.page(templates().get_template("mail/summary.html.j2").render(**mail))
    written.gate.check(subject + mail_text + _MARK.sub("", mail_html))
    printed = {unescape(id_) for id_ in _PRINTED.findall(written.html + mail_html)} | sheet.drawn
    kept = [number for number in numbers.all if number.id in printed]
    files = {
        f"{stem}.pdf": document,
        "numbers.json": net.json(numbers.to_json(printed)),
        "page1.png": first_page_png.first_page(document),
        "main_points.txt": ("\n".join(points) + "\n").encode(),
        "mail.txt": mail_text.encode(),
        "mail.html": mail_html.encode(),
        "report.html": written.html.encode(),
    }
    return EditionFiles(files, kept, headline, subject, points, mail_text, mail_html, f"{stem}.pdf", net.report)


def file_stem(review: Review, audience_name: str, language: str) -> str:
    """Return the name of an edition's PDF without its ending: report, period, revision, audience."""
    report = language_of(language).messages[f"report.file_{review.period.grain}"]
    name = re.sub(r"[^\w-]+", "-", audience_name).strip("-") or "x"
    return f"{report}_{review.period.id}_v{review.revision}_{name}"


def main_points(sheet: Page) -> list[str]:
    """Return at most six sentences for the mail's body: the conclusion, red lines, the matters, the state of actions."""
    points = [sheet.head.conclusion.plain]
    points += [line.plain for line in sheet.head.red[:2]]
    if isinstance(matters := sheet.view(ReportSection.MATTERS), MattersView):
        points += [(matter.what + matter.next_step).plain for matter in matters.matters]
    if isinstance(progress := sheet.view(ReportSection.ACTION_PROGRESS), ActionProgressView):
        points += [line.plain for line in progress.lines[:1]]
    return [clean(point, 480) for point in points][:6]


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the template environment: escaped, strict, reading only the packaged templates."""
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=lambda name: not (name or "").endswith(".txt.j2"),  # noqa: S701 - a plain-text mail is no HTML; all else is escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Report: turn the findings into one edition per audience and language, archive it, and record it in the ledger."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.model.editions import Edition, edition_id
from tasks.model.review import Review
from tasks.report.edition import EditionFiles, draft, drawn, finished, painted, pdf_renderer
from tasks.report.paper.chart_renderer import ChartRenderer
from tasks.run import Run, RunKind


@dataclass(frozen=True)
class Rendered:
    """The facts about a finished edition that an operator needs, without customers' words."""

    audience: str
    language: str
    subject: str
    main_points: tuple[str, ...]
    pdf_path: str


@task(name="render report", cache_policy=NO_CACHE, persist_result=False)
def render(run: Run, review: Review) -> list[Rendered]:
    """Make every edition, write its files whole, then its rows in one transaction."""
    run.progress("render report")
    rendered = []
    for audience, language, parts in _edition_files(run, review):
        edition = Edition(
            report=f"{run.report}-as-of" if run.kind is RunKind.LOOK_BACK else run.report,
            period=run.period.id,
            audience=audience,
            language=language,
            revision=run.revision,
            as_of=run.as_of,
            made_at=run.now,
            status=review.status,
            code_version=version("after-sales-review"),
            config_sha256=run.shop.sha256,
            taxonomy_version=run.shop.taxonomy.version,
            headline=parts.headline,
        )
        if parts.masked:
            get_run_logger().warning(
                "%s %s: personal data that collecting let through were masked at the last moment (%s); tell the maintainers their form.",
                audience, language, parts.masked,
            )  # fmt: skip
        files = {**parts.files, "subject.txt": f"{parts.subject}\n".encode()}
        stored = run.stores.ledger.latest_edition(edition.report, edition.period, audience, language)
        same = stored if stored is not None and stored.revision == edition.revision else None
        hashes = run.stores.archive.write(edition, files, stored=same)
        if run.kind is not RunKind.LOOK_BACK:
            run.stores.ledger.save_edition(
                Edition(**{**vars(edition), "files": hashes}),
                config_files=run.shop.files,
                period=run.period,
                numbers=parts.numbers,
                causes=review.causes,
                proposals=review.proposals,
            )
        get_run_logger().info("%s: %s numbers", edition_id(edition), len(parts.numbers))
        rendered.append(
            Rendered(audience, language, parts.subject, tuple(parts.main_points), f"{edition_id(edition)}/{parts.pdf_name}")
        )
    return rendered


def _edition_files(run: Run, review: Review) -> Iterator[tuple[str, str, EditionFiles]]:
    """Write all editions, then render one after another while the one before is finished.

    The process that draws has ended when the rendering begins, so that only one of the two takes memory.
    """
    with pdf_renderer(run.period, run.settings) as painter, ThreadPoolExecutor(1) as painting:
        with ChartRenderer(run.settings.render_timeout_s) as renderer:
            written = [
                (audience, language, drawn(draft(review, run.shop, audience, language), renderer))
                for audience, language in run.editions_wanted()
            ]
        documents = [painting.submit(painted, edition, painter) for _, _, edition in written]
        for (audience, language, edition), document in zip(written, documents, strict=True):
            yield audience, language, finished(edition, document.result())

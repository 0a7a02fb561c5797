"""The backfill form in a real browser, on a real Prefect server with a real worker; wrong entries are refused before any work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.makers.browser import chromium
from tests.makers.homes import ROOT, copied, counted
from tests.makers.serving import Served, serving

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(1200)]
PICTURES = ROOT / "tests" / "output"


@pytest.fixture(scope="module")
def served(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`aftersales serve` on free ports."""
    with serving(copied(sample_home, tmp_path_factory.mktemp("served") / "home")) as started:
        yield started


@pytest.fixture(scope="module")
def deployment(served: Served) -> str:
    """The id of the backfill's deployment."""
    return served.deployment("backfill/backfill")


def newest(served: Served, deployment: str) -> str:
    """Return the id of the deployment's newest run."""
    asked = {"sort": "EXPECTED_START_TIME_DESC", "limit": 1, "flow_runs": {"deployment_id": {"any_": [deployment]}}}
    return str(served.asked("POST", "flow_runs/filter", json=asked).json()[0]["id"])


@pytest.fixture
def page(served: Served) -> Iterator[Any]:
    """A page of Chromium, logged in as a person does; on the way out a picture of it is kept."""
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1300, "height": 1300})
        opened.set_default_timeout(60_000)
        outside: list[str] = []
        opened.on("request", lambda request: outside.append(request.url) if "127.0.0.1" not in request.url else None)
        opened.goto(f"{served.address}/deployments")
        opened.locator("input[type=password]").fill(served.login)
        opened.keyboard.press("Enter")
        opened.get_by_text("6 Deployments").first.wait_for()
        yield opened
        PICTURES.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=PICTURES / "browser_backfill.png")
    assert [url for url in outside if not url.startswith(("blob:", "data:"))] == []


def test_the_form_is_filled_in_runs_and_its_artifacts_show(served: Served, deployment: str, page: Any) -> None:
    page.goto(f"{served.address}/deployments/deployment/{deployment}/run")
    for label in ("First period", "Last period", "Kind of period", "Which of them", "Only show the plan", "Mail the reports"):
        page.get_by_text(label).first.wait_for()

    page.get_by_role("button", name="Submit").click()  # nothing filled in: refused in the form, no run is made
    page.get_by_text("required property").first.wait_for()
    assert counted(served.home).pulls == 0

    boxes = page.locator("textarea")
    boxes.nth(0).fill("2026-W44")
    boxes.nth(1).fill("2026-W45")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("scheduled to start").first.wait_for()

    run = newest(served, deployment)
    (ended,) = served.ended(run)
    assert (ended["state_type"], ended["parameters"]["request"]["first"]) == ("COMPLETED", "2026-W44")
    page.goto(f"{served.address}/runs/flow-run/{run}")
    page.get_by_text("Completed").first.wait_for()
    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_text("2 reviewed, 0 failed").first.wait_for()
    page.get_by_text("backfill-plan").last.wait_for()
    page.goto(f"{served.address}/artifacts/key/review-2026-w45-data")
    page.locator('a[href*="/artifacts/artifact/"]').first.click()
    page.get_by_text("store_forms").first.wait_for()
    after = counted(served.home)
    assert (after.editions, after.mails) == (2, 0)


def test_the_link_of_an_artifact_opens_the_pdf(served: Served) -> None:
    found = served.asked("GET", "artifacts/review-2026-w45-executive-zh-cn/latest").json()
    address = found["data"].split("](")[-1].rstrip(")")
    answer = httpx.get(address, timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")


REFUSED_AT_ONCE = [
    ({}, "required"),
    ({"first": "2026-W44", "grain": "day"}, "day"),
    ({"first": "2026-W44", "which": "some"}, "some"),
    ({"first": "2026-W44", "dry_run": "perhaps"}, "perhaps"),
    ({"first": "2026-W44", "everybody": True}, "everybody"),
]
REFUSED_BY_THE_RUN = [
    ({"first": "last week"}, "is not a period"),
    ({"first": "2026-W60"}, "There is no period"),
    ({"first": "2026-W44", "last": "2026-10"}, "2026-10"),
    ({"first": "2026-W45", "last": "2026-W44"}, "2026-W44"),
    ({"first": "2026-W44", "grain": "month"}, "is a week, but the kind of period says month"),
    ({"first": "2026-W44", "last": "2027-W10"}, "is not over yet"),
]


def test_wrong_entries_are_refused_before_any_work_each_with_a_sentence(served: Served, deployment: str) -> None:
    before = counted(served.home)
    address = f"deployments/{deployment}"
    for entry, sentence in REFUSED_AT_ONCE:
        answer = served.asked(
            "POST", f"{address}/create_flow_run", json={"parameters": {"request": entry}, "enforce_parameter_schema": True}
        )
        assert answer.status_code == 409 and sentence in answer.text, answer.text

    # what only the flow can judge ends within its first second; side by side, for each starts a process of its own
    served.asked("PATCH", address, json={"concurrency_limit": 10}).raise_for_status()
    ids = []
    for entry, _ in REFUSED_BY_THE_RUN:
        answer = served.asked(
            "POST", f"{address}/create_flow_run", json={"parameters": {"request": entry}, "state": {"type": "SCHEDULED"}}
        )
        ids.append(answer.raise_for_status().json()["id"])
    for run, (entry, sentence) in zip(served.ended(*ids), REFUSED_BY_THE_RUN, strict=True):
        assert run["state_type"] == "FAILED", entry
        assert sentence in run["state"]["message"], (entry, run["state"]["message"])
    assert counted(served.home) == before

"""prefect.yaml: what runs and when, and that it loads from anywhere."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.backfill import backfill
from flows.console.deploy import declared
from flows.early_warning import early_warning
from flows.redeliver import redeliver
from flows.review import review
from tasks.model.periods import Period
from tests.makers.homes import environment

FLOWS = {
    "flows.review.review": review,
    "flows.backfill.backfill": backfill,
    "flows.redeliver.redeliver": redeliver,
    "flows.early_warning.early_warning": early_warning,
}


SHANGHAI = "Asia/Shanghai"


def test_schedules_run_in_the_zone_of_the_shop_and_choose_the_week_that_ended_there() -> None:
    zone = "America/New_York"
    zones = {schedule["timezone"] for item in declared(zone).values() for schedule in item["schedules"]}
    assert zones == {zone}
    monday = datetime(2026, 11, 9, 9, 30, tzinfo=ZoneInfo(zone))
    assert Period.last_complete(monday, "week", zone).id == "2026-W45"
    assert (
        Period.last_complete(datetime(2026, 11, 9, 9, 30, tzinfo=ZoneInfo(SHANGHAI)), "week", zone).id == "2026-W44"
    )  # too early


def test_names_schedules_and_zones_are_these() -> None:
    shown = {
        name: [(s["slug"], s["cron"], s["timezone"], s["active"]) for s in item["schedules"]]
        for name, item in declared(SHANGHAI).items()
    }
    assert shown == {
        "review/weekly": [("monday", "30 9 * * 1", "Asia/Shanghai", True)],
        "review/weekly-final": [("tuesday", "0 14 * * 2", "Asia/Shanghai", True)],
        "review/monthly": [("third-of-month", "30 9 3 * *", "Asia/Shanghai", True)],
        "early_warning/early-warning": [
            ("morning", "0 8 * * *", "Asia/Shanghai", True),
            ("afternoon", "0 16 * * *", "Asia/Shanghai", True),
        ],
        "backfill/backfill": [],
        "redeliver/redeliver": [("half-hourly", "*/30 * * * *", "Asia/Shanghai", True)],
    }


def test_each_runs_alone_in_the_process_pool_and_says_what_it_does() -> None:
    for name, item in declared(SHANGHAI).items():
        assert item["concurrency_limit"] == 1, name
        assert item["work_pool"] == {"name": "aftersales"}, name
        assert len(item["description"]) > 40 and item["tags"], name


@pytest.mark.parametrize("name", sorted(declared(SHANGHAI)))
def test_parameters_fit_the_flow(name: str) -> None:
    item = declared(SHANGHAI)[name]
    parameters = item.get("parameters", {})
    entry = FLOWS[item["entrypoint"]]
    if entry is backfill:
        assert parameters == {}  # a person fills in the form
        return
    assert entry.validate_parameters(parameters) == parameters
    assert set(parameters) == set(entry.parameters.properties)


def test_only_the_scheduled_reviews_mail_by_themselves() -> None:
    sends = {
        name: item.get("parameters", {}).get("send") for name, item in declared(SHANGHAI).items() if name.startswith("review/")
    }
    assert sends == {"review/weekly": True, "review/weekly-final": True, "review/monthly": True}
    assert declared(SHANGHAI)["review/weekly"]["parameters"]["wait_until"] == "11:00"


def test_every_entrypoint_loads_from_another_folder(tmp_path: Path) -> None:
    script = (
        "import json, sys\n"
        "from prefect.flows import load_flow_from_entrypoint\n"
        "print(json.dumps([load_flow_from_entrypoint(name).name for name in sys.argv[1:]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *FLOWS],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ["review", "backfill", "redeliver", "early_warning"]


def test_the_form_of_a_backfill_has_labels_and_choices() -> None:
    schema = backfill.parameters.model_dump()
    request = schema["definitions"]["BackfillRequest"]["properties"]
    assert request["first"]["title"] == "First period"
    assert request["which"]["enum"] == ["missing", "failed", "stale", "all"]
    assert request["send"]["default"] is False
    assert all(field["description"] for field in request.values())

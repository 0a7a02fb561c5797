"""Ready-made declarations against a real server that answers as the vendor does: pages, a 429, a 500 in the middle."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.collect.pull import pull_channel
from tasks.connect.declaration import channel_of
from tasks.connect.vendors import vendor_blocks, vendor_names
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tests.makers.shops import default_shop

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
Answer = Callable[[str, dict[str, str]], Any]


def _zendesk(address: str, query: dict[str, str]) -> Any:
    second = "cursor" in query
    numbers = (3, 4) if second else (1, 2)
    tickets = [
        {
            "id": number, "created_at": f"2026-11-0{number}T08:00:00Z", "updated_at": f"2026-11-0{number}T09:00:00Z", "subject": "Lamp",
            "description": "The lamp went dark", "requester_id": 20978392, "assignee_id": None, "type": "incident",
            "status": "deleted" if number == 4 else "open", "tags": ["other_tag"], "metric_set": {"solved_at": "2026-11-05T09:30:00Z" if number == 1 else None, "reply_time_in_minutes": {"calendar": 25 if number == 1 else None, "business": 3}}, "via": {"channel": "web"},
        }
        for number in numbers
    ]  # fmt: skip
    after = f"{address}/api/v2/incremental/tickets/cursor.json?cursor=MTU3"
    return {"tickets": tickets, "after_url": after, "after_cursor": "MTU3", "before_url": None, "end_of_stream": second}


def _freshdesk(address: str, query: dict[str, str]) -> Any:
    page = int(query["page"])
    return [
        {
            "id": number, "created_at": f"2026-11-0{number}T08:00:00Z", "updated_at": f"2026-11-0{number}T09:00:00Z", "subject": "Lamp",
            "description": "<div>The lamp went dark</div>", "description_text": "The lamp went dark", "requester_id": 5, "responder_id": 7,
            "status": 5 if number == 1 else 2, "type": "Problem", "spam": number == 3, "custom_fields": {},
            "stats": {"first_responded_at": "2026-11-05T10:00:00Z", "closed_at": "2026-11-06T10:00:00Z" if number == 1 else None, "resolved_at": None},
        }
        for number in {1: (1, 2), 2: (3,)}.get(page, ())
    ]  # fmt: skip


class VendorServer(ThreadingHTTPServer):
    """A vendor's server that fails as told first."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), VendorHandler)
        self.answer, self.failures = answer, [429, 200, 500]
        self.queries: list[dict[str, str]] = []
        self.logins: set[str] = set()
        self.address = f"http://127.0.0.1:{self.server_port}"


class VendorHandler(BaseHTTPRequestHandler):
    """Answers every path with the vendor's pages."""

    server: VendorServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one page."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        status = self.server.failures.pop(0) if self.server.failures else 200
        if status == 200:
            self.server.queries.append(query)
            self.server.logins.add(self.headers.get("Authorization", ""))
        data = json.dumps(self.server.answer(self.server.address, query) if status == 200 else {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[VendorServer]:
    served = VendorServer(request.param)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def _pull(home: Path, server: VendorServer, vendor: str, start: datetime | None = None) -> PulledRows:
    (home / "secrets").mkdir(exist_ok=True)
    for name, value in (("zendesk_token", "right"), ("freshdesk_login", "Basic a2V5Olg=")):
        (home / "secrets" / name).write_text(value)
    text = "\n".join(vendor_blocks(vendor)[0]).replace(f"https://YOUR-SHOP.{vendor}.com", server.address)
    lines = text.replace("YOUR-ADDRESS", "you@shop.example").splitlines()
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    return pull_channel(
        channel_of(lines),
        window_start=start,
        window_end=NOW,
        shop=default_shop(),
        settings=settings,
        now=NOW,
        wait=lambda _: None,
    )


@pytest.mark.parametrize("vendor", vendor_names())
def test_every_vendor_has_a_page_and_a_valid_declaration(vendor: str) -> None:
    page = vendor.partition("-")[0]
    names = [channel_of(block).name for block in vendor_blocks(vendor)]
    assert names == [vendor] or all(name.startswith(f"{page}_") for name in names)
    assert f"--vendor {vendor}" in (ROOT / "docs" / "vendors" / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize("server", [_zendesk], indirect=True)
def test_zendesk(tmp_path: Path, server: VendorServer) -> None:
    batch = _pull(tmp_path, server, "zendesk")
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == ["1", "2", "3"]
    assert batch.frame["text"].unique().to_list() == ["The lamp went dark"]
    clocks = batch.frame.select("first_human_at", "closed_at").rows()
    assert clocks[0] == (datetime(2026, 11, 1, 8, 25, tzinfo=UTC), datetime(2026, 11, 5, 9, 30, tzinfo=UTC)) and clocks[1] == (
        None,
        None,
    )
    assert [query.get("start_time") for query in server.queries] == ["1", None]
    assert server.logins == {"Basic eW91QHNob3AuZXhhbXBsZS90b2tlbjpyaWdodA=="}
    server.queries.clear()
    assert _pull(tmp_path, server, "zendesk", datetime(2026, 11, 5, tzinfo=UTC)).error == ""
    assert server.queries[0]["start_time"] == str(int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()))


@pytest.mark.parametrize("server", [_freshdesk], indirect=True)
def test_freshdesk(tmp_path: Path, server: VendorServer) -> None:
    batch = _pull(tmp_path, server, "freshdesk")
    assert batch.error == ""
    rows = batch.frame.select("source_id", "status", "closed_at").sort("source_id").rows()
    assert rows == [("1", "closed", datetime(2026, 11, 6, 10, tzinfo=UTC)), ("2", "open", None)]
    assert batch.frame["first_human_at"].null_count() == 0
    assert [query["page"] for query in server.queries] == ["1", "2", "3"]
    assert server.logins == {"Basic a2V5Olg="}


PUBLISHED = (Settings().shared or ROOT.parent / "shared") / "data" / "api_fixtures"
FRESHDESK = PUBLISHED / "freshdesk" / "freshdesk" / "v2" / "tests" / "sample_json_data" / "all_tickets.json"


@pytest.mark.parametrize(
    "server", [lambda _, query: json.loads(FRESHDESK.read_text("utf-8")) if query["page"] == "1" else []], indirect=True
)
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the shared data sets with the vendors' published bodies are not there")
def test_freshdesks_published_tickets_are_read(tmp_path: Path, server: VendorServer) -> None:
    published = json.loads(FRESHDESK.read_text("utf-8"))
    batch = _pull(tmp_path, server, "freshdesk")
    assert batch.error == "" and batch.unreadable.is_empty()
    wanted = [str(ticket["id"]) for ticket in published if not ticket.get("spam")]
    assert sorted(batch.frame["source_id"]) == sorted(wanted)
    assert batch.frame["text"].null_count() == 0


def test_a_declaration_that_is_not_filled_in_says_so(tmp_path: Path) -> None:
    batch = pull_channel(
        channel_of(vendor_blocks("zendesk")[0]), window_start=None, window_end=NOW, shop=default_shop(),
        settings=Settings(home=tmp_path), now=NOW, wait=lambda _: None,
    )  # fmt: skip
    assert batch.error == "The channel still says YOUR-SHOP where a value of your own belongs."
    assert batch.problem == "unfinished" and "docs/vendors" in batch.hint

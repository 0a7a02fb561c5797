"""How many JSON records a CPU second does a pull over HTTP bring, and how much memory does it take?

    python -m benchmarks.collect --records 1000000

A server in a process of its own answers page after page; the function that the flow calls for a channel pulls them all in another
process, with paging by number and the columns of a service desk. Counted are that process's CPU seconds (all threads, without
imports) and the most memory it ever held. The size of a page is the default of `paging.size` unless `--page` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tasks.collect.pull import pull_channel
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
PROMISED_PER_CPU_SECOND = 30_000
PROMISED_MEGABYTES = 600
MARK = b"@PAGE@"
"""Stands in a prepared page for its number, so that no two records have one id and the server costs next to nothing."""


def page_of(size: int) -> bytes:
    """Return the body of one page: records of a service desk with nested objects, in Chinese and English."""
    records = [
        {
            "id": f"{MARK.decode()}-{n}",
            "created_at": (NOW - timedelta(minutes=n + 2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "updated_at": (NOW - timedelta(minutes=n + 1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "goods": {"sku": f"K-{n % 40}", "price": f"{n % 900}.50"},
            "buyer": {"ref": f"{MARK.decode()}b{n}"},
            "order": f"D{MARK.decode()}{n}",
            "state": ("open", "closed")[n % 2],
            "content": ("盖子拧不紧，放包里漏了一半，要求换一个", "The lid does not close and half of it ran out in my bag")[
                n % 2
            ],
        }
        for n in range(size)
    ]
    return json.dumps({"data": {"items": records}}, ensure_ascii=False).encode()


class _PageHandler(BaseHTTPRequestHandler):
    """Answers pages by number until all records are told; the last page is empty."""

    protocol_version = "HTTP/1.1"
    page = b""
    pages = 0

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one page."""
        number = int(parse_qs(urlsplit(self.path).query)["page"][0])
        body = self.page.replace(MARK, b"%06d" % number) if number <= self.pages else b'{"data": {"items": []}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(told: Connection, pages: int, size: int) -> None:
    """Serve the pages on loopback until the process is ended; tell the port."""
    _PageHandler.page, _PageHandler.pages = page_of(size), pages
    with ThreadingHTTPServer(("127.0.0.1", 0), _PageHandler) as server:
        told.send(server.server_port)
        server.serve_forever()


def pulled(port: int, size: int) -> dict[str, Any]:
    """Pull everything from the server; return what came, CPU and wall seconds, and megabytes."""
    channel = Channel.model_validate(
        {
            "name": "desk", "table": "feedback", "source": "ticket", "source_id": "id", "stamp": "updated_at", "zone": "UTC",
            "read": {"kind": "http_api", "url": f"http://127.0.0.1:{port}/tickets", "records": "data.items",
                     "paging": {"kind": "page", "param": "page", "size_param": "size", "size": size}},
            "columns": {"submitted_at": "created_at", "text": "content", "sku": "goods.sku", "unit_price": "goods.price",
                        "customer_ref": "buyer.ref", "order_ref": "order",
                        "status": {"from": "state", "map": {"open": "open", "closed": "closed"}}},
        }
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "secrets").mkdir()
        settings = Settings(home=Path(folder), secret="benchmark key of thirty-two letters")
        shop = Shop.load(folder)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started, clock = time.process_time(), time.perf_counter()
        batch = pull_channel(channel, window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)
        cpu, wall = time.process_time() - started, time.perf_counter() - clock
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"read": batch.read, "bad": batch.unreadable.height, "error": batch.error, "cpu_s": round(cpu, 1), "wall_s": round(wall, 1),
            "before_mb": round(before / 1024), "peak_mb": round(peak / 1024)}  # fmt: skip


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--page", type=int, default=200, help="records a page")
    parser.add_argument("--hold", action="store_true", help="end with an error where a promise is broken")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    pages = max(1, options.records // options.page)
    context = multiprocessing.get_context("spawn")
    hear, tell = context.Pipe(duplex=False)
    server = context.Process(target=_served, args=(tell, pages, options.page), daemon=True)
    server.start()
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            result = pool.submit(_pulled_elsewhere, hear.recv(), options.page).result()
    finally:
        server.terminate()
        server.join()
    result["per_cpu_s"] = round(result["read"] / max(result["cpu_s"], 0.01))
    print(json.dumps(result))
    kept = result["read"] == pages * options.page and not result["error"]
    slow = result["per_cpu_s"] < PROMISED_PER_CPU_SECOND or result["peak_mb"] > PROMISED_MEGABYTES
    if options.hold and (not kept or slow):
        sys.exit(f"Broken: all records, at {PROMISED_PER_CPU_SECOND:,} a CPU second, under {PROMISED_MEGABYTES} MB.")


def _served(told: Connection, pages: int, size: int) -> None:
    from benchmarks import collect  # what a module run by `-m` defines cannot be found by another process

    collect.serve(told, pages, size)


def _pulled_elsewhere(port: int, size: int) -> dict[str, Any]:
    from benchmarks import collect

    return collect.pulled(port, size)


if __name__ == "__main__":
    main()

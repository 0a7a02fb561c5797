"""No message repeats a secret."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.collect.secret_texts import without_secrets
from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    read: %s
    source_id: id
    columns: {submitted_at: at, text: text}
"""


def test_every_way_of_writing_one() -> None:
    secrets = {"desk_url": "https://me:pass word@desk.example/hooks/s3cr3tpath?token=t0ken-value", "key": "sk-abcdef\nsecondline"}
    for text in (
        "Invalid URL 'https://me:pass word@desk.example/hooks/s3cr3tpath?token=t0ken-value'",
        "GET /hooks/s3cr3tpath failed",
        "token t0ken-value is unknown",
        "login pass%20word",
        "Illegal header value b'Bearer sk-abcdef\\nsecondline'",
        "line secondline",
    ):
        masked = without_secrets(text, secrets)
        assert not any(
            part in masked for part in ("s3cr3t", "t0ken-value", "pass word", "pass%20word", "sk-abcdef", "secondline")
        ), masked
        assert "[secret " in masked
    assert without_secrets("desk.example cannot be reached", secrets) == "desk.example cannot be reached"


@pytest.mark.parametrize(
    "address",
    [
        "https://desk.example/hook/s3cr3t-part\nX: y",
        "https://desk.example:port/s3cr3t-part",
        "https://[desk.example/s3cr3t-part",
        "s3cr3t-part",
        "http://user:s3cr3t-part@\x00/",
        "http://" + "a" * 70_000 + "/s3cr3t-part",
    ],
)
@pytest.mark.parametrize(
    "read", ["{kind: http_api, url_secret: address, retries: 0}", "{kind: sql_table, url_secret: address, table: t}"]
)
def test_an_address_that_cannot_be_used_is_not_repeated(
    pull: Callable[..., PulledRows], tmp_path: Path, address: str, read: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "address").write_text(address, "utf-8")
    batch = pull(CHANNEL % read)
    assert batch.error
    told = batch.error + batch.hint + "".join(batch.warnings)
    assert "s3cr3t" not in told, told
    assert "\n" not in batch.error


def test_a_key_that_is_no_header_is_not_repeated(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("s3cr3t-part\n密钥", "utf-8")
    batch = pull(CHANNEL % "{kind: http_api, url: 'http://127.0.0.1:9/', retries: 0, auth: {kind: bearer, secret: key}}")
    assert batch.error
    assert "s3cr3t" not in batch.error + batch.hint

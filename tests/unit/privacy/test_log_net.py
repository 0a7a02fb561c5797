"""Logs and errors name nobody, whichever logger writes and whichever handler listens."""

import io
import logging
from collections.abc import Iterator

import pytest

from tasks.errors import UserError
from tasks.privacy.log_net import LogNet, discreet_errors, spread_log_net


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Spread the net under a logger of its own, and take it away afterwards."""
    before, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("aftersales.test")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


def test_messages_and_tracebacks_are_masked(written: io.StringIO):
    spread_log_net(frozenset({"desk@shop.example"}))
    spread_log_net()
    assert not isinstance(logging.getLogRecordFactory().makes, LogNet)
    logger = logging.getLogger("aftersales.test")
    logger.warning("%s: %s rows; desk@shop.example, port %s", "19900001234.csv", 3, "http://127.0.0.1:4200")
    try:
        raise ValueError("bad cell wang@mail.example")
    except ValueError:
        logger.exception("it broke")
    logger.warning("100 %% of 3 rows")
    told = written.getvalue()
    assert "***.csv: 3 rows; desk@shop.example, port http://127.0.0.1:4200" in told
    assert "ValueError: bad cell ***" in told
    assert "wang" not in told


def test_errors_that_name_somebody_are_raised_without_the_name():
    with pytest.raises(UserError, match=r"File \*\*\*\.csv is empty\.") as raised, discreet_errors():
        raise UserError("File 19900001234.csv is empty.", hint="Ask 0571-81230000.")
    assert raised.value.hint == "Ask ***."
    assert raised.value.__cause__ is None
    with pytest.raises(RuntimeError, match=r"KeyError: '\*\*\*'"), discreet_errors():
        raise KeyError("19900001234")
    with pytest.raises(KeyError, match="sku"), discreet_errors():
        raise KeyError("sku")

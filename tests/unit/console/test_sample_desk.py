"""The sample shop where it is, and a sentence where it is not."""

import pytest

from examples.sample_shop import server
from flows.console.sample_desk import DATABASE, not_installed
from tasks.errors import UserError


def test_the_desk_has_one_name():
    assert DATABASE == server.DATABASE


@pytest.mark.parametrize(
    ("name", "kind"), [("examples", UserError), ("examples.sample_shop", UserError), ("polars", ModuleNotFoundError)]
)
def test_only_missing_examples_are_explained(name: str, kind: type[Exception]):
    assert type(not_installed(ModuleNotFoundError(name=name))) is kind

"""The group of all console commands: the one place where an error becomes two sentences and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import click

from flows.console.printed_text import printable
from tasks.errors import UserError


class Commands(click.Group):
    """A group that prints a user's mistake and a fault of the machine as two sentences, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a mistake or a fault of the machine ends it with exit code 1, Ctrl-C with 130."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            _end(error)
        except (KeyboardInterrupt, click.Abort):
            click.echo("Stopped. Nothing was left half-written; run the same command again to continue.", err=True)
            sys.exit(130)
        except Exception as fault:
            from flows.console.faults import told  # after the fact: it costs a command that works nothing

            if (sentences := told(fault)) is None:
                raise
            _end(sentences)


def _end(error: UserError) -> None:
    click.echo(printable(f"✗ {error}"), err=True)
    sys.exit(1)

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
        except click.NoSuchOption as error:
            if error.option_name not in {option for each in self.params for option in each.opts}:
                raise
            place = f"aftersales {error.option_name} … {_of(error)} …"
            raise click.UsageError(f"{error.option_name} stands before the command: {place}", error.ctx) from error
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


def _of(error: click.UsageError) -> str:
    return error.ctx.info_name or "" if error.ctx is not None else ""


def _end(error: UserError) -> None:
    click.echo(printable(f"✗ {error}"), err=True)
    sys.exit(1)

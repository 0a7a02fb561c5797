"""The console command `aftersales`; each subcommand imports only what it needs, so that answers from the ledger are quick."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.console.commands import Commands
from flows.console.plain_console import PlainConsole
from tasks.files import only_for_owner
from tasks.settings import Settings, choose_home, load_settings

if TYPE_CHECKING:
    from flows.console.backfill import Which
    from tasks.model.periods import Grain

console = PlainConsole(soft_wrap=True, width=None if sys.stdout.isatty() else 160)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The shop's folder. Default: $AFTERSALES_HOME, else ./home.",
)
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Review after-sales complaints: what went wrong, why, who fixes it by when, and whether last time's actions worked.

    Start with `aftersales --home myshop init`, or try the sample shop with `make demo`.
    """
    only_for_owner()
    if home is not None:
        choose_home(home)
    ctx.obj = load_settings()


@main.command()
@click.option("--name", default="", help="Name of the shop.")
@click.option(
    "--language", "languages", multiple=True, help="Language of reports and mails: zh-CN or en; the first is the shop's own."
)
@click.option("--zone", default="", help="Zone of weeks, schedules and sources, as Europe/London.")
@click.option("--currency", default="", help="Currency in which money is counted, as GBP.")
@click.pass_obj
def init(settings: Settings, name: str, languages: tuple[str, ...], zone: str, currency: str) -> None:
    """Create a new shop's folder with a commented configuration; what is not given is what this machine suggests."""
    from flows.console.init import make_home
    from flows.console.new_shop import beginning

    chosen = beginning(name=name, languages=languages, zone=zone, currency=currency)
    for line in make_home(settings.home, chosen, datetime.now(UTC).year):
        console.print(line)


@main.group()
def channels() -> None:
    """Inspect the shop's sources."""


@channels.command("try")
@click.argument("name")
@click.pass_obj
def channels_try(settings: Settings, name: str) -> None:
    """Show 20 mapped rows of channel NAME and what would be rejected. Nothing is stored."""
    from flows.console.channels import try_channel

    with console.discreet(settings.home):
        try_channel(settings, name, console)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--table", default="", help="What the files hold, if the proposal errs: feedback, order_line, aftersale or product."
)
@click.option("--name", default="", help="Name of the channel. Default: made of the file's name.")
@click.option(
    "--vendor",
    default="",
    help="A ready-made declaration: shopify (without files), shopify-csv (of exported files).",
)
@click.option("--language", default="", help="Language of the explanations, zh-CN or en. Default: the shop's first.")
@click.option("--write", is_flag=True, help="Add the channels to HOME/config/channels.yaml; without it they are only shown.")
@click.pass_obj
def connect(settings: Settings, /, files: tuple[Path, ...], **given: Any) -> None:
    """Propose a declaration for sample FILES, say what is missing and what that costs, and show 20 rows mapped by it."""
    from flows.console.connect import connect_files

    with console.discreet(settings.home):
        connect_files(settings, files, **given, console=console)


@main.command()
@click.option(
    "--period", default="", help="A week (2026-W45), month (2026-10) or quarter (2026-Q4). Default: the last complete one."
)
@click.option(
    "--grain",
    type=click.Choice(["week", "month", "quarter"]),
    default="week",
    show_default=True,
    help="Which kind of period, when none is named.",
)
@click.option("--as-of", default="", help="Review what was known at this moment, as 2026-11-10T14:00 in the shop's zone.")
@click.option("--revise", is_flag=True, help="Pull again and make a new revision of a finished period.")
@click.option("--send", is_flag=True, help="Mail the report. Nobody gets the same revision twice.")
@click.option("--verify", is_flag=True, help="Remake an archived edition and compare every byte.")
@click.pass_obj
def review(settings: Settings, period: str, grain: Grain, as_of: str, revise: bool, send: bool, verify: bool) -> None:
    """Review one period: pull, analyse, report, and mail if asked."""
    if verify:
        from flows.console.verify import verify_here

        verify_here(settings, period, grain, as_of, console)
    else:
        from flows.console.review import review_here

        review_here(settings, period=period, grain=grain, as_of=as_of, revise=revise, send=send, console=console)


@main.command()
@click.argument("span", metavar="2026-W40..2026-W45")
@click.option(
    "--which",
    type=click.Choice(["missing", "failed", "stale", "all"]),
    default="missing",
    show_default=True,
    help="Which periods of the range.",
)
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--send", is_flag=True, help="Mail the reports; without it no mail is sent.")
@click.pass_obj
def backfill(settings: Settings, span: str, which: Which, dry_run: bool, send: bool) -> None:
    """Review a range of earlier periods, oldest first; run it again after an interruption and it continues."""
    from flows.console.backfill import backfill_here

    backfill_here(settings, span=span, which=which, dry_run=dry_run, send=send, console=console)


@main.command("early-warning")
@click.option("--as-of", default="", help="Look at what was known at this moment, as 2026-11-10T08:00 in the shop's zone.")
@click.option("--send", is_flag=True, help="Mail the warnings and store them. Nobody gets the same warning twice.")
@click.pass_obj
def early_warning(settings: Settings, as_of: str, send: bool) -> None:
    """Look for what cannot wait for Monday; show it, and mail it if asked."""
    from flows.console.early_warning import watch_here

    watch_here(settings, as_of=as_of, send=send, console=console)


@main.group()
def warnings() -> None:
    """List and answer early warnings."""


@warnings.command("list")
@click.option("--state", default="", help="Only warnings in this state: open, escalated, answered, expired.")
@click.option("--owner", default="", help="Only those of this person.")
@click.pass_obj
def warnings_list(settings: Settings, state: str, owner: str) -> None:
    """List the warnings that were sent."""
    from flows.console.warnings import list_warnings

    list_warnings(settings, state, owner, console)


@warnings.command("answer")
@click.argument("warning_id")
@click.argument("answer", type=click.Choice(["real", "false", "known"]))
@click.option("--by", required=True, help="Who answers.")
@click.option("--why", default="", help="What was found.")
@click.pass_obj
def warnings_answer(settings: Settings, warning_id: str, answer: str, by: str, why: str) -> None:
    """Record a person's answer to a warning: real, false, or already known."""
    from flows.console.warnings import answer_warning

    answer_warning(settings, warning_id, answer, by, why, console)


@main.command()
@click.option("--period", default="", help="Only mails of this period.")
@click.option("--failed", is_flag=True, help="Also send again what the mail server refused, once its cause is mended.")
@click.pass_obj
def redeliver(settings: Settings, period: str, failed: bool) -> None:
    """Settle uncertain mails and send queued ones."""
    from flows.console.mails import redeliver_here

    redeliver_here(settings, period, datetime.now(UTC), console, failed=failed)


@main.command()
@click.argument("recipient")
@click.option("--period", required=True, help="Period of the mail, as 2026-W45.")
@click.option("--arrived/--lost", required=True, help="What the reader says: it arrived, or it did not and must be sent again.")
@click.option("--by", required=True, help="Who asked the reader.")
@click.pass_obj
def settle(settings: Settings, recipient: str, period: str, arrived: bool, by: str) -> None:
    """Record whether an uncertain mail reached RECIPIENT, as a person confirmed."""
    from flows.console.mails import settle_mail

    settle_mail(settings, recipient, period, arrived, by, datetime.now(UTC), console)


@main.group()
def causes() -> None:
    """List causes, and confirm or reject them."""


@causes.command("list")
@click.option("--period", default="", help="Only causes last named in this period, as 2026-W45.")
@click.option("--status", default="", help="Only with this status: suspected, reproduced, confirmed, rejected.")
@click.pass_obj
def causes_list(settings: Settings, period: str, status: str) -> None:
    """List the causes, newest first, and count what people decided."""
    from flows.console.causes import list_causes

    list_causes(settings, period, status, console)


@causes.command("show")
@click.argument("cause_id")
@click.pass_obj
def causes_show(settings: Settings, cause_id: str) -> None:
    """Show one cause with its records and every decision about it."""
    from flows.console.causes import show_cause

    show_cause(settings, cause_id, console)


@causes.command("decide")
@click.argument("cause_id")
@click.argument("status", type=click.Choice(["reproduced", "confirmed", "rejected"]))
@click.option("--by", required=True, help="Who decides.")
@click.option("--why", required=True, help="Number of a test report, or the reason.")
@click.option("--at", default="", help="When it was decided, as 2026-11-10T14:00. Default: now.")
@click.pass_obj
def causes_decide(settings: Settings, cause_id: str, status: str, by: str, why: str, at: str) -> None:
    """Record that a cause was reproduced, confirmed or rejected, and why; every decision is kept."""
    from flows.console.causes import decide
    from tasks.model.causes import CauseStatus

    decide(settings, cause_id, CauseStatus(status), by=by, why=why, at=at, console=console)


@main.group()
def actions() -> None:
    """List, accept and update actions."""


@actions.command("list")
@click.option("--state", default="", help="Only actions in this state: proposed, open, in_progress, to_verify, closed …")
@click.option("--owner", default="", help="Only those of this person.")
@click.pass_obj
def actions_list(settings: Settings, state: str, owner: str) -> None:
    """List the actions."""
    from flows.console.actions import list_actions

    list_actions(settings, state, owner, console)


@actions.command("show")
@click.argument("action_id")
@click.pass_obj
def actions_show(settings: Settings, action_id: str) -> None:
    """Show one action and everything that happened to it."""
    from flows.console.actions import show_action

    show_action(settings, action_id, console)


@actions.command("accept")
@click.argument("action_id")
@click.option("--by", required=True, help="Who accepts.")
@click.option("--owner", default="", help="Owner, if not the proposed one.")
@click.option("--due", default="", help="Due date, if not the proposed one, as 2026-11-20.")
@click.pass_obj
def actions_accept(settings: Settings, action_id: str, by: str, owner: str, due: str) -> None:
    """Accept a proposed action; from then on it can be overdue."""
    from flows.console.actions import accept_action

    accept_action(settings, action_id, by=by, owner=owner, due=due, console=console)


@actions.command("update")
@click.argument("action_id")
@click.argument(
    "kind",
    type=click.Choice(["started", "done", "postponed", "reassigned", "cut_in", "verified", "closed", "reopened", "cancelled"]),
)
@click.option("--by", required=True, help="Who reports it.")
@click.option("--at", default="", help="When it happened, as 2026-11-10T14:00. Default: now.")
@click.option("--due", default="", help="New date, for postponed.")
@click.option("--owner", default="", help="New owner, for reassigned.")
@click.option("--cut-in", default="", help="First batch, date, release or shift with the change, for done and cut_in.")
@click.option("--evidence", default="", help="Report number, photo or page version.")
@click.option("--why", default="", help="Reason.")
@click.pass_obj
def actions_update(settings: Settings, /, action_id: str, kind: str, **given: str) -> None:
    """Record what became of an action: started, done, postponed and so on."""
    from flows.console.actions import update_action

    update_action(settings, action_id, kind, given, console)


@actions.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def actions_import(settings: Settings, file: Path) -> None:
    """Import actions and their history, with their own times, from FILE: one JSON object per line."""
    from flows.console.actions import import_actions

    import_actions(settings, file, console)


@main.command()
@click.option("--grain", type=click.Choice(["week", "month", "quarter"]), default="week", show_default=True)
@click.option("--last", default=12, show_default=True, help="How many periods.")
@click.pass_obj
def status(settings: Settings, grain: Grain, last: int) -> None:
    """Show which periods have editions, the last pull of each channel, deliveries and uncertain mails."""
    from flows.console.status import show_status

    show_status(settings, grain, last, datetime.now(UTC), console)


@main.command()
@click.option("--seed", default=1, show_default=True, help="Random seed: another number makes another shop.")
@click.option("--weeks", default=60, show_default=True, help="Weeks of history.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the shop; 1 is 24,000 orders in a normal week.")
@click.option("--through", default="2026-W45", show_default=True, help="Last week; 2026-W47 shows the week after 双11.")
@click.pass_obj
def sample(settings: Settings, seed: int, weeks: int, scale: float, through: str) -> None:
    """Write the sample shop: its sources in their original formats, its configuration and its ground truth."""
    from flows.console.sample import write_sample

    write_sample(settings, seed=seed, weeks=weeks, scale=scale, through=through, console=console)


@main.command()
@click.option("--seed", default=1, show_default=True, help="Random seed: another number makes another shop.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the shop; smaller is quicker.")
@click.pass_obj
def demo(settings: Settings, seed: int, scale: float) -> None:
    """Write the sample shop and review its last full week and month."""
    from flows.console.demo import run_demo

    run_demo(settings, seed=seed, scale=scale, console=console)


@main.command()
@click.option(
    "--port", default=4200, show_default=True, help="Port of the Prefect server; AFTERSALES_ARCHIVE_URL has the archive's."
)
@click.option("--mail-port", default=8025, show_default=True, help="Port of the page that shows the mails in the outbox.")
@click.pass_obj
def serve(settings: Settings, port: int, mail_port: int) -> None:
    """Run everything on this machine until Ctrl-C: Prefect server, worker, deployments, archive and outbox."""
    from flows.console.serve import serve_all

    serve_all(settings, port, console, mail_port)


@main.command()
@click.pass_obj
def deploy(settings: Settings) -> None:
    """Register the deployments, in the shop's zone, and the rule that ends zombie runs with the Prefect server in PREFECT_API_URL."""
    from flows.console.deploy import deploy_all

    deploy_all(settings, console)


@main.command()
@click.option("--mend", is_flag=True, help="First remove rows that the lake holds twice, in one commit a table.")
@click.pass_obj
def doctor(settings: Settings, mend: bool) -> None:
    """Check configuration, keys, fonts, stores, channels, mail, Prefect and worker, and say what to do."""
    from flows.console.checks.shop import config_folder
    from flows.console.doctor import check_up, mend_lake

    config_folder(settings)  # a misspelt home stays empty
    with console.discreet(settings.home):
        if mend:
            mend_lake(settings, datetime.now(UTC), console)
        code = check_up(settings, datetime.now(UTC), console)
    sys.exit(code)


if __name__ == "__main__":
    main()

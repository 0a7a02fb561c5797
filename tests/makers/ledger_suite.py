"""What the ledger promises, whatever database it lives in: run on SQLite by test_ledger.py, on PostgreSQL by test_postgres.py."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text

from tasks.errors import ChannelProblem, ContentChanged, LeaseHeld, UserError
from tasks.model.actions import Action, ActionKind, ActionState
from tasks.model.causes import Arrival, Cause, CauseEvidence, CauseStatus, Forecast
from tasks.model.editions import Delivery, DeliveryState, Edition, Number
from tasks.model.facts import Pull
from tasks.model.periods import Period
from tasks.model.rows import FileContent, KnownFiles
from tasks.store.ledger import Ledger
from tasks.store.tables import HEAD

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
WEEK = Period.parse("2026-W45")


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def edition(**changes: Any) -> Edition:
    made = Edition(
        report="weekly",
        period="2026-W45",
        audience="executive",
        language="zh-CN",
        revision=1,
        as_of=NOW,
        made_at=NOW,
        status="final",
        code_version="0.1.0",
        config_sha256="c" * 64,
        taxonomy_version="1",
        files={"numbers.json": "b" * 64, "report.pdf": "a" * 64},
        headline="本周售后整体正常",
    )
    return replace(made, **changes)


def action(**changes: Any) -> Action:
    made = Action(
        action_id="A-1",
        what="封存该批次在库",
        kind=ActionKind.CONTAIN,
        cause_id="C-1",
        owner="周品控",
        department="品控",
        due=NOW + hours(24),
        metric="confirmed_faults",
        exposure="units_signed",
        age_days=30,
        slice={"batch_no": "FW03-2608B"},
        leaf="PRD.FAULT",
        target=0.011,
        target_text="",
        expected_effect="每周少约10起",
        period="2026-W45",
        evidence_required=("封存单",),
        baseline_from=date(2026, 6, 1),
        control={"line": "FW"},
    )
    return replace(made, **changes)


def cause(**changes: Any) -> Cause:
    made = Cause(
        cause_id="C-1",
        kind="slice",
        slice={"batch_no": "FW03-2608B"},
        family="wear",
        leaf="PRD.FAULT",
        leaves=(("PRD.FAULT", 9), ("PRD.PARTS", 1)),
        observed=9.5,
        expected=1.6,
        ratio=5.9,
        low=3.1,
        high=10.2,
        contribution=0.41,
        llr=9.0,
        window_weeks=2,
        exposure_kind="units_signed",
        exposure=1450.0,
        since=date(2026, 9, 14),
        evidence=CauseEvidence(
            supplier="S02", arrived=(Arrival("batch_no", "FW03-2608B", 0.0, 0.9),), forecast=Forecast("2026-W46", 8.5, 3.0, 15.0)
        ),
        to_confirm=(("why_1", "品控", "5d"),),
        rows=("r1", "r2"),
        days=(date(2026, 11, 3),),
    )
    return replace(made, **changes)


def mail(recipient: str = "a@example.com", content: str = "1" * 64, **changes: Any) -> Delivery:
    made = Delivery(
        report="weekly",
        period="2026-W45",
        audience="executive",
        language="zh-CN",
        revision=1,
        recipient=recipient,
        state=DeliveryState.QUEUED,
        message_id=f"<{recipient}-{changes.get('revision', 1)}@x>",
        content_sha256=content,
    )
    return replace(made, **changes)


def pull(**changes: Any) -> Pull:
    made = Pull("p1", "tickets", "feedback", NOW - hours(24), NOW, NOW, read=10, new=6, changed=1, unchanged=2, quarantined=1)
    return replace(made, **changes)


class LedgerSuite:
    """Every test gets an empty, migrated `ledger`."""

    # ---- Schema --------------------------------------------------------------------------------

    def test_migration_leads_to_head_and_again_changes_nothing(self, ledger: Ledger) -> None:
        assert ledger.revision() == HEAD
        ledger.migrate()
        assert ledger.revision() == HEAD

    def test_a_ledger_of_a_newer_version_is_refused(self, ledger: Ledger) -> None:
        with ledger.writing() as session:
            session.execute(text("update alembic_version set version_num = '9999'"))
        with pytest.raises(UserError, match="9999, which this version does not know"):
            ledger.migrate()

    def test_a_failed_transaction_leaves_nothing(self, ledger: Ledger) -> None:
        def work() -> None:
            with ledger.writing() as session:
                session.execute(text("delete from alembic_version"))
                raise UserError("stop")

        with pytest.raises(UserError, match="stop"):
            work()
        assert ledger.revision() == HEAD

    # ---- Pulls ---------------------------------------------------------------------------------

    def test_pulls_come_back_in_order_with_utc_moments(self, ledger: Ledger) -> None:
        shanghai = timezone(timedelta(hours=8))
        later = pull(pull_id="p2", started_at=(NOW + hours(2)).astimezone(shanghai), complete_through=NOW)
        ledger.record_pull(later)
        ledger.record_pull(pull())
        assert [one.pull_id for one in ledger.pulls()] == ["p1", "p2"]
        assert ledger.pulls()[1] == later
        assert ledger.pulls()[1].started_at.utcoffset() == timedelta(0)
        assert [one.pull_id for one in ledger.pulls(since=NOW + hours(1))] == ["p2"]
        assert [one.pull_id for one in ledger.pulls(until=NOW)] == ["p1"]
        assert ledger.pulls(channel="other") == []

    def test_a_pull_recorded_again_is_one(self, ledger: Ledger) -> None:
        ledger.record_pull(pull(error="HTTP 500", read=0))
        ledger.record_pull(pull())
        assert ledger.pulls() == [pull()]

    def test_a_pull_that_loses_rows_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="does not add up"):
            ledger.record_pull(pull(read=11))
        assert ledger.pulls() == []

    def test_the_last_good_pull_is_not_the_failed_one(self, ledger: Ledger) -> None:
        ledger.record_pull(pull())
        ledger.record_pull(pull(pull_id="p2", started_at=NOW + hours(1), error="HTTP 500", problem=ChannelProblem.UNREACHABLE))
        assert ledger.last_pulls()["tickets"].pull_id == "p2"
        assert ledger.last_pulls()["tickets"].problem is ChannelProblem.UNREACHABLE
        assert ledger.last_pulls(good=True)["tickets"].pull_id == "p1"
        assert ledger.last_pulls(NOW)["tickets"].pull_id == "p1"

    def test_files_that_a_pull_read_are_known_from_its_moment_under_its_declaration(self, ledger: Ledger) -> None:
        files = [FileContent("inbox/a.csv", "aa"), FileContent("inbox/b.csv", "bb")]
        ledger.record_pull(pull(), files, "d1")
        ledger.record_pull(pull(pull_id="p2", started_at=NOW + hours(1)), files[:1], "d1")
        assert ledger.known_files("tickets", "d1", NOW).contents == {"aa", "bb"}
        assert ledger.known_files("tickets", "d1", NOW - hours(1)).contents == frozenset()
        assert ledger.known_files("tickets", "d2", NOW) == ledger.known_files("mails", "d1", NOW) == KnownFiles()

    def test_a_moment_without_zone_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(Exception, match="without a time zone"):
            ledger.record_pull(pull(started_at=datetime(2026, 11, 9)))

    # ---- Leases --------------------------------------------------------------------------------

    def test_the_loser_is_told_who_holds_the_lease(self, ledger: Ledger) -> None:
        with ledger.lease("2026-W45", "night-worker", NOW, 600):
            assert [one.holder for one in ledger.leases(NOW)] == ["night-worker"]
            with (
                pytest.raises(LeaseHeld, match="already being done by night-worker"),
                ledger.lease("2026-W45", "b", NOW + hours(0.1), 600),
            ):
                pass
            with ledger.lease("2026-W44", "b", NOW, 600):
                pass
        assert ledger.leases(NOW) == []

    def test_a_lease_is_given_back_when_the_work_fails(self, ledger: Ledger) -> None:
        with pytest.raises(RuntimeError), ledger.lease("x", "a", NOW, 600):
            raise RuntimeError("broken work")
        with ledger.lease("x", "b", NOW, 600):
            pass

    def test_a_lease_expires_by_itself_and_the_late_holder_does_not_take_the_new_ones(self, ledger: Ledger) -> None:
        with ledger.lease("x", "a", NOW, 600), ledger.lease("x", "b", NOW + timedelta(seconds=600), 600):
            held = ledger.leases(NOW + timedelta(seconds=601))
            assert [one.holder for one in held] == ["b"]

    def test_a_lease_of_an_ended_process_is_taken_over(self, ledger: Ledger) -> None:
        with ledger.lease("x", "dead", NOW, 600), ledger.lease("x", "b", NOW, 600, gone=lambda holder: holder == "dead") as lease:
            assert lease.holder == "b"

    def test_leases_of_ended_processes_and_expired_ones_are_swept(self, ledger: Ledger) -> None:
        with ledger.lease("x", "dead", NOW, 600), ledger.lease("y", "late", NOW, 60), ledger.lease("z", "b", NOW, 600):
            assert ledger.sweep_leases(NOW + timedelta(seconds=60), gone=lambda holder: holder == "dead") == 2
            assert [one.name for one in ledger.leases(NOW)] == ["z"]

    def test_the_same_name_twice_is_still_two_workers(self, ledger: Ledger) -> None:
        with ledger.lease("x", "same", NOW, 600), pytest.raises(LeaseHeld), ledger.lease("x", "same", NOW + hours(0.01), 600):
            pass

    def test_of_many_workers_at_once_one_gets_the_lease(self, ledger: Ledger) -> None:
        held, refused = [], []
        gate = threading.Barrier(6)

        def work(name: str) -> None:
            gate.wait()
            try:
                with ledger.lease("x", name, NOW, 600):
                    held.append(name)
                    gate.wait(timeout=30)
            except LeaseHeld:
                refused.append(name)
                gate.wait(timeout=30)

        threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(held), len(refused)) == (1, 5)

    # ---- Editions ------------------------------------------------------------------------------

    def test_an_edition_comes_back_with_all_that_belongs_to_it(self, ledger: Ledger) -> None:
        numbers = [
            Number("z", 2.31, "%", 41, "11月2日—11月8日", "签收满14天", "leaf = 'PRD'", {"zh-CN": "2.3%"}),
            Number("a", None),
        ]
        files = {"shop.yaml": "名: 朴岸".encode(), "empty.yaml": b"", "binary": bytes(range(256))}
        assert ledger.save_edition(
            edition(), config_files=files, period=WEEK, numbers=numbers, causes=[cause()], proposals=[action()]
        )
        assert ledger.latest_edition("weekly", "2026-W45", "executive", "zh-CN") == edition()
        assert ledger.numbers(edition()) == numbers
        assert ledger.config_of(edition()) == files
        assert [known.cause for known in ledger.causes()] == [cause()]
        assert ledger.actions() == [action()]
        assert [event.at for event in ledger.events()] == [NOW]

    def test_the_same_edition_again_changes_nothing(self, ledger: Ledger) -> None:
        parts: dict[str, Any] = {"config_files": {"a": b"1"}, "period": WEEK, "causes": [cause()], "proposals": [action()]}
        assert ledger.save_edition(edition(), **parts)
        assert not ledger.save_edition(edition(), **parts)
        assert len(ledger.editions()) == len(ledger.causes()) == len(ledger.actions()) == len(ledger.events()) == 1

    def test_other_content_needs_a_revision(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK)
        with pytest.raises(UserError, match="other content"):
            ledger.save_edition(edition(files={"report.pdf": "f" * 64}), config_files={}, period=WEEK)
        assert ledger.save_edition(edition(revision=2, as_of=NOW + hours(1)), config_files={}, period=WEEK)
        assert [one.revision for one in ledger.editions(period="2026-W45")] == [1, 2]

    def test_an_edition_with_an_action_that_cannot_be_stored_is_not_stored(self, ledger: Ledger) -> None:
        with pytest.raises(UserError, match="no owner"):
            ledger.save_edition(
                edition(),
                config_files={"a": b"1"},
                period=WEEK,
                numbers=[Number("n", 1)],
                proposals=[action(), action(action_id="A-2", owner=" ")],
            )
        assert ledger.editions() == ledger.actions() == ledger.numbers(edition()) == []
        assert ledger.config_of(edition()) == {}

    def test_a_configuration_file_is_kept_once(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={"a": b"same", "b": b"same"}, period=WEEK)
        ledger.save_edition(edition(language="en"), config_files={"a": b"same"}, period=WEEK)
        with ledger.reading() as session:
            assert session.execute(text("select count(*) from config_blob")).scalar_one() == 1
        assert ledger.config_of(edition()) == {"a": b"same", "b": b"same"}

    def test_the_latest_edition_at_a_moment_is_the_one_that_knew_no_more(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK)
        ledger.save_edition(edition(revision=2, as_of=NOW + hours(30)), config_files={}, period=WEEK)
        found = [ledger.latest_edition("weekly", "2026-W45", "executive", "zh-CN", at=NOW + hours(h)) for h in (-1, 1, 31)]
        assert [one.revision if one else None for one in found] == [None, 1, 2]
        assert ledger.latest_edition("weekly", "2026-W45", "executive", "en") is None

    def test_only_the_newest_revisions_causes_count(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK, causes=[cause(), cause(cause_id="C-2")])
        ledger.save_edition(edition(language="en"), config_files={}, period=WEEK, causes=[cause(), cause(cause_id="C-2")])
        ledger.save_edition(
            edition(revision=2, as_of=NOW + hours(30), made_at=NOW + hours(30)),
            config_files={},
            period=WEEK,
            causes=[cause(cause_id="C-3")],
        )
        assert [known.cause.cause_id for known in ledger.causes()] == ["C-3"]
        assert [known.cause.cause_id for known in ledger.causes(made_by=NOW)] == ["C-1", "C-2"]
        assert ledger.causes(before=WEEK.start) == []
        assert ledger.causes(report="monthly") == []

    def test_a_revision_that_names_no_cause_hides_the_older_ones(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK, causes=[cause()])
        ledger.save_edition(edition(revision=2), config_files={}, period=WEEK)
        assert ledger.causes() == []

    def test_a_person_decides_on_a_cause_and_every_word_is_kept(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK, causes=[cause()])
        ledger.decide_cause("C-1", CauseStatus.REJECTED, by="李供应", why="同期其他批次也高", at=NOW + hours(5))
        ledger.decide_cause("C-1", CauseStatus.CONFIRMED, by="周品控", why="报告 FA-118", at=NOW + hours(9))
        (known,) = ledger.causes()
        assert known.cause.status is CauseStatus.CONFIRMED
        assert [(word.status, word.by, word.why, word.at) for word in known.decisions] == [
            (CauseStatus.REJECTED, "李供应", "同期其他批次也高", NOW + hours(5)),
            (CauseStatus.CONFIRMED, "周品控", "报告 FA-118", NOW + hours(9)),
        ]
        # A review that was made in between knows the first word only: made again, it says the same.
        (then,) = ledger.causes(made_by=NOW + hours(6))
        assert (then.cause.status, len(then.decisions)) == (CauseStatus.REJECTED, 1)

    def test_a_decision_needs_a_cause_and_its_order(self, ledger: Ledger) -> None:
        ledger.save_edition(edition(), config_files={}, period=WEEK, causes=[cause()])
        with pytest.raises(UserError, match="No review names a cause C-9"):
            ledger.decide_cause("C-9", CauseStatus.REJECTED, by="x", why="y", at=NOW)
        ledger.decide_cause("C-1", CauseStatus.REPRODUCED, by="周品控", why="10台中8台", at=NOW + hours(5))
        with pytest.raises(UserError, match="is already recorded"):
            ledger.decide_cause("C-1", CauseStatus.REJECTED, by="x", why="y", at=NOW)

    # ---- Actions -------------------------------------------------------------------------------

    def test_proposing_again_doubles_none(self, ledger: Ledger) -> None:
        assert ledger.propose([action(), action(action_id="A-2")], at=NOW) == 2
        assert ledger.propose([action(what="另一句话"), action(action_id="A-3")], at=NOW + hours(1)) == 1
        assert [(one.action_id, one.what) for one in ledger.actions()] == [
            ("A-1", action().what),
            ("A-2", action().what),
            ("A-3", action().what),
        ]
        assert len(ledger.events()) == 3

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"owner": ""}, "no owner"),
            ({"owner": "张三、李四"}, "several owners"),
            ({"due": None}, "no date"),
            ({"target": None, "target_text": "  "}, "no target"),
            ({"what": ""}, "does not say what"),
            ({"what": "请买家改好评返现"}, "不得以钱换评价"),
            ({"evidence_required": ("好评返现截图",)}, "不得以钱换评价"),
        ],
    )
    def test_an_action_nobody_could_be_held_to_is_refused(self, ledger: Ledger, changes: dict[str, Any], sentence: str) -> None:
        ledger.forbidden = lambda said: "不得以钱换评价" if "返现" in said else None
        with pytest.raises(UserError, match=sentence):
            ledger.propose([action(action_id="A-0"), action(**changes)], at=NOW)
        assert ledger.actions() == []

    def test_events_lead_to_state_owner_and_date_at_every_moment(self, ledger: Ledger) -> None:
        ledger.propose([action()], at=NOW)
        ledger.add_event("A-1", "accepted", at=NOW + hours(1), by="周品控")
        ledger.add_event("A-1", "postponed", at=NOW + hours(2), by="周品控", due=NOW + hours(72), why="样机未到")
        ledger.add_event("A-1", "reassigned", at=NOW + hours(3), by="总经理", owner="吴供应链")
        ledger.add_event("A-1", "done", at=NOW + hours(4), by="吴供应链", evidence="封存单 31", cut_in_actual="FW03-2611A")
        ledger.add_event("A-1", "verified", at=NOW + hours(5), by="numbers", state=ActionState.INEFFECTIVE)
        ledger.add_event("A-1", "reopened", at=NOW + hours(6), by="周品控", why="未触及原因")
        seen = []
        for after in range(-1, 7):
            seen += [
                (one.state.value, one.owner, one.postponed, len(events))
                for one, events in ledger.actions_as_of(NOW + hours(after))
            ]
        assert seen == [
            ("proposed", "周品控", 0, 1),
            ("open", "周品控", 0, 2),
            ("open", "周品控", 1, 3),
            ("open", "吴供应链", 1, 4),
            ("to_verify", "吴供应链", 1, 5),
            ("ineffective", "吴供应链", 1, 6),
            ("reopened", "吴供应链", 1, 7),
        ]
        assert [one.due for one, _ in ledger.actions_as_of(NOW + hours(2))] == [NOW + hours(72)]
        assert [one.cut_in_actual for one, _ in ledger.actions_as_of(NOW + hours(5))] == ["FW03-2611A"]
        assert ledger.action("A-1")[0].state == ActionState.REOPENED

    def test_the_same_change_again_is_one(self, ledger: Ledger) -> None:
        ledger.propose([action()], at=NOW)
        first = ledger.add_event("A-1", "accepted", at=NOW + hours(1), by="周品控")
        assert ledger.add_event("A-1", "accepted", at=NOW + hours(1), by="周品控") == first
        assert [event.seq for event in ledger.events()] == [1, 2]

    @pytest.mark.parametrize(
        ("path", "kind", "details", "sentence"),
        [
            ([], "done", {}, r"proposed cannot be done.*\n.*accepted, cancelled or reassigned"),
            ([], "closed", {"evidence": "x"}, "proposed cannot be closed"),
            (["accepted"], "closed", {"evidence": "x"}, "open cannot be closed"),
            (["accepted", "done"], "closed", {}, "without the figure or report"),
            (["accepted", "done"], "verified", {"state": ActionState.OPEN}, "cannot be verified to become open"),
            (["accepted"], "postponed", {"why": "x"}, "without the new date"),
            (["accepted"], "postponed", {"due": NOW}, "without the reason"),
            (["accepted"], "reassigned", {"owner": "张三、李四"}, "several owners"),
            (["cancelled"], "accepted", {}, r"cancelled cannot be accepted.*\n.*Its course is over"),
            ([], "forgotten", {}, "not an event of an action"),
            (["accepted"], "done", {"at": NOW - hours(1)}, "after this change"),
        ],
    )
    def test_an_illegal_change_is_refused_with_what_is_legal(
        self, ledger: Ledger, path: list[str], kind: str, details: dict[str, Any], sentence: str
    ) -> None:
        ledger.propose([action()], at=NOW)
        for step in path:
            ledger.add_event("A-1", step, at=NOW, by="x", why="y")
        before = ledger.events()
        with pytest.raises(UserError) as refusal:
            ledger.add_event("A-1", kind, **{"at": NOW + hours(1), "by": "x", **details})
        assert re.search(sentence, str(refusal.value), re.DOTALL), str(refusal.value)
        assert ledger.events() == before

    def test_an_unknown_action_is_told(self, ledger: Ledger) -> None:
        with pytest.raises(UserError, match="no action A-9"):
            ledger.add_event("A-9", "accepted", at=NOW, by="x")

    def test_mailing_opens_only_what_is_still_proposed(self, ledger: Ledger) -> None:
        ledger.propose([action(), action(action_id="A-2")], at=NOW)
        ledger.add_event("A-2", "cancelled", at=NOW, by="x", why="doubled")
        assert ledger.open_proposals(["A-1", "A-2"], at=NOW + hours(1), by="mail") == 1
        assert ledger.open_proposals(["A-1", "A-2"], at=NOW + hours(2), by="mail") == 0
        assert {one.action_id: one.state.value for one in ledger.actions()} == {"A-1": "open", "A-2": "cancelled"}

    def test_imported_actions_keep_their_own_times(self, ledger: Ledger) -> None:
        records = [
            {
                **{
                    name: getattr(action(), name)
                    for name in ("action_id", "what", "cause_id", "owner", "department", "metric", "exposure")
                },
                "kind": "contain",
                "due": "2026-06-10T10:00:00Z",
                "age_days": 30,
                "slice": {"sku": "AF-05"},
                "leaf": "PRD.FAULT",
                "target": None,
                "target_text": "回到中位数",
                "expected_effect": "",
                "period": "2026-W21",
                "state": "to_verify",
                "events": [
                    {"at": "2026-06-11T02:00:00Z", "by": "周品控", "kind": "done", "seq": 3, "cut_in_actual": "2026-06-11"},
                    {
                        "at": "2026-06-01T02:00:00+00:00",
                        "by": "",
                        "kind": "proposed",
                        "state": "proposed",
                        "owner": "",
                        "due": None,
                    },
                    {"at": "2026-06-02T02:00:00Z", "by": "周品控", "kind": "accepted"},
                ],
            }
        ]
        assert (ledger.import_actions(records), ledger.import_actions(records)) == (1, 0)
        assert ledger.actions_as_of(datetime(2026, 5, 31, tzinfo=UTC)) == []
        ((early, _),) = ledger.actions_as_of(datetime(2026, 6, 3, tzinfo=UTC))
        ((late, events),) = ledger.actions_as_of(NOW)
        assert (early.state, late.state, late.cut_in_actual) == (ActionState.OPEN, ActionState.TO_VERIFY, "2026-06-11")
        assert [event.kind for event in events] == ["proposed", "accepted", "done"]
        with pytest.raises(UserError, match="Action 2 of 2"):
            ledger.import_actions([*records, {**records[0], "action_id": "A-7", "owner": ""}])

    # ---- Backfills ----------------------------------------------------------------------------

    def test_a_resumed_backfill_keeps_its_moment_and_its_progress(self, ledger: Ledger) -> None:
        request: dict[str, Any] = {"span": "2026-W40..2026-W42", "grain": "week", "which": "missing", "send": False}
        weeks = ["2026-W40", "2026-W41", "2026-W42"]
        plan = ledger.plan_backfill(**request, periods=weeks, as_of=NOW, now=NOW)
        ledger.settle_backfill_period(plan.backfill_id, "2026-W40", "done", now=NOW)
        ledger.settle_backfill_period(plan.backfill_id, "2026-W41", "failed", now=NOW, detail="no data")
        resumed = ledger.plan_backfill(**request, periods=weeks[1:], as_of=NOW + hours(9), now=NOW + hours(9))
        assert (resumed.backfill_id, resumed.as_of) == (plan.backfill_id, NOW)
        assert resumed.periods == {"2026-W40": "done", "2026-W41": "failed", "2026-W42": "planned"}
        assert resumed.details == {"2026-W41": "no data"}
        assert ledger.finish_backfill(plan.backfill_id, now=NOW).finished_at == NOW
        again = ledger.plan_backfill(**request, periods=weeks, as_of=NOW + hours(9), now=NOW + hours(9))
        assert (again.backfill_id != plan.backfill_id, again.as_of) == (True, NOW + hours(9))
        assert [one.backfill_id for one in ledger.backfills()] == [plan.backfill_id, again.backfill_id]

    # ---- Deliveries ----------------------------------------------------------------------------

    def test_a_mail_is_claimed_once(self, ledger: Ledger) -> None:
        (queued,) = ledger.queue_deliveries([mail()], now=NOW)
        assert ledger.claim_delivery(queued, holder="a", now=NOW)
        assert not ledger.claim_delivery(queued, holder="b", now=NOW)
        assert not ledger.settle_delivery(queued, DeliveryState.SENT, holder="b", now=NOW)
        assert ledger.settle_delivery(queued, DeliveryState.SENT, holder="a", now=NOW, detail="250 ok")
        (sent,) = ledger.queue_deliveries([mail()], now=NOW + hours(1))
        assert (sent.state, sent.detail, sent.claimed_by, sent.settled_at) == (DeliveryState.SENT, "250 ok", "a", NOW)
        assert not ledger.claim_delivery(sent, holder="a", now=NOW)

    def test_many_claims_at_once_one_wins(self, ledger: Ledger) -> None:
        (queued,) = ledger.queue_deliveries([mail()], now=NOW)
        won: list[str] = []
        gate = threading.Barrier(6)

        def work(name: str) -> None:
            gate.wait()
            if ledger.claim_delivery(queued, holder=name, now=NOW):
                won.append(name)

        threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1

    def test_the_address_is_one_whatever_its_case(self, ledger: Ledger) -> None:
        ledger.queue_deliveries([mail("A@example.com")], now=NOW)
        ledger.queue_deliveries([mail("a@example.com")], now=NOW)
        assert len(ledger.deliveries()) == 1

    def test_other_content_under_the_same_key_is_an_error(self, ledger: Ledger) -> None:
        ledger.queue_deliveries([mail()], now=NOW)
        with pytest.raises(ContentChanged, match="other content"):
            ledger.queue_deliveries([mail("b@example.com"), mail(content="2" * 64)], now=NOW)
        assert [one.recipient for one in ledger.deliveries()] == ["a@example.com"]
        ledger.queue_deliveries([mail(content="2" * 64, revision=2)], now=NOW)
        assert len(ledger.deliveries(period="2026-W45")) == 2

    def test_only_an_old_claim_is_taken_over_and_by_one(self, ledger: Ledger) -> None:
        ledger.queue_deliveries([mail()], now=NOW)
        ledger.claim_delivery(mail(), holder="a", now=NOW)
        (claimed,) = ledger.deliveries()
        assert not ledger.adopt_delivery(claimed, holder="b", before=NOW - hours(1))
        assert ledger.adopt_delivery(claimed, holder="b", before=NOW)
        assert not ledger.adopt_delivery(claimed, holder="c", before=NOW)
        assert not ledger.settle_delivery(claimed, DeliveryState.SENT, holder="a", now=NOW)
        assert [one.state for one in ledger.deliveries(states=[DeliveryState.UNCERTAIN])] == [DeliveryState.UNCERTAIN]

    def test_unknown_mails_are_shown(self, ledger: Ledger) -> None:
        ledger.queue_deliveries([mail("a@example.com"), mail("b@example.com"), mail("c@example.com")], now=NOW)
        for recipient in ("a@example.com", "b@example.com"):
            ledger.claim_delivery(mail(recipient), holder="x", now=NOW)
        ledger.settle_delivery(mail("a@example.com"), DeliveryState.UNCERTAIN, holder="x", now=NOW)
        fresh = ledger.unknown_deliveries(now=NOW + timedelta(seconds=60), lease_seconds=900)
        later = ledger.unknown_deliveries(now=NOW + timedelta(seconds=900), lease_seconds=900)
        assert [one.recipient for one in fresh] == ["a@example.com"]
        assert [one.recipient for one in later] == ["a@example.com", "b@example.com"]

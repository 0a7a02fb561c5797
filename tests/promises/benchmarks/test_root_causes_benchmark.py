"""The benchmark of root causes: it reads any folder of cases, scores as the rules say, and its generated cases keep their floors."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.engines.leaf_shift import leaf_shift
from benchmarks.engines.located import Located
from benchmarks.rca_cases import KINDS, generated
from benchmarks.root_causes import (
    Answer,
    LabelledCase,
    answer,
    cases_of,
    f1_interval,
    generated_cases,
    library_engine,
    main,
    predictions,
    scores,
    seeds_of,
)
from tasks.errors import UserError
from tasks.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
CASES = (Settings().shared or ROOT.parent / "shared") / "rca" / "cases"
KEYS = [
    "set", "cases", "precision", "recall", "f1", "f1_at_1", "acc_at_1", "acc_at_3", "acc_at_5", "recall_strong", "cpu_s_per_case"
]  # fmt: skip


def located(text: str) -> Located:
    return Located(tuple(tuple(part.split("=")) for part in text.split("&")), 20.0, 8.0, 4.0, 4.0, 1.5, 2.5)  # type: ignore[misc]


def answered(truth: str, *said: str, nats: tuple[float, ...] | None = None) -> Answer:
    return Answer(LabelledCase("1", pl.DataFrame(), tuple(truth.split(";")), nats), [located(text) for text in said], 0.5)


def test_scores_by_hand() -> None:
    """Two cases: three true causes, four said, two hits, one of them first."""
    answers = [answered("a=1;b=1", "a=1", "a=2", "b=1"), answered("a=1&b=2", "b=2")]
    figures = scores("X", answers)
    assert list(figures) == KEYS
    assert (figures["set"], figures["cases"], figures["cpu_s_per_case"]) == ("X", 2, 0.5)
    assert (figures["precision"], figures["recall"], figures["f1"]) == (0.5, 0.6667, 0.5714)
    # First causes alone: one right and one wrong of two said, two of three true ones unsaid: 2·1 / (2 + 3).
    assert figures["f1_at_1"] == 0.4
    assert (figures["acc_at_1"], figures["acc_at_3"], figures["acc_at_5"]) == (0.5, 0.5, 0.5)
    assert figures["recall_strong"] is None


def test_a_true_cause_lower_down_counts_for_later_ranks() -> None:
    figures = scores("X", [answered("a=1", "a=2", "a=3", "a=1")])
    assert (figures["acc_at_1"], figures["acc_at_3"], figures["f1_at_1"]) == (0, 1, 0)


def test_strong_causes_are_those_above_twelve_nats() -> None:
    answers = [answered("a=1;b=1;c=1", "a=1", nats=(13.0, 11.0, 40.0)), answered("a=1", nats=(12.0,))]
    assert scores("X", answers)["recall_strong"] == 0.5


def test_nothing_said_is_no_error() -> None:
    figures = scores("X", [answered("a=1")])
    assert (figures["precision"], figures["recall"], figures["f1"], figures["acc_at_5"]) == (0, 0, 0, 0)


def test_the_interval_holds_the_figure() -> None:
    answers = [answered("a=1", "a=1")] * 9 + [answered("a=1", "a=2")]
    low, high = f1_interval(answers)
    assert low < scores("X", answers)["f1"] < high
    assert f1_interval(answers) == (low, high)


@pytest.mark.parametrize(("text", "seeds"), [("3", range(1, 4)), ("5-6", range(5, 7))])
def test_seeds(text: str, seeds: range) -> None:
    assert seeds_of(text) == seeds


def test_predictions_are_ranked_rows() -> None:
    frame = predictions("X", [answered("a=1", "a=2", "a=1")])
    assert frame.columns == ["set", "id", "rank", "cause", "llr", "observed", "expected", "excess", "low", "high"]
    assert frame.select("rank", "cause").rows() == [(1, "a=2"), (2, "a=1")]


# ---- The form of a table -------------------------------------------------------------------------


def test_measured_leaves_go_to_the_leaf_engine() -> None:
    assert library_engine(generated("L", 1)[0], list("abcd")) is leaf_shift


def test_a_full_cube_of_whole_numbers_is_still_a_cube() -> None:
    table = generated("B0", 1)[0].with_columns(pl.col("real", "predict").round())
    assert library_engine(table, list("abcd")) is leaf_shift


def test_sparse_whole_numbers_go_to_the_count_engine() -> None:
    rows = {
        "sku": [f"s{n}" for n in range(40)],
        "batch": [f"b{n}" for n in range(40)],
        "real": [1.0] * 40,
        "predict": [0.0, 1.0] * 20,
    }
    assert library_engine(pl.DataFrame(rows), ["sku", "batch"]).__name__ == "count_scan"


def test_counts_with_denominators_go_to_the_rate_engine() -> None:
    columns = ("real", "predict", "value", "cnt", "base_value", "base_cnt")
    assert library_engine(pl.DataFrame({"line": ["a"]} | {name: [1.0] for name in columns}), ["line"]).__name__ == "rate_scan"


# ---- Folders -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two generated cases of kind L as a set, one of them packed; a value with leading zeros must survive."""
    (tmp_path / "mine").mkdir()
    labels = []
    for seed in (1, 2):
        table, causes = generated("L", seed)
        table = table.with_columns(a=pl.col("a").str.replace("a", "00"))
        text = table.write_csv().encode()
        if seed == 1:
            (tmp_path / "mine" / "1.csv.gz").write_bytes(gzip.compress(text))
        else:
            (tmp_path / "mine" / "2.csv").write_bytes(text)
        truth = ";".join("&".join(f"{dim}={value.replace('a', '00')}" for dim, value in cause[::-1]) for cause in causes)
        labels.append({"id": str(seed), "set": truth})
    pl.DataFrame(labels).write_csv(tmp_path / "mine" / "labels.csv")
    return tmp_path


def test_any_folder_of_cases_is_read(folder: Path) -> None:
    cases = list(cases_of(folder / "mine"))
    assert [case.id for case in cases] == ["1", "2"]
    assert cases[0].dims == list("abcd")
    assert cases[0].truth[0].startswith("a=00") and cases[0].truth[0].index("b=") < cases[0].truth[0].index("c=")
    assert scores("mine", [answer(case, leaf_shift) for case in cases])["f1"] == 1


def run(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["root_causes", *options])
    main()


def test_the_command_prints_one_json_line_a_set_and_writes_the_same_bytes_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for name in ("out1", "out2"):
        run(monkeypatch, "--engine", "library", "--cases", str(folder), "--write", str(folder / name))
        written.append((folder / name / "predictions.csv").read_bytes())
        line = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert list(line) == KEYS
        assert (line["set"], line["cases"]) == ("mine", 2)
    assert written[0] == written[1]
    assert written[0].startswith(b"set,id,rank,cause,llr,observed,expected,excess,low,high\nmine,1,1,")


def test_a_set_of_measured_values_is_passed_over_by_the_search_of_the_reports(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--cases", str(folder))
    assert capsys.readouterr().out.startswith("mine: measured values, no counts: the search of the reports does not apply")


def test_help_tells_the_options() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.root_causes", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert all(option in done.stdout for option in ("--cases", "--write", "--sets", "--generate", "--seeds", "--engine"))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "mine" / "2.csv").unlink(), "Case 2 of"),
        (lambda folder: (folder / "mine" / "2.csv").write_text("a,b\n1,2\n"), "no columns `real` and `predict`"),
        (lambda folder: (folder / "mine" / "2.csv").write_text("a,real,predict\n1,x,2\n"), "not a number"),
        (lambda folder: (folder / "mine" / "labels.csv").write_text("id,truth\n1,a=1\n"), "no column set"),
    ],
)
def test_a_bad_folder_is_told(folder: Path, harm, message: str) -> None:
    harm(folder)
    with pytest.raises(UserError, match=message):
        list(cases_of(folder / "mine"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cases", "nowhere"], "There is no folder of cases at nowhere"),
        (["--cases", "tests"], "holds no set of cases"),
        (["--cases", "FOLDER", "--sets", "mine,other"], "has no set other"),
    ],
)
def test_a_bad_order_ends_in_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, *[option.replace("FOLDER", str(folder)) for option in options])


# ---- Floors --------------------------------------------------------------------------------------


def test_generated_cases_are_of_their_kind() -> None:
    for name, kind in KINDS.items():
        table, causes = generated(name, 7)
        assert table.equals(generated(name, 7)[0])
        assert table["real"].min() >= 0 and table["predict"].min() >= 0
        assert 1 <= len(causes) <= kind.anomalies[1] * kind.elements[1]
        assert all(kind.orders[0] <= len(cause) <= kind.orders[1] for cause in causes)


@pytest.mark.parametrize(("kind", "cases", "floor"), [("S", 15, 0.8), ("L", 8, 0.97), ("B0", 8, 0.99)])
def test_generated_cases_keep_their_floor(kind: str, cases: int, floor: float) -> None:
    figures = scores(kind, [answer(case, leaf_shift) for case in generated_cases(kind, range(1, cases + 1))])
    assert figures["f1"] >= floor
    assert figures["precision"] >= 0.95


@pytest.mark.skipif(not CASES.is_dir(), reason="The shared root-cause cases are not there: set AFTERSALES_SHARED to their folder")
@pytest.mark.parametrize(("name", "floor"), [("S", 0.85), ("L", 0.95)])
def test_shared_cases_keep_the_promise(name: str, floor: float) -> None:
    assert scores(name, [answer(case, leaf_shift) for case in cases_of(CASES / name)])["f1"] >= floor

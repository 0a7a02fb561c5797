"""Are root causes found, how high do they rank, and how fast?

    python -m benchmarks.root_causes [--cases DIR] [--write DIR] [--sets CC,RS]
    python -m benchmarks.root_causes --engine library [--generate S --seeds 1-300]

What is measured is the search that writes the reports (`benchmarks.report_engine`): it counts, so only sets of counts and of rates
are asked, and a set of other measured values is passed over with a sentence. `--engine library` measures `benchmarks.engines`:
no review uses them; they are code to build on until issue «One engine» joins them with the search of the reports.

Reads every set of a folder: `DIR/<set>/<id>.csv.gz` (or `.csv`) with `DIR/<set>/labels.csv` (columns `id` and `set`: the causes,
separated by `;`, each `dim=value&dim=value`). A table is searched by its form, never by its set's name. A predicted cause counts when
its conditions are exactly those of a true one. Prints a table with the peers' measured figures, then one JSON line a set.
`--generate` draws cases of a published kind (`benchmarks.rca_cases`) or complaint counts (`CC`, `benchmarks.complaint_cases`)
instead of reading them.

- Precision, recall and F1 are those of the causes named, pooled over a set's cases: F1 = 2TP / (2TP + FP + FN). A rival that is only
  ranked (excess 0) is not named. F1@1 is the same with each case's first cause alone.
- acc@k is the share of cases with a true cause among the first k.
- Strong recall is the recall of causes above 12 nats, where the labels tell an `llr`; else null.
- CPU seconds are those of the search, one thread, without reading the file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.settings import Settings, put_environment

if __name__ == "__main__":
    # One thread: the libraries heed this only before they are imported.
    put_environment(POLARS_MAX_THREADS="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import polars as pl

from benchmarks.complaint_cases import DIMENSIONS, complaint_case
from benchmarks.engines.count_scan import count_scan
from benchmarks.engines.leaf_shift import leaf_shift
from benchmarks.engines.located import Located
from benchmarks.engines.rate_scan import rate_scan
from benchmarks.rca_cases import KINDS, generated
from benchmarks.report_engine import report_search
from tasks.errors import UserError

MEASURES = ("real", "predict", "value", "cnt", "base_value", "base_cnt")
RATES = {"value", "cnt", "base_value", "base_cnt"}
STRONG = 12.0
RESAMPLES = 2_000
COMPLAINTS = "CC"
DENSE = 0.5
"""A table of this share of all combinations of values is a cube of measured leaves, not a list of counted cases."""

PEERS: dict[str, dict[str, dict[str, float]]] = {
    "RS": {
        "RobustSpot": {"f1_at_1": 0.656, "acc_at_1": 0.696, "acc_at_3": 0.859, "acc_at_5": 0.904, "cpu_s_per_case": 0.26},
        "RiskLoc": {"f1_at_1": 0.015},
        "AutoRoot": {"f1_at_1": 0.213},
        "Squeeze": {"f1_at_1": 0.040},
        "Adtributor": {"f1_at_1": 0.254},
        "wise-pizza 0.2.9, told the number of causes": {"f1_at_1": 0.667},
        "a crude greedy scan": {"f1_at_1": 0.646, "acc_at_1": 0.681, "acc_at_3": 0.763, "acc_at_5": 0.770},
    },
    "S": {
        "RiskLoc": {"f1": 0.627, "cpu_s_per_case": 6.5},
        "AutoRoot": {"f1": 0.463},
        "Squeeze (7 cases)": {"f1": 0.0},
        "Adtributor": {"f1": 0.083},
        "a crude greedy scan": {"f1": 0.832},
    },
    "L": {
        "RiskLoc": {"f1": 0.734, "cpu_s_per_case": 0.75},
        "AutoRoot": {"f1": 0.484},
        "Squeeze": {"f1": 0.292, "cpu_s_per_case": 6.7},
        "Adtributor": {"f1": 0.0},
        "a crude greedy scan": {"f1": 0.942},
    },
}
"""Figures of the peers' own code at its defaults, measured on the sets from which the shared cases are taken."""

Engine = Callable[[pl.DataFrame, list[str]], list[Located]]

ENGINES = {"report": "the search of the reports", "library": "the library engines, not used by reviews"}
"""Each choice of `--engine` and what it is, in words."""


@dataclass(frozen=True)
class LabelledCase:
    """One leaf table with the truth about it."""

    id: str
    table: pl.DataFrame
    truth: tuple[str, ...]
    nats: tuple[float, ...] | None

    @property
    def dims(self) -> list[str]:
        """Names of the dimensions: all columns but the measures."""
        return [name for name in self.table.columns if name not in MEASURES]


@dataclass(frozen=True)
class Answer:
    """The answer of an engine to one case."""

    case: LabelledCase
    causes: list[Located]
    cpu_s: float

    @property
    def hits(self) -> list[bool]:
        """Whether each ranked candidate is a true cause, by rank."""
        return [cause.text() in self.case.truth for cause in self.causes]

    @property
    def named(self) -> list[bool]:
        """Whether each named cause is true; ranked rivals of a cause explain nothing in addition (excess 0)."""
        return [cause.text() in self.case.truth for cause in self.causes if cause.excess]


def countable(table: pl.DataFrame, dims: list[str]) -> bool:
    """Say whether a table is one of rates or of counts, which is all that the search of the reports knows."""
    return library_engine(table, dims) is not leaf_shift


def library_engine(table: pl.DataFrame, dims: list[str]) -> Engine:
    """Choose the library engine by the form of a table.

    Counts with denominators are rates; whole numbers over a sparse list of combinations are counts against a baseline; anything
    else is a cube of measured leaves.
    """
    if set(table.columns) >= RATES:
        return rate_scan
    whole = all((table[name] == table[name].round()).all() for name in ("real", "predict"))
    combinations = float(np.prod([float(table[dim].n_unique()) for dim in dims]))
    if whole and table.height < DENSE * combinations:
        return count_scan
    return leaf_shift


def answer(case: LabelledCase, engine: Engine) -> Answer:
    """Search one case and time it, reading and choosing the engine left out."""
    begun = time.process_time()
    causes = engine(case.table, case.dims)
    return Answer(case, causes, time.process_time() - begun)


def cases_of(folder: Path) -> Iterator[LabelledCase]:
    """Read a set's cases in the order of their ids.

    Raises:
        UserError: If the labels or a case's file are missing or of another form.
    """
    labels = _read(folder / "labels.csv", "the truth of a set")
    if missing := {"id", "set"} - set(labels.columns):
        raise UserError(
            f"{folder / 'labels.csv'} has no column {' and no column '.join(sorted(missing))}.", hint="Name them id and set."
        )
    for row in labels.sort("id").iter_rows(named=True):
        paths = [folder / f"{row['id']}{ending}" for ending in (".csv.gz", ".csv")]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise UserError(
                f"Case {row['id']} of {folder} has no file.", hint=f"Put {paths[0].name} or {paths[1].name} beside labels.csv."
            )
        truth = tuple("&".join(sorted(cause.split("&"))) for cause in row["set"].split(";"))
        nats = tuple(float(nat) for nat in row["llr"].split(";")) if row.get("llr") else None
        yield LabelledCase(row["id"], _table(path), truth, nats)


def generated_cases(kind: str, seeds: Iterable[int]) -> Iterator[LabelledCase]:
    """Draw one case of a published kind, or of complaint counts (`CC`), for each seed."""
    for seed in seeds:
        if kind == COMPLAINTS:
            counts, planted = complaint_case(seed)
            truth = tuple("&".join(f"{dim}={value}" for dim, value in cause.conditions) for cause in planted)
            counts = counts.with_columns(pl.col(list(DIMENSIONS)).cast(pl.String))
            yield LabelledCase(f"{kind}{seed}", counts, truth, tuple(cause.llr for cause in planted))
            continue
        table, causes = generated(kind, seed)
        yield LabelledCase(
            f"{kind}{seed}", table, tuple("&".join(f"{dim}={value}" for dim, value in cause) for cause in causes), None
        )


def scores(name: str, answers: list[Answer]) -> dict[str, Any]:
    """Score the answers of one set."""
    found = sum(sum(each.named) for each in answers)
    named = sum(len(each.named) for each in answers)
    true = sum(len(each.case.truth) for each in answers)
    first = sum(any(each.hits[:1]) for each in answers)
    asked = sum(bool(each.causes) for each in answers)
    strong = [
        cause in {located.text() for located in each.causes}
        for each in answers
        for cause, nats in zip(each.case.truth, each.case.nats or (), strict=False)
        if nats > STRONG
    ]
    figures: dict[str, float | None] = {
        "precision": _ratio(found, named),
        "recall": _ratio(found, true),
        "f1": _ratio(2 * found, named + true),
        "f1_at_1": _ratio(2 * first, asked + true),
        **{f"acc_at_{k}": _ratio(sum(any(each.hits[:k]) for each in answers), len(answers)) for k in (1, 3, 5)},
        "recall_strong": _ratio(sum(strong), len(strong)) if strong else None,
        "cpu_s_per_case": _ratio(sum(each.cpu_s for each in answers), len(answers)),
    }
    return {"set": name, "cases": len(answers), **{k: v if v is None else round(v, 4) for k, v in figures.items()}}


def f1_interval(answers: list[Answer]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of F1 over cases (percentiles)."""
    counts = np.array([(2 * sum(each.named), len(each.named) + len(each.case.truth)) for each in answers], float)
    drawn = counts[np.random.default_rng(0).integers(len(counts), size=(RESAMPLES, len(counts)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / np.maximum(drawn[:, 1], 1), [0.025, 0.975])
    return float(low), float(high)


def comparison(scored: dict[str, Any], interval: tuple[float, float], engine: str) -> str:
    """Return an engine's figures of one set and the peers' as lines of text."""
    columns = ("precision", "recall", "f1", "f1_at_1", "acc_at_1", "acc_at_3", "acc_at_5", "recall_strong", "cpu_s_per_case")
    lines = [
        f"{scored['set']}: {scored['cases']} cases, F1 {scored['f1']:.3f} ({interval[0]:.3f} to {interval[1]:.3f})",
        f"  {'':44}" + "".join(f"{name.removesuffix('_per_case'):>14}" for name in columns),
    ]
    for name, figures in [(engine, scored), *PEERS.get(scored["set"].partition(" ")[0], {}).items()]:
        cells = (f"{figures[c]:14.3f}" if figures.get(c) is not None else f"{'–':>14}" for c in columns)
        lines.append(f"  {name:44}" + "".join(cells))
    return "\n".join(lines)


def predictions(name: str, answers: list[Answer]) -> pl.DataFrame:
    """Return the ranked causes of a set, one a row."""
    rows = [
        (name, each.case.id, rank, cause.text(), cause.llr, cause.observed, cause.expected, cause.excess, cause.low, cause.high)
        for each in answers
        for rank, cause in enumerate(each.causes, 1)
    ]
    texts, figures = ("set", "id", "rank", "cause"), ("llr", "observed", "expected", "excess", "low", "high")
    schema = dict.fromkeys(texts, pl.String) | {"rank": pl.Int64} | dict.fromkeys(figures, pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col(figures).round_sig_figs(6))


def seeds_of(text: str) -> range:
    """Read `300` (1 to 300) or `301-600`."""
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(1, int(first) + 1)


def main() -> None:
    """Print the tables and one JSON line a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, metavar="DIR", help="folder of sets (default: rca/cases of the shared folder)")
    parser.add_argument("--engine", choices=list(ENGINES), default="report", help="whose search (default: that of the reports)")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the ranked causes to DIR/predictions.csv")
    parser.add_argument("--sets", default="", metavar="A,B", help="only these sets")
    parser.add_argument(
        "--generate", choices=sorted([*KINDS, COMPLAINTS]), help="draw cases of this kind instead of reading some"
    )
    parser.add_argument("--seeds", type=seeds_of, default="100", metavar="N", help="with --generate: 300 (1 to 300) or 301-600")
    options = parser.parse_args()
    try:
        if options.generate:
            sets = {f"{options.generate} generated": generated_cases(options.generate, options.seeds)}
        else:
            sets = _sets(options.cases or _shared() / "rca" / "cases", options.sets)
        scored, predicted = [], []
        for name, cases in sets.items():
            answers = _answers(cases, options.engine)
            if not answers:
                print(f"{name}: measured values, no counts: the search of the reports does not apply (--engine library does).\n")
                continue
            scored.append(scores(name, answers))
            predicted.append(predictions(name, answers))
            print(comparison(scored[-1], f1_interval(answers), ENGINES[options.engine]), end="\n\n")
        if options.write and predicted:
            options.write.mkdir(parents=True, exist_ok=True)
            pl.concat(predicted).write_csv(options.write / "predictions.csv")
    except UserError as error:
        sys.exit(str(error))
    for line in scored:
        print(json.dumps(line))


def _answers(cases: Iterable[LabelledCase], engine: str) -> list[Answer]:
    """Ask an engine about the cases that it applies to."""
    if engine == "library":
        return [answer(case, library_engine(case.table, case.dims)) for case in cases]
    return [answer(case, report_search) for case in cases if countable(case.table, case.dims)]


def _sets(folder: Path, wanted: str) -> dict[str, Iterator[LabelledCase]]:
    if not folder.is_dir():
        raise UserError(f"There is no folder of cases at {folder}.", hint="Name it with --cases, or set AFTERSALES_SHARED.")
    names = sorted(path.parent.name for path in folder.glob("*/labels.csv"))
    if not names:
        raise UserError(
            f"{folder} holds no set of cases.", hint="A set is a folder with labels.csv and a table for each id in it."
        )
    chosen = wanted.split(",") if wanted else names
    if unknown := sorted(set(chosen) - set(names)):
        raise UserError(f"{folder} has no set {', '.join(unknown)}.", hint=f"There are {', '.join(names)}.")
    return {name: cases_of(folder / name) for name in chosen}


def _shared() -> Path:
    return Settings().shared or Path(__file__).resolve().parents[2] / "shared"


def _read(path: Path, what: str) -> pl.DataFrame:
    """Read a CSV file as text, so that `007` stays what it is."""
    try:
        return pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read: {error}", hint=f"It should be a CSV file, {what}.") from error


def _table(path: Path) -> pl.DataFrame:
    table = _read(path, "dimensions, then `real` and `predict`")
    if not {"real", "predict"} <= set(table.columns):
        raise UserError(f"{path} has no columns `real` and `predict`.", hint="Its columns are the dimensions, real and predict.")
    measures = [name for name in MEASURES if name in table.columns]
    try:
        return table.with_columns(pl.col(measures).cast(pl.Float64))
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{path} has a measure that is not a number: {error}", hint=f"{', '.join(measures)} are numbers."
        ) from error


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


if __name__ == "__main__":
    main()

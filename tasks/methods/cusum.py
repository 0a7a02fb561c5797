"""Cumulative sums of Poisson counts: how fast a batch's raised rate is found, and how often chance alone signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm, log

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from tasks.errors import UserError

ALLOWANCE_ERROR = 0.01
"""Share by which the allowance of a design may differ from the optimal one, so that it lies on a coarse lattice."""

LATTICE_STEPS_OF_A_CASE = 1024
"""Finest lattice, in parts of one case, on which limits are searched."""

FEWEST_PARTS = 8
"""Parts of a case on the lattice of a short step: coarser ones would overshoot the run length asked for."""

LONG_STEP = 32.0
"""Allowance from which whole cases are fine enough."""

MOST_STATES = 4096
"""The most states of the chain; a limit that needs more is refused."""

PROMISE = 0.95
"""Probability with which a fault of the size designed for signals within the promised cases."""

ROUNDING = 1e-9

TAIL = 1e-12
"""Probability of counts left out of the chain's steps."""


@dataclass(frozen=True)
class CusumDesign:
    """A CUSUM of counts with its guaranteed run lengths.

    `k` is the allowance taken off at each step and `h` the limit, both in cases; a signal is a sum at or above `h`.
    `arl0` and `arl1` are mean steps until a signal, starting at `fir`, with the rate as expected and `ratio` times as high.
    `expected` is the expected cases of a step.
    """

    expected: float
    ratio: float
    k: float
    h: float
    arl0: float
    arl1: float
    fir: float


@dataclass(frozen=True)
class CusumPath:
    """The sum after each step, in cases, and the first step (from 0) at which it reached the limit."""

    values: tuple[float, ...]
    first_signal: int | None


@dataclass(frozen=True)
class CusumDelay:
    """How long a fault of a given size stays undetected: steps and cases of the slice until the signal."""

    steps: float
    cases: float
    most_steps: int
    most_cases: int


def design(expected_per_step: float, ratio: float, arl0: float, *, head_start: float = 0.0) -> CusumDesign:
    """Design the CUSUM that detects a rate raised by a given factor soonest while rarely signalling by chance.

    The allowance is that of the likelihood ratio, μ(ρ − 1)/ln ρ (Lucas 1985, Technometrics 27:129), rounded to a lattice; the
    limit is the smallest one on the lattice whose mean run length by chance, exact by Markov chain, reaches the one asked for.

    Args:
        expected_per_step: Cases that a step expects with nothing wrong, above 0.
        ratio: Rate to be found ÷ expected rate, above 1.
        arl0: Least mean number of steps between two chance signals.
        head_start: Share of the limit at which the sum starts (fast initial response; Lucas and Crosier 1982 take .5), below 1.

    Returns:
        Limit, allowance, and run lengths without and with the fault.
    """
    if expected_per_step <= 0 or ratio <= 1 or arl0 < 1 or not 0 <= head_start < 1:
        raise UserError(
            f"A CUSUM of {expected_per_step} expected cases a step, ratio {ratio}, {arl0} steps between chance signals, "
            f"head start {head_start} cannot be designed.",
            hint="Give an expectation above 0, a ratio above 1, at least one step, and a head start of at least 0 and below 1.",
        )
    drop, parts = _lattice(expected_per_step * (ratio - 1) / log(ratio))

    def reached(states: int) -> float:
        return float(_run_lengths(states, drop, parts, expected_per_step)[int(states * head_start)])

    low, high = 0, 1
    while reached(high) < arl0:
        low, high = high, high * 2
        if high > MOST_STATES:
            raise UserError(
                f"A CUSUM of {expected_per_step:g} expected cases a step, {arl0:g} steps between chance signals, is too long.",
                hint="Use longer steps, a higher ratio or fewer steps between chance signals.",
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= arl0 else (middle, high)
    start = int(high * head_start)
    found = float(_run_lengths(high, drop, parts, expected_per_step * ratio)[start])
    return CusumDesign(expected_per_step, ratio, drop / parts, high / parts, reached(high), found, start / parts)


def path(counts: Sequence[float], expected: Sequence[float], chosen: CusumDesign) -> CusumPath:
    """Return the cumulative sum over steps whose expectations may differ: the allowance grows with what a step expects.

    With x less k·e as the increment, the sum is the log-likelihood ratio of the raised against the expected rate whatever the
    expectations are; run lengths of the design then count in expected cases (steps × expectation) instead of steps.

    Args:
        counts: Cases of each step, oldest first.
        expected: Cases expected in each step with nothing wrong.
        chosen: The design.

    Returns:
        The sum after each step and the first signal.
    """
    allowance = chosen.k / chosen.expected
    value, values = chosen.fir, []
    for count, due in zip(counts, expected, strict=True):
        value = max(value + count - allowance * due, 0.0)
        values.append(value)
    # Sums lie on the design's lattice; a rounding error must not hide that one has reached the limit.
    first = next((step for step, reached in enumerate(values) if reached >= chosen.h - ROUNDING), None)
    return CusumPath(tuple(values), first)


def delay(chosen: CusumDesign, ratio: float | None = None, *, expected: float | None = None) -> CusumDelay:
    """Return the detection delay of a fault present from the first step: mean and 95 % point of steps and of cases.

    A sum is checked after whole steps, so long steps bring more cases before the signal: if expectations vary, the guarantee
    is that of the step that expects most.

    Args:
        chosen: The design.
        ratio: Size of the fault; by default the one designed for.
        expected: Expected cases of each step; by default that of the design.

    Returns:
        Means, and the steps and cases within which 95 of 100 such faults have signalled, by exact recursion over the joint
        distribution of the sum and the cases seen.
    """
    step = expected or chosen.expected
    mean = step * (ratio or chosen.ratio)
    parts = lcm(*(Fraction(value).limit_denominator(LATTICE_STEPS_OF_A_CASE).denominator for value in (chosen.h, chosen.k)))
    # An allowance off the lattice is rounded up: that signals later, so the guarantee still holds.
    states, start = round(chosen.h * parts), int(chosen.fir * parts)
    drop = max(ceil(chosen.k * step / chosen.expected * parts - ROUNDING), 1)
    chances = poisson.pmf(np.arange(int(poisson.isf(TAIL, mean)) + 1), mean)
    run = _run_lengths(states, drop, parts, mean)
    seen: NDArray[np.float64] = np.zeros(1)
    still: NDArray[np.float64] = np.zeros((states, 1))
    still[start, 0] = 1.0
    steps, most_steps, left = 0, 0, 1.0
    while left > (1 - PROMISE) / 1000:
        steps += 1
        following = np.zeros((states, still.shape[1] + len(chances) - 1))
        signalled = np.zeros(following.shape[1])
        for count, chance in enumerate(chances):
            moved = count * parts - drop
            columns = slice(count, count + still.shape[1])
            stays = max(min(states - moved, states), 0)
            signalled[columns] += chance * still[stays:].sum(axis=0)
            falls = min(max(-moved, 0), stays)
            following[0, columns] += chance * still[:falls].sum(axis=0)
            following[falls + moved : stays + moved, columns] += chance * still[falls:stays]
        still = _trimmed(following)
        grown: NDArray[np.float64] = np.zeros(max(len(seen), len(signalled)))
        grown[: len(seen)] = seen
        grown[: len(signalled)] += signalled
        seen = grown
        left = float(still.sum())
        if not most_steps and left <= 1 - PROMISE:
            most_steps = steps
    most_cases = int(np.searchsorted(np.cumsum(seen), PROMISE))
    return CusumDelay(float(run[start]), float(run[start]) * mean, most_steps, most_cases)


def _lattice(allowance: float) -> tuple[int, int]:
    """Return the allowance as a whole number of parts of a case, with the fewest parts that approximate it."""
    for parts in range(1 if allowance >= LONG_STEP else FEWEST_PARTS, LATTICE_STEPS_OF_A_CASE + 1):
        drop = max(round(allowance * parts), 1)
        if abs(drop / parts - allowance) <= ALLOWANCE_ERROR * allowance:
            return drop, parts
    raise UserError(
        f"A step that expects {allowance:g} cases at most is too short for a CUSUM", hint="take longer steps or larger slices"
    )


def _run_lengths(states: int, drop: int, parts: int, mean: float) -> NDArray[np.float64]:
    """Return the mean steps until the limit from each state of the sum, by the chain's linear equations."""
    most = ceil((states + drop) / parts)
    chances = poisson.pmf(np.arange(most + 1), mean)
    system = np.eye(states)
    at = np.arange(states)
    for count, chance in enumerate(chances):
        reached = np.maximum(at + count * parts - drop, 0)
        inside = reached < states
        system[at[inside], reached[inside]] -= chance  # each state has one successor for each count, so no place occurs twice
    return np.asarray(np.linalg.solve(system, np.ones(states)), dtype=np.float64)


def _trimmed(still: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distribution without the negligible columns at its far end."""
    held = np.flatnonzero(still.sum(axis=0) > TAIL / still.shape[1])
    return still[:, : held[-1] + 1] if len(held) else still[:, :1]

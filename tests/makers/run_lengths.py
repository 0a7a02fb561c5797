"""Run lengths of a CUSUM of Poisson counts for any limit: what the designs of the product are compared with."""

from fractions import Fraction
from math import lcm

from tasks.methods.cusum import LATTICE_STEPS_OF_A_CASE, _run_lengths


def arl(h: float, k: float, mean: float, fir: float = 0.0) -> float:
    """Return the mean steps until the sum of Poisson counts less an allowance reaches a limit, exactly (Brook and Evans 1972).

    Args:
        h: Limit in cases; a signal is a sum at or above it.
        k: Allowance a step, in cases.
        mean: Mean count of a step.
        fir: Sum at the start, below the limit.

    Returns:
        Mean run length in steps, the step of the signal counted. Limit, allowance and start are taken to the nearest 1/1024 of
        a case where they are no simple fractions.
    """
    exact = [Fraction(value).limit_denominator(LATTICE_STEPS_OF_A_CASE) for value in (h, k, fir)]
    parts = lcm(*(value.denominator for value in exact))
    states, drop, start = (int(value * parts) for value in exact)
    return float(_run_lengths(states, drop, parts, mean)[start])

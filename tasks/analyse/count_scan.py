"""Root causes in sparse complaint counts: which slices of many dimensions have more (or fewer) cases than a baseline.

A scan over conjunctions of up to three values. A slice is judged by the conditional binomial likelihood ratio of its
observed against its baseline cases (Przyborowski & Wilenski 1940), its price by the number of slices that had cases enough to
be judged (Bonferroni). The best slice is accepted, its excess taken out, the exposure ratio estimated again, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betainc, log_ndtr, xlogy

from tasks.analyse.located import Located

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ALPHA = 0.05
KEPT_NATS = 5.0
PROMISING = 2.0
MAX_CAUSES = 20
FLOOR_NATS = 7.0


@dataclass
class Cases:
    """Two samples."""

    dims: tuple[str, ...]
    names: tuple[pl.Series, ...]
    now: list[NDArray[np.unsignedinteger]]
    before: list[NDArray[np.unsignedinteger]]


def count_scan(table: pl.DataFrame, dims: list[str], alpha: float = ALPHA, debug=None) -> list[Located]:
    coded = []
    names = []
    for dim in dims:
        s = table[dim]
        codes = (s.cast(pl.Categorical) if s.dtype == pl.String else s).to_physical().to_numpy()
        u, first, inv = np.unique(codes, return_index=True, return_inverse=True)
        coded.append(inv.astype(np.uint16 if len(u) < 65535 else np.uint32))
        names.append(s.gather(first).cast(pl.String))
    real, predict = table["real"].to_numpy(), table["predict"].to_numpy()
    rn, rb = np.repeat(np.arange(len(real)), real), np.repeat(np.arange(len(real)), predict)
    cases = Cases(tuple(dims), tuple(names), [c[rn] for c in coded], [c[rb] for c in coded])
    return search(cases, alpha, debug)


def llr(o: Floats, b: Floats, rho: float) -> Floats:
    n = np.maximum(o + b, 1e-12)
    usual = rho / (1 + rho)
    return xlogy(o, o / n / usual) + xlogy(b, b / n / (1 - usual))


def cell_counts(now: Ints, before: Ints, size: int, minimum: float):
    if size <= max(4 * len(now), 65536):
        o = np.bincount(now, minlength=size)
        b = np.bincount(before, minlength=size)
        cells = np.flatnonzero(o >= minimum)
        return cells, o[cells].astype(float), b[cells].astype(float), np.count_nonzero(o >= minimum / 4)
    ordered = np.sort(now)
    if not len(ordered):
        return ordered, np.zeros(0), np.zeros(0), 0
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    kept = lengths >= minimum
    cells = ordered[starts[kept]]
    earlier = np.sort(before)
    b = np.searchsorted(earlier, cells, "right") - np.searchsorted(earlier, cells, "left")
    return cells, lengths[kept].astype(float), b.astype(float), np.count_nonzero(lengths >= minimum / 4)


def members(keys: Ints, cells: Ints, size: int) -> tuple[Ints, Ints]:
    """rows whose key is among the (sorted) cells, and index of the cell."""
    if not len(cells):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if size <= max(4 * len(keys), 65536):
        lut = np.zeros(size, np.int32)
        lut[cells] = np.arange(1, len(cells) + 1)
        ids = lut[keys]
        rows = np.flatnonzero(ids)
        return rows, ids[rows].astype(np.int64) - 1
    pos = np.searchsorted(cells, keys)
    pos[pos == len(cells)] = 0
    rows = np.flatnonzero(cells[pos] == keys)
    return rows, pos[rows]


def determined(cases: Cases) -> set[tuple[int, int]]:
    """(a, b): a determines b."""
    out = set()
    step = max(len(cases.now[0]) // 20000, 1)
    for a, b in combinations(range(len(cases.dims)), 2):
        x, y = cases.now[a][::step].astype(np.int64), cases.now[b][::step].astype(np.int64)
        pairs = len(np.unique(x * (int(y.max()) + 1) + y))
        nx, ny = len(np.unique(x)), len(np.unique(y))
        if pairs <= 1.005 * nx:
            out.add((a, b))
        if pairs <= 1.005 * ny:
            out.add((b, a))
    return out


def search(cases: Cases, alpha: float = ALPHA, debug=None) -> list[Located]:
    n_now, n_before = len(cases.now[0]), len(cases.before[0])
    rho0 = n_now / n_before
    minimum = max(np.ceil(FLOOR_NATS / log((1 + rho0) / rho0)), 5)
    D = len(cases.dims)
    fd = determined(cases)
    # order 1
    frequent, now, before, singles = [], [], [], []
    low = []
    tested_1 = 0
    for d in range(D):
        size = len(cases.names[d])
        o = np.bincount(cases.now[d], minlength=size)
        b = np.bincount(cases.before[d], minlength=size)
        values = np.flatnonzero(o >= minimum)
        tested_1 += int(np.count_nonzero(o >= minimum / 4))
        low.append((o[values], b[values]))
        lut = np.zeros(size, np.uint16 if len(values) < 65535 else np.uint32)
        lut[values] = np.arange(1, len(values) + 1)
        frequent.append(values)
        now.append(lut[cases.now[d]])
        before.append(lut[cases.before[d]])
        singles.append((np.arange(1, len(values) + 1), o[values].astype(float), b[values].astype(float)))
    ratios = np.concatenate([o / np.maximum(b, 1) for o, b in low])
    sizes = np.concatenate([b for o, b in low])
    order = np.argsort(ratios)
    cum = np.cumsum(sizes[order])
    rho_low = min(rho0, float(ratios[order][np.searchsorted(cum, cum[-1] / 2)]))
    width = [len(f) + 1 for f in frequent]
    tested = {1: tested_1, 2: 0, 3: 0.0}
    cand: dict[tuple[int, ...], tuple[Ints, Floats, Floats]] = {}

    def keep(cuboid, cells, o, b):
        good = (o > rho_low * b)
        good &= llr(o, b, rho_low) >= KEPT_NATS
        if good.any():
            cand[cuboid] = (cells[good], o[good], b[good])

    for d in range(D):
        keep((d,), *singles[d])
    triples: dict[tuple[int, ...], list] = {}
    pairs = {}
    for i, j in combinations(range(D), 2):
        if (i, j) in fd or (j, i) in fd:
            continue
        size = width[i] * width[j]
        kn = now[i].astype(np.int64) * width[j] + now[j]
        kb = before[i].astype(np.int64) * width[j] + before[j]
        cells, o, b, possible = cell_counts(kn, kb, size, minimum)
        a_, b_ = np.divmod(cells, width[j])
        ok = (a_ > 0) & (b_ > 0)
        cells, o, b, a_, b_ = cells[ok], o[ok], b[ok], a_[ok] - 1, b_[ok] - 1
        tested[2] += possible
        mu = singles[i][2][a_] * singles[j][2][b_] / n_before
        shape = dispersion_shape(b, mu)
        pairs[i, j] = (cells, b, shape, o)
        keep((i, j), cells, o, b)
        level = np.maximum(rho_low, np.maximum(singles[i][1][a_] / np.maximum(singles[i][2][a_], 1), singles[j][1][b_] / np.maximum(singles[j][2][b_], 1)))
        z = (o - level * b) / np.sqrt(np.maximum(level * o + level * level * b, 1e-9)) if False else (o - level * b) / np.sqrt(o + level * level * b)
        chosen = z >= PROMISING
        total_rows = o.sum()
        cells = cells[chosen]
        if not len(cells):
            continue
        rn, idn = members(kn, cells, size)
        rb, idb = members(kb, cells, size)
        for k in range(D):
            if k in (i, j) or any((k, x) in fd or (x, k) in fd for x in (i, j)):
                continue
            t, to, tb, possible = cell_counts(idn * width[k] + now[k][rn], idb * width[k] + before[k][rb], len(cells) * width[k], minimum)
            p, c = np.divmod(t, width[k])
            ok = c > 0
            p, c, to, tb = p[ok], c[ok], to[ok], tb[ok]
            tested[3] += possible * total_rows / max(len(rn), 1) / 3
            good = (to > rho_low * tb)
            good &= llr(to, tb, rho_low) >= KEPT_NATS
            if not good.any():
                continue
            vi, vj = np.divmod(cells[p[good]], width[j])
            vals = {i: vi, j: vj, k: c[good]}
            cub = tuple(sorted((i, j, k)))
            key = (vals[cub[0]] * width[cub[1]] + vals[cub[1]]) * width[cub[2]] + vals[cub[2]]
            triples.setdefault(cub, []).append((key, to[good], tb[good]))
    for cub, parts in triples.items():
        key = np.concatenate([p[0] for p in parts])
        key, first = np.unique(key, return_index=True)
        cand[cub] = (key, np.concatenate([p[1] for p in parts])[first], np.concatenate([p[2] for p in parts])[first])
    if debug is not None:
        debug.update(tested=tested, minimum=minimum, rho_low=rho_low, rho0=rho0, cands={k: len(v[0]) for k, v in cand.items()}, fd=fd)
        debug.update(shapes={k: round(v[2], 2) for k, v in pairs.items()})
    return greedy(cases, now, before, width, frequent, cand, tested, alpha, n_now, n_before, debug, singles, pairs, minimum)


CAP = 20.0
UP_NATS = 4.0
UP_SHARE = 0.4


def dispersion_shape(b: Floats, mu: Floats) -> float:
    if not len(b):
        return 0.0
    inverse = float(((b - mu) ** 2 - mu).sum() / np.maximum((mu**2).sum(), 1e-9))
    return float(min(1 / max(inverse, 1e-9), CAP))


def prior(cub, vals, singles, pairs, width, n_before):
    """(raw B, pseudo-cases, exposure) of cells given by value arrays."""

    def pair(i, j, vi, vj):
        cells, b, shape, _ = pairs[i, j]
        pos = np.searchsorted(cells, vi * width[j] + vj)
        mu = singles[i][2][vi - 1] * singles[j][2][vj - 1] / n_before
        raw = b[pos]
        return (raw + shape) / (1 + shape / np.maximum(mu, 1e-9)), mu, shape

    if len(cub) == 1:
        return np.zeros(len(vals[0])), np.ones(len(vals[0]))
    if len(cub) == 2:
        _, mu, shape = pair(*cub, *vals)
        return np.full(len(mu), shape), 1 + shape / np.maximum(mu, 1e-6)
    mu = np.full(len(vals[0]), float(n_before))
    for d, v in zip(cub, vals):
        mu = mu / np.maximum(singles[d][2][v - 1], 0.5)
    loose = np.full(len(vals[0]), 1 / CAP)
    for x, y in combinations(range(3), 2):
        lam, _, shape = pair(cub[x], cub[y], vals[x], vals[y])
        mu = mu * lam
        loose += 1 / np.maximum(lam + shape, 0.1)
    return 1 / loose, 1 + 1 / loose / np.maximum(mu, 1e-6)


def decode(cub, key, width):
    vals = []
    for d in reversed(cub):
        key, v = np.divmod(key, width[d])
        vals.append(v)
    vals.reverse()
    return vals


def tail_nats(o, b, rho, L):
    with np.errstate(divide="ignore"):
        exact = -np.log(betainc(np.maximum(o, 1e-9), np.maximum(b, 1), rho / (1 + rho)))
    return np.where(L <= 0, 0, np.where(L < 300, exact, -log_ndtr(-np.sqrt(2 * L))))


def conditions_of(cub, key, width):
    vals = []
    for d in reversed(cub):
        key, v = divmod(int(key), width[d])
        vals.append((d, v))
    return tuple(reversed(vals))


def fit(sig_members, sig_o, base, n_now, n_before, rho):
    """additive risks: a_k >= 0; sig_members: (S,K) bool; sig 0 = no cause."""
    K = sig_members.shape[1]
    a = np.zeros(K)
    for it in range(60):
        w = 1 / (1 + sig_members @ a)
        new_rho = float((sig_o * w).sum()) / n_before
        delta = abs(new_rho - rho) / rho
        rho = new_rho
        change = 0.0
        for k in range(K):
            rows = sig_members[:, k]
            o = sig_o[rows]
            s = 1 + sig_members[rows] @ a - a[k]
            target = rho * max(base[k], 0.3)
            if (o / s).sum() <= target:
                x = 0.0
            else:
                lo, hi = 0.0, float(o.sum() / target)
                for _ in range(50):
                    mid = (lo + hi) / 2
                    if (o / (s + mid)).sum() > target:
                        lo = mid
                    else:
                        hi = mid
                x = (lo + hi) / 2
            change = max(change, abs(x - a[k]) / (1 + x))
            a[k] = x
        if delta < 1e-6 and change < 1e-6:
            break
    return a, rho


def rows_of(now, conds):
    (d, v), *rest = sorted(conds, key=lambda c: -c[0])
    rows = np.flatnonzero(now[d] == v)
    for d, v in rest:
        rows = rows[now[d][rows] == v]
    return rows


def clumping(now, width, rows):
    leaf = now[0][rows].astype(np.int64)
    for d in range(1, len(now)):
        leaf = leaf * width[d] + now[d][rows]
    _, m = np.unique(leaf, return_counts=True)
    return float((m.astype(float) ** 2).sum() / max(m.sum(), 1))


def count_children(now, width, rows, conds, extra, minimum):
    used = {d for d, _ in conds}
    n = sum(int(np.count_nonzero(np.bincount(now[d][rows])[1:] >= minimum)) for d in range(len(now)) if d not in used)
    return max(n, 1) if extra == 1 else max(n, 1) * max(n - 1, 2) / 2


def greedy(cases, now, before, width, frequent, cand, tested, alpha, n_now, n_before, debug, singles, pairs, minimum):
    fd = determined(cases)
    cubs = sorted(cand, key=lambda c: (len(c), c))
    if not cubs:
        return []
    offs = np.cumsum([0] + [len(cand[c][0]) for c in cubs])
    O = np.concatenate([cand[c][1] for c in cubs])
    raw_B = np.concatenate([cand[c][2] for c in cubs])
    order = np.concatenate([np.full(len(cand[c][0]), len(c)) for c in cubs])
    pr = [prior(c, decode(c, cand[c][0], width), singles, pairs, width, n_before) for c in cubs]
    shapes = np.concatenate([x[0] for x in pr])
    exposure = np.concatenate([x[1] for x in pr])
    B = raw_B + shapes
    prices = np.array([0] + [log(max(tested[k], 1) * 3 / alpha) for k in (1, 2, 3)])
    price = prices[order]
    sig = np.zeros(n_now, np.int32)
    sig_members = np.zeros((1, 0), bool)
    sig_o = np.array([float(n_now)])
    over = np.zeros((len(O), 1))
    over[:, 0] = O
    clump = np.zeros(len(O))
    base = []
    chosen = []
    own: dict[int, float] = {}
    rho = n_now / n_before
    a = np.zeros(0)
    for _ in range(MAX_CAUSES):
        w = 1 / (1 + sig_members @ a)
        resid = over @ w
        L = np.where(resid > rho * B / exposure, np.maximum(llr(resid, B, rho / exposure), 0), 0)
        phi = 1 + clump / O
        score = tail_nats(resid, B, rho / exposure, L) / phi - price
        # lazily corrected for clumps
        if debug is not None:
            top = np.argsort(-score)[:4]
            debug.setdefault('steps', []).append([(conds_text(cases, frequent, width, cubs, cand, offs, t), round(score[t], 1), round(L[t], 1), O[t], raw_B[t], round(B[t]/exposure[t],1), round(resid[t], 1), round(phi[t], 1), round(own.get(int(t), 0), 1)) for t in top] + [rho])
        if score.max() <= 0:
            break
        value = np.where(score > 0, score + price, 0.0)
        for idx, f in own.items():
            value[idx] /= f
        while True:
            best = int(np.argmax(value))
            ci = int(np.searchsorted(offs, best, "right") - 1)
            conds = conditions_of(cubs[ci], cand[cubs[ci]][0][best - offs[ci]], width)
            if best in own:
                break
            own[best] = clumping(now, width, rows_of(now, conds))
            value[best] /= own[best]
        this = (resid[best], B[best], exposure[best], raw_B[best])
        f_own = own[best]
        # go up
        while True:
            rows = rows_of(now, conds)
            parents = [p_ for k_ in range(1, len(conds)) for p_ in combinations(conds, k_)]
            for x in conds:
                for (p_, q) in fd:
                    if p_ == x[0] and q not in [c[0] for c in conds] and (q, p_) not in fd:
                        parents.append(tuple(sorted([c for c in conds if c != x] + [(q, int(now[q][rows[0]]))])))
            better = None
            for P in parents:
                cub = tuple(d for d, _ in P)
                vals = [np.array([v]) for _, v in P]
                if len(P) == 1:
                    i = int(np.searchsorted(singles[cub[0]][0], vals[0][0]))
                    o_p, b_p = singles[cub[0]][1][i], singles[cub[0]][2][i]
                elif len(P) == 2:
                    cells, b, _, o = pairs[cub]
                    i = int(np.searchsorted(cells, vals[0][0] * width[cub[1]] + vals[1][0]))
                    o_p, b_p = o[i], b[i]
                else:
                    continue
                rows_p = rows_of(now, P)
                r_p = float(w[sig[rows_p]].sum())
                sh, ex = prior(cub, vals, singles, pairs, width, n_before)
                sh, ex = float(sh[0]), float(ex[0])
                lam_p, lam_s = (b_p + sh) / ex, this[1] / this[2]
                rest_o, rest_b = r_p - this[0], max(lam_p - lam_s, 0.5)
                ratio_s = this[0] / (rho * lam_s)
                if rest_o <= rho * rest_b:
                    continue
                l_rest = float(llr(np.array(rest_o), np.array(rest_b), rho))
                lp = float(llr(np.array(r_p), np.array(b_p + sh), rho / ex))
                sc = float(tail_nats(np.array(r_p), np.array(b_p + sh), rho / ex, np.array(lp))) - prices[len(P)]
                e_c = lam_s * r_p / max(lam_p, lam_s)
                dev = this[0] * log(this[0] / e_c) - (this[0] - e_c) if this[0] > e_c else 0.0
                children = count_children(now, width, rows_p, P, len(conds) - len(P), minimum)
                ok = l_rest > UP_NATS and sc > 0 and (log(rest_o / (rho * rest_b)) >= UP_SHARE * log(ratio_s) or dev / f_own < log(children / 0.05))
                if debug is not None:
                    debug['steps'].append(('   up', conds, P, round(l_rest, 1), round(rest_o / rest_b / rho, 2), round(ratio_s, 2), round(sc, 1), round(dev,1), round(f_own,1), children, ok))
                if ok and (better is None or sc > better[0]):
                    better = (sc, P, (r_p, b_p + sh, ex, b_p))
            if better is None:
                break
            conds, this = better[1], better[2]
        old = sig[rows]
        u, inv = np.unique(old, return_inverse=True)
        S = len(sig_o)
        new_members = np.concatenate([sig_members, sig_members[u]])
        col = np.zeros((S + len(u), 1), bool)
        col[S:] = True
        sig_members = np.hstack([new_members, col])
        moved = np.bincount(inv, minlength=len(u)).astype(float)
        sig_o = np.concatenate([sig_o, moved])
        sig_o[u] -= moved
        sig[rows] = S + inv
        add = np.zeros((len(O), len(u)))
        phi_p = clumping(now, width, rows)
        extra = (phi_p - 1.0) * (old == 0)
        for c_i, cub in enumerate(cubs):
            cells = cand[cub][0]
            key = now[cub[0]][rows].astype(np.int64)
            size = width[cub[0]]
            for d in cub[1:]:
                key = key * width[d] + now[d][rows]
                size *= width[d]
            r, ids = members(key, cells, size)
            if len(r):
                add[offs[c_i]:offs[c_i + 1]] = np.bincount(ids * len(u) + inv[r], minlength=len(cells) * len(u)).reshape(len(cells), len(u))
                clump[offs[c_i]:offs[c_i + 1]] += np.bincount(ids, extra[r], minlength=len(cells))
        over = np.hstack([over, add])
        over[:, u] -= add
        base.append(this[1] / this[2])
        chosen.append((this, conds))
        a, rho = fit(sig_members, sig_o, np.array(base), n_now, n_before, rho)
    out = []
    w = 1 / (1 + sig_members @ a)
    for k, (idx, conds) in enumerate(chosen):
        rows = sig_members[:, k]
        s = 1 + sig_members[rows] @ a
        o_k = float(sig_o[rows].sum())
        excess = float((sig_o[rows] * a[k] / s).sum())
        own = excess + float((sig_o[rows] / s).sum())
        e = own - excess
        l = float(llr(np.array(own), np.array(idx[1]), rho / idx[2]))
        text = tuple(sorted((cases.dims[d], str(cases.names[d][int(frequent[d][v - 1])])) for d, v in conds))
        out.append(Located(text, l, o_k, o_k - excess, excess, 0, 0))
    return sorted(out, key=lambda x: -x.llr)


def conds_text(cases, frequent, width, cubs, cand, offs, idx):
    ci = int(np.searchsorted(offs, idx, "right") - 1)
    conds = conditions_of(cubs[ci], cand[cubs[ci]][0][idx - offs[ci]], width)
    return "&".join(sorted(f"{cases.dims[d]}={cases.names[d][int(frequent[d][v - 1])]}" for d, v in conds))

"""The least loss of three equal rows at 120 degrees with one bias: part of a checker.

The page ``docs/theorems.md`` derives what is here. With β = bias / q and the best q, the loss and the penalty are
p - 3/4 p N, where N depends on β only. Losses are divided by p.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from geomsup.proofs.checker import NONE, between, exact

__all__ = ["Least", "Saved", "is_worse", "least", "lost", "saved"]

REGION = Fraction(-3, 4), Fraction(1)  # ends of β: no minimum is beyond
# Width of a piece that is left, and the same as a part of the widths of p and the penalty.
TINY, FINE = Fraction(1, 2**32), Fraction(1, 16)
MOST_PIECES = 20_000  # a checker must end
CELLS, STEPS = 256, 40  # where a low loss is looked for, and how often that is halved


class Saved(NamedTuple):
    """N, its slopes along β and p, the best q; and E, which vanishes where N has no slope, with its slopes."""

    N: arb
    slope: arb
    by_p: arb
    q: arb
    E: arb
    bend: arb
    E_p: arb
    E_penalty: arb


class Least(NamedTuple):
    """What is known of all minima: an interval of β, and balls of the loss, of its slope along p, and of q."""

    ends: tuple[Fraction, Fraction]
    loss: arb
    by_p: arb
    q: arb


def _power(x: arb, n: int) -> arb:
    """Return x₊ⁿ."""
    if n == 0:
        return arb(1) if x > 0 else arb(0) if x < 0 else arb(0).union(arb(1))
    y = x.max(NONE)
    found = y
    for _ in range(n - 1):
        found *= y
    return found


def _mean(n: int, x: arb, p: arb) -> tuple[arb, arb]:
    """Return E (x - (y + z) / 2)₊ⁿ and its slope along p: y and z are U[0, 1] with probability p, and else 0."""
    half, whole, absent = x - arb(1) / 2, x - 1, 1 - p
    none = _power(x, n)
    one = 2 * (_power(x, n + 1) - _power(half, n + 1)) / (n + 1)
    both = 4 * (_power(x, n + 2) - 2 * _power(half, n + 2) + _power(whole, n + 2)) / ((n + 1) * (n + 2))
    value = absent * absent * none + 2 * p * absent * one + p * p * both
    return value, -2 * absent * none + 2 * (1 - 2 * p) * one + 2 * p * both


class _Parts(NamedTuple):
    """B and M, their slopes along β and p, and second derivatives."""

    B: arb
    M: arb
    B_p: arb
    M_p: arb
    B_b: arb
    M_b: arb
    B_bb: arb
    M_bb: arb
    B_bp: arb
    M_bp: arb


def _parts(beta: arb, p: arb, penalty: arb) -> _Parts:
    """Return B = K - E (1 + β - …)₊² and M = p K + (1 - p) E (β - …)₊² + λ/4: the loss is p + 3 p q B + 3 q² M."""
    (A0, _), (A1, A1_p), (A2, A2_p), (A3, A3_p) = (_mean(n, 1 + beta, p) for n in range(4))
    (a0, _), (a1, a1_p), (a2, a2_p), (a3, a3_p) = (_mean(n, beta, p) for n in range(4))
    K, K_p, K_b, K_bb, K_bp = (A3 - a3) / 3, (A3_p - a3_p) / 3, A2 - a2, 2 * (A1 - a1), A2_p - a2_p
    return _Parts(
        B=K - A2, M=p * K + (1 - p) * a2 + penalty / 4,
        B_p=K_p - A2_p, M_p=K + p * K_p - a2 + (1 - p) * a2_p,
        B_b=K_b - 2 * A1, M_b=p * K_b + 2 * (1 - p) * a1,
        B_bb=K_bb - 2 * A0, M_bb=p * K_bb + 2 * (1 - p) * a0,
        B_bp=K_bp - 2 * A1_p, M_bp=K_b + p * K_bp - 2 * a1 + 2 * (1 - p) * a1_p,
    )  # fmt: skip


def saved(beta: arb, p: arb, penalty: arb) -> Saved:
    """Return N = p B² / M, which the best q saves, and more."""
    B, M, B_p, M_p, B_b, M_b, B_bb, M_bb, B_bp, M_bp = _parts(beta, p, penalty)
    N, E = p * B * B / M, 2 * B_b * M - B * M_b
    return Saved(
        N=N,
        slope=p * B * E / (M * M),
        by_p=N / p + p * B * (2 * B_p * M - B * M_p) / (M * M),
        q=-p * B / (2 * M),
        E=E,
        bend=2 * B_bb * M + B_b * M_b - B * M_bb,
        E_p=2 * B_bp * M + 2 * B_b * M_p - B_p * M_b - B * M_bp,
        E_penalty=B_b / 2,
    )


def _is_steep(here: Saved, middle: Saved, ways: tuple[arb, arb, arb]) -> bool:
    """Whether N has a slope everywhere in a box, from its middle along β, p and the penalty."""
    by_beta, by_p, by_penalty = ways
    E = middle.E + here.bend * by_beta + here.E_p * by_p + here.E_penalty * by_penalty
    return bool(here.q > 0 and (E > 0 or E < 0 or here.E > 0 or here.E < 0))


def lost(q: arb, beta: arb, p: arb) -> tuple[arb, arb]:
    """Return what a triangle loses without a penalty, divided by p, and its slope along p."""
    B, M, B_p, M_p, *_ = _parts(beta, p, NONE)
    square = q * q / p
    return 1 + 3 * (q * B + square * M), 3 * (q * B_p + square * (M_p - M / p))


def is_worse(low: Fraction, high: Fraction, reference: Callable[[Fraction, Fraction], tuple[arb, arb]]) -> bool:
    """Whether all triangles lose more than a model, whose loss in the middle of an interval and slope are known.

    Boxes of p and β are halved until the least loss is larger in them, or has a slope along β.
    """
    waiting, pieces = [(low, high, *REGION)], 0
    while waiting:
        (p0, p1, b0, b1), pieces = waiting.pop(), pieces + 1
        at_p, at = (p0 + p1) / 2, (b0 + b1) / 2
        p, beta = between(p0, p1), between(b0, b1)
        here, (value, slope) = saved(beta, p, NONE), reference(p0, p1)
        middle = saved(exact(at), exact(at_p), NONE)
        more = 1 - 3 * middle.N / 4 - value
        turned = 3 * here.slope * (beta - exact(at)) / 4 + (3 * here.by_p / 4 + slope) * (p - exact(at_p))
        if more - turned > 0 or _is_steep(here, middle, (beta - exact(at), p - exact(at_p), NONE)):
            continue
        if pieces > MOST_PIECES:
            return False
        if p1 - p0 > p0 * (b1 - b0):
            waiting += [(p0, at_p, b0, b1), (at_p, p1, b0, b1)]
        else:
            waiting += [(p0, p1, b0, at), (p0, p1, at, b1)]
    return True


def _peak(p: arb, penalty: arb) -> Fraction:
    """Return about where N is largest."""
    low, high = REGION
    width = (high - low) / CELLS
    at = max((low + k * width for k in range(1, CELLS)), key=lambda beta: float(saved(exact(beta), p, penalty).N))
    for _ in range(STEPS):
        width /= 2
        at += width if float(saved(exact(at), p, penalty).slope) > 0 else -width
    return at


def least(p: arb, penalty: arb) -> Least:
    """Return where the loss of triangles can be least, for all p and penalties of two balls, or raise a ValueError.

    It is least at one β for each of them. Pieces of β are halved until N is too small in them, or has a slope.
    """
    known = saved(exact(_peak(p.mid(), penalty.mid())), p, penalty).N.lower()
    tiny = max(TINY, FINE * Fraction(float(p.rad() + penalty.rad())))
    waiting, kept, pieces = [REGION], [], 0
    while waiting:
        (low, high), pieces = waiting.pop(), pieces + 1
        if pieces > MOST_PIECES:
            raise ValueError("the loss of triangles must be known from few pieces")
        beta, at = between(low, high), (low + high) / 2
        here = saved(beta, p, penalty)
        middle = saved(exact(at), p.mid(), penalty.mid())
        ways = beta - exact(at), p - p.mid(), penalty - penalty.mid()
        N = saved(exact(at), p, penalty).N + here.slope * ways[0]
        if known > N or known > here.N or _is_steep(here, middle, ways):
            continue
        if high - low < tiny:
            kept.append((low, high))
        else:
            waiting += [(at, high), (low, at)]
    if not kept:
        raise ValueError("triangles must have a least loss")
    ends = kept[0][0], kept[-1][1]
    middle = exact((ends[0] + ends[1]) / 2)
    inside = saved(between(*ends), p, penalty)
    if not (inside.bend > 0 and inside.q > 0):
        raise ValueError("the loss of triangles must have one minimum")
    N = saved(middle, p, penalty).N + inside.slope * (between(*ends) - middle)
    loss = 1 - 3 * N.intersection(inside.N) / 4
    v = arb(1) / 3 - p / 4
    if not (loss < v and loss < arb(7) / 16):
        raise ValueError("the best triangle must lose less than small norms and large biases do")
    # by_p is N_p: the loss is 1 - 3/4 N, and the slope of the least loss is that at the minimum.
    return Least(ends, loss, -3 * inside.by_p / 4, inside.q)

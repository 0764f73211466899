"""One output of two features on one axis: its expected squared error, and all derivatives that the checker needs.

The page ``docs/theorems.md`` derives G. Its variables are q = w_i², s = -w_1 w_2 > 0, c = bias / p, and p.
"""

from dataclasses import dataclass
from typing import NamedTuple

from flint import arb

__all__ = ["NONE", "Best", "Output", "Slopes", "best", "best_bias", "output", "without_bias"]

NONE = arb(0)
STEPS = 60  # of Newton's method in doubles, which is nearly always there after 6
ENOUGH = 1e-15
TRIES = 5  # radii of a ball of c
WIDER = 1.3  # than the derivatives in the middle say: they vary
LEAST, WIDEST = 1e-12, 5.0  # radius: more than rounding; as large as c can be

Pair = tuple[arb, arb]


class Slopes(NamedTuple):
    """First and second derivatives of F = min over c of G, along q, s and p."""

    q: arb
    s: arb
    p: arb
    qq: arb
    qs: arb
    ss: arb
    qp: arb
    sp: arb


@dataclass
class Output:
    """G and its derivatives at a fixed c; those along c are divided: G_c = -p H, G_cc = p K, G_qc = p qc, H_p = pc."""

    G: arb
    H: arb
    K: arb
    q: arb
    s: arb
    p: arb
    qq: arb
    qs: arb
    ss: arb
    qp: arb
    sp: arb
    qc: arb
    sc: arb
    pc: arb

    def slopes(self, p: arb) -> Slopes:
        """Return the derivatives of F, if c is where H = 0."""
        more = p / self.K
        return Slopes(
            self.q, self.s, self.p,
            self.qq - more * self.qc * self.qc, self.qs - more * self.qc * self.sc, self.ss - more * self.sc * self.sc,
            self.qp + more * self.qc * self.pc, self.sp + more * self.sc * self.pc,
        )  # fmt: skip


def output(q: arb, s: arb, c: arb, p: arb) -> Output:
    """Return G = V ((1 - q)² + s²) + p ω² - (1 - p) d³ / 3s - p C / 12s, with V = 1/3 - p/4, and derivatives.

    Here d = s - p c, ω = (1 - q + s) / 2 - c, C = (1/q + 1/q²) (d⁴ - e⁴) - 4 e³ / q and e = d - q; d and e are 0 where
    they are negative. Where e > 0, C is a polynomial.
    """
    whole = s - p * c
    d, e = whole.max(NONE), (whole - q).max(NONE)
    d2 = d * d
    C, C_d, C_dd, C_q, C_qd, C_qq = _spared(q, d, e)
    n, V, omega, z, k = 1 - p, arb(1) / 3 - p / 4, (1 - q + s) / 2 - c, d / s, p / 12
    T_s, T_ss = d * z - d * z * z / 3, 2 * z - 2 * z * z + 2 * z * z * z / 3
    X_s, X_ss = (C_d - C / s) / s, (C_dd - 2 * C_d / s + 2 * C / s / s) / s
    T_sd, X_sd = 2 * z - z * z, (C_dd - C_d / s) / s
    return Output(
        G=V * ((1 - q) * (1 - q) + s * s) + p * omega * omega - n * d2 * z / 3 - k * C / s,
        H=2 * omega - n * d * z - k * C_d / s,
        K=2 - 2 * p * n * z - p * k * C_dd / s,
        q=-2 * V * (1 - q) - p * omega - k * C_q / s,
        s=2 * V * s + p * omega - n * T_s - k * X_s,
        p=-((1 - q) * (1 - q) + s * s) / 4 + omega * omega + d2 * z / 3 + n * c * d * z - C / s / 12 + k * c * C_d / s,
        qq=2 * V + p / 2 - k * C_qq / s,
        qs=-p / 2 - k * (C_qd - C_q / s) / s,
        ss=2 * V + p / 2 - n * T_ss - k * X_ss,
        qp=(1 - q) / 2 - omega - C_q / s / 12 + k * c * C_qd / s,
        sp=-s / 2 + omega + T_s + n * c * T_sd - X_s / 12 + k * c * X_sd,
        qc=1 + k * C_qd / s,
        sc=-1 + n * T_sd + k * X_sd,
        pc=d * z + 2 * n * c * z - C_d / s / 12 + k * c * C_dd / s,
    )


def without_bias(q: arb, s: arb, p: arb) -> arb:
    """Return the H of `output` at c = 0, the same ball: negative if the best bias is."""
    d, e = s.max(NONE), (s - q).max(NONE)
    if e > 0:
        C_d = 12 * d * (d + 1 - q) - 8 * q + 4 * (q * q)
    else:
        i, e2 = 1 / q, e * e
        C_d = 4 * (i + i * i) * (d * d * d - e2 * e) - 3 * (4 * i) * e2
    return 2 * ((1 - q + s) / 2) - (1 - p) * d * (d / s) - p / 12 * C_d / s


def _spared(q: arb, d: arb, e: arb) -> tuple[arb, ...]:
    """Return C and its derivatives along d, dd, q, qd and qq."""
    if e > 0:  # the same as below, where terms that nearly cancel would leave wide balls
        d2, q2 = d * d, q * q
        C = 4 * d2 * d + 6 * d2 - q * (6 * d2 + 8 * d) + q2 * (4 * d + 3) - q2 * q
        C_d, C_dd = 12 * d * (d + 1 - q) - 8 * q + 4 * q2, 12 * (2 * d + 1 - q)
        C_q, C_qd = 2 * q * (4 * d + 3) - 6 * d2 - 8 * d - 3 * q2, 8 * (q - 1) - 12 * d
        return C, C_d, C_dd, C_q, C_qd, 8 * d + 6 - 6 * q
    i = 1 / q
    A, A_q, A_qq = i + i * i, -i * i * (1 + 2 * i), i * i * i * (2 + 6 * i)
    B, B_q, B_qq = 4 * i, -4 * i * i, 8 * i * i * i
    d2, e2 = d * d, e * e
    d3, e3 = d2 * d, e2 * e
    quartic, cubic, square = d2 * d2 - e2 * e2, d3 - e3, d2 - e2
    C = A * quartic - B * e3
    C_d, C_dd = 4 * A * cubic - 3 * B * e2, 12 * A * square - 6 * B * e
    C_q = A_q * quartic + 4 * A * e3 - B_q * e3 + 3 * B * e2
    C_qd = 4 * A_q * cubic + 12 * A * e2 - 3 * B_q * e2 + 6 * B * e
    C_qq = A_qq * quartic + 8 * A_q * e3 - 12 * A * e2 - B_qq * e3 + 6 * B_q * e2 - 6 * B * e
    return C, C_d, C_dd, C_q, C_qd, C_qq


def best_bias(q: float, s: float, p: float) -> float:
    """Return about where H = 0, in doubles: the checker proves how near that is."""
    low, high = (1 - q) / 2 if q < 1 else -s / max(p, 0.1), (1 - q + s) / 2
    c = max((low + high) / 2, high / 2)
    A = 1 / q + 1 / q**2
    for _ in range(STEPS):
        d = max(s - p * c, 0.0)
        e = max(d - q, 0.0)
        H = 1 - q + s - 2 * c - (1 - p) * d * d / s - p * (4 * A * (d**3 - e**3) - 12 * e * e / q) / (12 * s)
        K = 2 - 2 * p * (1 - p) * d / s - p * p * (12 * A * (d * d - e * e) - 24 * e / q) / (12 * s)
        low, high = (c, high) if H > 0 else (low, c)
        new = c + H / K if K > 0 else (low + high) / 2
        if abs(new - c) < ENOUGH:
            break
        c = new if low <= new <= high else (low + high) / 2
    return c


class Best(NamedTuple):
    """An output on a box, at its best bias."""

    bias: arb  # a ball that holds the best c, if that is positive
    slopes: Slopes
    at_slopes: tuple[arb, arb]  # along q and s, in the middle of the box
    least: arb  # F in the middle of the box


def best(p: Pair, q: Pair, s: Pair) -> Best | None:
    """Return an output on a box, by Newton's method in balls for its best bias, or None if that says nothing.

    p, q and s are balls with their middles. On a ball of c with K > 0, H falls with c. So there is at most one zero,
    and one in the new ball, if that is inside the old one. A ball of negative c is joined with 0.
    """
    at_c = arb(best_bias(float(q[1]), float(s[1]), float(p[1])))
    at = output(q[1], s[1], at_c, p[1])
    if not at.K > 0:
        return None
    by_p, by_q, by_s = p[0] - p[1], q[0] - q[1], s[0] - s[1]
    varies = float(abs(at.qc * by_q).upper() + abs(at.sc * by_s).upper() + abs(at.pc * by_p).upper())
    radius = WIDER * varies / float(at.K) + LEAST
    for _ in range(TRIES):
        ball = at_c + arb(0, radius)
        at_all = output(q[0], s[0], ball, p[0])
        if not (radius < WIDEST and at_all.K > 0):
            return None
        bias = at_c + (at.H - at_all.qc * by_q - at_all.sc * by_s + at_all.pc * by_p) / at_all.K
        if ball.contains_interior(bias):
            if bias < 0 and not output(q[0], s[0], ball.union(NONE), p[0]).K > 0:
                return None
            shift = p[1] * at.H / at_all.K  # p times the way from c to the best one in the middle
            at_slopes = at.q + at_all.qc * shift, at.s + at_all.sc * shift
            return Best(bias, at_all.slopes(p[0]), at_slopes, at.G - shift * at.H / 2)
        radius = WIDER * float(abs(bias - at_c).upper())
    return None

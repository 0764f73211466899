"""Both outputs of two features on one axis, on a box of p, of Q = q_1 + q_2, and of r, where q_2 = r² q_1."""

from fractions import Fraction
from typing import NamedTuple

from flint import arb

from geomsup.proofs.checker import between, exact
from geomsup.proofs.outputs import NONE, Best, best

__all__ = ["Box", "Local", "Place", "local_of"]

Box = tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]  # ends of p, of Q, and of r


class Place:
    """Balls of what is needed on a box: at every point of it, and in its middle."""

    def __init__(self, box: Box) -> None:
        (low_Q, high_Q), (low_r, high_r) = (exact(box[2]), exact(box[3])), (exact(box[4]), exact(box[5]))
        least, most = low_r * low_r + 1, high_r * high_r + 1
        at_p, at_Q, at_r = ((low + high) / 2 for low, high in zip(box[::2], box[1::2], strict=True))
        self.p, self.Q, self.r = between(box[0], box[1]), low_Q.union(high_Q), low_r.union(high_r)
        self.at_p, self.at_Q, self.at_r = exact(at_p), exact(at_Q), exact(at_r)
        # q_1 and s fall with r >= 1, q_2 grows; all grow with Q.
        self.norms = (low_Q / most).union(high_Q / least), (low_Q - low_Q / least).union(high_Q - high_Q / most)
        self.s = (low_Q * high_r / most).union(high_Q * low_r / least)
        first = self.at_Q / (self.at_r * self.at_r + 1)
        self.at_norms, self.at_s = (first, self.at_Q - first), first * self.at_r
        # log s falls with log r at this rate, at a fixed Q.
        self.lean, self.at_lean = (1 - 2 / least).union(1 - 2 / most), 1 - 2 / (self.at_r * self.at_r + 1)

    def both(self) -> tuple[Best, Best] | None:
        """Return both outputs, or None if the best biases are not known."""
        found = []
        for q, at_q in zip(self.norms, self.at_norms, strict=True):
            one = best((self.p, self.at_p), (q, at_q), (self.s, self.at_s))
            if one is None:
                return None
            found.append(one)
        return found[0], found[1]


class Local(NamedTuple):
    """Derivatives of L on a box, along log Q, log r and p."""

    slopes: list[arb]  # along all three
    at: list[arb]  # along log Q and log r, in the middle of the box
    second: list[arb]  # QQ, Qr, rr
    mixed: list[arb]  # of the first two slopes, along p
    ways: tuple[arb, arb, arb]  # from the middle, along p, log Q, and log r

    def combined(self, x: float, y: float) -> arb:
        """Return a ball that holds x L_Q + y L_r on the box, by the theorem of the mean about its middle."""
        (QQ, Qr, rr), (by_p, by_Q, by_r) = self.second, self.ways
        turned = (x * QQ + y * Qr) * by_Q + (x * Qr + y * rr) * by_r + (x * self.mixed[0] + y * self.mixed[1]) * by_p
        return x * self.at[0] + y * self.at[1] + turned

    def has_a_slope(self) -> bool:
        """Whether a combination of L_Q and L_r does not vanish on the box; two of them hardly vary along Q or r."""
        QQ, Qr, rr = (float(one.mid()) for one in self.second)
        ways = [(1.0, 0.0), (0.0, 1.0), *([(1.0, -Qr / rr)] if rr else []), *([(-Qr / QQ, 1.0)] if QQ else [])]
        return any(one > 0 or one < 0 for one in (*self.slopes[:2], *(self.combined(x, y) for x, y in ways)))


def local_of(place: Place, both: tuple[Best, Best]) -> Local:
    """Return what is known of L on a box. Along log r, q_1, q_2 and s grow at the rates -1 - lean, 1 - lean, -lean."""
    p, s, lean, at_s, at_lean = place.p, place.s, place.lean, place.at_s, place.at_lean
    slopes, at, second, mixed = [NONE] * 3, [NONE] * 2, [NONE] * 3, [NONE] * 2
    for sign, q, at_q, one in zip((-1, 1), place.norms, place.at_norms, both, strict=True):
        F, x = one.slopes, sign - lean
        by_q, by_s, qs = q * F.q, s * F.s, q * s * F.qs
        qq, ss = q * q * F.qq + by_q, s * s * F.ss + by_s
        slopes = [slopes[0] + by_q + by_s, slopes[1] + x * by_q - lean * by_s, slopes[2] + F.p]
        along_q, along_s = at_q * one.at_slopes[0], at_s * one.at_slopes[1]
        at = [at[0] + along_q + along_s, at[1] + (sign - at_lean) * along_q - at_lean * along_s]
        curved = x * x * qq - 2 * x * lean * qs + lean * lean * ss - (1 - lean * lean) * (by_q + by_s)
        leaning = x * qq + (x - lean) * qs - lean * ss
        second = [second[0] + qq + 2 * qs + ss, second[1] + leaning, second[2] + curved]
        mixed = [mixed[0] + q * F.qp + s * F.sp, mixed[1] + x * q * F.qp - lean * s * F.sp]
    ways = p - place.at_p, (place.Q - place.at_Q) / place.Q, (place.r - place.at_r) / place.r
    return Local(slopes, at, second, mixed, ways)

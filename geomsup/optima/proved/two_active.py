"""What models lose while one or two features are active, if they have at most twice as many features as dimensions.

Let c_0, c_1 and c_2 be the probabilities that no feature, a certain one, or two certain ones are active, c_1 divided by
3, and T(s) = E min(x, s y)². With η² = D(q, b)/3, the error of an output while its feature alone is active, output i
loses at least

    c_0 b₊² + c_1 D(q, b) + Σ_j [c_2 (√T(-a_ij) - η)₊² if a_ij < 0, else c_1 O(a_ij, b)].

Of this, ν Σ_j a_ij² is given to the Gram matrix. As its rank is m, Σ a_ij² + Σ q_i² is at least (Σ q_i)²/m, which is at
least (2 n Q Σ q_i - n² Q²)/m. What is left depends on one output only, and its least value over q and b is bounded on
boxes. So the bound holds for every ν >= 0 and Q; the best ones are looked for. The page on theorems has the proof.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["alone", "by_two_active", "digon_loss", "overlap"]

SHARES, SCALES = np.linspace(0.5, 1.0, 11), np.linspace(0.9, 1.3, 21)  # of ν, in units of c_2/6, and Q that are tried
COARSE = 41  # points along q and along b for that
STEPS = 512  # cells of a cosine, in which the terms of a pair are bounded
LEVELS = 400  # of η, from 0 to 1/√3, which is a silent output
TOLERANCE = 5e-3  # boxes are halved until the least value is known to this, relative to c_2/6
ROUNDS, MOST_BOXES = 40, 200_000
ROUNDING = 1e-9  # relative, of sums whose terms are as large as ν n²/m
SMALLEST = 1e-290  # chance of two active features: below, a tenth of it is no ordinary number
SILENT = 1 / np.sqrt(3)
LONGEST = 3  # -a/b of a product a > 0: beyond, O(a, b) is at least (1 - 1/3)³ a², and c_1 times that more than ν a²
TALLEST = 1 - 1 / LONGEST


@lru_cache(maxsize=1024)
def by_two_active(n: int, m: int, p: float) -> float:
    """Return what n features of probability p, uniform on [0, 1], lose at least in m < n <= 2m dimensions.

    0 where this argument proves nothing. For p to 0 it is p² n (n/m - 1)/6, which for n = 2m is what digons lose.
    """
    if not m < n <= 2 * m or not 0 < p < 1:
        return 0.0
    known = (n - m) * digon_loss(p)  # a model loses this, so only outputs that lose no more count
    odds = _Odds((1 - p) ** n, p * (1 - p) ** (n - 1) / 3, p**2 * (1 - p) ** (n - 2))
    if not min(known, odds.two) > SMALLEST:
        return 0.0
    radius = np.sqrt(known / odds.one)
    if not (radius < 1 and TALLEST**3 * odds.one > odds.two / 6):
        return 0.0
    share, scale, estimate = _chosen(n, m, odds, radius)
    if not estimate > 0:
        return 0.0
    price = share * odds.two / 6
    least = _least(_Output(n, m, odds, price, scale), radius)
    found = n * least - price * n**2 * scale**2 / m
    return float(min(max(found - ROUNDING * price * n**2 / m, 0.0), known))


def digon_loss(p: float) -> float:
    """Return a loss that two features on one axis reach: that of unit rows, or a scaled pair with biases if lower."""
    from scipy.optimize import minimize

    V = p / 3 - p**2 / 4

    def loss(point: np.ndarray) -> float:
        q, d = point
        if not 0 < d <= q:
            return np.inf
        clipped = p * (1 - p) * d**3 / (3 * q) + p**2 * (1 + q) * d**4 / (12 * q**3)
        return 2 * (V * ((1 - q) ** 2 + q**2) + (d - q + p / 2) ** 2 - clipped)

    return float(min(p**2 / 3, minimize(loss, [1.0, 1 - p / 4], method="Nelder-Mead").fun))


def overlap(s: np.ndarray) -> np.ndarray:
    """T(s) = E min(x, s y)² of x and y uniform on [0, 1]: s²/3 - s³/6 up to s = 1, which is all that is needed."""
    return s**2 / 3 - s**3 / 6


@dataclass(frozen=True)
class _Odds:
    """c_0, c_1 and c_2."""

    none: float
    one: float
    two: float


class _Output:
    """What one output loses, less the price ν of its products, plus that of its norm."""

    def __init__(self, n: int, m: int, odds: _Odds, price: float, scale: float) -> None:
        self.n, self.m, self.odds, self.price, self.scale = n, m, odds, price, scale
        self.etas = np.linspace(0, SILENT, LEVELS + 1)
        ends = np.linspace(0, 1, STEPS + 1)
        errors = np.maximum(np.sqrt(overlap(ends[:-1])) - self.etas[:, None], 0) ** 2
        self.negative = (odds.two * errors - price * ends[1:] ** 2).min(axis=1)  # falls with η
        r = np.linspace(1, LONGEST, STEPS + 1)
        self.positive = float((odds.one / price * (r[:-1] - 1) ** 3 / r[:-1] - r[1:] ** 2).min())  # times ν b²

    def at(self, q: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return a value that is not above the true one, at points."""
        return self.within(q, b, np.zeros(1), np.zeros(1))

    def within(self, q: np.ndarray, b: np.ndarray, dq: np.ndarray, db: np.ndarray) -> np.ndarray:
        """Return a value that is nowhere above the true one in boxes of these centres and half widths."""
        root, slack = np.sqrt(np.maximum(alone(q, b), 0)), dq + np.sqrt(3) * db  # √D has the slopes 1 and √3 at most
        odds = self.odds
        own = odds.none * np.maximum(b - db, 0) ** 2 + odds.one * np.maximum(root - slack, 0) ** 2
        level = np.ceil((root + slack) / np.sqrt(3) / SILENT * LEVELS).astype(int)
        positive = self.price * self.positive * np.maximum(db - b, 0) ** 2
        pairs = np.minimum(self.negative[np.minimum(level, LEVELS)], positive)
        top = q + dq
        linear = 2 * self.n * self.scale / self.m
        norms = np.minimum((linear - top) * top, (linear - q + dq) * (q - dq))
        return own + (self.n - 1) * (pairs - self.price * np.maximum(top**2 - 1, 0)) + self.price * norms


def alone(q: np.ndarray, b: np.ndarray) -> np.ndarray:
    """D(q, b) = 3 ∫ (x - (q x + b)₊)² dx."""
    t = np.where(q > 0, np.minimum(np.maximum(-b, 0), q) / np.where(q > 0, q, 1), 1)
    below = 1 - q * (1 - t) ** 2 * (2 + t) + q**2 * (1 - t) ** 3
    return np.where(b > 0, (1 - q) ** 2 - 3 * (1 - q) * b + 3 * b**2, below)


def _ends(radius: float) -> tuple[float, float, float]:
    """Return the largest q, and the ends of b, of outputs with √D <= radius.

    D is at least ((q - 1)/(q + 1))² for q > 1, 3/4 b² for b > 0, and 1 for b <= -q.
    """
    largest = (1 + radius) / (1 - radius)
    return largest, -largest, 2 / np.sqrt(3) * radius


def _chosen(n: int, m: int, odds: _Odds, radius: float) -> tuple[float, float, float]:
    """Return the ν, in units of c_2/6, and the Q of the largest bound, as far as a few points tell, and that bound."""
    largest, low, high = _ends(radius)
    root = np.linspace(-1, 1, COARSE)
    near = np.sign(root) * np.abs(root) ** 2  # denser at q = 1 and b = 0
    q, b = np.meshgrid(1 + np.where(near > 0, largest - 1, 1) * near, np.where(near > 0, high, -low) * near)
    kept = alone(q, b) <= radius**2
    q, b = q[kept], b[kept]
    best = (1.0, 1.0, -np.inf)
    for share in SHARES:
        price = share * odds.two / 6
        base = _Output(n, m, odds, price, 0.0).at(q, b)
        for scale in SCALES:
            least = (base + 2 * price * n * scale / m * q).min()
            best = max(best, (share, scale, n * least - price * n**2 * scale**2 / m), key=lambda one: one[2])
    return best


def _least(output: _Output, radius: float) -> float:
    """Return a number below the values of all outputs with √D <= radius."""
    largest, low, high = _ends(radius)
    q, dq, b, db = (np.array([x]) for x in (largest / 2, largest / 2, (high + low) / 2, (high - low) / 2))
    tolerance = TOLERANCE * output.odds.two / 6
    done = np.inf
    for _ in range(ROUNDS):
        value = output.within(q, b, dq, db)
        goal = min(done, float(output.at(q, b).min())) - tolerance
        open_ = value < goal
        done = min(done, float(value[~open_].min(initial=np.inf)))
        q, b, dq, db, value = (x[open_] for x in (q, b, dq, db, value))
        if not len(q) or len(q) > MOST_BOXES:
            break
        q, b, dq, db = _quartered(q, b, dq / 2, db / 2)
        far = np.sqrt(np.maximum(alone(q, b), 0)) - dq - np.sqrt(3) * db > radius
        q, b, dq, db = (x[~far] for x in (q, b, dq, db))
        if not len(q):
            break
    else:
        value = output.within(q, b, dq, db)
    return min(done, float(value.min(initial=np.inf)) if len(q) else np.inf)


def _quartered(q: np.ndarray, b: np.ndarray, dq: np.ndarray, db: np.ndarray) -> tuple[np.ndarray, ...]:
    signs = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    centres = (q + signs[:, :1] * dq).ravel(), (b + signs[:, 1:] * db).ravel()
    return *centres, np.tile(dq, 4), np.tile(db, 4)

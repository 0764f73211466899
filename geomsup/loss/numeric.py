"""Losses of outputs with any activation, by quadrature over the one-dimensional distribution of each output.

On a period T = 2 (hi - lo) of u = b + Σ_j c_j x_j in [lo, hi], f and f² are faded out smoothly beyond the range and
written as Fourier series, so that with the transforms of `transforms`

    E f(u)² = Σ_k A_k E e^{iθ_k u},   E x_i f(u) = Σ_k B_k E[x_i e^{iθ_k u}],   θ_k = 2πk/T,

and slopes are the same series with a factor iθ_k x_j. Smooth functions need some 100 terms per unit of roughness;
kinks make the series fall algebraically. "square" is exact: moments are coefficients of power series in t.
"""

from math import factorial
from typing import Any, NamedTuple

import numpy as np

from geomsup.activations import Activation, resolve_activation
from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.plan import make_laws
from geomsup.loss.transforms import Factors, Transforms, joint_transforms

__all__ = ["numeric_losses"]

EPS = np.finfo(float).eps
DEGREE = 4  # of f(u)² for "square"
SHORTEST = 2**9  # samples of f on a period, at least
LONGEST = 2**19  # samples of f on a period, at most
BUDGET = 2e7  # transforms of single features per call, about 10 s with gradients
STEEPNESS = 6.0  # width of the fading: erfc(6) is a rounding error
BLOCK = 2**18  # complex numbers per array
ROUGH = 0.02  # accuracy of the first estimate, as a fraction of the mean of Var x
SHARE = 0.05  # fraction of the error allowed for the tails of f² and f each


def numeric_losses(
    coupling: np.ndarray, b: np.ndarray, activation: Any, features: Features, rtol: float, gradient: bool
) -> OutputLosses:
    """Return the losses of outputs f(u), with an error that holds as far as f is resolved by its samples.

    Parameters
    ----------
    coupling, b
        What outputs see, u_i = b_i + Σ_j coupling_ij x_j, ``(n, n)`` and ``(n,)``.
    activation
        Anything `ToyModel` takes as its `activation`.
    features
        The distribution of x.
    rtol
        Relative accuracy; series are cut where what is left out is below it, or is rounding, or where time runs
        out. Callers compare with `error`.
    gradient
        Whether to fill in the slopes; zeros otherwise.

    Raises
    ------
    ValueError
        If f(u) is not finite on the range of an output.

    Examples
    --------
    >>> losses = numeric_losses(np.eye(1), np.zeros(1), np.tanh, Features(1), 1e-9, False)
    >>> float(losses.value[0])  # ∫ (x - tanh x)² dx over [0, 1]
    0.00933770
    """
    f = resolve_activation("activation", activation)
    if f.name == "square":
        return _polynomial(coupling, b, features, gradient)
    cost = float(features.importance @ features.variance) / max(float(features.importance.sum()), EPS)
    outputs = []
    for i in range(features.n):
        value, error, *_ = _output(i, coupling[i], b[i], f, features, ROUGH * cost, False)
        goal = SHARE * rtol * max(value - error, rtol * cost)
        outputs.append(_output(i, coupling[i], b[i], f, features, goal, gradient))
    return OutputLosses(*(np.array(part) for part in zip(*outputs, strict=True)))


class _Series(NamedTuple):
    """Fourier series of f² (`square`) and f (`plain`) in e^{iθ(u - start)}, real parts of sums over θ >= 0.

    `error` bounds what terms left out, and rounding of those kept, add to either, whatever the distribution of u.
    """

    theta: np.ndarray
    square: np.ndarray
    plain: np.ndarray
    start: float
    error: tuple[float, float]


def _output(
    i: int, c: np.ndarray, b: float, f: Activation, features: Features, goal: float, gradient: bool
) -> tuple[float, float, np.ndarray, float]:
    """Return the loss of output i, its error, and its slopes in c and b."""
    low, high = _range(c, features)
    terms = int(np.clip(BUDGET / features.n**2, SHORTEST, LONGEST // 2))
    series = _fourier(f, b + low, b + high, goal, terms)
    mean_square = float(features.second_moment[i])
    size = float(features.probability[i] * features.reach[i])  # at least E |x_i|
    moved = float(np.abs(c) @ (features.probability * features.reach))
    value, rounding, slope_b, slope_c = mean_square, 0.0, 0.0, np.zeros(len(c))
    step = max(1, BLOCK // len(c))
    for start in range(0, len(series.theta), step):
        part = slice(start, start + step)
        theta = series.theta[part]
        phase = np.exp(1j * theta * (b - series.start))
        square, plain = phase * series.square[part], -2 * phase * series.plain[part]
        law = _frequencies(theta, c, i, features)
        sum_b = square * law.plain + plain * law.own
        value += float(np.real(sum_b).sum())
        # A transform is a product of n factors and a phase; an error of a factor's phase reaches it damped by p.
        steps = len(c) + 16 + theta * abs(b - series.start)
        rounding += float(np.sum(steps * (np.abs(square * law.plain) + np.abs(plain * law.own))))
        rounding += float(np.sum(theta * moved * (np.abs(square) + size * np.abs(plain))))
        if gradient:
            slope_b += float(np.real(1j * theta * sum_b).sum())
            slope_c += np.real(1j * theta * (square * law.other + plain * law.both)).sum(axis=1)
    error = EPS * (rounding + 8 * mean_square) + series.error[0] + 2 * size * series.error[1]
    return value, error, slope_c, slope_b


def _range(c: np.ndarray, features: Features) -> tuple[float, float]:
    """Least and greatest value of Σ_j c_j x_j; features that never come do not count."""
    low = high = 0.0
    for kind, group in features.units:
        ends = [features.ends[j] * c[j] for j in group if features.probability[j] > 0]
        if not ends:
            continue
        least, most = [min(end) for end in ends], [max(end) for end in ends]
        if kind == "joint":  # any of the members may be there
            least, most = [min(0.0, end) for end in least], [max(0.0, end) for end in most]
        low += min(0.0, min(least) if kind == "one of" else sum(least))
        high += max(0.0, max(most) if kind == "one of" else sum(most))
    return low, high


def _fourier(f: Activation, low: float, high: float, goal: float, terms: int) -> _Series:
    """Sample f on a period until its series, faded beyond [low, high], has fallen to rounding or `terms` are spent."""
    reach = max(high - low, 1e-3 * max(1.0, abs(low)))  # a constant output still needs a period
    middle, period = (low + high) / 2, 2 * reach
    count = SHORTEST
    while True:
        u = middle + period * (np.arange(count) / count - 0.5)
        # 1 on the range, fading over a quarter of the period on either side, 0 at its ends.
        fade = _fade((np.abs(u - middle) - reach / 2) / (reach / 2))
        values = _continued(f, u, middle, (high - low) / 2)
        series, noise, tails = zip(*(_coefficients(fade * g) for g in (values**2, values)), strict=True)
        wanted = [max(goal, 8 * level * np.sqrt(count)) for level in noise]
        kept = max(int(np.argmax(np.append(tail, 0.0) <= want)) for tail, want in zip(tails, wanted, strict=True))
        if kept < count // 4 or count >= LONGEST or count // 2 >= terms:
            break
        count *= 2
    kept = min(kept, terms, count // 2) + 1
    square, plain = (s[:kept] * np.where(np.arange(kept) == 0, 0.5, 1.0) for s in series)
    # What the samples fold onto the kept terms from beyond theirs is at most as much as is left out there.
    error = [
        float(tail[kept - 1] + tail[-1]) + 4 * level * np.sqrt(kept) for level, tail in zip(noise, tails, strict=True)
    ]
    return _Series(2 * np.pi / period * np.arange(kept), square, plain, float(u[0]), (error[0], error[1]))


def _coefficients(samples: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the Fourier coefficients of samples on a period, their rounding, and the tails of their sum."""
    count = len(samples)
    series = np.fft.rfft(samples) * (2 / count)
    noise = float(4 * EPS * np.sqrt(np.log2(count)) * np.sqrt((samples**2).mean() / count))
    return series, noise, _tails(np.abs(series), noise)


def _fade(t: np.ndarray) -> np.ndarray:
    """Return 1 for t <= 0 and 0 for t >= 1, up to rounding, and erfc between, whose spectrum falls like a Gaussian."""
    from scipy.special import erfc

    return erfc(STEEPNESS * (2 * t - 1)) / 2


def _continued(f: Activation, u: np.ndarray, middle: float, radius: float) -> np.ndarray:
    """Return f(u), or beyond the range, where f may not be defined, its value at the end of the range instead."""
    inside = middle + np.clip(u - middle, -radius, radius)
    values = f.unchecked(u)
    bad = ~np.isfinite(values) | ~np.isfinite(values**2)
    return np.where(bad, f(inside), values) if bad.any() else values


def _tails(size: np.ndarray, noise: float) -> np.ndarray:
    """Return bounds on what terms k + 1, k + 2, ... add, the unseen ones continuing as the last octaves fall."""
    half, quarter = len(size) // 2, len(size) // 4
    if size[half:].sum() <= noise * half:  # fallen to rounding, which adds up as random signs do
        size, unseen = np.where(size > 2 * noise, size, 0.0), 2 * noise * np.sqrt(len(size))
    else:
        last, before = size[half:].sum(), size[quarter:half].sum()
        ratio = min(last / max(before, 1e-300), 0.9)
        unseen = 2 * last * max(ratio / (1 - ratio), 0.1)
    return np.append(np.cumsum(size[:0:-1])[::-1], 0.0) + unseen


def _frequencies(theta: np.ndarray, c: np.ndarray, i: int, features: Features) -> Transforms:
    """Return the transforms of output i at t = iθ."""
    return joint_transforms(features, i, _present(theta, c, i, features), np.ones(len(theta)), np.multiply)


def _present(theta: np.ndarray, c: np.ndarray, i: int, features: Features) -> Factors:
    """Return E[x^q e^{iθcx}] of mixtures of pieces x = middle + half s with s uniform on [-1, 1]."""
    laws = make_laws(features)
    owner = np.repeat(np.arange(features.n), np.diff(laws.piece_ptr))
    half, middle = (laws.width / 2)[:, None], (laws.low + laws.width / 2)[:, None]
    angle = theta * c[owner][:, None]
    j0, j1, j2 = _bessel(angle * half)
    wave = laws.weight[:, None] * np.exp(1j * angle * middle)

    def mix(part: np.ndarray) -> np.ndarray:
        return np.add.reduceat(wave * part, laws.piece_ptr[:-1], axis=0)

    own = slice(laws.piece_ptr[i], laws.piece_ptr[i + 1])
    twice = middle**2 * j0 + 2j * middle * half * j1 + half**2 * (j0 - 2 * j2) / 3
    return Factors(mix(j0), mix(middle * j0 + 1j * half * j1), (wave[own] * twice[own]).sum(axis=0))


def _bessel(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the spherical Bessel functions j0, j1, j2: E e^{its}, E s e^{its} / i, E (1 - 3s²) e^{its} / 2."""
    small = np.abs(t) < 1
    safe = np.where(small, 1.0, t)
    sine, cosine = np.sin(safe), np.cos(safe)
    j0 = sine / safe
    j1 = (j0 - cosine) / safe
    j2 = 3 * j1 / safe - j0
    y = np.where(small, t, 0.0) ** 2
    series = [np.zeros_like(y) for _ in range(3)]
    for k in range(9, -1, -1):  # j_q = t^q Σ_k (-t²/2)^k / (k! (2k + 2q + 1)!!)
        for q in range(3):
            double = np.prod(np.arange(1, 2 * k + 2 * q + 2, 2, dtype=float))
            series[q] = series[q] * y + (-0.5) ** k / (factorial(k) * double)
    closed = (j0, j1, j2)
    j0, j1, j2 = (np.where(small, t**q * series[q], closed[q]) for q in range(3))
    return j0, j1, j2


def _polynomial(coupling: np.ndarray, b: np.ndarray, features: Features, gradient: bool) -> OutputLosses:
    """Return the losses E u⁴ - 2 E x_i u² + E x_i² of "square" outputs."""
    moments = _moments(features)
    value, error, slope_b = (np.zeros(len(b)) for _ in range(3))
    slope_coupling = np.zeros_like(coupling)
    for i, c in enumerate(coupling):
        law = _power_series(c, b[i], i, features, moments)
        size = _power_series(np.abs(c), abs(b[i]), i, features, np.abs(moments))
        mean_square = features.second_moment[i]
        value[i] = 24 * law.plain[4] - 4 * law.own[2] + mean_square
        error[i] = (len(c) + 16) * 2 * EPS * (24 * size.plain[4] + 4 * size.own[2] + mean_square)
        if gradient:
            slope_b[i] = 24 * law.plain[3] - 4 * law.own[1]
            slope_coupling[i] = 24 * law.other[:, 3] - 4 * law.both[:, 1]
    return OutputLosses(value, error, slope_coupling, slope_b)


def _moments(features: Features) -> np.ndarray:
    """Return E x_j^r of present features, ``(n, DEGREE + 3)``; odd ones of the sizes abs(x) would be as large."""
    laws = make_laws(features)
    half, middle = laws.width / 2, laws.low + laws.width / 2
    columns = []
    for r in range(DEGREE + 3):
        terms = [_binomial(r, q) * middle ** (r - q) * half**q / (q + 1) for q in range(0, r + 1, 2)]
        columns.append(np.add.reduceat(laws.weight * sum(terms), laws.piece_ptr[:-1]))
    return np.stack(columns, axis=1)


def _binomial(n: int, k: int) -> int:
    return factorial(n) // factorial(k) // factorial(n - k)


def _power_series(c: np.ndarray, b: float, i: int, features: Features, moments: np.ndarray) -> Transforms:
    """Return the transforms of u = b + Σ_j c_j x_j as coefficients of t^0 ... t^DEGREE."""
    orders = np.arange(DEGREE + 1)
    scale = np.array([factorial(k) for k in orders], float)
    powers = c[:, None] ** orders / scale
    factors = Factors(powers * moments[:, orders], powers * moments[:, orders + 1], powers[i] * moments[i, orders + 2])
    law = joint_transforms(features, i, factors, np.eye(1, DEGREE + 1)[0], _truncated)
    shift = b**orders / scale
    other, both = (np.array([_truncated(shift, row) for row in rows]) for rows in (law.other, law.both))
    return Transforms(_truncated(shift, law.plain), _truncated(shift, law.own), other, both)


def _truncated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.convolve(one, other)[: DEGREE + 1]

"""The recursion over the features of one output (the formulas are in the package's docstring)."""

from typing import Any

import sympy

from geomsup.features import Uniform
from geomsup.symbolic.reading import exact

__all__ = ["Output"]


class Output:
    """Mean of (u)_+^r / r! for one output, u = b + Σ_j a_j x_j; `own` is the index of its target."""

    def __init__(self, arithmetic: Any, b: Any, features: list[tuple[Any, Any]], own: int | None, values: Uniform):
        self.arithmetic, self.b, self.features, self.own, self.values = arithmetic, b, features, own, values
        self.ends = exact("values", values.low), exact("values", values.high)
        self.low, self.high, self.inverse_width = (
            arithmetic.number(number) for number in (*self.ends, 1 / (self.ends[1] - self.ends[0]))
        )
        self._zero = arithmetic.one - arithmetic.one
        self._moments: tuple[list[Any], list[Any]] | None = None
        self._known: dict[Any, frozenset[int | None]] = {}
        self._memo: dict[Any, Any] = {}
        self.signs: dict[Any, int | None] = {}

    def steps(self, level: int, t: Any) -> list[Any]:
        """Return the vertices one level down: present at both ends, then absent unless always present."""
        a, p = self.features[level]
        ends = [t + a * self.low if self.ends[0] else t, t + a * self.high if self.ends[1] else t]
        return ends if p == self.arithmetic.one else [*ends, t]

    def vertices(self, most: int) -> list[Any] | None:
        """Return the distinct vertices in a fixed order; None if there are more than `most`."""
        found = [self.b]
        for level in range(len(self.features)):
            found = list(dict.fromkeys(step for t in found for step in self.steps(level, t)))
            if len(found) > most:
                return None
        return found

    def negated(self) -> "Output":
        """Return the output of -u."""
        other = Output(self.arithmetic, -self.b, [(-a, p) for a, p in self.features], self.own, self.values)
        other.signs = {-vertex: None if sign is None else -sign for vertex, sign in self.signs.items()}
        return other

    def linear(self) -> tuple[Any, Any]:
        """Return E u²/2 and E x u (E u if the feature's own value does not matter)."""
        return self.wrap(self._leaf(0, self.b, 2, False)), self.wrap(self._leaf(0, self.b, 1, self.own is not None))

    def relu(self) -> tuple[Any, Any]:
        """Return E u_+²/2 and E x u_+ (or E u_+), from the side of zero with fewer vertices."""
        signs, weighted = list(self.signs.values()), self.own is not None
        if None in signs or signs.count(1) <= signs.count(-1):
            return self._mean(0, self.b, 2, False), self._mean(0, self.b, 1, weighted)
        square, product = self.linear()
        below = self.negated()
        return square - below._mean(0, below.b, 2, False), product + below._mean(0, below.b, 1, weighted)

    def wrap(self, element: Any) -> Any:
        """Return an element as something that can be divided by couplings."""
        return self.arithmetic.wrap(element)

    def _signs(self, level: int, t: Any) -> frozenset[int | None]:
        """Return the signs of all vertices that can be reached; None among them is an unknown one."""
        if (level, t) not in self._known:
            if level == len(self.features):
                found = frozenset([self.signs[t]])
            else:
                found = frozenset().union(*(self._signs(level + 1, step) for step in self.steps(level, t)))
            self._known[level, t] = found
        return self._known[level, t]

    def _mean(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        """Return E (t + Σ_{j >= level} a_j x_j)_+^r / r!, with x_own as a further factor if `weighted`."""
        key = level, t, r, weighted
        if key not in self._memo:
            self._memo[key] = self._mean_of(*key)
        return self._memo[key]

    def _mean_of(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        signs = self._signs(level, t)
        if signs <= {-1, 0}:
            return self.wrap(self._zero)
        if signs <= {0, 1}:
            return self.wrap(self._leaf(level, t, r, weighted))
        if level == len(self.features):
            return sympy.Max(t, 0) ** r / sympy.factorial(r)
        a, p = self.features[level]
        low, high, *absent = self.steps(level, t)
        over = self.arithmetic.over
        here = weighted and level == self.own

        def difference(power: int) -> Any:
            carried = weighted and not here
            return self._mean(level + 1, high, power, carried) - self._mean(level + 1, low, power, carried)

        if here:
            first = self._mean(level + 1, high, r + 1, False) * self.high
            first = first - self._mean(level + 1, low, r + 1, False) * self.low
            present = over(first - over(difference(r + 2), a), a)
        else:
            present = over(difference(r + 1), a)
        total = present * (p * self.inverse_width)
        if absent and not here:
            total = total + self._mean(level + 1, t, r, weighted) * (self.arithmetic.one - p)
        return total

    def _leaf(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        """Return E (t + s)^r x_own / r! (or without x_own) from the moments of what is left."""
        if self._moments is None:
            self._moments = self._fill()
        moments = self._moments[weighted][level]
        total = self._zero
        for d in range(r + 1):
            inverse = self.arithmetic.number(1 / sympy.factorial(r - d))
            total = total + moments[d] * self.arithmetic.power(t, r - d) * inverse
        return total

    def _fill(self) -> tuple[list[Any], list[Any]]:
        """Return E s^d / d! and E x_own s^d / d! at [level][d], d <= level + 2, for s = Σ_{j >= level} a_j x_j."""
        n, one, zero = len(self.features), self.arithmetic.one, self._zero
        low, high = self.ends
        plain = [[one] + [zero] * (n + 2)]
        heavy = [[zero] * (n + 3)]
        raw = [(high ** (d + 1) - low ** (d + 1)) / ((d + 1) * (high - low)) for d in range(n + 5)]
        for level in range(n - 1, -1, -1):
            a, p = self.features[level]
            after, after_heavy = plain[0], heavy[0]
            up_to = level + 3  # what the walk can ask for
            terms = [self.arithmetic.power(a, e) * p for e in range(up_to)]
            simple = [one, *(terms[e] * self.arithmetic.number(raw[e] / sympy.factorial(e)) for e in range(1, up_to))]
            own = [terms[e] * self.arithmetic.number(raw[e + 1] / sympy.factorial(e)) for e in range(up_to)]

            def convolve(left: list[Any], right: list[Any], size: int = up_to) -> list[Any]:
                return [sum((left[e] * right[d - e] for e in range(d + 1)), zero) for d in range(size)]

            plain.insert(0, convolve(simple, after))
            heavy.insert(0, convolve(own, after) if level == self.own else convolve(simple, after_heavy))
        return plain, heavy

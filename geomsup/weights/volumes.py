"""How improbable it is that random directions span as large a volume as these do."""

from dataclasses import dataclass

import numpy as np

from geomsup.recognition.hidden.evidence import log_places

__all__ = ["Volumes"]

# Exponents of Markov's inequality. Any of them gives a bound; the best one is larger, the nearer the volume is to 1.
EXPONENTS = np.geomspace(1e-2, 1e13, 181)


@dataclass(frozen=True, eq=False)
class Volumes:
    """Bounds on the probability that k of n random directions in m dimensions are as nearly orthogonal as observed.

    The squared volume det G of k random unit rows is a product of independent Beta((m − j)/2, j/2), j = 1..k − 1.
    P(det G >= v) <= v^−h E[det G^h] for every h > 0. The least of these bounds is taken, times the number of sets of k
    rows and of sizes.

    Attributes
    ----------
    moments
        ``(largest + 1, exponents)`` log E[det G^h] for each size.
    places
        ``(largest + 1,)`` log of the number of places.
    """

    moments: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, n: int, m: int) -> "Volumes":
        """Bounds for n rows in m dimensions.

        Examples
        --------
        >>> bounds = Volumes.of(2, 3)  # of one pair in space: |cos| <= 0.1 with probability 0.1
        >>> bool(0.1 < np.exp(bounds.log_p(2, np.log(0.99))) < 0.3)
        True
        """
        from scipy.special import betaln

        largest = min(n, m)
        j = np.arange(1, largest)[:, None]
        each = betaln((m - j) / 2 + EXPONENTS, j / 2) - betaln((m - j) / 2, j / 2)
        moments = np.zeros((largest + 1, len(EXPONENTS)))
        moments[2:] = np.cumsum(each, axis=0)
        places = np.array([0.0, 0.0, *(log_places(n, k, largest) for k in range(2, largest + 1))][: largest + 1])
        return cls(moments, places)

    @property
    def largest(self) -> int:
        """The largest size."""
        return len(self.places) - 1

    def log_p(self, size: int, log_volume: float) -> float:
        """Log of the bound for a set of `size` rows of this log det G."""
        bounds = self.moments[size] - EXPONENTS * min(log_volume, 0.0)
        return float(min(bounds.min(), 0.0) + self.places[size])

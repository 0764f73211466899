"""What models lose while one feature is active, on a line and in the plane."""

__all__ = ["by_one_active", "least_potential"]

# H* of the pentagon, rounded down (theorem 1), and what each further row adds to H at least: a row that another one
# dominates costs 1/2.
PENTAGON, DOMINATED = 0.2373844061, 0.5


def least_potential(n: int, m: int) -> float:
    """Return what the potential H of one active feature is at least, for n rows in m dimensions and any biases.

    (n - 2)/2 on a line, H* + (n - 5)/2 in the plane with H* of the pentagon; 0 where nothing is proved. H is of
    features that are uniform on [0, 1], times 3. The page on theorems has the proof.
    """
    fewest, least = {1: (2, 0.0), 2: (5, PENTAGON)}.get(m, (n + 1, 0.0))
    return least + DOMINATED * (n - fewest) if n >= fewest else 0.0


def by_one_active(n: int, m: int, p: float) -> float:
    """Return what n features, present with probability p and uniform on [0, 1], lose at least while one is active."""
    return p * (1 - p) ** (n - 1) * least_potential(n, m) / 3

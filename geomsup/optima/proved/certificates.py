"""What models of three to five equal features lose at least by certificates of theorems, at some probabilities."""

__all__ = ["by_certificates", "is_same"]

# Lower ends by size and probability, rounded down by far more than a double differs from a decimal number: on a line by
# theorem 9; in the plane by theorem 12 up to 0.521837, and by theorem 13 beyond. All are about features that are
# uniform on [0, 1].
LEAST = {
    (3, 1): {0.1: 0.033918232, 0.3: 0.106810355, 0.5: 0.180449112, 0.7: 0.218939697, 0.9: 0.194468184},
    (4, 1): {0.1: 0.064394669, 0.3: 0.184310355, 0.5: 0.284615779, 0.7: 0.329773030, 0.9: 0.291931043},
    (5, 1): {0.1: 0.095045101, 0.3: 0.261810355, 0.5: 0.388782446, 0.7: 0.440430122, 0.9: 0.389302985},
    (3, 2): {
        0.1: 0.003319483,
        0.3: 0.029310355,
        0.5: 0.076282446,
        0.521837: 0.081827609,
        0.521838: 0.081827837,
        0.7: 0.102201063,
        0.9: 0.096237068,
    },
}
SAME = 2.0**-52  # of probabilities: 1 - 0.9 is 0.1 but for a bit, and losses of good models change by as little


def by_certificates(n: int, m: int, p: float) -> float:
    """Return what n features of probability p lose at least in m dimensions, or 0 where no certificate says it."""
    return next((least for at, least in LEAST.get((n, m), {}).items() if is_same(p, at)), 0.0)


def is_same(p: float, at: float) -> bool:
    """Whether two probabilities are the same but for rounding."""
    return abs(p - at) <= SAME

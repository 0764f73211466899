"""The one-hot potential as the literature writes it, and its published minima."""

# chen2023: norm, bias, potential.
PUBLISHED = {5: (1.1704596391, -0.2822972831, 0.23738441), 6: (1.3205263308, -0.6181351319, 0.86746277)}


def terms_of_the_paper(a, b, own):
    """H_ij of chen2023 (docs/theory_notes.md, "One active feature"), with a = W_i·W_j; any field of numbers."""
    if own:
        N = (1 - a) ** 2 - 3 * (1 - a) * b + 3 * b**2
        if b > 0:
            return N
        return N + b**3 / a**2 + b**3 / a if -a <= b and a != 0 else 1
    if b <= 0:
        return (a + b) ** 3 / a if a > 0 and -a <= b else 0
    return -(b**3) / a if a < -b else a**2 + 3 * a * b + 3 * b**2

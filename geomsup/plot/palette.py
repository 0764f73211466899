"""Colours shared by all figures: Okabe and Ito's, distinct to colour-blind eyes and in grey print."""

__all__ = ["DIVERGING", "FAINT", "INK", "NEGATIVE", "PALETTE", "POSITIVE", "component_colours"]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
INK = "#222222"
FAINT = "#BBBBBB"

# Signed values, as in Gram matrices: blue is positive and red negative, as in matplotlib's RdBu.
DIVERGING, POSITIVE, NEGATIVE = "RdBu", "#2E7EC4", "#C8402F"


def component_colours(geometry) -> list[str]:
    """Return a colour per feature: that of its component, faint for features not represented."""
    colours = [FAINT] * geometry.n_features
    for index, component in enumerate(geometry.components):
        for feature in component.features:
            colours[feature] = PALETTE[index % len(PALETTE)]
    return colours

"""A phase diagram of one importance, or of one probability: a line instead of a plane."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.palette import INK, PALETTE

if TYPE_CHECKING:
    from geomsup.phases.diagram import PhaseDiagram

__all__ = ["draw_phase_line"]

STYLES = {"first": "solid", "second": (0, (4, 2))}


def draw_phase_line(diagram: "PhaseDiagram", ax: Any) -> None:
    """Draw the share D of a dimension that the extra feature has, coloured by phase, and lines at the transitions.

    The lines are where the transitions are, not half way between two points: solid where first order, else dashed.
    """
    one_importance = len(diagram.importances) == 1
    x = diagram.probabilities if one_importance else diagram.importances
    share, phase = diagram.dimensionality.ravel(), diagram.phase.ravel()
    for transition in diagram.transitions:
        at = transition.probability if one_importance else transition.importance
        ax.axvline(at, color=INK, linewidth=1.0, linestyle=STYLES[transition.order], zorder=1)
    shown = list(dict.fromkeys(phase.tolist()))
    colours = {k: PALETTE[place % len(PALETTE)] for place, k in enumerate(shown)}
    for i, j in pairwise(range(len(x))):
        if phase[i] == phase[j]:
            ax.plot(x[[i, j]], share[[i, j]], color=colours[phase[i]], linewidth=1.8, zorder=2)
    for k in shown:
        here = phase == k
        ax.plot(x[here], share[here], "o", color=colours[k], markersize=4, label=diagram.names[k], zorder=3)
    ax.set(xscale="log", ylim=(-0.05, 1.05), ylabel="share of a dimension\nof the extra feature", title="optimum")
    ax.xaxis.set_major_formatter("{x:g}")
    fixed = f"importance {diagram.importances[0]:g}" if one_importance else f"p = {diagram.probabilities[0]:g}"
    if one_importance:
        ax.set_xlim(float(np.max(x)), float(np.min(x)))  # from dense to sparse
        ax.set_xlabel(f"probability p = 1 − sparsity (sparser →), {fixed}")
    else:
        ax.set_xlabel(f"relative importance of the extra feature, {fixed}")
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    ax.spines[["top", "right"]].set_visible(False)

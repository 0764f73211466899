"""The exact loss as a sympy expression: small models with symbols for weights, biases, probabilities, importances.

`optimum` gives the optima of regular shapes in closed form, `symmetry_breaking` and `superposition_onset` where two
features in one dimension change theirs.

Absent features count as zeros, so output i is the mean of a function of u_i = b_i + Σ_j G_ij x_j over a mixture of
boxes. With T_r(t) = E (t + Σ_j a_j x_j)_+^r / r!, averaging over one feature of probability p and values U[l, h] is

    T_r(t; a_1, a_2, ...) = (1 - p) T_r(t; a_2, ...)
                            + p [T_{r+1}(t + h a_1; a_2, ...) - T_{r+1}(t + l a_1; a_2, ...)] / ((h - l) a_1)

and E x_i T_r is the same with one integration by parts. Where all vertices t + Σ a_j {0, l, h} that are left have one
sign, T_r is 0 or a polynomial (moments), so couplings are divisors only where a kink crosses the box. Only the signs
of the vertices matter. A region where they are fixed is a *chamber*. On it the loss is one rational function, in most
families a polynomial up to powers of the norm
(docs/theory_notes.md, "The exact loss by cube vertices").

sympy is imported here, so this room is imported by name only: ``geomsup.symbolic``.
"""

from geomsup.symbolic.breaking import SymmetryBreaking, symmetry_breaking
from geomsup.symbolic.expansion import OptimumSeries
from geomsup.symbolic.grams import cross_polytope, digon, polygon, simplex
from geomsup.symbolic.loss import chamber, loss
from geomsup.symbolic.onset import SuperpositionOnset, superposition_onset
from geomsup.symbolic.optimum import OptimumPoint, SymbolicOptimum, optimum

__all__ = [
    "OptimumPoint",
    "OptimumSeries",
    "SuperpositionOnset",
    "SymbolicOptimum",
    "SymmetryBreaking",
    "chamber",
    "cross_polytope",
    "digon",
    "loss",
    "optimum",
    "polygon",
    "simplex",
    "superposition_onset",
    "symmetry_breaking",
]

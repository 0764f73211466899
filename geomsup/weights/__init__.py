"""What is in weights that a user brings: what is shared, matched, nearly orthogonal, or wired as the paper's motif."""

from geomsup.weights.asymmetry import Motifs, motifs
from geomsup.weights.bases import LocalBases, local_bases
from geomsup.weights.matching import Matching, match
from geomsup.weights.semantics import Polysemanticity, polysemanticity
from geomsup.weights.spans import Subspaces, subspaces

__all__ = [
    "LocalBases", "Matching", "Motifs", "Polysemanticity", "Subspaces", "local_bases", "match", "motifs",
    "polysemanticity", "subspaces",
]  # fmt: skip

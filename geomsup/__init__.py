"""geomsup: exact losses, named geometry and theoretical optima for superposition in toy models.

Rows are features, everywhere: ``W`` has shape ``(n_features, n_hidden)``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geomsup.version import __version__ as __version__

if TYPE_CHECKING:
    from geomsup import plot as plot, symbolic as symbolic
    from geomsup.arrays import as_rows as as_rows
    from geomsup.comparison import Comparison as Comparison, Comparisons as Comparisons, compare as compare
    from geomsup.dimensions import (
        dimensionality as dimensionality,
        dimensions_per_feature as dimensions_per_feature,
        frame_spectrum as frame_spectrum,
        leverage as leverage,
    )
    from geomsup.energy import (
        Configuration as Configuration,
        Potential as Potential,
        Record as Record,
        best_known as best_known,
        minimize_energy as minimize_energy,
        thomson as thomson,
    )
    from geomsup.experiments import Report as Report, Verdict as Verdict, reproduce as reproduce
    from geomsup.features import Features as Features, Joint as Joint, Mixture as Mixture
    from geomsup.isometries import Symmetry as Symmetry, symmetry as symmetry
    from geomsup.laws import (
        Discrete as Discrete,
        Exponential as Exponential,
        HalfNormal as HalfNormal,
        Law as Law,
        LogNormal as LogNormal,
        Normal as Normal,
        PowerLaw as PowerLaw,
        Uniform as Uniform,
    )
    from geomsup.loading import load as load
    from geomsup.loss import (
        ExpectedLoss as ExpectedLoss,
        Hessian as Hessian,
        expected_loss as expected_loss,
        hessian as hessian,
    )
    from geomsup.model import ToyModel as ToyModel
    from geomsup.neurons import (
        Attack as Attack,
        Computation as Computation,
        Interference as Interference,
        Probes as Probes,
        attack as attack,
        computation as computation,
        interference as interference,
        probes as probes,
    )
    from geomsup.one_hot import (
        OneHotLoss as OneHotLoss,
        OneHotState as OneHotState,
        OneHotTable as OneHotTable,
        one_hot_codes as one_hot_codes,
        one_hot_features as one_hot_features,
        one_hot_loss as one_hot_loss,
        one_hot_polygons as one_hot_polygons,
        one_hot_state as one_hot_state,
        one_hot_states as one_hot_states,
    )
    from geomsup.optima import (
        Block as Block,
        BlockTable as BlockTable,
        Optimum as Optimum,
        TabulatedBlock as TabulatedBlock,
        block_table as block_table,
        optimum as optimum,
    )
    from geomsup.phases import (
        Crossing as Crossing,
        PaperPrediction as PaperPrediction,
        PhaseDiagram as PhaseDiagram,
        Transition as Transition,
        crossing as crossing,
        paper_prediction as paper_prediction,
        phase_diagram as phase_diagram,
    )
    from geomsup.plateau import (
        PlateauBlock as PlateauBlock,
        PlateauCrossing as PlateauCrossing,
        PlateauMixture as PlateauMixture,
        Plateaus as Plateaus,
        plateaus as plateaus,
    )
    from geomsup.probabilities import zipf as zipf
    from geomsup.proofs import (
        Certificate as Certificate,
        CodeBound as CodeBound,
        Theorem as Theorem,
        bound as bound,
        certify as certify,
        verify as verify,
    )
    from geomsup.recognition import (
        Component as Component,
        Description as Description,
        Discoveries as Discoveries,
        Discovery as Discovery,
        Geometries as Geometries,
        Geometry as Geometry,
        Outline as Outline,
        classify as classify,
        find_shapes as find_shapes,
    )
    from geomsup.reports import Page as Page, report as report
    from geomsup.samples import SampledFeatures as SampledFeatures
    from geomsup.shapes import Polytope as Polytope, polytope as polytope, polytopes as polytopes
    from geomsup.sources import SuperpositionTest as SuperpositionTest, superposition_test as superposition_test
    from geomsup.sweeps import Sweep as Sweep, sweep as sweep
    from geomsup.training import TrainingRun as TrainingRun, train as train
    from geomsup.weights import (
        LocalBases as LocalBases,
        Matching as Matching,
        Motifs as Motifs,
        Polysemanticity as Polysemanticity,
        Subspaces as Subspaces,
        local_bases as local_bases,
        match as match,
        motifs as motifs,
        polysemanticity as polysemanticity,
        subspaces as subspaces,
    )

# The public names of each room. Rooms have noun names that differ from the functions
# (``classify`` lives in ``recognition``): importing a submodule binds its name on this package, and
# would hide a function of the same name.
_ROOMS = {
    "arrays": ("as_rows",),
    "laws": ("Discrete", "Exponential", "HalfNormal", "Law", "LogNormal", "Normal", "PowerLaw", "Uniform"),
    "probabilities": ("zipf",),
    "features": ("Features", "Joint", "Mixture"),
    "samples": ("SampledFeatures",),
    "model": ("ToyModel",),
    "loading": ("load",),
    "loss": ("ExpectedLoss", "Hessian", "expected_loss", "hessian"),
    "dimensions": ("dimensionality", "dimensions_per_feature", "frame_spectrum", "leverage"),
    "isometries": ("Symmetry", "symmetry"),
    "shapes": ("Polytope", "polytope", "polytopes"),
    "recognition": (
        "Component",
        "Description",
        "Discoveries",
        "Discovery",
        "Geometries",
        "Geometry",
        "Outline",
        "classify",
        "find_shapes",
    ),
    "optima": ("Block", "BlockTable", "Optimum", "TabulatedBlock", "block_table", "optimum"),
    "comparison": ("Comparison", "Comparisons", "compare"),
    "neurons": ("Attack", "Computation", "Interference", "Probes", "attack", "computation", "interference", "probes"),
    "one_hot": (
        "OneHotLoss",
        "OneHotState",
        "OneHotTable",
        "one_hot_codes",
        "one_hot_features",
        "one_hot_loss",
        "one_hot_polygons",
        "one_hot_state",
        "one_hot_states",
    ),
    "proofs": ("Certificate", "CodeBound", "Theorem", "bound", "certify", "verify"),
    "phases": (
        "Crossing",
        "PaperPrediction",
        "PhaseDiagram",
        "Transition",
        "crossing",
        "paper_prediction",
        "phase_diagram",
    ),
    "plateau": ("PlateauBlock", "PlateauCrossing", "PlateauMixture", "Plateaus", "plateaus"),
    "energy": ("Configuration", "Potential", "Record", "best_known", "minimize_energy", "thomson"),
    "training": ("TrainingRun", "train"),
    "sources": ("SuperpositionTest", "superposition_test"),
    "weights": (
        "LocalBases",
        "Matching",
        "Motifs",
        "Polysemanticity",
        "Subspaces",
        "local_bases",
        "match",
        "motifs",
        "polysemanticity",
        "subspaces",
    ),
    "reports": ("Page", "report"),
    "sweeps": ("Sweep", "sweep"),
    "experiments": ("Report", "Verdict", "reproduce"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Attack",
    "Block",
    "BlockTable",
    "Certificate",
    "CodeBound",
    "Comparison",
    "Comparisons",
    "Component",
    "Computation",
    "Configuration",
    "Crossing",
    "Description",
    "Discoveries",
    "Discovery",
    "Discrete",
    "ExpectedLoss",
    "Exponential",
    "Features",
    "Geometries",
    "Geometry",
    "HalfNormal",
    "Hessian",
    "Interference",
    "Joint",
    "Law",
    "LocalBases",
    "LogNormal",
    "Matching",
    "Mixture",
    "Motifs",
    "Normal",
    "OneHotLoss",
    "OneHotState",
    "OneHotTable",
    "Optimum",
    "Outline",
    "Page",
    "PaperPrediction",
    "PhaseDiagram",
    "PlateauBlock",
    "PlateauCrossing",
    "PlateauMixture",
    "Plateaus",
    "Polysemanticity",
    "Polytope",
    "Potential",
    "PowerLaw",
    "Probes",
    "Record",
    "Report",
    "SampledFeatures",
    "Subspaces",
    "SuperpositionTest",
    "Sweep",
    "Symmetry",
    "TabulatedBlock",
    "Theorem",
    "ToyModel",
    "TrainingRun",
    "Transition",
    "Uniform",
    "Verdict",
    "as_rows",
    "attack",
    "best_known",
    "block_table",
    "bound",
    "certify",
    "classify",
    "compare",
    "computation",
    "crossing",
    "dimensionality",
    "dimensions_per_feature",
    "expected_loss",
    "find_shapes",
    "frame_spectrum",
    "hessian",
    "interference",
    "leverage",
    "load",
    "local_bases",
    "match",
    "minimize_energy",
    "motifs",
    "one_hot_codes",
    "one_hot_features",
    "one_hot_loss",
    "one_hot_polygons",
    "one_hot_state",
    "one_hot_states",
    "optimum",
    "paper_prediction",
    "phase_diagram",
    "plateaus",
    "plot",
    "polysemanticity",
    "polytope",
    "polytopes",
    "probes",
    "report",
    "reproduce",
    "subspaces",
    "superposition_test",
    "sweep",
    "symbolic",
    "symmetry",
    "thomson",
    "train",
    "verify",
    "zipf",
]


def __getattr__(name: str) -> Any:
    if name in ("plot", "symbolic"):  # the public submodules
        return import_module(f"geomsup.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'geomsup' has no attribute {name!r}")
    value = getattr(import_module(f"geomsup.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

# pyright: strict
"""What a user writes, for `pyright` in strict mode: every type is known, so that editors complete what they can.

`tests/typing/test_user_code.py` compares each `reveal_type` with the comment behind it; nothing is run.
"""

from typing import reveal_type

import numpy as np

import geomsup as gs


def a_session() -> None:
    W = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    features = gs.Features(4, probability=0.05, values=gs.Uniform(0, 1))
    reveal_type(features.probability)  # ndarray
    reveal_type(features.n)  # int
    smooth = gs.Features(
        2, gs.zipf(2, largest=0.1), values=[gs.Normal(0, 1), gs.Exponential(2, cells=128)], normalised=True
    )
    reveal_type(smooth.sample(3))  # ndarray
    reveal_type(gs.zipf(3))  # ndarray
    law: gs.Law = gs.PowerLaw(2, 1, 10)
    reveal_type(law.mean)  # float
    reveal_type(gs.LogNormal(1, 0.5).times(2))  # LogNormal
    reveal_type(gs.HalfNormal().mean)  # float
    reveal_type(gs.Joint.correlated((0, 1), 0.1, correlation=0.5).probability)  # ndarray
    reveal_type(gs.Mixture(range(3), np.full((2, 3), 0.1)).both(0, 1))  # float
    reveal_type(features.variance)  # ndarray
    data = gs.SampledFeatures(features.sample(100, rng=0), importance=1)
    reveal_type(data.X)  # ndarray
    reveal_type(gs.train(data, 2, optimizer="sgd", momentum=0.9))  # TrainingRun

    reveal_type(gs.polytope("cube").faces)  # tuple[tuple[int, ...], ...]
    reveal_type(gs.polytope("cube").dual)  # Polytope
    reveal_type(gs.polytope("cube").to_off())  # str
    reveal_type(gs.plot.plot_gram(W))  # Axes

    model = gs.ToyModel(W, np.zeros(4))
    reveal_type(model.W)  # ndarray
    reveal_type(model.b)  # ndarray
    reveal_type(model([0.0, 1.0, 0.0, 0.0]))  # ndarray

    reveal_type(model.widen(2, noise=0.01, rng=0))  # ToyModel
    reveal_type(gs.ToyModel.from_state({"W": W, "b_final": np.zeros(4)}))  # ToyModel
    reveal_type(model.source)  # str | None
    read = gs.load("model.npz", bias="b_final", run=0)
    reveal_type(read)  # ToyModel | TrainingRun

    geometry = gs.classify(W)
    reveal_type(geometry)  # Geometry
    reveal_type(geometry.components[0].polytope)  # Polytope | None
    reveal_type(gs.classify(model).name)  # str
    reveal_type(gs.classify(np.zeros((3, 4, 2))))  # Geometries[Geometry]
    reveal_type(gs.classify([[1.0], [-1.0]]))  # Geometry
    axes = geometry.plot()
    reveal_type(axes)  # Axes
    print(axes.figure)

    reveal_type(gs.certify(5, 2, limit=True))  # Certificate
    reveal_type(gs.bound("icosahedron").lower_bound)  # float
    reveal_type(gs.verify("pentagon.json").facts)  # dict[str, float]

    expected = gs.expected_loss(model, features)
    reveal_type(expected.value)  # float
    reveal_type(expected.per_feature)  # ndarray
    reveal_type(gs.expected_loss(model, features, target="abs", power=4, by_active=True).by_active)  # ndarray | None
    reveal_type(gs.hessian(model, features))  # Hessian

    heard = gs.interference(model, features, threshold=0.1)
    reveal_type(heard)  # Interference
    reveal_type(heard.tail(0.2))  # ndarray
    reveal_type(gs.probes(model, features).probe_r2)  # ndarray
    reveal_type(gs.computation(model, 0.01, power=4).verdict)  # str
    reveal_type(gs.attack(model, output=0, eps=0.1, norm="linf").change)  # float

    best = gs.optimum(features, 2)
    reveal_type(best)  # Optimum
    reveal_type(best.loss)  # float
    reveal_type(best.model)  # ToyModel
    reveal_type(gs.block_table(5, 2).at(0.05).crossing)  # float | None

    one = gs.compare(model, features)
    reveal_type(one)  # Comparison
    reveal_type(one.excess)  # float
    reveal_type(one.plot())  # list[Axes]
    several = gs.compare([model, model], features)
    reveal_type(several)  # Comparisons
    reveal_type(several[0])  # Comparison
    reveal_type(several[:1])  # Comparisons
    reveal_type(several.plot())  # Axes

    run = gs.train(features, 2, models=3)
    reveal_type(run)  # TrainingRun
    reveal_type(run.W)  # ndarray
    reveal_type(run.model(0))  # ToyModel
    reveal_type(run.classify())  # Geometries[Geometry | None]
    reveal_type(run.compare())  # Comparisons
    reveal_type(gs.compare(run))  # Comparisons
    reveal_type(gs.classify(run))  # Geometries[Geometry]

    page = gs.report(run, optimum=False)
    reveal_type(page)  # Page
    reveal_type(page.html)  # str

    cube = gs.polytope("cube")
    reveal_type(cube.vertices)  # ndarray
    reveal_type(cube.f_vector)  # tuple[int, ...]
    reveal_type(cube.circumradius)  # float
    reveal_type(gs.polytopes(3))  # list[Polytope]
    reveal_type(gs.symmetry(W).order)  # int
    reveal_type(gs.dimensionality(W))  # ndarray
    reveal_type(gs.dimensions_per_feature(W))  # float
    reveal_type(gs.dimensions_per_feature(np.zeros((3, 4, 2))))  # ndarray

    points = gs.minimize_energy(12, 3)
    reveal_type(points)  # Configuration
    reveal_type(points.plot())  # Axes
    reveal_type(gs.thomson(12).energy)  # float

    diagram = gs.phase_diagram(2, 1, np.geomspace(0.01, 1, 5), np.geomspace(0.1, 10, 5))
    reveal_type(diagram)  # PhaseDiagram
    reveal_type(diagram.plot())  # list[Axes]
    swept = gs.sweep("train", {"probability": [0.1, 0.2]}, n_features=5, n_hidden=2)
    reveal_type(swept)  # Sweep
    reveal_type(swept["loss"])  # ndarray
    reveal_type(swept.sel(probability=0.1))  # Sweep
    reveal_type(swept.plot("loss"))  # Axes
    reveal_type(gs.plateaus(np.geomspace(0.01, 1, 5)))  # Plateaus

    matched = gs.match(W, model.W)
    reveal_type(matched)  # Matching
    reveal_type(matched.partner(0))  # int | None
    reveal_type(matched.plot())  # Axes
    spaces = gs.subspaces({"writes": W, "reads": model.W}, rank=1)
    reveal_type(spaces)  # Subspaces
    reveal_type(spaces.principal_angles("writes", "reads"))  # ndarray
    reveal_type(spaces.plot())  # Axes
    reveal_type(gs.local_bases(W).bases)  # tuple[tuple[int, ...], ...]
    reveal_type(gs.motifs(W, model.decoder).p_value)  # float
    reveal_type(gs.polysemanticity(W, model.decoder).layer)  # dict[str, float]
    reveal_type(gs.superposition_test(features.sample(99) @ W).shown)  # bool

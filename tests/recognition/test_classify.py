"""Names under rotation, permutation, scale, noise and irregular norms; random controls; errors."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.linalg import block_diag

import geomsup as gs
from geomsup.recognition.names import geometry_name
from tests.recognition.truth import (
    CUBE,
    CUBOCTAHEDRON,
    DEDICATED,
    DIGON,
    DODECAHEDRON,
    ICOSAHEDRON,
    TETRAHEDRON,
    ngon,
    rotation,
    shortest_chord,
    simplex,
    square_antiprism,
)

SHAPES = {
    "pentagon": [ngon(5)],
    "heptagon": [ngon(7)],
    "tetrahedron": [TETRAHEDRON],
    "5-simplex": [simplex(5)],
    "7-simplex": [simplex(7)],
    "cube": [CUBE],
    "icosahedron": [ICOSAHEDRON],
    "cuboctahedron": [CUBOCTAHEDRON],
    "dodecahedron": [DODECAHEDRON],
    "square antiprism": [square_antiprism(0.511081)],
    "square antiprism, tight frame": [square_antiprism(3**-0.5)],
    "square antiprism, Thomson": [square_antiprism(0.56044)],
    "digon": [DIGON],
    "triangle": [ngon(3)],
    "square (2 digons)": [DIGON] * 2,
    "octahedron (3 digons)": [DIGON] * 3,
    "5-orthoplex (5 digons)": [DIGON] * 5,
    "triangular bipyramid (triangle + digon)": [ngon(3), DIGON],
    "pentagonal bipyramid (pentagon + digon)": [ngon(5), DIGON],
    "2 triangles + digon": [ngon(3), ngon(3), DIGON],
    "pentagon + tetrahedron + dedicated dimension": [TETRAHEDRON, ngon(5), DEDICATED],
    "3 dedicated dimensions": [DEDICATED] * 3,
}
MODERATE = [name for name in SHAPES if name not in ("dodecahedron", "5-orthoplex (5 digons)")]
FEWER = {"7-simplex", "cuboctahedron", "5-orthoplex (5 digons)", "pentagonal bipyramid (pentagon + digon)"}


def weights(blocks, rng, *, extra=0, noise=0.0, irregular=0.0):
    """Rows of a tegum product, rotated and permuted; `noise` in shortest chords, `irregular` norms ±."""
    T = block_diag(*blocks)
    n, d = T.shape
    sigma = noise * np.concatenate([np.full(len(block), shortest_chord(block)) for block in blocks])
    W = rng.uniform(1 - irregular, 1 + irregular, (n, 1)) * (T @ rotation(d + extra, rng)[:d])
    return (W + sigma[:, None] * rng.normal(size=W.shape))[rng.permutation(n)]


def assert_isomorphic(component, W):
    """The map sends the inner products of the features to those of the polytope's vertices."""
    rows = W[list(component.features)]
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    vertices = component.polytope.variants[component.variant][list(component.isomorphism)]
    np.testing.assert_allclose(rows @ rows.T, vertices @ vertices.T, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("extra", [0, 2])
@pytest.mark.parametrize("name", SHAPES)
def test_names_under_noise(name, extra):
    rng = np.random.default_rng(7)
    count = 10 if name in FEWER else 40
    trials = [weights(SHAPES[name], rng, extra=extra, noise=0.03, irregular=0.2) for _ in range(count)]
    found = [gs.classify(W * 10.0 ** rng.integers(-9, 9), orientation="rows").components for W in trials]
    # A few are called distorted: noise is that large for one digon in hundreds.
    named = [geometry_name([component.name for component in components]) for components in found]
    assert named == [name.split(",")[0]] * count


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_exact_shapes(name, rng, read_only):
    W = weights(SHAPES[name], rng, extra=1, irregular=0.2)
    geometry = gs.classify(read_only(W), orientation="rows")
    assert geometry.name == name.split(",")[0]
    features = [i for component in geometry.components for i in component.features]
    assert sorted(features) == list(range(len(W)))
    for component in geometry.components:
        assert component.residual < 0.01
        assert component.confidence > 0.999
        np.testing.assert_allclose(component.norms, np.linalg.norm(W[list(component.features)], axis=1))
        np.testing.assert_array_equal(
            component.dimensionality, gs.dimensionality(W, orientation="rows")[list(component.features)]
        )
        if component.polytope:
            assert component.variant == (name.split(", ")[1] if ", " in name else "uniform")
            assert component.symmetry_order == component.polytope.symmetry_order
            assert_isomorphic(component, W)


@pytest.mark.parametrize("sides", [3, 5, 6, 7, 12])
def test_uniform_prisms(sides, rng):
    from coxeter.families import UniformPrismFamily

    W = UniformPrismFamily.get_shape(sides).vertices @ rotation(3, rng)
    (component,) = gs.classify(W).components
    assert (component.polytope, component.variant) == (gs.polytope(f"{sides}-prism"), "uniform")


@pytest.mark.slow
def test_shapes_that_are_not_in_the_catalogue(rng):
    """The icosahedron without three vertices, and points without symmetry."""
    import networkx as nx

    gone = {0, 1, 11}
    skeleton = nx.Graph([(i, j) for i in range(12) for j in range(i) if ICOSAHEDRON[i] @ ICOSAHEDRON[j] > 0])
    kept = [
        g for g in nx.isomorphism.GraphMatcher(skeleton, skeleton).isomorphisms_iter() if {g[i] for i in gone} == gone
    ]
    vertices = np.delete(ICOSAHEDRON, sorted(gone), axis=0)
    for W, order in ((vertices, len(kept)), (np.vstack([vertices, rng.normal(size=(3, 3))]), 1)):
        (component,) = gs.classify(W @ rotation(3, rng)).components
        assert component.name == f"unnamed ({len(W)} vertices, rank 3)"
        assert component.confidence == 0
        assert component.polytope is component.variant is component.isomorphism is component.residual is None
        assert component.symmetry_order == component.description.symmetry.order == order


def test_antiprism_of_another_height_is_fitted():
    (component,) = gs.classify(square_antiprism(0.65)).components
    assert (component.name, component.variant) == ("square antiprism", "fitted")
    assert component.residual < 1e-4


def test_rigid_shape_pulled_far_is_distorted():
    angles = np.radians([0, 120 + 15, 240 - 15])
    (component,) = gs.classify(np.stack([np.cos(angles), np.sin(angles)], axis=1)).components
    assert (component.name, component.variant) == ("triangle", "distorted")


def test_noise_refuses_what_it_does_not_explain(rng):
    W = weights([ngon(5)], rng, noise=0.03)
    assert gs.classify(W, noise=0.04).components[0].variant == "uniform"
    assert gs.classify(W, noise=1e-3).name == "unnamed (5 vertices, rank 2)"
    thomson = square_antiprism(0.56044) + 1e-4 * rng.normal(size=(8, 3))
    assert gs.classify(thomson, noise=1e-4).components[0].variant == "Thomson"
    assert gs.classify(square_antiprism(0.65), noise=1e-4).components[0].variant == "fitted"
    bent = square_antiprism(0.65) + 0.05 * rng.normal(size=(8, 3))
    assert gs.classify(bent, noise=1e-4).components[0].variant == "distorted"


@pytest.mark.slow
def test_noise_keeps_what_it_explains():
    rng = np.random.default_rng(3)
    for name in ("digon", "tetrahedron", "cube", "square (2 digons)"):
        for _ in range(25):
            W = weights(SHAPES[name], rng, extra=1, noise=0.02)
            assert gs.classify(W, orientation="rows", noise=0.02 * 2).name == name


def test_coincident_features(rng):
    W = weights([ngon(5)], rng)
    W = np.vstack([W, W[[1, 3]]]) + 0.01 * rng.normal(size=(7, 2))
    (component,) = gs.classify(W).components
    assert component.name == "pentagon (7 features on 5 vertices)"
    assert component.polytope.name == "pentagon"
    assert component.isomorphism[1] == component.isomorphism[5]
    assert component.isomorphism[3] == component.isomorphism[6]
    assert set(component.isomorphism) == set(range(5))
    assert component.confidence > 0.98


def test_coincident_dedicated_features():
    geometry = gs.classify([[1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert geometry.name == "dedicated dimension (2 features on 1 vertex) + 2 dedicated dimensions"


@pytest.mark.parametrize(("n", "confidence"), [(2, 1 / 2), (3, 1 / 4), (5, 1 / 16)])
def test_signs_on_a_line(n, confidence):
    # n random signs are not all the same with probability 1 - 2^(1-n).
    (component,) = gs.classify((-1.0) ** np.arange(n)[:, None], orientation="rows").components
    assert component.polytope.name == "digon"  # exact, so named, though chance makes it easily
    assert 0 <= component.confidence <= confidence + 1e-12


MOVES = {"name": st.sampled_from(MODERATE), "seed": st.integers(0, 2**32 - 1)}


@pytest.mark.slow
@given(**MOVES, scale=st.floats(-100, 100), zeros=st.integers(0, 3), padding=st.integers(0, 2))
def test_invariances(name, seed, scale, zeros, padding):
    rng = np.random.default_rng(seed)
    blocks = SHAPES[name]
    W = weights(blocks, rng, noise=0.01)
    before = gs.classify(W, orientation="rows")
    n, m = W.shape
    padded = np.zeros((n + zeros, m + padding))
    padded[:n, :m] = W * 10.0**scale
    order = rng.permutation(n + zeros)
    after = gs.classify((padded @ rotation(m + padding, rng))[order], orientation="rows")
    assert after.name == before.name == name.split(",")[0]
    assert {order[i] for i in after.not_represented} == set(range(n, n + zeros))
    assert members(after, order) == members(before, np.arange(n))
    np.testing.assert_allclose(
        sorted(c.residual for c in after.components), sorted(c.residual for c in before.components), atol=1e-4
    )


@pytest.mark.parametrize("seed", [1, 43, 285])  # noise that a cuboid or a snub disphenoid also explains
def test_columns_that_no_row_uses_change_no_name(seed):
    W = weights([CUBE], np.random.default_rng(seed), noise=0.01)
    for n_columns in (1, 2, 5):
        assert gs.classify(np.pad(W, ((0, 0), (0, n_columns))), orientation="rows").name == "cube"


@pytest.mark.slow
@given(**MOVES, scale=st.floats(0.5, 2))
def test_a_row_twice(name, seed, scale):
    rng = np.random.default_rng(seed)
    W = weights(SHAPES[name], rng, extra=1, noise=0.01)
    row = int(rng.integers(len(W)))
    before = gs.classify(W, orientation="rows")
    after = gs.classify(np.vstack([W, scale * W[row]]), orientation="rows")
    kinds = [sorted(str(c.polytope) for c in geometry.components) for geometry in (before, after)]
    assert kinds[0] == kinds[1]
    labels = np.append(np.arange(len(W)), row)
    assert members(after, labels) == members(before, labels)


def members(geometry, labels):
    """Components as sets of labels."""
    return {frozenset(int(labels[i]) for i in component.features) for component in geometry.components}


@pytest.fixture
def no_hints(monkeypatch):
    """Leave out hints, which read rows twice more, where only the reading itself is looked at."""
    monkeypatch.setattr(import_module("geomsup.recognition.classify"), "_hint", lambda *_: None)


@pytest.mark.slow
@pytest.mark.usefixtures("no_hints")
def test_random_weights_get_no_name_for_sure_and_no_rank_too_many():
    rng = np.random.default_rng(11)
    sizes = [(rng.integers(2, 13), rng.integers(1, 5)) for _ in range(360)]
    sizes += [(rng.integers(2, 20), rng.integers(1, 9)) for _ in range(40)]
    best = []
    for n, m in sizes:
        components = gs.classify(rng.normal(size=(n, m)), orientation="rows").components
        assert sum(component.rank for component in components) <= m
        best.append(max((c.confidence for c in components if c.polytope), default=0.0))
    # Calibrated, 400 draws would give 4 beyond 0.99; there are none, as P is an upper estimate. With doubts that are e⁴
    # times too small there are 6. "High" begins at 0.99999.
    assert (np.array(best) >= 0.999).sum() <= 1
    assert (np.array(best) >= 0.99).sum() <= 3
    assert max(best) < 0.99999


@pytest.mark.slow
@pytest.mark.usefixtures("no_hints")
def test_confidence_is_calibrated_on_triangles():
    rng = np.random.default_rng(12)
    best = []
    for W in rng.normal(size=(1000, 3, 2)):
        components = gs.classify(W).components
        best.append(max(c.confidence if c.name == "triangle" else 0.0 for c in components))
    # 20 000 draws gave 0.0507 and 0.0103.
    assert (np.array(best) >= 0.95).mean() < 0.065
    assert (np.array(best) >= 0.99).mean() < 0.017


@pytest.mark.slow
def test_many_features(rng):
    W = weights([TETRAHEDRON] + [ngon(3)] * 10 + [DIGON] * 7, rng, noise=0.01)
    assert gs.classify(W).name == "tetrahedron + 10 triangles + 7 digons"
    assert gs.classify(rng.normal(size=(400, 30))).name == "dense, nearly random (400 vertices, rank 30)"


def test_batches_models_and_orientation(rng):
    batch = np.stack([weights([ngon(5), DIGON], rng) for _ in range(3)])
    assert [geometry.name for geometry in gs.classify(batch)] == ["pentagonal bipyramid (pentagon + digon)"] * 3
    assert gs.classify(batch[0].T).name == gs.classify(gs.ToyModel(batch[0])).name
    square = gs.classify(np.diag([1.0, 2.0]), orientation="rows")
    assert square.name == "2 dedicated dimensions"


def test_nothing_represented():
    geometry = gs.classify(np.zeros((3, 2)))
    assert (geometry.name, geometry.components, geometry.not_represented) == (
        "nothing represented",
        (),
        (0, 1, 2),
    )
    assert gs.classify([[1, 0], [-1, 0], [0, 0.05]]).not_represented == (2,)


@pytest.mark.parametrize(
    ("W", "options", "error", "message"),
    [
        (np.eye(3), {}, ValueError, "`W` must have more rows .* got shape \\(3, 3\\)"),
        ([[1.0], [np.nan]], {}, ValueError, "`W` must be finite; got nan"),
        ([[1.0, 2.0], [1.0]], {}, ValueError, "`W` must be rectangular"),
        ([1.0, 2.0], {}, ValueError, "`W` must have the shape"),
        (np.ones((1, 1, 3, 2)), {}, ValueError, "one batch axis more; got shape \\(1, 1, 3, 2\\)"),
        ([["a"], ["b"]], {}, TypeError, "`W` must hold real numbers; got text"),
        (DIGON, {"noise": 0}, ValueError, "`noise` must be positive"),
        (DIGON, {"noise": "small"}, TypeError, "`noise` must be a number"),
        (DIGON, {"orientation": "up"}, ValueError, "`orientation` must be one of"),
    ],
)
def test_errors(W, options, error, message):
    with pytest.raises(error, match=message):
        gs.classify(W, **options)


def test_rows_given_up_are_set_aside_at_the_gap_or_where_asked():
    """Of dense features, those given up keep a tenth of the norm: against two digons they would count as rows."""
    W = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0.15, 0.11], [0.1, 0.14]])
    assert gs.classify(W, represented=0.5).name == "square (2 digons)"
    assert gs.classify(W, represented=0.5).not_represented == (4, 5)
    assert gs.classify(W).not_represented == (4, 5)
    assert gs.classify(W).represented == pytest.approx((0.15**2 + 0.11**2) ** 0.25)
    assert gs.classify(W, represented=0.1).not_represented == ()
    assert gs.classify(np.stack([W, W]), represented=0.5)[1].not_represented == (4, 5)


@pytest.mark.parametrize("represented", [-0.1, 1.0])
def test_what_is_represented_is_a_part_of_the_longest(represented):
    with pytest.raises(ValueError, match=r"^`represented` must be at least 0 and less than 1; got"):
        gs.classify(np.eye(3), orientation="rows", represented=represented)

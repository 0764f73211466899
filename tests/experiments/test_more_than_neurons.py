"""A47: slopes against differences, a gain known beforehand, and a judge that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.computation import more_than_neurons, relus
from geomsup.model import ToyModel
from geomsup.neurons import computation


@pytest.mark.parametrize("power", [2, 4])
def test_slopes_are_those_of_differences(power):
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=shape) for shape in ((5, 3), (3,), (5, 3))]
    x = relus.drawn(5, 0.5, rng, 50).astype(float)

    def lost(W, b_hidden, W_out):
        y = ToyModel(W, b_hidden=b_hidden, W_out=W_out, **relus.KIND)(x)
        return ((y - np.maximum(x, 0)) ** power).sum(axis=1).mean()

    for k, slope in enumerate(relus.slopes(parts, x, power)):
        for place in np.ndindex(parts[k].shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [part.copy() for part in parts]
                moved[k][place] += step
                ends.append(lost(*moved))
            assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


def test_inputs_are_those_of_the_claim():
    x = relus.drawn(100, 0.1, np.random.default_rng(0), 2000)
    assert (x != 0).mean() == pytest.approx(0.1, abs=0.003)
    values = x[x != 0]
    assert (values.mean(), (values**2).mean()) == (pytest.approx(0, abs=0.02), pytest.approx(1 / 3, abs=0.01))


def test_training_from_dedicated_neurons_stays_near_what_is_proved():
    model = relus.trained((4, 2), 0.2, 2, 1500, 0, dedicated=True)
    found = computation(model, 0.2, samples=20_000, rng=0)
    assert 0.99 < found.loss / found.dedicated < 1.15


def test_errors_of_active_features_with_all_others_present():
    eye = np.eye(4, 2)
    model = ToyModel(eye, W_out=eye, **relus.KIND)  # two features are exact, two are silent: 1/6
    assert more_than_neurons._heard(model, 0.2, 0) == pytest.approx(1 / 12, rel=0.1)


def made(square="dense", fourth="superposed", loss=0.0835, heard=0.12, own=0.1):
    """Return data of two models each."""
    data = {}
    for p in more_than_neurons.SQUARE_P:
        for start in more_than_neurons.STARTS:
            data |= _models(f"square {p:g} {start}", square, loss * 100 * p, p * 100 * 0.083, heard, own)
    for p in more_than_neurons.FOURTH_P:
        data |= _models(f"fourth {p:g}", fourth, 1.0, 2.0, heard, own)
    for r in more_than_neurons.RATIOS:
        data |= _models(f"ratio {r}", fourth, 1.0, 2.0, heard, own)
    return data


def _models(name, verdict, loss, bound, heard, own):
    told = {
        "verdict": verdict, "sure": "proved", "loss": loss, "error": 0.0, "bound": bound, "one": 1 / 12, "heard": heard,
        "crosstalk": 1e-3,
    }  # fmt: skip
    both = {f"{name} {key}": np.array([value, value]) for key, value in told.items()}
    return both | {f"{name} own": np.full((2, 5), own)}


def test_squares_must_not_beat_dedicated_neurons_and_fourth_powers_must():
    judge = more_than_neurons.judge
    assert judge(made()).status == "holds"
    assert judge(made(heard=0.05)).status == "holds with other numbers"
    assert judge(made(loss=0.07)).status == "holds with other numbers"
    assert judge(made(square="superposed")).status == "does not hold"
    assert judge(made(fourth="undecided")).status == "does not hold"
    assert judge(made(own=0.17)).status == "does not hold"


def test_the_gain_is_read_off_the_error_of_a_feature_alone():
    told = more_than_neurons._crosstalk(made(own=(1 - 0.4) ** 2 / 6), 10)
    assert told["gain, 10 features a neuron"] == pytest.approx(0.4)
    assert told["crosstalk · neurons / gain², 10 features a neuron"] == pytest.approx(1e-2 / 0.16)


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    data = experiment("A47").run(Lab(), {"seeds": 1, "steps": 5, "samples": 200})
    assert data["fourth 0.01 own"].shape == (1, 500)
    assert len(experiment("A47").draw(data).axes) == 3

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from geomsup.training import turns
from geomsup.training.trainee import Trainee

ROOT = Path(gs.__file__).parents[1]
SMALL = {"steps": 30, "batch": 40, "learning_rate": 1e-2, "threads": 1}
ARRAYS = ("W", "b", "steps", "loss", "W_history", "b_history")


def small(**changes):
    return gs.train(gs.Features(3, probability=0.3), 2, **(SMALL | changes))


def same_bits(left, right):
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in ARRAYS)


def test_shapes():
    entries = [gs.Features(4, probability=p) for p in (0.1, 0.5)]
    run = gs.train(entries, 2, models=3, record=7, **SMALL)
    assert len(run) == 6
    assert run.features == (entries[0],) * 3 + (entries[1],) * 3
    assert run.W.shape == (6, 4, 2)
    assert run.b.shape == (6, 4)
    assert run.steps.tolist() == [7, 14, 21, 28, 30]
    assert run.loss.shape == (6, 5)
    assert run.W_history.shape == (6, 5, 4, 2)
    assert run.b_history.shape == (6, 5, 4)
    assert np.array_equal(run.W_history[:, -1], run.W)
    assert np.array_equal(run.b_history[:, -1], run.b)


def test_default_records_the_loss_about_a_hundred_times():
    run = small(steps=950)
    assert run.W_history is None
    assert run.b_history is None
    assert run.loss.shape == (1, 106)
    assert np.allclose(np.diff(run.steps)[:-1], 9)


def test_loss_is_the_mean_since_the_record_before():
    every, third = small(record=1), small(record=3)
    assert np.allclose(third.loss, every.loss.reshape(1, 10, 3).mean(axis=2), rtol=1e-12)
    assert np.array_equal(third.W_history, every.W_history[:, 2::3])


@pytest.mark.parametrize("turn_seconds", [1e-9, 1e-4, 10.0])
def test_same_bits_however_the_work_is_split(monkeypatch, turn_seconds):
    expected = small(models=3, record=4, steps=200)
    monkeypatch.setattr(Trainee, "turn_seconds", turn_seconds)
    assert same_bits(expected, small(models=3, record=4, steps=200, threads=2, progress=lambda *_: None))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        {"clip": 0.5, "schedule": "cosine", "weight_decay": 0.1},
        {"probability": 0.05, "tied": False, "hidden_activation": "relu", "n_hidden": 30},
        {"dropout": 0.2, "attack": 0.3, "hidden_l1": 0.01, "n_hidden": (20, 9)},
    ],
)
def test_same_bits_with_a_batch_split_over_threads(kind):
    features = gs.Features(200, kind.pop("probability", 0.5))
    options = {"n_hidden": 20, "steps": 12, "batch": 1300, "record": 5} | kind
    one, two, three = (gs.train(features, **options, threads=threads) for threads in (1, 2, 3))
    assert same_bits(one, two)
    assert same_bits(one, three)
    assert np.array_equal(one.moments, two.moments)


def test_divergence_is_seen_by_threads_too():
    features = [gs.Features(200, 0.5, values=gs.Uniform(0, 1e25)), gs.Features(200, 0.5)]
    runs = []
    for threads in (1, 4):
        with pytest.warns(RuntimeWarning):
            runs.append(gs.train(features, 20, steps=5, record=1, threads=threads))
    assert runs[0].diverged == runs[1].diverged == (0,)
    assert np.array_equal(runs[0].diverged_at, runs[1].diverged_at)
    assert np.array_equal(runs[0].W[1], runs[1].W[1])


def test_divergence_is_seen_at_its_step(monkeypatch):
    """However many steps are taken at a time, which the clock decides: where a rare feature is far too important."""
    features = [gs.Features(3, [2e-4, 0.2, 0.2], [1e22, 1, 1]), gs.Features(3, 0.5)]
    start, ends = gs.ToyModel([[1, 0], [-1, 0.1], [-1, -0.1]]), []
    for seconds in (1e-4, 5e-3, 1.0):
        monkeypatch.setattr(Trainee, "turn_seconds", seconds)
        with pytest.warns(RuntimeWarning, match="left it by step"):
            ends.append(gs.train(features, 2, model=start, steps=3000, batch=8, learning_rate=1e-4, device="cpu"))
    assert len({int(run.diverged_at[0]) for run in ends}) == 1
    assert 0 < ends[0].diverged_at[0] < 3000
    assert np.isfinite(ends[0].W[0]).all()  # it stands as it did before the moments overflowed
    assert all(np.array_equal(run.W, ends[0].W) for run in ends)


def test_a_run_does_not_depend_on_those_behind_it():
    few, many = small(models=2), small(models=5)
    assert np.array_equal(few.W, many.W[:2])
    assert len(np.unique(many.W[:, 0, 0])) == 5


@pytest.mark.slow
@settings(max_examples=20)
@given(st.integers(0, 2**70), st.integers(1, 6), st.integers(1, 6))
def test_seed_decides(seed, n, m):
    features = gs.Features(n, probability=0.5)
    first, again, other = (gs.train(features, m, seed=s, **SMALL) for s in (seed, seed, seed + 1))
    assert np.array_equal(first.W, again.W)
    assert not np.array_equal(first.W, other.W)
    assert not np.array_equal(first.loss, other.loss)


def test_starts_are_xavier_normal():
    run = gs.train(gs.Features(40), 10, models=40, steps=1, batch=1, learning_rate=1e-9, threads=1)
    assert np.std(run.W) == pytest.approx(np.sqrt(2 / 50), rel=0.03)
    assert np.mean(run.W) == pytest.approx(0, abs=0.005)
    assert np.allclose(run.b, 0, atol=1e-8)


def test_starts_from_a_model(read_only):
    W, b = read_only([[1, 0], [0, 1], [-1, 0]]), read_only([0, 0.5, 0])
    model = gs.ToyModel(W, b, activation="linear")
    run = small(model=model, models=2, learning_rate=1e-9)
    assert np.allclose(run.W, W, atol=1e-6)
    assert np.allclose(run.b, b, atol=1e-6)
    assert run.model(1).activation == "linear"
    assert run.config["model"] == model.to_dict()


def test_linear_model_finds_principal_components():
    """Without a ReLU the best loss is that of PCA: the variances of the features left out."""
    features = gs.Features(4, probability=0.5, importance=[4, 3, 2, 1])
    linear = gs.ToyModel(np.random.default_rng(0).normal(size=(4, 2)) / 2, activation="linear")
    run = gs.train(features, 2, model=linear, steps=3000, learning_rate=5e-3, batch=256, threads=1)
    assert run.loss[0, -10:].mean() == pytest.approx(3 * features.variance[0], rel=0.05)


@pytest.mark.slow
def test_five_features_in_two_dimensions_reach_the_known_optimum():
    features = gs.Features(5, probability=0.05)
    run = gs.train(features, 2, models=4, steps=6000, learning_rate=2e-3)
    x = features.sample(400_000, rng=0)
    losses = [((run.model(i)(x) - x) ** 2).sum(axis=1).mean() for i in range(len(run))]
    assert min(losses) == pytest.approx(0.008903594, rel=0.03)
    assert run.loss[:, -20:].mean(axis=1).min() == pytest.approx(0.008903594, rel=0.03)


def test_features_never_present_stay_harmless():
    run = gs.train(gs.Features(3, probability=[0, 0, 1], importance=[1, 0, 1]), 1, **SMALL)
    assert np.isfinite(run.W).all()


def test_progress_rises_to_the_end_in_this_thread():
    calls = []
    small(models=3, steps=3000, threads=2, progress=lambda *call: calls.append((*call, threading.get_ident())))
    # What compiles says so from its own thread, the first time.
    stage, fraction, thread = map(list, zip(*(call for call in calls if call[0] != "compiling, once"), strict=True))
    assert set(stage) == {"training"}
    assert fraction == sorted(fraction)
    assert fraction[-1] == 1
    assert set(thread) == {threading.get_ident()}


@pytest.mark.parametrize("record", [0, 7])
def test_interruption_keeps_what_is_done(monkeypatch, record):
    monkeypatch.setattr(turns, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(Trainee, "turn_seconds", 1e-3)

    def stop(stage, fraction):
        if fraction * 1_000_000 > 50.5:
            raise KeyboardInterrupt

    with pytest.warns(RuntimeWarning, match=r"interrupted after \d+ of 1000000 steps"):
        run = small(models=3, steps=1_000_000, record=record, progress=stop)
    completed = run.config["completed_steps"]
    assert 50 < completed < 1_000_000
    assert run.steps[-1] == completed
    whole = small(models=3, steps=completed, record=record)
    assert np.array_equal(run.W, whole.W)
    if record:
        assert same_bits(run, whole)


INTERRUPTED = """
import signal, warnings
import numpy as np
import geomsup as gs

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process started in the background lacks
said = []

def say(stage, fraction):
    if not said:
        said.append(print("started", flush=True))

warnings.simplefilter("ignore")
run = gs.train(gs.Features(3, probability=0.3), 2, models=3, steps=10**9, batch=40, learning_rate=1e-2, progress=say)
print(run.config["completed_steps"], run.W.tobytes().hex(), flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done():
    """A real signal, to a process that would train for days."""
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout.readline() == "started\n"
        child.send_signal(signal.SIGINT)
        completed, W = child.stdout.readline().split()
    assert child.returncode == 0
    assert 0 < int(completed) < 10**9
    assert small(models=3, steps=int(completed)).W.tobytes().hex() == W


def test_an_interruption_while_kernels_are_compiled_leaves_the_start(monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainee, "compile", interrupted)
        with pytest.warns(RuntimeWarning, match="interrupted after 0 of 30 steps"):
            run = small(models=2, record=10)
    assert run.config["completed_steps"] == 0
    assert run.loss.shape == (2, 0)
    assert same_bits(run.resume(), small(models=2, record=10))


STORM = """
import random, signal, warnings
import geomsup as gs
from geomsup.training import turns

warnings.simplefilter("ignore")
turns.REPORT_SECONDS = 0.0
draw, left = random.Random(0), 0

def strike(*_):
    raise KeyboardInterrupt

def press(stage, fraction):
    global left
    left -= 1
    if left == 0:
        signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-6, 1e-3))

signal.signal(signal.SIGALRM, strike)
for models, threads in [(1, 1), (1, 3), (3, 2), (5, 3)] * 12:
    left = draw.randint(1, 30)
    run = gs.train(gs.Features(3, 0.3), 2, models=models, threads=threads, steps=10**8, batch=8, progress=press)
    assert run.interrupted
print("all ended")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals at a chosen moment, which Windows lacks")
def test_ctrl_c_at_any_moment_leaves_no_thread_waiting():
    """It may strike while the main thread holds a lock; a training once in thousands then never ended."""
    done = subprocess.run([sys.executable, "-c", STORM], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("all ended\n", "")


def test_other_errors_of_the_callback_come_through():
    with pytest.raises(ZeroDivisionError):
        small(progress=lambda stage, fraction: 1 / 0)


def test_config_says_it_all():
    run = small(models=2, record=5, seed=11)
    assert run.config == {
        "n_hidden": 2,
        "models": 2,
        "steps": 30,
        "batch": 40,
        "optimizer": "adam",
        "momentum": 0.0,
        "learning_rate": 0.01,
        "schedule": "constant",
        "weight_decay": 0.0,
        "clip": None,
        "preset": "adam",
        "objective": "sampled",
        "target": "identity",
        "seed": 11,
        "record": 5,
        "model": None,
        "activation": "relu",
        "hidden_activation": "linear",
        "tied": True,
        "hidden_bias": False,
        "hidden_l1": 0.0,
        "coherence": 0.0,
        "dropout": 0.0,
        "criterion": "squared",
        "attack": 0.0,
        "init_scale": 1.0,
        "device": "cpu",
        "completed_steps": 30,
        "recorded_steps": 30,
    }
    assert json.loads(json.dumps(run.config)) == run.config


@pytest.mark.parametrize("change", [{"learning_rate": 1e30}, {"learning_rate": 1e300}])
def test_divergence_of_every_run_is_an_error(change):
    with pytest.raises(FloatingPointError, match=r"run 0 left it by step \d+ .*\. Lower `learning_rate`"):
        small(**change)


def test_diverging_runs_are_named_and_leave_the_others_alone():
    wild = gs.Features(3, probability=0.3, values=gs.Uniform(0, 1e25))
    tame = gs.Features(3, probability=0.3)
    with pytest.warns(RuntimeWarning, match=r"; run 1 left it by step \d+ with `learning_rate` 0.01. Lower"):
        run = gs.train([tame, wild, tame], 2, record=10, **SMALL)
    alone = gs.train([tame, tame, tame], 2, record=10, **SMALL)
    for i in (0, 2):
        assert np.array_equal(run.W[i], alone.W[i])
        assert np.array_equal(run.loss[i], alone.loss[i])
    assert run.diverged == (1,)
    assert run.diverged_at[1] >= 1
    assert np.isnan(run.loss[1, -1])
    assert np.isnan(run.expected_loss()[1])
    assert np.isfinite(run.expected_loss()[[0, 2]]).all()
    assert run.best(0).W.shape == (3, 2)
    assert run.classify()[1] is None
    with pytest.raises(ValueError, match=r"`run` must be one that did not diverge; run 1 did at step"):
        run.model(1)
    with pytest.raises(ValueError, match=r"`entry` must have a run that did not diverge; got 1"):
        run.best(1)


def test_when_a_run_diverged_does_not_depend_on_the_turns(monkeypatch):
    features = [gs.Features(3, values=gs.Uniform(0, 1e25)), gs.Features(3)]
    found = []
    for seconds in (1e-9, 10.0):
        monkeypatch.setattr(Trainee, "turn_seconds", seconds)
        with pytest.warns(RuntimeWarning):
            found.append(gs.train(features, 2, record=4, **SMALL).diverged_at.tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "features",
    [
        gs.Features(3, importance=1e30),
        gs.Features(3, importance=1e60),
        gs.Features(3, values=gs.Uniform(0, 1e25)),
    ],
)
def test_inputs_too_large_for_single_precision(features):
    with pytest.raises(FloatingPointError, match="rescale `importance` or `values`"):
        gs.train(features, 2, **SMALL)


@pytest.mark.slow
def test_hidden_relus_align_features_with_neurons():
    """Elhage et al., privileged bases: with a ReLU hidden layer features lie along neurons, without one anywhere."""
    features = gs.Features(10, 0.5, importance=0.75 ** np.arange(10))
    options = {"models": 3, "steps": 4000, "batch": 128, "learning_rate": 5e-3, "schedule": "cosine"}
    alignment = {}
    for hidden in ("relu", "linear"):
        W = gs.train(features, 5, hidden_activation=hidden, **options).best().W[:5]
        alignment[hidden] = np.abs(W).max(axis=1) / np.linalg.norm(W, axis=1)
    assert alignment["relu"].min() > 0.98
    assert alignment["linear"].mean() < 0.95


def test_presets():
    preset = small(preset="anthropic-2022", learning_rate=None)
    assert preset.config["weight_decay"] == 0.01
    assert preset.config["learning_rate"] == 1e-3
    assert np.array_equal(preset.W, small(weight_decay=0.01, learning_rate=1e-3).W)
    other = gs.train(gs.Features(3), 2, preset="grimes-replication", steps=5)
    chosen = {name: other.config[name] for name in ("steps", "batch", "learning_rate", "schedule", "clip")}
    assert chosen == {"steps": 5, "batch": 128, "learning_rate": 1e-2, "schedule": "cosine", "clip": 2.0}


def test_chosen_steps_are_recorded():
    run = small(record=[20, 3, 3])
    assert run.steps.tolist() == [3, 20, 30]
    assert np.array_equal(run.W_history[0, 0], small(steps=3).W[0])
    assert run.dimensionality_history.shape == (1, 3, 3)
    assert np.allclose(run.dimensionality_history[0, -1], gs.dimensionality(run.W[0]))
    assert np.array_equal(run.model(0, record=1).W, run.W_history[0, 1])


def test_an_untied_model_has_a_decoder():
    run = small(tied=False, hidden_activation="relu", activation="gelu", record=10)
    model = run.model(0)
    assert model.W_out.shape == (3, 2)
    assert not np.allclose(model.W, model.W_out)
    assert (model.activation, model.hidden_activation) == ("gelu", "relu")
    assert np.array_equal(run.W_out_history[:, -1], run.W_out)
    again = small(model=model, learning_rate=1e-9)
    assert np.allclose(again.W_out, run.W_out, atol=1e-6)


@pytest.mark.slow
def test_exact_objective_reaches_the_known_optimum():
    run = gs.train(gs.Features(5, probability=0.05), 2, models=16, objective="exact", seed=0)
    losses = run.expected_loss()
    assert losses.min() == pytest.approx(0.008903594, abs=5e-10)
    assert run.loss[:, -1] == pytest.approx(losses, rel=1e-10)
    slope = gs.expected_loss(run.best(), run.features[0], gradient=True)
    assert np.abs(slope.grad_W).max() < 1e-13
    assert np.abs(slope.grad_b).max() < 1e-13


@pytest.mark.slow
def test_absolute_values_are_computed_with_hidden_relus():
    """Elhage et al., computation in superposition: two neurons per feature do |x|; no linear model can."""
    features = gs.Features(3, 0.1, values=gs.Uniform(-1, 1))
    options = {"target": "abs", "tied": False, "steps": 3000, "batch": 256, "learning_rate": 1e-2, "schedule": "cosine"}
    run = gs.train(features, 6, models=6, hidden_activation="relu", **options)
    linear = gs.train(features, 6, hidden_activation="linear", **options)
    assert run.expected_loss().min() < 1e-3 * linear.expected_loss()[0]


F = gs.Features(3)
BAD = {
    "features kind": (((3, 2)), {}, TypeError, r"`features` must be Features or a sequence of them; got 3"),
    "features text": (
        ("abc", 2),
        {},
        TypeError,
        r"`features` must be Features or a sequence of them; got 'abc'",
    ),
    "features items": (([F, 3], 2), {}, TypeError, r"`features` must hold Features only; got 3"),
    "features none": (([], 2), {}, ValueError, r"`features` must hold at least one Features"),
    "features differ": (([F, gs.Features(4)], 2), {}, ValueError, r"same n; got 3 and 4"),
    "n_hidden": ((F, 0), {}, ValueError, r"`n_hidden` must be at least 1; got 0"),
    "models": ((F, 2), {"models": 0}, ValueError, r"`models` must be at least 1"),
    "steps": ((F, 2), {"steps": 1.5}, TypeError, r"`steps` must be an integer; got 1.5"),
    "batch": ((F, 2), {"batch": -1}, ValueError, r"`batch` must be at least 1"),
    "learning_rate": ((F, 2), {"learning_rate": 0}, ValueError, r"`learning_rate` must be positive"),
    "seed": ((F, 2), {"seed": -1}, ValueError, r"`seed` must be at least 0"),
    "seeds": (
        (F, 2),
        {"seed": [1, 2]},
        ValueError,
        r"`seed` must be a number, or one for each of the 1 `features`; got 2",
    ),
    "seeds kind": ((F, 2), {"seed": [0.5]}, TypeError, r"`seed` must be an integer; got 0.5"),
    "seed kind": ((F, 2), {"seed": None}, TypeError, r"`seed` must be an integer; got None"),
    "record": ((F, 2), {"record": -1}, ValueError, r"`record` must be at least 0"),
    "threads": ((F, 2), {"threads": 0}, ValueError, r"`threads` must be at least 1"),
    "progress": ((F, 2), {"progress": True}, TypeError, r"`progress` must be callable; got True"),
    "model kind": ((F, 2), {"model": np.ones((3, 2))}, TypeError, r"`model` must be a ToyModel"),
    "model shape": ((F, 2), {"model": gs.ToyModel(np.ones((3, 1)))}, ValueError, r"got W of shape \(3, 1\)"),
    "model's activation": (
        (F, 2),
        {"model": gs.ToyModel(np.ones((3, 2)), activation="square")},
        ValueError,
        r"`model` must have one of the activations relu, linear, abs, leaky_relu, gelu to be trained",
    ),
    "two activations": (
        (F, 2),
        {"model": gs.ToyModel(np.ones((3, 2))), "activation": "abs"},
        ValueError,
        r"`activation` must be that of `model`, 'relu', if both are given; got 'abs'",
    ),
    "activation": ((F, 2), {"activation": "tanh"}, ValueError, r"`activation` must be one of \"relu\", \"linear\""),
    "hidden": ((F, 2), {"hidden_activation": "abs"}, ValueError, r"`hidden_activation` must be one of \"linear\""),
    "tied": ((F, 2), {"tied": 1}, TypeError, r"`tied` must be True or False; got 1"),
    "schedule": ((F, 2), {"schedule": "step"}, ValueError, r"`schedule` must be one of \"constant\", \"linear\""),
    "decay": ((F, 2), {"weight_decay": np.nan}, ValueError, r"`weight_decay` must be finite; got nan"),
    "clip": ((F, 2), {"clip": 0}, ValueError, r"`clip` must be positive"),
    "preset": ((F, 2), {"preset": "openai"}, ValueError, r"`preset` must be one of \"adam\", \"anthropic-2022\""),
    "objective": ((F, 2), {"objective": "true"}, ValueError, r"`objective` must be one of \"sampled\", \"exact\""),
    "target": ((F, 2), {"target": "x"}, ValueError, r"`target` must be one of \"identity\", \"abs\""),
    "pairs": ((F, 2), {"target": "pairs"}, ValueError, r"`target` \"pairs\" needs an even number of features; got 3"),
    "steps to record": ((F, 2), {"record": [5, 20_000]}, ValueError, r"`record` must list steps from 1 to 10000"),
    "exact": (
        (F, 2),
        {"objective": "exact", "activation": "linear"},
        ValueError,
        r"`objective` \"exact\" is for activation 'relu'; got 'linear'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    arguments, options, kind, message = BAD[case]
    with pytest.raises(kind, match=message):
        gs.train(*arguments, **options)

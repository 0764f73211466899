import dataclasses

import numpy as np
import pytest

import geomsup as gs
from geomsup.training import turns
from geomsup.training.measure import measured_loss
from geomsup.training.trainee import Trainee

LOW, HIGH = gs.Features(2, probability=0.1), gs.Features(2, probability=0.6)


@pytest.fixture(scope="module")
def run():
    start = gs.ToyModel([[1.0], [-1.0]], [0.1, 0.2])
    return gs.train([LOW, HIGH], 1, models=2, steps=20, batch=32, record=10, seed=4, model=start, threads=1)


def crafted(W, features, models):
    """Return a run of given weights."""
    W = np.array(W, np.float32)
    none = np.zeros((len(W), 0))
    config = {"n_hidden": W.shape[2], "models": models, "activation": "relu", "completed_steps": 0}
    return gs.TrainingRun(features, W, np.zeros(W.shape[:2], np.float32), none[0], none, None, None, config)


def test_repr(run):
    assert repr(run) == "TrainingRun(4 runs of 2 features in 1 dimension, 20 steps)"


def test_model(run):
    model = run.model(2)
    assert np.array_equal(model.W, run.W[2])
    assert np.array_equal(model.b, run.b[2])
    with pytest.raises(IndexError, match="`run` must be below 4, the number of runs; got 4"):
        run.model(4)
    with pytest.raises(TypeError, match="`run` must be an integer"):
        run.model(0.5)


@pytest.mark.parametrize(("c", "rtol"), [(1e-4, 1e-9), (1e-5, 1e-8), (1e-6, 1e-6)])
def test_losses_that_rounding_blurs(c, rtol):
    """Rows of cosine c > 0: no ReLU is off, and the loss is that of c Σ x_j, in closed form."""
    n, p = 40, 1e-3
    values, axes = np.linalg.eigh((1 - c) * np.eye(n) + c)
    model, features = gs.ToyModel(axes * np.sqrt(values)), gs.Features(n, p)
    with pytest.raises(ValueError, match="`rtol` must be reachable"):
        gs.expected_loss(model, features)
    truth = n * c**2 * ((n - 1) * p / 3 + (n - 1) * (n - 2) * p**2 / 4)
    assert measured_loss(model, features) == pytest.approx(truth, rel=rtol)


def test_frozen(run):
    with pytest.raises(ValueError, match="read-only"):
        run.W[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.W = None
    mine = np.ones((1, 2, 1), np.float32)
    crafted(mine, (LOW,), 1)
    assert mine.flags.writeable


def test_expected_loss():
    """An antipodal pair loses nothing but where both are present; zero weights lose everything."""
    pair, zero = [[1.0], [-1.0]], [[0.0], [0.0]]
    both = 2 * LOW.probability[0] ** 2 * (1 / 2 - 1 / 4)  # two inputs together: E min(x, y)² + E min(x, y)²
    run = crafted([pair, zero], (LOW, LOW), 2)
    alone = 2 * LOW.probability[0] / 3
    x = LOW.sample(1_000_000, rng=0)
    sampled = ((run.model(0)(x) - x) ** 2).sum(axis=1).mean()
    assert run.expected_loss() == pytest.approx([sampled, alone], rel=0.05)
    assert run.expected_loss()[0] < both
    assert np.array_equal(run.best().W, pair)


def test_best_is_per_entry():
    pair, zero, dedicated = [[1.0], [-1.0]], [[0.0], [0.0]], [[1.0], [0.0]]
    run = crafted([zero, pair, dedicated, zero], (LOW, LOW, HIGH, HIGH), 2)
    assert np.array_equal(run.best(entry=0).W, pair)
    assert np.array_equal(run.best(entry=1).W, dedicated)
    with pytest.raises(ValueError, match="`entry` must be given, as 2 different features were trained"):
        run.best()
    with pytest.raises(IndexError, match="`entry` must be below 2"):
        run.best(2)
    with pytest.raises(TypeError, match="`entry` must be an integer"):
        run.best("first")


def test_file_keeps_everything(run, tmp_path):
    path = tmp_path / "run"  # the very name, no suffix added
    run.save(path)
    back = gs.TrainingRun.load(path)
    for name in ("W", "b", "steps", "loss", "W_history", "b_history"):
        stored, loaded = getattr(run, name), getattr(back, name)
        assert np.array_equal(stored, loaded)
        assert stored.dtype == loaded.dtype
    assert back.features == run.features
    assert back.config == run.config
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_file_without_history(tmp_path):
    run = gs.train(LOW, 1, steps=2, batch=1, threads=1)
    run.save(tmp_path / "run.npz")
    run.save(str(tmp_path / "run.npz"))
    back = gs.TrainingRun.load(tmp_path / "run.npz")
    assert back.W_history is None
    assert back.features == (LOW,)


def test_failed_save_leaves_the_old_file(run, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    run.save(path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="disk full"):
        run.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_load_refuses_other_files(run, tmp_path):
    with pytest.raises(FileNotFoundError):
        gs.TrainingRun.load(tmp_path / "nothing.npz")
    others = {name: tmp_path / name for name in ("text", "empty", "array.npy", "weights.npz", "pickle.npz")}
    others["text"].write_text("not an archive")
    others["empty"].touch()
    np.save(others["array.npy"], run.W)
    np.savez(others["weights.npz"], W=run.W)
    np.savez(others["pickle.npz"], description=np.array({"format": 1}, dtype=object))
    for path in others.values():
        with pytest.raises(ValueError, match=r"`path` must be a file written by TrainingRun.save"):
            gs.TrainingRun.load(path)


@pytest.mark.parametrize(("version", "advice"), [(1, "Train it again"), (5, "Update geomsup")])
def test_load_refuses_other_formats(tmp_path, version, advice):
    np.savez(tmp_path / "new.npz", description=np.array(f'{{"format": {version}}}'))
    with pytest.raises(ValueError, match=rf"format 2 to 4; got format {version}. {advice}"):
        gs.TrainingRun.load(tmp_path / "new.npz")


def test_safetensors(run, tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "run.safetensors"
    run.save(path)
    back = gs.TrainingRun.load(path)
    assert np.array_equal(back.W_history, run.W_history)
    assert back.config == run.config
    assert back.features == run.features
    assert np.array_equal(gs.train(LOW, 1, steps=30, batch=32).resume(60).W, gs.train(LOW, 1, steps=60, batch=32).W)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"`path` must be a file written by TrainingRun.save"):
        gs.TrainingRun.load(path)


def same_run(left, right):
    names = ("W", "b", "W_out", "steps", "loss", "W_history", "b_history", "W_out_history", "moments", "pending")
    for name in names:
        ours, theirs = getattr(left, name), getattr(right, name)
        assert (ours is None) == (theirs is None)
        assert ours is None or np.array_equal(ours, theirs), name
    assert left.config == right.config


@pytest.mark.slow
@pytest.mark.parametrize("record", [0, 700, [11, 300]])
@pytest.mark.parametrize("kind", [{}, {"tied": False, "schedule": "cosine", "clip": 0.1}])
def test_resumed_after_an_interruption_to_the_same_bits(tmp_path, monkeypatch, record, kind):
    monkeypatch.setattr(turns, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(Trainee, "turn_seconds", 1e-9)  # a turn is one step, however quick or slow it is
    options = {"models": 2, "steps": 2_000, "batch": 10, "record": record, "threads": 2} | kind

    def stop(stage, fraction):
        if fraction * 2_000 > 50.5:
            raise KeyboardInterrupt

    features = [LOW, HIGH]
    with pytest.warns(RuntimeWarning, match="interrupted after"):
        part = gs.train(features, 1, progress=stop, **options)
    assert part.config["completed_steps"] < 2_000
    part.save(tmp_path / "part.npz")
    same_run(gs.TrainingRun.load(tmp_path / "part.npz").resume(threads=1), gs.train(features, 1, **options))


@pytest.mark.slow
@pytest.mark.parametrize("record", [0, 7, [11, 300]])
@pytest.mark.parametrize("stop_after", [0, 57, 401])
def test_an_interrupted_run_resumed_to_another_number_of_steps_repeats_none(record, stop_after):
    """A longer run has its records elsewhere: those that the interruption has passed once sent the run back to them."""

    def stop(stage, fraction):
        if fraction * 1_000_000 > stop_after + 0.5:
            raise KeyboardInterrupt

    options = {"batch": 8, "record": record, "learning_rate": 1e-2}
    with pytest.warns(RuntimeWarning, match="interrupted after"):
        part = gs.train(HIGH, 1, steps=1_000_000, progress=stop, **options)
    steps = part.config["completed_steps"] + 503
    resumed, whole = part.resume(steps), gs.train(HIGH, 1, steps=steps, **options)
    for name in ("W", "b", "moments"):
        assert np.array_equal(getattr(resumed, name), getattr(whole, name)), name
    assert resumed.config["completed_steps"] == resumed.steps[-1] == steps
    assert (np.diff(resumed.steps) > 0).all()


def test_resumed_beyond_the_end():
    long, short = (gs.train(LOW, 1, steps=steps, batch=50, record=10) for steps in (60, 30))
    same_run(short.resume(60), long)
    same_run(long.resume(), long)


def test_resume_says_what_it_cannot_do(run):
    with pytest.raises(ValueError, match=r"`steps` must be at least 20; got 10"):
        run.resume(10)
    with pytest.raises(ValueError, match=r"`run` must hold the optimiser's state to be resumed"):
        dataclasses.replace(run, moments=None).resume(40)
    with pytest.raises(ValueError, match=r"`steps` must be left out for an exact training"):
        gs.train(LOW, 1, objective="exact").resume(20_000)


def test_a_run_that_diverged_stays_so():
    with pytest.warns(RuntimeWarning):
        run = gs.train([gs.Features(2, values=gs.Uniform(0, 1e25)), LOW], 1, steps=20, batch=32, record=10)
    with pytest.warns(RuntimeWarning):
        longer = run.resume(40)
    assert longer.diverged == (0,)
    assert np.array_equal(longer.diverged_at, run.diverged_at)


def test_history_is_asked_for(run):
    assert np.array_equal(run.model(1, record=0).W, run.W_history[1, 0])
    with pytest.raises(IndexError, match="`record` must be below 2"):
        run.model(1, record=2)
    with pytest.raises(ValueError, match="`record` needs a history"):
        gs.train(LOW, 1, steps=2, batch=4).model(0, record=0)
    assert gs.train(LOW, 1, steps=2, batch=4).dimensionality_history is None


def test_classify(run):
    assert [geometry.name for geometry in run.classify()] == [g.name for g in gs.classify(run.W, orientation="rows")]


def test_runs_are_compared_with_the_optimum_of_their_features():
    entries = [gs.Features(2, 0.1), gs.Features(2, 0.6)]
    run = gs.train(entries, 1, models=2, steps=4000, learning_rate=5e-3, schedule="linear")
    compared = run.compare(starts=4)
    assert [item.loss for item in compared] == run.expected_loss().tolist()
    assert compared[0].optimum is compared[1].optimum
    assert compared[0].optimum is not compared[2].optimum
    assert [item.optimum.features for item in compared] == list(run.features)
    assert np.array(compared.excess).min() > -1e-12
    assert compared[0].excess < 0.02


def test_what_has_no_optimum_is_not_compared():
    with pytest.raises(ValueError, match=r"^`target` must not be of pairs unless all values are points"):
        gs.train(LOW, 1, steps=2, target="abs_pairs").compare()
    with pytest.raises(ValueError, match=r"must be trained for criterion 'squared'"):
        gs.train(LOW, 1, steps=2, criterion="cross-entropy", activation="linear").compare()


@pytest.mark.slow
def test_interrupted_exact_training_keeps_what_is_done():
    def stop(stage, fraction):
        if fraction == 3 / 80:
            raise KeyboardInterrupt

    with pytest.warns(RuntimeWarning, match=r"interrupted after \d+ of 80 runs"):
        part = gs.train(LOW, 1, models=80, objective="exact", progress=stop, threads=1)
    whole = gs.train(LOW, 1, models=80, objective="exact", threads=1)
    ended = np.isfinite(part.loss[:, 0])
    assert 3 <= ended.sum() < 80
    assert np.array_equal(part.W[ended], whole.W[ended])

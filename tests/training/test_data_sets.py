"""Training on a data set of the user's: epochs, the same bits, resuming, files, and what is refused."""

import collections

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.arguments import mean_length
from geomsup.training.kernels import philox, rows
from tests.training import reference
from tests.training.kernels.test_steps import trainee

X = gs.Features(4, 0.5, values=gs.Uniform(-1, 1)).sample(330, rng=3)
DATA = gs.SampledFeatures(X, [1, 0.5, 2, 1])
CASES = {
    "batches": (150, {}),
    "the whole": (330, {}),
    "larger than a block, untied": (329, {"tied": False, "hidden_activation": "relu"}),
    "small": (7, {}),
    "attacked": (150, {"attack": 0.5, "hidden_bias": True}),
    "targets": (150, {"target": "abs_pairs"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_steps_agree_with_the_reference(name):
    batch, kind = CASES[name]
    run = trainee(DATA, 2, batch, kind, steps=4)
    known = {key: value for key, value in kind.items() if key not in ("tied", "hidden_bias", "attack")}
    slow = reference.Extended(**known, length=kind.get("attack", 0) * mean_length(DATA))
    weights, losses, _ = slow.train(DATA, run.split(run.theta), run.key, 4, batch, 0.01)
    run.advance(4)
    assert np.allclose(run.losses, losses, rtol=3e-5)
    for part, ours in run.split(run.theta).items():
        assert np.allclose(ours, weights[part], atol=3e-4), part


@pytest.mark.parametrize(("count", "batch"), [(10, 3), (10, 10), (129, 128), (300, 200), (2, 1), (5, 4)])
def test_every_epoch_takes_each_sample_once(count, batch):
    data = rows.make_rows(np.arange(count, dtype=np.float32)[:, None] + 1)
    key, x, drawn = np.array([1, 2], np.uint32), np.empty((1, 128), np.float32), []
    for step in range(6 * count):
        rows.prepare_orders(data, step, batch, key)
        for first in range(0, batch, 128):
            size = min(128, batch - first)
            rows.draw_rows(x, size, first, step, batch, data)
            assert not x[0, size:].any()
            drawn += x[0, :size].tolist()
    epochs = np.array(drawn[: len(drawn) // count * count]).reshape(-1, count)
    assert (np.sort(epochs, axis=1) == np.arange(1, count + 1)).all()
    if count > 5:
        assert (len(np.unique(epochs, axis=0)) == len(epochs)) == (batch < count)


def test_all_orders_are_as_frequent():
    """Of three samples there are six orders, of frequency 1/6: χ² with 5 degrees of freedom, 20.5 at 0.1 %."""
    counts = collections.Counter()
    order = np.empty(3, np.int32)
    for epoch in range(6000):
        rows._shuffle(order, epoch, np.array([3, 5], np.uint32))
        counts[tuple(order.tolist())] += 1
    assert len(counts) == 6
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5
    large = 2**33 + 5
    rows._shuffle(order, large, np.array([3, 5], np.uint32))
    assert order.tolist() == reference.order_of_epoch(large, (3, 5), 3)


def test_kernels_index_within_bounds(interpreted):
    interpreted(rows, philox)
    data, x = rows.make_rows(X.astype(np.float32)), np.empty((4, 128), np.float32)
    key = np.array([3, 5], np.uint32)
    rows.prepare_orders(data, 2, 131, key)
    rows.draw_rows(x, 3, 128, 2, 131, data)
    truth = reference.rows_of_data(DATA, (3, 5), 2, 131)
    assert np.allclose(x[:, :3].T, truth[128:])


def test_same_bits_on_any_number_of_threads_and_resumed(tmp_path):
    data = gs.SampledFeatures(gs.Features(60, 0.3).sample(3000, rng=1))
    options = {"models": 2, "batch": 1300, "record": 3, "learning_rate": 0.01}
    whole = gs.train(data, 20, steps=12, threads=1, **options)
    assert np.array_equal(whole.W, gs.train(data, 20, steps=12, threads=5, **options).W)
    for suffix in (".npz", ".safetensors"):
        path = tmp_path / f"half{suffix}"
        gs.train(data, 20, steps=6, threads=3, **options).save(path)
        half = gs.TrainingRun.load(path)
        assert half.features == (data, data)
        longer = half.resume(12, threads=2)
        for name in ("W", "b", "moments"):
            assert np.array_equal(getattr(longer, name), getattr(whole, name)), name


def test_runs_take_other_orders_and_the_whole_has_one():
    options = {"models": 2, "steps": 3, "model": gs.ToyModel(np.ones((4, 1)) * 0.3)}
    shuffled, whole = (gs.train(DATA, 1, batch=batch, **options) for batch in (100, 330))
    assert not np.array_equal(shuffled.W[0], shuffled.W[1])
    assert np.array_equal(whole.W[0], whole.W[1])


def test_the_whole_data_set_is_gradient_descent():
    """Batches of all samples with SGD: the slopes of `expected_loss` on the data."""
    run = gs.train(DATA, 2, optimizer="sgd", learning_rate=0.1, steps=3, record=1)
    assert run.config["batch"] == 330
    for step in range(2):
        here, there = run.model(0, record=step), run.model(0, record=step + 1)
        loss = gs.expected_loss(here, DATA, gradient=True)
        assert np.allclose(there.W, here.W - 0.1 * loss.grad_W, atol=1e-6)
        assert np.allclose(there.b, here.b - 0.1 * loss.grad_b, atol=1e-6)
        assert run.loss[0, step + 1] == pytest.approx(loss.value, rel=1e-5)


def test_the_loss_of_a_run_is_the_mean_over_the_data():
    for kind in ({}, {"target": "abs"}, {"hidden_activation": "relu"}):
        run = gs.train(DATA, 2, steps=20, **kind)
        y = np.abs(X) if "target" in kind else X
        truth = ((y - run.model(0)(X)) ** 2 @ DATA.importance).mean()
        assert run.expected_loss()[0] == pytest.approx(truth, rel=1e-9)


def test_data_and_distributions_side_by_side():
    entries = [gs.Features(4, 0.5), DATA, gs.SampledFeatures(X[:50])]
    run = gs.train(entries, 2, models=2, steps=10)
    assert run.config["batch"] == 50
    assert run.config["device"] == "cpu"
    alone = gs.train([gs.Features(4, 0.5)], 2, models=2, steps=10, batch=50)
    assert np.array_equal(run.W[:2], alone.W)


def test_files_hold_each_data_set_once_and_no_other(tmp_path):
    run = gs.train([DATA, gs.Features(4, 0.5), gs.SampledFeatures(X + 0.0, [1, 0.5, 2, 1])], 2, steps=3, batch=8)
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        arrays = dict(file)
    assert [name for name in arrays if name.startswith("data")] == ["data_0"]
    assert np.array_equal(arrays["data_0"], X)
    assert gs.load(tmp_path / "run.npz").features == run.features
    for damaged in (arrays | {"data_0": X[::-1]}, {name: arrays[name] for name in arrays if name != "data_0"}):
        np.savez(tmp_path / "damaged.npz", **damaged)
        with pytest.raises(ValueError, match=r"`path` must be a file written by TrainingRun.save"):
            gs.TrainingRun.load(tmp_path / "damaged.npz")


BAD = {
    "batch": (
        {"batch": 331},
        ValueError,
        r"`batch` must be at most the number of samples, 330; got 331\. Leave it out",
    ),
    "exact": ({"objective": "exact"}, TypeError, r"`features` must be Features here.*SampledFeatures\(330"),
    "device": (
        {"device": "cuda"},
        ValueError,
        r"`device` \"cuda\" trains on fresh samples; got SampledFeatures.*\"cpu\"",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    options, kind, message = BAD[case]
    with pytest.raises(kind, match=message) as caught:
        gs.train(DATA, 2, **options)
    assert "\n" not in str(caught.value)


def test_arrays_are_to_be_wrapped():
    with pytest.raises(TypeError, match=r"`features` must be Features .*samples in SampledFeatures"):
        gs.train(X, 2)
    with pytest.raises(ValueError, match=r"`features` must all have the same n; got 4 and 3"):
        gs.train([DATA, gs.Features(3)], 2)
    with pytest.raises(TypeError, match="`features` must be Features here"):
        gs.train(DATA, 2, steps=2).compare()


def test_values_beyond_single_precision_are_reported():
    with pytest.raises(FloatingPointError, match="Training must stay finite in single precision"):
        gs.train(gs.SampledFeatures(X * 1e100), 2, steps=2)

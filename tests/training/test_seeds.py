"""A seed for each entry of `features`: its runs are those of a training of this entry alone."""

import pytest

import geomsup as gs


@pytest.mark.parametrize("objective", ["sampled", "exact"])
def test_with_a_seed_for_each_entry_its_runs_are_those_of_a_training_of_it_alone(objective):
    entries, seeds = [gs.Features(3, 0.3), gs.Features(3, 0.1), gs.Features(3, 0.1)], (7, 7, 2**70)
    options = {"models": 2, "objective": objective} | ({"steps": 20, "batch": 32} if objective == "sampled" else {})
    together = gs.train(entries, 2, seed=seeds, **options)
    for entry, (features, seed) in enumerate(zip(entries, seeds, strict=True)):
        alone = gs.train(features, 2, seed=seed, **options)
        assert (together.W[2 * entry : 2 * entry + 2] == alone.W).all()
        assert (together.loss[2 * entry : 2 * entry + 2] == alone.loss).all()
    assert together.config["seed"] == list(seeds)


def test_a_training_with_a_seed_for_each_entry_goes_on_from_its_file(tmp_path):
    entries, options = [gs.Features(3, 0.3), gs.Features(3, 0.1)], {"batch": 32, "seed": [4, 5]}
    gs.train(entries, 2, steps=10, **options).save(tmp_path / "run.npz")
    half = gs.TrainingRun.load(tmp_path / "run.npz")
    assert (half.resume(20).W == gs.train(entries, 2, steps=20, **options).W).all()

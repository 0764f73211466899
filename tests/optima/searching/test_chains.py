"""Searches one after another: when they end, their effort, interruptions, the same bits."""

import itertools

import numpy as np
import pytest

from geomsup import Features
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import End, descend
from geomsup.optima.multistart import finished
from geomsup.optima.searching import improvers
from geomsup.optima.searching.chains import Effort, agreed, chains, effort_for
from geomsup.optima.searching.chance import hits
from geomsup.optima.searching.improvers import make_improver
from geomsup.optima.searching.sparse import SparseDescents
from geomsup.optima.starts import catalogue_starts, random_start


def test_searches_agree_when_more_than_half_of_them_do():
    effort = effort_for(12, True)
    assert agreed(np.array([1.0, 1.0, 1.0]), effort)
    assert agreed(np.array([1.0, 1.0, 1.0, 1.1, 1.2]), effort)
    assert not agreed(np.array([1.0, 1.0, 1.0, 1.1, 1.1, 1.1]), effort)
    assert not agreed(np.array([1.0, 1.0]), effort)


def test_ends_that_agreed_still_agree_when_the_best_goes_on():
    """Of series only the best is descended further, and by more than ends differ that count as the same."""
    features = Features(9, 0.3)
    W, b = random_start(features, 2, 0, np.random.default_rng(0))
    (near,) = descend(features, [(W, b)], most_steps=10)
    ends = [near, End(near.loss * (1 + 5e-7), near.W, near.b), End(near.loss * 1.01, W, b)]
    found = finished(features, ends, most_steps=20)
    assert found.losses[0] < near.loss * (1 - 1e-5)
    assert found.losses[:2].tolist() == [found.losses[0]] * 2
    assert found.losses[2] == near.loss * 1.01


def test_effort_falls_with_size():
    for one, more in itertools.pairwise(effort_for(n) for n in (5, 12, 25, 50, 200)):
        assert (one.chains, one.patience) >= (more.chains, more.patience)


def test_more_is_tried_where_that_is_quick():
    quick, usual = effort_for(12, True), effort_for(12)
    assert quick.starts > usual.starts
    assert quick.moves > usual.moves
    assert quick.agree > usual.agree
    assert isinstance(make_improver(Features(14, 0.03, 0.9 ** np.arange(14))), SparseDescents)
    assert isinstance(make_improver(Features(15, 0.03, 0.9 ** np.arange(15))), improvers._Trainings)


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 9])
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(n, monkeypatch):
    features = Features(n, 0.1, 0.9 ** np.arange(n))
    effort = Effort(starts=4, moves=4, patience=1, pairs=10, circles=10, chains=2, agree=2)

    def found():
        return chains(features, 2, make_improver(features), effort, np.random.default_rng(3))

    ends = found()
    monkeypatch.setattr("geomsup.threads.processors", lambda: 1)
    monkeypatch.setattr("geomsup.training.from_starts.processors", lambda: 1)
    for one, other in zip(ends, found(), strict=True):
        assert one.W.tobytes() == other.W.tobytes()
        assert one.b.tobytes() == other.b.tobytes()


@pytest.mark.parametrize(("quick", "groups"), [(True, [2, 30]), (False, [32])])
def test_of_quick_starts_the_first_two_do_not_wait_for_the_others(quick, groups):
    """Every start is descended, once; where starts are trained together, all at a time."""
    called = []

    class Recording:
        def first(self, starts, seed):
            called.append(len(starts))
            return [End(1.0, *starts[0])]

        def again(self, starts, seed, known, moves):
            called.append(len(starts))
            assert [end.loss for end in known] == [1.0]
            return []

        def last(self, end):
            return end

    Recording.quick = quick
    features = Features(5, 0.1)
    shapes = len(catalogue_starts(features, 2, np.random.default_rng(0)))
    effort = Effort(starts=32 - shapes, moves=1, patience=0, pairs=0, circles=0, chains=1, agree=1)
    chains(features, 2, Recording(), effort, np.random.default_rng(0))
    assert called == groups


def test_searches_end_when_they_agree_or_at_the_deadline():
    features = Features(4, 0.1)
    improver, effort = (
        make_improver(features),
        Effort(starts=4, moves=4, patience=1, pairs=10, circles=10, chains=9, agree=2),
    )
    told = []
    ends = chains(
        features, 2, improver, effort, np.random.default_rng(0), lambda stage, part: told.append((stage, part))
    )
    assert len(ends) < 9
    assert hits(np.array([end.loss for end in ends])) == 2
    assert {stage for stage, _ in told} == {"searching"}
    fractions = [part for _, part in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    past = Deadline(0.0)
    assert len(chains(features, 2, make_improver(features, past), effort, np.random.default_rng(0), deadline=past)) == 1


class Interrupted:
    """An improver that hears Ctrl-C at its call number `end`."""

    def __init__(self, improver, end):
        self.improver, self.left, self.quick = improver, end, improver.quick

    def __getattr__(self, name):
        def call(*arguments):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return getattr(self.improver, name)(*arguments)

        return call


@pytest.mark.parametrize(
    ("n", "generator", "stride"),
    [(4, np.random.PCG64, 1), (4, np.random.MT19937, 1), pytest.param(9, np.random.PCG64, 6, marks=pytest.mark.slow)],
)
def test_an_interrupted_search_goes_on_where_it_was(n, generator, stride, tmp_path, monkeypatch):
    """Wherever it was interrupted, and twice: same bits as in one go, and the generator is left as it would be.

    Four features are descended; nine are trained, and their moves are descended and trained in turns.
    """
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    features = Features(n, 0.1, 0.9 ** np.arange(n))
    effort = Effort(starts=2, moves=2, patience=1, pairs=10, circles=10, chains=2, agree=3)
    improver = make_improver(features)

    def search(end):
        rng = np.random.Generator(generator(5))
        return chains(features, 2, Interrupted(improver, end), effort, rng), rng.random()

    def interrupted(end):
        try:
            search(end)
        except KeyboardInterrupt as interruption:
            said.append(getattr(interruption, "__notes__", []))
            assert len(said[-1]) == len(list(tmp_path.glob("searches/*")))
            return True
        return False

    def bits(ends):
        return [end.W.tobytes() + end.b.tobytes() for end in ends]

    whole, drawn = search(10**6)
    calls, said = 0, []
    while interrupted(calls):
        interrupted(2)
        again, later = search(10**6)
        assert bits(again) == bits(whole)
        assert later == drawn
        assert not list(tmp_path.glob("searches/*"))
        calls += stride
    assert calls > 6
    assert said[-1] == ["the search so far is kept; the same search goes on from there"]


@pytest.mark.parametrize("damage", [("[", "{", 1), ('"PCG64"', '"other"', -1), ('"inc"', '"ink"', -1)])
def test_a_damaged_search_is_begun_again(damage, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    features, effort = Features(4, 0.1), Effort(starts=2, moves=2, patience=1, pairs=0, circles=0, chains=2, agree=3)
    improver = make_improver(features)
    whole = chains(features, 2, improver, effort, np.random.default_rng(5))
    with pytest.raises(KeyboardInterrupt):
        chains(features, 2, Interrupted(improver, 1), effort, np.random.default_rng(5))
    (file,) = tmp_path.glob("searches/*")
    head, result, tail = file.read_text().partition('"result"')
    file.write_text(head + result + tail.replace(*damage))
    again = chains(features, 2, improver, effort, np.random.default_rng(5))
    assert [end.W.tobytes() for end in again] == [end.W.tobytes() for end in whole]

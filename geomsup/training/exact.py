"""Training without samples: descents of the exact expected loss, polished by Newton steps."""

import warnings
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.loss import expected_loss, hessian
from geomsup.loss.objective import SERIES_RTOL, pack, relu_objective, unpack
from geomsup.loss.ordinary import CLOSE, ordinary
from geomsup.model import ToyModel
from geomsup.optima.descent import FINE, End, descend
from geomsup.optima.quasi_newton import lbfgs
from geomsup.samples import checked_features
from geomsup.threads import Progress, check_stop, in_threads
from geomsup.training.measure import measured_loss
from geomsup.training.run import TrainingRun
from geomsup.training.settings import Settings
from geomsup.training.turns import Keeper, tell_of_interruption

__all__ = ["descend_further", "train_exactly"]

MOST_PARAMETERS = 40  # parameters up to which Newton steps are made: beyond, the Hessian takes seconds
NEWTON_STEPS = 3  # each doubles the number of correct digits
FLAT = 1e-7  # eigenvalues below this fraction of the largest belong to directions without slope, as rotations


def train_exactly(
    features: list[Any],
    starts: list[dict[str, np.ndarray]],
    settings: Settings,
    workers: int,
    progress: Progress,
) -> TrainingRun:
    """Descend from the start of each run; one record, at the end, in double precision. Progress counts runs.

    Every run ends where the slope is below 1e-10 of the loss of storing nothing, unless ``settings.steps`` run out.
    Ctrl-C returns the first runs that have ended, with a RuntimeWarning. The others keep their start weights, with
    loss NaN.
    """
    _check(settings)
    known = [checked_features("features", entry) for entry in features]
    return _descend_all(known, starts, [], settings, workers, progress)


def descend_further(run: TrainingRun, workers: int, progress: Progress) -> TrainingRun:
    """Descend from the starts of the runs that an interruption kept from ending; return all runs."""
    left = np.isnan(run.loss[:, -1])
    done = int(left.argmax()) if left.any() else len(run)
    ended = [End(float(run.loss[k, -1]), run.W[k], run.b[k]) for k in range(done)]
    starts = [{"W": run.W[k], "b": run.b[k]} for k in range(len(run))]
    features = [checked_features("features", entry) for entry in run.features]
    return _descend_all(features, starts, ended, run.settings, workers, progress)


def _descend_all(
    features: list[Features],
    starts: list[dict[str, np.ndarray]],
    ended: list[End],
    settings: Settings,
    workers: int,
    progress: Progress,
) -> TrainingRun:
    """Descend from the starts behind those that have ended; return all runs."""

    def told(end: End) -> None:
        ended.append(end)
        if progress:
            progress("training", len(ended) / len(starts))
        if isinstance(progress, Keeper):
            progress.keep(lambda: _result(features, starts, ended, settings))

    first = len(ended)
    try:
        runs = zip(features[first:], starts[first:], strict=True)
        in_threads(lambda run: _descend(*run, settings), runs, workers=workers, told=told)
    except KeyboardInterrupt:
        check_stop()  # raises if this training is part of a search, which then stops too
        tell_of_interruption(progress)
        if len(ended) < len(starts):
            message = f"Training was interrupted after {len(ended)} of {len(starts)} runs."
            warnings.warn(message, RuntimeWarning, stacklevel=4)
    return _result(features, starts, ended, settings)


def _result(
    features: list[Features], starts: list[dict[str, np.ndarray]], ended: list[End], settings: Settings
) -> TrainingRun:
    ends = ended + [End(np.nan, start["W"], start["b"]) for start in starts[len(ended) :]]
    W, b = np.stack([end.W for end in ends]), np.stack([end.b for end in ends])
    history = (W[:, None], b[:, None]) if settings.record else (None, None)
    steps, loss = np.array([settings.steps]), np.array([[end.loss] for end in ends])
    config = settings.to_dict() | {"completed_steps": settings.steps}
    return TrainingRun(tuple(features), W, b, steps, loss, *history, config)


def _check(settings: Settings) -> None:
    """Raise unless the model has the paper's plain form and is trained on the squared error of x alone."""
    for name, known in (
        ("activation", "relu"),
        ("hidden_activation", "linear"),
        ("tied", True),
        ("target", "identity"),
        ("hidden_bias", False),
        ("hidden_l1", 0.0),
        ("dropout", 0.0),
        ("criterion", "squared"),
        ("attack", 0.0),
    ):
        value = getattr(settings, name)
        if value != known:
            raise ValueError(f'`objective` "exact" is for {name} {known!r}; got {value!r}. Train on samples instead.')


def _descend(features: Features, start: dict[str, np.ndarray], settings: Settings) -> End:
    if settings.coherence:
        return _descend_penalised(features, start, settings)
    (end,) = descend(features, [(start["W"], start["b"])], slope=FINE, most_steps=settings.steps)
    if end.W.size + end.b.size > MOST_PARAMETERS:
        return end
    for _ in range(NEWTON_STEPS):
        better = _newton(features, end)
        if better is None:
            break
        end = better
    return end


def _descend_penalised(features: Features, start: dict[str, np.ndarray], settings: Settings) -> End:
    """Descend the loss and λ Σ_{i<j} (w_i·w_j)² together; the loss of the end is without the penalty."""
    law, value_unit, loss_unit = ordinary(features, CLOSE)  # W has no unit
    factor, cost = np.ldexp(settings.coherence, -loss_unit), float(law.importance @ law.variance) or 1.0
    objective, n = relu_objective(law), features.n

    def penalised(vector: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = objective(vector)
        W, _ = unpack(vector, n)
        gram = W @ W.T
        np.fill_diagonal(gram, 0.0)
        # Every pair stands twice in the Gram matrix.
        push = pack(2 * factor * gram @ W, np.zeros(n))
        return (loss + factor * (gram**2).sum() / 2) / cost, (gradient + push) / cost

    begin = pack(start["W"], np.ldexp(start["b"], -value_unit))
    _, vector = lbfgs(penalised, begin, slope=FINE, accuracy=SERIES_RTOL, most_steps=settings.steps)
    W, b = unpack(vector, n)
    b = np.ldexp(b, value_unit)
    return End(measured_loss(ToyModel(W, b), features), W, b)


def _newton(features: Features, end: End) -> End | None:
    """Return the end of a Newton step in the directions that are not flat; None if it does not lower the slope."""
    here = expected_loss(ToyModel(end.W, end.b), features, gradient=True)
    slope = _packed(here)
    values, vectors = np.linalg.eigh(hessian(ToyModel(end.W, end.b), features).matrix)
    steep = np.abs(values) > FLAT * np.abs(values).max()
    step = -vectors[:, steep] @ ((vectors[:, steep].T @ slope) / values[steep])
    W, b = end.W + step[: end.W.size].reshape(end.W.shape), end.b + step[end.W.size :]
    there = expected_loss(ToyModel(W, b), features, gradient=True)
    better = np.abs(_packed(there)).max() < 0.5 * np.abs(slope).max() and float(there) <= float(here) * (1 + 1e-12)
    return End(float(there), W, b) if better else None


def _packed(loss: Any) -> np.ndarray:
    return np.concatenate([loss.grad_W.ravel(), loss.grad_b])

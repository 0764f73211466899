"""What E20 to E22 share: the paper's analytic attack, and the loss it causes."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data
from geomsup.experiments.definitions import interference, stored
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel

__all__ = ["attacked_bias", "mean_norm", "plain_gap", "stored_without", "vulnerability"]

SAMPLES, FEW = 2**14, 2**12  # samples to measure losses on, and to search for the worst attack


def mean_norm(features: Features) -> float:
    """Return E ‖x‖₂ as the mean over fixed samples."""
    return float(np.linalg.norm(_samples(features), axis=1).mean())


def attacked_bias(W: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    """Return the biases ``(n, n)`` that stand for the attack on each feature.

    The attack on feature i adds δ_i = length · G_i/‖G_i‖₂ to the input, G = W Wᵀ. As G (x + δ) + b = G x + (b + G δ),
    the attacked model is one of another bias on clean inputs, whose loss is known exactly. Rows of zeros stay unharmed.
    """
    gram = W @ W.T
    norms = np.linalg.norm(gram, axis=1, keepdims=True)
    return b + length * np.divide(gram, norms, out=np.zeros_like(gram), where=norms > 1e-12) @ gram


def vulnerability(W: np.ndarray, b: np.ndarray, features: Features, share: float) -> Data:
    """Return the exact loss of a ReLU model on clean inputs, and that under the attack that harms it most.

    Attacks have the length share · E‖x‖₂. The feature whose attack is worst is found on fixed samples.
    """
    W, b = W.astype(float), b.astype(float)
    biases = attacked_bias(W, b, share * mean_norm(features))
    x = _samples(features)
    u = x @ (W @ W.T)
    few = [_sampled_loss(u[:FEW], bias, x[:FEW], features) for bias in biases]
    worst = biases[int(np.argmax(few))]
    exact = [float(expected_loss(ToyModel(W, bias), features, rtol=1e-5)) for bias in (b, worst)]
    return {
        "clean": np.array(exact[0]),
        "attacked": np.array(exact[1]),
        "sampled": np.array(_sampled_loss(u, worst, x, features)),
    }


def plain_gap(features: Features, m: int, share: float) -> float:
    """Return L'₀ − L₀ of the model that gives the m most important features a dimension each and drops the others."""
    W = np.eye(features.n, m)
    b = np.where(np.arange(features.n) < m, 0.0, features.mean)
    plain = vulnerability(W, b, features, share)
    return float(plain["attacked"] - plain["clean"])


def stored_without(W: np.ndarray) -> Any:
    """Return how many features are stored, and the largest interference among them; leading axes are models."""
    kept = stored(W)
    return kept.sum(axis=-1), np.where(kept, interference(W), 0.0).max(axis=-1)


def _sampled_loss(u: np.ndarray, bias: np.ndarray, x: np.ndarray, features: Features) -> float:
    return float((((np.maximum(u + bias, 0) - x) ** 2) @ features.importance).mean())


def _samples(features: Features) -> np.ndarray:
    return features.sample(SAMPLES, np.random.default_rng(20))

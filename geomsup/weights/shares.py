"""How a neuron's weights are shared out among features: functions of matrices whose columns are neurons."""

import numpy as np

__all__ = [
    "capacities", "concentration", "effective_number", "entropy", "equivocation", "frequent", "kurtosis",
    "largest_share", "shares",
]  # fmt: skip


def shares(amplitudes: np.ndarray) -> np.ndarray:
    """Return each feature's part of the sum of squares of a column; of an empty column nothing but 0.

    Examples
    --------
    >>> shares(np.array([[3.0, 0.0], [4.0, 0.0]])).tolist()
    [[0.36, 0.0], [0.64, 0.0]]
    """
    squares = amplitudes**2
    whole = squares.sum(axis=0)
    return squares / np.where(whole > 0, whole, 1.0)


def largest_share(share: np.ndarray) -> np.ndarray:
    """Return the largest share: 1 if one feature has all.

    Examples
    --------
    >>> largest_share(np.array([[0.36], [0.64]])).tolist()
    [0.64]
    """
    return share.max(axis=0)


def effective_number(share: np.ndarray) -> np.ndarray:
    """Return the participation ratio 1/Σ share², which is k for k equal shares.

    Examples
    --------
    >>> effective_number(np.full((4, 1), 0.25)).tolist()
    [4.0]
    """
    squares = (share**2).sum(axis=0)
    return np.divide(1.0, squares, out=np.zeros(len(squares)), where=squares > 0)


def entropy(share: np.ndarray) -> np.ndarray:
    """Return the entropy of the shares, in bits: log₂ k for k equal ones.

    Examples
    --------
    >>> entropy(np.full((4, 1), 0.25)).tolist()
    [2.0]
    """
    logarithms = np.log2(share, out=np.zeros(share.shape), where=share > 0)
    return np.maximum(-(share * logarithms).sum(axis=0), 0.0)


def frequent(share: np.ndarray, threshold: float) -> np.ndarray:
    """Return how many features have at least this part of the largest share.

    Examples
    --------
    >>> frequent(np.array([[0.5], [0.45], [0.05]]), 0.2).tolist()
    [2]
    """
    largest = share.max(axis=0)
    return ((share >= threshold * largest) & (largest > 0)).sum(axis=0)


def kurtosis(amplitudes: np.ndarray) -> np.ndarray:
    """Return the excess kurtosis of each column about its mean; 0 if its entries are equal.

    Examples
    --------
    >>> kurtosis(np.array([[1.0], [-1.0]])).tolist()
    [-2.0]
    """
    apart = amplitudes - amplitudes.mean(axis=0)
    second, fourth = (apart**2).mean(axis=0), (apart**4).mean(axis=0)
    rounding = (4 * np.finfo(float).eps * np.abs(amplitudes).max(axis=0)) ** 2
    varies = second > rounding
    return np.where(varies, fourth / np.where(varies, second, 1.0) ** 2 - 3.0, 0.0)


def concentration(amplitudes: np.ndarray) -> np.ndarray:
    """Return Hoyer's (√n - ‖w‖₁/‖w‖₂)/(√n - 1): 1 for one feature, 0 for n equal ones.

    Examples
    --------
    >>> concentration(np.array([[1.0, 1.0], [0.0, 1.0]])).round(12).tolist()
    [1.0, 0.0]
    """
    n, length = len(amplitudes), np.linalg.norm(amplitudes, axis=0)
    used = length > 0
    if n == 1:
        return used.astype(float)
    ratio = np.abs(amplitudes).sum(axis=0) / np.where(used, length, 1.0)
    return np.where(used, np.clip((n**0.5 - ratio) / (n**0.5 - 1), 0.0, 1.0), 0.0)


def equivocation(amplitudes: np.ndarray) -> np.ndarray:
    """Return how many bits an activation leaves open about which feature is active: H(i) less the mutual information.

    One feature is active at a time, each as often, with values that are uniform on [0, 1]: the activation is h = w_i x.
    Among weights of one sign, in falling order, those of the first k can give an h between w_(k+1) and w_k, and theirs
    are the probabilities (1/w_i)/Σ 1/w. The entropy of these is averaged over h, weighted by how large h is.

    Examples
    --------
    >>> equivocation(np.array([[1.0, 1.0, 1.0], [0.0, 1.0, -1.0]])).tolist()
    [0.0, 1.0, 0.0]
    """
    open_bits, weight = np.zeros(amplitudes.shape[1]), np.zeros(amplitudes.shape[1])
    for sign in (1.0, -1.0):
        falling = -np.sort(-np.maximum(sign * amplitudes, 0.0), axis=0)
        there = falling > 0
        inverse = np.divide(1.0, falling, out=np.zeros(falling.shape), where=there)
        logarithm = np.log2(falling, out=np.zeros(falling.shape), where=there)
        density = np.cumsum(inverse, axis=0)
        whole = np.where(density > 0, density, 1.0)
        bits = np.log2(whole) + np.cumsum(inverse * logarithm, axis=0) / whole
        below = np.concatenate([falling[1:], np.zeros((1, falling.shape[1]))])
        weights = np.where(there, (falling**2 - below**2) * density, 0.0)
        open_bits += (weights * bits).sum(axis=0)
        weight += weights.sum(axis=0)
    return np.maximum(np.divide(open_bits, weight, out=np.zeros(len(weight)), where=weight > 0), 0.0)


def capacities(into: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return G_ii²/Σ_j G_ij² of every feature, G = W_out W_inᵀ; 0 for one that no output hears.

    Examples
    --------
    >>> W = np.array([[1.0], [-1.0]])
    >>> capacities(W, W).tolist()
    [0.5, 0.5]
    """
    heard = ((out @ (into.T @ into)) * out).sum(axis=1)
    own = (into * out).sum(axis=1) ** 2
    return np.divide(own, heard, out=np.zeros(len(own)), where=heard > 0)

"""Newton's method on a product of spheres: polishing, and what the Hessian says of a critical point."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from geomsup.energy.potentials import Potential

__all__ = ["LARGEST", "Curvature", "curvature", "gradient", "polish", "root_mean_square", "tangent_basis"]


LARGEST = 3000  # n (d - 1) up to which Hessians are made
ZERO = 1e-7  # eigenvalues are zero below this fraction of the largest
FLAT = 1e-5  # the same where steps are taken: near a minimum flat directions have curvatures of the gradient's size
CONTACT = 1e-6  # inner products this small are zero: relu(t)² has two second derivatives there
MOST_STEPS = 12
ENOUGH = 2e-16  # rms of the gradient, in units of the size of the forces that cancel in it


@dataclass(frozen=True)
class Curvature:
    """Numbers of negative and zero eigenvalues of the Hessian; rotations of all points do not count as zero ones."""

    index: int
    zero_modes: int


def gradient(points: np.ndarray, potential: Potential) -> np.ndarray:
    """Return the gradient on the sphere, ``(n, d)``: rows are tangent to their points."""
    _, slope, _ = _pairs(points, potential)
    return _tangent(points, _weight(potential) * slope @ points)


def polish(points: np.ndarray, potential: Potential) -> tuple[np.ndarray, float]:
    """Return a critical point by Newton steps and the rms of its gradient over all n d coordinates.

    Steps that do not lower the gradient are not taken. Rotations, and other directions in which the energy is flat,
    are left alone.
    """
    best, rms = points, root_mean_square(gradient(points, potential))
    floor = ENOUGH * (1.0 + float(np.abs(_pairs(points, potential)[1]).sum()) / len(points))
    for _ in range(MOST_STEPS):
        if rms <= floor or len(points) * (points.shape[1] - 1) > LARGEST:
            break
        for moved in _steps(best, potential):
            new = root_mean_square(gradient(moved, potential))
            if new < 0.9 * rms:
                best, rms = moved, new
                break
        else:
            break
    return best, rms


def curvature(points: np.ndarray, potential: Potential) -> Curvature | None:
    """Return the index and the number of flat directions of a critical point; None if they are undecided.

    The ReLU energy has no second derivative where points are at right angles. Its pairs then count with the larger one:
    negative directions that remain make a saddle. If none does, they count with the smaller: none again, a minimum.
    """
    found = _signs(points, potential, -CONTACT)
    if potential.name == "relu" and found.index == 0:
        least = _signs(points, potential, CONTACT)
        return least if least.index == 0 else None
    return found


def _signs(points: np.ndarray, potential: Potential, contact: float) -> Curvature:
    basis = tangent_basis(points)
    values = np.linalg.eigvalsh(_hessian(points, potential, basis, contact))
    least = 1.0 if potential.name == "relu" else 1e-300  # nothing may be open, where relu² has none but rounding errors
    edge = ZERO * max(float(np.abs(values).max()), least)
    zero = int((np.abs(values) <= edge).sum())
    return Curvature(int((values < -edge).sum()), max(0, zero - _rotations(points, basis).shape[1]))


def _weight(potential: Potential) -> float:
    return 2.0 if potential.ordered else 1.0


def _pairs(points: np.ndarray, potential: Potential) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inner products of pairs and both derivatives there, ``(n, n)``; derivatives are 0 on the diagonal."""
    t = points @ points.T
    r2 = t
    if potential.name == "custom":
        t = t.copy()
        np.fill_diagonal(t, 0.0)  # functions need not be finite at 1
    if potential.singular:  # from differences: 2 - 2t would lose the digits of near points
        r2 = np.zeros_like(t)
        for column in points.T:
            r2 += (column[:, None] - column) ** 2
        np.fill_diagonal(r2, np.inf)
    _, slope, curve = potential.terms(t, r2)
    np.fill_diagonal(slope, 0.0)
    np.fill_diagonal(curve, 0.0)
    return t, slope, curve


def _tangent(points: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return vectors - (points * vectors).sum(axis=1, keepdims=True) * points


def root_mean_square(vectors: np.ndarray) -> float:
    """Return the root of the mean square of all coordinates."""
    return float(np.sqrt((vectors**2).mean()))


def tangent_basis(points: np.ndarray) -> np.ndarray:
    """Orthonormal tangent vectors of every point, ``(n, d - 1, d)``: a Householder reflection brings e_1 to it."""
    n, d = points.shape
    mirror = points.copy()
    mirror[:, 0] += np.where(points[:, 0] >= 0, 1.0, -1.0)
    mirror /= np.linalg.norm(mirror, axis=1, keepdims=True)
    return np.broadcast_to(np.eye(d)[1:], (n, d - 1, d)) - 2 * mirror[:, 1:, None] * mirror[:, None, :]


def _hessian(points: np.ndarray, potential: Potential, basis: np.ndarray, contact: float = 0.0) -> np.ndarray:
    t, slope, curve = _pairs(points, potential)
    if potential.name == "relu":
        curve = 2.0 * (t > contact)
        np.fill_diagonal(curve, 0.0)
    n, k, d = basis.shape
    seen = (points @ basis.reshape(n * k, d).T).reshape(n, n, k).transpose(1, 0, 2)  # tangent a of i along point j
    across = (basis.reshape(n * k, d) @ basis.reshape(n * k, d).T).reshape(n, k, n, k)
    bent = curve[:, None, :] * seen.transpose(0, 2, 1)
    hessian = bent[:, :, :, None] * seen.transpose(1, 0, 2)[:, None] + slope[:, None, :, None] * across
    own = bent @ seen
    own -= (slope * t).sum(axis=1)[:, None, None] * np.eye(k)
    every = np.arange(n)
    hessian[every, :, every, :] = own
    return _weight(potential) * hessian.reshape(n * k, n * k)


def _rotations(points: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Orthonormal columns: the directions in which rotations of all points move them."""
    d = points.shape[1]
    moves = []
    for a in range(d):
        for b in range(a):
            turned = np.zeros_like(points)
            turned[:, a], turned[:, b] = points[:, b], -points[:, a]
            moves.append(np.einsum("iad,id->ia", basis, turned).ravel())
    stack = np.array(moves)
    size, turn = np.linalg.eigh(stack @ stack.T)
    kept = size > 1e-12 * max(size[-1], 1e-300)
    return stack.T @ (turn[:, kept] / np.sqrt(size[kept]))


def _steps(points: np.ndarray, potential: Potential) -> Iterator[np.ndarray]:
    """Yield the point of Newton's step, then that of a step that leaves out directions in which the energy is flat."""
    basis = tangent_basis(points)
    slope = np.einsum("iad,id->ia", basis, gradient(points, potential)).ravel()
    hessian, turns = _hessian(points, potential, basis), _rotations(points, basis)
    stiff = hessian + hessian.max() * (turns @ turns.T)
    with suppress(np.linalg.LinAlgError):
        yield _moved(points, basis, np.linalg.solve(stiff, -slope))
    yield _moved(points, basis, np.linalg.lstsq(stiff, -slope, rcond=FLAT)[0])


def _moved(points: np.ndarray, basis: np.ndarray, step: np.ndarray) -> np.ndarray:
    moved = points + np.einsum("ia,iad->id", step.reshape(basis.shape[:2]), basis)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)

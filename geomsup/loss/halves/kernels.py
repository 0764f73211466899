"""Kernel: the loss of features whose values are points, by two halves of what can happen.

Output i is relu(s + t), s = b + Σ a_j x_j over the features of one half, which holds i, and t over the other half. Of a
state of the first half it is only asked which states of the second have t > -s, and how often these happen, with which
mean of t and of t². If both halves are sorted, those are the last states, and their sums are sums from the end. So
the sum over N² pairs of states takes as long as two sorts of N numbers.
"""

import numpy as np

from geomsup.compiling import njit

__all__ = ["halves_outputs"]


@njit(part=True)
def _sums(states, members, coupling, shift):
    """Return shift + Σ_j coupling_j x_j of every state, and the states in their rising order."""
    total = np.full(len(states), shift)
    for k in range(len(members)):
        a = coupling[members[k]]
        if a != 0.0:
            for s in range(len(states)):
                total[s] += a * states[s, k]
    return total, np.argsort(total)


@njit(part=True)
def _pull(own, own_order, weight, other, other_order, first, second, third):
    """Write to `own`'s states s the sums of three weights over the states t of the other half with s + t > 0."""
    at, counted, mean, square = len(other), 0.0, 0.0, 0.0
    for s in own_order:  # rising: from the largest t down, one after the other counts
        while at > 0 and own[s] + other[other_order[at - 1]] > 0.0:
            at -= 1
            t = other_order[at]
            counted += weight[t, 0]
            mean += weight[t, 1]
            square += weight[t, 2]
        first[s], second[s], third[s] = counted, mean, square


@njit(part=True)
def _slopes(states, members, push, row):
    """Write Σ_s push_s x_j(s) to row[j]."""
    for k in range(len(members)):
        total = 0.0
        for s in range(len(states)):
            total += push[s] * states[s, k]
        row[members[k]] = total


@njit(part=True)
def _output(i, place, coupling, b, states, chances, members, others, other_chances, other_members, row):
    """Return E (x_i - relu(u))² and its slope in b, and write those in the coupling to `row`."""
    own, order = _sums(states, members, coupling, b)
    other, other_order = _sums(others, other_members, coupling, 0.0)
    weight = np.empty((len(others), 3))
    for t in range(len(others)):
        w = other_chances[t]
        weight[t, 0], weight[t, 1], weight[t, 2] = w, w * other[t], w * other[t] ** 2
    counted, mean, square = np.empty(len(own)), np.empty(len(own)), np.empty(len(own))
    _pull(own, order, weight, other, other_order, counted, mean, square)
    loss, slope_b = 0.0, 0.0
    push = np.empty(len(own))
    for s in range(len(own)):
        x = states[s, place]
        seen = own[s] * counted[s] + mean[s]  # E relu(u), given s
        loss += chances[s] * (x * (x - 2.0 * seen) + own[s] * (seen + mean[s]) + square[s])
        push[s] = 2.0 * chances[s] * (seen - x * counted[s])
        slope_b += push[s]
    _slopes(states, members, push, row)
    back = np.empty((len(own), 3))
    for s in range(len(own)):
        w = chances[s]
        back[s, 0], back[s, 1], back[s, 2] = w, w * (own[s] - states[s, place]), 0.0
    counted, mean, square = np.empty(len(other)), np.empty(len(other)), np.empty(len(other))
    _pull(other, other_order, back, own, order, counted, mean, square)
    push = np.empty(len(other))
    for t in range(len(other)):
        push[t] = 2.0 * other_chances[t] * (other[t] * counted[t] + mean[t])
    _slopes(others, other_members, push, row)
    return loss, slope_b


@njit
def halves_outputs(coupling, b, halves, stop):
    """Return the losses of relu outputs (n,), their slopes in the coupling (n, n) and in b (n,).

    Each of the two `halves` holds the values (N, k) of its features in each of its states, the probabilities (N,) of
    the states, and the numbers (k,) of the features. Nothing more is done once stop[0] is not 0.
    """
    n = len(b)
    value, slope, slope_b = np.empty(n), np.zeros((n, n)), np.empty(n)
    one, two = halves
    for half in range(2):
        x, chances, members = one if half == 0 else two
        others, other_chances, other_members = two if half == 0 else one
        for place in range(len(members)):
            if stop[0] != 0:
                break
            i = members[place]
            value[i], slope_b[i] = _output(
                i, place, coupling[i], b[i], x, chances, members, others, other_chances, other_members, slope[i]
            )
    return value, slope, slope_b

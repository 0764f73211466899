"""The trainer once more, slowly: plain NumPy in double precision, with its own Philox."""

import numpy as np

from geomsup.activations import resolve_activation
from geomsup.training.inputs import make_inputs
from geomsup.training.measure import targets_of

MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Return the four words of each counter, ``(4, ...)``, in whole-number arithmetic on 64 bits."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [np.uint64(word) for word in key]
    for _ in range(7):
        left, right = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(right >> 32) ^ c[1] ^ k[0], right & MASK, (left >> 32) ^ c[3] ^ k[1], left & MASK]
        k = [(k[0] + np.uint64(0x9E3779B9)) & MASK, (k[1] + np.uint64(0xBB67AE85)) & MASK]
    return np.array(np.broadcast_arrays(*c))


def words(stream, key, step, batch, block=128):
    """Return the 31-bit numbers that one stream gives to the batch of a step, as places on [0, 1), ``(batch,)``."""
    blocks = []
    for first in range(0, batch, block):
        counter = first // 4 + np.arange(block // 4)
        drawn = philox((counter, stream, step % 2**32, step // 2**32), key)
        blocks.append(drawn.reshape(block)[: min(block, batch - first)])
    return (np.concatenate(blocks) >> 1) / 2.0**31


def samples(features, key, step, batch):
    """Return the batch of a step, ``(batch, n)``: each feature drawn from the word of its group or its own."""
    if make_inputs(features).gaps_law[0]:
        return listed_samples(features, key, step, batch)
    columns = []
    for i in range(features.n):
        decider, edge, again = i, 0.0, False
        for group in features.correlated:
            if i in group:
                decider, again = group[0], i != group[0]
        for group in features.anticorrelated:
            if i in group:
                decider, edge = group[0], features.probability[list(group[: group.index(i)])].sum()
        word, p = words(decider, key, step, batch), features.probability[i]
        present = (word >= edge) & (word < edge + p)
        place = words(i + 2**31, key, step, batch) if again else (word - edge) / (p or 1)
        columns.append(np.where(present, value_at(features.laws[i], place), 0.0))
    return np.stack(columns, axis=1)


def listed_samples(features, key, step, batch, block=128):
    """Return the batch of a step of sparse features: success after success on a line of trials of the largest p."""
    x, p = np.zeros((batch, features.n)), features.probability
    for first in range(0, batch, block):
        place, chunk = -1, 0
        while place < features.n * block:
            counter = (64 * chunk + np.arange(64), first // block + 2**30, step % 2**32, step // 2**32)
            drawn = philox(counter, key).reshape(2, 128) >> 1
            gaps = np.floor(np.log((drawn[0] + 0.5) / 2.0**31) / np.log1p(-p.max()))
            for gap, number in zip(gaps.astype(int), drawn[1] / 2.0**31, strict=True):
                place += 1 + gap
                i, s = divmod(place, block)
                if i < features.n and number * p.max() < p[i] and first + s < batch:
                    x[first + s, i] = value_at(features.laws[i], number * p.max() / p[i])
            chunk += 1
    return x


def value_at(law, place):
    """Return the quantile of a law: where its cumulative weights reach each place."""
    weights, low, width = law.pieces()
    ends = np.cumsum(weights)
    k = np.minimum(np.searchsorted(ends, place, side="right"), len(weights) - 1)
    return low[k] + width[k] * (place - (ends - weights)[k]) / weights[k]


class Model:
    """Two layers with every output, hidden layer and target that the trainer knows; gradients by hand in NumPy."""

    def __init__(self, activation="relu", hidden_activation="linear", tied=True, target="identity"):
        self.output = resolve_activation("activation", activation)
        self.hidden = resolve_activation("hidden_activation", hidden_activation)
        self.tied, self.target = tied, target

    def batch_loss(self, parts, x, importance):
        W, b, V = parts if len(parts) == 3 else (*parts, parts[0])
        outputs = self.output.function(self.hidden.function(x @ W) @ V.T + b)
        return float(((outputs - targets_of(x, self.target)) ** 2 @ importance).mean())

    def gradient(self, parts, x, importance):
        """Return the gradients of `batch_loss` by W, b and, if untied, W_out."""
        W, b, V = parts if len(parts) == 3 else (*parts, parts[0])
        z = x @ W
        h = self.hidden.function(z)
        u = h @ V.T + b
        error = self.output.function(u) - targets_of(x, self.target)
        g = 2 * importance * error * self.output.derivative(u) / len(x)
        encoder, decoder = x.T @ ((g @ V) * self.hidden.derivative(z)), g.T @ h
        return [encoder + decoder, g.sum(axis=0)] if self.tied else [encoder, g.sum(axis=0), decoder]

    def train(self, features, parts, key, steps, batch, learning_rate, rates=None, decay=0.0, clip=np.inf):
        """Return the weights and the loss of each step."""
        values, losses = [np.array(part, float) for part in parts], []
        first, second = ([np.zeros_like(value) for value in values] for _ in range(2))
        for step in range(steps):
            x = samples(features, key, step, batch)
            losses.append(self.batch_loss(values, x, features.importance))
            slopes = self.gradient(values, x, features.importance)
            length = np.sqrt(sum((slope**2).sum() for slope in slopes))
            rate = learning_rate * (1.0 if rates is None else rates[step])
            for q, slope in enumerate(slopes):
                slope = slope * min(1.0, clip / length)
                first[q] = 0.9 * first[q] + 0.1 * slope
                second[q] = 0.999 * second[q] + 0.001 * slope**2
                root = np.sqrt(second[q] / (1 - 0.999 ** (step + 1)))
                move = first[q] / (1 - 0.9 ** (step + 1)) / (root + 1e-8)
                values[q] = values[q] * (1 - rate * decay) - rate * move
        return values, np.array(losses)

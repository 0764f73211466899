"""The trainer once more, slowly: plain NumPy in double precision, with its own Philox."""

import numpy as np

import geomsup as gs
from geomsup.activations import resolve_activation
from geomsup.training.arguments import make_inputs

MASK = np.uint64(0xFFFFFFFF)


def targets_of(x, target):
    """Return what outputs are compared with, sample by sample."""
    if target == "identity":
        return x
    if target in ("abs", "square"):
        return np.abs(x) if target == "abs" else x**2
    pairs = (np.abs(x) if target == "abs_pairs" else x).reshape(-1, 2)
    if target == "product_pairs":
        return np.array([(a * b, abs(a - b)) for a, b in pairs]).reshape(x.shape)
    return np.array([(max(a, b), min(a, b)) for a, b in pairs]).reshape(x.shape)


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


def samples(features, key, step, batch, lists=True):
    """Return the batch of a step, ``(batch, n)``: each feature drawn from the word of its group or its own."""
    if isinstance(features, gs.SampledFeatures):
        return rows_of_data(features, key, step, batch)
    if lists and make_inputs(features).gaps.sparse:
        return listed_samples(features, key, step, batch)
    columns = []
    tables = {i: table for table in features.joint for i in table.members}
    for i in range(features.n):
        if i in tables:
            column = given_column if isinstance(tables[i], gs.Mixture) else joint_column
            columns.append(column(features.laws[i], tables[i], i, words, (key, step, batch)))
            continue
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


def rows_of_data(data, key, step, batch):
    """Return the batch of a step: epochs one behind the other, each in its own order."""
    count = len(data)
    places = step * batch + np.arange(batch)
    if batch == count:
        return data.X
    return np.stack([data.X[order_of_epoch(place // count, key, count)[place % count]] for place in places])


def order_of_epoch(epoch, key, count):
    """Return a permutation: as in `random.shuffle`, from the front, by exact products with 32-bit words."""
    order = list(range(count))
    drawn = philox((np.arange(-(-count // 4)), 2**29, epoch % 2**32, epoch // 2**32), key).T.ravel()
    for i in range(count):
        j = int(drawn[i]) * (i + 1) // 2**32
        order[i], order[j] = order[j], order[i]
    return order


def joint_column(law, table, i, words, block):
    """Return a joint feature's values: the word of its table's first member chooses a set, its own word the value."""
    word, edge, present = words(table.members[0], *block), 0.0, np.zeros(block[-1], bool)
    for members, p in table.table:
        present |= (i in members) & (word >= edge) & (word < edge + p)
        edge += p
    return np.where(present, value_at(law, words(i + 2**31, *block)), 0.0)


def given_column(law, mixture, i, words, block):
    """Return a mixture feature's values: the word of its first member chooses a state, its own word all the rest."""
    word, place = words(mixture.members[0], *block), words(i + 2**31, *block)
    states = np.searchsorted(np.cumsum(mixture.weights)[:-1], word, side="right")
    p = mixture.given[states, mixture.members.index(i)]
    return np.where(place < p, value_at(law, place / np.maximum(p, 2.0**-31)), 0.0)


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


def packed(parts):
    return np.concatenate([part.ravel() for part in parts.values()])


def unpacked(vector, like):
    ends = np.cumsum([part.size for part in like.values()])
    pieces = np.split(vector, ends[:-1])
    return {name: piece.reshape(part.shape) for (name, part), piece in zip(like.items(), pieces, strict=True)}


class Extended:
    """Every form with biases, penalty, dropout, classes, attacks and two hidden layers; slopes by central differences.

    Weights are dictionaries by the names of `ToyModel`.
    """

    def __init__(
        self, activation="relu", hidden_activation="linear", target="identity", hidden_l1=0.0, dropout=0.0,
        criterion="squared", length=0.0, coherence=0.0,
    ):  # fmt: skip
        self.output = resolve_activation("activation", activation).function
        self.hidden = resolve_activation("hidden_activation", hidden_activation).function
        self.target, self.penalty, self.dropout = target, hidden_l1, dropout
        self.criterion, self.length, self.coherence = criterion, length, coherence

    def masks(self, units, first, key, step, batch):
        if not self.dropout:
            return np.ones((batch, units))
        drawn = np.stack([words(0xC0000000 + first + k, key, step, batch) for k in range(units)], axis=1)
        return np.where(drawn < self.dropout, 0.0, 1 / (1 - self.dropout))

    def attacked(self, parts, x, key, step):
        """Return x moved along rows of G = decoder Wᵀ, row by row."""
        decoder = parts.get("W_out", parts["W"])
        if "W_between" in parts:
            decoder = decoder @ parts["W_between"].T
        G, moved = decoder @ parts["W"].T, x.copy()
        rows, signs = (words(stream, key, step, len(x)) for stream in (0xE0000000, 0xE0000001))
        for sample in range(len(x)):
            row = G[int(rows[sample] * len(G))]
            moved[sample] += (1 if signs[sample] < 0.5 else -1) * self.length * row / np.linalg.norm(row)
        return moved

    def losses(self, parts, x, moved, masks, importance):
        """Return the mean loss of a batch, and what is minimised."""
        h = self.hidden(moved @ parts["W"] + parts.get("b_hidden", 0.0)) * masks[0]
        size = np.abs(h).sum()
        if "W_between" in parts:
            h = np.maximum(h @ parts["W_between"] + parts["b_between"], 0) * masks[1]
            size += np.abs(h).sum()
        u = self.output(h @ parts.get("W_out", parts["W"]).T + parts["b"])
        if self.criterion == "squared":
            loss = ((u - targets_of(x, self.target)) ** 2 @ importance).mean()
        else:
            loss = 0.0
            for inputs, logits in zip(x, u, strict=True):
                present = [i for i in range(len(inputs)) if inputs[i] != 0]
                if present:
                    c = max(present, key=lambda i: inputs[i])
                    loss -= importance[c] * np.log(np.exp(logits[c]) / np.exp(logits).sum()) / len(x)
        rows = parts["W"]
        pairs = sum((rows[i] @ rows[j]) ** 2 for i in range(len(rows)) for j in range(i)) if self.coherence else 0.0
        return loss, loss + self.penalty * size / len(x) + self.coherence * pairs

    def train(self, features, parts, key, steps, batch, learning_rate, momentum=None, decay=0.0):
        """Return the weights, the loss of each step, and the slope at the first; of SGD if `momentum` is given."""
        velocity, parts, losses, slopes = 0.0, {name: part.astype(float) for name, part in parts.items()}, [], []
        moments = np.zeros((2, packed(parts).size))
        for step in range(steps):
            x, theta = samples(features, key, step, batch, lists=not self.length), packed(parts)
            moved = self.attacked(parts, x, key, step) if self.length else x
            m, last = parts["W"].shape[1], parts.get("W_out", parts["W"]).shape[1]
            masks = self.masks(m, 0, key, step, batch), self.masks(last, m, key, step, batch)

            def minimised(vector, x=x, moved=moved, masks=masks, like=parts):
                return self.losses(unpacked(vector, like), x, moved, masks, features.importance)[1]

            losses.append(self.losses(parts, x, moved, masks, features.importance)[0])
            shifts = np.eye(theta.size) * 1e-6
            slopes.append(np.array([(minimised(theta + shift) - minimised(theta - shift)) / 2e-6 for shift in shifts]))
            moments += np.array([[0.1], [0.001]]) * (np.stack([slopes[-1], slopes[-1] ** 2]) - moments)
            first, second = moments / (1 - np.array([[0.9], [0.999]]) ** (step + 1))
            move = first / (np.sqrt(second) + 1e-8)
            if momentum is not None:
                move = velocity = momentum * velocity + slopes[-1]
            parts = unpacked((1 - learning_rate * decay) * theta - learning_rate * move, parts)
        return parts, np.array(losses), slopes[0]


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

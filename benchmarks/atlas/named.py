"""Sets of tokens that are named: weekdays, months, numbers. Are they close, regular, and in their order?"""

import numpy as np

import geomsup as gs

# Name, whether the last comes before the first again (None: they have no order), and the words.
SETS = {
    "weekdays": (True, "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "months": (True, "January February March April May June July August September October November December"),
    "digits": (False, "0 1 2 3 4 5 6 7 8 9"),
    "number words": (False, "one two three four five six seven eight nine ten eleven twelve"),
    "ordinals": (False, "first second third fourth fifth sixth seventh eighth ninth tenth"),
    "years": (False, " ".join(str(year) for year in range(1990, 2010))),
    "letters": (False, "b c d e f g h j k l m n o p q r s t u v w x y z"),  # a and i are words
    "colours": (None, "red orange yellow green blue purple pink brown black white grey"),
    "countries": (None, "France Germany Italy Spain Poland Russia China Japan India Brazil Canada Mexico Egypt Turkey"),
}
DRAWS = 9999
# Sets are drawn from so many words that are about as frequent as each of the set.
WINDOW = 100


def measured(sources, progress=print):
    """Return a row per set and model."""
    rows = []
    for source in sources.values():
        for name, (cyclic, words) in SETS.items():
            places = [source.row(word) for word in words.split()]
            rows.append({"model": source.name, "set": name, "cyclic": cyclic, "size": len(places)})
            distinct = len(set(places) - {None})
            if None in places or distinct < len(places):
                rows[-1] |= {"there": len(places) - places.count(None), "distinct": distinct}
                continue
            rng = np.random.default_rng([len(rows), 0])
            rows[-1] |= of_set(source, np.array(places), cyclic, rng)
            progress(f"named: {source.name}, {name}")
    return rows


def of_set(source, places, cyclic, rng):
    """Return how close, how regular and how well in order the rows are, with p-values."""
    X = unit(source.tokens[places])
    drawn = like_frequent(source, places, rng)
    close, spread = closeness(X), irregularity(X)
    random = np.array([(closeness(Y), irregularity(Y)) for Y in (unit(source.tokens[rows]) for rows in drawn)])
    geometry = gs.classify(X - X.mean(axis=0), orientation="rows")
    found = {
        "close": close, "close_by_chance": float(random[:, 0].mean()), "p_close": exceeded(close, random[:, 0]),
        "spread": spread, "spread_by_chance": float(random[:, 1].mean()), "p_spread": exceeded(-spread, -random[:, 1]),
        "named": name_of(geometry),
    }  # fmt: skip
    if cyclic is None:
        return found
    order = in_order(X, cyclic)
    shuffled = np.array([in_order(X[rng.permutation(len(X))], cyclic) for _ in range(DRAWS)])
    found |= {"order": order, "order_by_chance": float(shuffled.mean()), "p_order": exceeded(order, shuffled)}
    if cyclic:
        found |= closed(X)
    return found


def name_of(geometry):
    """Return the name of a set and its confidence; None if it falls into several components, or has no name."""
    one = geometry.components[0]
    if len(geometry.components) > 1 or one.name.startswith("unnamed"):
        return None
    return {"name": geometry.name, "confidence": float(one.confidence)}


def like_frequent(source, places, rng):
    """Draw sets of words, each about as frequent as one of the set."""
    order = source.by_frequency
    rank = {row: k for k, row in enumerate(order.tolist())}
    own = set(places.tolist())
    columns = []
    for place in places.tolist():
        middle = rank.get(place, 0)
        first = min(max(middle - WINDOW // 2, 0), max(len(order) - WINDOW, 0))
        near = [row for row in order[first : first + WINDOW].tolist() if row not in own]
        columns.append(rng.choice(near, DRAWS))
    drawn = np.stack(columns, axis=1)
    return drawn[[len(set(rows)) == len(rows) for rows in drawn.tolist()]]


def unit(X):
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def closeness(X):
    """Mean cosine of two of the rows."""
    k = len(X)
    return float(((X.sum(axis=0) ** 2).sum() - k) / (k * (k - 1)))


def irregularity(X):
    """Standard deviation of the distances of two rows over their mean: 0 for a simplex."""
    squares = np.maximum(2 - 2 * (X @ X.T)[np.triu_indices(len(X), 1)], 0)
    distances = np.sqrt(squares)
    return float(distances.std() / distances.mean())


def in_order(X, cyclic):
    """Part of the variance about the mean along the order: once round a circle, or a trend along a line."""
    k = len(X)
    X = X - X.mean(axis=0)
    places = np.arange(k)
    if cyclic:
        modes = np.stack([np.cos(2 * np.pi * places / k), np.sin(2 * np.pi * places / k)]) * (2 / k) ** 0.5
    else:
        modes = (places - places.mean())[None] / np.linalg.norm(places - places.mean())
    return float(((modes @ X) ** 2).sum() / (X**2).sum())


def closed(X):
    """Distance from the last to the first over the mean distance of neighbours, and its rank among the other pairs.

    On a line no pair is as far apart as the ends. On a circle the ends are neighbours.
    """
    k = len(X)
    D = np.linalg.norm(X[:, None] - X[None], axis=2)
    neighbours = D[np.arange(k - 1), np.arange(1, k)].mean()
    others = [D[i, j] for i in range(k) for j in range(i + 2, k) if (i, j) != (0, k - 1)]
    return {
        "gap": float(D[0, k - 1] / neighbours), "others": float(np.mean(others) / neighbours),
        "p_closed": exceeded(-D[0, k - 1], -np.array(others)),
    }  # fmt: skip


def exceeded(value, draws):
    """Return the p-value: the part of the draws that are as large, the value counted among them."""
    return float((1 + (draws >= value - 1e-12).sum()) / (1 + len(draws)))


def draw(sources, path):
    """Draw the sets that may be a circle in the plane of their two strongest directions, where all have a row."""
    from matplotlib.figure import Figure

    drawn = []
    for name, (cyclic, words) in SETS.items():
        for source in sources.values():
            places = [source.row(word) for word in words.split()]
            if cyclic and len(set(places) - {None}) == len(places):
                drawn.append((f"{name}, {source.title}", unit(source.tokens[places]), words.split()))
    figure = Figure(figsize=(3.4 * max(len(drawn), 1), 3.6), layout="constrained")
    for ax, one in zip(figure.subplots(1, max(len(drawn), 1), squeeze=False)[0], drawn, strict=False):
        draw_plane(ax, *one)
    figure.savefig(path, dpi=110)


def draw_plane(ax, title, X, words):
    from geomsup.plot.palette import FAINT, PALETTE

    left, sizes, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    x, y = (left[:, :2] * sizes[:2]).T
    ax.plot(np.r_[x, x[0]], np.r_[y, y[0]], "-", color=FAINT, zorder=1)
    ax.scatter(x, y, color=PALETTE[0], zorder=2)
    for place, word in enumerate(words):
        ax.annotate(word[:3], (x[place], y[place]), xytext=(3, 3), textcoords="offset points", fontsize=8)
    part = (sizes[:2] ** 2).sum() / (sizes**2).sum()
    ax.set(title=title, xticks=[], yticks=[], aspect="equal", xlabel=f"{100 * part:.0f} % of the variance")
    ax.margins(0.15)

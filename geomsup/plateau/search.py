"""The search for plateaus: every probability by itself, then kinds of blocks followed, then crossings."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from geomsup.laws import Law
from geomsup.model import ToyModel
from geomsup.optima.cache import remembered
from geomsup.plateau.blocks import Key, PlateauBlock, competing, dedicated_block, follow, search_blocks
from geomsup.plateau.crossings import PlateauCrossing, crossings_between
from geomsup.threads import Progress, Report, in_threads
from geomsup.version import __version__

__all__ = ["ranked", "search_plateaus", "unpacked", "version"]

SEARCH = 1  # raise it when the search changes: results that are on disk are then computed again
PASSES = 3  # crossings are located again when searches there found kinds not known at the probabilities beside them,
NEWS = 1e-6  # or with losses lower by this fraction


def search_plateaus(values: Law, at: list[float], rank: int, starts: int, progress: Progress = None) -> dict[str, Any]:
    """Return the kinds at every probability (falling), ranked, and the crossings, as plain values.

    Every probability is searched, every kind followed to all of them, and where the best changes crossings are located.
    """
    tell = progress or (lambda stage, fraction: None)
    found = []
    for i, one in enumerate(at):
        found.append(_searched(values, one, rank, starts, _part(tell, 0.7 * i / len(at))))
    known = {
        key: [next((block for block in blocks if block.key == key), None) for blocks in found]
        for key in competing(found)
    }
    tell("following blocks", 0.7)
    lines = dict(zip(known, in_threads(lambda line: _followed(values, at, line), known.values()), strict=True))
    crossings: list[PlateauCrossing] = []
    for _ in range(PASSES):
        tables = [ranked(values, one, [line[i] for line in lines.values()]) for i, one in enumerate(at)]
        crossings = []
        for i in range(len(at) - 1):
            here = _part(tell, 0.8 + 0.2 * i / len(at))
            here("locating crossings", 0.0)
            search = partial(_searched_near, values, rank=rank, starts=starts, progress=here)
            crossings += crossings_between(values, tables[i], tables[i + 1], search)
        if not _learned(values, at, lines, crossings):
            break
    return {
        "blocks": [[_packed(block) for block in blocks] for blocks in tables],
        "crossings": [
            {"probability": c.probability, "gain": c.gain, "dense": _packed(c.dense), "sparse": _packed(c.sparse)}
            for c in crossings
        ],
    }


def _learned(
    values: Law, p: list[float], lines: dict[Key, list[PlateauBlock | None]], crossings: list[PlateauCrossing]
) -> bool:
    """Follow the kinds at crossings to the probabilities on both sides; return whether that was news there."""
    news = set()
    for crossing in crossings:
        right = next((i for i, one in enumerate(p) if one < crossing.probability), len(p) - 1)
        for block in (crossing.dense, crossing.sparse):
            line = lines.setdefault(block.key, [None] * len(p)) if block.size > 1 else []
            for i in (right - 1, right) if line else ():
                found, here = follow(block, values, p[i]), line[i]
                if found is not None and (here is None or found.loss < here.loss * (1 - NEWS)):
                    line[i] = found
                    news.add(block.key)
    for key in news:
        lines[key] = _followed(values, p, lines[key])
    return bool(news)


def _searched_near(values: Law, p: float, rank: int, starts: int, progress: Progress) -> list[PlateauBlock]:
    """Search at a probability with few digits, so that the same crossing asks for the same search."""
    return _searched(values, float(f"{p:.4g}"), rank, starts, progress)


def _searched(values: Law, p: float, rank: int, starts: int, progress: Progress) -> list[PlateauBlock]:
    inputs = {"p": p, "values": values.to_dict(), "largest_rank": rank, "starts": starts, **version()}

    def search() -> dict[str, Any]:
        return {"blocks": [_packed(block) for block in search_blocks(values, p, rank, starts, progress)]}

    return remembered("plateau blocks", inputs, search, lambda known: [unpacked(block) for block in known["blocks"]])


def _followed(values: Law, p: list[float], line: list[PlateauBlock | None]) -> list[PlateauBlock | None]:
    """Follow a kind from where it was found to sparser and to denser features, as long as it is a minimum.

    A kind with a shape's name is taken as found; others, of which there may be several of one size, as the lowest.
    """
    for order, step in ((range(1, len(p)), -1), (range(len(p) - 2, -1, -1), 1)):
        for i in order:
            here, neighbour = line[i], line[i + step]
            if neighbour is not None and (here is None or " in " in here.name):
                found = follow(neighbour, values, p[i])
                if found is not None and (here is None or found.loss < here.loss):
                    line[i] = found
    return line


def ranked(values: Law, p: float, blocks: Iterable[PlateauBlock | None]) -> tuple[PlateauBlock, ...]:
    """Return the kinds there are at p, and a dedicated dimension, best first."""
    there = [dedicated_block(values, p), *(block for block in blocks if block is not None)]
    return tuple(sorted(there, key=lambda block: -block.gain))


def _packed(block: PlateauBlock) -> dict[str, Any]:
    return {
        "name": block.name, "p": block.probability, "loss": block.loss, "variance": block.variance,
        "W": block.model.W.tolist(), "b": block.model.b.tolist(),
    }  # fmt: skip


def unpacked(data: dict[str, Any]) -> PlateauBlock:
    """Return a block from the plain values that are kept on disk."""
    return PlateauBlock(data["name"], data["p"], data["loss"], data["variance"], ToyModel(data["W"], data["b"]))


def version() -> dict[str, Any]:
    """Return what distinguishes results of different versions of the search."""
    return {"geomsup": __version__, "search": SEARCH}


def _part(progress: Report, done: float) -> Report:
    return lambda stage, _: progress(stage, done)

"""The figures of the docs, as pictures: nothing is cut off at an edge."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

FIGURES = sorted((Path(__file__).parents[2] / "docs").glob("experiments*/*/figure.png"))


def test_every_experiment_of_the_docs_has_a_figure():
    assert len(FIGURES) >= 70


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_no_word_is_cut_off_at_an_edge(path):
    """A word that is too long for its figure ends at the last pixel: layouts leave a margin of some pixels."""
    ink = (imread(path)[..., :3] < 0.9).any(axis=2)
    for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
        assert not edge.any()
    assert np.ptp(np.flatnonzero(ink.any(axis=0))) > 0.8 * ink.shape[1]  # and the figure is filled

"""The figures of the docs, as pictures: nothing is cut off at an edge, and words can be read on a page."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

FIGURES = sorted((Path(__file__).parents[2] / "docs").glob("experiments*/*/figure.png"))

# Inches. A page shows a figure 7.7 inches wide at most: at 13, the smallest words, of 8 points, are 4.7 points there.
WIDEST = 13.01  # with rounding to pixels


def test_every_experiment_of_the_docs_has_a_figure():
    assert len(FIGURES) >= 70


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_no_word_is_cut_off_at_an_edge(path):
    """A word that is too long for its figure ends at the last pixel: layouts leave a margin of some pixels."""
    ink = (imread(path)[..., :3] < 0.9).any(axis=2)
    for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
        assert not edge.any()
    assert np.ptp(np.flatnonzero(ink.any(axis=0))) > 0.8 * ink.shape[1]  # and the figure is filled


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_words_can_be_read_where_a_page_shows_the_figure(path):
    """What is wider is made smaller to fit the page, words and all: E24, E25 and A2 were illegible so."""
    with Image.open(path) as picture:
        assert picture.width / picture.info["dpi"][0] <= WIDEST

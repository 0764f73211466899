"""What a terminal is shown while a command works."""

import io
import sys

import pytest

from geomsup import compiling
from geomsup.cli.console import progress_bars, wrapped


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Return a function that calls another with `progress`, and returns what a terminal is sent."""

    def shown(work):
        terminal = Terminal()
        with monkeypatch.context() as patched:  # not before: between fixtures and test, pytest has its own
            patched.setattr(sys, "stderr", terminal)
            with progress_bars() as progress:
                work(progress)
        return terminal.getvalue()

    return shown


def test_compiling_is_said_once(shown):
    def work(progress):
        for _ in range(2):
            assert compiling.njit(lambda x: x + 1)(1) == 2
        progress("training", 0.5)

    text = shown(work)
    assert text.count("compiling, once") == 1
    assert text.index("compiling") < text.index("training")
    assert not compiling._LISTENERS


def test_nothing_is_said_where_nothing_is_compiled(shown):
    add = compiling.njit(lambda x: x + 1)
    add(1)
    text = shown(lambda progress: progress("training", add(0)))
    assert "training" in text
    assert "compiling" not in text


def test_pipes_get_none_of_it(capsys):
    with progress_bars() as progress:
        compiling.njit(lambda x: x + 1)(1)
        progress("training", 0.5)
    assert capsys.readouterr() == ("", "")


def test_one_bar_whatever_the_stages_are(shown):
    """A new stage takes the bar of the one before it: 50 stages do not fill a terminal."""

    def work(progress):
        for k in range(50):
            progress(f"stage {k}", k / 50)

    text = shown(work)
    assert "stage 49" in text
    assert text.count("\n") < 5  # a bar of each stage would be on a line of its own


@pytest.mark.parametrize("width", [20, 40, 60, 100])
def test_lines_are_broken_between_words(width):
    text = "  component pentagon: features 0, 1, 2, 3, 4; D 0.4; residual 0.00\nshort\n\n" + "word " * 40
    broken = wrapped(text, width)
    assert broken.split() == text.split()
    assert max(map(len, broken.splitlines())) <= width
    assert wrapped(text, None) == text

"""What a terminal is shown while a command works."""

import io
import re
import sys

import pytest

from geomsup import compiling
from geomsup.cli.console import print_table, progress_bars, wrapped


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


def test_pipes_get_one_line_where_something_is_compiled(capsys):
    with progress_bars() as progress:
        for _ in range(2):
            compiling.njit(lambda x: x + 1)(1)
        progress("training", 0.5)
    assert capsys.readouterr() == ("", "geomsup: compiling, once; up to half a minute\n")
    with progress_bars() as progress:
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


HEADINGS = ["sparsity", "geometry", "loss", "excess"]
ROWS = [
    ["0.00", "unnamed (4 vertices, rank 2), 1 dropped", "0.271081", "48.19 %"],
    ["0.95", "gyrobifastigium", "1e-05", "319.08 %"],
]


@pytest.mark.parametrize("width", [30, 40, 50, 60, 100, 300])
def test_tables_cut_no_word_and_no_number(width, monkeypatch):
    """Where columns do not fit, each row is a line of what they hold, broken between words."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("Two models", HEADINGS, ROWS)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= width, lines
    said = "\n".join(lines)
    assert "…" not in said
    assert {word for row in ROWS for cell in row for word in cell.split()} <= set(said.replace(";", "").split())
    assert ("──" in said) == (width >= 60)  # 40 characters of words and numbers, and borders


def test_a_bar_whose_work_ends_early_is_full(shown):
    assert "100%" in shown(lambda progress: progress("minimising", 0.1))


def test_the_bar_of_interrupted_work_is_not_filled(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def work():
        with progress_bars() as progress:
            progress("minimising", 0.1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert " 10%" in terminal.getvalue()
    assert "100%" not in terminal.getvalue()


def test_results_in_a_pipe_are_not_written_above_the_bar(shown, capsys):
    shown(lambda progress: (progress("reproducing", 0.1), print("a result")))
    assert capsys.readouterr().out == "a result\n"

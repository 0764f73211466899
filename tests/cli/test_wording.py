"""Errors in words of the shell: of every argument of every command, and of advice that only fits Python."""

import re

import pytest

from geomsup.cli.program import _place, app
from geomsup.cli.words.wording import flags_of, in_shell_words
from tests.cli.test_program import OPTIONS


@pytest.mark.slow
@pytest.mark.parametrize("command", OPTIONS)
def test_arguments_have_the_names_that_help_gives_them(command, run):
    known = app[command].assemble_argument_collection()
    flags = flags_of((_place(one), *one.names) for one in known)
    words = run(command, "--help").split()
    for name, flag in flags.items():
        assert flag in words
        assert in_shell_words(f"`{name}` must be 1; got 2.", flags) == f"`{flag}` must be 1; got 2."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Pass orientation="rows" or "columns".', "Pass --orientation rows or columns."),
        ("tolerance=0.05 gives Ih, order 120", "--tolerance 0.05 gives Ih, order 120"),
        ("geomsup.polytopes() lists them.", "They are listed by: geomsup polytope"),
        ("`rng` must be a seed.", "`--seed` must be a seed."),
        ("Pass a positive float.", "Write a positive number."),
        ("Pass np.geomspace(1, 0.1, 20).", "Write numbers with spaces between them."),
        ("Name it, or pass bias=False (--no-bias).", "Name it, or give --no-bias."),
        ("got Samples(importance=1).", "got Samples(importance=1)."),
        ("`W` must be finite.", "`W` must be finite."),
    ],
)
def test_names_of_python_are_not_said(text, said):
    flags = {"orientation": "--orientation", "seed": "--seed", "tolerance": "--tolerance"}
    assert in_shell_words(text, flags) == said


@pytest.mark.parametrize(
    "arguments",
    ["optimum 5 2 --starts 0", "optimum 5 0", "loss W.npy --sparsity 2", "plateaus --n-features 3", "thomson 1",
     "energy --n 5 --time-limit -1", "train 3 1 --learning-rate -1", "phase-diagram 2 2", "one-hot pentagon --dead -1"],
)  # fmt: skip
def test_a_refusal_names_a_flag_or_a_place(refuse, arguments):
    words = re.findall(r"`([^`]*)`", refuse(*arguments.split()))
    assert words
    assert all(word.startswith("--") or word.isupper() for word in words if word != "W")

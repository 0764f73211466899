"""The program: its commands, their help, and how it ends."""

import subprocess
import sys

import pytest

import geomsup as gs
from geomsup.cli import main

OPTIONS = {
    "reproduce": ["--all", "--list", "--quick", "--output", "-o", "--jobs", "--json"],
    "thomson": ["--starts", "--seed", "--time-limit", "--threads", "--output", "-o", "--plot", "--json"],
    "energy": [
        "--d",
        "--energy",
        "--exponent",
        "--starts",
        "--seed",
        "--time-limit",
        "--threads",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "plateaus": [
        "--points",
        "--probability-range",
        "--largest-rank",
        "--n-features",
        "--n-hidden",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "phase-diagram": [
        "--points",
        "--probability-range",
        "--importance-range",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "demo": ["--output", "-o", "--models", "--steps", "--seed", "--json"],
    "train": [
        "--probability",
        "--importance",
        "--models",
        "--steps",
        "--batch",
        "--learning-rate",
        "--seed",
        "--record",
        "--threads",
        "--device",
        "--activation",
        "--hidden-activation",
        "--untied",
        "--hidden-bias",
        "--second-layer",
        "--hidden-l1",
        "--dropout",
        "--criterion",
        "--attack",
        "--target",
        "--objective",
        "--preset",
        "--schedule",
        "--weight-decay",
        "--clip",
        "--output",
        "-o",
        "--json",
    ],
    "classify": ["--name", "--orientation", "--noise", "--represented", "--output", "-o", "--plot", "--json"],
    "loss": [
        "--probability",
        "--importance",
        "--run",
        "--name",
        "--orientation",
        "--activation",
        "--method",
        "--rtol",
        "--output",
        "-o",
        "--json",
    ],
    "optimum": [
        "--probability",
        "--importance",
        "--activation",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--json",
    ],
    "compare": [
        "--probability",
        "--importance",
        "--run",
        "--name",
        "--orientation",
        "--activation",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
}


def test_version(run):
    assert run("--version").strip() == gs.__version__


def test_help_lists_every_command(run):
    text = run("--help")
    assert run() == text
    for command in OPTIONS:
        assert command in text


@pytest.mark.parametrize("command", OPTIONS)
def test_help_describes_every_option(run, command):
    text = run(command, "--help")
    words = text.replace("|", " ").split()
    for option in OPTIONS[command]:
        assert option in words
    found = {word for word in words if word.startswith("-") and word.strip("-")}
    positional = {"--path", "--n-features", "--n-hidden", "--n"}
    assert found - positional == set(OPTIONS[command]) - positional


def test_python_m_geomsup_is_the_same_program():
    command = [sys.executable, "-m", "geomsup"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, gs.__version__, "")
    done = subprocess.run([*command, "classify", "nothing.npy"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_interruption_is_exit_code_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(gs, "optimum", interrupted)
    assert main(["optimum", "2", "1"]) == 130
    assert capsys.readouterr().err == "geomsup: interrupted\n"

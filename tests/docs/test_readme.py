"""README's lines run as they are written."""

import re
import shlex
from pathlib import Path

import pytest

from geomsup.cli.program import app

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL, PYTHON = ("\n".join(block for kind, block in BLOCKS if kind == wanted) for wanted in ("", "python"))


def test_commands_and_options_exist():
    lines = re.findall(r"^(?:\.venv/bin/)?geomsup (.*)$", SHELL, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        app.parse_args(shlex.split(line, comments=True), exit_on_error=False, print_error=False)


def test_make_has_what_is_named():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_files_that_are_named_exist():
    named = re.findall(r"\]\((?!http)([^)]+)\)|`((?:docs/|[A-Z]+\.)[\w./]+)`", README)
    assert len(named) >= 8
    for link, name in named:
        assert (Path(__file__).parents[2] / (link or name)).exists()


def test_it_says_how_to_install_and_how_much_that_is():
    """With pip, without the name of a package that nobody has published; the size is in megabytes."""
    assert re.search(r"^pip install \.( |$)", SHELL, re.MULTILINE)
    assert not re.search(r"pip install \"?geomsup", README)
    assert re.search(r"\(\d+ MB", README)
    assert ".venv/bin/pip install torch" in README


@pytest.mark.slow
def test_python_prints_what_the_comments_say(capsys):
    exec(compile(PYTHON, "README.md", "exec"), {})
    out = capsys.readouterr().out
    shape, loss, optimum, excess = re.findall(r"^print\(.*?# (\S+)", PYTHON, re.MULTILINE)
    assert out.startswith(shape.rstrip(":"))
    told, best = re.search(r"expected loss ([\d.]+)", out), re.search(r"^optimum ([\d.]+): (\w+)", out, re.MULTILINE)
    assert float(loss.rstrip(":")) == round(float(told[1]), 7)
    assert (float(optimum.rstrip(":")), best[2]) == (round(float(best[1]), 7), "pentagon")
    assert float(excess) == round(float(re.search(r"excess +([\d.]+) %", out)[1]), 2)

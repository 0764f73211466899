"""What a type checker knows of a user's code: everything, and the right thing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CODE = Path(__file__).with_name("user_code.py")

pytestmark = pytest.mark.slow  # pyright takes ten seconds


@pytest.fixture(scope="module")
def found():
    """Run pyright on the file; return its messages, each with the number of its line."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(CODE)]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CODE.parents[2]).stdout
    messages = json.loads(output)["generalDiagnostics"]
    return [(one["range"]["start"]["line"], one["severity"], one["message"]) for one in messages]


def test_strict_checks_find_nothing(found):
    assert [(line, message) for line, severity, message in found if severity != "information"] == []


def test_every_type_is_the_one_that_stands_behind_it(found):
    said = {line: re.search(r'is "(.*)"$', message)[1] for line, _, message in found if message.startswith("Type of")}
    shown = {line: re.sub(r"ndarray\[.*\]", "ndarray", kind) for line, kind in said.items()}
    written = {
        number: line.split("  # ")[1]
        for number, line in enumerate(CODE.read_text().splitlines())
        if line.startswith("    reveal_type(")
    }
    assert shown == written
    assert len(written) > 40

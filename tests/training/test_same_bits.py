"""Same seed, same bits: on any number of threads, in a process that has done anything else, cached or compiled anew."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import geomsup as gs

ROOT = Path(gs.__file__).parents[1]


def trained(cache, *arguments):
    """Return what a process of its own prints; `cache` is where it keeps what it compiles, or None for the usual."""
    surroundings = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    command = [sys.executable, "-W", "error", "-m", "tests.training.bits", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two, three = map(json.loads, done.stdout.splitlines())  # on so many threads
    assert one == two == three
    return one


@pytest.mark.slow
def test_same_bits_in_any_process(tmp_path):
    plain = trained(None)
    assert len(plain) == 7
    assert trained(None, "mixed") == plain
    fresh = trained(tmp_path, "mixed", "few")
    assert fresh.items() < plain.items()
    assert trained(tmp_path, "few") == fresh  # with what the other has kept

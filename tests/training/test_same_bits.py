"""Same seed, same bits: on any number of threads, in a process that has done anything else, cached or compiled anew."""

import os
import subprocess
import sys
from pathlib import Path

import geomsup as gs

ROOT = Path(gs.__file__).parents[1]


def trained(cache, *arguments):
    """Return what a process of its own prints; `cache` is where it keeps what it compiles, or None for the usual."""
    surroundings = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    command = [sys.executable, "-W", "error", "-m", "tests.training.bits", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_same_bits_in_any_process(tmp_path):
    fresh = trained(tmp_path, "mixed")
    assert len(set(fresh)) == 1  # one, two and three threads
    warm, plain = trained(tmp_path, "mixed"), trained(None)
    assert fresh == warm == plain

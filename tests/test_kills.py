"""The kill program, in the deep profile: twenty random moments for every command and signal."""

import os
import random

import pytest

from benchmarks import kills


@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "deep", reason="takes an hour")
@pytest.mark.parametrize("name", kills.COMMANDS)
def test_kills_leave_nothing_unfinished_and_lose_nothing(name):
    assert kills.trials(name, 20, random.Random(name)) == 0

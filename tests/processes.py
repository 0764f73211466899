"""What tests ask of processes that they start."""

import os

__all__ = ["is_gone"]


def is_gone(session):
    """Whether no process of a session, or of a group, is left."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return True
    return False

"""A picture of signed numbers as PNG: blue for positive ones, red for negative ones, transparent at 0.

What is transparent shows the page behind it. So one picture serves light and dark pages.
"""

import base64
import struct
import zlib

import numpy as np

from geomsup.plot.palette import NEGATIVE, POSITIVE

__all__ = ["data_address", "signed_png"]

LEVELS = 127  # of each sign


def signed_png(values: np.ndarray, limit: float) -> bytes:
    """Return a PNG, a pixel per entry of `values` ``(rows, columns)``; colours are full at ±`limit`.

    Examples
    --------
    >>> signed_png(np.eye(2), 1.0)[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    rows, columns = values.shape
    levels = np.rint(LEVELS * np.clip(values / limit, -1, 1)).astype(np.int64) + LEVELS
    lines = np.zeros((rows, columns + 1), np.uint8)  # each line begins with 0: no filter
    lines[:, 1:] = levels
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)  # 8 bits, indices into the palette
    hues = bytes.fromhex(NEGATIVE[1:]) * LEVELS + bytes(3) + bytes.fromhex(POSITIVE[1:]) * LEVELS
    opacity = bytes(round(255 * abs(level) / LEVELS) for level in range(-LEVELS, LEVELS + 1))
    chunks = ((b"IHDR", header), (b"PLTE", hues), (b"tRNS", opacity), (b"IDAT", zlib.compress(lines.tobytes(), 9)),
              (b"IEND", b""))  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def data_address(png: bytes) -> str:
    """Return what a page writes in the place of a picture's address."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

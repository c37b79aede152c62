"""Arrays as PNG images, written with the standard library alone."""

from __future__ import annotations

import struct
import zlib
from typing import Any


def encode(image: Any) -> bytes:
    """The PNG file of an array.

    Args:
        image: Shape (height, width) or (height, width, channels) with 1, 3 or 4 channels,
            or (channels, height, width); whole numbers from 0 to 255, or fractions from
            0 to 1.

    Raises:
        ValueError: The shape is another.
    """
    import numpy

    pixels = numpy.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4) and pixels.shape[0] in (1, 3, 4):
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise ValueError(f"an array of shape {pixels.shape} is no image")
    if pixels.dtype == bool:
        pixels = pixels.astype("uint8") * 255
    elif pixels.dtype.kind == "f":
        scale = 255.0 if pixels.size and numpy.nanmax(pixels) <= 1.0 else 1.0
        pixels = numpy.nan_to_num(pixels) * scale
    pixels = numpy.clip(numpy.rint(pixels), 0, 255).astype("uint8")
    height, width, channels = pixels.shape
    colour = {1: 0, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 6)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

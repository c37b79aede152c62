"""Small functions that old tasks import from ``coretex.utils``."""

from __future__ import annotations

import logging
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, Iterable, Optional, Tuple, Union

DATE_FORMAT = "%Y-%m-%dT%H:%M:%S.%f%z"
NAME_CHARS = 50
HASH_CHARS = 8

_logger = logging.getLogger("coretex")


class CommandException(Exception):
    """A command ended with a code other than 0."""


class InvalidFileExtension(Exception):
    """A file is not of the kind that is needed."""


def mathematicalRound(value: float, decimalPlaces: int) -> float:
    """A number rounded to that many places, halves upwards.

    Example:
        >>> mathematicalRound(2.675, 2)
        2.68
    """
    from decimal import ROUND_HALF_UP, Decimal

    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-decimalPlaces), rounding=ROUND_HALF_UP))


def guessMimeType(filePath: Union[str, Path]) -> str:
    """The media type of a file, by its name; ``application/octet-stream`` where that tells none.

    Example:
        >>> guessMimeType("a.png"), guessMimeType("a")
        ('image/png', 'application/octet-stream')
    """
    import mimetypes

    return mimetypes.guess_type(str(filePath))[0] or "application/octet-stream"


def decodeDate(value: str) -> datetime:
    """The date that a text in :data:`DATE_FORMAT` gives; in UTC where it names no zone."""
    from datetime import datetime, timezone

    text = value.replace("Z", "+00:00")
    for form in (DATE_FORMAT, "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"):
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    raise ValueError(f"`{value}` is no date of the form `{DATE_FORMAT}`")


def hashCacheName(name: str, suffix: str) -> str:
    """A name for something cached: ``name``, and a hash that stands for ``suffix``.

    Raises:
        ValueError: The name leaves no room for the hash in 50 characters.

    Example:
        >>> hashCacheName("cells", "1.2") == hashCacheName("cells", "1.2") != hashCacheName("cells", "1.3")
        True
    """
    import hashlib

    if len(name) > NAME_CHARS - HASH_CHARS - 1:
        raise ValueError(f"`{name}` is too long for the name of a cache: {NAME_CHARS - HASH_CHARS - 1} characters fit")
    return f"{name}_{hashlib.sha256(suffix.encode()).hexdigest()[:HASH_CHARS]}"


def resizeWithPadding(image: Any, width: int, height: int) -> Tuple[Any, int, int]:
    """An image array fitted into a frame without distorting it, with black borders.

    Returns:
        The array of shape ``(height, width, …)``, and how many rows and columns of border
        lie before the picture.
    """
    import numpy as np
    from PIL import Image

    array = np.asarray(image)
    scale = min(width / array.shape[1], height / array.shape[0])
    fitted = (max(1, round(array.shape[1] * scale)), max(1, round(array.shape[0] * scale)))
    resized = np.asarray(Image.fromarray(array).resize(fitted, Image.Resampling.BILINEAR))
    top, left = (height - fitted[1]) // 2, (width - fitted[0]) // 2
    framed = np.zeros((height, width, *array.shape[2:]), dtype=array.dtype)
    framed[top : top + fitted[1], left : left + fitted[0]] = resized
    return framed, top, left


def logProcessOutput(output: Union[str, bytes], severity: int) -> None:
    """Logs every line that a process wrote."""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    for line in filter(None, (line.strip() for line in text.splitlines())):
        _logger.log(int(severity), line)


def command(
    args: Iterable[Any],
    ignoreStdout: bool = False,
    ignoreStderr: bool = False,
    shell: bool = False,
    check: bool = True,
) -> Tuple[int, str, str]:
    """Runs a command; its lines go to the log as they come.

    Returns:
        Its exit code, standard output and standard error.

    Raises:
        CommandException: ``check``, and the exit code is not 0.
    """
    import subprocess
    import threading

    words = [str(word) for word in args]
    process = subprocess.Popen(
        " ".join(words) if shell else words, shell=shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    taken: dict[str, list[str]] = {"out": [], "err": []}

    def follow(stream: Any, name: str, level: int, silent: bool) -> None:
        for line in stream:
            taken[name].append(line)
            if not silent:
                logProcessOutput(line, level)

    # Both at once: a command that fills one pipe would wait for ever.
    errors = threading.Thread(target=follow, args=(process.stderr, "err", logging.WARNING, ignoreStderr))
    errors.start()
    follow(process.stdout, "out", logging.INFO, ignoreStdout)
    errors.join()
    code = process.wait()
    out, err = "".join(taken["out"]), "".join(taken["err"])
    if check and code != 0:
        shown: Optional[str] = next(iter(reversed(err.strip().splitlines())), None)
        raise CommandException(f"`{' '.join(words)}` ended with code {code}" + (f": {shown}" if shown else ""))
    return code, out, err

"""Notes to whoever runs a script: warnings and details of the logger ``mendel``.

Loading ``logging`` costs more than reporting a first value, so it waits for a first note.
"""

from __future__ import annotations


def warn(message: str, *values: object) -> None:
    """Notes that something did not go as asked; the script goes on."""
    import logging

    logging.getLogger("mendel").warning(message, *values)


def detail(message: str, *values: object) -> None:
    """Notes something that only matters when looking for a fault, with the exception at hand."""
    import logging

    logging.getLogger("mendel").debug(message, *values, exc_info=True)

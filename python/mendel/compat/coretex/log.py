"""Standard logging of a task: every record is printed with its level, and so enters the run's log."""

from __future__ import annotations

import logging
import sys


class ConsoleHandler(logging.Handler):
    """Prints records; warnings and worse on standard error, where the run's log marks them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Prints one record."""
        try:
            stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:
            self.handleError(record)


def install(verbose: bool) -> None:
    """Shows records from ``info`` on, with ``verbose`` from ``debug`` on.

    Handlers that the script set itself stay the only ones.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(ConsoleHandler())
    if verbose or root.level > logging.INFO:
        root.setLevel(logging.DEBUG if verbose else logging.INFO)
    if verbose:
        # What Mendel itself notes for its own debugging stays out.
        logging.getLogger("mendel").setLevel(logging.INFO)

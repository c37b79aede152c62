"""Tokens: how many jobs of this machine may use something at once.

Each unit of a token is a file that a job's supervisor holds locked, so that it is released
with the last process of the job, however it ended. Jobs that wait are served in the order
in which they came, so that a large request does not wait for ever.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from mendel.typed.errors import NotUsable
from mendel.typed.job_folder import write
from mendel.typed.paths import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence


class CounterToken:
    """Something of which there is a number of units on this machine.

    Args:
        name: Its name; tokens of one name are one token, in all processes of this user.
        total: How many units there are. It may change while jobs hold some.

    Raises:
        NotUsable: The number is below one.

    Example:
        >>> CounterToken("gpu", 4)  # doctest: +SKIP
        CounterToken('gpu', 4)
    """

    def __init__(self, name: str, total: int) -> None:
        if total < 1:
            raise NotUsable(f"token `{name}` has at least one unit, not {total}")
        self.name = name
        self.total = total
        self.folder = _home() / "tokens" / safe(name)
        (self.folder / "waiting").mkdir(parents=True, exist_ok=True)
        write(self.folder / "total.json", total)

    def __call__(self, count: int, task: Any) -> Any:
        """Lets ``task`` hold ``count`` units while it runs; answers the task."""
        return task.add_dependencies(self.dependency(count))

    def dependency(self, count: int) -> TokenDependency:
        """What ``task.add_dependencies`` is given.

        Raises:
            NotUsable: There are not that many.
        """
        if not 1 <= count <= self.total:
            raise NotUsable(f"token `{self.name}` has {self.total} units, and {count} were asked for")
        return TokenDependency(self, count)

    def __repr__(self) -> str:
        return f"CounterToken({self.name!r}, {self.total})"


class TokenDependency:
    """A number of units of a token."""

    def __init__(self, token: CounterToken, count: int) -> None:
        self.token = token
        self.count = count


class Queue:
    """The place of one job among those that wait for tokens.

    Args:
        wanted: What it needs, all at once.
    """

    def __init__(self, wanted: Sequence[TokenDependency]) -> None:
        self._wanted = sorted(wanted, key=lambda one: one.token.name)
        # One number for all tokens: of two jobs, the same one is first everywhere.
        self._number = f"{time.time_ns():020d}-{os.getpid()}"
        self._tickets = [self._ticket(one.token) for one in self._wanted]

    def _ticket(self, token: CounterToken) -> tuple[Path, int]:
        path = token.folder / "waiting" / self._number
        part = token.folder / f".{self._number}"
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Nobody may see a ticket that is not held yet.
        os.replace(part, path)
        return path, handle

    def acquire(self) -> list[int] | None:
        """The locks of all units that were asked for; ``None`` while some are not free."""
        if not all(self._is_first(one.token) for one in self._wanted):
            return None
        held: list[int] = []
        for one in self._wanted:
            units = _units(one)
            held += units
            if len(units) < one.count:
                for handle in held:
                    os.close(handle)
                return None
        self.leave()
        return held

    def _is_first(self, token: CounterToken) -> bool:
        for name in sorted(os.listdir(token.folder / "waiting")):
            if name >= self._number:
                return True
            if _is_held(token.folder / "waiting" / name):
                return False
        return True

    def leave(self) -> None:
        """Waits no longer."""
        for path, handle in self._tickets:
            path.unlink(missing_ok=True)
            os.close(handle)
        self._tickets = []


def _units(wanted: TokenDependency) -> list[int]:
    """As many free units as there are, up to the number that is wanted."""
    found: list[int] = []
    for unit in range(wanted.token.total):
        if len(found) == wanted.count:
            break
        handle = os.open(wanted.token.folder / f"unit-{unit}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.append(handle)
        except BlockingIOError:
            os.close(handle)
    return found


def _is_held(ticket: Path) -> bool:
    """Whether who waits there is alive; the ticket of a dead process is removed."""
    try:
        handle = os.open(ticket, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    ticket.unlink(missing_ok=True)
    return False


def _home() -> Path:
    """Where what this user's processes share lies."""
    given = os.environ.get("MENDEL_HOME")
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return Path(given) if given else Path(data) / "mendel"

"""A task that is tracked: what ``Task.init``, ``Task.get_task`` and the like return.

The members lie in one file per subject; this class joins them.
"""

from __future__ import annotations

from mendel.artifacts import ArtifactMembers
from mendel.lifecycle import Lifecycle
from mendel.models import ModelMembers
from mendel.parameters import Parameters
from mendel.results import Results
from mendel.store import Store
from mendel.task import Tracking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel import _native
    from mendel.capture.session import Session
    from mendel.store import Document


class TrackedTask(Parameters, ModelMembers, ArtifactMembers, Results, Lifecycle, Tracking):
    """A run as its own code, or another script, sees it.

    Made by :meth:`mendel.Task.init`, :meth:`mendel.Task.get_task` and their like, never
    directly.

    Example:
        >>> from mendel import Task  # doctest: +SKIP
        >>> task = Task.init("examples", "first")  # doctest: +SKIP
        >>> task.connect({"rate": 0.1})  # doctest: +SKIP
        {'rate': 0.1}
    """

    def __init__(self, store: Store, facts: Document, writer: _native.RunWriter | None = None) -> None:
        super().__init__(store, facts, writer)
        self._connected = {}
        self._local = []
        self._registered = {}
        self._known_models = []
        self._logger = None
        self._session: Session | None = None

    def _forget_results(self) -> None:
        self._local = []
        self._known_models = []
        if self._logger is not None:
            self._logger._forget()

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, TrackedTask) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

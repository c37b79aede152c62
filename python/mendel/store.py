"""Questions to the store: the server, the `mendel run` that started us, or the companion.

Nothing here is needed to report; reports go to the journal. A store that went away is
looked for once more before a question fails.
"""

from __future__ import annotations

import json
import os
import sys
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Callable, Iterator, TypeVar

    from mendel import _native

    Document = dict[str, Any]
    T = TypeVar("T")

PAGE = 500


class Store:
    """Answers questions about the runs of one workspace.

    Args:
        workspace: The ``.mendel`` folder; made when absent.
    """

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self._client: _native.Client | None = None
        self._opened = False

    def run(self, reference: str) -> Document | None:
        """The run of that id, beginning of an id, or ``@number``."""
        if reference != os.environ.get("MENDEL_RUN_ID"):
            _tell_observer()
        return _optional(self._ask(lambda client: client.run(reference)))

    def runs(self, **query: Any) -> Iterator[Document]:
        """All runs that match ``query``, a page at a time."""
        _tell_observer()
        while True:
            page = json.loads(self._ask(lambda client: client.runs(json.dumps({"limit": PAGE, **query}))))
            yield from page["runs"]
            if not page.get("next"):
                return
            query["cursor"] = page["next"]

    def create(self, run: Document) -> Document:
        """Makes a run that has no process of its own yet."""
        made: list[Document] = json.loads(self._ask(lambda client: client.create_runs(json.dumps({"runs": [run]}))))
        return made[0]

    def update(self, run: str, update: Document) -> Document:
        """Changes what a run says about itself."""
        answer: Document = json.loads(self._ask(lambda client: client.update_run(run, json.dumps(update))))
        return answer

    def move(self, run: str, to: str, **details: Any) -> Document:
        """Changes the status of a run.

        Raises:
            Refused: Its status does not allow the move.
        """
        change = {"to": to, "time": now(), **details}
        answer: Document = json.loads(self._ask(lambda client: client.move_run(run, json.dumps(change))))
        return answer

    def delete(self, run: str) -> None:
        """Forgets a run."""
        self._ask(lambda client: client.delete_run(run))

    def series(self, run: str) -> list[Document]:
        """A summary of each scalar series of a run."""
        return _list(self._ask(lambda client: client.series(run)))

    def points(self, run: str, metric: str, variant: str, most: int = 0) -> tuple[list[int], list[int], list[float]]:
        """Steps, times in milliseconds, and values of a series; 0 asks for every point."""
        steps, times, values = array("q"), array("q"), array("d")
        raw = self._ask(lambda client: client.points(run, metric, variant, most))
        for column, content in zip((steps, times, values), raw):
            column.frombytes(content)  # type: ignore[attr-defined]
        return list(steps), list(times), list(values)

    def console_tail(self, run: str, lines: int) -> list[Document]:
        """The latest console lines of a run, oldest first."""
        page: Document = json.loads(self._ask(lambda client: client.console_tail(run, lines)))
        answer: list[Document] = page["lines"]
        return answer

    def events(self, run: str, **query: Any) -> list[Document]:
        """Plots, texts, images and other events of a run."""
        return _list(self._ask(lambda client: client.events(run, json.dumps(query))))

    def artifacts(self, run: str) -> list[Document]:
        """The artifacts of a run, the newest of each name."""
        return _list(self._ask(lambda client: client.artifacts(run)))

    def models(self, run: str | None = None) -> list[Document]:
        """The models of a run, or of all runs."""
        if run != os.environ.get("MENDEL_RUN_ID"):
            _tell_observer()
        return _list(self._ask(lambda client: client.models(run)))

    def blob(self, digest: str) -> bytes:
        """The bytes of that digest."""
        return self._ask(lambda client: client.blob(digest))

    def blob_to_file(self, digest: str, path: Path) -> None:
        """Writes the bytes of that digest to ``path``."""
        self._ask(lambda client: client.blob_to_file(digest, path))

    def put_blob(self, content: bytes | Path) -> tuple[str, int]:
        """Keeps bytes or a file; answers their digest and size."""
        return self._ask(lambda client: client.put_blob(content))

    def put_blobs(self, blobs: list[tuple[str, bytes]]) -> None:
        """Keeps bytes under their digests, all of them durable when it returns."""
        self._ask(lambda client: client.put_blobs(blobs))

    def adopt_blobs(self, files: list[tuple[str, str]]) -> list[bool]:
        """Offers files beside the blobs, by name and digest; tells which of them are stored now."""
        return self._ask(lambda client: client.adopt_blobs(files))

    def learn(self, known: _native.Marks, most: int) -> bool:
        """Adds marks of new results to those that are known; False where there are more than `most`."""
        return self._ask(lambda client: client.learn(known, most))

    def find_results(self, identities: list[str]) -> list[list[Document]]:
        """The results of steps under each identity, newest first."""
        answer: list[list[Document]] = json.loads(self._ask(lambda client: client.find_results(json.dumps(identities))))
        return answer

    def put_results(self, results: list[Document]) -> None:
        """Keeps results of finished steps, all or none."""
        self._ask(lambda client: client.put_results(json.dumps(results)))

    def note(self, key: str) -> Any:
        """The value noted under a key; None where there is none."""
        found = self._ask(lambda client: client.note(key))
        return None if found is None else json.loads(found)

    def put_note(self, key: str, value: Any) -> None:
        """Notes a value under a key."""
        self._ask(lambda client: client.put_note(key, json.dumps(value)))

    def deliver_leftovers(self, run: str | None = None) -> None:
        """Delivers what dead processes left behind in their journals, of ``run`` or of all."""
        from pathlib import Path

        from mendel import _native

        for journal in json.loads(_native.leftover(self.workspace)):
            if run is None or journal["run"] == run:
                self._deliver(Path(journal["path"]))

    def _deliver(self, journal: Path) -> None:
        self._ask(lambda client: client.deliver(journal))

    def _ask(self, question: Callable[[_native.Client], T]) -> T:
        from mendel import _native

        if self._client is not None:
            try:
                return question(self._client)
            except _native.Unreachable:
                self._client = None
        self._client = _native.connect(self.workspace)
        if not self._opened:
            self._opened = True
            self._take_over()
        return question(self._client)

    def _take_over(self) -> None:
        """Delivers leftovers with the first question, so that the answer knows of them."""
        from mendel import _native
        from mendel.notes import detail

        try:
            self.deliver_leftovers()
        except (_native.MendelError, OSError, ValueError):
            detail("the journals of ended processes were not delivered")


def _tell_observer() -> None:
    """Inside of ``mendel run``: what other runs hold is no file, so this run answers no later request."""
    if os.environ.get("MENDEL_RUN_ID"):
        sys.audit("mendel.store.asked")


def now() -> int:
    """Milliseconds since the epoch."""
    import time

    return int(time.time() * 1000)


def _optional(text: str | None) -> Document | None:
    if text is None:
        return None
    answer: Document | None = json.loads(text)
    return answer


def _list(text: str) -> list[Document]:
    """The rows of an answer, which is a list or an object with one."""
    answer = json.loads(text)
    if isinstance(answer, dict):
        answer = next((value for value in answer.values() if isinstance(value, list)), [])
    rows: list[Document] = answer
    return rows
